//! Columns of the table of parts of words.

use crate::columns::columns;

columns! {
    /// One load or store of a byte or half word.
    SubWordColumns, SUB_WORD_WIDTH {
        /// `LBU`, `LB`, `LHU`, `LH`, `SB`, `SH`.
        operations [6],
        /// Offset of the address within the word, bit by bit.
        offset [2],
        /// Limbs of the word in memory.
        word [2],
        /// Bytes of the limb that the address is in.
        limb [2],
        /// The part that is loaded, shifted up to fill 16 bits.
        loaded,
        /// Sign of the loaded part, if it is extended.
        sign,
        /// Low two bytes of the stored value.
        stored [2],
        /// Loaded value, or word after the store.
        result [2],
    }
}
