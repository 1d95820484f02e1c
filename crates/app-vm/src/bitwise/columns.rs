//! Columns of the bitwise table.

use crate::columns::columns;

columns! {
    /// One operation.
    BitwiseColumns, BITWISE_WIDTH {
        /// `AND`, `OR`, `XOR`.
        operations [3],
        /// Bytes of the first operand.
        a [4],
        /// Bytes of the second operand.
        b [4],
        /// Bytes of their conjunction.
        and [4],
    }
}
