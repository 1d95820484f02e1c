//! **Purpose.** Extension-field arithmetic and the checks of operands.
//!
//! **Rows and padding.** A row has two lanes, each of which is one equation; padding is zero,
//! preprocessed and main, which meets every constraint and speaks on no bus.
//!
//! **Columns.** Of each lane: four blocks: a, b, c, out. Preprocessed: addresses, multiplicities,
//! coefficients, flags.
//!
//! **Buses.** `memory`, four slots a lane, two to a permutation column.
//!
//! **Degree.** 3: coefficient · a · b.
//!
//! **Soundness.** Lanes share no column and no constraint, so a row says what two rows of one lane
//! would. Of each lane:
//! - out: what the coefficients say of a, b, c, by `[ALU-1]`; relied on by every reader of the cell.
//! - a: restricted by `[ALU-2]` and `[ALU-3]` where the program relies on a hint being a base
//!   element or a bit.
//! - a, b, c: the values of their cells, by the bus; a hint where the row provides them.

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::{Dup, PrimeCharacteristicRing};
use p3_lookup::InteractionBuilder;

use super::columns::{Columns, PREPROCESSED_WIDTH, Preprocessed, WIDTH};
use crate::air::Table;
use crate::{F, bus, extension};

/// The constraints of the `alu` table.
#[derive(Clone, Debug)]
pub struct AluAir(pub(crate) Table);

impl BaseAir<F> for AluAir {
    crate::air::table_shape!(WIDTH, PREPROCESSED_WIDTH, 0);
}

impl<AB: AirBuilder<F = F> + InteractionBuilder> Air<AB> for AluAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let local = Columns::lanes(main.current_slice());
        let fixed = Preprocessed::lanes(builder.preprocessed().current_slice());
        for (local, fixed) in local.into_iter().zip(fixed) {
            eval_lane(builder, local, fixed);
        }
    }
}

fn eval_lane<AB: AirBuilder<F = F> + InteractionBuilder>(
    builder: &mut AB,
    local: Columns<AB::Var>,
    fixed: Preprocessed<AB::Var>,
) {
    let [a, b, c, out] = local.slots.map(|block| block.map(Into::<AB::Expr>::into));
    let [k_ab, k_ac, k_a, k_b, k_c, k_1, k_x] = fixed.coeffs.map(Into::<AB::Expr>::into);

    // [ALU-1] out = a·(k_ab·b + k_ac·c) + k_a·a + k_b·b + k_c·c + k_1 + k_x·X
    let factor = extension::add(extension::scale(&b, &k_ab), &extension::scale(&c, &k_ac));
    let mut value = extension::multiply(&a, &factor);
    for (block, k) in [(&a, &k_a), (&b, &k_b), (&c, &k_c)] {
        value = extension::add(value, &extension::scale(block, k));
    }
    value[0] += k_1;
    value[1] += k_x;
    for (value, out) in value.into_iter().zip(&out) {
        builder.assert_eq(value, out.dup());
    }

    // [ALU-2] Coordinates of `a` that are flagged are zero: a hint stays in the base field.
    for (flag, x) in fixed.zero.into_iter().zip(&a[1..]) {
        builder.assert_zero(x.dup() * flag);
    }
    // [ALU-3] Coordinate 0 of a flagged `a` is 0 or 1: a hint is a bit.
    builder.assert_zero(a[0].bool_check() * fixed.boolean);

    for (i, block) in [a, b, c, out].into_iter().enumerate() {
        let [address, multiplicity] = [fixed.addresses[i], fixed.multiplicities[i]];
        bus::slot(builder, address.into(), block, multiplicity.into());
    }
}
