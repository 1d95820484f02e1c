//! # Purpose
//!
//! Proves compressions: the first eight elements of the Poseidon2 permutation of width 16 over KoalaBear (x^3, 4 + 20 + 4 rounds,
//! Plonky3's published constants) applied to a left and a right digest.
//!
//! # Rows and padding
//!
//! A row is one compression, asked for `multiplicity` times: a node that a segment did not change is compressed once for
//! both directions. Padding rows are compressions of zeros with multiplicity 0.
//!
//! # Columns
//!
//! See [`Poseidon2Columns`].
//!
//! # Buses
//!
//! POSEIDON2_DIRECT: provides `(left, right, out)`.
//!
//! # Degree
//!
//! 3, the S-box: \[POSEIDON2-1\], \[POSEIDON2-2\], \[POSEIDON2-3\], \[POSEIDON2-4\].
//!
//! # Soundness
//!
//! - `multiplicity` is free: this is the table side, and a provided row is true whatever its count.
//! - `input` is free; MemoryMerkle and PersistentBoundary choose it.
//! - `first_half`, `partial`, `second_half` and `output` are each a function of the columns before them, by the constraints in
//!   the order of the rounds; so `output` is the compression of `input`.

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::{Dup, PrimeCharacteristicRing};
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear as Layers, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
};
use p3_lookup::{Count, InteractionBuilder};
use p3_poseidon2::GenericPoseidon2LinearLayers;

use super::{POSEIDON2_WIDTH, Poseidon2Columns};
use crate::buses;
use crate::check::constrain;

/// The Poseidon2 table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Poseidon2Air;

impl BaseAir<Val> for Poseidon2Air {
    fn width(&self) -> usize {
        POSEIDON2_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for Poseidon2Air {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = Poseidon2Columns::from_row(main.current_slice());

        let mut state: [AB::Expr; 16] = row.input.map(Into::into);
        Layers::external_linear_layer(&mut state);
        // [POSEIDON2-1] The first full rounds.
        for (constants, post) in KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL.iter().zip(&row.first_half) {
            full_round(builder, "POSEIDON2-1", &mut state, constants, post);
        }
        // [POSEIDON2-2] The partial rounds.
        for (constant, post) in KOALABEAR_POSEIDON2_RC_16_INTERNAL.iter().zip(row.partial) {
            let sbox = (state[0].dup() + *constant).cube();
            constrain(builder, "POSEIDON2-2", sbox - post);
            state[0] = post.into();
            Layers::internal_linear_layer(&mut state);
        }
        // [POSEIDON2-3] The last full rounds but one, [POSEIDON2-4] and the outputs of the very last.
        let (last, others) =
            KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL.split_last().unwrap_or((&[Val::ZERO; 16], &[]));
        for (constants, post) in others.iter().zip(&row.second_half) {
            full_round(builder, "POSEIDON2-3", &mut state, constants, post);
        }
        full_round(builder, "POSEIDON2-4", &mut state, last, &row.output);

        let message = row.input.into_iter().chain(row.output);
        builder.push_interaction(
            buses::POSEIDON2_DIRECT,
            message,
            Count::provided(-Into::<AB::Expr>::into(row.multiplicity)),
        );
    }
}

/// One full round; `post` are the first elements of the state after it.
fn full_round<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    tag: &'static str,
    state: &mut [AB::Expr; 16],
    constants: &[Val; 16],
    post: &[AB::Var],
) {
    for (element, constant) in state.iter_mut().zip(constants) {
        *element = (element.dup() + *constant).cube();
    }
    Layers::external_linear_layer(state);
    for (element, &post) in state.iter_mut().zip(post) {
        constrain(builder, tag, element.dup() - post);
        *element = post.into();
    }
}
