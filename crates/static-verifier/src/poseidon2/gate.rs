//! Columns and constraints of the permutation gate.

use halo2_base::halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, VirtualCells},
    poly::Rotation,
};

/// Coefficients of a relation, in the order of [`Poseidon2Config::coefficients`]: `α₀ α₁ α₂ β₁ β₂`.
pub(crate) type Relation = [i64; 5];

/// `c' = y_a + y_b + 2y_c`.
pub(crate) const F0: Relation = [1, 1, 2, 0, 0];
/// `a' = 2c' - y_b - 3y_c`, from row `b` on.
pub(crate) const F1: Relation = [-1, -3, 0, 0, 2];
/// `b' = 3c' - a' - 4y_c`, from row `c` on.
pub(crate) const F2: Relation = [-4, 0, 0, 3, -1];
/// A partial round.
pub(crate) const P: Relation = [7, -8, 2, -5, 5];
/// The second partial round, from row `v` on.
pub(crate) const Q: Relation = [1, -4, 2, 0, 3];
/// `u` after the partial rounds.
pub(crate) const R1: Relation = [-7, 1, 0, 5, 0];
/// `v` after the partial rounds.
pub(crate) const R2: Relation = [-7, 0, 0, 5, -2];

/// Pairs of advice columns for permutations, with the fixed columns they share.
#[derive(Clone, Debug)]
pub struct Poseidon2Config {
    /// S-box inputs, and their squares.
    pub(crate) pairs: Vec<[Column<Advice>; 2]>,
    /// Coefficients of the relations.
    pub(crate) coefficients: [Column<Fixed>; 5],
    /// The constant of the relation.
    pub(crate) constant: Column<Fixed>,
    /// One at an S-box, minus one where the state passes without, zero in output and unused rows.
    pub(crate) kind: Column<Fixed>,
}

impl Poseidon2Config {
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>, pairs: usize) -> Self {
        let config = Self {
            pairs: (0..pairs).map(|_| [meta.advice_column(), meta.advice_column()]).collect(),
            coefficients: core::array::from_fn(|_| meta.fixed_column()),
            constant: meta.fixed_column(),
            kind: meta.fixed_column(),
        };
        for &pair in &config.pairs {
            meta.enable_equality(pair[0]);
            meta.create_gate("poseidon2", |cells| config.constraints(cells, pair));
        }
        config
    }

    fn constraints(&self, meta: &mut VirtualCells<'_, Fr>, pair: [Column<Advice>; 2]) -> Vec<Expression<Fr>> {
        // All four rotations of both columns: one set of rotations is cheaper than two.
        let [x, square] = pair.map(|column| [0, 1, 2, 3].map(|i| meta.query_advice(column, Rotation(i))));
        let y = |i: usize| square[i].clone() * square[i].clone() * x[i].clone();
        let mut fixed = |column: Column<Fixed>| meta.query_fixed(column, Rotation::cur());
        let [a0, a1, a2, b1, b2] = self.coefficients.map(&mut fixed);
        let (constant, kind) = (fixed(self.constant), fixed(self.kind));
        let one = Expression::Constant(Fr::one());

        // [P2-1] kind 1: 2·square = 2·x²; kind -1: 2·square = 2.
        let squared = square[0].clone() * Fr::from(2)
            - (one.clone() + kind.clone()) * x[0].clone() * x[0].clone()
            - (one - kind.clone());
        // [P2-2]
        let sum = a0 * y(0) + a1 * y(1) + a2 * y(2) + b1 * x[1].clone() + b2 * x[2].clone() + constant;
        vec![kind.clone() * squared, sum - kind.clone() * kind * x[3].clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        poseidon2::ROWS,
        testing::{accepts, failing_rows},
    };
    use halo2_base::QuantumCell::Constant;

    #[test]
    fn two_pairs_share_their_fixed_columns() {
        accepts(|builder| {
            // More than one pair of 2^17 rows holds, and an odd number.
            for i in 0..1501 {
                builder.permute([Constant(Fr::from(i)), Constant(Fr::zero()), Constant(-Fr::one())]);
            }
        });
    }

    #[test]
    fn every_cell_is_constrained() {
        // Permutation i has one cell changed; inputs keep their copies and are judged by the gate. Squares of the
        // three output rows are not used.
        let cells: Vec<_> = (0..ROWS).map(|row| (row, 0)).chain((0..ROWS - 3).map(|row| (row, 1))).collect();
        let rows = failing_rows("poseidon2", |builder| {
            for (i, &(row, column)) in cells.iter().enumerate() {
                builder.permute([Constant(Fr::from(i as u64)), Constant(Fr::zero()), Constant(Fr::one())]);
                builder.permutations[i][row][column] += Fr::one();
            }
        });
        for (i, cell) in cells.iter().enumerate() {
            assert!(rows.iter().any(|row| row / ROWS == i), "cell {cell:?} can be changed");
        }
    }

    #[test]
    fn the_negative_square_root_of_one_is_rejected() {
        // y = x·(-1)² = x all the same, but a cell has one value.
        let rows = failing_rows("poseidon2", |builder| {
            builder.permute([Constant(Fr::zero()); 3]);
            builder.permutations[0][1][1] = -Fr::one();
        });
        assert_eq!(rows.into_iter().collect::<Vec<_>>(), [1]);
    }
}
