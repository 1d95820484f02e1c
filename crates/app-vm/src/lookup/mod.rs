//! The lookup table: 16-bit and 12-bit ranges, pairs of bytes, conjunctions.

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::LookupAir;
pub use columns::{
    LOOKUP_LOG_HEIGHT, LOOKUP_PREPROCESSED_WIDTH, LOOKUP_WIDTH, LookupColumns, LookupPreprocessedColumns,
};
pub use trace::{LookupCounts, generate, preprocessed};
