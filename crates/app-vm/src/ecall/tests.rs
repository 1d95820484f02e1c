use finial_executor::{Ecall, Read, SpaceAccess, Write, call};
use finial_protocol::Val;
use finial_riscv::{Instruction, Opcode::*, Program};
use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::air::Table::{Ecall as EcallTable, Program as ProgramTable};
use crate::testing::{PC_BASE, Segment, op, segments};

fn call(number: u32, arguments: [u32; 3]) -> [Instruction; 8] {
    let low = |value: u32| ((value << 20).cast_signed() >> 20).cast_unsigned();
    let word = |register, value: u32| {
        [op(Lui, register, 0, 0, value.wrapping_sub(low(value))), op(Addi, register, register, 0, low(value))]
    };
    let [a0, a1, a2] = arguments;
    let [b0, c0] = word(10, a0);
    let [b1, c1] = word(11, a1);
    let [b2, c2] = word(12, a2);
    // Numbers of calls are short, or multiples of 2^12.
    let number = if number < 0x1000 { op(Addi, 17, 0, 0, number) } else { op(Lui, 17, 0, 0, number) };
    [b0, c0, b1, c1, b2, c2, number, op(Ecall, 0, 0, 0, 0)]
}

/// Rows of the calls below.
const WHOLE: usize = 0;
const PART: usize = 1;
const SHORT: usize = 2;
const NOTHING: usize = 3;
const WRITE: usize = 4;
const COMMIT: usize = 5;
const EXIT: usize = 6;

/// Reads of a word, of its upper half, of one byte, of none; a write; a commit; an exit with code 7.
fn calls() -> Segment {
    let reads = [[0, 0x8000, 0x1_0001], [0, 0x8006, 100], [0, 0x8009, 1], [0, 0x8000, 0]];
    let mut instructions: Vec<Instruction> = vec![];
    reads.into_iter().for_each(|arguments| instructions.extend(call(call::READ, arguments)));
    instructions.extend(call(call::WRITE, [2, 0x8000, 3]));
    instructions.extend(call(call::COMMIT, [5, 0x1234_5678, 0]));
    instructions.extend(call(call::EXIT, [7, 0, 0]));
    let program =
        Program { entry: PC_BASE, pc_base: PC_BASE, instructions, image: [(0x8004, 0x1122_3344)].into() };
    segments(&program, b"input of the guest", 1 << 20).remove(0)
}

fn tamper(segment: &mut Segment, row: usize, change: impl FnOnce(&mut EcallColumns<Val>)) {
    let mut columns = EcallColumns::from_row(segment.row(EcallTable, row));
    change(&mut columns);
    columns.write(segment.row(EcallTable, row));
}

fn row_verdict(row: usize, change: impl FnOnce(&mut EcallColumns<Val>)) -> Vec<String> {
    let mut segment = calls();
    tamper(&mut segment, row, change);
    segment.row_verdict(EcallTable, row)
}

#[test]
fn calls_are_valid_and_every_used_column_is_constrained() {
    let mut segment = calls();
    assert_eq!(segment.verdict(), Vec::<String>::new());
    let names = EcallColumns::<Val>::names();
    let second_word = ["previous_timestamps.5", "gaps_low.5"];
    let words = ["previous_timestamps.4", "previous_timestamps.5", "gaps_low.4", "gaps_low.5"];
    let no_word = ["word", "previous", "value", "previous2", "old_bytes", "new_bytes", "borrow", "bounded"];
    let expected: [(usize, Vec<&str>); 7] = [
        // The bytes read are the prover's choice, but here the access of memory binds them.
        (WHOLE, [&["previous2"][..], &second_word].concat()),
        (PART, [&["previous2"][..], &second_word].concat()),
        (SHORT, [&["previous2"][..], &second_word].concat()),
        (NOTHING, [&no_word[..], &words].concat()),
        (WRITE, [&no_word[..], &words].concat()),
        (COMMIT, vec!["old_bytes", "borrow"]),
        (EXIT, [&no_word[..], &words].concat()),
    ];
    for (row, free) in expected {
        assert_eq!(segment.free_columns(EcallTable, row, &names), free, "row {row}");
    }
}

#[test]
fn one_call_a_row_by_its_number() {
    assert!(row_verdict(WHOLE, |row| row.calls[0] = Val::TWO).contains(&"[ECALL-1]".into()));
    assert!(row_verdict(WHOLE, |row| row.calls[1] = Val::ONE).contains(&"[ECALL-2]".into()));
    // Another call than a7 says.
    let mut segment = calls();
    tamper(&mut segment, WRITE, |row| {
        row.calls.swap(1, 4);
        row.result = [Val::ZERO; 2];
    });
    assert!(segment.verdict().contains(&"memory".into()));
}

#[test]
fn results_are_the_calls() {
    for row in [WHOLE, NOTHING, WRITE, COMMIT] {
        assert!(row_verdict(row, |row| row.result[0] += Val::ONE).contains(&"[ECALL-3]".into()), "row {row}");
    }
}

