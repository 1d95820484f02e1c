use finial_protocol::Val;
use finial_riscv::Opcode::*;
use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::air::Table::DivRem;
use crate::memory_access::limbs;
use crate::testing::{Segment, op, program, segment};

/// `DIV`, `DIVU`, `REM`, `REMU` of a word and a divisor, in this order.
fn divisions(dividend: u32, divisor: u32) -> Segment {
    let word = |register, value: u32| {
        let low = ((value << 20).cast_signed() >> 20).cast_unsigned();
        [op(Lui, register, 0, 0, value.wrapping_sub(low)), op(Addi, register, register, 0, low)]
    };
    let operations = [Div, Divu, Rem, Remu].map(|operation| op(operation, 3, 1, 2, 0));
    segment(&program(word(1, dividend).into_iter().chain(word(2, divisor)).chain(operations)))
}

fn tamper(segment: &mut Segment, row: usize, change: impl FnOnce(&mut DivRemColumns<Val>)) {
    let mut columns = DivRemColumns::from_row(segment.row(DivRem, row));
    change(&mut columns);
    columns.write(segment.row(DivRem, row));
}

#[test]
fn every_column_is_constrained() {
    for (dividend, divisor) in [(0xa5c3_9123, 0x0012_3457), (0x1234_5678, 0xffff_fedc), (5, 0x7fff_ffff)] {
        let mut segment = divisions(dividend, divisor);
        assert_eq!(segment.verdict(), Vec::<String>::new());
        for row in 0..4 {
            let free = segment.free_columns(DivRem, row, &DivRemColumns::<Val>::names());
            assert!(free.is_empty(), "{dividend:#x} {divisor:#x} row {row}: {free:?}");
        }
    }
}

#[test]
fn by_zero_the_quotient_is_all_ones_and_the_remainder_the_dividend() {
    let mut segment = divisions(0x8765_4321, 0);
    assert_eq!(segment.verdict(), Vec::<String>::new());
    for row in 0..2 {
        assert_eq!(DivRemColumns::from_row(segment.row(DivRem, row)).result, limbs(u32::MAX));
        tamper(&mut segment, row, |row| {
            row.quotient[0] -= Val::ONE;
            row.magnitude[0] -= Val::ONE;
            row.result[0] -= Val::ONE;
        });
        assert_eq!(segment.row_verdict(DivRem, row), ["[DIVREM-7]"]);
    }
    for row in 2..4 {
        assert_eq!(DivRemColumns::from_row(segment.row(DivRem, row)).result, limbs(0x8765_4321));
        tamper(&mut segment, row, |row| {
            row.remainder[0] += Val::ONE;
            row.magnitude[0] += Val::ONE;
        });
        assert!(segment.row_verdict(DivRem, row).contains(&"[DIVREM-6]".into()));
    }
}

#[test]
fn overflow_is_the_dividend() {
    let mut segment = divisions(0x8000_0000, u32::MAX);
    assert_eq!(segment.verdict(), Vec::<String>::new());
    assert_eq!(DivRemColumns::from_row(segment.row(DivRem, 0)).result, limbs(0x8000_0000));
    assert_eq!(DivRemColumns::from_row(segment.row(DivRem, 2)).result, limbs(0));
}

#[test]
fn a_quotient_has_one_value() {
    // 100 = 13 · 7 + 9: one less, and a remainder that is too large.
    let mut segment = divisions(100, 7);
    tamper(&mut segment, 1, |row| {
        row.quotient[0] -= Val::ONE;
        row.magnitude[0] -= Val::ONE;
        row.result[0] -= Val::ONE;
        row.remainder[0] += Val::from_u32(7);
    });
    assert_eq!(segment.row_verdict(DivRem, 1), ["range16"]);
    // With a borrow that would lift the difference.
    tamper(&mut segment, 1, |row| row.borrow = Val::ONE);
    assert_eq!(segment.row_verdict(DivRem, 1), ["range16"]);
    // One more, and a negative remainder.
    let mut segment = divisions(100, 7);
    tamper(&mut segment, 1, |row| {
        row.quotient[0] += Val::ONE;
        row.magnitude[0] += Val::ONE;
        row.result[0] += Val::ONE;
        row.remainder[0] -= Val::from_u32(7);
    });
    assert_eq!(segment.row_verdict(DivRem, 1), ["range16"]);
}

#[test]
fn a_product_above_the_word_is_no_division() {
    // 2^16 · 2^16 = 0 modulo 2^32, but not in the integers.
    let mut segment = divisions(0, 0x1_0000);
    tamper(&mut segment, 1, |row| {
        row.quotient[2] = Val::ONE;
        row.magnitude[1] = Val::ONE;
        row.result[1] = Val::ONE;
    });
    assert_eq!(segment.row_verdict(DivRem, 1), ["[DIVREM-6]"]);
}

#[test]
fn signs_zero_and_flags_are_not_chosen() {
    let mut segment = divisions(0xffff_ff9c, 7);
    // DIV taken for DIVU.
    let unsigned = DivRemColumns::from_row(segment.row(DivRem, 1));
    tamper(&mut segment, 0, |row| *row = DivRemColumns { operations: row.operations, ..unsigned });
    assert_eq!(segment.row_verdict(DivRem, 0), ["range16"]);
    let signed = DivRemColumns::from_row(segment.row(DivRem, 2));
    tamper(&mut segment, 3, |row| *row = DivRemColumns { operations: row.operations, ..signed });
    assert_eq!(segment.row_verdict(DivRem, 3), ["[DIVREM-3]"]);
    tamper(&mut segment, 2, |row| row.negate = Val::ZERO);
    assert!(segment.row_verdict(DivRem, 2).contains(&"[DIVREM-8]".into()));

    let mut segment = divisions(100, 7);
    tamper(&mut segment, 0, |row| row.a_magnitude[0] += Val::ONE);
    assert!(segment.row_verdict(DivRem, 0).contains(&"[DIVREM-4]".into()));
    tamper(&mut segment, 1, |row| row.is_zero = Val::ONE);
    assert!(segment.row_verdict(DivRem, 1).contains(&"[DIVREM-5]".into()));
    tamper(&mut segment, 2, |row| row.magnitude[0] += Val::ONE);
    assert!(segment.row_verdict(DivRem, 2).contains(&"[DIVREM-9]".into()));
    tamper(&mut segment, 3, |row| row.result[0] += Val::ONE);
    assert!(segment.row_verdict(DivRem, 3).contains(&"[DIVREM-10]".into()));
    let mut segment = divisions(100, 7);
    tamper(&mut segment, 0, |row| row.operations[0] = Val::TWO);
    assert!(segment.row_verdict(DivRem, 0).contains(&"[DIVREM-1]".into()));
    tamper(&mut segment, 1, |row| row.operations[0] = Val::ONE);
    assert!(segment.row_verdict(DivRem, 1).contains(&"[DIVREM-2]".into()));
}

#[test]
fn a_negative_result_of_zero_is_zero() {
    // −0 told as 2^32: its limbs are no words.
    let mut segment = divisions(0xffff_ffff, 7);
    assert_eq!(DivRemColumns::from_row(segment.row(DivRem, 0)).negate, Val::ONE);
    tamper(&mut segment, 0, |row| row.result = [Val::from_u32(1 << 16), Val::from_u32(0xffff)]);
    assert_eq!(segment.row_verdict(DivRem, 0), ["range16"]);
}
