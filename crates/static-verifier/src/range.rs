//! Range groups: canonical KoalaBear values, reductions modulo `p`, 32-bit words.
//!
//! # Rows
//! Every cell of the column `R` is looked up in the table `[0, 2^16)`: it holds limbs only. The values they make up stand in
//! the first column of chains, `V`, one or two to a group, rows ahead of the chain that follows them. Both columns are read
//! at rotations 0 to 3.
//!
//! | group | `V` | `R` | relations, by row |
//! |---|---|---|---|
//! | reduction | `v, x` | `q₀, q₁, q₂, a₀, a₁` | `Quotient`, `Word` |
//! | canonical | `x` | `b₀, b₁, a₀, a₁` | `Canonical` |
//! | word | `x` | two cells unused, `a₀, a₁` | `Word` |
//!
//! # Constraints
//! - `[RANGE-1]` at `Word` and `Canonical`: `x = a₀ + 2^16·a₁`, so `0 ≤ x < 2^32`.
//! - `[RANGE-2]` at `Canonical`: `p - 1 - x = b₀ + 2^16·b₁`, so `p - 1 - x` is not negative: `x < p`.
//! - `[RANGE-3]` at `Quotient`: `v = x + p·(q₀ + 2^16·q₁ + 2^32·q₂ - 2^47)`, for `0 ≤ q < 2^48` an integer of at most
//!   2^78 in magnitude, far below the BN254 modulus: `v` stands for that integer, and is congruent to `x` modulo `p`. A wrong
//!   quotient or remainder has no other solution than a multiple of `p` moved between them, and `x < 2^32` leaves at
//!   most three values of one residue class.
//! - `[RANGE-4]` the lookups, in every row: the pair `(3, R)` is one of the pairs `(kind, K)`. `kind` is 3 exactly in the
//!   rows of the table, where `K` holds `0` to `2^16 - 1`; what it holds elsewhere (round constants, constants of the
//!   circuit) never serves. Cells that no group uses are zero.
//!
//! Which relation holds at a row is the value of one fixed column, `relation`.
//!
//! # Degree
//! Four, and four for the lookup.

use core::ops::Range;

use halo2_base::halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed},
    poly::Rotation,
};

use crate::{builder::CircuitBuilder, cell::Cell, convert::P, kind::Kind, plan::SHORTEST};

/// Bits of a lookup.
pub const LIMB_BITS: usize = 16;

/// Rows of the lookup table.
pub(crate) const TABLE_ROWS: usize = 1 << LIMB_BITS;

/// What a reduction accepts: integers of at most this magnitude have a quotient in range.
pub const MAX_MAGNITUDE: u128 = P as u128 * ((1 << 47) - 1);

/// `p·2^47`, added to what is reduced so that the quotient of a negative value is not negative.
const OFFSET: i128 = (P as i128) << 47;

/// What the fixed column `relation` says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Quotient,
    Word,
    Canonical,
}

impl Relation {
    /// The value in the fixed column; zero is none.
    pub(crate) fn code(self) -> Fr {
        Fr::from(self as u64 + 1)
    }
}

/// Vanishes at zero and where the column holds one of `others`.
fn selector(column: &Expression<Fr>, others: &[Relation]) -> Expression<Fr> {
    let distance = |other: &Relation| column.clone() - Expression::Constant(other.code());
    others.iter().fold(column.clone(), |product, other| product * distance(other))
}

/// A kind of group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Reduction,
    Canonical,
    Word,
}

impl Group {
    /// How many values it has in `V`.
    pub(crate) const fn values(self) -> usize {
        match self {
            Self::Reduction => 2,
            Self::Canonical | Self::Word => 1,
        }
    }

    /// The rows of its limbs in `R`.
    pub(crate) const fn limbs(self) -> Range<usize> {
        match self {
            Self::Reduction => 0..5,
            Self::Canonical => 0..4,
            Self::Word => 2..4,
        }
    }

    /// The relations of its rows.
    pub(crate) const fn relations(self) -> &'static [Relation] {
        match self {
            Self::Reduction => &[Relation::Quotient, Relation::Word],
            Self::Canonical => &[Relation::Canonical],
            Self::Word => &[Relation::Word],
        }
    }

    /// How many rows it takes, with or without the chain behind it.
    pub(crate) const fn rows(self, followed: bool) -> usize {
        if followed { self.values() + SHORTEST } else { self.limbs().end }
    }
}

