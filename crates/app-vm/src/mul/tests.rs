use finial_protocol::Val;
use finial_riscv::Opcode::*;
use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::air::Table::Mul as MulTable;
use crate::testing::{Segment, op, program, segment};

fn operations() -> Segment {
    let operands = [op(Lui, 1, 0, 0, 0xa5c3_9000), op(Lui, 2, 0, 0, 0xf789_b000)];
    let products = [Mul, Mulh, Mulhsu, Mulhu].map(|operation| op(operation, 3, 1, 2, 0));
    segment(&program(operands.into_iter().chain(products)))
}

fn tamper(segment: &mut Segment, row: usize, change: impl FnOnce(&mut MulColumns<Val>)) {
    let mut columns = MulColumns::from_row(segment.row(MulTable, row));
    change(&mut columns);
    columns.write(segment.row(MulTable, row));
}

#[test]
fn every_column_is_constrained() {
    let mut segment = operations();
    assert_eq!(segment.verdict(), Vec::<String>::new());
    for row in 0..4 {
        assert!(segment.free_columns(MulTable, row, &MulColumns::<Val>::names()).is_empty(), "row {row}");
    }
}

#[test]
fn flags_are_bits_and_one_operation() {
    let mut segment = operations();
    tamper(&mut segment, 0, |row| row.operations[0] = Val::TWO);
    assert!(segment.row_verdict(MulTable, 0).contains(&"[MUL-1]".into()));
    tamper(&mut segment, 1, |row| row.operations[0] = Val::ONE);
    assert!(segment.row_verdict(MulTable, 1).contains(&"[MUL-2]".into()));
}

#[test]
fn signs_are_not_chosen() {
    let mut segment = operations();
    tamper(&mut segment, 1, |row| row.signs[0] = Val::TWO);
    assert!(segment.row_verdict(MulTable, 1).contains(&"[MUL-3]".into()));
    // MULH taken for MULHU.
    let unsigned = MulColumns::from_row(segment.row(MulTable, 3));
    tamper(&mut segment, 1, |row| {
        *row = MulColumns { operations: row.operations, signs: [Val::ZERO; 2], ..unsigned };
    });
    assert_eq!(segment.row_verdict(MulTable, 1), ["bytes"]);
}

#[test]
fn limbs_and_carries_have_one_value() {
    let mut segment = operations();
    tamper(&mut segment, 0, |row| row.product[0] += Val::ONE);
    assert!(segment.row_verdict(MulTable, 0).contains(&"[MUL-4]".into()));
    // The limb takes 2^16 from its carry.
    tamper(&mut segment, 1, |row| {
        row.product[3] += Val::from_u32(1 << 16);
        row.carries[3] -= Val::ONE;
    });
    assert_eq!(segment.row_verdict(MulTable, 1), ["range16"]);
    // limb + 2^16 carry modulo p: p = 1 + 2^16 · 32512.
    tamper(&mut segment, 2, |row| {
        row.product[3] += Val::ONE;
        row.carries[3] += Val::from_u32(32512);
    });
    assert_eq!(segment.row_verdict(MulTable, 2), ["range12"]);
}
