#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod agg;
pub mod backend;
pub mod layout;
pub mod native;
pub mod unpack;
pub mod verifier;

pub use backend::{Backend, Check};
pub use unpack::{UnpackError, UnpackedProof, unpack_inner, unpack_root};
pub use verifier::{Statement, verify};
