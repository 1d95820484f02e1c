//! Range groups: canonical KoalaBear values and reductions modulo `p`.
//!
//! # Rows
//! Every cell of the column `R` is looked up in the table `[0, 2^16)`: it holds limbs only. The values they make up stand in
//! the first column of chains, `V`. Both columns are read at rotations 0 to 3. By row of a group:
//!
//! | | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |
//! |---|---|---|---|---|---|---|---|---|---|
//! | reduction, `V` | a chain | of | four | cells | `v` | `x` | | next | group |
//! | `R` | | | `q₀` | `q₁` | `q₂` | `b₀` | `b₁` | `a₀` | `a₁` |
//! | starts | chain | | quotient | | | canonical | | | |
//! | canonical, `V` | a chain | of | four | cells | `x` | next | group | | |
//! | `R` | | | | | `b₀` | `b₁` | `a₀` | `a₁` | |
//! | starts | chain | | | | canonical | | | | |
//!
//! # Constraints
//! - `[RANGE-1]` at a canonical value: `x = a₀ + 2^16·a₁`, so `0 ≤ x < 2^32`;
//! - `[RANGE-2]` and `p - 1 - x = b₀ + 2^16·b₁`, so `p - 1 - x` is not negative: `x < p`.
//! - `[RANGE-3]` at a quotient: `v = x + p·(q₀ + 2^16·q₁ + 2^32·q₂ - 2^47)`, for `0 ≤ q < 2^48` an integer of at most
//!   2^78 in magnitude, far below the BN254 modulus: `v` stands for that integer, and `x`, which is canonical, is its
//!   remainder.
//! - `[RANGE-4]` the lookups, in every row: the pair `(3, R)` is one of the pairs `(kind, K)`. `kind` is 3 exactly in the
//!   rows of the table, where `K` holds `0` to `2^16 - 1`; what it holds elsewhere (round constants, constants of the
//!   circuit) never serves. Cells that no group uses are zero.
//!
//! # Degree
//! Four, and four for the lookup.

use core::ops::Range;

use halo2_base::halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed},
    poly::Rotation,
};

use crate::{
    builder::CircuitBuilder,
    cell::Cell,
    convert::P,
    kind::Kind,
    plan::{SHORTEST, Start},
};

/// Bits of a lookup.
pub const LIMB_BITS: usize = 16;

/// Rows of the lookup table.
pub(crate) const TABLE_ROWS: usize = 1 << LIMB_BITS;

/// What a reduction accepts: integers of at most this magnitude have a quotient in range.
pub const MAX_MAGNITUDE: u128 = P as u128 * ((1 << 47) - 1);

/// `p·2^47`, added to what is reduced so that the quotient of a negative value is not negative.
const OFFSET: i128 = (P as i128) << 47;

/// A kind of group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Reduction,
    Canonical,
}

/// Rows that the last group's limbs take behind it.
pub(crate) const SPILL: usize = 3;

impl Group {
    /// How many values it has in `V`, behind the chain's rows.
    pub(crate) const fn values(self) -> usize {
        match self {
            Self::Reduction => 2,
            Self::Canonical => 1,
        }
    }

    /// The rows of its limbs in `R`.
    pub(crate) const fn limbs(self) -> Range<usize> {
        match self {
            Self::Reduction => 2..9,
            Self::Canonical => 4..8,
        }
    }

    /// The rows where its relations start.
    pub(crate) const fn relations(self) -> &'static [(usize, Start)] {
        match self {
            Self::Reduction => &[(2, Start::Quotient), (5, Start::Canonical)],
            Self::Canonical => &[(4, Start::Canonical)],
        }
    }

    /// How many rows it takes, with the chain before it.
    pub(crate) const fn rows(self) -> usize {
        match self {
            Self::Reduction => SHORTEST + 3,
            Self::Canonical => SHORTEST + 1,
        }
    }
}

/// The column of limbs.
#[derive(Clone, Copy, Debug)]
pub struct RangeConfig {
    pub(crate) limb: Column<Advice>,
}

impl RangeConfig {
    /// `value` holds the groups' values, `starts` where relations start, `table` a row's kind and the table's entries.
    pub(crate) fn configure(
        meta: &mut ConstraintSystem<Fr>,
        value: Column<Advice>,
        starts: Column<Fixed>,
        table: [Column<Fixed>; 2],
    ) -> Self {
        let config = Self { limb: meta.advice_column() };
        // [RANGE-4]
        meta.lookup_any("range", |cells| {
            let limb = cells.query_advice(config.limb, Rotation::cur());
            let [kind, entry] = table.map(|column| cells.query_fixed(column, Rotation::cur()));
            vec![(Expression::Constant(Kind::Table.code()), kind), (limb, entry)]
        });
        meta.create_gate("range", |cells| {
            let [v, r] = [value, config.limb]
                .map(|column| [0, 1, 2, 3].map(|i| cells.query_advice(column, Rotation(i))));
            let u = cells.query_fixed(starts, Rotation::cur());
            constraints(&u, &v, &r)
        });
        config
    }
}

