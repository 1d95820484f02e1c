//! Columns of the lookup table.

use crate::columns::columns;

/// log2 of its height: a row for every 16-bit value.
pub const LOOKUP_LOG_HEIGHT: usize = 16;

columns! {
    /// How often each row was looked up.
    LookupColumns, LOOKUP_WIDTH {
        /// On RANGE16.
        range16,
        /// On RANGE12.
        range12,
        /// On BYTES.
        bytes,
        /// On AND.
        and,
    }
}

columns! {
    /// Row `v` for the 16-bit value `v = 256 high + low`.
    LookupPreprocessedColumns, LOOKUP_PREPROCESSED_WIDTH {
        /// Upper byte.
        high,
        /// Lower byte.
        low,
        /// `high ∧ low`.
        and,
        /// Whether `v` is below 2^12.
        is_12_bit,
    }
}
