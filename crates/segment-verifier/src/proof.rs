//! Segment proofs, the public values they make statements about, and their bytes.

use finial_app_vm::memory_tree::PublicValuesOpening;
use finial_app_vm::program::{PROGRAM_PUBLIC_VALUES, SegmentPublicValues};
use finial_protocol::fields::DIGEST_LEN;
use finial_protocol::{InnerConfig, Val};
use p3_batch_stark::BatchProof;
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;

/// Public values of a segment: [`SegmentPublicValues`] as field elements.
pub const SEGMENT_PUBLIC_VALUES: usize = PROGRAM_PUBLIC_VALUES;

/// The proof of one segment.
#[derive(Serialize, Deserialize)]
pub struct SegmentProof {
    /// Index of its shape in the catalogue.
    pub shape: u32,
    /// What it states.
    pub public_values: [Val; SEGMENT_PUBLIC_VALUES],
    /// The STARK.
    pub proof: BatchProof<InnerConfig>,
}

/// The proof of a whole run: its segments in order, and its public values opened against the last memory root.
#[derive(Serialize, Deserialize)]
pub struct ContinuationVmProof {
    /// One proof a segment, the first first.
    pub per_segment: Vec<SegmentProof>,
    /// The public values' Merkle proof.
    pub user_public_values: PublicValuesOpening,
}

impl SegmentProof {
    /// What the proof states.
    #[must_use]
    pub fn statement(&self) -> SegmentPublicValues {
        let [is_terminate, initial_pc, final_pc, exit_code, roots @ ..] = self.public_values;
        let root = |from: usize| core::array::from_fn(|i| roots.get(from + i).copied().unwrap_or_default());
        SegmentPublicValues {
            is_terminate,
            initial_pc,
            final_pc,
            exit_code,
            initial_root: root(0),
            final_root: root(DIGEST_LEN),
        }
    }
}

impl ContinuationVmProof {
    /// The proof's bytes.
    ///
    /// # Errors
    /// [`DecodeError::Encode`]; in-memory serialisation has no reason to fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DecodeError> {
        postcard::to_allocvec(self).map_err(|error| DecodeError::Encode(error.to_string()))
    }

    /// Reads a proof from exactly these bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if they are no proof, if bytes follow it, or if they are another encoding than
    /// [`Self::to_bytes`] gives: a proof has one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (proof, rest) = postcard::take_from_bytes::<Self>(bytes)
            .map_err(|error| DecodeError::Malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(DecodeError::Trailing(rest.len()));
        }
        if proof.to_bytes()? != bytes {
            return Err(DecodeError::NotCanonical);
        }
        Ok(proof)
    }
}
