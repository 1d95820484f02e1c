//! `Poseidon2`: the compressions that the boundary and Merkle tables ask for.

mod air;
mod columns;
#[cfg(test)]
mod tests;
pub mod trace;

pub use air::Poseidon2Air;
pub use columns::{POSEIDON2_WIDTH, Poseidon2Columns};
