//! Trace of the Merkle table.

use finial_protocol::Val;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{MERKLE_WIDTH, MemoryWitness, MerkleColumns, NodeHashes, NodeWitness};

/// Rows that the witness fills.
#[must_use]
pub const fn rows(witness: &MemoryWitness) -> usize {
    2 * witness.nodes().len()
}

/// The trace of `2^log_height` rows.
///
/// # Panics
/// If the rows do not fit: the caller chose the shape by their number.
#[must_use]
pub fn generate(witness: &MemoryWitness, log_height: usize) -> RowMajorMatrix<Val> {
    let height = 1 << log_height;
    assert!(rows(witness) <= height, "Merkle table too small");
    let mut values = Val::zero_vec(height * MERKLE_WIDTH);
    for (pair, node) in values.chunks_exact_mut(2 * MERKLE_WIDTH).zip(witness.nodes()) {
        let (before, after) = pair.split_at_mut(MERKLE_WIDTH);
        columns(node, Val::ONE, &node.initial).write(before);
        columns(node, Val::NEG_ONE, &node.last).write(after);
    }
    RowMajorMatrix::new(values, MERKLE_WIDTH)
}

fn columns(node: &NodeWitness, direction: Val, hashes: &NodeHashes) -> MerkleColumns<Val> {
    let expand = |touched| if touched { direction } else { Val::ZERO };
    MerkleColumns {
        direction,
        height: Val::from_u32(node.height),
        label: Val::from_u32(node.label),
        left_direction: expand(node.left_touched),
        right_direction: expand(node.right_touched),
        parent: hashes.parent,
        left: hashes.left,
        right: hashes.right,
    }
}
