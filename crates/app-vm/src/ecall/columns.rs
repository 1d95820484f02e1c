//! Columns of the system-call table.

use crate::columns::columns;

columns! {
    /// One system call.
    EcallColumns, ECALL_WIDTH {
        /// Program counter.
        pc,
        /// First timestamp of the cycle.
        timestamp,
        /// `read`, `write`, `exit`, `commit`, `enter`.
        calls [5],
        /// Limbs of the first argument, `a0`.
        first [2],
        /// Limbs of the second argument, `a1`.
        second [2],
        /// Limbs of the third argument, `a2`.
        third [2],
        /// Limbs of the result, the new `a0`.
        result [2],
        /// The code of an exit, else 0.
        exit_code,
        /// Whether a `read` transfers any byte.
        transfers,
        /// Word index of the access of `read` or the first of `commit`.
        word,
        /// Limbs of that word before.
        previous [2],
        /// Limbs of that word after.
        value [2],
        /// Limbs of the second word of `commit` before.
        previous2 [2],
        /// `read`: bytes of the word before.
        old_bytes [4],
        /// `read`: bytes of the word after; `commit`: bytes of the second argument.
        new_bytes [4],
        /// `read`: which bytes are transferred.
        mask [4],
        /// `read`: which byte of the word the address names.
        start [4],
        /// `read`: borrow of the low limb of `length − count`.
        borrow,
        /// What must be below 2^16 to bound the address or index: 8 times the upper limb, or 2^13 times the index.
        bounded,
        /// Timestamps of the accesses before: `a7`, `a0`, `a1`, `a2`, the word, the second word.
        previous_timestamps [6],
        /// Lower limbs of their gaps.
        gaps_low [6],
    }
}