/// `[RANGE-1]` to `[RANGE-3]`
fn constraints(u: &Expression<Fr>, v: &[Expression<Fr>; 4], r: &[Expression<Fr>; 4]) -> [Expression<Fr>; 3] {
    let p = Fr::from(P);
    let power = |n: u32| Fr::from(1u64 << n);
    let wide = |low: usize| r[low].clone() + r[low + 1].clone() * power(16);
    let quotient = wide(0) + r[2].clone() * power(32) - Expression::Constant(power(47));
    let canonical = Start::Canonical.selector(u);
    [
        canonical.clone() * (wide(2) - v[0].clone()),
        canonical * (v[0].clone() + wide(0) - Expression::Constant(Fr::from(P - 1))),
        Start::Quotient.selector(u) * (v[3].clone() + quotient * p - v[2].clone()),
    ]
}

/// The groups, in order: numbers of their values, then of their limbs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RangeCells {
    pub(crate) reductions: Vec<[u32; 9]>,
    pub(crate) canonicals: Vec<[u32; 5]>,
}

impl RangeCells {
    /// All groups, as they stand in the columns.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Group, &[u32])> {
        let reductions = self.reductions.iter().map(|cells| (Group::Reduction, cells.as_slice()));
        let canonicals = self.canonicals.iter().map(|cells| (Group::Canonical, cells.as_slice()));
        reductions.chain(canonicals)
    }
}

impl CircuitBuilder {
    /// A new value for a limb of an integer.
    fn limb(&mut self, value: u64, index: u32) -> u32 {
        self.witness(Fr::from((value >> (16 * index)) & 0xffff)).index
    }

    /// The limbs `b₀, b₁, a₀, a₁` of a canonical value.
    fn canonical_limbs(&mut self, x: u64) -> [u32; 4] {
        // Not below zero for a canonical value; for another the relation fails, as it must.
        let distance = (P - 1).wrapping_sub(x);
        [(distance, 0), (distance, 1), (x, 0), (x, 1)].map(|(integer, i)| self.limb(integer, i))
    }

    /// A new canonical KoalaBear value.
    pub(crate) fn range_canonical(&mut self, value: u32) -> Cell {
        let x = self.witness(Fr::from(u64::from(value)));
        let [b0, b1, a0, a1] = self.canonical_limbs(value.into());
        self.range.canonicals.push([x.index, b0, b1, a0, a1]);
        x
    }

    /// The canonical remainder of the integer `v` modulo `p`; `cell` holds `v`.
    pub(crate) fn range_reduce(&mut self, cell: &Cell, v: i128) -> Cell {
        let shifted = v + OFFSET;
        let p = i128::from(P);
        let quotient = u64::try_from(shifted.div_euclid(p)).expect("the magnitude was checked by the caller");
        let remainder = u64::try_from(shifted.rem_euclid(p)).expect("a remainder modulo p is below 2^31");
        let x = self.witness(Fr::from(remainder));
        let [q0, q1, q2] = [0, 1, 2].map(|i| self.limb(quotient, i));
        let [b0, b1, a0, a1] = self.canonical_limbs(remainder);
        self.range.reductions.push([cell.index, x.index, q0, q1, q2, b0, b1, a0, a1]);
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Operand,
        convert::int_to_fr,
        testing::{accepts, failing_rows, rejects},
    };

    fn overwrite(builder: &mut CircuitBuilder, cells: &[u32], values: &[u64]) {
        assert_eq!(cells.len(), values.len());
        for (&cell, &value) in cells.iter().zip(values) {
            builder.values[cell as usize] = Fr::from(value);
        }
    }

    fn reduce(builder: &mut CircuitBuilder, v: i128) {
        let cell = builder.witness(int_to_fr(v));
        builder.range_reduce(&cell, v);
    }

    /// The values of a canonical group.
    fn canonical_values(x: u64, b: [u64; 2]) -> [u64; 5] {
        [x, b[0], b[1], x & 0xffff, x >> 16]
    }

    /// The values of a reduction of `x + p·(quotient - 2^47)`, without the first.
    fn reduction_values(x: u64, quotient: u64) -> [u64; 8] {
        let [q0, q1, q2] = [0, 16, 32].map(|shift| (quotient >> shift) & 0xffff);
        let distance = (P - 1).wrapping_sub(x);
        [x, q0, q1, q2, distance & 0xffff, (distance >> 16) & 0xffff, x & 0xffff, x >> 16]
    }

