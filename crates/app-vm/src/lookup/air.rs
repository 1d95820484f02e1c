//! # Purpose
//!
//! Provides what cannot be said by constraints of low degree: ranges and conjunctions of bytes.
//!
//! # Rows and padding
//!
//! Row `v` speaks about the 16-bit value `v`; there is no padding, the height is always 2^16.
//!
//! # Columns
//!
//! Main: [`super::LookupColumns`]; preprocessed: [`super::LookupPreprocessedColumns`].
//!
//! # Buses
//!
//! Provides RANGE16 `(v)`, RANGE12 `(v)` on rows below 2^12, BYTES `(high, low)`, AND `(high, low, high ∧ low)`.
//!
//! # Degree
//!
//! No constraints; multiplicities have degree 2 at most.
//!
//! # Soundness
//!
//! - Preprocessed columns are bound by the program commitment, which `finial commit` recomputes.
//! - Multiplicities are free: a provided row is true whatever its count, and a count on RANGE12 of a row that is not
//!   below 2^12 is multiplied by 0.

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    LOOKUP_PREPROCESSED_WIDTH, LOOKUP_WIDTH, LookupColumns, LookupPreprocessedColumns, preprocessed,
};
use crate::buses::{AND, BYTES, RANGE12, RANGE16, provide};

/// The lookup table.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookupAir;

impl BaseAir<Val> for LookupAir {
    fn width(&self) -> usize {
        LOOKUP_WIDTH
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        Some(preprocessed())
    }

    fn preprocessed_width(&self) -> usize {
        LOOKUP_PREPROCESSED_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for LookupAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let counts = LookupColumns::from_row(main.current_slice());
        let fixed = LookupPreprocessedColumns::from_row(builder.preprocessed().current_slice());
        let (high, low, and): (AB::Expr, AB::Expr, AB::Expr) =
            (fixed.high.into(), fixed.low.into(), fixed.and.into());
        let value = high.clone() * Val::from_u32(256) + low.clone();
        provide(builder, RANGE16, [value.clone()], counts.range16);
        provide(builder, RANGE12, [value], counts.range12 * fixed.is_12_bit);
        provide(builder, BYTES, [high.clone(), low.clone()], counts.bytes);
        provide(builder, AND, [high, low, and], counts.and);
    }
}
