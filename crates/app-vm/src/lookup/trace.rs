//! Traces of the lookup table, and the counters that the other tables' traces fill.

use std::sync::atomic::{AtomicU32, Ordering};

use finial_protocol::Val;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{LOOKUP_LOG_HEIGHT, LOOKUP_PREPROCESSED_WIDTH, LOOKUP_WIDTH};

const ROWS: usize = 1 << LOOKUP_LOG_HEIGHT;

/// How often each value was looked up, on each bus. Tables are traced in parallel and count into one.
#[derive(Debug)]
pub struct LookupCounts {
    range16: Vec<AtomicU32>,
    range12: Vec<AtomicU32>,
    bytes: Vec<AtomicU32>,
    and: Vec<AtomicU32>,
}

impl Default for LookupCounts {
    fn default() -> Self {
        let zeros = || (0..ROWS).map(|_| AtomicU32::new(0)).collect();
        Self { range16: zeros(), range12: zeros(), bytes: zeros(), and: zeros() }
    }
}

fn count(counters: &[AtomicU32], value: u32) {
    // A value out of range is a fault of the record; the bus will not balance and the proof fails, without a panic here.
    if let Some(counter) = counters.get(value as usize) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl LookupCounts {
    /// Counts a lookup on RANGE16.
    pub fn range16(&self, x: u32) {
        count(&self.range16, x);
    }

    /// Counts a lookup on RANGE12.
    pub fn range12(&self, x: u32) {
        count(&self.range12, x);
    }

    /// Counts a lookup on BYTES.
    pub fn bytes(&self, x: u32, y: u32) {
        count(&self.bytes, 256 * x + y);
    }

    /// Counts a lookup on AND.
    pub fn and(&self, x: u32, y: u32) {
        count(&self.and, 256 * x + y);
    }
}

/// The main trace.
#[must_use]
pub fn generate(counts: &LookupCounts) -> RowMajorMatrix<Val> {
    let columns = [&counts.range16, &counts.range12, &counts.bytes, &counts.and];
    let rows =
        (0..ROWS).flat_map(|row| columns.map(|column| Val::from_u32(column[row].load(Ordering::Relaxed))));
    RowMajorMatrix::new(rows.collect(), LOOKUP_WIDTH)
}

/// The preprocessed trace.
#[must_use]
pub fn preprocessed() -> RowMajorMatrix<Val> {
    let rows = (0..ROWS as u32).flat_map(|value| {
        let (high, low) = (value >> 8, value & 0xff);
        [high, low, high & low, u32::from(value < 1 << 12)].map(Val::from_u32)
    });
    RowMajorMatrix::new(rows.collect(), LOOKUP_PREPROCESSED_WIDTH)
}
