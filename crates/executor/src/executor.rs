//! The fast run: once through the program, metering, cutting, no record.

use std::ops::ControlFlow;

use finial_riscv::Program;
use sha2::{Digest, Sha256};

use crate::{
    Execution, SegmentPlan, SegmentPolicy, Summary,
    error::ExecutionError,
    fast::Fast,
    syscall::{Host, public_bytes},
};

/// A program and the input it is going to read.
#[derive(Clone, Debug)]
pub struct Executor<'p> {
    program: &'p Program,
    input: Vec<u8>,
}

impl<'p> Executor<'p> {
    /// `input` is the whole stream the guest finds on fd 0; see [`crate::frame_input`].
    pub const fn new(program: &'p Program, input: Vec<u8>) -> Self {
        Self { program, input }
    }

    /// Runs the program and keeps all segments.
    ///
    /// # Errors
    /// See [`Self::execute_streaming`].
    pub fn execute(&self, policy: &SegmentPolicy, max_cycles: u64) -> Result<Execution, ExecutionError> {
        let mut segments = Vec::new();
        let summary = self.execute_streaming(policy, max_cycles, |segment| {
            segments.push(segment);
            ControlFlow::Continue(())
        })?;
        let Summary { exit_code, public_output, public_digest, diagnostics, total_cycles, .. } = summary;
        Ok(Execution { segments, exit_code, public_output, public_digest, diagnostics, total_cycles })
    }

    /// Runs the program and hands each segment over as soon as it is known, so that the caller decides
    /// how many checkpoints are held. Unconstrained blocks count towards `max_cycles`.
    ///
    /// # Errors
    /// [`ExecutionError`] if an instruction cannot be executed, the program does not exit in time, a
    /// cycle fits no row of the policy, the consumer breaks off, or the public output of a run that
    /// exits with 0 does not hash to the stored digest. (A run that exits otherwise has no valid proof;
    /// its code and diagnostics are still of use to a person.)
    pub fn execute_streaming(
        &self,
        policy: &SegmentPolicy,
        max_cycles: u64,
        on_segment: impl FnMut(SegmentPlan) -> ControlFlow<()>,
    ) -> Result<Summary, ExecutionError> {
        let host = Host::new(&self.input, 0, Vec::new());
        let mut fast = Fast::new(self.program, host, policy, max_cycles);
        let exit_code = fast.run(on_segment)?;
        let public_digest = public_bytes(&fast.public);
        let public_output = std::mem::take(&mut fast.host.public_output);
        if exit_code == 0 {
            check_digest(&public_output, &public_digest)?;
        }
        Ok(Summary {
            exit_code,
            public_output,
            public_digest,
            diagnostics: std::mem::take(&mut fast.host.diagnostics),
            total_cycles: fast.total_cycles,
            segments: fast.checkpoint.index,
        })
    }
}

/// The public value of a run is the digest in its memory; bytes that do not hash to it would be
/// reported to the user and rejected by every verifier.
fn check_digest(output: &[u8], digest: &[u8; 32]) -> Result<(), ExecutionError> {
    let nothing = output.is_empty() && *digest == [0; 32];
    if nothing || <[u8; 32]>::from(Sha256::digest(output)) == *digest {
        return Ok(());
    }
    Err(ExecutionError::DigestMismatch { length: output.len() })
}
