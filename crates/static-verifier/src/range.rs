//! The range column: 16-bit lookups, canonical KoalaBear values and reductions modulo `p` in one advice column.
//!
//! # Rows
//! Three kinds of groups of consecutive cells; `·` marks cells looked up in the table `[0, 2^16)`. Like the vertical gate the
//! column is read at rotations 0 to 3 only.
//!
//! | group     | cells                                    | relations, by their first cell     |
//! |-----------|------------------------------------------|------------------------------------|
//! | limb      | `·x`                                     |                                    |
//! | canonical | `·a₀, ·a₁, x, ·b₀, ·b₁`                  | `[RANGE-1]` `a₀`, `[RANGE-2]` `x`  |
//! | reduction | `·a₀, ·a₁, x, ·q₀, t, ·q₁, ·q₂, v`       | `[RANGE-1]` `a₀`, `[RANGE-3]` `x`, `[RANGE-4]` `t` |
//!
//! # Constraints
//! - `[RANGE-1]`: `x = a₀ + 2^16·a₁`, so `0 ≤ x < 2^32`.
//! - `[RANGE-2]`: `p - 1 - x = b₀ + 2^16·b₁`, so `p - 1 - x` is not negative: `x < p`.
//! - `[RANGE-3]`: `t = x + p·q₀`; `[RANGE-4]`: `v = t + p·(2^16·q₁ + 2^32·q₂ - 2^47)`. Together
//!   `v = x + p·(q - 2^47)` for `0 ≤ q < 2^48`, an integer of at most 2^78 in magnitude, far below the BN254 modulus: `v`
//!   stands for that integer, and is congruent to `x` modulo `p`. A wrong quotient or remainder has no other solution than
//!   a multiple of `p` moved between them, and `x < 2^32` leaves at most three values of one residue class.
//! - `[RANGE-5]` the lookups, by the fixed column `lookup`.
//!
//! Which relation starts at a row is the value of one fixed column, `relation`; its Lagrange polynomials over the five values
//! are the selectors.
//!
//! # Degree
//! Five: a selector of degree four times a linear relation; the lookup's input has degree two.

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

/// What the fixed columns say about a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) lookup: bool,
    pub(crate) relation: Relation,
}

/// The relation that starts at a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Relation {
    /// None.
    #[default]
    None,
    /// `v₀ + 2^16·v₁ = v₂`
    Limbs,
    /// `v₀ + v₁ + 2^16·v₂ = p - 1`
    BelowP,
    /// `v₀ + p·v₁ = v₂`
    LowQuotient,
    /// `v₀ + p·(2^16·v₁ + 2^32·v₂ - 2^47) = v₃`
    HighQuotient,
}

impl Relation {
    const ALL: [Self; 5] = [Self::None, Self::Limbs, Self::BelowP, Self::LowQuotient, Self::HighQuotient];

    /// The difference of the relation's sides.
    fn difference(self, v: &[Expression<Fr>; 4]) -> Expression<Fr> {
        let [v0, v1, v2, v3] = v.clone();
        let p = Fr::from(P);
        let power = |n: u32| Fr::from(1u64 << n);
        match self {
            Self::None => Expression::Constant(Fr::zero()),
            Self::Limbs => v0 + v1 * power(16) - v2,
            Self::BelowP => v0 + v1 + v2 * power(16) - Expression::Constant(Fr::from(P - 1)),
            Self::LowQuotient => v0 + v1 * p - v2,
            Self::HighQuotient => {
                v0 + v1 * (p * power(16)) + v2 * (p * power(32)) - Expression::Constant(p * power(47)) - v3
            }
        }
    }

    /// Vanishes where the column holds another relation.
    fn selector(self, column: &Expression<Fr>) -> Expression<Fr> {
        let others = Self::ALL.into_iter().filter(|r| *r != self && *r != Self::None);
        others.fold(column.clone(), |product, r| product * (column.clone() - Expression::Constant(r.code())))
    }

    /// The value in the fixed column.
    pub(crate) fn code(self) -> Fr {
        Fr::from(self as u64)
    }
}

/// The column, its lookup table and selectors.
#[derive(Clone, Debug)]
pub struct RangeConfig {
    pub(crate) value: Column<Advice>,
    table: TableColumn,
    pub(crate) lookup: Column<Fixed>,
    pub(crate) relation: Column<Fixed>,
}

impl RangeConfig {
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let config = Self {
            value: meta.advice_column(),
            table: meta.lookup_table_column(),
            lookup: meta.fixed_column(),
            relation: meta.fixed_column(),
        };
        meta.enable_equality(config.value);
        // [RANGE-5]
        meta.lookup("range", |cells| {
            let value = cells.query_advice(config.value, Rotation::cur());
            let on = cells.query_fixed(config.lookup, Rotation::cur());
            vec![(on * value, config.table)]
        });
        // [RANGE-1] to [RANGE-4]
        meta.create_gate("range", |cells| {
            let v = [0, 1, 2, 3].map(|i| cells.query_advice(config.value, Rotation(i)));
            let column = cells.query_fixed(config.relation, Rotation::cur());
            let relations = Relation::ALL.into_iter().filter(|r| *r != Relation::None);
            relations.map(|r| r.selector(&column) * r.difference(&v)).collect::<Vec<_>>()
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
}

/// The cells queued for the range column, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct RangeCells {
    pub(crate) values: Vec<Fr>,
    pub(crate) tags: Vec<Tag>,
}

/// The virtual name of the cell at a row.
pub(crate) fn context_cell(row: usize) -> ContextCell {
    ContextCell::new(REGION, 0, row)
}

impl RangeCells {
    fn push(&mut self, value: Fr, lookup: bool, relation: Relation) {
        self.values.push(value);
        self.tags.push(Tag { lookup, relation });
    }

