use finial_executor::{Cycle, MemAccess, Read, Write};
use finial_protocol::Val;
use finial_riscv::{Instruction, Opcode, Opcode::*};
use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::air::Table::Cpu;
use crate::encoding::flag;
use crate::testing::{Segment, op, program, segment};

/// One instruction of each class, with operands of which no limb is zero; the rows of the Cpu are in this order.
fn classes() -> Segment {
    segment(&program([
        op(Lui, 1, 0, 0, 0x12345000),
        op(Addi, 1, 1, 0, 0x678),
        op(Lui, 2, 0, 0, 0x23456000),
        op(Lui, 3, 0, 0, 0x8000),
        op(Sub, 4, 1, 2, 0),
        op(Slt, 5, 2, 1, 0),
        op(Sltu, 5, 1, 2, 0),
        op(Sw, 0, 3, 1, 12),
        op(Lw, 6, 3, 0, 12),
        op(Lh, 7, 3, 0, 14),
        op(Sb, 0, 3, 1, 13),
        op(Xor, 8, 1, 2, 0),
        op(Bne, 0, 1, 2, 4),
        op(Blt, 0, 2, 1, 4),
        op(Auipc, 9, 0, 0, 0),
        op(Jalr, 10, 9, 0, 8),
    ]))
}

const ADD: usize = 1;
const SUB: usize = 4;
const SLT: usize = 5;
const SLTU: usize = 6;
const STORE: usize = 7;
const LOAD: usize = 8;
const LOAD_PART: usize = 9;
const STORE_PART: usize = 10;
const CHIP: usize = 11;
const NOT_EQUAL: usize = 12;
const LESS: usize = 13;
const CONSTANT: usize = 14;
const JUMP: usize = 15;

fn tamper(segment: &mut Segment, row: usize, change: impl FnOnce(&mut CpuColumns<Val>)) {
    let cells = segment.row(Cpu, row);
    let mut columns = CpuColumns::from_row(cells);
    change(&mut columns);
    columns.write(cells);
}

fn verdict(row: usize, change: impl FnOnce(&mut CpuColumns<Val>)) -> Vec<String> {
    let mut segment = classes();
    tamper(&mut segment, row, change);
    segment.verdict()
}

fn int(n: u32) -> Val {
    Val::from_u32(n)
}

#[test]
fn honest_classes_are_valid() {
    assert_eq!(classes().verdict(), Vec::<String>::new());
}

/// Timestamp and gap of a slot that the class does not use, and what else it does not look at.
#[test]
fn every_used_column_is_constrained() {
    let no_b = ["b_previous_timestamp", "b_gap_low"];
    let no_c = ["c_previous_timestamp", "c_gap_low"];
    let no_sum = ["s", "u", "v", "carry_lo", "carry_hi"];
    let expected: [(usize, Vec<&str>); 12] = [
        (ADD, [&no_b[..], &["u", "v"]].concat()),
        (SUB, vec!["u", "v"]),
        (SLT, vec![]),
        (SLTU, vec![]),
        (STORE, vec!["v"]),
        (LOAD, vec!["v"]),
        (LOAD_PART, vec![]),
        (STORE_PART, vec![]),
        (CHIP, no_sum.to_vec()),
        (NOT_EQUAL, [&["c"][..], &no_c, &["s", "u", "v", "carry_lo"]].concat()),
        (LESS, [&["c_previous"][..], &no_c].concat()),
        (CONSTANT, [&["a", "a_previous_timestamp", "a_gap_low"][..], &no_b, &no_sum].concat()),
    ];
    let mut segment = classes();
    let names = CpuColumns::<Val>::names();
    for (row, free) in expected {
        assert_eq!(segment.free_columns(Cpu, row, &names), free, "row {row}");
    }
    assert_eq!(segment.free_columns(Cpu, JUMP, &names), [&no_b[..], &["v"]].concat());
}

#[test]
fn nothing_happens_on_a_padding_row() {
    let mut segment = classes();
    let padding = segment.height(Cpu) - 1;
    for (flag, tag) in [(flag::READS_RS2, "[CPU-3]"), (flag::WRITES_RD, "[CPU-3]")] {
        tamper(&mut segment, padding, |row| row.flags[flag] = Val::ONE);
        assert!(segment.row_verdict(Cpu, padding).contains(&tag.to_owned()), "flag {flag}");
        tamper(&mut segment, padding, |row| row.flags[flag] = Val::ZERO);
    }
    tamper(&mut segment, padding, |row| row.real = Val::ONE);
    assert!(segment.row_verdict(Cpu, padding).contains(&"[CPU-2]".to_owned()));
    // A class on a padding row is a row that nobody asked for.
    tamper(&mut segment, padding, |row| row.flags[flag::CONSTANT] = Val::ONE);
    let verdict = segment.verdict();
    assert!(["execution", "program"].iter().all(|bus| verdict.contains(&(*bus).to_owned())), "{verdict:?}");
}

