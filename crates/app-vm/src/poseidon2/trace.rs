//! Trace of the Poseidon2 table.

use finial_protocol::{Digest, Val};
use p3_field::{Field, PackedValue, PrimeCharacteristicRing};
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear as Layers, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
};
use p3_matrix::dense::RowMajorMatrix;
use p3_poseidon2::GenericPoseidon2LinearLayers;
use rayon::prelude::*;

use super::columns::{HALF_FULL_ROUNDS, PARTIAL_ROUNDS};
use super::{POSEIDON2_WIDTH, Poseidon2Columns};
use crate::memory_tree::cells_of_words;
use crate::merkle::MemoryWitness;

type Packed = <Val as Field>::Packing;

/// A compression and how often it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Left and right input.
    pub input: [Val; 16],
    /// Number of queries.
    pub multiplicity: u32,
}

impl Request {
    fn new(left: Digest, right: Digest, multiplicity: u32) -> Self {
        let mut input = [Val::ZERO; 16];
        input[..8].copy_from_slice(&left);
        input[8..].copy_from_slice(&right);
        Self { input, multiplicity }
    }
}

/// The compressions that a segment's memory argument asks for; what did not change is there once for both directions.
#[must_use]
pub fn requests(witness: &MemoryWitness) -> Vec<Request> {
    let mut requests = Vec::with_capacity(2 * (witness.leaves().len() + witness.nodes().len()));
    let mut push = |before: [Digest; 2], after: [Digest; 2]| {
        if before == after {
            requests.push(Request::new(before[0], before[1], 2));
        } else {
            requests.push(Request::new(before[0], before[1], 1));
            requests.push(Request::new(after[0], after[1], 1));
        }
    };
    let zeros = [Val::ZERO; 8];
    for leaf in witness.leaves() {
        let cells = |words| cells_of_words(words).map(Val::from_u16);
        push([cells(&leaf.touched.initial), zeros], [cells(&leaf.touched.final_), zeros]);
    }
    for node in witness.nodes() {
        push([node.initial.left, node.initial.right], [node.last.left, node.last.right]);
    }
    requests
}

/// The trace of `2^log_height` rows.
///
/// # Panics
/// If the requests do not fit: the caller chose the shape by their number.
#[must_use]
pub fn generate(requests: &[Request], log_height: usize) -> RowMajorMatrix<Val> {
    let height = 1 << log_height;
    assert!(requests.len() <= height, "Poseidon2 table too small");
    let mut values = Val::zero_vec(height * POSEIDON2_WIDTH);
    let (filled, padding) = values.split_at_mut(requests.len() * POSEIDON2_WIDTH);
    filled
        .par_chunks_mut(Packed::WIDTH * POSEIDON2_WIDTH)
        .zip(requests.par_chunks(Packed::WIDTH))
        .for_each(|(rows, batch)| fill(rows, batch));
    let mut silent = [Val::ZERO; POSEIDON2_WIDTH];
    fill(&mut silent, &[Request { input: [Val::ZERO; 16], multiplicity: 0 }]);
    padding.par_chunks_exact_mut(POSEIDON2_WIDTH).for_each(|row| row.copy_from_slice(&silent));
    RowMajorMatrix::new(values, POSEIDON2_WIDTH)
}

/// Fills the rows of at most `Packed::WIDTH` requests, one a lane.
fn fill(rows: &mut [Val], batch: &[Request]) {
    let input: [Packed; 16] = core::array::from_fn(|i| {
        Packed::from_fn(|lane| batch.get(lane).map_or(Val::ZERO, |request| request.input[i]))
    });
    let mut packed = [Packed::ZERO; POSEIDON2_WIDTH];
    columns(input).write(&mut packed);
    for (lane, (row, request)) in rows.chunks_exact_mut(POSEIDON2_WIDTH).zip(batch).enumerate() {
        for (cell, value) in row.iter_mut().zip(&packed) {
            *cell = value.as_slice()[lane];
        }
        row[0] = Val::from_u32(request.multiplicity);
    }
}

/// Runs the permutation and keeps what the columns want.
fn columns(input: [Packed; 16]) -> Poseidon2Columns<Packed> {
    let mut state = input;
    Layers::external_linear_layer(&mut state);
    let mut first_half = [[Packed::ZERO; 16]; HALF_FULL_ROUNDS];
    for (constants, post) in KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL.iter().zip(&mut first_half) {
        full_round(&mut state, constants);
        *post = state;
    }
    let mut partial = [Packed::ZERO; PARTIAL_ROUNDS];
    for (constant, post) in KOALABEAR_POSEIDON2_RC_16_INTERNAL.iter().zip(&mut partial) {
        state[0] = (state[0] + *constant).cube();
        *post = state[0];
        Layers::internal_linear_layer(&mut state);
    }
    let mut last_half = [[Packed::ZERO; 16]; HALF_FULL_ROUNDS];
    for (constants, post) in KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL.iter().zip(&mut last_half) {
        full_round(&mut state, constants);
        *post = state;
    }
    Poseidon2Columns {
        multiplicity: Packed::ZERO,
        input,
        first_half,
        partial,
        second_half: core::array::from_fn(|r| last_half[r]),
        output: core::array::from_fn(|i| state[i]),
    }
}

fn full_round(state: &mut [Packed; 16], constants: &[Val; 16]) {
    for (element, constant) in state.iter_mut().zip(constants) {
        *element = (*element + *constant).cube();
    }
    Layers::external_linear_layer(state);
}
