#![doc = include_str!("../README.md")]

mod instruction;
mod program;

pub use instruction::{Instruction, Opcode};
pub use program::{ADDRESS_LIMIT, ElfError, MAX_INSTRUCTIONS, Program};