#[test]
fn flags_are_bits_and_one_class() {
    assert!(verdict(ADD, |row| row.flags[flag::ADD] = Val::TWO).contains(&"[CPU-1]".into()));
    assert!(verdict(ADD, |row| row.carry_lo = Val::TWO).contains(&"[CPU-1]".into()));
    assert!(verdict(ADD, |row| row.flags[flag::SUB] = Val::ONE).contains(&"[CPU-2]".into()));
    // A class that is not the program's.
    let other = |row: &mut CpuColumns<Val>| row.flags.swap(flag::ADD, flag::SUB);
    assert!(verdict(ADD, other).contains(&"program".into()));
}

#[test]
fn x0_is_not_written() {
    let mut segment = segment(&program([op(Addi, 0, 0, 0, 5), op(Add, 1, 0, 0, 0)]));
    assert_eq!(segment.verdict(), Vec::<String>::new());
    tamper(&mut segment, 0, |row| row.flags[flag::WRITES_RD] = Val::ONE);
    assert!(segment.verdict().contains(&"program".into()));
}

#[test]
fn sums_are_words() {
    // The carry of the low limb is left in it.
    let overflow = |row: &mut CpuColumns<Val>| {
        row.s[0] += int(1 << 16);
        row.c[0] += int(1 << 16);
        row.s[1] -= Val::ONE;
        row.c[1] -= Val::ONE;
        row.carry_lo = Val::ZERO;
    };
    let mut segment =
        segment(&program([op(Addi, 1, 0, 0, u32::MAX), op(Addi, 2, 1, 0, 1), op(Add, 3, 1, 1, 0)]));
    tamper(&mut segment, 2, overflow);
    assert_eq!(segment.row_verdict(Cpu, 2), ["range16"]);
    assert!(verdict(SUB, |row| row.carry_lo = Val::ONE - row.carry_lo).contains(&"[CPU-5]".into()));
}

#[test]
fn results_are_the_operations() {
    for row in [ADD, SUB, SLT, SLTU, STORE, LOAD, CONSTANT, JUMP] {
        assert!(verdict(row, |row| row.c[0] += Val::ONE).contains(&"[CPU-10]".into()), "row {row}");
    }
    for row in [LOAD_PART, STORE_PART, CHIP] {
        assert!(verdict(row, |row| row.c[0] += Val::ONE).contains(&"chip".into()), "row {row}");
    }
}

#[test]
fn signs_are_not_chosen() {
    // The sign of a is flipped the other way, so that the comparison comes out otherwise.
    for row in [SLT, LESS] {
        let mut segment = classes();
        tamper(&mut segment, row, |row| {
            row.u -= int(1 << 16);
            row.carry_hi = Val::ONE - row.carry_hi;
            row.c[0] = row.carry_hi;
        });
        assert!(segment.row_verdict(Cpu, row).contains(&"range16".into()), "row {row}");
    }
    assert!(verdict(SLT, |row| row.u += Val::ONE).contains(&"[CPU-7]".into()));
    assert!(verdict(SLTU, |row| row.u += int(1 << 15)).contains(&"[CPU-7]".into()));
}

#[test]
fn equality_is_not_chosen() {
    assert!(verdict(NOT_EQUAL, |row| row.carry_hi = Val::ONE).contains(&"[CPU-8]".into()));
    let mut segment = segment(&program([op(Beq, 0, 1, 1, 8), op(Illegal, 0, 0, 0, 0)]));
    tamper(&mut segment, 0, |row| row.carry_hi = Val::ZERO);
    assert!(segment.row_verdict(Cpu, 0).contains(&"[CPU-8]".into()));
}

#[test]
fn execution_goes_where_the_instruction_says() {
    for row in [ADD, LOAD, STORE, CHIP, NOT_EQUAL, LESS, CONSTANT, JUMP] {
        assert!(verdict(row, |row| row.next_pc += int(4)).contains(&"[CPU-4]".into()), "row {row}");
    }
    // The dropped bit of a JALR may be either, but no instruction stands at an odd address.
    let odd = verdict(JUMP, |row| row.next_pc -= Val::ONE);
    assert!(odd.contains(&"execution".into()), "{odd:?}");
}

