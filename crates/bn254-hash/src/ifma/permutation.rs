//! Poseidon2 on `8 N` states, with the bounds that keep it from overflowing.
//!
//! `N` independent streams hide the latency of the multiplier.

use super::field::{Element, add, broadcast, carry, multiply, reduce, square};
use super::limbs::{Limbs, from_words, shift_mod};
use crate::constants::{EXTERNAL_ROUNDS, HALF_EXTERNAL_ROUNDS, INTERNAL_ROUNDS, ROUND_CONSTANTS, WIDTH};

/// `state[k][n]` holds element `k` of states `8n..8n + 8`.
pub(super) type State<const N: usize> = [[Element; N]; WIDTH];

/// Round constants in Montgomery form for 2²⁶⁰.
pub(super) struct Constants {
    external: [[Limbs; WIDTH]; EXTERNAL_ROUNDS],
    internal: [Limbs; INTERNAL_ROUNDS],
}

impl Constants {
    pub(super) fn new() -> Self {
        let convert = |words| from_words(shift_mod(words, 260));
        Self {
            external: ROUND_CONSTANTS.external.map(|row| row.map(convert)),
            internal: ROUND_CONSTANTS.internal.map(convert),
        }
    }
}

/// `(x + constant)⁵` for `x` below 13: below 1.4 (13 + 1: 3.5, squared again: 1.3, times `x`: 1.4), not carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add_and_s_box<const N: usize>(x: &mut [Element; N], constant: &Limbs) {
    let constant = broadcast(constant);
    let mut power = *x;
    for n in 0..N {
        x[n] = carry(add(&x[n], &constant));
        power[n] = carry(square(&x[n]));
    }
    for n in 0..N {
        power[n] = carry(square(&power[n]));
    }
    for n in 0..N {
        x[n] = multiply(&power[n], &x[n]);
    }
}

/// `circ(2, 1, 1)`: elements below `x` go below `4x`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn external_matrix<const N: usize>(state: &mut State<N>) {
    for n in 0..N {
        let sum = add(&add(&state[0][n], &state[1][n]), &state[2][n]);
        for k in 0..WIDTH {
            state[k][n] = add(&state[k][n], &sum);
        }
    }
}

/// Elements below 13 go below 5.6.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn external_round<const N: usize>(state: &mut State<N>, constants: &[Limbs; WIDTH]) {
    for (elements, constant) in state.iter_mut().zip(constants) {
        add_and_s_box(elements, constant);
    }
    external_matrix(state);
}

/// Element 0 below 13, the others below 3.65: element 0 goes below 10.1, the others stay as they are.
///
/// The sum is below 1.4 + 2·3.65 = 8.7. Element 0 becomes 1.4 + 8.7; the others become 12.4 and 16,
/// below the 21 that [`reduce`] takes.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn internal_round<const N: usize>(state: &mut State<N>, constant: &Limbs) {
    add_and_s_box(&mut state[0], constant);
    for n in 0..N {
        let sum = add(&add(&state[1][n], &state[2][n]), &state[0][n]);
        state[0][n] = add(&state[0][n], &sum);
        state[1][n] = reduce(add(&state[1][n], &sum));
        state[2][n] = reduce(add(&add(&state[2][n], &state[2][n]), &sum));
    }
}

/// One permutation of every state. Elements come in below 3.65 (so below 14.6 after the first matrix)
/// and go out below 5.6, not carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn permute<const N: usize>(state: &mut State<N>, constants: &Constants) {
    external_matrix(state);
    reduce_elements(state, 0);
    for row in &constants.external[..HALF_EXTERNAL_ROUNDS] {
        external_round(state, row);
    }
    reduce_elements(state, 1);
    for constant in &constants.internal {
        internal_round(state, constant);
    }
    for row in &constants.external[HALF_EXTERNAL_ROUNDS..] {
        external_round(state, row);
    }
}

/// Elements `from..` below 21 go below 3.65.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn reduce_elements<const N: usize>(state: &mut State<N>, from: usize) {
    for elements in &mut state[from..] {
        for n in 0..N {
            elements[n] = reduce(elements[n]);
        }
    }
}
