#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod circuits;
pub mod sets;

pub use sets::{ProgramSet, ProgramSets};
