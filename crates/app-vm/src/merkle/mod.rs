//! `MemoryMerkle`: from the hashes of the touched leaves to the memory roots, before and after a segment.

mod air;
mod columns;
#[cfg(test)]
mod tests;
pub mod trace;
mod witness;

pub use air::{MerkleAir, push_root_messages};
pub use columns::{MERKLE_WIDTH, MerkleColumns};
pub use witness::{LeafWitness, MemoryWitness, NodeHashes, NodeWitness};
