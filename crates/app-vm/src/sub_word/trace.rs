//! Trace of the table of parts of words.

use finial_protocol::Val;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::air::OPERATIONS;
use super::{SUB_WORD_WIDTH, SubWordColumns};
use crate::chips::{Request, operation, trace_of};
use crate::lookup::LookupCounts;
use crate::memory_access::limbs;

/// The trace of `2^log_height` rows.
///
/// # Panics
/// If the rows do not fit.
#[must_use]
pub fn generate(requests: &[Request], counts: &LookupCounts, log_height: usize) -> RowMajorMatrix<Val> {
    trace_of(requests, SUB_WORD_WIDTH, log_height, |request, row| columns(request, counts).write(row))
}

fn columns(&Request { operation, a: word, b, c }: &Request, counts: &LookupCounts) -> SubWordColumns<Val> {
    let (stored, offset) = (b & 0xffff, b >> 16);
    let limb = word >> (8 * (offset & 2)) & 0xffff;
    let (first, second) = (limb & 0xff, limb >> 8);
    counts.bytes(first, second);
    if matches!(operation, operation::SB | operation::SH) {
        counts.bytes(stored & 0xff, stored >> 8);
    }
    let loaded = match operation {
        operation::LBU | operation::LB => (if offset & 1 == 0 { first } else { second }) << 8,
        operation::LHU | operation::LH => limb,
        _ => 0,
    };
    let extends = matches!(operation, operation::LB | operation::LH);
    let sign = if extends { loaded >> 15 } else { 0 };
    if extends {
        counts.range16(2 * (loaded - (sign << 15)));
    }
    SubWordColumns {
        operations: OPERATIONS.map(|number| Val::from_bool(number == operation)),
        offset: [offset & 1, offset >> 1].map(Val::from_u32),
        word: limbs(word),
        limb: [first, second].map(Val::from_u32),
        loaded: Val::from_u32(loaded),
        sign: Val::from_u32(sign),
        stored: [stored & 0xff, stored >> 8].map(Val::from_u32),
        result: limbs(c),
    }
}
