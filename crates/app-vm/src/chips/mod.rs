//! What the Cpu leaves to side tables: operations, requests and their reference semantics.

use finial_protocol::Val;
use p3_air::AirBuilder;
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;
use rayon::prelude::*;

use crate::buses::{CHIP, receive};
use crate::check::constrain;

/// Numbers of the operations on the CHIP bus.
#[expect(missing_docs, reason = "the constants carry the mnemonics of the RISC-V manual")]
pub mod operation {
    pub const AND: u32 = 1;
    pub const OR: u32 = 2;
    pub const XOR: u32 = 3;
    pub const SLL: u32 = 4;
    pub const SRL: u32 = 5;
    pub const SRA: u32 = 6;
    pub const MUL: u32 = 7;
    pub const MULH: u32 = 8;
    pub const MULHSU: u32 = 9;
    pub const MULHU: u32 = 10;
    pub const DIV: u32 = 11;
    pub const DIVU: u32 = 12;
    pub const REM: u32 = 13;
    pub const REMU: u32 = 14;
    pub const LBU: u32 = 15;
    pub const LB: u32 = 16;
    pub const LHU: u32 = 17;
    pub const LH: u32 = 18;
    pub const SB: u32 = 19;
    pub const SH: u32 = 20;
}

/// One message on the CHIP bus.
///
/// For parts of words: `a` is the word in memory, `b` the stored value's low half and, above it, the offset of the
/// address within the word; `c` is the loaded value or the word after the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// One of [`operation`].
    pub operation: u32,
    /// First operand.
    pub a: u32,
    /// Second operand.
    pub b: u32,
    /// Result.
    pub c: u32,
}

/// Requests of a segment, by table.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// `AND`, `OR`, `XOR`.
    pub bitwise: Vec<Request>,
    /// Shifts.
    pub shift: Vec<Request>,
    /// Multiplications.
    pub mul: Vec<Request>,
    /// Divisions and remainders.
    pub div_rem: Vec<Request>,
    /// Parts of words.
    pub sub_word: Vec<Request>,
}

impl Requests {
    /// Adds a request to its table's list.
    pub fn push(&mut self, request: Request) {
        match request.operation {
            operation::AND..=operation::XOR => self.bitwise.push(request),
            operation::SLL..=operation::SRA => self.shift.push(request),
            operation::MUL..=operation::MULHU => self.mul.push(request),
            operation::DIV..=operation::REMU => self.div_rem.push(request),
            _ => self.sub_word.push(request),
        }
    }
}

/// The result of an operation other than parts of words, by the RISC-V manual.
///
/// # Panics
/// For operations that are none of these.
#[must_use]
pub fn evaluate(operation: u32, a: u32, b: u32) -> u32 {
    let (sa, sb) = (a.cast_signed(), b.cast_signed());
    match operation {
        operation::AND => a & b,
        operation::OR => a | b,
        operation::XOR => a ^ b,
        operation::SLL => a << (b & 31),
        operation::SRL => a >> (b & 31),
        operation::SRA => (sa >> (b & 31)).cast_unsigned(),
        operation::MUL => a.wrapping_mul(b),
        operation::MULH => high((i64::from(sa) * i64::from(sb)).cast_unsigned()),
        operation::MULHSU => high((i64::from(sa) * i64::from(b)).cast_unsigned()),
        operation::MULHU => high(u64::from(a) * u64::from(b)),
        operation::DIV if b == 0 => u32::MAX,
        operation::DIV => sa.wrapping_div(sb).cast_unsigned(),
        operation::DIVU => a.checked_div(b).unwrap_or(u32::MAX),
        operation::REM if b == 0 => a,
        operation::REM => sa.wrapping_rem(sb).cast_unsigned(),
        operation::REMU => a.checked_rem(b).unwrap_or(a),
        _ => panic!("not an operation on two registers: {operation}"),
    }
}

const fn high(product: u64) -> u32 {
    (product >> 32) as u32
}

/// The result of a load of a part of `word`.
#[must_use]
pub const fn evaluate_load(operation: u32, word: u32, offset: u32) -> u32 {
    let shifted = word >> (8 * offset);
    match operation {
        operation::LB => (shifted as u8 as i8 as i32).cast_unsigned(),
        operation::LBU => shifted & 0xff,
        operation::LH => (shifted as u16 as i16 as i32).cast_unsigned(),
        _ => shifted & 0xffff,
    }
}

/// Receives a request on the CHIP bus; the caller bounds `count` to 0 or 1.
pub fn receive_request<AB: InteractionBuilder>(
    builder: &mut AB,
    operation: AB::Expr,
    a: [AB::Expr; 2],
    b: [AB::Expr; 2],
    c: [AB::Expr; 2],
    count: AB::Expr,
) {
    let operands = [a, b, c].into_iter().flatten();
    receive(builder, CHIP, std::iter::once(operation).chain(operands), count);
}

/// A trace with one row for each request and zero rows behind them.
///
/// # Panics
/// If the rows do not fit: the caller chose the shape by their number.
pub(crate) fn trace_of(
    requests: &[Request],
    width: usize,
    log_height: usize,
    fill: impl Fn(&Request, &mut [Val]) + Sync,
) -> RowMajorMatrix<Val> {
    assert!(requests.len() <= 1 << log_height, "side table too small");
    let mut values = Val::zero_vec(width << log_height);
    values.par_chunks_exact_mut(width).zip(requests.par_iter()).for_each(|(row, request)| fill(request, row));
    RowMajorMatrix::new(values, width)
}

/// The four bytes of a word as field elements, the lowest first.
pub(crate) fn byte_values(word: u32) -> [Val; 4] {
    word.to_le_bytes().map(Val::from_u8)
}

/// The limbs of four bytes, the lowest first.
pub(crate) fn limbs_of_bytes<E: PrimeCharacteristicRing>(bytes: &[E; 4]) -> [E; 2] {
    [0, 2].map(|i| bytes[i].clone() + bytes[i + 1].clone() * E::from_u32(256))
}

/// Boolean flags that say which operation a row performs.
///
/// Constrains each to be boolean and at most one to be set; returns whether one is, and the number of the operation.
pub(crate) fn constrain_operation<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    tags: [&'static str; 2],
    flags: &[AB::Var],
    operations: &[u32],
) -> (AB::Expr, AB::Expr) {
    let [boolean, single] = tags;
    for &flag in flags {
        constrain(builder, boolean, flag.into().bool_check());
    }
    let real: AB::Expr = flags.iter().map(|&flag| flag.into()).sum();
    constrain(builder, single, real.bool_check());
    let numbers = flags.iter().zip(operations).map(|(&flag, &number)| flag * Val::from_u32(number));
    (real, numbers.sum())
}

/// Sums of the products of bytes, by weight: entry `n` is the sum of `a[i] b[j]` with `i + j = n`.
pub(crate) fn byte_products<E: PrimeCharacteristicRing>(a: &[E; 4], b: &[E; 4]) -> [E; 7] {
    core::array::from_fn(|n| {
        let pairs = (0..4).filter(|&i| i <= n && n - i < 4);
        pairs.map(|i| a[i].clone() * b[n - i].clone()).sum()
    })
}
