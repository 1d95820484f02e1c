//! The chain of statements; proofs themselves are tampered with in `finial-segment-prover`'s tests.

use finial_app_vm::program::SegmentPublicValues;
use finial_protocol::{Digest, Val, params, security};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::{AppConfig, AppVerifyingKey, Executable, VerifyError, check_chain};

/// Invariant 1 of the design, for every shape that has a key.
#[test]
fn every_shape_has_a_hundred_proven_bits() {
    let verifier = AppVerifyingKey::new(&AppConfig::default()).unwrap();
    for key in verifier.keys() {
        let report = security::report("app", &key.shape);
        assert!(report.bits >= params::TARGET_BITS, "{report:?}");
    }
}

fn root(i: u32) -> Digest {
    core::array::from_fn(|j| Val::from_u32(100 * i + j as u32))
}

fn executable() -> Executable {
    Executable { app_commit: root(90), initial_root: root(0), pc_start: 0x1000 }
}

fn run(segments: u32) -> Vec<SegmentPublicValues> {
    (0..segments)
        .map(|i| SegmentPublicValues {
            is_terminate: Val::from_bool(i + 1 == segments),
            initial_pc: Val::from_u32(0x1000 + 4 * i),
            final_pc: Val::from_u32(0x1004 + 4 * i),
            exit_code: Val::ZERO,
            initial_root: root(i),
            final_root: root(i + 1),
        })
        .collect()
}

/// The verdict on a run of four segments after `edit`.
fn verdict(edit: impl FnOnce(&mut Vec<SegmentPublicValues>)) -> Result<(), VerifyError> {
    let mut segments = run(4);
    edit(&mut segments);
    check_chain(&executable(), &segments)
}

#[test]
fn whole_runs_pass() {
    for segments in 1..5 {
        check_chain(&executable(), &run(segments)).unwrap();
    }
}

#[test]
fn an_empty_run_is_none() {
    assert!(matches!(verdict(Vec::clear), Err(VerifyError::NoSegments)));
}

#[test]
fn the_start_is_the_executables() {
    assert!(matches!(verdict(|s| s[0].initial_pc += Val::ONE), Err(VerifyError::FirstPc)));
    assert!(matches!(verdict(|s| s[0].initial_root[7] += Val::ONE), Err(VerifyError::FirstRoot)));
    let late = verdict(|s| {
        s.remove(0);
    });
    assert!(matches!(late, Err(VerifyError::FirstPc)));
}

#[test]
fn a_start_above_the_program_space_is_no_second_encoding() {
    // 0x1000 + p is 0x1000 as a field element.
    for pc_start in [0x1000 + Val::ORDER_U32, 0x1002, 1 << 29] {
        let executable = Executable { pc_start, ..executable() };
        assert!(matches!(check_chain(&executable, &run(2)), Err(VerifyError::PcStart(_))));
    }
}

#[test]
fn segments_are_neither_dropped_nor_repeated_nor_reordered() {
    let dropped = verdict(|s| {
        s.remove(2);
    });
    assert!(matches!(dropped, Err(VerifyError::Pc { segment: 2 })));
    assert!(matches!(verdict(|s| s.insert(1, s[1])), Err(VerifyError::Pc { segment: 2 })));
    assert!(matches!(verdict(|s| s.swap(1, 2)), Err(VerifyError::Pc { segment: 1 })));
    let same_pc = |s: &mut Vec<SegmentPublicValues>| {
        for segment in s.iter_mut() {
            (segment.initial_pc, segment.final_pc) = (Val::from_u32(0x1000), Val::from_u32(0x1000));
        }
    };
    let dropped = verdict(|s| {
        same_pc(s);
        s.remove(2);
    });
    assert!(matches!(dropped, Err(VerifyError::Root { segment: 2 })));
}

#[test]
fn only_the_last_segment_ends_the_run() {
    let early = verdict(|s| s[1].is_terminate = Val::ONE);
    assert!(matches!(early, Err(VerifyError::EarlyTermination { segment: 1 })));
    let code = verdict(|s| s[2].exit_code = Val::ONE);
    assert!(matches!(code, Err(VerifyError::EarlyTermination { segment: 2 })));
    assert!(matches!(verdict(|s| s.truncate(3)), Err(VerifyError::NotTerminated)));
    assert!(matches!(verdict(|s| s[3].is_terminate = Val::TWO), Err(VerifyError::NotTerminated)));
}

#[test]
fn a_failed_program_has_no_run() {
    assert!(matches!(verdict(|s| s[3].exit_code = Val::from_u32(101)), Err(VerifyError::ExitCode(101))));
}
