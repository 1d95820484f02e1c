use finial_protocol::Val;
use finial_riscv::Opcode::*;
use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::air::Table::Bitwise;
use crate::testing::{Segment, op, program, segment};

fn operations() -> Segment {
    let operands = [op(Lui, 1, 0, 0, 0xa5c3_9000), op(Lui, 2, 0, 0, 0x6789_b000)];
    segment(&program(
        operands.into_iter().chain([And, Or, Xor, And].map(|operation| op(operation, 3, 1, 2, 0))),
    ))
}

#[test]
fn every_column_is_constrained() {
    let mut segment = operations();
    assert_eq!(segment.verdict(), Vec::<String>::new());
    for row in 0..3 {
        assert!(segment.free_columns(Bitwise, row, &BitwiseColumns::<Val>::names()).is_empty(), "row {row}");
    }
}

#[test]
fn flags_are_bits_and_one_operation() {
    let mut segment = operations();
    segment.row(Bitwise, 0)[0] = Val::TWO;
    assert!(segment.row_verdict(Bitwise, 0).contains(&"[BITWISE-1]".into()));
    segment.row(Bitwise, 1)[0] = Val::ONE;
    assert!(segment.row_verdict(Bitwise, 1).contains(&"[BITWISE-2]".into()));
}

#[test]
fn conjunctions_are_looked_up() {
    let mut segment = operations();
    let mut columns = BitwiseColumns::from_row(segment.row(Bitwise, 0));
    columns.and[2] += Val::ONE;
    columns.write(segment.row(Bitwise, 0));
    assert_eq!(segment.row_verdict(Bitwise, 0), ["and"]);
}

#[test]
fn bytes_do_not_overflow_into_their_neighbour() {
    let mut segment = operations();
    let mut columns = BitwiseColumns::from_row(segment.row(Bitwise, 0));
    columns.a[0] += Val::from_u32(256);
    columns.a[1] -= Val::ONE;
    columns.write(segment.row(Bitwise, 0));
    assert_eq!(segment.row_verdict(Bitwise, 0), ["and"]);
}