    #[test]
    fn accepts_the_edges() {
        accepts(|builder| {
            for x in [0, 1, 0xffff, 0x1_0000, P as u32 - 1] {
                builder.range_canonical(x);
            }
            for v in [0, 1, -1, i128::from(P), MAX_MAGNITUDE as i128, -(MAX_MAGNITUDE as i128)] {
                reduce(builder, v);
            }
        });
    }

    #[test]
    fn rejects_what_is_not_canonical() {
        let canonical = |what, values: [u64; 5]| {
            rejects(what, |builder| {
                builder.range_canonical(0);
                let cells = builder.range.canonicals[0];
                overwrite(builder, &cells, &values);
            });
        };
        // [RANGE-2], with an in-range limb for the negative difference.
        canonical("range", canonical_values(P, [0xffff, 0xffff]));
        // [RANGE-1]
        canonical("range", [7, ((P - 8) & 0xffff), (P - 8) >> 16, 8, 0]);
        // [RANGE-4], with minus one as the low limb.
        rejects("Lookup", |builder| {
            builder.range_canonical(0);
            let cells = builder.range.canonicals[0];
            overwrite(builder, &cells, &canonical_values(P, [0, 0]));
            builder.values[cells[1] as usize] = -Fr::one();
        });
    }

    #[test]
    fn every_value_of_a_group_is_judged() {
        // Group by group one value is another one, within its range.
        let mut starts = vec![];
        let rows = failing_rows("range", |builder| {
            for cell in 0..9 {
                reduce(builder, 123 << 40);
                let index = builder.range.reductions[cell][cell];
                builder.values[index as usize] = Fr::from(5);
                starts.push(cell * Group::Reduction.rows());
            }
            for cell in 0..5 {
                builder.range_canonical(123 << 20);
                let index = builder.range.canonicals[cell][cell];
                builder.values[index as usize] = Fr::from(5);
                starts.push(9 * Group::Reduction.rows() + cell * Group::Canonical.rows());
            }
        });
        for start in starts {
            let group = start..start + Group::Reduction.rows();
            assert!(rows.iter().any(|row| group.contains(row)), "the group at {start}: {rows:?}");
        }
    }

    #[test]
    fn a_reduction_leaves_the_canonical_remainder_only() {
        for (x, quotient) in [(123 + P, (1 << 47) - 1), (124, 1 << 47), (123, (1 << 47) + 1)] {
            rejects("range", |builder| {
                reduce(builder, 123);
                let cells = builder.range.reductions[0];
                overwrite(builder, &cells[1..], &reduction_values(x, quotient));
            });
        }
        // With a negative high limb, which the relation accepts.
        rejects("Lookup", |builder| {
            reduce(builder, 123);
            let cells = builder.range.reductions[0];
            overwrite(builder, &cells[1..], &reduction_values(123 + P, (1 << 47) - 1));
            let missing = Fr::from(1 << 16).invert().unwrap() * -Fr::from(124);
            builder.values[cells[5] as usize] = Fr::zero();
            builder.values[cells[6] as usize] = missing;
        });
    }

    #[test]
    fn a_limb_is_in_the_table_only() {
        // The first value beyond, negative ones, a fraction; what `K` holds in other rows.
        let round = crate::poseidon2::trace::FIXED_ROWS[5].constant;
        let constant = Fr::from(1 << 40);
        for value in [
            Fr::from(1 << 16),
            Fr::from(3 * 0xffff),
            Fr::from(2).invert().unwrap(),
            -Fr::one(),
            constant,
            round,
        ] {
            rejects("Lookup", |builder| {
                builder.permute([Operand::Constant(constant); 3]);
                builder.range_canonical(0);
                let [x, b0, _, a0, _] = builder.range.canonicals[0];
                for (index, value) in [(x, value), (a0, value), (b0, Fr::from(P - 1) - value)] {
                    builder.values[index as usize] = value;
                }
                builder.values[builder.range.canonicals[0][2] as usize] = Fr::zero();
            });
        }
    }

    #[test]
    fn relations_are_off_where_others_are_on() {
        let value = crate::testing::constant_value;
        let [v, r] =
            [10u64, 20].map(|base| [0, 1, 2, 3].map(|i| Expression::Constant(Fr::from(base * base + i))));
        let on = |code: u64| {
            constraints(&Expression::Constant(Fr::from(code)), &v, &r).map(|c| value(c) != Fr::zero())
        };
        assert_eq!(on(0), [false, false, false]);
        assert_eq!(on(Start::Chain as u64 + 1), [false, false, false]);
        assert_eq!(on(Start::Quotient as u64 + 1), [false, false, true]);
        assert_eq!(on(Start::Canonical as u64 + 1), [true, true, false]);
    }
}
