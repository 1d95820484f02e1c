//! Columns of the table of products.

use crate::columns::columns;

columns! {
    /// One product.
    MulColumns, MUL_WIDTH {
        /// `MUL`, `MULH`, `MULHSU`, `MULHU`.
        operations [4],
        /// Bytes of the first factor.
        a [4],
        /// Bytes of the second factor.
        b [4],
        /// Limbs of the product, modulo 2^64.
        product [4],
        /// Carries out of the limbs; the last two lifted by 2, so that they are not negative.
        carries [4],
        /// Sign bits of both factors.
        signs [2],
    }
}
