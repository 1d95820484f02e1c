//! What the column `kind` says of a row of the states' column `S` and of the constants' column `K`.
//!
//! | kind | `S` | `K` |
//! |---|---|---|
//! | 0 | chain of the vertical gate, nothing | zero |
//! | 1 | a permutation's S-box | round constant |
//! | -1 | a permutation's row without S-box | round constant; zero for an output |
//! | 2 | a constant of the circuit or an instance | the constant; zero for an instance |
//! | 3 | as 0 | the lookup table |
//!
//! # Constraints
//! - `[PIN-1]` where `kind` is 2: `S = K + I`, with the instance column `I`, which is zero behind the instances. Cells of
//!   gates are copies of `S`, so neither `K` nor `I` takes part in the permutation argument.

use halo2_base::halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, Instance},
    poly::Rotation,
};

/// A row's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SBox,
    Pass,
    Pinned,
    Table,
}

impl Kind {
    /// The value in the fixed column.
    pub(crate) fn code(self) -> Fr {
        match self {
            Self::SBox => Fr::one(),
            Self::Pass => -Fr::one(),
            Self::Pinned => Fr::from(2),
            Self::Table => Fr::from(3),
        }
    }

    /// `kind - code`.
    pub(crate) fn distance(self, kind: &Expression<Fr>) -> Expression<Fr> {
        kind.clone() - Expression::Constant(self.code())
    }
}

/// `[PIN-1]`
pub(crate) fn configure(
    meta: &mut ConstraintSystem<Fr>,
    state: Column<Advice>,
    [kind, constant]: [Column<Fixed>; 2],
    instance: Column<Instance>,
) {
    meta.create_gate("pinned", |cells| {
        let state = cells.query_advice(state, Rotation::cur());
        let [kind, constant] = [kind, constant].map(|column| cells.query_fixed(column, Rotation::cur()));
        let instance = cells.query_instance(instance, Rotation::cur());
        // Zero for every kind but 2.
        let on = [Kind::SBox, Kind::Pass, Kind::Table].into_iter();
        let on = on.fold(kind.clone(), |product, other| product * other.distance(&kind));
        [on * (state - constant - instance)]
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Operand,
        testing::{self, accepts, rejects},
    };

    #[test]
    fn another_constant_is_rejected() {
        accepts(|builder| {
            builder.constant(Fr::from(7));
        });
        rejects("pinned", |builder| {
            let seven = builder.constant(Fr::from(7));
            builder.values[seven.index as usize] = Fr::from(8);
        });
    }

    #[test]
    fn another_instance_is_rejected() {
        let build = |builder: &mut crate::CircuitBuilder| {
            let cell = builder.witness(Fr::from(5));
            let square = builder
                .chain(Operand::Constant(Fr::zero()), [(Operand::Existing(cell), Operand::Existing(cell))]);
            builder.expose(cell);
            builder.expose(square);
        };
        let fails = |instances: &[u64]| {
            let instances = instances.iter().map(|&value| Fr::from(value)).collect();
            !testing::failures_with(build, Some(instances)).is_empty()
        };
        assert!(!fails(&[5, 25]));
        assert!(fails(&[5, 24]));
        assert!(fails(&[4, 25]));
        assert!(fails(&[4, 16]));
        // A third one moves the first constant.
        assert!(fails(&[5, 25, 1]));
    }
}
