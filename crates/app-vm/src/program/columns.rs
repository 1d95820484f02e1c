//! Columns of the program table.

use crate::columns::columns;

columns! {
    /// What a segment adds to the program.
    ProgramColumns, PROGRAM_WIDTH {
        /// How often the instruction was executed.
        multiplicity,
        /// Row 0: timestamp after the last cycle. Unused elsewhere.
        final_timestamp,
    }
}

columns! {
    /// One instruction; zero on padding rows and where nothing may be executed. See [`crate::encoding::Encoded`].
    ProgramPreprocessedColumns, PROGRAM_PREPROCESSED_WIDTH {
        /// Program counter.
        pc,
        /// Flag word.
        flags,
        /// First source register.
        rs1,
        /// Second source register.
        rs2,
        /// Destination register.
        rd,
        /// Low limb of the constant operand.
        imm_lo,
        /// High limb of the constant operand.
        imm_hi,
        /// Target.
        target,
        /// 1 on row 0, else 0.
        is_first,
    }
}
