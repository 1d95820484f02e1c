//! Trace of the boundary table.

use finial_executor::TouchedLeaf;
use finial_protocol::{Digest, Val};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{BOUNDARY_WIDTH, BoundaryColumns};
use crate::memory_tree::{Cells, cells_of_words};
use crate::merkle::MemoryWitness;

/// Rows that the witness fills.
#[must_use]
pub const fn rows(witness: &MemoryWitness) -> usize {
    2 * witness.leaves().len()
}

/// The trace of `2^log_height` rows.
///
/// # Panics
/// If the rows do not fit: the caller chose the shape by their number.
#[must_use]
pub fn generate(witness: &MemoryWitness, log_height: usize) -> RowMajorMatrix<Val> {
    let height = 1 << log_height;
    assert!(rows(witness) <= height, "boundary table too small");
    let mut values = Val::zero_vec(height * BOUNDARY_WIDTH);
    let (filled, padding) = values.split_at_mut(rows(witness) * BOUNDARY_WIDTH);
    for (pair, leaf) in filled.chunks_exact_mut(2 * BOUNDARY_WIDTH).zip(witness.leaves()) {
        let (before, after) = pair.split_at_mut(BOUNDARY_WIDTH);
        let (initial, last) = (cells_of_words(&leaf.touched.initial), cells_of_words(&leaf.touched.final_));
        columns(&leaf.touched, Val::ONE, &initial, [0; 4], leaf.initial_hash).write(before);
        columns(&leaf.touched, Val::NEG_ONE, &last, leaf.touched.final_ts, leaf.final_hash).write(after);
    }
    for row in padding.chunks_exact_mut(BOUNDARY_WIDTH) {
        row[1] = Val::ONE;
    }
    RowMajorMatrix::new(values, BOUNDARY_WIDTH)
}

fn columns(
    leaf: &TouchedLeaf,
    direction: Val,
    cells: &Cells,
    timestamps: [u32; 4],
    hash: Digest,
) -> BoundaryColumns<Val> {
    BoundaryColumns {
        direction,
        space: Val::from_u8(leaf.space),
        leaf: Val::from_u32(leaf.leaf),
        cells: cells.map(Val::from_u16),
        timestamps: timestamps.map(Val::from_u32),
        hash,
    }
}
