//! Collects the column's cells, tags and copies.

use std::collections::{BTreeMap, HashMap};

use halo2_base::halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};
use num_bigint::BigUint;

use crate::{curve::ProofPoint, gate::Relation, limbs};

/// Instances of the circuit: twelve limbs of the accumulator and the inner proof's four.
pub const INSTANCES: usize = 16;

/// A cell of the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(pub(crate) u32);

/// The fixed columns at a row, but for a constant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tags {
    pub(crate) relation: Relation,
    /// A digit of a running sum: `d` is 1.
    pub(crate) digit: bool,
}

/// The column as far as it is filled.
///
/// Control flow never depends on values: key generation and proving lay out the same rows.
#[derive(Debug)]
pub struct Builder {
    pub(crate) values: Vec<Fr>,
    pub(crate) tags: Vec<Tags>,
    pub(crate) copies: Vec<(Cell, Cell)>,
    pub(crate) points: Vec<ProofPoint>,
    /// `d` of the rows that hold constants other than 0.
    pub(crate) fixed: BTreeMap<Cell, Fr>,
    constants: HashMap<[u8; 32], Cell>,
    usage: BTreeMap<&'static str, usize>,
    /// What a cheating prover adds to the slopes of additions.
    #[cfg(test)]
    pub(crate) slope_error: halo2_base::halo2_proofs::halo2curves::bn256::Fq,
}

impl Default for Builder {
    fn default() -> Self {
        let mut builder = Self {
            values: vec![],
            tags: vec![],
            copies: vec![],
            points: vec![],
            fixed: BTreeMap::new(),
            constants: HashMap::new(),
            usage: BTreeMap::new(),
            #[cfg(test)]
            slope_error: halo2_base::halo2_proofs::halo2curves::bn256::Fq::zero(),
        };
        // The instances' rows; a constant 0 there means the instance.
        for _ in 0..INSTANCES {
            builder.push_constant(Fr::ZERO);
        }
        let zero = builder.push_constant(Fr::ZERO);
        builder.constants.insert(Fr::ZERO.to_repr(), zero);
        builder
    }
}

impl Builder {
    /// Rows used so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len()
    }

    /// Rows by part.
    #[must_use]
    pub const fn usage(&self) -> &BTreeMap<&'static str, usize> {
        &self.usage
    }

    /// Runs `work` and counts its rows.
    pub(crate) fn metered<T>(&mut self, part: &'static str, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.rows();
        let out = work(self);
        *self.usage.entry(part).or_default() += self.rows() - before;
        out
    }

    /// A cell's value.
    #[must_use]
    pub fn value(&self, cell: Cell) -> Fr {
        self.values[cell.0 as usize]
    }

    /// A new row with any value; nothing is constrained.
    pub fn witness(&mut self, value: Fr) -> Cell {
        self.values.push(value);
        self.tags.push(Tags::default());
        Cell(self.values.len() as u32 - 1)
    }

    /// A new row that equals another.
    pub(crate) fn copy(&mut self, from: Cell) -> Cell {
        let cell = self.witness(self.value(from));
        self.copies.push((from, cell));
        cell
    }

    /// New rows that equal others.
    pub(crate) fn copy_all(&mut self, from: impl IntoIterator<Item = Cell>) -> Vec<Cell> {
        from.into_iter().map(|cell| self.copy(cell)).collect()
    }

    /// Constrains two cells to be equal.
    pub fn assert_equal(&mut self, a: Cell, b: Cell) {
        self.copies.push((a, b));
    }

    /// Makes a cell the instance with the given number.
    pub(crate) fn expose(&mut self, cell: Cell, instance: usize) {
        assert!(instance < INSTANCES, "the circuit has {INSTANCES} instances");
        self.values[instance] = self.value(cell);
        self.copies.push((Cell(instance as u32), cell));
    }

    /// The instances' values.
    #[must_use]
    pub fn instances(&self) -> Vec<Fr> {
        self.values[..INSTANCES].to_vec()
    }

    /// Makes a row, which holds nothing yet, equal to another one.
    pub(crate) fn set_copy(&mut self, from: Cell, to: Cell) {
        self.values[to.0 as usize] = self.value(from);
        self.copies.push((from, to));
    }

    pub(crate) fn start(&mut self, at: Cell, relation: Relation) {
        let tags = &mut self.tags[at.0 as usize];
        assert!(*tags == Tags::default(), "one relation at a row, none at a digit's");
        tags.relation = relation;
    }

    /// A new row with a constant: `[W-6]`. If that is not 0, a quarter of it stands below, for the sake of `[W-7]`.
    fn push_constant(&mut self, value: Fr) -> Cell {
        let cell = self.witness(value);
        self.start(cell, Relation::Constant);
        if value != Fr::ZERO {
            self.fixed.insert(cell, value);
            self.witness(value * Fr::TWO_INV.square());
        }
        cell
    }

    /// A cell with a constant; equal constants share one. It may add rows, so blocks ask for it before they start.
    pub fn constant(&mut self, value: Fr) -> Cell {
        let repr = value.to_repr();
        if let Some(cell) = self.constants.get(&repr) {
            return *cell;
        }
        let cell = self.metered("constants", |builder| builder.push_constant(value));
        self.constants.insert(repr, cell);
        cell
    }

    /// The column `d` at a row.
    pub(crate) fn fixed_d(&self, row: usize) -> Fr {
        if self.tags[row].digit {
            return Fr::ONE;
        }
        self.fixed.get(&Cell(row as u32)).copied().unwrap_or(Fr::ZERO)
    }

    /// The constant 0.
    #[must_use]
    pub fn zero(&self) -> Cell {
        Cell(INSTANCES as u32)
    }

    /// `start + Σ xᵢ·yᵢ`: 1 + 3n rows.
    pub fn sum_of_products(&mut self, start: Cell, terms: &[(Cell, Cell)]) -> Cell {
        let mut sum = start;
        for (i, &(x, y)) in terms.iter().enumerate() {
            let value = self.value(sum) + self.value(x) * self.value(y);
            let first = if i == 0 { self.copy(start) } else { sum };
            self.copy_all([x, y]);
            sum = self.witness(value);
            self.start(first, Relation::MulAdd);
        }
        sum
    }

    /// `a + x·y`
    pub fn mul_add(&mut self, a: Cell, x: Cell, y: Cell) -> Cell {
        self.sum_of_products(a, &[(x, y)])
    }

    /// `x·y`
    pub fn mul(&mut self, x: Cell, y: Cell) -> Cell {
        self.mul_add(self.zero(), x, y)
    }

    /// A new cell that is the sum of digits in base four, at the head of the running sum: `[W-7]` in every row, and the row
    /// below the last is the constant 0.
    pub(crate) fn running_sum(&mut self, digits: &[u8]) -> Cell {
        let small = [0, 1, 2, 3].map(Fr::from);
        let head = self.rows();
        self.values.resize(head + digits.len(), Fr::ZERO);
        self.tags.resize(head + digits.len(), Tags { relation: Relation::None, digit: true });
        let mut sum = Fr::ZERO;
        for (i, digit) in digits.iter().enumerate().rev() {
            sum = sum.double().double() + small[usize::from(digit & 3)];
            self.values[head + i] = sum;
        }
        self.push_constant(Fr::ZERO);
        Cell(head as u32)
    }

    /// A new cell below 4^`digits`. `value` is cut to that.
    pub(crate) fn range(&mut self, value: &BigUint, digits: usize) -> Cell {
        self.running_sum(&limbs::base_four(value, digits))
    }
}
