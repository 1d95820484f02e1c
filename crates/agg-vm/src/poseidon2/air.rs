//! **Purpose.** Hashing: permutation, Merkle steps, and sponge rows that evaluate what they absorb.
//!
//! **Rows and padding.** A row is one permutation. Padding rows permute zero, and have no
//! multiplicity.
//!
//! **Columns.** The permutation's states; acc_in, gamma and its powers, acc_mid, acc_out.
//! Preprocessed: addresses, multiplicities, two flags. A Merkle step keeps its bit where other rows
//! have gamma².
//!
//! **Buses.** `memory`, thirteen slots a row, two to a permutation column.
//!
//! **Degree.** 3: the S-box, and flag · bit · input.
//!
//! **Soundness.**
//! - first_full, partial, last_full: the rounds of the reference permutation, by `[P2-1]`, `[P2-2]`,
//!   `[P2-3]`; every hash of the recursion relies on the last of them.
//! - output (the last of last_full): the cells the row provides; where a path must end in a known node,
//!   multiplicities of -1 make the first two blocks reads of that node's cells, so by the bus the
//!   permutation gives what their provider says.
//! - input: cells by the bus; hints where the row provides them; in a Merkle step one half is the
//!   current digest by `[P2-5]` and the other an unconstrained sibling, which the root binds.
//! - bit (coordinate 0 of gamma_2): a cell by the bus where the row is a Merkle step, and boolean by
//!   `[P2-4]`.
//! - acc_in, gamma: cells by the bus where the row reads them.
//! - gamma_2, gamma_4: powers of gamma by `[P2-6]`, but in a Merkle step, whose evaluations mean
//!   nothing.
//! - acc_mid, acc_out: evaluations of the absorbed elements by `[P2-7]`, `[P2-8]`; relied on where
//!   the row reads acc_in and gamma. The builder refuses programs that read them elsewhere.

use core::array::from_fn;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::{Dup, PrimeCharacteristicRing};
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear as Linear,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL as LAST_CONSTANTS,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL as FIRST_CONSTANTS,
    KOALABEAR_POSEIDON2_RC_16_INTERNAL as PARTIAL_CONSTANTS,
};
use p3_lookup::InteractionBuilder;
use p3_poseidon2::GenericPoseidon2LinearLayers;

use super::columns::{Columns, PREPROCESSED_WIDTH, Preprocessed, WIDTH};
use crate::air::Table;
use crate::{F, bus, extension};

/// The constraints of the `poseidon2` table.
#[derive(Clone, Debug)]
pub struct Poseidon2Air(pub(crate) Table);

impl BaseAir<F> for Poseidon2Air {
    crate::air::table_shape!(WIDTH, PREPROCESSED_WIDTH, 0);
}

impl<AB: AirBuilder<F = F> + InteractionBuilder> Air<AB> for Poseidon2Air {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let local = Columns::read(main.current_slice());
        let fixed = Preprocessed::read(builder.preprocessed().current_slice());
        permutation(builder, &local);
        merkle_step(builder, &local, &fixed);
        evaluation(builder, &local, &fixed);
        slots(builder, &local, &fixed);
    }
}

/// The rounds of Poseidon2, each S-box's output or state in columns of its own.
fn permutation<AB: AirBuilder<F = F>>(builder: &mut AB, local: &Columns<AB::Var>) {
    let mut state: [AB::Expr; 16] = local.input.map(Into::into);
    Linear::external_linear_layer(&mut state);
    // [P2-1] The first full rounds.
    for (constants, after) in FIRST_CONSTANTS.iter().zip(&local.first_full) {
        full_round(builder, &mut state, constants, after);
    }
    // [P2-2] The partial rounds.
    for (constant, after) in PARTIAL_CONSTANTS.iter().zip(&local.partial) {
        builder.assert_eq((state[0].dup() + *constant).cube(), *after);
        state[0] = (*after).into();
        Linear::internal_linear_layer(&mut state);
    }
    // [P2-3] The last full rounds.
    for (constants, after) in LAST_CONSTANTS.iter().zip(&local.last_full) {
        full_round(builder, &mut state, constants, after);
    }
}

fn full_round<AB: AirBuilder<F = F>>(
    builder: &mut AB,
    state: &mut [AB::Expr; 16],
    constants: &[F; 16],
    after: &[AB::Var; 16],
) {
    for (x, constant) in state.iter_mut().zip(constants) {
        *x = (x.dup() + *constant).cube();
    }
    Linear::external_linear_layer(state);
    for (x, after) in state.iter_mut().zip(after) {
        builder.assert_eq(x.dup(), *after);
        *x = (*after).into();
    }
}

