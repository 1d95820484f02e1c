//! Columns of the boundary table.

/// Number of columns.
pub const BOUNDARY_WIDTH: usize = 23;

/// One touched leaf in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundaryColumns<T> {
    /// 1: before the segment, −1: after it, 0: padding.
    pub direction: T,
    /// Address space, 1 to 3.
    pub space: T,
    /// Index of the leaf in its space.
    pub leaf: T,
    /// The eight 16-bit cells: four words, the low limb first.
    pub cells: [T; 8],
    /// Timestamp of the last access to each word; 0 before the segment.
    pub timestamps: [T; 4],
    /// `compress(cells, 0)`.
    pub hash: [T; 8],
}

impl<T: Copy> BoundaryColumns<T> {
    /// Reads a row.
    ///
    /// # Panics
    /// If `row` has fewer than [`BOUNDARY_WIDTH`] elements.
    pub fn from_row(row: &[T]) -> Self {
        Self {
            direction: row[0],
            space: row[1],
            leaf: row[2],
            cells: core::array::from_fn(|i| row[3 + i]),
            timestamps: core::array::from_fn(|i| row[11 + i]),
            hash: core::array::from_fn(|i| row[15 + i]),
        }
    }

    /// Writes a row.
    ///
    /// # Panics
    /// If `row` has fewer than [`BOUNDARY_WIDTH`] elements.
    pub fn write(&self, row: &mut [T]) {
        [row[0], row[1], row[2]] = [self.direction, self.space, self.leaf];
        row[3..11].copy_from_slice(&self.cells);
        row[11..15].copy_from_slice(&self.timestamps);
        row[15..23].copy_from_slice(&self.hash);
    }
}
