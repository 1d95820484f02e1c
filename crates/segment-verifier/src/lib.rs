#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod chain;
mod config;
mod error;
mod proof;
#[cfg(test)]
mod tests;
mod verify;

pub use chain::{Executable, check_chain};
pub use config::AppConfig;
pub use error::{DecodeError, VerifyError};
pub use proof::{ContinuationVmProof, SEGMENT_PUBLIC_VALUES, SegmentProof};
pub use verify::{AppVerifyingKey, VerifiedRun, public_values_by_table};
