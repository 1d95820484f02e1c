//! Columns of the shift table.

use crate::columns::columns;

columns! {
    /// One shift, by `bits + 8 bytes`.
    ShiftColumns, SHIFT_WIDTH {
        /// `SLL`, `SRL`, `SRA`.
        operations [3],
        /// Bytes of the word.
        a [4],
        /// Limbs of the second operand; its lowest five bits are the distance.
        b [2],
        /// Distance modulo 8, bit by bit.
        bits [3],
        /// Distance / 8: one of four flags.
        bytes [4],
        /// 2^(distance modulo 8).
        power,
        /// What the bytes are multiplied by: `power`, or for right shifts `256 / power`.
        multiplier,
        /// Low bytes of the products.
        low [4],
        /// High bytes of the products.
        high [4],
        /// Sign, of `SRA`.
        sign,
        /// What the sign adds to the top product: `sign (256 − multiplier)`.
        fill,
        /// Limbs of the result.
        result [2],
    }
}
