//! Filling the `public` table.

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{PREPROCESSED_WIDTH, WIDTH};
use crate::program::Program;
use crate::{F, NUM_PUBLIC_BLOCKS};

/// The fixed part of the table.
pub(crate) fn preprocessed(program: &Program, log_height: usize) -> RowMajorMatrix<F> {
    let mut values = F::zero_vec(PREPROCESSED_WIDTH << log_height);
    let rows = values.chunks_exact_mut(PREPROCESSED_WIDTH);
    for (i, (cells, address)) in rows.zip(program.public).enumerate() {
        cells[i] = F::ONE;
        cells[NUM_PUBLIC_BLOCKS] = F::from_u32(address);
    }
    RowMajorMatrix::new(values, PREPROCESSED_WIDTH)
}

/// The witness part of the table.
pub(crate) fn main(public_values: &[F], log_height: usize) -> RowMajorMatrix<F> {
    let mut values = F::zero_vec(WIDTH << log_height);
    values[..public_values.len()].copy_from_slice(public_values);
    RowMajorMatrix::new(values, WIDTH)
}
