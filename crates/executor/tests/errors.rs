//! Every error, with the place it names.

mod common;

use std::ops::ControlFlow;

use common::{BASE, DATA, asm, by_cycles, program};
use finial_executor::{
    Cause, Execution, ExecutionError, Executor, MAX_OUTPUT, Resource, SegmentPolicy, call, trace,
};

fn run(words: &[u32]) -> Result<Execution, ExecutionError> {
    Executor::new(&program(words), Vec::new()).execute(&by_cycles(1 << 20), 1 << 20)
}

/// The words end in a fault of their last instruction.
#[track_caller]
fn faults(words: &[u32], cause: Cause) {
    let pc = BASE + 4 * (words.len() as u32 - 1);
    let word = *words.last().expect("a word");
    assert_eq!(run(words).unwrap_err(), ExecutionError::Fault { pc, word, cause });
}

#[test]
fn illegal_instructions() {
    for word in [0, 0xc000_1073, 0x0010_0073, 0x3400_1073, 0x0000_100f, u32::MAX] {
        faults(&[word], Cause::Illegal);
    }
}

#[test]
fn jumps() {
    faults(&[asm::jal(6, 0)], Cause::MisalignedJump { target: BASE + 6 });
    faults(&[asm::jal(4, 0)], Cause::JumpOutside { target: BASE + 4 });
    faults(&[asm::jal(-4, 0)], Cause::JumpOutside { target: BASE - 4 });
    faults(&[asm::b(2, 0, 0, 0)], Cause::MisalignedJump { target: BASE + 2 });
    faults(&[asm::jalr(2, 0, 0)], Cause::MisalignedJump { target: 2 });
    faults(&[asm::jalr(1, 0, 0)], Cause::JumpOutside { target: 0 });
    faults(&[asm::jalr(-4, 0, 0)], Cause::JumpOutside { target: u32::MAX - 3 });
    // A branch that is not taken does not jump.
    assert!(run(&[vec![asm::b(2, 0, 0, 1)], asm::exit(0)].concat()).is_ok());
}

#[test]
fn running_out_of_the_program() {
    let error = run(&[asm::addi(0, 0, 0)]).unwrap_err();
    assert_eq!(error, ExecutionError::Fault { pc: BASE + 4, word: 0, cause: Cause::RanOut });
}

#[test]
fn misaligned_and_distant_accesses() {
    let misaligned = |address, size| Cause::Misaligned { address, size };
    for offset in 1..4 {
        let address = offset as u32;
        faults(&[asm::lw(offset, 0, 1)], misaligned(address, 4));
        faults(&[asm::lw(offset, 0, 0)], misaligned(address, 4));
        faults(&[asm::sw(offset, 0, 0)], misaligned(address, 4));
    }
    for funct3 in [1, 5] {
        faults(&[asm::i(0x03, 3, 0, funct3, 1)], misaligned(3, 2));
    }
    faults(&[asm::s(1, 0, 0, 1)], misaligned(1, 2));
    let limit = [asm::lui(0x20000, 1)];
    let distant = Cause::OutOfRange { address: 1 << 29 };
    for word in
        [asm::lw(0, 1, 2), asm::lw(0, 1, 0), asm::i(0x03, 0, 1, 0, 2), asm::sw(0, 2, 1), asm::s(0, 2, 1, 0)]
    {
        faults(&[limit[0], word], distant.clone());
    }
    assert!(run(&[limit.to_vec(), vec![asm::lw(-4, 1, 2)], asm::exit(0)].concat()).is_ok());
}

#[test]
fn system_calls() {
    faults(&asm::call(1234, 0, 0, 0), Cause::UnknownCall { number: 1234 });
    faults(&asm::call(call::EXIT, 0x1_0000, 0, 0), Cause::ExitCode { code: 0x1_0000 });
    faults(&asm::call(call::READ, 7, DATA, 4), Cause::UnknownFd { call: "read", fd: 7 });
    faults(&asm::call(call::WRITE, 4, DATA, 4), Cause::UnknownFd { call: "write", fd: 4 });
    faults(&asm::call(call::WRITE, 3, DATA, 4), Cause::NotInUnconstrained { call: "write to fd 3" });
    faults(&asm::call(call::UNCONSTRAINED_LEAVE, 0, 0, 0), Cause::NotInUnconstrained { call: "leave" });
    faults(&asm::call(call::COMMIT, 8, 0, 0), Cause::PublicIndex { index: 8 });
    let outside = Cause::BufferOutside { call: "write", address: DATA, length: u32::MAX };
    faults(&asm::call(call::WRITE, 1, DATA, u32::MAX), outside);
    let what = "the public output";
    let length = MAX_OUTPUT as u32 + 1;
    faults(&asm::call(call::WRITE, 1, DATA, length), Cause::OutputTooLarge { what, limit: MAX_OUTPUT });
    let words = asm::call(call::READ, 0, 1 << 29, 4);
    let error = Executor::new(&program(&words), vec![0; 4]).execute(&by_cycles(100), 100).unwrap_err();
    let cause = Cause::BufferOutside { call: "read", address: 1 << 29, length: 4 };
    assert_eq!(error, ExecutionError::Fault { pc: BASE + 32, word: asm::ECALL, cause });
}

