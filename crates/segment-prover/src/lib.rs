#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod keys;
mod program;
mod segment;

pub use error::ProveError;
pub use finial_segment_verifier::{AppConfig, ContinuationVmProof, Executable, SegmentProof};
pub use keys::AppProvingKey;
pub use program::{Progress, ProveOptions, ProvenRun, SegmentReport, prove_program};
pub use segment::prove_segment;
