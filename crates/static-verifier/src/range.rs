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
//! - `[RANGE-5]` the lookups: the pair `(f, f·value)` is one of the pairs `(kind, K)`, rows for rows of four fixed columns
//!   of which two are the table. `f`, the column `lookup`, is 3 where a cell is looked up and 0 elsewhere. `kind` is 3 exactly
//!   in the rows of the table, where `K` holds the multiples of three from 0 to 3·(2^16 - 1): so where `f` is 3,
//!   `3·value` is one of these, and what `K` holds in other rows (round constants, constants of the circuit) never
//!   serves. Where `f` is 0 the pair is `(0, 0)` for any value, and the blank row of [`crate::plan`] is such a pair.
//!
//! Which relation starts at a row is the value of one fixed column, `relation`; its Lagrange polynomials over the five values
//! are the selectors. Behind the last group the column holds chains of the vertical gate.
//!
//! # Degree
//! Five: a selector of degree four times a linear relation; the lookup's input has degree two, its table degree one.

use halo2_base::halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed},
    poly::Rotation,
};

use crate::{builder::CircuitBuilder, cell::Cell, convert::P, kind::Kind};

/// Bits of a lookup.
pub const LIMB_BITS: usize = 16;

/// Rows of the lookup table.
pub(crate) const TABLE_ROWS: usize = 1 << LIMB_BITS;

/// What a reduction accepts: integers of at most this magnitude have a quotient in range.
pub const MAX_MAGNITUDE: u128 = P as u128 * ((1 << 47) - 1);

/// `p·2^47`, added to what is reduced so that the quotient of a negative value is not negative.
const OFFSET: i128 = (P as i128) << 47;

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

/// The column and its selectors.
#[derive(Clone, Copy, Debug)]
pub struct RangeConfig {
    pub(crate) value: Column<Advice>,
    pub(crate) lookup: Column<Fixed>,
    pub(crate) relation: Column<Fixed>,
}

