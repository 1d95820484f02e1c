//! What the tests share: a small assembler and an independent check of records.
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod asm;
pub mod replay;

use finial_executor::{Counts, Resource, SegmentPolicy};
use finial_riscv::{Instruction, Program};

/// Where assembled programs begin.
pub const BASE: u32 = 0x1000;
/// Data the programs use.
pub const DATA: u32 = 0x8000;

/// A program of the given words at [`BASE`].
pub fn program(words: &[u32]) -> Program {
    let image = (BASE..).step_by(4).zip(words.iter().copied()).filter(|&(_, word)| word != 0).collect();
    let instructions = words.iter().map(|&word| Instruction::decode(word)).collect();
    Program { entry: BASE, pc_base: BASE, instructions, image }
}

/// One row that bounds nothing but cycles.
pub fn by_cycles(cycles: u32) -> SegmentPolicy {
    let mut row: Counts = [u32::MAX; Resource::COUNT];
    row[Resource::Cycles as usize] = cycles;
    SegmentPolicy { capacities: vec![row] }
}

/// A file under `tests/guests`.
pub fn guest_file(path: &str) -> std::path::PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../tests/guests", path].iter().collect()
}

/// The ELF of a guest.
pub fn guest(name: &str) -> Program {
    let bytes = std::fs::read(guest_file(&format!("elf/{name}.elf"))).expect("the ELF is committed");
    Program::from_elf(&bytes).expect("the ELF is a program")
}
