//! The cells of a permutation, and the fixed cells every permutation repeats.

use std::sync::LazyLock;

use finial_bn254_hash::constants::{external_constants, internal_constants};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use super::{
    OUTPUT, OUTPUT_ROWS, ROWS,
    gate::kind_scale,
    relation::{F0, F1, F2, P, Q, R1, R2, Relation},
};
use crate::{convert::to_fr, kind::Kind};

const HALF: usize = 4;
const PARTIAL_ROUNDS: usize = 56;

/// The cells of one permutation, by row and column.
pub(crate) type Cells = [[Fr; 2]; ROWS];

struct RoundConstants {
    full: [[Fr; 3]; 2 * HALF],
    partial: [Fr; PARTIAL_ROUNDS],
}

static CONSTANTS: LazyLock<RoundConstants> = LazyLock::new(|| RoundConstants {
    full: external_constants().map(|row| row.map(to_fr)),
    partial: internal_constants().map(to_fr),
});

/// The fixed cells of one row.
#[derive(Clone, Copy)]
pub(crate) struct FixedRow {
    pub(crate) code: [Fr; 2],
    pub(crate) constant: Fr,
    pub(crate) kind: Fr,
}

pub(crate) static FIXED_ROWS: LazyLock<Vec<FixedRow>> = LazyLock::new(|| {
    let zero = rows([Fr::ZERO; 3]);
    let fixed = relations().into_iter().enumerate().map(|(row, relation)| FixedRow {
        code: relation.code(),
        constant: -linear_part(&relation, &zero[row..]) * inverse_scale(kind(row)),
        kind: kind(row),
    });
    let output = FixedRow { code: [Fr::ZERO; 2], constant: Fr::ZERO, kind: Kind::Pass.code() };
    fixed.chain([output; 3]).collect()
});

/// The kind of a row before the output.
fn kind(row: usize) -> Fr {
    if has_s_box(row) { Kind::SBox.code() } else { Kind::Pass.code() }
}

fn inverse_scale(kind: Fr) -> Fr {
    Option::from(kind_scale(kind).invert()).expect("the constant's selector is on in a permutation")
}

/// The relation of every row but the output's.
fn relations() -> Vec<Relation> {
    let full = [F0, F1, F2];
    let mut relations = full.repeat(1 + HALF);
    relations.extend([F0, Q]);
    relations.extend([P; PARTIAL_ROUNDS - 2]);
    relations.extend([R1, R2]);
    relations.extend(full.repeat(HALF));
    relations
}

/// Whether a row is an S-box; in the input rows, and the two before the partial rounds, the state passes without.
fn has_s_box(row: usize) -> bool {
    let before_partial = 3 * (1 + HALF);
    row >= 3 && !(before_partial..before_partial + 2).contains(&row)
}

/// The scaled relation without its constant.
fn linear_part(relation: &Relation, cells: &[[Fr; 2]]) -> Fr {
    let y = cells.iter().map(|[x, square]| x * square.square()).zip(relation.alpha);
    let x = cells[1..].iter().map(|[x, _]| *x).zip(relation.beta.into_iter().chain([-1]));
    y.chain(x).fold(Fr::ZERO, |sum, (cell, coefficient)| sum + cell * relation.scaled(coefficient))
}

fn external_matrix(s: [Fr; 3]) -> [Fr; 3] {
    let sum = s[0] + s[1] + s[2];
    s.map(|x| x + sum)
}

/// Writes cells from the first row to the last.
struct Writer {
    cells: Box<Cells>,
    row: usize,
}

impl Writer {
    fn put(&mut self, x: Fr, square: Fr) {
        self.cells[self.row] = [x, square];
        self.row += 1;
    }

    /// A row with an S-box; its output.
    fn s_box(&mut self, x: Fr) -> Fr {
        let square = x.square();
        self.put(x, square);
        square.square() * x
    }

    /// A full round, its rows from element `first` of the state on.
    fn full_round(&mut self, state: [Fr; 3], constants: &[Fr; 3], first: usize) -> [Fr; 3] {
        let mut out = state;
        for i in [first, (first + 1) % 3, (first + 2) % 3] {
            out[i] = self.s_box(state[i] + constants[i]);
        }
        external_matrix(out)
    }
}

/// The cells of one permutation of `[s₀, s₁, s₂]`.
pub(crate) fn rows(input: [Fr; 3]) -> Box<Cells> {
    let RoundConstants { full, partial } = &*CONSTANTS;
    let mut writer = Writer { cells: Box::new([[Fr::ZERO; 2]; ROWS]), row: 0 };
    for x in input {
        writer.put(x, Fr::ONE);
    }
    let mut state = external_matrix(input);
    let (before, after) = full.split_at(HALF);
    for (constants, first) in before.iter().zip([2, 1, 0, 2]) {
        state = writer.full_round(state, constants, first);
    }
    writer.put(state[1], Fr::ONE);
    writer.put(state[2], Fr::ONE);
    for constant in partial {
        let [w, u, v] = state;
        let y = writer.s_box(w + constant);
        let sum = y + u + v;
        state = [sum + y, sum + u, sum + v.double()];
    }
    for (constants, first) in after.iter().zip([0, 2, 1, 0]) {
        state = writer.full_round(state, constants, first);
    }
    debug_assert_eq!(writer.row, OUTPUT, "the rows before the output");
    for (x, row) in state.into_iter().zip(OUTPUT_ROWS) {
        writer.cells[row] = [x, Fr::ONE];
    }
    writer.cells
}

/// The output state `[s₀, s₁, s₂]` in a permutation's cells.
pub(crate) fn output(cells: &Cells) -> [Fr; 3] {
    OUTPUT_ROWS.map(|row| cells[row][0])
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
    fn agrees_with_plonky3_and_satisfies_the_relations() {
        let native = finial_bn254_hash::poseidon2();
        let mut state = [Fr::ZERO, Fr::ONE, -Fr::ONE];
        for _ in 0..20 {
            let cells = rows(state);
            for (row, (fixed, relation)) in FIXED_ROWS.iter().zip(relations()).enumerate() {
                let constant = fixed.constant * kind_scale(fixed.kind);
                assert_eq!(linear_part(&relation, &cells[row..]), -constant, "row {row}");
            }
            let expected = native.permute(state.map(from_fr)).map(to_fr);
            state = permute(state);
            assert_eq!(state, expected);
        }
    }
}
