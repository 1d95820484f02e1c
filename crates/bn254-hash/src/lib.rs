#![doc = include_str!("../README.md")]

pub mod backend;
pub mod challenger;
pub mod config;
pub mod constants;
mod grain;
mod grinding;
pub mod hasher;
#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(not(target_arch = "x86_64"))]
#[path = "no_ifma.rs"]
mod ifma;

pub use backend::{Backend, BackendUnavailable};
pub use challenger::Bn254Challenger;
pub use config::{Bn254Mmcs, ScalarChallenger, bn254_challenger, bn254_mmcs, scalar_challenger};
pub use constants::poseidon2;
pub use hasher::{Bn254Compression, Bn254Sponge, Digest};
