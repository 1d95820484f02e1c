//! Columns of the Cpu table.

use crate::columns::columns;
use crate::encoding::CPU_FLAGS;

columns! {
    /// One executed instruction (not a system call).
    ///
    /// An instruction makes at most three accesses, so there are three slots: A reads `rs1`; B reads `rs2` or, for a load,
    /// memory; C writes `rd` or, for a store, memory.
    CpuColumns, CPU_WIDTH {
        /// Program counter.
        pc,
        /// First timestamp of the cycle.
        timestamp,
        /// Program counter of the next cycle.
        next_pc,
        /// Jump target, offset or operation, by the program.
        target,
        /// Whether the row is an instruction, that is, has a class.
        real,
        /// Flags by the program, see [`crate::encoding::flag`].
        flags [CPU_FLAGS],
        /// Slot A: register.
        a_word,
        /// Slot A: limbs of the first operand.
        a [2],
        /// Slot A: timestamp of the access before.
        a_previous_timestamp,
        /// Slot A: lower limb of the gap.
        a_gap_low,
        /// Slot B: register, or word index of a load.
        b_word,
        /// Slot B: limbs of the second operand: `rs2`, the loaded word, or the program's constant.
        b [2],
        /// Slot B: timestamp of the access before.
        b_previous_timestamp,
        /// Slot B: lower limb of the gap.
        b_gap_low,
        /// Slot C: register, or word index of a store.
        c_word,
        /// Slot C: limbs before. Branches have no slot C and use them as witnesses of inequality.
        c_previous [2],
        /// Slot C: limbs after: the instruction's result, or the stored word.
        c [2],
        /// Slot C: timestamp of the access before.
        c_previous_timestamp,
        /// Slot C: lower limb of the gap.
        c_gap_low,
        /// Limbs of sum, difference or address.
        s [2],
        /// Comparisons: high limb of `a`, its sign bit flipped if signed. Addresses: `8 s[1]`.
        u,
        /// Comparisons: high limb of `b`, its sign bit flipped if signed. Parts of words: the operation.
        v,
        /// Carry or borrow of the low limb.
        carry_lo,
        /// Carry or borrow of the high limb: the outcome of a comparison.
        carry_hi,
    }
}
