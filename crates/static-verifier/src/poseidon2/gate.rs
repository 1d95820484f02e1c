//! Columns and constraints of the permutation gate.

use halo2_base::halo2_proofs::{
    halo2curves::{bn256::Fr, ff::PrimeField},
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, VirtualCells},
    poly::Rotation,
};

use super::relation::{MONOMIALS, RELATIONS, Relation, interpolate};
use crate::kind::Kind;

/// The advice columns of permutations, with their fixed columns.
#[derive(Clone, Copy, Debug)]
pub struct Poseidon2Config {
    /// S-box inputs.
    pub(crate) state: Column<Advice>,
    /// Their squares.
    pub(crate) square: Column<Advice>,
    /// The relation's code.
    pub(crate) code: [Column<Fixed>; 2],
    /// The scaled constant of the relation; in rows of other kinds what [`crate::kind`] says.
    pub(crate) constant: Column<Fixed>,
    /// What is in the row: [`Kind`].
    pub(crate) kind: Column<Fixed>,
}

impl Poseidon2Config {
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let config = Self {
            state: meta.advice_column(),
            square: meta.advice_column(),
            code: [meta.fixed_column(), meta.fixed_column()],
            constant: meta.fixed_column(),
            kind: meta.fixed_column(),
        };
        meta.create_gate("poseidon2", |cells| config.constraints(cells));
        config
    }

    fn constraints(&self, meta: &mut VirtualCells<'_, Fr>) -> Vec<Expression<Fr>> {
        // All four rotations of both columns: one set of rotations is cheaper than two.
        let columns = [self.state, self.square];
        let [x, square] = columns.map(|column| [0, 1, 2, 3].map(|i| meta.query_advice(column, Rotation(i))));
        let y = |i: usize| square[i].clone() * square[i].clone() * x[i].clone();
        let mut fixed = |column: Column<Fixed>| meta.query_fixed(column, Rotation::cur());
        let [s, t] = self.code.map(&mut fixed);
        let (constant, kind) = (fixed(self.constant), fixed(self.kind));

        // [P2-1]
        let squared = kind.clone() * Kind::Table.distance(&kind) * squared(&kind, &x[0], &square[0]);
        // [P2-2]
        let coefficients = Coefficients::new(&s, &t);
        let last = t.clone() * (s.clone() + Expression::Constant(Fr::from(7))) * coefficients.inverse_28;
        let sum = s * y(0)
            + t * y(1)
            + last * y(2)
            + coefficients.of(|r| r.scaled(r.beta[0])) * x[1].clone()
            + coefficients.of(|r| r.scaled(r.beta[1])) * x[2].clone()
            + coefficients.of(|r| r.scaled(-1)) * x[3].clone();
        vec![squared, sum + constant_selector(&kind) * constant]
    }
}

/// Kind 1: `2·square = 2·x²`; kind -1: `2·square = 2`. Kind 2 asks for [`square_of_pinned`], which nothing reads.
fn squared(kind: &Expression<Fr>, x: &Expression<Fr>, square: &Expression<Fr>) -> Expression<Fr> {
    let one = Expression::Constant(Fr::one());
    square.clone() * Fr::from(2) - (kind.clone() + one.clone()) * x.clone() * x.clone() + (kind.clone() - one)
}

/// What `[P2-1]` asks of the square beside a pinned cell: `2·square = 3·x² - 1`.
pub(crate) fn square_of_pinned(x: Fr) -> Fr {
    (x.square() * Fr::from(3) - Fr::one()) * Fr::TWO_INV
}

/// Zero for every kind but those of permutations, where [`kind_scale`] is its value.
fn constant_selector(kind: &Expression<Fr>) -> Expression<Fr> {
    [Kind::Pinned, Kind::Table].iter().fold(kind.clone(), |product, other| product * other.distance(kind))
}

/// What the selector of a permutation's constant is in a row: the constant is divided by it.
pub(crate) fn kind_scale(kind: Fr) -> Fr {
    [Kind::Pinned, Kind::Table].iter().fold(kind, |product, other| product * (kind - other.code()))
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
        Operand::{self, Constant},
        plan::Plan,
        poseidon2::ROWS,
        testing::{self, failing_rows},
    };

    /// Rows that the gate refuses, from the first permutation on.
    fn refused(build: impl FnOnce(&mut crate::CircuitBuilder)) -> Vec<usize> {
        let mut start = 0;
        let rows = failing_rows("poseidon2", |builder| {
            build(builder);
            start = Plan::new(&builder.params(testing::K)).unwrap().permutations;
        });
        rows.into_iter().map(|row| row - start).collect()
    }

    #[test]
    fn every_cell_is_constrained() {
        // Permutation i has one cell changed; inputs and outputs with their copies.
        let cells: Vec<_> = (0..ROWS).map(|row| (row, 0)).chain((0..ROWS).map(|row| (row, 1))).collect();
        let rows = refused(|builder| {
            for (i, &(row, column)) in cells.iter().enumerate() {
                let input = core::array::from_fn(|j| Operand::Witness(Fr::from((i + j) as u64)));
                builder.permute(input);
                let permutation = &mut builder.permutations[i];
                permutation.cells[row][column] += Fr::one();
                if let (Some(index), 0) = (permutation.value_at(row), column) {
                    builder.values[index as usize] += Fr::one();
                }
            }
        });
        for (i, cell) in cells.iter().enumerate() {
            assert!(rows.iter().any(|row| row / ROWS == i), "cell {cell:?} can be changed");
        }
    }

    #[test]
    fn the_negative_square_root_of_one_is_rejected() {
        // y = x·(-1)² = x all the same, but a cell has one value.
        let rows = refused(|builder| {
            builder.permute([Constant(Fr::zero()); 3]);
            builder.permutations[0].cells[1][1] = -Fr::one();
        });
        assert_eq!(rows, [1]);
    }

    /// What both constraints are at a row, of free cells.
    fn constraints_at(kind: Fr) -> bool {
        let [x, square, constant] = [11, 13, 17].map(Fr::from);
        let at = |value: Fr| Expression::Constant(value);
        let value = crate::testing::constant_value;
        let on = kind * (kind - Kind::Table.code());
        let first = on * value(squared(&at(kind), &at(x), &at(square)));
        let second = value(constant_selector(&at(kind))) * constant;
        assert_eq!(value(constant_selector(&at(kind))), kind_scale(kind));
        first == Fr::zero() && second == Fr::zero()
    }

    #[test]
    fn both_constraints_are_off_in_rows_of_other_kinds() {
        assert!(constraints_at(Fr::zero()));
        assert!(constraints_at(Kind::Table.code()));
        assert!(!constraints_at(Kind::SBox.code()));
        assert!(!constraints_at(Kind::Pass.code()));
        // [P2-1] asks for a square beside a pinned cell, and [P2-2] leaves the constant alone.
        assert_eq!(kind_scale(Kind::Pinned.code()), Fr::zero());
    }
}
