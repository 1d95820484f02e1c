#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod backend;
pub mod builder;
pub mod cell;
pub mod circuit;
pub mod convert;
pub mod gadgets;
mod kind;
mod plan;
pub mod poseidon2;
pub mod range;
pub mod root;
mod vertical;

pub use backend::Halo2Backend;
pub use builder::{CircuitBuilder, Usage};
pub use cell::{Cell, Operand};
pub use circuit::{StaticCircuit, StaticConfig};
pub use gadgets::{Bit, Canonical, Challenger, Digest, Ext, Felt};
pub use plan::{CapacityError, CircuitParams};
pub use root::{K, Pinning, RootError, RootKey, RootProof, keygen_circuit, prover_circuit};

#[cfg(test)]
mod testing;