/// The column of limbs, and the fixed one.
#[derive(Clone, Copy, Debug)]
pub struct RangeConfig {
    pub(crate) limb: Column<Advice>,
    pub(crate) relation: Column<Fixed>,
}

impl RangeConfig {
    /// `value` holds the groups' values, `table` a row's kind and the table's entries.
    pub(crate) fn configure(
        meta: &mut ConstraintSystem<Fr>,
        value: Column<Advice>,
        table: [Column<Fixed>; 2],
    ) -> Self {
        let config = Self { limb: meta.advice_column(), relation: meta.fixed_column() };
        // [RANGE-4]
        meta.lookup_any("range", |cells| {
            let limb = cells.query_advice(config.limb, Rotation::cur());
            let [kind, entry] = table.map(|column| cells.query_fixed(column, Rotation::cur()));
            vec![(Expression::Constant(Kind::Table.code()), kind), (limb, entry)]
        });
        meta.create_gate("range", |cells| {
            let [v, r] = [value, config.limb]
                .map(|column| [0, 1, 2, 3].map(|i| cells.query_advice(column, Rotation(i))));
            let relation = cells.query_fixed(config.relation, Rotation::cur());
            constraints(&relation, &v, &r)
        });
        config
    }
}

/// `[RANGE-1]` to `[RANGE-3]`
fn constraints(
    relation: &Expression<Fr>,
    v: &[Expression<Fr>; 4],
    r: &[Expression<Fr>; 4],
) -> [Expression<Fr>; 3] {
    use Relation::{Canonical, Quotient, Word};
    let p = Fr::from(P);
    let power = |n: u32| Fr::from(1u64 << n);
    let constant = |value: Fr| Expression::Constant(value);
    let wide = |low: usize| r[low].clone() + r[low + 1].clone() * power(16);
    let quotient = wide(0) + r[2].clone() * power(32) - constant(power(47));
    [
        selector(relation, &[Quotient]) * (wide(2) - v[0].clone()),
        selector(relation, &[Quotient, Word]) * (v[0].clone() + wide(0) - constant(Fr::from(P - 1))),
        selector(relation, &[Word, Canonical]) * (v[1].clone() + quotient * p - v[0].clone()),
    ]
}

/// The groups, in order: numbers of their values, then of their limbs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RangeCells {
    pub(crate) reductions: Vec<[u32; 7]>,
    pub(crate) canonicals: Vec<[u32; 5]>,
    pub(crate) words: Vec<[u32; 3]>,
}

impl RangeCells {
    /// All groups, as they stand in the columns.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Group, &[u32])> {
        let reductions = self.reductions.iter().map(|cells| (Group::Reduction, cells.as_slice()));
        let canonicals = self.canonicals.iter().map(|cells| (Group::Canonical, cells.as_slice()));
        let words = self.words.iter().map(|cells| (Group::Word, cells.as_slice()));
        reductions.chain(canonicals).chain(words)
    }
}

impl CircuitBuilder {
    /// A new value for a limb of an integer.
    fn limb(&mut self, value: u64, index: u32) -> u32 {
        self.witness(Fr::from((value >> (16 * index)) & 0xffff)).index
    }

    /// A new value in `[0, 2^32)`.
    pub(crate) fn load_word(&mut self, value: u32) -> Cell {
        let x = self.witness(Fr::from(u64::from(value)));
        let limbs = [0, 1].map(|i| self.limb(value.into(), i));
        self.range.words.push([x.index, limbs[0], limbs[1]]);
        x
    }

    /// A new canonical KoalaBear value.
    pub(crate) fn range_canonical(&mut self, value: u32) -> Cell {
        let x = self.witness(Fr::from(u64::from(value)));
        // Not below zero for a canonical value; for another the relation fails, as it must.
        let distance = (P - 1).wrapping_sub(value.into());
        let [b0, b1] = [0, 1].map(|i| self.limb(distance, i));
        let [a0, a1] = [0, 1].map(|i| self.limb(value.into(), i));
        self.range.canonicals.push([x.index, b0, b1, a0, a1]);
        x
    }

