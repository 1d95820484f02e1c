//! Collects the column's cells, tags and copies.

use std::collections::{BTreeMap, HashMap};

use halo2_base::halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};

use crate::{
    curve::ProofPoint,
    gate::{LOOKUP_BITS, power},
    limbs,
};

/// Instances of the circuit: twelve limbs of the accumulator and the inner proof's four.
pub const INSTANCES: usize = 16;

/// A cell of the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell(pub(crate) u32);

/// A relation that starts at a row; see [`crate::gate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// `[W-1]`
    MulAdd,
    /// `[W-2]`
    FieldProduct,
    /// `[W-3]`
    Select,
    /// `[W-4]`
    Digit,
    /// `[W-5]`
    Difference,
}

/// The fixed columns at a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tags {
    pub(crate) product: u8,
    pub(crate) linear: u8,
    pub(crate) lookup: bool,
    pub(crate) constant: u32,
}

impl Tags {
    /// Whether the row's `constant` means something; elsewhere an entry of the table stands.
    pub(crate) fn needs_constant(self) -> bool {
        self.product == 1 || self.linear != 0
    }
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
    constants: HashMap<[u8; 32], Cell>,
    usage: BTreeMap<&'static str, usize>,
}

impl Default for Builder {
    fn default() -> Self {
        let mut builder = Self {
            values: vec![],
            tags: vec![],
            copies: vec![],
            points: vec![],
            constants: HashMap::new(),
            usage: BTreeMap::new(),
        };
        // The instances' rows; a constant 0 there means the instance.
        for _ in 0..INSTANCES {
            builder.push_small(0);
        }
        let zero = builder.push_small(0);
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

    pub(crate) fn start(&mut self, at: Cell, relation: Relation) {
        let tags = &mut self.tags[at.0 as usize];
        match relation {
            Relation::MulAdd => {
                assert!(tags.product == 0 && tags.constant == 0, "one relation at a row");
                tags.product = 1;
            }
            Relation::FieldProduct => {
                assert!(*tags == Tags::default(), "one relation at a row");
                (tags.product, tags.constant) = (1, 1);
            }
            Relation::Select => {
                assert!(tags.product == 0, "one relation at a row");
                tags.product = 2;
            }
            Relation::Digit => {
                assert!(*tags == Tags::default(), "one relation at a row");
                (tags.linear, tags.constant) = (1, 1);
            }
            Relation::Difference => {
                assert!(!tags.needs_constant(), "one relation at a row");
                tags.linear = 1;
            }
        }
    }

    /// A new row with a constant below 2^19: `[W-6]`.
    fn push_small(&mut self, value: u32) -> Cell {
        assert!(value < 1 << LOOKUP_BITS, "the constants' column is also the lookup table");
        let cell = self.witness(Fr::from(u64::from(value)));
        let tags = &mut self.tags[cell.0 as usize];
        (tags.linear, tags.constant) = (2, value);
        cell
    }

    /// A cell with a constant; equal constants share one. It may add rows, so blocks ask for it before they start.
    pub fn constant(&mut self, value: Fr) -> Cell {
        let repr = value.to_repr();
        if let Some(cell) = self.constants.get(&repr) {
            return *cell;
        }
        let cell = self.metered("constants", |builder| builder.new_constant(value));
        self.constants.insert(repr, cell);
        cell
    }

    fn new_constant(&mut self, value: Fr) -> Cell {
        let integer = limbs::integer(value);
        let pieces = pieces(&integer);
        let Some((&top, rest)) = pieces.split_last() else { return self.zero() };
        if rest.is_empty() {
            return self.push_small(top);
        }
        let shift = self.constant_shift();
        let mut sum = self.push_small(top);
        for &piece in rest.iter().rev() {
            // [W-1] `piece + 2^19·sum`; the piece's own row is `[W-6]`, which shares no row with `[W-1]` but for zeros.
            let piece = self.small(piece);
            sum = self.mul_add(piece, sum, shift);
        }
        sum
    }

    /// A shared cell with a constant below 2^19.
    fn small(&mut self, value: u32) -> Cell {
        let repr = Fr::from(u64::from(value)).to_repr();
        if let Some(cell) = self.constants.get(&repr) {
            return *cell;
        }
        let cell = self.push_small(value);
        self.constants.insert(repr, cell);
        cell
    }

    /// 2^19.
    fn constant_shift(&mut self) -> Cell {
        let repr = power(LOOKUP_BITS).to_repr();
        if let Some(cell) = self.constants.get(&repr) {
            return *cell;
        }
        let (half, two) = (self.small(1 << (LOOKUP_BITS - 1)), self.small(2));
        let shift = self.mul(half, two);
        self.constants.insert(repr, shift);
        shift
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

    /// A new cell below 2^(19·`lookups`), at the head of a running sum: `zᵢ - 2^19·zᵢ₊₁` is looked up in every row, and the
    /// row below the last is the constant 0. `value` is cut to that many bits.
    pub(crate) fn range(&mut self, value: u128, lookups: usize) -> Cell {
        let bits = lookups * LOOKUP_BITS;
        assert!(0 < bits && bits < 128, "a range fits 127 bits");
        let value = value & ((1 << bits) - 1);
        let head = Cell(self.rows() as u32);
        for i in 0..lookups {
            let cell = self.witness(Fr::from_u128(value >> (i * LOOKUP_BITS)));
            self.tags[cell.0 as usize].lookup = true;
        }
        self.push_small(0);
        head
    }

    /// A new cell of exactly `bits` bits. Beyond [`Self::range`] the last piece times `2^s` is looked up too, where `s` is
    /// what it lacks of 19 bits: both are below 2^19, so nothing wraps and the piece is below `2^(19-s)`.
    pub(crate) fn range_bits(&mut self, value: u128, bits: usize) -> Cell {
        let lookups = bits.div_ceil(LOOKUP_BITS);
        let head = self.range(value & ((1 << bits) - 1), lookups);
        let lacking = lookups * LOOKUP_BITS - bits;
        if lacking > 0 {
            let top = Cell(head.0 + lookups as u32 - 1);
            let factor = self.constant(power(lacking));
            let scaled = self.mul(top, factor);
            self.tags[scaled.0 as usize].lookup = true;
            self.push_small(0);
        }
        head
    }
}

/// Digits in base 2^19, lowest first.
fn pieces(value: &num_bigint::BigUint) -> Vec<u32> {
    let mut rest = value.clone();
    let mut out = vec![];
    while rest.bits() > 0 {
        out.push((limbs::low(&rest) & ((1 << LOOKUP_BITS) - 1)) as u32);
        rest >>= LOOKUP_BITS;
    }
    out
}
