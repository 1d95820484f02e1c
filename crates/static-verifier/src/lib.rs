#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod backend;
pub mod builder;
pub mod circuit;
pub mod convert;
pub mod gadgets;
pub mod poseidon2;
pub mod range;
pub mod root;

pub use backend::Halo2Backend;
pub use builder::{Cell, CircuitBuilder, Usage};
pub use circuit::{CapacityError, CircuitParams, StaticCircuit, StaticConfig};
pub use gadgets::{Bit, Canonical, Challenger, Digest, Ext, Felt};
pub use root::{K, Pinning, RootError, RootKey, RootProof, keygen_circuit, prover_circuit};

#[cfg(test)]
mod testing;
