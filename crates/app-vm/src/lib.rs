#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod air;
pub mod bitwise;
pub mod boundary;
pub mod buses;
pub mod check;
pub mod chips;
mod columns;
pub mod cpu;
pub mod div_rem;
pub mod ecall;
pub mod encoding;
pub mod lookup;
pub mod memory_access;
pub mod memory_tree;
pub mod merkle;
pub mod mul;
pub mod poseidon2;
pub mod program;
pub mod segment;
pub mod shape;
pub mod shift;
pub mod sub_word;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
