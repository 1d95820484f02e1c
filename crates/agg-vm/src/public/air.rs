//! **Purpose.** Exposes cells as public values.
//!
//! **Rows and padding.** Row `i` exposes public block `i`; padding is zero and speaks on no bus.
//! One block a row keeps the table four columns wide: it is opened in every query of the proof.
//!
//! **Columns.** The block. Preprocessed: a selector per public block, the address.
//!
//! **Buses.** `memory`, one slot a row, which reads where a selector is set.
//!
//! **Degree.** 1.
//!
//! **Soundness.** The block is a cell by the bus and the selected public values by `[PUB-1]`; the
//! verifier of the proof relies on it. Selectors are preprocessed, hence fixed by the program.

use core::array::from_fn;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::Dup;
use p3_lookup::InteractionBuilder;

use super::columns::{PREPROCESSED_WIDTH, Preprocessed, WIDTH};
use crate::air::Table;
use crate::{F, NUM_PUBLIC_VALUES, bus};

/// The constraints of the `public` table.
#[derive(Clone, Debug)]
pub struct PublicAir(pub(crate) Table);

impl BaseAir<F> for PublicAir {
    crate::air::table_shape!(WIDTH, PREPROCESSED_WIDTH, NUM_PUBLIC_VALUES);
}

impl<AB: AirBuilder<F = F> + InteractionBuilder> Air<AB> for PublicAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let block: [AB::Expr; 4] = from_fn(|i| main.current_slice()[i].into());
        let fixed = Preprocessed::read(builder.preprocessed().current_slice());
        let selectors: [AB::Expr; _] = fixed.selectors.map(Into::into);
        let public: [AB::Expr; NUM_PUBLIC_VALUES] = from_fn(|i| builder.public_values()[i].into());

        // [PUB-1] The block is the selected public block: public values are the program's.
        for (i, x) in block.iter().enumerate() {
            let selected = selectors.iter().zip(public.chunks_exact(4));
            let value = selected.map(|(selector, block)| selector.dup() * block[i].dup());
            builder.assert_eq(value.sum::<AB::Expr>(), x.dup());
        }
        let reads = selectors.into_iter().sum::<AB::Expr>();
        bus::slot(builder, fixed.address.into(), block, -reads);
    }
}