impl RangeConfig {
    /// `table` holds a row's kind and the table's entries.
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>, table: [Column<Fixed>; 2]) -> Self {
        let config =
            Self { value: meta.advice_column(), lookup: meta.fixed_column(), relation: meta.fixed_column() };
        // [RANGE-5]
        meta.lookup_any("range", |cells| {
            let value = cells.query_advice(config.value, Rotation::cur());
            let on = cells.query_fixed(config.lookup, Rotation::cur());
            let [kind, entry] = table.map(|column| cells.query_fixed(column, Rotation::cur()));
            vec![(on.clone(), kind), (on * value, entry)]
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

    /// What the column `lookup` holds where it is on: the kind of the table's rows.
    pub(crate) fn lookup_code() -> Fr {
        Kind::Table.code()
    }

    /// The table's entry for a limb.
    pub(crate) fn table_entry(limb: u64) -> Fr {
        Self::lookup_code() * Fr::from(limb)
    }
}

/// The cells queued for the range column, in order: numbers of values.
#[derive(Clone, Debug, Default)]
pub(crate) struct RangeCells {
    pub(crate) cells: Vec<u32>,
    pub(crate) tags: Vec<Tag>,
}

impl CircuitBuilder {
    fn push_range_cell(&mut self, cell: Cell, lookup: bool, relation: Relation) -> Cell {
        self.range.cells.push(cell.index);
        self.range.tags.push(Tag { lookup, relation });
        cell
    }

    fn push_limb(&mut self, value: u64, index: u32, relation: Relation) -> Cell {
        let limb = self.witness(Fr::from((value >> (16 * index)) & 0xffff));
        self.push_range_cell(limb, true, relation)
    }

    /// Queues `a₀, a₁, x`; another relation starts at `x`.
    fn push_wide(&mut self, x: u64, next: Relation) -> Cell {
        self.push_limb(x, 0, Relation::Limbs);
        self.push_limb(x, 1, Relation::None);
        let x = self.witness(Fr::from(x));
        self.push_range_cell(x, false, next)
    }

    /// A new value in `[0, 2^16)`.
    pub(crate) fn load_limb(&mut self, value: u16) -> Cell {
        self.push_limb(value.into(), 0, Relation::None)
    }

    /// A new canonical KoalaBear value.
    pub(crate) fn range_canonical(&mut self, x: u32) -> Cell {
        let cell = self.push_wide(x.into(), Relation::BelowP);
        // Not below zero for a canonical `x`; for another the relation fails, as it must.
        let distance = (P - 1).wrapping_sub(x.into());
        self.push_limb(distance, 0, Relation::None);
        self.push_limb(distance, 1, Relation::None);
        cell
    }

    /// The remainder, below 2^32, of the integer `v` modulo `p`; `cell` holds `v`.
    pub(crate) fn range_reduce(&mut self, cell: &Cell, v: i128) -> Cell {
        let shifted = v + OFFSET;
        let p = i128::from(P);
        let quotient = u64::try_from(shifted.div_euclid(p)).expect("the magnitude was checked by the caller");
        let remainder = u64::try_from(shifted.rem_euclid(p)).expect("a remainder modulo p is below 2^31");
        let reduced = self.push_wide(remainder, Relation::LowQuotient);
        self.push_limb(quotient, 0, Relation::None);
        let low = self.witness(Fr::from(remainder + P * (quotient & 0xffff)));
        self.push_range_cell(low, false, Relation::HighQuotient);
        self.push_limb(quotient, 1, Relation::None);
        self.push_limb(quotient, 2, Relation::None);
        self.push_range_cell(*cell, false, Relation::None);
        reduced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Operand,
        convert::int_to_fr,
        testing::{accepts, rejects},
    };

    /// Overwrites consecutive cells of the range column.
    fn overwrite(builder: &mut CircuitBuilder, row: usize, values: &[u64]) {
        for (&cell, &value) in builder.range.cells[row..].iter().zip(values) {
            builder.values[cell as usize] = Fr::from(value);
        }
    }

    fn reduce(builder: &mut CircuitBuilder, v: i128) {
        let cell = builder.witness(int_to_fr(v));
        builder.range_reduce(&cell, v);
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
                builder.range_canonical(x);
            }
            for v in [0, 1, -1, i128::from(P), MAX_MAGNITUDE as i128, -(MAX_MAGNITUDE as i128)] {
                reduce(builder, v);
            }
        });
    }

    #[test]
    fn rejects_what_is_not_canonical() {
        // [RANGE-2], with an in-range limb for the negative difference.
        rejects("range", |builder| {
            builder.range_canonical(0);
            overwrite(builder, 0, &canonical_cells(P, [0xffff, 0xffff]));
        });
        // [RANGE-5], with minus one as the low limb.
        rejects("Lookup", |builder| {
            builder.range_canonical(0);
            overwrite(builder, 0, &canonical_cells(P, [0, 0]));
            builder.values[builder.range.cells[3] as usize] = -Fr::one();
        });
        // [RANGE-1]
        rejects("range", |builder| {
            builder.range_canonical(7);
            overwrite(builder, 0, &[8]);
        });
    }

    #[test]
    fn rejects_wrong_quotients_and_remainders() {
        // [RANGE-3] and [RANGE-4]
        for (row, value) in [(3, 1), (4, 1), (5, 1), (6, 0), (7, 124)] {
            rejects("range", |builder| {
                reduce(builder, 123);
                overwrite(builder, row, &[value]);
            });
        }
        rejects("range", |builder| {
            reduce(builder, 123);
            overwrite(builder, 0, &reduction_cells(124, 1 << 47));
        });
    }

    #[test]
    fn a_reduction_may_leave_another_representative_but_no_canonical_value() {
        accepts(|builder| {
            reduce(builder, 123);
            overwrite(builder, 0, &reduction_cells(123 + P, (1 << 47) - 1));
        });
        rejects("Equality", |builder| {
            let cell = builder.witness(Fr::from(1 << 40));
            let felt = builder.felt_from_cell_unchecked(cell, 1 << 40, 1 << 40);
            builder.canonical(felt);
            let (r, q) = ((1u64 << 40) % P, (1u64 << 40) / P + (1 << 47));
            overwrite(builder, 0, &reduction_cells(r + P, q - 1));
        });
    }

    #[test]
    fn a_limb_is_in_the_table_only() {
        accepts(|builder| {
            builder.load_limb(0);
            builder.load_limb(0xffff);
        });
        // The first value beyond, a third of the largest, negative ones; what `K` holds in other rows, and a third of it.
        let third =
            Option::<Fr>::from(halo2_base::halo2_proofs::halo2curves::ff::Field::invert(&Fr::from(3)))
                .unwrap();
        let round = crate::poseidon2::trace::FIXED_ROWS[5].constant;
        let constant = Fr::from(1 << 40);
        for value in [
            Fr::from(1 << 16),
            Fr::from(3 * 0xffff),
            third,
            -Fr::one(),
            constant,
            constant * third,
            round,
            round * third,
        ] {
            rejects("Lookup", |builder| {
                builder.permute([Operand::Constant(constant); 3]);
                let limb = builder.load_limb(0);
                builder.values[limb.index as usize] = value;
            });
        }
    }

    #[test]
    fn what_is_not_looked_up_is_free() {
        // Chains in the rows of the table, with values far beyond it.
        accepts(|builder| {
            for i in 0..50_000u64 {
                let large = Operand::Witness(-Fr::from(i + 1));
                builder.chain(large, [(large, large)]);
            }
        });
    }
}
