//! One segment: record to traces to proof.

use finial_app_vm::memory_tree::MemoryTree;
use finial_app_vm::merkle::MemoryWitness;
use finial_app_vm::segment::{public_values, trace_segment};
use finial_executor::SegmentRecord;
use finial_segment_verifier::SegmentProof;

use crate::error::ProveError;
use crate::keys::AppProvingKey;

/// Proves a segment with the given shape; `before` is the memory before it.
///
/// # Errors
/// If the record does not fit the memory or the shape, or the prover fails.
pub fn prove_segment(
    key: &AppProvingKey,
    shape: usize,
    record: &SegmentRecord,
    before: &MemoryTree,
) -> Result<SegmentProof, ProveError> {
    let segment = record.index;
    let shape_key = key.key(shape)?;
    let memory = MemoryWitness::new(before, &record.touched)
        .map_err(|source| ProveError::Memory { segment, source })?;
    let traces = trace_segment(key.encoded(), record, &memory, key.shape(shape)?)
        .map_err(|source| ProveError::Fit { segment, source })?;
    let proof = shape_key
        .prove(&traces.traces, &traces.public_values)
        .map_err(|source| ProveError::Machine { segment, source })?;
    let values = public_values(record, &memory).to_vec();
    Ok(SegmentProof {
        shape: u32::try_from(shape).map_err(|_| ProveError::UnknownShape(shape))?,
        public_values: values.try_into().map_err(|_| ProveError::Lost(segment))?,
        proof,
    })
}
