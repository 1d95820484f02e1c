//! # Purpose
//!
//! Products of words, both halves, signed and unsigned.
//!
//! # Rows and padding
//!
//! A row is one request of the Cpu. Padding rows are zero.
//!
//! # Columns
//!
//! See [`super::MulColumns`].
//!
//! # Method
//!
//! Bytes are multiplied and added limb by limb with carries. A negative factor is its word less 2^32: the product of the words
//! loses the other factor, at the upper half.
//!
//! # Buses
//!
//! - CHIP: receives the request. BYTES: `a`, `b`, signs. RANGE16: `product`. RANGE12: `carries`.
//!
//! # Degree
//!
//! 3: \[MUL-4\].
//!
//! # Soundness
//!
//! - `operations` are boolean \[MUL-1\], at most one is set \[MUL-2\]; their sum counts this row's messages.
//! - `a`, `b` are the request's bytes, by BYTES.
//! - `signs` are boolean \[MUL-3\] and the top bits: twice the rest of the top byte is a byte.
//! - `product`, `carries`: \[MUL-4\] states each limb as `limb + 2^16 carry` with a 16-bit limb and a 12-bit carry. Its other side lies
//!   between −2^18 and 2^26, so it is an equation between integers and has one solution.

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{MUL_WIDTH, MulColumns};
use crate::buses::{bytes, constant, range12, range16};
use crate::check::constrain;
use crate::chips::{byte_products, constrain_operation, limbs_of_bytes, operation, receive_request};

/// The table of products.
#[derive(Clone, Copy, Debug, Default)]
pub struct MulAir;

impl BaseAir<Val> for MulAir {
    fn width(&self) -> usize {
        MUL_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for MulAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = MulColumns::from_row(main.current_slice());
        let numbers = [operation::MUL, operation::MULH, operation::MULHSU, operation::MULHU];
        let (real, number) = constrain_operation(builder, ["[MUL-1]", "[MUL-2]"], &row.operations, &numbers);
        for sign in row.signs {
            constrain(builder, "[MUL-3]", sign.into().bool_check());
        }
        constrain_product(builder, &row, &real);

        // Counts are bounded by [MUL-2].
        for word in [row.a, row.b] {
            bytes(builder, word[0], word[1], real.clone());
            bytes(builder, word[2], word[3], real.clone());
        }
        let rest = |byte: AB::Var, sign: AB::Var| (byte.into() - sign * Val::from_u8(128)) * Val::TWO;
        bytes(builder, rest(row.a[3], row.signs[0]), rest(row.b[3], row.signs[1]), real.clone());
        for limb in row.product {
            range16(builder, limb, real.clone());
        }
        for carry in row.carries {
            range12(builder, carry, real.clone());
        }

        let is_low: AB::Expr = row.operations[0].into();
        let is_high = real.clone() - is_low.clone();
        let half = |i: usize| is_low.clone() * row.product[i] + is_high.clone() * row.product[i + 2];
        let [a, b] = [row.a, row.b].map(|word| limbs_of_bytes(&word.map(Into::into)));
        receive_request(builder, number, a, b, [half(0), half(1)], real);
    }
}

fn constrain_product<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &MulColumns<AB::Var>, real: &AB::Expr) {
    let (a, b): ([AB::Expr; 4], [AB::Expr; 4]) = (row.a.map(Into::into), row.b.map(Into::into));
    let p = byte_products(&a, &b);
    let pair = |i: usize| p[i].clone() + p.get(i + 1).cloned().unwrap_or_default() * Val::from_u32(256);

    let [_, high, high_mixed, _]: [AB::Expr; 4] = row.operations.map(Into::into);
    let [a_sign, b_sign]: [AB::Expr; 2] = row.signs.map(Into::into);
    let a_negative = a_sign * (high.clone() + high_mixed);
    let b_negative = b_sign * high;
    let (a, b) = (limbs_of_bytes(&a), limbs_of_bytes(&b));
    let loss = |i: usize| a_negative.clone() * b[i].clone() + b_negative.clone() * a[i].clone();

    let [c0, c1, lifted2, lifted3]: [AB::Expr; 4] = row.carries.map(Into::into);
    let [c2, c3] = [lifted2, lifted3].map(|carry| carry - real.clone() * Val::TWO);
    let sums =
        [pair(0), pair(2) + c0.clone(), pair(4) + c1.clone() - loss(0), pair(6) + c2.clone() - loss(1)];
    // Each limb and its carry are those of the product.
    for ((sum, limb), carry) in sums.into_iter().zip(row.product).zip([c0, c1, c2, c3]) {
        constrain(builder, "[MUL-4]", sum - limb - carry * constant::<AB>(1 << 16));
    }
}
