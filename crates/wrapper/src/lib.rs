#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod builder;
pub mod circuit;
pub mod curve;
pub mod field;
pub mod gate;
pub mod inner;
mod limbs;
pub mod loader;
pub mod msm;
pub mod wrap;

pub use builder::{Builder, Cell};
pub use circuit::WrapperCircuit;
pub use inner::{INNER_INSTANCES, InnerKey, prove_inner};
pub use wrap::{ACCUMULATOR_LIMBS, K, WrapError, keygen_circuit, prover_circuit};

#[cfg(test)]
mod tests;
