//! Completion: that segments are one run, from the executable's start to a successful exit.

use finial_app_vm::program::SegmentPublicValues;
use finial_protocol::{Digest, Val};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::error::VerifyError;

/// Program counters are below this.
const PC_LIMIT: u32 = 1 << 29;

/// What `exe_commit` binds about a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executable {
    /// The preprocessed commitment of the App VM's tables: the program.
    pub app_commit: Digest,
    /// The memory root of the program's image.
    pub initial_root: Digest,
    /// The program counter of the first instruction.
    pub pc_start: u32,
}

/// Checks that the statements of proven segments make a run of `executable` that exits with code 0.
///
/// # Errors
/// The first [`VerifyError`] in the order of the segments.
pub fn check_chain(executable: &Executable, segments: &[SegmentPublicValues]) -> Result<(), VerifyError> {
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return Err(VerifyError::NoSegments);
    };
    // As a field element the program counter is taken modulo p: only its canonical encoding is one.
    if executable.pc_start >= PC_LIMIT || !executable.pc_start.is_multiple_of(4) {
        return Err(VerifyError::PcStart(executable.pc_start));
    }
    if first.initial_pc != Val::from_u32(executable.pc_start) {
        return Err(VerifyError::FirstPc);
    }
    if first.initial_root != executable.initial_root {
        return Err(VerifyError::FirstRoot);
    }
    for (i, (before, after)) in segments.iter().zip(segments.iter().skip(1)).enumerate() {
        check_link(before, after, i)?;
    }
    if last.is_terminate != Val::ONE {
        return Err(VerifyError::NotTerminated);
    }
    if last.exit_code != Val::ZERO {
        return Err(VerifyError::ExitCode(last.exit_code.as_canonical_u32()));
    }
    Ok(())
}

/// Segment `index` and the one after it.
fn check_link(
    before: &SegmentPublicValues,
    after: &SegmentPublicValues,
    index: usize,
) -> Result<(), VerifyError> {
    // The segment circuit gives a segment that does not end the run the exit code 0.
    if before.is_terminate != Val::ZERO || before.exit_code != Val::ZERO {
        return Err(VerifyError::EarlyTermination { segment: index });
    }
    if before.final_pc != after.initial_pc {
        return Err(VerifyError::Pc { segment: index + 1 });
    }
    if before.final_root != after.initial_root {
        return Err(VerifyError::Root { segment: index + 1 });
    }
    Ok(())
}
