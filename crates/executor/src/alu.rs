//! The pure part of the instruction set: arithmetic, comparisons, and the bytes of a word.

use finial_riscv::Opcode;

/// Quotient and remainder corner cases are those of the manual: division by zero yields all ones and
/// the dividend, signed overflow yields the dividend and zero.
#[inline(always)]
pub(crate) const fn div(a: u32, b: u32) -> u32 {
    if b == 0 { u32::MAX } else { (a as i32).wrapping_div(b as i32) as u32 }
}

#[inline(always)]
pub(crate) const fn divu(a: u32, b: u32) -> u32 {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => u32::MAX,
    }
}

#[inline(always)]
pub(crate) const fn rem(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { (a as i32).wrapping_rem(b as i32) as u32 }
}

#[inline(always)]
pub(crate) const fn remu(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { a % b }
}

#[inline(always)]
pub(crate) const fn mulh(a: u32, b: u32) -> u32 {
    (((a as i32 as i64) * (b as i32 as i64)) >> 32) as u32
}

#[inline(always)]
pub(crate) const fn mulhsu(a: u32, b: u32) -> u32 {
    (((a as i32 as i64) * (b as i64)) >> 32) as u32
}

#[inline(always)]
pub(crate) const fn mulhu(a: u32, b: u32) -> u32 {
    (((a as u64) * (b as u64)) >> 32) as u32
}

#[inline(always)]
pub(crate) const fn slt(a: u32, b: u32) -> u32 {
    ((a as i32) < (b as i32)) as u32
}

/// Value a load yields from the aligned word that contains its address.
#[inline(always)]
pub(crate) const fn extract(op: Opcode, word: u32, address: u32) -> u32 {
    let shifted = word >> (8 * (address % 4));
    match op {
        Opcode::Lb => shifted as i8 as u32,
        Opcode::Lbu => shifted as u8 as u32,
        Opcode::Lh => shifted as i16 as u32,
        Opcode::Lhu => shifted as u16 as u32,
        _ => word,
    }
}

/// Word that stands after a store of `value` into the aligned word `word`.
#[inline(always)]
pub(crate) const fn merge(op: Opcode, word: u32, address: u32, value: u32) -> u32 {
    let shift = 8 * (address % 4);
    let mask = match op {
        Opcode::Sb => 0xff,
        Opcode::Sh => 0xffff,
        _ => return value,
    };
    (word & !(mask << shift)) | ((value & mask) << shift)
}
