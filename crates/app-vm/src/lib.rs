#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod boundary;
pub mod buses;
pub mod check;
pub mod memory_tree;
pub mod merkle;
pub mod poseidon2;
