//! Trace of the shift table.

use finial_protocol::Val;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{SHIFT_WIDTH, ShiftColumns};
use crate::chips::{Request, byte_values, operation, trace_of};
use crate::lookup::LookupCounts;
use crate::memory_access::limbs;

/// The trace of `2^log_height` rows.
///
/// # Panics
/// If the rows do not fit.
#[must_use]
pub fn generate(requests: &[Request], counts: &LookupCounts, log_height: usize) -> RowMajorMatrix<Val> {
    let mut trace =
        trace_of(requests, SHIFT_WIDTH, log_height, |request, row| columns(request, counts).write(row));
    let padding = ShiftColumns { power: Val::ONE, ..ShiftColumns::default() };
    for row in trace.values.chunks_exact_mut(SHIFT_WIDTH).skip(requests.len()) {
        padding.write(row);
    }
    trace
}

fn columns(&Request { operation, a, b, c }: &Request, counts: &LookupCounts) -> ShiftColumns<Val> {
    let (bits, bytes) = (b & 7, b >> 3 & 3);
    let power = 1u32 << bits;
    let multiplier = if operation == operation::SLL { power } else { 256 / power };
    let products = a.to_le_bytes().map(|byte| u32::from(byte) * multiplier);
    let sign = if operation == operation::SRA { a >> 31 } else { 0 };

    counts.bytes(a & 0xff, a >> 8 & 0xff);
    counts.bytes(a >> 16 & 0xff, a >> 24);
    for product in products {
        counts.bytes(product & 0xff, product >> 8);
    }
    counts.range16((b & 0xffff) >> 5);
    if operation == operation::SRA {
        counts.bytes(2 * ((a >> 24) - 128 * sign), 0);
    }
    ShiftColumns {
        operations: [operation::SLL, operation::SRL, operation::SRA].map(|o| Val::from_bool(o == operation)),
        a: byte_values(a),
        b: limbs(b),
        bits: [0, 1, 2].map(|i| Val::from_u32(bits >> i & 1)),
        bytes: [0, 1, 2, 3].map(|i| Val::from_bool(bytes == i)),
        power: Val::from_u32(power),
        multiplier: Val::from_u32(multiplier),
        low: products.map(|product| Val::from_u32(product & 0xff)),
        high: products.map(|product| Val::from_u32(product >> 8)),
        sign: Val::from_u32(sign),
        fill: Val::from_u32(sign * (256 - multiplier)),
        result: limbs(c),
    }
}
