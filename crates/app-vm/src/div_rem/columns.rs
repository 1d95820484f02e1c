//! Columns of the table of quotients and remainders.

use crate::columns::columns;

columns! {
    /// One division. Magnitudes are absolute values for the signed operations, the words themselves for the others.
    DivRemColumns, DIV_REM_WIDTH {
        /// `DIV`, `DIVU`, `REM`, `REMU`.
        operations [4],
        /// Limbs of the dividend.
        a [2],
        /// Limbs of the divisor.
        b [2],
        /// Sign of the dividend; 0 if unsigned.
        a_sign,
        /// Sign of the divisor; 0 if unsigned.
        b_sign,
        /// Limbs of the dividend's magnitude.
        a_magnitude [2],
        /// Bytes of the divisor's magnitude.
        b_magnitude [4],
        /// Bytes of the quotient's magnitude.
        quotient [4],
        /// Limbs of the remainder's magnitude.
        remainder [2],
        /// Limbs of the magnitude that is asked for.
        magnitude [2],
        /// Limbs of the result.
        result [2],
        /// Carry out of the low limb of `quotient · divisor + remainder`.
        carry,
        /// Borrow of the low limb of `divisor − remainder − 1`.
        borrow,
        /// Whether the divisor is 0.
        is_zero,
        /// Inverse of the sum of the divisor's bytes, if it is not 0.
        inverse,
        /// Whether the operands' signs differ.
        signs_differ,
        /// Whether the result is the magnitude's negative.
        negate,
    }
}
