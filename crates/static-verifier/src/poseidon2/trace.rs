//! The cells of a permutation, and the fixed cells every permutation repeats.

use std::sync::LazyLock;

use finial_bn254_hash::constants::{external_constants, internal_constants};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use super::{OUTPUT, PARTIAL_START, ROWS, SECOND_HALF, gate::Selector};
use crate::convert::to_fr;

const PARTIAL_ROUNDS: usize = 56;
const HALF: usize = 4;

/// Round constants in the order of the rows: full rounds as `(s₁, s₂, s₀)`.
struct RoundConstants {
    full: [[Fr; 3]; 2 * HALF],
    partial: [Fr; PARTIAL_ROUNDS],
}

static CONSTANTS: LazyLock<RoundConstants> = LazyLock::new(|| RoundConstants {
    full: external_constants().map(|[s0, s1, s2]| [s1, s2, s0].map(to_fr)),
    partial: internal_constants().map(to_fr),
});

/// The fixed cells of one permutation: constants and selectors by row.
pub(crate) struct FixedCells {
    pub(crate) constants: Vec<(usize, Fr)>,
    pub(crate) selectors: Vec<(usize, Selector)>,
}

pub(crate) static FIXED_CELLS: LazyLock<FixedCells> = LazyLock::new(fixed_cells);

fn fixed_cells() -> FixedCells {
    let RoundConstants { full, partial } = &*CONSTANTS;
    let mut cells = FixedCells { constants: vec![], selectors: vec![] };
    let mut put = |row: usize, selector: Selector, constants: &[Fr]| {
        cells.selectors.push((row, selector));
        cells.constants.extend(constants.iter().enumerate().map(|(i, &k)| (row + i, k)));
    };
    put(0, Selector::Entry, &full[0]);
    for round in 0..HALF {
        let next = if round + 1 < HALF { full[round + 1] } else { [Fr::ZERO, Fr::ZERO, partial[0]] };
        put(3 + 6 * round, Selector::Full, &next);
    }
    put(PARTIAL_START - 2, Selector::PartialEntry, &partial[1..3]);
    // Constants of the S-box inputs, the one after the partial rounds included.
    let [after_u, after_v, after_w] = full[HALF];
    let input = |round: usize| if round < PARTIAL_ROUNDS { partial[round] } else { after_w };
    let five = Fr::from(5);
    for round in 0..=PARTIAL_ROUNDS - 3 {
        let k = input(round + 3) + five * (input(round + 1) - input(round + 2));
        let row = PARTIAL_START + 2 * round;
        if round < PARTIAL_ROUNDS - 3 {
            put(row, Selector::Partial, &[k]);
        } else {
            let (c55, c56) = (input(round + 2), input(round + 3));
            let u = after_u - five * c55;
            let v = after_v + five * (c55.double() - c56);
            put(row, Selector::PartialExit, &[k, u, v]);
        }
    }
    for round in 0..HALF {
        let next = if round + 1 < HALF { full[HALF + round + 1] } else { [Fr::ZERO; 3] };
        put(SECOND_HALF + 6 * round, Selector::Full, &next);
    }
    cells
}

fn fifth_power(x: Fr) -> Fr {
    x.square().square() * x
}

fn external_matrix(s: [Fr; 3]) -> [Fr; 3] {
    let sum = s[0] + s[1] + s[2];
    s.map(|x| x + sum)
}

/// The cells of one permutation, from the state `[s₀, s₁, s₂]`.
pub(crate) fn rows(input: [Fr; 3]) -> Box<[Fr; ROWS]> {
    let RoundConstants { full, partial } = &*CONSTANTS;
    let mut cells = Box::new([Fr::ZERO; ROWS]);
    let mut state = [input[1], input[2], input[0]];
    cells[..3].copy_from_slice(&state);
    state = external_matrix(state);
    for (round, constants) in full[..HALF].iter().enumerate() {
        state = full_round(&mut cells[3 + 6 * round..], state, constants);
    }
    cells[PARTIAL_START - 2..PARTIAL_START].copy_from_slice(&state[..2]);
    for (round, constant) in partial.iter().enumerate() {
        let x = state[2] + constant;
        cells[PARTIAL_START + 2 * round] = x;
        cells[PARTIAL_START + 2 * round + 1] = x.square();
        let [u, v, _] = state;
        let y = fifth_power(x);
        let sum = y + u + v;
        state = [sum + u, sum + v.double(), sum + y];
    }
    for (round, constants) in full[HALF..].iter().enumerate() {
        state = full_round(&mut cells[SECOND_HALF + 6 * round..], state, constants);
    }
    cells[OUTPUT..].copy_from_slice(&state);
    cells
}

fn full_round(cells: &mut [Fr], state: [Fr; 3], constants: &[Fr; 3]) -> [Fr; 3] {
    let x: [Fr; 3] = core::array::from_fn(|i| state[i] + constants[i]);
    cells[..3].copy_from_slice(&x);
    cells[3..6].copy_from_slice(&x.map(|x| x.square()));
    external_matrix(x.map(fifth_power))
}

/// The output state `[s₀, s₁, s₂]` in a permutation's cells.
pub(crate) fn output(cells: &[Fr; ROWS]) -> [Fr; 3] {
    [cells[OUTPUT + 2], cells[OUTPUT], cells[OUTPUT + 1]]
}

/// The permutation itself, on `[s₀, s₁, s₂]`.
#[must_use]
pub fn permute(state: [Fr; 3]) -> [Fr; 3] {
    output(&rows(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::from_fr;
    use p3_symmetric::Permutation;

    #[test]
    fn agrees_with_plonky3() {
        let native = finial_bn254_hash::poseidon2();
        let mut state = [Fr::ZERO, Fr::ONE, -Fr::ONE];
        for _ in 0..20 {
            let expected = native.permute(state.map(from_fr)).map(to_fr);
            state = permute(state);
            assert_eq!(state, expected);
        }
    }
}
