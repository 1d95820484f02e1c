//! The `poseidon2` table: one permutation a row, with a Merkle step or a running evaluation.

mod air;
pub(crate) mod columns;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod trace;

pub use air::Poseidon2Air;
