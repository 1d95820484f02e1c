//! Filling the `alu` table.

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::columns::{LANE_WIDTH, LANES, PREPROCESSED_LANE_WIDTH, PREPROCESSED_WIDTH, Preprocessed, WIDTH};
use crate::execute::evaluate_alu;
use crate::program::{AluOperation, Program};
use crate::{E, F};

/// The fixed part of the table.
pub(crate) fn preprocessed(program: &Program, log_height: usize) -> RowMajorMatrix<F> {
    let mut values = F::zero_vec(PREPROCESSED_WIDTH << log_height);
    let fill = |cells: &mut [F], row: &AluOperation| {
        let k = &row.coeffs;
        let columns = Preprocessed {
            addresses: row.slots.map(|slot| slot.address()),
            multiplicities: row.slots.map(|slot| slot.multiplicity(&program.occurrences)),
            coeffs: [k.ab, k.ac, k.a, k.b, k.c, k.one, k.x],
            zero: row.check.zero.map(F::from_bool),
            boolean: F::from_bool(row.check.boolean),
        };
        columns.write(cells);
    };
    let rows = values.par_chunks_exact_mut(PREPROCESSED_WIDTH).zip(program.alu.par_chunks(LANES));
    rows.for_each(|(cells, row)| {
        let lanes = cells.chunks_exact_mut(PREPROCESSED_LANE_WIDTH);
        lanes.zip(row).for_each(|(cells, operation)| fill(cells, operation));
    });
    RowMajorMatrix::new(values, PREPROCESSED_WIDTH)
}

/// The witness part of the table.
pub(crate) fn main(program: &Program, memory: &[E], log_height: usize) -> RowMajorMatrix<F> {
    let mut values = F::zero_vec(WIDTH << log_height);
    let fill = |cells: &mut [F], row: &AluOperation| {
        let mut blocks = row.slots.map(|slot| slot.cell().map_or(E::ZERO, |cell| memory[cell]));
        if row.slots[3].cell().is_none() {
            let [a, b, c, _] = blocks;
            blocks[3] = evaluate_alu(&row.coeffs, a, b, c);
        }
        for (cells, block) in cells.chunks_exact_mut(4).zip(&blocks) {
            cells.copy_from_slice(block.as_basis_coefficients_slice());
        }
    };
    let rows = values.par_chunks_exact_mut(WIDTH).zip(program.alu.par_chunks(LANES));
    rows.for_each(|(cells, row)| {
        let lanes = cells.chunks_exact_mut(LANE_WIDTH);
        lanes.zip(row).for_each(|(cells, operation)| fill(cells, operation));
    });
    RowMajorMatrix::new(values, WIDTH)
}
