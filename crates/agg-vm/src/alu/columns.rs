//! Columns of the `alu` table.

use core::array::from_fn;

/// Operations a row holds, side by side: each has main columns, preprocessed columns and slots of
/// its own, and no constraint speaks of two of them.
pub(crate) const LANES: usize = 2;

/// Main columns of a lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<T> {
    /// The blocks of slots a, b, c, out.
    pub slots: [[T; 4]; 4],
}

/// Number of main columns of a lane.
pub(crate) const LANE_WIDTH: usize = 16;
/// Number of main columns.
pub(crate) const WIDTH: usize = LANE_WIDTH * LANES;

impl<T: Copy> Columns<T> {
    /// The lanes of a row.
    pub fn lanes(row: &[T]) -> [Self; LANES] {
        from_fn(|lane| {
            let cells = &row[LANE_WIDTH * lane..];
            Self { slots: from_fn(|i| from_fn(|j| cells[4 * i + j])) }
        })
    }
}

/// Preprocessed columns of a lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preprocessed<T> {
    /// Addresses of the slots.
    pub addresses: [T; 4],
    /// Bus multiplicities of the slots.
    pub multiplicities: [T; 4],
    /// Coefficients of `a·b`, `a·c`, `a`, `b`, `c`, `1` and `X`.
    pub coeffs: [T; 7],
    /// Flags: coordinate 1, 2, 3 of `a` is zero.
    pub zero: [T; 3],
    /// Flag: coordinate 0 of `a` is 0 or 1.
    pub boolean: T,
}

/// Number of preprocessed columns of a lane.
pub(crate) const PREPROCESSED_LANE_WIDTH: usize = 19;
/// Number of preprocessed columns. Those after the lanes' are zero: whole blocks are cheaper to hash
/// in a circuit than the part of one.
pub(crate) const PREPROCESSED_WIDTH: usize = (PREPROCESSED_LANE_WIDTH * LANES).next_multiple_of(4);

impl<T: Copy> Preprocessed<T> {
    /// The lanes of a row.
    pub fn lanes(row: &[T]) -> [Self; LANES] {
        from_fn(|lane| Self::read(&row[PREPROCESSED_LANE_WIDTH * lane..]))
    }

    fn read(row: &[T]) -> Self {
        Self {
            addresses: from_fn(|i| row[i]),
            multiplicities: from_fn(|i| row[4 + i]),
            coeffs: from_fn(|i| row[8 + i]),
            zero: from_fn(|i| row[15 + i]),
            boolean: row[18],
        }
    }

    pub fn write(&self, row: &mut [T]) {
        row[..4].copy_from_slice(&self.addresses);
        row[4..8].copy_from_slice(&self.multiplicities);
        row[8..15].copy_from_slice(&self.coeffs);
        row[15..18].copy_from_slice(&self.zero);
        row[18] = self.boolean;
    }
}
