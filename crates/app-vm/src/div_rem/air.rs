//! # Purpose
//!
//! Quotients and remainders of words, signed and unsigned.
//!
//! # Rows and padding
//!
//! A row is one request of the Cpu. Padding rows are zero.
//!
//! # Columns
//!
//! See [`super::DivRemColumns`].
//!
//! # Method
//!
//! `|a| = |q| |b| + |r|` with `|r| < |b|` over integers, which determines `|q|` and `|r|`; the signs follow the manual: that of the
//! quotient is negative if the operands' differ, that of the remainder is the dividend's. A divisor 0 gives the quotient
//! 2^32 − 1 and the remainder `a`; −2^31 / −1 is 2^31, which is −2^31 as a word.
//!
//! # Buses
//!
//! - CHIP: receives the request. BYTES: divisor and quotient. RANGE16: signs, limbs, `|b| − |r| − 1`. RANGE12: `carry`.
//!
//! # Degree
//!
//! 3.
//!
//! # Soundness
//!
//! - `operations` are boolean \[DIVREM-1\], at most one is set \[DIVREM-2\]; their sum counts this row's messages. `a`, `b` are the
//!   request's.
//! - `a_sign`, `b_sign` are boolean, 0 for unsigned operations \[DIVREM-3\], else the top bits: twice the rest is 16 bit.
//! - `a_magnitude`, `b_magnitude` are the operands, or what adds up to 2^32 with them \[DIVREM-4\]: limbs are 16 bit (bytes), so the
//!   carries, boolean, are determined; a negative operand is not 0.
//! - `is_zero` is boolean and says whether the divisor is 0 \[DIVREM-5\]; `inverse` is its witness.
//! - `quotient`, `remainder`, `carry`: \[DIVREM-6\] is an equation between integers (each side below 2^28). Products above the upper limb are
//!   a sum of non-negative integers that is 0. With `|r| < |b|` (the difference less 1 has 16-bit limbs; `borrow` is boolean) the
//!   pair is unique. If the divisor is 0, the remainder is `|a|`, and the quotient is 2^32 − 1 by \[DIVREM-7\].
//! - `signs_differ`, `negate` by \[DIVREM-8\]; `magnitude` by \[DIVREM-9\].
//! - `result` by \[DIVREM-10\]: the magnitude, or what adds up to 0 modulo 2^32 with it; 16-bit limbs by RANGE16.

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::{Algebra, PrimeCharacteristicRing};
use p3_lookup::InteractionBuilder;

use super::{DIV_REM_WIDTH, DivRemColumns};
use crate::buses::{bytes, constant, range12, range16};
use crate::check::constrain;
use crate::chips::{byte_products, constrain_operation, limbs_of_bytes, operation, receive_request};
use crate::memory_access::inverse_of_power_of_two;

/// The table of quotients and remainders.
#[derive(Clone, Copy, Debug, Default)]
pub struct DivRemAir;

impl BaseAir<Val> for DivRemAir {
    fn width(&self) -> usize {
        DIV_REM_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

/// Flags that several constraints share.
struct Flags<E> {
    real: E,
    signed: E,
    quotient: E,
    remainder: E,
    is_zero: E,
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for DivRemAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = DivRemColumns::from_row(main.current_slice());
        let numbers = [operation::DIV, operation::DIVU, operation::REM, operation::REMU];
        let (real, number) =
            constrain_operation(builder, ["[DIVREM-1]", "[DIVREM-2]"], &row.operations, &numbers);
        let [div, divu, rem, remu]: [AB::Expr; 4] = row.operations.map(Into::into);
        let flags = Flags {
            signed: div.clone() + rem.clone(),
            quotient: div + divu,
            remainder: rem + remu,
            is_zero: row.is_zero.into(),
            real: real.clone(),
        };
        constrain_signs(builder, &row, &flags);
        constrain_division(builder, &row, &flags);
        constrain_result(builder, &row, &flags);
        push_ranges(builder, &row, &flags);
        receive_request(
            builder,
            number,
            row.a.map(Into::into),
            row.b.map(Into::into),
            row.result.map(Into::into),
            real,
        );
    }
}

/// Carries of `x + y`, if it is a multiple of 2^32; boolean if it is 0 or 2^32.
fn carries<E: Algebra<Val>>(x: [E; 2], y: [E; 2]) -> [E; 2] {
    let ([x_lo, x_hi], [y_lo, y_hi]) = (x, y);
    let low = (x_lo + y_lo) * inverse_of_power_of_two(16);
    [low.clone(), (x_hi + y_hi + low) * inverse_of_power_of_two(16)]
}

fn constrain_signs<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    row: &DivRemColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    let b_magnitude = limbs_of_bytes(&row.b_magnitude.map(Into::into));
    let operands = [(row.a_sign, row.a, row.a_magnitude.map(Into::into)), (row.b_sign, row.b, b_magnitude)];
    for (sign, word, magnitude) in operands {
        let (sign, word): (AB::Expr, [AB::Expr; 2]) = (sign.into(), word.map(Into::into));
        constrain(builder, "[DIVREM-3]", sign.bool_check());
        // Unsigned operands have no sign.
        constrain(builder, "[DIVREM-3]", (AB::Expr::ONE - flags.signed.clone()) * sign.clone());
        for (limb, magnitude) in word.iter().zip(&magnitude) {
            let change = magnitude.clone() - limb.clone();
            constrain(builder, "[DIVREM-4]", (AB::Expr::ONE - sign.clone()) * change);
        }
        let [low, high] = carries(word, magnitude);
        constrain(builder, "[DIVREM-4]", sign.clone() * low.bool_check());
        constrain(builder, "[DIVREM-4]", sign * (high - AB::Expr::ONE));
    }
}

