use finial_protocol::Val;
use finial_riscv::Opcode::*;
use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::air::Table::Shift;
use crate::testing::{Segment, op, program, segment};

/// A shift of each kind by every distance, of a negative word.
fn operations() -> Segment {
    let distances = (0..32).flat_map(|n| [Slli, Srli, Srai].map(|operation| op(operation, 3, 1, 0, n)));
    segment(&program([op(Lui, 1, 0, 0, 0xa5c3_9000), op(Addi, 1, 1, 0, 0x7b3)].into_iter().chain(distances)))
}

fn tamper(segment: &mut Segment, row: usize, change: impl FnOnce(&mut ShiftColumns<Val>)) {
    let mut columns = ShiftColumns::from_row(segment.row(Shift, row));
    change(&mut columns);
    columns.write(segment.row(Shift, row));
}

#[test]
fn every_column_is_constrained() {
    let mut segment = operations();
    assert_eq!(segment.verdict(), Vec::<String>::new());
    for row in 0..96 {
        assert!(segment.free_columns(Shift, row, &ShiftColumns::<Val>::names()).is_empty(), "row {row}");
    }
}

#[test]
fn distances_are_taken_modulo_32() {
    // Slli by 5, told as a shift by 6: the rest would be no integer.
    let mut segment = operations();
    tamper(&mut segment, 15, |row| {
        row.bits = [Val::ZERO, Val::ONE, Val::ONE];
        row.power = Val::from_u32(64);
        row.multiplier = Val::from_u32(64);
    });
    assert!(segment.row_verdict(Shift, 15).contains(&"range16".into()));
}

#[test]
fn flags_choices_and_signs() {
    let mut segment = operations();
    tamper(&mut segment, 0, |row| row.operations[0] = Val::TWO);
    assert!(segment.row_verdict(Shift, 0).contains(&"[SHIFT-1]".into()));
    tamper(&mut segment, 1, |row| row.operations[0] = Val::ONE);
    assert!(segment.row_verdict(Shift, 1).contains(&"[SHIFT-2]".into()));
    tamper(&mut segment, 3, |row| row.bytes[1] = Val::ONE);
    assert!(segment.row_verdict(Shift, 3).contains(&"[SHIFT-3]".into()));
    // A logical shift that brings ones, an arithmetic one that brings zeros.
    tamper(&mut segment, 4, |row| row.sign = Val::ONE);
    assert!(segment.row_verdict(Shift, 4).contains(&"[SHIFT-6]".into()));
    tamper(&mut segment, 5, |row| {
        row.sign = Val::ZERO;
        row.fill = Val::ZERO;
    });
    assert!(segment.row_verdict(Shift, 5).contains(&"bytes".into()));
}

#[test]
fn products_and_results_are_exact() {
    let mut segment = operations();
    tamper(&mut segment, 9, |row| row.power += Val::ONE);
    assert!(segment.row_verdict(Shift, 9).contains(&"[SHIFT-4]".into()));
    tamper(&mut segment, 10, |row| {
        row.low[1] += Val::from_u32(256);
        row.high[1] -= Val::ONE;
    });
    assert!(segment.row_verdict(Shift, 10).contains(&"bytes".into()));
    tamper(&mut segment, 11, |row| row.low[1] += Val::ONE);
    assert!(segment.row_verdict(Shift, 11).contains(&"[SHIFT-5]".into()));
    tamper(&mut segment, 12, |row| row.result[1] += Val::ONE);
    assert!(segment.row_verdict(Shift, 12).contains(&"[SHIFT-7]".into()));
}
