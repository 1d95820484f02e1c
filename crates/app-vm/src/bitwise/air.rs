//! # Purpose
//!
//! `AND`, `OR`, `XOR` of two words.
//!
//! # Rows and padding
//!
//! A row is one request of the Cpu. Padding rows are zero.
//!
//! # Columns
//!
//! See [`super::BitwiseColumns`].
//!
//! # Buses
//!
//! - CHIP: receives the request. AND: looks up the conjunction of each pair of bytes.
//!
//! # Degree
//!
//! 3, of the fraction of CHIP, whose result has degree 2; the constraints have 2.
//!
//! # Soundness
//!
//! - `operations` are boolean \[BITWISE-1\], at most one is set \[BITWISE-2\]; their sum counts this row's messages.
//! - `a`, `b` are bytes and `and` their conjunction, by AND. The operands' limbs are those of the request, so their bytes are too. Or
//!   and exclusive or follow from `x + y = (x | y) + (x & y)` and `(x | y) = (x ^ y) + (x & y)`.

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_lookup::InteractionBuilder;

use super::{BITWISE_WIDTH, BitwiseColumns};
use crate::buses::{AND, send};
use crate::chips::{constrain_operation, limbs_of_bytes, operation, receive_request};

/// The bitwise table.
#[derive(Clone, Copy, Debug, Default)]
pub struct BitwiseAir;

impl BaseAir<Val> for BitwiseAir {
    fn width(&self) -> usize {
        BITWISE_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for BitwiseAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = BitwiseColumns::from_row(main.current_slice());
        let numbers = [operation::AND, operation::OR, operation::XOR];
        let (real, number) =
            constrain_operation(builder, ["[BITWISE-1]", "[BITWISE-2]"], &row.operations, &numbers);

        let [is_and, is_or, is_xor]: [AB::Expr; 3] = row.operations.map(Into::into);
        let [a, b, and]: [[AB::Expr; 4]; 3] = [row.a, row.b, row.and].map(|bytes| bytes.map(Into::into));
        for i in 0..4 {
            // Bounded by [BITWISE-2].
            send(builder, AND, [a[i].clone(), b[i].clone(), and[i].clone()], real.clone());
        }
        let result: [AB::Expr; 4] = core::array::from_fn(|i| {
            let or = a[i].clone() + b[i].clone() - and[i].clone();
            let xor = or.clone() - and[i].clone();
            is_and.clone() * and[i].clone() + is_or.clone() * or + is_xor.clone() * xor
        });
        let [a, b, c] = [&a, &b, &result].map(limbs_of_bytes);
        receive_request(builder, number, a, b, c, real);
    }
}
