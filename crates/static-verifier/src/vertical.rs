//! The vertical gate: `a + b·c = d` in four consecutive cells.
//!
//! It stands in its own column `V`, and in the rows that `S` and `Q` have free (`plan` says which).
//!
//! # Constraints
//! `[GATE-1]` on in `V` where the fixed column `u` says that a chain's gate starts; in `S` and `Q` where `u` is not zero and
//! `kind` neither that of an S-box nor of a row that passes without: everywhere but in permutations. `plan` lets nothing
//! start beside pinned cells. A column that is on without a chain of its own holds zeros.
//!
//! # Degree
//! Five: three factors of the fixed columns and a product.

use halo2_base::halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed},
    poly::Rotation,
};

use crate::{
    kind::Kind,
    plan::{Lane, Start},
};

/// Vanishes where the column is off.
fn selector(lane: Lane, u: &Expression<Fr>, kind: &Expression<Fr>) -> Expression<Fr> {
    match lane {
        Lane::V => Start::Chain.selector(u),
        Lane::S | Lane::Q => u.clone() * Kind::SBox.distance(kind) * Kind::Pass.distance(kind),
    }
}

/// `[GATE-1]`
pub(crate) fn configure(
    meta: &mut ConstraintSystem<Fr>,
    fixed: [Column<Fixed>; 2],
    columns: [(Lane, Column<Advice>); 3],
) {
    for (lane, column) in columns {
        meta.create_gate("vertical", |cells| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| cells.query_advice(column, Rotation(i)));
            let [u, kind] = fixed.map(|column| cells.query_fixed(column, Rotation::cur()));
            [selector(lane, &u, &kind) * (a + b * c - d)]
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        CircuitBuilder, Operand,
        plan::{BLINDED_ROWS, Plan},
        poseidon2::ROWS,
        testing::{K, failing_rows},
    };

    /// Products, so many that they fill every column behind the permutations; the sums' numbers.
    fn products(builder: &mut CircuitBuilder, permutations: usize) -> Vec<u32> {
        for _ in 0..permutations {
            builder.permute([Operand::Constant(Fr::one()); 3]);
        }
        let three = builder.constant(Fr::from(3));
        let product = |i| {
            let terms = [(Operand::Existing(three), Operand::Witness(Fr::from(i)))];
            builder.chain(Operand::Constant(Fr::one()), terms).index
        };
        let rows = (1 << K) - BLINDED_ROWS;
        let count = (3 * rows - 2 * permutations * ROWS) / 4 - 30;
        (0..count as u64).map(product).collect()
    }

    /// The rows of a column's chains, and their results' numbers.
    fn chains_of(lane: Lane, plan: &Plan, results: &[u32]) -> (BTreeSet<usize>, Vec<u32>) {
        let (mut rows, mut chosen, mut next) = (BTreeSet::new(), vec![], results.iter());
        for block in &plan.blocks {
            let columns = block.lanes.columns();
            for (i, result) in (0..block.chains).zip(next.by_ref()) {
                if columns[i % columns.len()] == lane {
                    rows.insert(block.row + i / columns.len() * block.length);
                    chosen.push(*result);
                }
            }
        }
        (rows, chosen)
    }

    #[test]
    fn every_chain_is_judged_in_every_column() {
        for lane in [Lane::V, Lane::S, Lane::Q] {
            let mut wanted = BTreeSet::new();
            let broken = failing_rows("vertical", |builder| {
                let results = products(builder, 500);
                let plan = Plan::new(&builder.params(K)).unwrap();
                assert_eq!(plan.blocks.len(), 2, "{:?}", plan.blocks);
                let (rows, results) = chains_of(lane, &plan, &results);
                for result in results {
                    builder.values[result as usize] += Fr::one();
                }
                wanted = rows;
            });
            assert!(broken == wanted && wanted.len() > 1000, "{lane:?}");
        }
    }

    #[test]
    fn a_chain_before_a_range_group_is_judged() {
        let rows = failing_rows("vertical", |builder| {
            builder.range_canonical(5);
            let one = Operand::Constant(Fr::one());
            let sum = builder.chain(one, [(one, one)]);
            builder.values[sum.index as usize] = Fr::from(3);
        });
        // Behind the one constant.
        assert_eq!(rows, BTreeSet::from([1]));
    }

    #[test]
    fn selectors_vanish_where_a_column_is_off() {
        let on = |lane, u: Fr, kind: Fr| {
            let [u, kind] = [u, kind].map(Expression::Constant);
            crate::testing::constant_value(selector(lane, &u, &kind)) != Fr::zero()
        };
        let kinds = [Kind::SBox, Kind::Pass, Kind::Pinned, Kind::Table].map(Kind::code);
        for kind in kinds.into_iter().chain([Fr::zero()]) {
            for u in Start::ALL.map(Start::code).into_iter().chain([Fr::zero()]) {
                let state = u != Fr::zero() && kind != Kind::SBox.code() && kind != Kind::Pass.code();
                assert_eq!(on(Lane::V, u, kind), u == Start::Chain.code());
                assert_eq!(on(Lane::S, u, kind), state);
                assert_eq!(on(Lane::Q, u, kind), state);
            }
        }
    }
}
