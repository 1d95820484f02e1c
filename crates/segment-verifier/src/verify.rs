//! Verification of segment proofs and of whole runs.

use finial_app_vm::air::{AppAir, Table, verifier_airs};
use finial_app_vm::program::SegmentPublicValues;
use finial_protocol::{Digest, InnerConfig, Val, VerifyingKey, params};

use crate::chain::{Executable, check_chain};
use crate::config::AppConfig;
use crate::error::VerifyError;
use crate::proof::{ContinuationVmProof, SEGMENT_PUBLIC_VALUES, SegmentProof};

/// The verifying keys of an App VM configuration, one a shape. They know no program.
pub struct AppVerifyingKey {
    airs: Vec<AppAir>,
    keys: Vec<VerifyingKey<InnerConfig>>,
}

/// What a verified proof says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRun {
    /// The public-value bytes: the SHA-256 of what the program made public, or zeros.
    pub public_values: [u8; 32],
    /// The memory root after the run.
    pub final_root: Digest,
    /// Number of segments.
    pub segments: usize,
}

/// Public values by table: all are the program table's.
#[must_use]
pub fn public_values_by_table(values: &[Val; SEGMENT_PUBLIC_VALUES]) -> Vec<Vec<Val>> {
    let of = |table| if table == Table::Program { values.to_vec() } else { vec![] };
    Table::ALL.map(of).to_vec()
}

impl AppVerifyingKey {
    /// The verifying keys of `config`.
    ///
    /// # Errors
    /// If the tables do not make keys: a fault of the configuration.
    pub fn new(config: &AppConfig) -> Result<Self, VerifyError> {
        let airs = verifier_airs();
        let key =
            |heights: &[usize]| VerifyingKey::new(params::APP, &airs, heights).map_err(VerifyError::Key);
        let keys = config.shapes().iter().map(|shape| key(&shape.log_heights)).collect::<Result<_, _>>()?;
        Ok(Self { airs, keys })
    }

    /// The key of each shape.
    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey<InnerConfig>] {
        &self.keys
    }

    /// The tables, without preprocessed traces.
    #[must_use]
    pub fn airs(&self) -> &[AppAir] {
        &self.airs
    }

    /// Verifies one segment of the program committed by `app_commit`; `index` is for the error.
    ///
    /// # Errors
    /// If the shape is unknown or the STARK does not verify.
    pub fn verify_segment(
        &self,
        app_commit: &Digest,
        index: usize,
        segment: &SegmentProof,
    ) -> Result<SegmentPublicValues, VerifyError> {
        let Some(key) = usize::try_from(segment.shape).ok().and_then(|shape| self.keys.get(shape)) else {
            return Err(VerifyError::UnknownShape { segment: index, shape: segment.shape });
        };
        let public_values = public_values_by_table(&segment.public_values);
        key.verify(&self.airs, Some(vec![*app_commit].into()), &segment.proof, &public_values)
            .map_err(|source| VerifyError::Segment { segment: index, source })?;
        Ok(segment.statement())
    }

    /// Verifies that `proof` is a run of `executable` to its exit with code 0.
    ///
    /// # Errors
    /// The first [`VerifyError`]; statements are compared before the STARKs that prove them are verified.
    pub fn verify(
        &self,
        executable: &Executable,
        proof: &ContinuationVmProof,
    ) -> Result<VerifiedRun, VerifyError> {
        let statements: Vec<_> = proof.per_segment.iter().map(SegmentProof::statement).collect();
        check_chain(executable, &statements)?;
        let last = statements.last().ok_or(VerifyError::NoSegments)?;
        if proof.user_public_values.root() != last.final_root {
            return Err(VerifyError::PublicValues);
        }
        for (index, segment) in proof.per_segment.iter().enumerate() {
            self.verify_segment(&executable.app_commit, index, segment)?;
        }
        Ok(VerifiedRun {
            public_values: proof.user_public_values.values,
            final_root: last.final_root,
            segments: statements.len(),
        })
    }
}