    fn push_limb(&mut self, value: u64, index: u32, relation: Relation) {
        self.push(Fr::from((value >> (16 * index)) & 0xffff), true, relation);
    }

    /// Queues `a₀, a₁, x`; returns the row of `x`, where another relation starts.
    fn push_wide(&mut self, x: u64, next: Relation) -> usize {
        self.push_limb(x, 0, Relation::Limbs);
        self.push_limb(x, 1, Relation::None);
        self.push(Fr::from(x), false, next);
        self.values.len() - 1
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
        self.push(value, true, Relation::None);
        self.values.len() - 1
    }

    /// Queues a canonical group around `x`; returns the row of `x`.
    pub(crate) fn canonical(&mut self, x: u32) -> usize {
        let row = self.push_wide(u64::from(x), Relation::BelowP);
        // Not below zero for a canonical `x`; for another the relation fails, as it must.
        let distance = (P - 1).wrapping_sub(u64::from(x));
        self.push_limb(distance, 0, Relation::None);
        self.push_limb(distance, 1, Relation::None);
        row
    }

    /// Queues a reduction of the integer `v`; returns the rows of the remainder and of `v`.
    pub(crate) fn reduction(&mut self, v: i128) -> (usize, usize) {
        let shifted = v + OFFSET;
        let p = i128::from(P);
        let quotient = u64::try_from(shifted.div_euclid(p)).expect("the magnitude was checked by the caller");
        let remainder = u64::try_from(shifted.rem_euclid(p)).expect("a remainder modulo p is below 2^31");
        let row = self.push_wide(remainder, Relation::LowQuotient);
        self.push_limb(quotient, 0, Relation::None);
        self.push(Fr::from(remainder + P * (quotient & 0xffff)), false, Relation::HighQuotient);
        self.push_limb(quotient, 1, Relation::None);
        self.push_limb(quotient, 2, Relation::None);
        self.push(int_to_fr(v), false, Relation::None);
        (row, row + 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accepts, rejects};

    /// Overwrites consecutive cells of the range column.
    fn overwrite(cells: &mut RangeCells, row: usize, values: &[u64]) {
        for (cell, &value) in cells.values[row..].iter_mut().zip(values) {
            *cell = Fr::from(value);
        }
    }

    /// The cells of a canonical group.
    fn canonical_cells(x: u64, b: [u64; 2]) -> [u64; 5] {
        [x & 0xffff, x >> 16, x, b[0], b[1]]
    }

    /// The cells of a reduction of `x + p·(quotient - 2^47)`, without the last.
    fn reduction_cells(x: u64, quotient: u64) -> [u64; 7] {
        let [q0, q1, q2] = [0, 16, 32].map(|shift| (quotient >> shift) & 0xffff);
        [x & 0xffff, x >> 16, x, q0, x + P * q0, q1, q2]
    }

    #[test]
    fn accepts_the_edges() {
        accepts(|builder| {
            for x in [0, 1, 0xffff, 0x1_0000, P as u32 - 1] {
                builder.range.canonical(x);
            }
            for v in [0, 1, -1, i128::from(P), MAX_MAGNITUDE as i128, -(MAX_MAGNITUDE as i128)] {
                builder.range.reduction(v);
            }
        });
    }

    #[test]
    fn rejects_what_is_not_canonical() {
        // [RANGE-2], with an in-range limb for the negative difference.
        rejects("range", |builder| {
            builder.range.canonical(0);
            overwrite(&mut builder.range, 0, &canonical_cells(P, [0xffff, 0xffff]));
        });
        // [RANGE-5], with minus one as the low limb.
        rejects("Lookup", |builder| {
            builder.range.canonical(0);
            overwrite(&mut builder.range, 0, &canonical_cells(P, [0, 0]));
            builder.range.values[3] = -Fr::one();
        });
        // [RANGE-1]
        rejects("range", |builder| {
            builder.range.canonical(7);
            overwrite(&mut builder.range, 0, &[8]);
        });
    }

    #[test]
    fn rejects_wrong_quotients_and_remainders() {
        // [RANGE-3] and [RANGE-4]
        for (row, value) in [(3, 1), (4, 1), (5, 1), (6, 0), (7, 124)] {
            rejects("range", |builder| {
                builder.range.reduction(123);
                overwrite(&mut builder.range, row, &[value]);
            });
        }
        rejects("range", |builder| {
            builder.range.reduction(123);
            overwrite(&mut builder.range, 0, &reduction_cells(124, 1 << 47));
        });
    }

    #[test]
    fn a_reduction_may_leave_another_representative_but_no_canonical_value() {
        accepts(|builder| {
            builder.range.reduction(123);
            overwrite(&mut builder.range, 0, &reduction_cells(123 + P, (1 << 47) - 1));
        });
        rejects("Equality", |builder| {
            let cell = builder.witness(Fr::from(1 << 40));
            let felt = builder.felt_from_cell_unchecked(cell, 1 << 40, 1 << 40);
            builder.canonical(felt);
            let (r, q) = ((1u64 << 40) % P, (1u64 << 40) / P + (1 << 47));
            overwrite(&mut builder.range, 0, &reduction_cells(r + P, q - 1));
        });
    }
}
