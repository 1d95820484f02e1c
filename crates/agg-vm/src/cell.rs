//! Handles the builder hands out: what a program may name.

/// A write-once memory cell holding one block, that is one element of [`E`](crate::E).
///
/// A cell is only meaningful to the [`Builder`](crate::Builder) that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell(pub(crate) u32);

impl Cell {
    /// The cell's address on the memory bus.
    pub const fn address(self) -> u32 {
        self.0
    }
}

/// A cell whose value some row of the program constrains to be 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bit(pub(crate) Cell);

impl Bit {
    /// The bit as an ordinary cell.
    pub const fn cell(self) -> Cell {
        self.0
    }
}

impl From<Bit> for Cell {
    fn from(bit: Bit) -> Self {
        bit.0
    }
}
