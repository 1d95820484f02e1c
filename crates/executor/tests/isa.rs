//! Instructions against `rrs-lib`, an independent interpreter, on random programs.

mod common;

use std::collections::BTreeMap;

use common::{BASE, DATA, asm, by_cycles, program, replay::run_checked};
use finial_executor::{GUEST_MEMORY, REGISTERS, SegmentRecord};
use proptest::prelude::*;
use rrs_lib::{HartState, MemAccessSize, Memory, instruction_executor::InstructionExecutor};

/// Register that holds the address of the data.
const POINTER: u32 = 31;
/// Register for jump targets.
const LINK: u32 = 30;

#[derive(Default)]
struct Bytes(BTreeMap<u32, u8>);

impl Memory for Bytes {
    fn read_mem(&mut self, address: u32, size: MemAccessSize) -> Option<u32> {
        let bytes = (address..address + width(size)).rev();
        Some(bytes.fold(0, |word, a| word << 8 | u32::from(*self.0.get(&a).unwrap_or(&0))))
    }

    fn write_mem(&mut self, address: u32, size: MemAccessSize, data: u32) -> bool {
        self.0.extend((address..).zip(data.to_le_bytes()).take(width(size) as usize));
        true
    }
}

const fn width(size: MemAccessSize) -> u32 {
    match size {
        MemAccessSize::Byte => 1,
        MemAccessSize::HalfWord => 2,
        MemAccessSize::Word => 4,
    }
}

fn interesting() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u32::MAX),
        Just(1 << 31),
        Just(i32::MAX as u32),
        any::<u32>(),
        0_u32..64,
    ]
}

/// Destination: any register but the two with a role.
fn rd() -> impl Strategy<Value = u32> {
    0_u32..30
}

fn arithmetic() -> impl Strategy<Value = Vec<u32>> {
    let reg_reg =
        (0_u32..3, 0_u32..32, 0_u32..32, 0_u32..8, rd()).prop_map(|(kind, rs2, rs1, funct3, rd)| {
            let funct7 = match (kind, funct3) {
                (0, _) => 0,
                (1, 0 | 5) => 0x20,
                _ => 1,
            };
            vec![asm::r(funct7, rs2, rs1, funct3, rd)]
        });
    let immediate = (-2048_i32..2048, 0_u32..32, 0_u32..8, rd()).prop_map(|(imm, rs1, funct3, rd)| {
        let imm = match funct3 {
            1 => imm & 31,
            5 => imm & 0x41f,
            _ => imm,
        };
        vec![asm::i(0x13, imm, rs1, funct3, rd)]
    });
    let upper = (any::<bool>(), 0_u32..1 << 20, rd()).prop_map(|(pc_relative, imm, rd)| {
        vec![if pc_relative { asm::auipc(imm, rd) } else { asm::lui(imm, rd) }]
    });
    prop_oneof![6 => reg_reg, 3 => immediate, 1 => upper]
}

fn memory() -> impl Strategy<Value = Vec<u32>> {
    let load = (0_usize..5, 0_i32..64, rd()).prop_map(|(kind, offset, rd)| {
        let (funct3, size) = [(0, 1), (1, 2), (2, 4), (4, 1), (5, 2)][kind];
        vec![asm::i(0x03, (offset - 32) / size * size, POINTER, funct3, rd)]
    });
    let store = (0_u32..3, 0_i32..64, 0_u32..32).prop_map(|(funct3, offset, rs2)| {
        let size = 1 << funct3;
        vec![asm::s((offset - 32) / size * size, rs2, POINTER, funct3)]
    });
    prop_oneof![load, store]
}

/// Forward jumps over one instruction, or none.
fn control() -> impl Strategy<Value = Vec<u32>> {
    let skipped =
        || (any::<bool>(), rd()).prop_map(|(far, rd)| (if far { 8 } else { 4 }, asm::addi(1, rd, rd)));
    let branch = (skipped(), 0_usize..6, 0_u32..32, 0_u32..32)
        .prop_map(|((by, next), kind, rs2, rs1)| vec![asm::b(by, rs2, rs1, [0, 1, 4, 5, 6, 7][kind]), next]);
    let jal = (skipped(), rd()).prop_map(|((by, next), rd)| vec![asm::jal(by, rd), next]);
    // An odd target: JALR clears bit 0.
    let jalr = (skipped(), rd())
        .prop_map(|((by, next), rd)| vec![asm::auipc(0, LINK), asm::jalr(by + 5, LINK, rd), next]);
    prop_oneof![3 => branch, 1 => jal, 1 => jalr]
}

