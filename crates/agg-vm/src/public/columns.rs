//! Columns of the `public` table.

use core::array::from_fn;

use crate::NUM_PUBLIC_BLOCKS;

/// Number of main columns: the block of the one slot.
pub(crate) const WIDTH: usize = 4;

/// Preprocessed columns of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preprocessed<T> {
    /// One flag per public block: the row exposes that one. All zero on padding.
    pub selectors: [T; NUM_PUBLIC_BLOCKS],
    /// Address of the cell.
    pub address: T,
}

/// Number of preprocessed columns. Those after the address are zero: whole blocks are cheaper to hash
/// in a circuit than the part of one.
pub(crate) const PREPROCESSED_WIDTH: usize = (NUM_PUBLIC_BLOCKS + 1).next_multiple_of(4);

impl<T: Copy> Preprocessed<T> {
    pub fn read(row: &[T]) -> Self {
        Self { selectors: from_fn(|i| row[i]), address: row[NUM_PUBLIC_BLOCKS] }
    }
}
