use finial_protocol::Val;
use finial_riscv::Opcode::*;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;

use super::*;
use crate::air::Table;
use crate::testing::{op, program, segment};

#[test]
fn what_must_not_run_has_zero_rows() {
    let program = program([op(Illegal, 0, 0, 0, 0), op(Addi, 1, 0, 0, 1)]);
    let trace = preprocessed(&program, 4).expect("it fits");
    for row in [0, 5, 15] {
        let row = trace.row_slice(row).expect("a row");
        assert!(row[..PROGRAM_PREPROCESSED_WIDTH - 1].iter().all(|&cell| cell == Val::ZERO));
    }
    assert_ne!(trace.row_slice(1).expect("a row")[0], Val::ZERO);
}

#[test]
fn there_is_one_connector() {
    let trace = preprocessed(&program([]), 4).expect("it fits");
    let firsts: Vec<Val> = trace.rows().map(|row| row.last().expect("a cell")).collect();
    assert_eq!(firsts[0], Val::ONE);
    assert!(firsts[1..].iter().all(|&flag| flag == Val::ZERO));
}

#[test]
fn a_program_that_is_too_long_is_refused() {
    let program = program([op(Addi, 0, 0, 0, 0); 6]);
    let refused = ProgramTooLong { instructions: 9, capacity: 8 };
    assert_eq!(preprocessed(&program, 3).err(), Some(refused));
}

#[test]
fn multiplicities_and_the_last_timestamp_are_bound() {
    let mut segment = segment(&program([op(Addi, 1, 0, 0, 1)]));
    segment.row(Table::Program, 0)[1] += Val::from_u8(8);
    assert_eq!(segment.verdict(), ["execution"]);
    segment.row(Table::Program, 0)[1] -= Val::from_u8(8);
    segment.row(Table::Program, 0)[0] += Val::ONE;
    assert_eq!(segment.verdict(), ["program"]);
}

#[test]
fn public_values_keep_their_order() {
    let flat: Vec<Val> = (0..20).map(Val::from_u8).collect();
    let values = SegmentPublicValues::from_slice(&flat).expect("twenty");
    assert_eq!((values.initial_pc, values.exit_code), (Val::from_u8(1), Val::from_u8(3)));
    assert_eq!(values.to_vec(), flat);
    assert_eq!(SegmentPublicValues::from_slice(&flat[..19]), None);
    assert_eq!(SegmentPublicValues::from_slice(&[flat.clone(), flat].concat()), None);
}