fn body() -> impl Strategy<Value = Vec<u32>> {
    let start = prop::collection::vec(interesting(), 30);
    let block = prop_oneof![5 => arithmetic(), 3 => memory(), 2 => control()];
    (start, prop::collection::vec(block, 1..120)).prop_map(|(registers, blocks)| {
        let mut words: Vec<_> = (1..).zip(registers).flat_map(|(rd, value)| asm::li(value, rd)).collect();
        words.extend(asm::li(DATA, POINTER));
        words.extend(blocks.concat());
        words.extend(asm::exit(0));
        words
    })
}

/// Runs the words to their exit in the other interpreter.
fn oracle(words: &[u32]) -> (HartState, Bytes) {
    let (mut hart, mut memory) = (HartState::new(), Bytes::default());
    for (address, &word) in (BASE..).step_by(4).zip(words) {
        memory.write_mem(address, MemAccessSize::Word, word);
    }
    hart.pc = BASE;
    let exit = BASE + 4 * (words.len() as u32 - 1);
    while hart.pc != exit {
        let mut executor = InstructionExecutor { mem: &mut memory, hart_state: &mut hart };
        executor.step().expect("the program is valid");
    }
    (hart, memory)
}

fn final_word(records: &[SegmentRecord], space: u8, word: u32) -> Option<u32> {
    let leaf = |record: &SegmentRecord| {
        let found = record.touched.iter().find(|leaf| (leaf.space, leaf.leaf) == (space, word / 4))?;
        Some(found.final_[(word % 4) as usize])
    };
    records.iter().rev().find_map(leaf)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_agree_with_rrs(words in body(), cut in 20_u32..200) {
        let (hart, mut memory) = oracle(&words);
        let (_, records) = run_checked(&program(&words), &[], &by_cycles(cut));
        for register in 1..32 {
            let ours = final_word(&records, REGISTERS, register).unwrap_or(0);
            prop_assert_eq!(ours, hart.registers[register as usize], "x{}", register);
        }
        for address in (DATA - 32..DATA + 32).step_by(4) {
            let theirs = memory.read_mem(address, MemAccessSize::Word);
            let ours = final_word(&records, GUEST_MEMORY, address / 4).unwrap_or(0);
            prop_assert_eq!(Some(ours), theirs, "{:#x}", address);
        }
    }
}

#[test]
fn division_has_the_corner_cases_of_the_manual() {
    const MIN: u32 = 1 << 31;
    // a, b, DIV, DIVU, REM, REMU
    let cases = [
        (7, 0, u32::MAX, u32::MAX, 7, 7),
        (MIN, 0, u32::MAX, u32::MAX, MIN, MIN),
        (0, 0, u32::MAX, u32::MAX, 0, 0),
        (MIN, u32::MAX, MIN, 0, 0, MIN),
        (-7_i32 as u32, 2, -3_i32 as u32, 0x7fff_fffc, u32::MAX, 1),
        (7, -2_i32 as u32, -3_i32 as u32, 0, 1, 7),
        (MIN, 1, MIN, MIN, 0, 0),
    ];
    for (a, b, div, divu, rem, remu) in cases {
        let mut words = [asm::li(a, 1), asm::li(b, 2)].concat();
        words.extend((4..8).map(|funct3| asm::r(1, 2, 1, funct3, 16 + funct3)));
        words.extend(asm::exit(0));
        let (_, records) = run_checked(&program(&words), &[], &by_cycles(1 << 20));
        let results = [20, 21, 22, 23].map(|register| final_word(&records, REGISTERS, register));
        assert_eq!(results, [div, divu, rem, remu].map(Some), "{a:#x} / {b:#x}");
    }
}

#[test]
fn x0_is_never_written() {
    let mut words =
        vec![asm::addi(5, 0, 0), asm::lui(1, 0), asm::jal(4, 0), asm::lw(0, 0, 0), asm::addi(0, 0, 1)];
    words.extend(asm::exit(0));
    let (_, records) = run_checked(&program(&words), &[], &by_cycles(1 << 20));
    assert_eq!(final_word(&records, REGISTERS, 0), Some(0));
    assert_eq!(final_word(&records, REGISTERS, 1), Some(0));
    let load = records[0].cycles[3];
    assert!(load.mem.is_some() && load.rd.is_none(), "a load to x0 still accesses memory");
}

#[test]
fn fences_do_nothing() {
    let words = [vec![0x0ff0_000f, 0x8330_000f], asm::exit(3)].concat();
    let (run, _) = run_checked(&program(&words), &[], &by_cycles(1 << 20));
    assert_eq!(run.exit_code, 3);
}
