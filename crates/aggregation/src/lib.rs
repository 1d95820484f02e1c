#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod circuits;
pub mod error;
pub mod keys;
pub mod layers;
pub mod proof;
mod prove;
pub mod sets;
#[cfg(test)]
mod tests;
pub mod verify;

pub use error::AggregationError;
pub use keys::{AggregationKeys, ContinuationKeys};
pub use proof::{NodeKind, NodeProof, RootProof, ShrinkProof, StarkProof};
pub use sets::{ProgramSet, ProgramSets};
pub use verify::VerifiedExecution;
