//! Trace of the table of products.

use finial_protocol::Val;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{MUL_WIDTH, MulColumns};
use crate::chips::{Request, byte_values, operation, trace_of};
use crate::lookup::LookupCounts;

/// The trace of `2^log_height` rows.
///
/// # Panics
/// If the rows do not fit.
#[must_use]
pub fn generate(requests: &[Request], counts: &LookupCounts, log_height: usize) -> RowMajorMatrix<Val> {
    trace_of(requests, MUL_WIDTH, log_height, |request, row| columns(request, counts).write(row))
}

fn columns(&Request { operation, a, b, .. }: &Request, counts: &LookupCounts) -> MulColumns<Val> {
    let [a_sign, b_sign] = [a, b].map(|word| word >> 31);
    let a_negative = a_sign == 1 && matches!(operation, operation::MULH | operation::MULHSU);
    let b_negative = b_sign == 1 && operation == operation::MULH;
    let (product, carries) = multiply(a, b, a_negative, b_negative);

    for word in [a, b] {
        counts.bytes(word & 0xff, word >> 8 & 0xff);
        counts.bytes(word >> 16 & 0xff, word >> 24);
    }
    counts.bytes(2 * ((a >> 24) & 127), 2 * ((b >> 24) & 127));
    product.iter().for_each(|&limb| counts.range16(limb));
    carries.iter().for_each(|&carry| counts.range12(carry));
    let numbers = [operation::MUL, operation::MULH, operation::MULHSU, operation::MULHU];
    MulColumns {
        operations: numbers.map(|number| Val::from_bool(number == operation)),
        a: byte_values(a),
        b: byte_values(b),
        product: product.map(Val::from_u32),
        carries: carries.map(Val::from_u32),
        signs: [a_sign, b_sign].map(Val::from_u32),
    }
}

/// Limbs and (lifted) carries, computed as the constraints state them.
fn multiply(a: u32, b: u32, a_negative: bool, b_negative: bool) -> ([u32; 4], [u32; 4]) {
    let (x, y) = (a.to_le_bytes(), b.to_le_bytes());
    let mut weights = [0i64; 8];
    for (i, &x) in x.iter().enumerate() {
        for (j, &y) in y.iter().enumerate() {
            weights[i + j] += i64::from(x) * i64::from(y);
        }
    }
    let (mut limbs, mut carries, mut carry) = ([0; 4], [0; 4], 0i64);
    for i in 0..4 {
        let mut sum = weights[2 * i] + 256 * weights[2 * i + 1] + carry;
        if i >= 2 {
            let shift = 16 * (i - 2);
            sum -= i64::from(a_negative) * i64::from(b >> shift & 0xffff);
            sum -= i64::from(b_negative) * i64::from(a >> shift & 0xffff);
        }
        carry = sum >> 16;
        limbs[i] = (sum & 0xffff) as u32;
        carries[i] = (carry + if i >= 2 { 2 } else { 0 }) as u32;
    }
    (limbs, carries)
}
