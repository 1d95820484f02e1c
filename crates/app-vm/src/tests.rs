//! Tests of all tables together.

use finial_riscv::Opcode::*;
use finial_riscv::Program;

use crate::testing::{op, program, segment, segments};

fn guest(name: &str) -> Program {
    let path = format!("{}/../../tests/guests/elf/{name}.elf", env!("CARGO_MANIFEST_DIR"));
    Program::from_elf(&std::fs::read(path).expect("the guest is there")).expect("the guest loads")
}

#[test]
fn a_few_instructions_are_valid() {
    let program = program([
        op(Addi, 5, 0, 0, 7),
        op(Addi, 6, 0, 0, 5),
        op(Sub, 7, 6, 5, 0),
        op(Add, 8, 7, 7, 0),
        op(Lui, 9, 0, 0, 0x2000),
        op(Sw, 0, 9, 8, 4),
        op(Lw, 11, 9, 0, 4),
        op(Bne, 0, 11, 8, 8),
        op(Jal, 1, 0, 0, 4),
    ]);
    assert_eq!(segment(&program).violations(), []);
}

#[test]
fn fibonacci_is_valid() {
    let program = guest("fibonacci");
    let input = finial_executor::frame_input(&10u32.to_le_bytes());
    for segment in segments(&program, &input, 1 << 20) {
        println!("{} cycles, {} ecalls", segment.record.cycles.len(), segment.record.ecalls.len());
        assert_eq!(segment.violations(), []);
    }
}
