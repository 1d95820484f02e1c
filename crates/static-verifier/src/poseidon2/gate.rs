//! Columns and constraints of the permutation gate.

use halo2_base::halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, VirtualCells},
    poly::Rotation,
};

use super::relation::{MONOMIALS, RELATIONS, Relation, interpolate};

/// Pairs of advice columns for permutations, with the fixed columns they share.
#[derive(Clone, Debug)]
pub struct Poseidon2Config {
    /// S-box inputs, and their squares.
    pub(crate) pairs: Vec<[Column<Advice>; 2]>,
    /// The relation's code.
    pub(crate) code: [Column<Fixed>; 2],
    /// The scaled constant of the relation. Rows of kind zero may hold anything.
    pub(crate) constant: Column<Fixed>,
    /// One at an S-box, minus one where the state passes without, zero in output and unused rows.
    pub(crate) kind: Column<Fixed>,
}

impl Poseidon2Config {
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>, pairs: usize, constant: Column<Fixed>) -> Self {
        let config = Self {
            pairs: (0..pairs).map(|_| [meta.advice_column(), meta.advice_column()]).collect(),
            code: [meta.fixed_column(), meta.fixed_column()],
            constant,
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
        let [s, t] = self.code.map(&mut fixed);
        let (constant, kind) = (fixed(self.constant), fixed(self.kind));
        let one = Expression::Constant(Fr::one());

        // [P2-1] kind 1: 2·square = 2·x²; kind -1: 2·square = 2.
        let squared = square[0].clone() * Fr::from(2)
            - (one.clone() + kind.clone()) * x[0].clone() * x[0].clone()
            - (one - kind.clone());
        // [P2-2]
        let coefficients = Coefficients::new(&s, &t);
        let last = t.clone() * (s.clone() + Expression::Constant(Fr::from(7))) * coefficients.inverse_28;
        let sum = s * y(0)
            + t * y(1)
            + last * y(2)
            + coefficients.of(|r| r.scaled(r.beta[0])) * x[1].clone()
            + coefficients.of(|r| r.scaled(r.beta[1])) * x[2].clone()
            + coefficients.of(|r| r.scaled(-1)) * x[3].clone();
        vec![kind.clone() * squared, sum + kind.clone() * kind * constant]
    }
}

/// Coefficients as polynomials in the relation's code.
struct Coefficients {
    monomials: Vec<Expression<Fr>>,
    inverse_28: Fr,
}

impl Coefficients {
    fn new(s: &Expression<Fr>, t: &Expression<Fr>) -> Self {
        let power = |base: &Expression<Fr>, n: u64| (0..n).map(|_| base.clone()).reduce(|a, b| a * b);
        let monomials = MONOMIALS.iter().filter_map(|&[m, n]| match (power(s, m), power(t, n)) {
            (Some(a), Some(b)) => Some(a * b),
            (a, b) => a.or(b),
        });
        let inverse_28 = Option::<Fr>::from(Fr::from(28).invert()).expect("28 is not zero");
        Self { monomials: monomials.collect(), inverse_28 }
    }

    fn of(&self, value: impl Fn(&Relation) -> Fr) -> Expression<Fr> {
        let polynomial = interpolate(core::array::from_fn(|i| value(&RELATIONS[i])));
        let terms = self.monomials.iter().zip(polynomial).filter(|(_, c)| *c != Fr::zero());
        let terms = terms.map(|(monomial, c)| monomial.clone() * c);
        terms.reduce(|a, b| a + b).unwrap_or(Expression::Constant(Fr::zero()))
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
