//! Trace of the table of quotients and remainders.

use finial_protocol::Val;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::{DIV_REM_WIDTH, DivRemColumns};
use crate::chips::{Request, byte_values, operation, trace_of};
use crate::lookup::LookupCounts;
use crate::memory_access::limbs;

/// The trace of `2^log_height` rows.
///
/// # Panics
/// If the rows do not fit.
#[must_use]
pub fn generate(requests: &[Request], counts: &LookupCounts, log_height: usize) -> RowMajorMatrix<Val> {
    trace_of(requests, DIV_REM_WIDTH, log_height, |request, row| columns(request, counts).write(row))
}

fn columns(&Request { operation, a, b, c }: &Request, counts: &LookupCounts) -> DivRemColumns<Val> {
    let signed = matches!(operation, operation::DIV | operation::REM);
    let is_quotient = matches!(operation, operation::DIV | operation::DIVU);
    let negative = |word: u32| signed && word >> 31 == 1;
    let magnitude_of = |word: u32| if negative(word) { word.wrapping_neg() } else { word };
    let (a_negative, b_negative) = (negative(a), negative(b));
    let (dividend, divisor) = (magnitude_of(a), magnitude_of(b));
    let quotient = dividend.checked_div(divisor).unwrap_or(u32::MAX);
    let remainder = dividend.checked_rem(divisor).unwrap_or(dividend);
    let is_zero = divisor == 0;
    let negate = if is_quotient { a_negative != b_negative && !is_zero } else { a_negative };
    let carry = low_carry(quotient, divisor, remainder);
    let borrow = remainder & 0xffff >= divisor & 0xffff;

    for word in [divisor, quotient] {
        counts.bytes(word & 0xff, word >> 8 & 0xff);
        counts.bytes(word >> 16 & 0xff, word >> 24);
    }
    for limb in [dividend & 0xffff, remainder & 0xffff, remainder >> 16, c & 0xffff, c >> 16] {
        counts.range16(limb);
    }
    counts.range12(carry);
    if signed {
        counts.range16((a >> 15) & 0xfffe);
        counts.range16((b >> 15) & 0xfffe);
    }
    if !is_zero {
        let difference = divisor - remainder - 1;
        counts.range16(difference & 0xffff);
        counts.range16(difference >> 16);
    }

    let bytes = byte_values(divisor);
    let sum: Val = bytes.iter().copied().sum();
    let numbers = [operation::DIV, operation::DIVU, operation::REM, operation::REMU];
    DivRemColumns {
        operations: numbers.map(|number| Val::from_bool(number == operation)),
        a: limbs(a),
        b: limbs(b),
        a_sign: Val::from_bool(a_negative),
        b_sign: Val::from_bool(b_negative),
        a_magnitude: limbs(dividend),
        b_magnitude: bytes,
        quotient: byte_values(quotient),
        remainder: limbs(remainder),
        magnitude: limbs(if is_quotient { quotient } else { remainder }),
        result: limbs(c),
        carry: Val::from_u32(carry),
        borrow: Val::from_bool(borrow && !is_zero),
        is_zero: Val::from_bool(is_zero),
        inverse: sum.try_inverse().unwrap_or_default(),
        signs_differ: Val::from_bool(a_negative != b_negative),
        negate: Val::from_bool(negate),
    }
}

/// Carry out of the low limb of `quotient · divisor + remainder`, as the constraints add it up.
fn low_carry(quotient: u32, divisor: u32, remainder: u32) -> u32 {
    let byte = |word: u32, i: u32| word >> (8 * i) & 0xff;
    let weight0 = byte(quotient, 0) * byte(divisor, 0);
    let weight1 = byte(quotient, 0) * byte(divisor, 1) + byte(quotient, 1) * byte(divisor, 0);
    (weight0 + 256 * weight1 + (remainder & 0xffff)) >> 16
}