fn constrain_division<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    row: &DivRemColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    let is_zero = flags.is_zero.clone();
    let divisor: AB::Expr = row.b_magnitude.iter().map(|&byte| byte.into()).sum();
    constrain(builder, "[DIVREM-5]", is_zero.bool_check());
    // Zero only if it is, not zero only if it is not.
    constrain(builder, "[DIVREM-5]", is_zero.clone() * divisor.clone());
    constrain(builder, "[DIVREM-5]", divisor * row.inverse - (flags.real.clone() - is_zero.clone()));

    let p = byte_products(&row.quotient.map(Into::into), &row.b_magnitude.map(Into::into));
    let pair = |i: usize| p[i].clone() + p[i + 1].clone() * Val::from_u32(256);
    let low = pair(0) + row.remainder[0] - row.a_magnitude[0] - row.carry * Val::from_u32(1 << 16);
    let high = pair(2) + row.remainder[1] + row.carry - row.a_magnitude[1];
    constrain(builder, "[DIVREM-6]", low);
    constrain(builder, "[DIVREM-6]", high);
    constrain(builder, "[DIVREM-6]", p[4].clone() + p[5].clone() + p[6].clone());
    constrain(builder, "[DIVREM-6]", row.borrow.into().bool_check());

    for byte in row.quotient {
        let not_ones = byte.into() - constant::<AB>(255);
        constrain(builder, "[DIVREM-7]", is_zero.clone() * flags.quotient.clone() * not_ones);
    }
}

fn constrain_result<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    row: &DivRemColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    let (a_sign, b_sign, negate): (AB::Expr, AB::Expr, AB::Expr) =
        (row.a_sign.into(), row.b_sign.into(), row.negate.into());
    let both = a_sign.clone() * b_sign.clone();
    let differ: AB::Expr = row.signs_differ.into();
    constrain(builder, "[DIVREM-8]", a_sign.clone() + b_sign - both * Val::TWO - differ.clone());
    let quotient_sign = differ * (AB::Expr::ONE - flags.is_zero.clone());
    constrain(builder, "[DIVREM-8]", flags.quotient.clone() * (negate.clone() - quotient_sign));
    constrain(builder, "[DIVREM-8]", flags.remainder.clone() * (negate.clone() - a_sign));

    let quotient = limbs_of_bytes(&row.quotient.map(Into::into));
    for (i, quotient) in quotient.into_iter().enumerate() {
        let magnitude: AB::Expr = row.magnitude[i].into();
        constrain(builder, "[DIVREM-9]", flags.quotient.clone() * (magnitude.clone() - quotient));
        constrain(builder, "[DIVREM-9]", flags.remainder.clone() * (magnitude.clone() - row.remainder[i]));
        constrain(builder, "[DIVREM-10]", (AB::Expr::ONE - negate.clone()) * (magnitude - row.result[i]));
    }
    let [low, high] = carries::<AB::Expr>(row.magnitude.map(Into::into), row.result.map(Into::into));
    constrain(builder, "[DIVREM-10]", negate.clone() * low.bool_check());
    constrain(builder, "[DIVREM-10]", negate * high.bool_check());
}

fn push_ranges<AB: AirBuilder<F = Val> + InteractionBuilder>(
    builder: &mut AB,
    row: &DivRemColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    // Counts are bounded by [DIVREM-2] and, for the last two, [DIVREM-5].
    let real = || flags.real.clone();
    for word in [row.b_magnitude, row.quotient] {
        bytes(builder, word[0], word[1], real());
        bytes(builder, word[2], word[3], real());
    }
    for limb in [row.a_magnitude[0], row.remainder[0], row.remainder[1], row.result[0], row.result[1]] {
        range16(builder, limb, real());
    }
    range12(builder, row.carry, real());
    for (limb, sign) in [(row.a[1], row.a_sign), (row.b[1], row.b_sign)] {
        let rest = (limb.into() - sign * Val::from_u32(1 << 15)) * Val::TWO;
        range16(builder, rest, flags.signed.clone());
    }
    let [b_lo, b_hi] = limbs_of_bytes::<AB::Expr>(&row.b_magnitude.map(Into::into));
    let borrowed = row.borrow * Val::from_u32(1 << 16);
    let not_zero = real() - flags.is_zero.clone();
    range16(builder, b_lo - row.remainder[0] - AB::Expr::ONE + borrowed, not_zero.clone());
    range16(builder, b_hi - row.remainder[1] - row.borrow, not_zero);
}
