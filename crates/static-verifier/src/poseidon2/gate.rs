//! Columns and constraints of the permutation gate.

use halo2_base::halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, VirtualCells},
    poly::Rotation,
};

/// Which constraints hold at a row; indexes [`Poseidon2Config::selectors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selector {
    /// External matrix and first constants.
    Entry,
    /// Three S-boxes, external matrix, next constants.
    Full,
    /// `w₁, w₂` from the state before the partial rounds.
    PartialEntry,
    /// One S-box square and the recurrence.
    Partial,
    /// The last three partial rounds and the state after them.
    PartialExit,
}

/// Number of selector columns.
pub(crate) const SELECTORS: usize = 5;

/// Advice columns for permutations, with the fixed columns they share.
#[derive(Clone, Debug)]
pub struct Poseidon2Config {
    pub(crate) states: Vec<Column<Advice>>,
    pub(crate) selectors: [Column<Fixed>; SELECTORS],
    pub(crate) constants: Column<Fixed>,
}

impl Poseidon2Config {
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>, columns: usize) -> Self {
        let states: Vec<_> = (0..columns).map(|_| meta.advice_column()).collect();
        for &column in &states {
            meta.enable_equality(column);
        }
        let config = Self {
            states,
            selectors: core::array::from_fn(|_| meta.fixed_column()),
            constants: meta.fixed_column(),
        };
        for &state in &config.states {
            meta.create_gate("poseidon2", |cells| config.constraints(cells, state));
        }
        config
    }

    fn constraints(&self, meta: &mut VirtualCells<'_, Fr>, state: Column<Advice>) -> Vec<Expression<Fr>> {
        let cells = Cells {
            a: core::array::from_fn(|i| meta.query_advice(state, Rotation(i as i32))),
            k: core::array::from_fn(|i| meta.query_fixed(self.constants, Rotation(i as i32))),
        };
        let groups =
            [cells.entry(), cells.full(), cells.partial_entry(), cells.partial(), cells.partial_exit()];
        let mut constraints = vec![];
        for (column, group) in self.selectors.iter().zip(groups) {
            let selector = meta.query_fixed(*column, Rotation::cur());
            constraints.extend(group.into_iter().map(|c| selector.clone() * c));
        }
        constraints
    }
}

/// Nine cells of a state column and three of the constants, from the gate's row on.
struct Cells {
    a: [Expression<Fr>; 9],
    k: [Expression<Fr>; 3],
}

impl Cells {
    fn a(&self, i: usize) -> Expression<Fr> {
        self.a[i].clone()
    }

    fn k(&self, i: usize) -> Expression<Fr> {
        self.k[i].clone()
    }

    /// `x⁵` for `x` in cell `x` with its square in cell `square`.
    fn y(&self, x: usize, square: usize) -> Expression<Fr> {
        self.a(square) * self.a(square) * self.a(x)
    }

    fn is_square(&self, x: usize, square: usize) -> Expression<Fr> {
        self.a(square) - self.a(x) * self.a(x)
    }

    /// `[P2-1]` the first S-box inputs are `circ(2,1,1)·input + constants`.
    fn entry(&self) -> Vec<Expression<Fr>> {
        let sum = self.a(0) + self.a(1) + self.a(2);
        (0..3).map(|i| self.a(3 + i) - sum.clone() - self.a(i) - self.k(i)).collect()
    }

    /// `[P2-2]` the squares; `[P2-3]` the next state is `circ(2,1,1)·x⁵ + constants`.
    fn full(&self) -> Vec<Expression<Fr>> {
        let y: Vec<_> = (0..3).map(|i| self.y(i, 3 + i)).collect();
        let sum = y[0].clone() + y[1].clone() + y[2].clone();
        let squares = (0..3).map(|i| self.is_square(i, 3 + i));
        let next = (0..3).map(|i| self.a(6 + i) - sum.clone() - y[i].clone() - self.k(i));
        squares.chain(next).collect()
    }

    /// `[P2-4]` the S-box inputs of the second and third partial rounds, from `u, v` in cells 0 and 1.
    fn partial_entry(&self) -> Vec<Expression<Fr>> {
        let (u, v, y0, y1) = (self.a(0), self.a(1), self.y(2, 3), self.y(4, 5));
        let x1 = y0.clone() * c(2) + u.clone() + v.clone() + self.k(0);
        let x2 = y1 * c(2) + y0 * c(2) + u * c(3) + v * c(4) + self.k(1);
        vec![self.a(4) - x1, self.a(6) - x2]
    }

    /// `[P2-5]` the square of this round's input; `[P2-6]` the input three rounds on.
    fn partial(&self) -> Vec<Expression<Fr>> {
        vec![self.is_square(0, 1), self.a(6) - self.recurrence()]
    }

    /// The S-box input three rounds after the one in cell 0.
    fn recurrence(&self) -> Expression<Fr> {
        self.y(4, 5) * c(2) - self.y(2, 3) * c(8)
            + self.y(0, 1) * c(7)
            + (self.a(4) - self.a(2)) * c(5)
            + self.k(0)
    }

    /// `[P2-7]` the last three squares; `[P2-8]` the state after the last partial round, as the next S-box inputs.
    fn partial_exit(&self) -> Vec<Expression<Fr>> {
        let (x55, x56, y54, y55) = (self.a(4), self.a(8), self.y(2, 3), self.y(4, 5));
        let u = y55.clone() - y54.clone() * c(7) + x55.clone() * c(5) + self.k(1);
        let v = (x56 - x55 * c(2)) * c(5) - y55 * c(9) + y54 * c(14) + self.k(2);
        let squares = (0..3).map(|i| self.is_square(2 * i, 2 * i + 1));
        squares.chain([self.a(8) - self.recurrence(), self.a(6) - u, self.a(7) - v]).collect()
    }
}

fn c(n: u64) -> Expression<Fr> {
    Expression::Constant(Fr::from(n))
}
