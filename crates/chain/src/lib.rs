#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod advice;
pub mod artifacts;
pub mod create2;
pub mod deploy;
pub mod deployments;
mod error;
mod front;
pub mod money;
pub mod node;
mod rehearse;
pub mod revert;
pub mod secret;
pub mod submit;

pub use alloy_primitives::Address;
pub use deployments::Deployments;
pub use error::{Error, Fault, with_causes};
pub use node::Node;
pub use revert::Revert;
pub use secret::{KeyError, KeySource, Sender};