    /// The remainder, below 2^32, of the integer `v` modulo `p`; `cell` holds `v`.
    pub(crate) fn range_reduce(&mut self, cell: &Cell, v: i128) -> Cell {
        let shifted = v + OFFSET;
        let p = i128::from(P);
        let quotient = u64::try_from(shifted.div_euclid(p)).expect("the magnitude was checked by the caller");
        let remainder = u64::try_from(shifted.rem_euclid(p)).expect("a remainder modulo p is below 2^31");
        let x = self.witness(Fr::from(remainder));
        let [q0, q1, q2] = [0, 1, 2].map(|i| self.limb(quotient, i));
        let [a0, a1] = [0, 1].map(|i| self.limb(remainder, i));
        self.range.reductions.push([cell.index, x.index, q0, q1, q2, a0, a1]);
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
    fn reduction_values(x: u64, quotient: u64) -> [u64; 6] {
        let [q0, q1, q2] = [0, 16, 32].map(|shift| (quotient >> shift) & 0xffff);
        [x, q0, q1, q2, x & 0xffff, x >> 16]
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
            for x in [0, 1, 0xffff, 0x1_0000, u32::MAX] {
                builder.load_word(x);
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
            for cell in 0..7 {
                reduce(builder, 123 << 40);
                let index = builder.range.reductions[cell][cell];
                builder.values[index as usize] = Fr::from(5);
                starts.push(cell * Group::Reduction.rows(false));
            }
            for cell in 0..5 {
                builder.range_canonical(123 << 20);
                let index = builder.range.canonicals[cell][cell];
                builder.values[index as usize] = Fr::from(5);
                starts.push(7 * Group::Reduction.rows(false) + cell * Group::Canonical.rows(false));
            }
            let base = 7 * Group::Reduction.rows(false) + 5 * Group::Canonical.rows(false);
            for cell in 0..3 {
                builder.load_word(123 << 20);
                let index = builder.range.words[cell][cell];
                builder.values[index as usize] = Fr::from(5);
                starts.push(base + cell * Group::Word.rows(false));
            }
        });
        for start in starts {
            assert!(
                rows.iter().any(|row| (start..start + 2).contains(row)),
                "the group at {start}: {rows:?}"
            );
        }
    }

    #[test]
    fn a_reduction_may_leave_another_representative_but_no_canonical_value() {
        accepts(|builder| {
            reduce(builder, 123);
            let cells = builder.range.reductions[0];
            overwrite(builder, &cells[1..], &reduction_values(123 + P, (1 << 47) - 1));
        });
        rejects("Equality", |builder| {
            let cell = builder.witness(Fr::from(1 << 40));
            let felt = builder.felt_from_cell_unchecked(cell, 1 << 40, 1 << 40);
            builder.canonical(felt);
            let (r, q) = ((1u64 << 40) % P, (1u64 << 40) / P + (1 << 47));
            let cells = builder.range.reductions[0];
            overwrite(builder, &cells[1..], &reduction_values(r + P, q - 1));
        });
        rejects("range", |builder| {
            reduce(builder, 123);
            let cells = builder.range.reductions[0];
            overwrite(builder, &cells[1..], &reduction_values(124, 1 << 47));
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
                let word = builder.load_word(0);
                let [x, low, _] = builder.range.words[0];
                assert_eq!(word.index, x);
                builder.values[x as usize] = value;
                builder.values[low as usize] = value;
            });
        }
    }

    #[test]
    fn relations_are_off_where_others_are_on() {
        let value = |expression: Expression<Fr>| {
            let never = |_: &str| unreachable!("a constant expression");
            expression.evaluate(
                &|constant| constant,
                &|_| never("selector"),
                &|_| never("fixed"),
                &|_| never("advice"),
                &|_| never("instance"),
                &|_| never("challenge"),
                &|a: Fr| -a,
                &|a, b| a + b,
                &|a, b| a * b,
                &|a, scale| a * scale,
            )
        };
        let [v, r] =
            [10u64, 20].map(|base| [0, 1, 2, 3].map(|i| Expression::Constant(Fr::from(base * base + i))));
        let on = |code: u64| {
            constraints(&Expression::Constant(Fr::from(code)), &v, &r).map(|c| value(c) != Fr::zero())
        };
        assert_eq!(on(0), [false, false, false]);
        assert_eq!(on(Relation::Quotient as u64 + 1), [false, false, true]);
        assert_eq!(on(Relation::Word as u64 + 1), [true, false, false]);
        assert_eq!(on(Relation::Canonical as u64 + 1), [true, true, false]);
    }
}
