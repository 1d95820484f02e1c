#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod accumulator;
pub mod cache;
pub mod calldata;
pub mod ceremony;
pub mod chain;
pub mod circuit;
pub mod compiler;
pub mod contract;
mod fixed_base;
mod inline;
pub mod keys;
pub mod layout;
pub mod params;
pub mod proof_file;
pub mod prover;
pub mod solidity;
pub mod statement;

pub use calldata::Calldata;
pub use chain::{Chain, ChainError, Rejection, Rules, Verified};
pub use circuit::Circuit;
pub use contract::Contract;
pub use layout::ProofLayout;
pub use params::{ParamSet, Parameters};
pub use proof_file::ProofFile;
pub use statement::Statement;
