//! Filling the `poseidon2` table, a SIMD vector of permutations at a time.

use core::array::from_fn;

use p3_field::{BasedVectorSpace, Field, PackedValue, PrimeCharacteristicRing};
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear as Linear,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL as LAST_CONSTANTS,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL as FIRST_CONSTANTS,
    KOALABEAR_POSEIDON2_RC_16_INTERNAL as PARTIAL_CONSTANTS,
};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_poseidon2::GenericPoseidon2LinearLayers;

use super::columns::{EXTRA, LAST_FULL, PARTIAL, PREPROCESSED_WIDTH, Preprocessed, WIDTH};
use crate::program::{HashMode, Poseidon2Row, Program};
use crate::{E, F};

type Packed = <F as Field>::Packing;
pub(super) const LANES: usize = Packed::WIDTH;

/// The fixed part of the table.
pub(crate) fn preprocessed(program: &Program, log_height: usize) -> RowMajorMatrix<F> {
    let mut values = F::zero_vec(PREPROCESSED_WIDTH << log_height);
    let fill = |(cells, row): (&mut [F], &Poseidon2Row)| {
        fixed_columns(row, &program.occurrences).write(cells);
    };
    values.par_chunks_exact_mut(PREPROCESSED_WIDTH).zip(&program.poseidon2).for_each(fill);
    RowMajorMatrix::new(values, PREPROCESSED_WIDTH)
}

fn fixed_columns(row: &Poseidon2Row, occurrences: &[u32]) -> Preprocessed<F> {
    // Addresses of acc_in and gamma, of bit, and the split flag.
    let (acc, bit, split) = match row.mode {
        HashMode::Permute => (None, None, false),
        HashMode::Merkle { current, bit } => (Some(current), Some(bit), false),
        HashMode::Horner { acc_in, gamma, split } => (Some([acc_in, gamma]), None, split),
    };
    let [acc_in_address, gamma_address] = acc.unwrap_or_default().map(F::from_u32);
    Preprocessed {
        input_addresses: row.inputs.map(|slot| slot.address()),
        input_multiplicities: row.inputs.map(|slot| slot.multiplicity(occurrences)),
        out_base: F::from_u32(row.out_base),
        out_multiplicities: from_fn(|i| match (row.asserts_digest, i) {
            // The row itself is one of the occurrences of its results.
            (false, _) => F::from_u32(occurrences[row.out_base as usize + i] - 1),
            // A read of a cell that another slot provides: the output must be its value.
            (true, 0 | 1) => F::NEG_ONE,
            (true, _) => F::ZERO,
        }),
        bit_address: F::from_u32(bit.unwrap_or_default()),
        acc_in_address,
        gamma_address,
        reads_acc: F::from_bool(acc.is_some()),
        is_merkle: F::from_bool(bit.is_some()),
        split: F::from_bool(split),
    }
}

/// The witness part of the table. `permutations` holds each row's input.
pub(crate) fn main(
    program: &Program,
    memory: &[E],
    permutations: &[[F; 16]],
    log_height: usize,
) -> RowMajorMatrix<F> {
    let mut values = F::zero_vec(WIDTH << log_height);
    values.par_chunks_mut(WIDTH * LANES).enumerate().for_each(|(chunk, rows)| {
        let first = chunk * LANES;
        let inputs: [[F; 16]; LANES] =
            from_fn(|lane| permutations.get(first + lane).copied().unwrap_or_default());
        permute_rows(rows, &inputs);
        for (lane, cells) in rows.chunks_exact_mut(WIDTH).enumerate() {
            let mode = program.poseidon2.get(first + lane).map(|row| row.mode);
            let mode = mode.unwrap_or(HashMode::Permute);
            fill_extra(&mut cells[EXTRA..], mode, memory, &inputs[lane]);
        }
    });
    RowMajorMatrix::new(values, WIDTH)
}

/// Writes the permutation's columns of up to [`LANES`] rows.
pub(super) fn permute_rows(rows: &mut [F], inputs: &[[F; 16]; LANES]) {
    let mut state: [Packed; 16] = from_fn(|i| Packed::from_fn(|lane| inputs[lane][i]));
    write_lanes(rows, 0, &state);
    Linear::external_linear_layer(&mut state);
    for (round, constants) in FIRST_CONSTANTS.iter().enumerate() {
        full_round(&mut state, constants);
        write_lanes(rows, 16 * (round + 1), &state);
    }
    for (round, constant) in PARTIAL_CONSTANTS.iter().enumerate() {
        state[0] = (state[0] + *constant).cube();
        write_lanes(rows, PARTIAL + round, &state[..1]);
        Linear::internal_linear_layer(&mut state);
    }
    for (round, constants) in LAST_CONSTANTS.iter().enumerate() {
        full_round(&mut state, constants);
        write_lanes(rows, LAST_FULL + 16 * round, &state);
    }
}

fn full_round(state: &mut [Packed; 16], constants: &[F; 16]) {
    for (x, constant) in state.iter_mut().zip(constants) {
        *x = (*x + *constant).cube();
    }
    Linear::external_linear_layer(state);
}

fn write_lanes(rows: &mut [F], column: usize, values: &[Packed]) {
    for (lane, row) in rows.chunks_exact_mut(WIDTH).enumerate() {
        for (cell, value) in row[column..].iter_mut().zip(values) {
            *cell = value.as_slice()[lane];
        }
    }
}

/// Writes a row's columns beside the permutation: acc_in, gamma and its powers, acc_mid, acc_out.
fn fill_extra(cells: &mut [F], mode: HashMode, memory: &[E], input: &[F; 16]) {
    let read = |cell: u32| memory[cell as usize];
    let (acc_in, gamma, gamma_2, split) = match mode {
        HashMode::Permute => (E::ZERO, E::ZERO, E::ZERO, false),
        HashMode::Merkle { current: [low, high], bit } => (read(low), read(high), read(bit), false),
        HashMode::Horner { acc_in, gamma, split } => {
            let gamma = read(gamma);
            (read(acc_in), gamma, gamma.square(), split)
        }
    };
    let blocks = evaluation_blocks(input, acc_in, gamma, gamma_2, split);
    for (cells, block) in cells.chunks_exact_mut(4).zip(&blocks) {
        cells.copy_from_slice(block.as_basis_coefficients_slice());
    }
}

/// acc_in, gamma, gamma_2, gamma_4, acc_mid, acc_out: the evaluations by the equations of the table,
/// whatever gamma_2 is.
pub(super) fn evaluation_blocks(input: &[F; 16], acc_in: E, gamma: E, gamma_2: E, split: bool) -> [E; 6] {
    let gamma_4 = gamma_2.square();
    let fold = |acc: E, v: &[F]| acc * gamma_4 + (gamma * v[0] + v[1]) * gamma_2 + gamma * v[2] + v[3];
    let acc_mid = fold(acc_in, &input[..4]);
    let acc_out = fold(if split { E::ZERO } else { acc_mid }, &input[4..8]);
    [acc_in, gamma, gamma_2, gamma_4, acc_mid, acc_out]
}