fn merkle_step<AB: AirBuilder<F = F>>(
    builder: &mut AB,
    local: &Columns<AB::Var>,
    fixed: &Preprocessed<AB::Var>,
) {
    let is_merkle: AB::Expr = fixed.is_merkle.into();
    let bit: AB::Expr = local.gamma_2[0].into();
    // [P2-4] The side is 0 or 1: no mixture of the children can pass for the current node.
    builder.assert_zero(is_merkle.dup() * bit.bool_check());
    // [P2-5] The current node, read through acc_in and gamma, is the child on that side.
    for i in 0..8 {
        let current = if i < 4 { local.acc_in[i] } else { local.gamma[i - 4] };
        let [left, right] = [local.input[i], local.input[8 + i]];
        let child = bit.dup() * (right - left) + left;
        builder.assert_zero(is_merkle.dup() * (child - current));
    }
}

fn evaluation<AB: AirBuilder<F = F>>(
    builder: &mut AB,
    local: &Columns<AB::Var>,
    fixed: &Preprocessed<AB::Var>,
) {
    let block = |columns: &[AB::Var; 4]| -> [AB::Expr; 4] { columns.map(Into::into) };
    let [gamma, gamma_2, gamma_4] = [&local.gamma, &local.gamma_2, &local.gamma_4].map(block);
    let [acc_in, acc_mid] = [&local.acc_in, &local.acc_mid].map(block);

    // [P2-6] The powers are gamma's: without them the prover would choose the evaluation point. Only
    // a Merkle step, which evaluates nothing, has its bit in gamma_2 instead.
    let evaluates = AB::Expr::ONE - fixed.is_merkle;
    for (square, column) in extension::multiply(&gamma, &gamma).into_iter().zip(local.gamma_2) {
        builder.assert_zero(evaluates.dup() * (square - column));
    }
    assert_blocks(builder, extension::multiply(&gamma_2, &gamma_2), &local.gamma_4);

    // acc·γ⁴ + (v0·γ + v1)·γ² + v2·γ + v3
    let fold = |acc: [AB::Expr; 4], v: [AB::Expr; 4]| {
        let [v0, v1, v2, v3] = v;
        let mut high = extension::scale(&gamma, &v0);
        high[0] += v1;
        let mut value =
            extension::add(extension::multiply(&acc, &gamma_4), &extension::multiply(&high, &gamma_2));
        value = extension::add(value, &extension::scale(&gamma, &v2));
        value[0] += v3;
        value
    };
    // [P2-7] The first rate block continues the evaluation.
    let value = fold(acc_in, from_fn(|i| local.input[i].into()));
    assert_blocks(builder, value, &local.acc_mid);
    // [P2-8] The second does too, or starts anew.
    let start = extension::scale(&acc_mid, &(AB::Expr::ONE - fixed.split));
    let value = fold(start, from_fn(|i| local.input[4 + i].into()));
    assert_blocks(builder, value, &local.acc_out);
}

fn assert_blocks<AB: AirBuilder>(builder: &mut AB, value: [AB::Expr; 4], columns: &[AB::Var; 4]) {
    for (value, column) in value.into_iter().zip(columns) {
        builder.assert_eq(value, *column);
    }
}

fn slots<AB: AirBuilder<F = F> + InteractionBuilder>(
    builder: &mut AB,
    local: &Columns<AB::Var>,
    fixed: &Preprocessed<AB::Var>,
) {
    let quarter = |state: &[AB::Var; 16], i: usize| from_fn(|j| state[4 * i + j].into());
    for i in 0..4 {
        let [address, multiplicity] = [fixed.input_addresses[i], fixed.input_multiplicities[i]];
        bus::slot(builder, address.into(), quarter(&local.input, i), multiplicity.into());
    }
    let output = &local.last_full[local.last_full.len() - 1];
    for (i, multiplicity) in fixed.out_multiplicities.into_iter().enumerate() {
        let block = match i {
            4 => local.acc_mid.map(Into::into),
            5 => local.acc_out.map(Into::into),
            _ => quarter(output, i),
        };
        let address = fixed.out_base + AB::Expr::from_usize(i);
        bus::slot(builder, address, block, multiplicity.into());
    }
    let reads_acc: AB::Expr = fixed.reads_acc.into();
    for (address, block) in [(fixed.acc_in_address, local.acc_in), (fixed.gamma_address, local.gamma)] {
        bus::slot(builder, address.into(), block.map(Into::into), -reads_acc.dup());
    }
    let bit = local.gamma_2.map(Into::into);
    bus::slot(builder, fixed.bit_address.into(), bit, -fixed.is_merkle.into());
}
