//! Columns of the Merkle table.

/// Number of columns.
pub const MERKLE_WIDTH: usize = 29;

/// One node above the touched leaves, in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MerkleColumns<T> {
    /// `expand_direction`. 1: before the segment, −1: after it, 0: padding.
    pub direction: T,
    /// Height of the children: 0 to 26.
    pub height: T,
    /// Label of the node; its children are `2·label` and `2·label + 1`.
    pub label: T,
    /// `direction` if something below the left child was touched, 0 if it is the same in both directions (`left_same`).
    pub left_direction: T,
    /// The same of the right child (`right_same`).
    pub right_direction: T,
    /// Hash of the node.
    pub parent: [T; 8],
    /// Hash of the left child.
    pub left: [T; 8],
    /// Hash of the right child.
    pub right: [T; 8],
}

impl<T: Copy> MerkleColumns<T> {
    /// Reads a row.
    ///
    /// # Panics
    /// If `row` has fewer than [`MERKLE_WIDTH`] elements.
    pub fn from_row(row: &[T]) -> Self {
        Self {
            direction: row[0],
            height: row[1],
            label: row[2],
            left_direction: row[3],
            right_direction: row[4],
            parent: core::array::from_fn(|i| row[5 + i]),
            left: core::array::from_fn(|i| row[13 + i]),
            right: core::array::from_fn(|i| row[21 + i]),
        }
    }

    /// Writes a row.
    ///
    /// # Panics
    /// If `row` has fewer than [`MERKLE_WIDTH`] elements.
    pub fn write(&self, row: &mut [T]) {
        [row[0], row[1], row[2]] = [self.direction, self.height, self.label];
        [row[3], row[4]] = [self.left_direction, self.right_direction];
        row[5..13].copy_from_slice(&self.parent);
        row[13..21].copy_from_slice(&self.left);
        row[21..29].copy_from_slice(&self.right);
    }
}
