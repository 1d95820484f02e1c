//! # Purpose
//!
//! Shifts of words.
//!
//! # Rows and padding
//!
//! A row is one request of the Cpu. Padding rows are zero, but `power` is 1.
//!
//! # Columns
//!
//! See [`super::ShiftColumns`].
//!
//! # Method
//!
//! Multiplying each byte of `a` by a power of two up to 256 shifts the word to the left by up to 8 bits, into five bytes: the low
//! byte of each product and the high byte of the one below do not overlap. A shift to the right by `n` bits is one to the left by `8 − n`,
//! without its lowest byte. The rest is a shift by whole bytes.
//!
//! # Buses
//!
//! - CHIP: receives the request. BYTES: `a`, products, sign. RANGE16: rest of the second operand.
//!
//! # Degree
//!
//! 3.
//!
//! # Soundness
//!
//! - `operations` are boolean \[SHIFT-1\], at most one is set \[SHIFT-2\]; their sum counts this row's messages.
//! - `a` are the request's bytes, by BYTES.
//! - `bits` are boolean and `bytes` a choice of one \[SHIFT-3\]. The request's low limb less the distance is 32 times a 16-bit number by
//!   RANGE16, an equation between integers: so the distance is the limb modulo 32.
//! - `power`, `multiplier` are determined by \[SHIFT-4\].
//! - `low`, `high` are bytes by BYTES and those of the product (below 2^16) by \[SHIFT-5\].
//! - `sign` is the top bit of `a` for `SRA` (twice the rest is a byte), else 0; `fill` follows \[SHIFT-6\].
//! - `result` is determined by \[SHIFT-7\], its limbs made of bytes.

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{SHIFT_WIDTH, ShiftColumns};
use crate::buses::{bytes, constant, range16};
use crate::check::constrain;
use crate::chips::{constrain_operation, limbs_of_bytes, operation, receive_request};
use crate::memory_access::inverse_of_power_of_two;

/// The shift table.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShiftAir;

impl BaseAir<Val> for ShiftAir {
    fn width(&self) -> usize {
        SHIFT_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for ShiftAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = ShiftColumns::from_row(main.current_slice());
        let numbers = [operation::SLL, operation::SRL, operation::SRA];
        let (real, number) =
            constrain_operation(builder, ["[SHIFT-1]", "[SHIFT-2]"], &row.operations, &numbers);
        let distance = constrain_distance(builder, &row, real.clone());
        constrain_products(builder, &row);
        constrain_sign(builder, &row);
        constrain_result(builder, &row);

        // Counts are bounded by [SHIFT-2].
        bytes(builder, row.a[0], row.a[1], real.clone());
        bytes(builder, row.a[2], row.a[3], real.clone());
        for i in 0..4 {
            bytes(builder, row.low[i], row.high[i], real.clone());
        }
        let rest = (row.b[0].into() - distance) * inverse_of_power_of_two(5);
        range16(builder, rest, real.clone());
        let a = limbs_of_bytes(&row.a.map(Into::into));
        receive_request(builder, number, a, row.b.map(Into::into), row.result.map(Into::into), real);
    }
}

/// Returns the distance.
fn constrain_distance<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    row: &ShiftColumns<AB::Var>,
    real: AB::Expr,
) -> AB::Expr {
    for bit in row.bits.into_iter().chain(row.bytes) {
        constrain(builder, "[SHIFT-3]", bit.into().bool_check());
    }
    let [b0, b1, b2, b3]: [AB::Expr; 4] = row.bytes.map(Into::into);
    // One distance in bytes.
    constrain(builder, "[SHIFT-3]", b0 + b1.clone() + b2.clone() + b3.clone() - real);
    let [s0, s1, s2]: [AB::Expr; 3] = row.bits.map(Into::into);
    let whole = b1 + b2 * Val::TWO + b3 * Val::from_u8(3);
    s0 + s1 * Val::TWO + s2 * Val::from_u8(4) + whole * Val::from_u8(8)
}

fn constrain_products<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &ShiftColumns<AB::Var>) {
    let factors = [1, 3, 15].into_iter().zip(row.bits).map(|(n, bit)| bit * Val::from_u8(n) + AB::Expr::ONE);
    let power: AB::Expr = factors.product();
    constrain(builder, "[SHIFT-4]", power - row.power);
    let [left, srl, sra]: [AB::Expr; 3] = row.operations.map(Into::into);
    // The multiplier is the power, or 256 over it.
    let inverse = row.multiplier * row.power - constant::<AB>(256);
    constrain(builder, "[SHIFT-4]", left * (row.multiplier - row.power));
    constrain(builder, "[SHIFT-4]", (srl + sra) * inverse);
    for i in 0..4 {
        let product = row.a[i] * row.multiplier;
        constrain(builder, "[SHIFT-5]", product - row.low[i] - row.high[i] * Val::from_u32(256));
    }
}

fn constrain_sign<AB: AirBuilder<F = Val> + InteractionBuilder>(
    builder: &mut AB,
    row: &ShiftColumns<AB::Var>,
) {
    let (sign, sra): (AB::Expr, AB::Expr) = (row.sign.into(), row.operations[2].into());
    constrain(builder, "[SHIFT-6]", sign.bool_check());
    // Only arithmetic shifts bring ones.
    constrain(builder, "[SHIFT-6]", (AB::Expr::ONE - sra.clone()) * sign.clone());
    let fill = sign.clone() * (constant::<AB>(256) - row.multiplier);
    constrain(builder, "[SHIFT-6]", fill - row.fill);
    let rest = (row.a[3].into() - sign * constant::<AB>(128)) * Val::TWO;
    bytes(builder, rest, AB::Expr::ZERO, sra);
}

fn constrain_result<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &ShiftColumns<AB::Var>) {
    let [left, srl, sra]: [AB::Expr; 3] = row.operations.map(Into::into);
    let right = srl + sra;
    let (low, high): ([AB::Expr; 4], [AB::Expr; 4]) = (row.low.map(Into::into), row.high.map(Into::into));
    let ones = row.sign * Val::from_u8(255);
    let shifted = |i: usize| -> AB::Expr {
        match i {
            0 => low[0].clone(),
            1..=3 => low[i].clone() + high[i - 1].clone(),
            4 => high[3].clone() + row.fill,
            _ => ones.clone(),
        }
    };
    let limb = |lower: AB::Expr, upper: AB::Expr| lower + upper * Val::from_u32(256);
    for half in 0..2 {
        let (mut to_left, mut to_right) = (AB::Expr::ZERO, AB::Expr::ZERO);
        for (distance, &chosen) in row.bytes.iter().enumerate() {
            // Byte i of the result is byte i − distance of the shifted word, or byte i + 1 + distance.
            let from_below = |i: usize| i.checked_sub(distance).map_or(AB::Expr::ZERO, shifted);
            let from_above = |i: usize| shifted(i + 1 + distance);
            to_left += limb(from_below(2 * half), from_below(2 * half + 1)) * chosen;
            to_right += limb(from_above(2 * half), from_above(2 * half + 1)) * chosen;
        }
        constrain(builder, "[SHIFT-7]", left.clone() * (to_left - row.result[half]));
        constrain(builder, "[SHIFT-7]", right.clone() * (to_right - row.result[half]));
    }
}