#[test]
fn unconstrained_blocks_may_not_act() {
    let forbidden = [
        (call::EXIT, 0, "exit"),
        (call::COMMIT, 0, "commit"),
        (call::UNCONSTRAINED_ENTER, 0, "enter"),
        (call::WRITE, 1, "write to fd 1"),
    ];
    for (number, a0, call) in forbidden {
        let words = [asm::call(0x1001, 0, 0, 0), asm::call(number, a0, DATA, 4)].concat();
        faults(&words, Cause::InUnconstrained { call });
    }
}

#[test]
fn what_never_ends_is_stopped() {
    let endless = [asm::jal(0, 0)];
    assert_eq!(run(&endless).unwrap_err(), ExecutionError::CycleLimit { limit: 1 << 20 });
    let within = [asm::call(0x1001, 0, 0, 0), endless.to_vec()].concat();
    assert_eq!(run(&within).unwrap_err(), ExecutionError::CycleLimit { limit: 1 << 20 });
    let exit = program(&asm::exit(0));
    let limited = |limit| Executor::new(&exit, Vec::new()).execute(&by_cycles(4), limit);
    assert_eq!(limited(8).unwrap_err(), ExecutionError::CycleLimit { limit: 8 });
    assert_eq!(limited(9).expect("nine cycles suffice").total_cycles, 9);
}

#[test]
fn policies_that_hold_no_cycle() {
    let exit = program(&asm::exit(0));
    let none = SegmentPolicy { capacities: Vec::new() };
    let mut flat = [1000; Resource::COUNT];
    flat[Resource::Node as usize] = 26;
    let flat = SegmentPolicy { capacities: vec![flat] };
    for policy in [by_cycles(0), none, flat] {
        let error = Executor::new(&exit, Vec::new()).execute(&policy, 100).unwrap_err();
        assert_eq!(error, ExecutionError::PolicyTooSmall { pc: BASE });
    }
}

#[test]
fn outputs_that_do_not_match_their_digest() {
    // Bytes without a digest, and a digest without its bytes.
    let written = [asm::call(call::WRITE, 1, DATA, 5), asm::exit(0)].concat();
    assert_eq!(run(&written).unwrap_err(), ExecutionError::DigestMismatch { length: 5 });
    let stored = [asm::call(call::COMMIT, 0, 1, 0), asm::exit(0)].concat();
    assert_eq!(run(&stored).unwrap_err(), ExecutionError::DigestMismatch { length: 0 });
    // A run that failed keeps its code.
    let failed = [asm::call(call::WRITE, 1, DATA, 5), asm::exit(9)].concat();
    assert_eq!(run(&failed).expect("it exits").exit_code, 9);
    assert_eq!(run(&asm::exit(0)).expect("it exits").public_digest, [0; 32]);
}

#[test]
fn consumers_may_break_off() {
    let words = program(&asm::exit(0));
    let error = Executor::new(&words, Vec::new())
        .execute_streaming(&by_cycles(2), 100, |_| ControlFlow::Break(()))
        .unwrap_err();
    assert_eq!(error, ExecutionError::Stopped);
}

#[test]
fn segments_of_another_run_do_not_replay() {
    let words = [asm::call(call::READ, 0, DATA, 4), asm::exit(0)].concat();
    let program = program(&words);
    let run = Executor::new(&program, vec![1; 4]).execute(&by_cycles(100), 100).expect("it exits");
    let plan = &run.segments[0];
    let replay =
        |cycles| trace(&program, &plan.checkpoint, &[1; 4], cycles).map(|record| record.is_terminate);
    assert_eq!(replay(plan.cycles), Ok(true));
    assert!(matches!(replay(plan.cycles + 1), Err(ExecutionError::Replay { index: 0, .. })));
    assert!(matches!(replay(0), Err(ExecutionError::Replay { index: 0, .. })));
}

#[test]
fn messages_name_the_place() {
    let error = run(&[asm::lw(2, 0, 1)]).unwrap_err();
    let message = "at pc 0x00001000 (instruction word 0x00202083): misaligned access of 4 bytes at 0x2";
    assert_eq!(error.to_string(), message);
}
