//! Traces of the program table.

use finial_protocol::Val;
use finial_riscv::Program;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use thiserror::Error;

use super::{PROGRAM_PREPROCESSED_WIDTH, PROGRAM_WIDTH, ProgramPreprocessedColumns};
use crate::encoding::encode_program;
use crate::memory_access::limbs;

/// The program has more instructions than the table has rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the program spans {instructions} instructions; this configuration's program table holds {capacity}")]
pub struct ProgramTooLong {
    /// Instructions of the program.
    pub instructions: usize,
    /// Rows of the table.
    pub capacity: usize,
}

/// The preprocessed trace.
///
/// # Errors
/// If the program does not fit.
pub fn preprocessed(program: &Program, log_height: usize) -> Result<RowMajorMatrix<Val>, ProgramTooLong> {
    let (instructions, capacity) = (program.instructions.len(), 1 << log_height);
    if instructions > capacity {
        return Err(ProgramTooLong { instructions, capacity });
    }
    let mut values = Val::zero_vec(capacity * PROGRAM_PREPROCESSED_WIDTH);
    let rows = values.chunks_exact_mut(PROGRAM_PREPROCESSED_WIDTH);
    for ((row, encoded), pc) in rows.zip(encode_program(program)).zip((program.pc_base..).step_by(4)) {
        if encoded.flags != 0 {
            let [imm_lo, imm_hi] = limbs(encoded.imm);
            let columns = ProgramPreprocessedColumns {
                pc: Val::from_u32(pc),
                flags: Val::from_u32(encoded.flags),
                rs1: Val::from_u32(encoded.rs1),
                rs2: Val::from_u32(encoded.rs2),
                rd: Val::from_u32(encoded.rd),
                imm_lo,
                imm_hi,
                target: encoded.target,
                is_first: Val::ZERO,
            };
            columns.write(row);
        }
    }
    values[PROGRAM_PREPROCESSED_WIDTH - 1] = Val::ONE;
    Ok(RowMajorMatrix::new(values, PROGRAM_PREPROCESSED_WIDTH))
}

/// The main trace: how often each instruction was executed, and the timestamp after the last cycle.
///
/// # Panics
/// If an index does not fit the table.
#[must_use]
pub fn generate(
    executed: impl Iterator<Item = u32>,
    final_timestamp: u32,
    log_height: usize,
) -> RowMajorMatrix<Val> {
    let mut counts = vec![0u32; 1 << log_height];
    for index in executed {
        counts[index as usize] += 1;
    }
    let mut values: Vec<Val> =
        counts.into_iter().flat_map(|count| [Val::from_u32(count), Val::ZERO]).collect();
    values[1] = Val::from_u32(final_timestamp);
    RowMajorMatrix::new(values, PROGRAM_WIDTH)
}
