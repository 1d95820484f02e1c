use finial_protocol::Val;
use finial_riscv::Opcode::*;
use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::air::Table::SubWord;
use crate::testing::{Segment, op, program, segment};

/// Loads and stores of every size and offset; see [`ROWS`].
fn accesses() -> Segment {
    let mut code = vec![
        op(Lui, 1, 0, 0, 0x8000),
        op(Lui, 2, 0, 0, 0x80f1_9000),
        op(Addi, 2, 2, 0, 0x7b3),
        op(Sw, 0, 1, 2, 0),
    ];
    for offset in 0..4 {
        code.extend([Lbu, Lb].map(|operation| op(operation, 3, 1, 0, offset)));
    }
    for offset in [0, 2] {
        code.extend([Lhu, Lh].map(|operation| op(operation, 3, 1, 0, offset)));
    }
    code.push(op(Xori, 2, 2, 0, 0x555));
    code.extend((0..4).map(|offset| op(Sb, 0, 1, 2, offset)));
    code.extend([0, 2].map(|offset| op(Sh, 0, 1, 2, offset)));
    segment(&program(code))
}

/// Rows of the loads of bytes, of half words, of the stores of bytes, of half words.
const ROWS: [core::ops::Range<usize>; 4] = [0..8, 8..12, 12..16, 16..18];

fn tamper(segment: &mut Segment, row: usize, change: impl FnOnce(&mut SubWordColumns<Val>)) {
    let mut columns = SubWordColumns::from_row(segment.row(SubWord, row));
    change(&mut columns);
    columns.write(segment.row(SubWord, row));
}

#[test]
fn every_column_is_constrained() {
    let mut segment = accesses();
    assert_eq!(segment.verdict(), Vec::<String>::new());
    let [bytes, halves, byte_stores, half_stores] = ROWS;
    let names = SubWordColumns::<Val>::names();
    for row in bytes.chain(halves) {
        assert!(segment.free_columns(SubWord, row, &names).is_empty(), "row {row}");
    }
    for row in byte_stores.chain(half_stores) {
        // Stores load nothing.
        assert_eq!(segment.free_columns(SubWord, row, &names), ["loaded"], "row {row}");
    }
}

#[test]
fn misaligned_half_words_have_no_row() {
    let mut segment = accesses();
    for row in [8, 9, 16] {
        tamper(&mut segment, row, |row| row.offset[0] = Val::ONE);
        assert!(segment.row_verdict(SubWord, row).contains(&"[SUBWORD-3]".into()));
    }
    // An offset beyond the word, which the Cpu would send for a word index that is too small.
    tamper(&mut segment, 0, |row| row.offset[1] = Val::TWO);
    assert!(segment.row_verdict(SubWord, 0).contains(&"[SUBWORD-3]".into()));
}

#[test]
fn flags_are_bits_and_one_operation() {
    let mut segment = accesses();
    tamper(&mut segment, 0, |row| row.operations[0] = Val::TWO);
    assert!(segment.row_verdict(SubWord, 0).contains(&"[SUBWORD-1]".into()));
    tamper(&mut segment, 1, |row| row.operations[0] = Val::ONE);
    assert!(segment.row_verdict(SubWord, 1).contains(&"[SUBWORD-2]".into()));
}

#[test]
fn parts_are_those_of_the_word() {
    let mut segment = accesses();
    tamper(&mut segment, 0, |row| {
        row.limb[0] += Val::from_u32(256);
        row.limb[1] -= Val::ONE;
        row.loaded += Val::from_u32(1 << 16);
        row.result[0] += Val::from_u32(256);
    });
    assert_eq!(segment.row_verdict(SubWord, 0), ["bytes"]);
    tamper(&mut segment, 2, |row| row.limb[1] += Val::ONE);
    assert!(segment.row_verdict(SubWord, 2).contains(&"[SUBWORD-4]".into()));
    tamper(&mut segment, 3, |row| row.loaded += Val::ONE);
    assert!(segment.row_verdict(SubWord, 3).contains(&"[SUBWORD-5]".into()));
    tamper(&mut segment, 4, |row| row.sign = Val::ONE);
    assert!(segment.row_verdict(SubWord, 4).contains(&"[SUBWORD-6]".into()));
    tamper(&mut segment, 6, |row| row.result[1] += Val::ONE);
    assert!(segment.row_verdict(SubWord, 6).contains(&"[SUBWORD-7]".into()));
}

#[test]
fn signs_are_not_chosen() {
    for row in [1, 7, 9, 11] {
        let mut segment = accesses();
        tamper(&mut segment, row, |row| {
            let change = if row.sign == Val::ONE { -Val::ONE } else { Val::ONE };
            let upper = if row.operations[1] == Val::ONE { 0xff00 } else { 0 };
            row.sign += change;
            row.result[0] += change * Val::from_u32(upper);
            row.result[1] += change * Val::from_u32(0xffff);
        });
        assert_eq!(segment.row_verdict(SubWord, row), ["range16"], "row {row}");
    }
}

#[test]
fn stores_change_their_part_alone() {
    let mut segment = accesses();
    for row in 12..18 {
        for limb in 0..2 {
            tamper(&mut segment, row, |row| row.result[limb] += Val::ONE);
            assert!(segment.row_verdict(SubWord, row).contains(&"[SUBWORD-8]".into()), "row {row}");
            tamper(&mut segment, row, |row| row.result[limb] -= Val::ONE);
        }
        // What one limb gains the other loses.
        tamper(&mut segment, row, |row| {
            row.result[0] += Val::ONE;
            row.result[1] -= Val::ONE;
        });
        assert!(segment.row_verdict(SubWord, row).contains(&"[SUBWORD-8]".into()), "row {row}");
    }
}
