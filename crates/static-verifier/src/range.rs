//! The range column: 16-bit lookups, canonical KoalaBear values and reductions modulo `p` in one advice column.
//!
//! # Rows
//! Three kinds of groups of consecutive cells; `·` marks cells looked up in the table `[0, 2^16)`.
//!
//! | group     | cells                                    |
//! |-----------|------------------------------------------|
//! | limb      | `·x`                                     |
//! | canonical | `x, ·a₀, ·a₁, ·b₀, ·b₁`                  |
//! | reduction | `x, ·a₀, ·a₁, ·q₀, ·q₁, ·q₂, v`          |
//!
//! # Constraints
//! - `[RANGE-1]` at canonical and reduction groups: `x = a₀ + 2^16·a₁`, so `0 ≤ x < 2^32`.
//! - `[RANGE-2]` at canonical groups: `p - 1 - x = b₀ + 2^16·b₁`, so `p - 1 - x` is not negative: `x < p`.
//! - `[RANGE-3]` at reductions: `v + p·2^47 = x + p·(q₀ + 2^16·q₁ + 2^32·q₂)`. Both sides are integers below 2^80, far
//!   below the BN254 modulus, so `v` stands for the integer `x + p·(q - 2^47)`: it is congruent to `x` modulo `p`, and
//!   `|v| ≤ 2^78`. A wrong quotient or remainder has no other solution than a multiple of `p` moved between them,
//!   and `x < 2^32` leaves at most three values of one residue class.
//! - `[RANGE-4]` the lookups, by the fixed column `lookup`.
//!
//! # Degree
//! Two for the gates, the lookup's input two.

use halo2_base::{
    AssignedValue, ContextCell,
    halo2_proofs::{
        circuit::Layouter,
        circuit::Value,
        halo2curves::bn256::Fr,
        plonk::{Advice, Assigned, Column, ConstraintSystem, Error, Expression, Fixed, TableColumn},
        poly::Rotation,
    },
};

use crate::convert::{P, int_to_fr};

/// Bits of a lookup.
pub const LIMB_BITS: usize = 16;

/// What a reduction accepts: integers of at most this magnitude have a quotient in range.
pub const MAX_MAGNITUDE: u128 = P as u128 * ((1 << 47) - 1);

/// `p·2^47`, added to what is reduced so that the quotient of a negative value is not negative.
const OFFSET: i128 = (P as i128) << 47;

const REGION: &str = "finial-static-verifier:range";

const LOOKUP: u8 = 1;
const CANONICAL: u8 = 2;
const REDUCTION: u8 = 4;

/// The column, its lookup table and selectors.
#[derive(Clone, Debug)]
pub struct RangeConfig {
    pub(crate) value: Column<Advice>,
    table: TableColumn,
    pub(crate) lookup: Column<Fixed>,
    pub(crate) canonical: Column<Fixed>,
    pub(crate) reduction: Column<Fixed>,
}

impl RangeConfig {
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let config = Self {
            value: meta.advice_column(),
            table: meta.lookup_table_column(),
            lookup: meta.fixed_column(),
            canonical: meta.fixed_column(),
            reduction: meta.fixed_column(),
        };
        meta.enable_equality(config.value);
        // [RANGE-4]
        meta.lookup("range", |cells| {
            let value = cells.query_advice(config.value, Rotation::cur());
            let on = cells.query_fixed(config.lookup, Rotation::cur());
            vec![(on * value, config.table)]
        });
        meta.create_gate("range", |cells| {
            let v: Vec<_> = (0..7).map(|i| cells.query_advice(config.value, Rotation(i))).collect();
            let canonical = cells.query_fixed(config.canonical, Rotation::cur());
            let reduction = cells.query_fixed(config.reduction, Rotation::cur());
            let at = |i: usize| v[i].clone();
            let wide = |low: usize| at(low) + at(low + 1) * power_of_two(16);
            let p = Expression::Constant(Fr::from(P));
            let quotient = wide(3) + at(5) * power_of_two(32);
            vec![
                (canonical.clone() + reduction.clone()) * (at(0) - wide(1)), // [RANGE-1]
                canonical * (Expression::Constant(Fr::from(P - 1)) - at(0) - wide(3)), // [RANGE-2]
                reduction * (at(6) + Expression::Constant(int_to_fr(OFFSET)) - at(0) - p * quotient), // [RANGE-3]
            ]
        });
        config
    }

    pub(crate) fn load_table(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "16-bit table",
            |mut table| {
                for value in 0..1usize << LIMB_BITS {
                    table.assign_cell(|| "", self.table, value, || Value::known(Fr::from(value as u64)))?;
                }
                Ok(())
            },
        )
    }

    pub(crate) fn selectors(&self, tag: u8) -> impl Iterator<Item = Column<Fixed>> {
        [(LOOKUP, self.lookup), (CANONICAL, self.canonical), (REDUCTION, self.reduction)]
            .into_iter()
            .filter_map(move |(bit, column)| (tag & bit != 0).then_some(column))
    }
}

fn power_of_two(n: u32) -> Expression<Fr> {
    Expression::Constant(Fr::from(1 << n))
}

/// The cells queued for the range column, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct RangeCells {
    pub(crate) values: Vec<Fr>,
    pub(crate) tags: Vec<u8>,
}

/// The virtual name of the cell at a row.
pub(crate) fn context_cell(row: usize) -> ContextCell {
    ContextCell::new(REGION, 0, row)
}

impl RangeCells {
    fn push(&mut self, value: Fr, tag: u8) {
        self.values.push(value);
        self.tags.push(tag);
    }

    fn push_limbs(&mut self, value: u64, limbs: u32) {
        for i in 0..limbs {
            self.push(Fr::from((value >> (16 * i)) & 0xffff), LOOKUP);
        }
    }

    /// The cell at a row; `None` as its address where only witnesses are made.
    pub(crate) fn cell(&self, row: usize, witness_only: bool) -> AssignedValue<Fr> {
        AssignedValue {
            value: Assigned::Trivial(self.values[row]),
            cell: (!witness_only).then(|| context_cell(row)),
        }
    }

    /// Queues a limb group; returns its row.
    pub(crate) fn limb(&mut self, value: Fr) -> usize {
        self.push(value, LOOKUP);
        self.values.len() - 1
    }

    /// Queues a canonical group around `x`; returns the row of `x`.
    pub(crate) fn canonical(&mut self, x: u32) -> usize {
        let row = self.values.len();
        self.push(Fr::from(u64::from(x)), CANONICAL);
        self.push_limbs(u64::from(x), 2);
        // Not below zero for a canonical `x`; for another the lookups fail, as they must.
        self.push_limbs((P - 1).wrapping_sub(u64::from(x)), 2);
        row
    }

    /// Queues a reduction of the integer `v`; returns the rows of the remainder and of `v`.
    pub(crate) fn reduction(&mut self, v: i128) -> (usize, usize) {
        let row = self.values.len();
        let shifted = v + OFFSET;
        let p = i128::from(P);
        let (quotient, remainder) = (shifted.div_euclid(p), shifted.rem_euclid(p));
        let remainder = u64::try_from(remainder).expect("a remainder modulo p is below 2^31");
        let quotient = u64::try_from(quotient).expect("the magnitude was checked by the caller");
        self.push(Fr::from(remainder), REDUCTION);
        self.push_limbs(remainder, 2);
        self.push_limbs(quotient, 3);
        self.push(int_to_fr(v), 0);
        (row, row + 6)
    }
}