#[test]
fn exit_codes_are_not_hidden() {
    assert!(row_verdict(EXIT, |row| row.exit_code = Val::ZERO).contains(&"[ECALL-4]".into()));
    assert!(row_verdict(EXIT, |row| row.first[1] = Val::ONE).contains(&"[ECALL-4]".into()));
    assert!(row_verdict(WRITE, |row| row.exit_code = Val::ONE).contains(&"[ECALL-4]".into()));
    // The exit told as the end of a segment that goes on, and with another code.
    for (index, value) in [(0, Val::ZERO), (3, Val::ZERO)] {
        let mut segment = calls();
        segment.traces.public_values[ProgramTable as usize][index] = value;
        assert_eq!(segment.verdict(), ["execution"]);
    }
}

#[test]
fn nothing_runs_after_an_exit() {
    // The program goes on behind the exit with a jump to itself, of which a forged row continues the run.
    let mut segment = calls();
    let padding = segment.height(EcallTable) - 1;
    let exit = EcallColumns::from_row(segment.row(EcallTable, EXIT));
    tamper(&mut segment, padding, |row| {
        *row = exit;
        row.pc += Val::from_u8(4);
        row.timestamp += Val::from_u8(8);
    });
    let verdict = segment.verdict();
    assert!(verdict.contains(&"execution".into()), "{verdict:?}");
}

#[test]
fn reads_stay_within_the_buffer() {
    // A byte before the start.
    let before = row_verdict(PART, |row| {
        row.mask = [Val::ZERO, Val::ONE, Val::ONE, Val::ONE];
        row.result[0] += Val::ONE;
    });
    assert!(before.contains(&"[ECALL-6]".into()), "{before:?}");
    // A byte more than the length.
    let beyond = row_verdict(SHORT, |row| {
        row.mask = [Val::ZERO, Val::ONE, Val::ONE, Val::ZERO];
        row.result[0] += Val::ONE;
    });
    assert_eq!(beyond, ["range16"]);
    // With a borrow from a high limb that is 0.
    let borrowed = row_verdict(SHORT, |row| {
        row.mask = [Val::ZERO, Val::ONE, Val::ONE, Val::ZERO];
        row.result[0] += Val::ONE;
        row.borrow = Val::ONE;
    });
    assert_eq!(borrowed, ["range16"]);
    // A gap.
    let gap = row_verdict(WHOLE, |row| {
        row.mask[1] = Val::ZERO;
        row.result[0] -= Val::ONE;
    });
    assert!(gap.contains(&"[ECALL-6]".into()), "{gap:?}");
    // A byte that is not transferred changes.
    let kept = row_verdict(PART, |row| {
        row.new_bytes[0] += Val::ONE;
        row.value[0] += Val::ONE;
    });
    assert_eq!(kept, ["[ECALL-8]"]);
    assert!(row_verdict(NOTHING, |row| row.mask[0] = Val::ONE).contains(&"[ECALL-5]".into()));
    assert!(row_verdict(WRITE, |row| row.transfers = Val::ONE).contains(&"[ECALL-5]".into()));
    assert!(row_verdict(WHOLE, |row| row.borrow = Val::TWO).contains(&"[ECALL-7]".into()));
}

#[test]
fn words_are_those_of_the_address_or_index() {
    assert!(row_verdict(WHOLE, |row| row.word += Val::ONE).contains(&"[ECALL-8]".into()));
    assert!(row_verdict(COMMIT, |row| row.word += Val::TWO).contains(&"[ECALL-9]".into()));
    assert!(row_verdict(COMMIT, |row| row.new_bytes[1] += Val::ONE).contains(&"[ECALL-9]".into()));
    let byte = row_verdict(COMMIT, |row| {
        row.new_bytes[0] += Val::from_u32(256);
        row.new_bytes[1] -= Val::ONE;
        row.value = [row.new_bytes[0], row.new_bytes[1]];
    });
    assert_eq!(byte, ["bytes"]);
}

/// A call that no executor runs.
fn forged(ecall: Ecall) -> Vec<String> {
    let mut segment = calls();
    let counts = crate::lookup::LookupCounts::default();
    let trace = generate(&[ecall], &counts, 0);
    segment.row(EcallTable, 0).copy_from_slice(&trace.values);
    segment.row_verdict(EcallTable, 0)
}

fn argument(value: u32) -> Read {
    Read { value, prev_ts: 0 }
}

#[test]
fn addresses_and_indices_are_bounded() {
    let read = |address: u32| Ecall {
        pc: 0x1000,
        a7: argument(call::READ),
        a1: argument(address),
        a2: argument(4),
        mem: Some(SpaceAccess { space: 2, word: address / 4, ..SpaceAccess::default() }),
        a0_write: Some(Write { value: 4, ..Write::default() }),
        ..Ecall::default()
    };
    assert_eq!(forged(read(0x1fff_fffc)), Vec::<String>::new());
    assert_eq!(forged(read(0x2000_0000)), ["range16"]);
    let commit = |index: u32| Ecall {
        pc: 0x1000,
        a7: argument(call::COMMIT),
        a0: argument(index),
        mem: Some(SpaceAccess { space: 3, word: 2 * index, ..SpaceAccess::default() }),
        mem2: Some(SpaceAccess { space: 3, word: 2 * index + 1, ..SpaceAccess::default() }),
        a0_write: Some(Write::default()),
        ..Ecall::default()
    };
    assert_eq!(forged(commit(7)), Vec::<String>::new());
    assert_eq!(forged(commit(8)), ["range16"]);
    assert!(forged(commit(1 << 16)).contains(&"[ECALL-9]".into()));
}
