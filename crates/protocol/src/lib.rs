#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod config;
pub mod constraints;
pub mod fields;
pub mod machine;
pub mod params;
pub mod security;
pub mod shape;
pub mod transcript;

pub use config::{InnerConfig, LayerConfig, RootConfig};
pub use fields::{Digest, Ext4, Ext5, Val, compress, digest_of_bytes, hash_values};
pub use machine::{MachineError, ProvingKey, TableAir, VerifyingKey};
pub use params::LayerParams;
pub use shape::ProofShape;
