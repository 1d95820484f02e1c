//! Trace of the bitwise table.

use finial_protocol::Val;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{BITWISE_WIDTH, BitwiseColumns};
use crate::chips::{Request, byte_values, operation, trace_of};
use crate::lookup::LookupCounts;

/// The trace of `2^log_height` rows.
///
/// # Panics
/// If the rows do not fit.
#[must_use]
pub fn generate(requests: &[Request], counts: &LookupCounts, log_height: usize) -> RowMajorMatrix<Val> {
    trace_of(requests, BITWISE_WIDTH, log_height, |&Request { operation, a, b, .. }, row| {
        for (x, y) in a.to_le_bytes().into_iter().zip(b.to_le_bytes()) {
            counts.and(x.into(), y.into());
        }
        let operations = [operation::AND, operation::OR, operation::XOR];
        let columns = BitwiseColumns {
            operations: operations.map(|number| Val::from_bool(number == operation)),
            a: byte_values(a),
            b: byte_values(b),
            and: byte_values(a & b),
        };
        columns.write(row);
    })
}
