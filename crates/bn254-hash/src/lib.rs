#![doc = include_str!("../README.md")]

pub mod constants;
mod grain;

pub use constants::poseidon2;