/// A row as it would be traced for a cycle that no executor runs.
fn forged(instruction: Instruction, cycle: Cycle) -> Vec<String> {
    let mut segment = segment(&program([op(Addi, 1, 0, 0, 0), op(Addi, 2, 0, 0, 0)]));
    let encoded = crate::encoding::encode(instruction, cycle.pc);
    let counts = crate::lookup::LookupCounts::default();
    let trace = generate(&[cycle], &[encoded], &counts, 0);
    segment.row(Cpu, 0).copy_from_slice(&trace.values);
    segment.row_verdict(Cpu, 0)
}

fn forged_access(opcode: Opcode, base: u32, offset: u32, address: u32) -> Vec<String> {
    let cycle = Cycle {
        pc: 0x1000,
        next_pc: 0x1004,
        rs1: Some(Read { value: base, prev_ts: 0 }),
        rs2: (opcode == Sw).then_some(Read { value: 5, prev_ts: 0 }),
        mem: Some(MemAccess { word: address / 4, prev: 5, prev_ts: 0, value: 5, addr: address }),
        rd: (opcode == Lw).then_some(Write { prev: 0, prev_ts: 0, value: 5 }),
        ..Cycle::default()
    };
    let (rd, rs2) = if opcode == Lw { (4, 0) } else { (0, 4) };
    forged(op(opcode, rd, 1, rs2, offset), cycle)
}

#[test]
fn addresses_are_aligned_and_below_2_to_the_29() {
    for opcode in [Lw, Sw] {
        assert_eq!(forged_access(opcode, 0x1fff_fff8, 4, 0x1fff_fffc), Vec::<String>::new());
        assert_eq!(forged_access(opcode, 0x1fff_fffc, 4, 0x2000_0000), ["range16"]);
        assert_eq!(forged_access(opcode, 0xffff_fff0, 4, 0xffff_fff4), ["range16"]);
        // Below zero.
        assert!(forged_access(opcode, 0, 4u32.wrapping_neg(), 0xffff_fffc).contains(&"[CPU-6]".into()));
        assert_eq!(forged_access(opcode, 0x8001, 0, 0x8001), ["[CPU-9]"]);
        assert!(forged_access(opcode, 0x8000, 0, 0x8004).contains(&"[CPU-6]".into()));
    }
}

#[test]
fn a_word_index_modulo_p_is_no_address() {
    // 4 · word = address + 1 modulo p: the index is no integer quotient, and far outside the tree.
    let mut segment = classes();
    tamper(&mut segment, LOAD, |row| {
        let quarter = (int(4)).inverse_or_zero();
        row.b_word += quarter;
        row.s[0] += Val::ONE;
        row.a[0] += Val::ONE;
    });
    assert_eq!(segment.row_verdict(Cpu, LOAD), Vec::<String>::new());
    assert!(segment.verdict().contains(&"memory".into()));
}

trait InverseOrZero {
    fn inverse_or_zero(self) -> Self;
}

impl InverseOrZero for Val {
    fn inverse_or_zero(self) -> Self {
        p3_field::Field::try_inverse(&self).unwrap_or_default()
    }
}

#[test]
fn jalr_targets_are_below_2_to_the_29() {
    let jump = |base: u32, next_pc: u32| {
        let cycle =
            Cycle { pc: 0x1000, next_pc, rs1: Some(Read { value: base, prev_ts: 0 }), ..Cycle::default() };
        forged(op(Jalr, 0, 1, 0, 4), cycle)
    };
    assert_eq!(jump(0x1ffc, 0x2000), Vec::<String>::new());
    assert_eq!(jump(0x1ffd, 0x2000), Vec::<String>::new());
    assert_eq!(jump(0x1ffe, 0x2000), ["[CPU-4]"]);
    assert_eq!(jump(0x1fff_fffc, 0x2000_0000), ["range16"]);
    // p + 0x1000: as an element, an instruction's address.
    assert_eq!(jump(0x7f00_0001 + 0xffc, 0x1000), ["range16"]);
}

#[test]
fn accesses_are_in_order() {
    // The access before lies after this one.
    let mut segment = classes();
    tamper(&mut segment, SUB, |row| row.a_previous_timestamp = row.timestamp + int(8));
    assert!(segment.row_verdict(Cpu, SUB).contains(&"range16".into()));
    // A stale value: what the register held before its last write.
    let stale = verdict(SUB, |row| row.a_previous_timestamp = Val::ZERO);
    assert!(stale.contains(&"memory".into()), "{stale:?}");
}

#[test]
fn public_values_are_those_of_the_run() {
    let program_table = crate::air::Table::Program as usize;
    for (index, bus) in
        [(0, "execution"), (1, "execution"), (2, "execution"), (3, "execution"), (4, "merkle")]
    {
        let mut segment = classes();
        segment.traces.public_values[program_table][index] += Val::ONE;
        assert_eq!(segment.verdict(), [bus], "public value {index}");
    }
}
