//! # Purpose
//!
//! Provides the program's instructions, and (as the connector) ties the segment's public values to the buses: where execution
//! begins and ends, and the memory roots before and after.
//!
//! # Rows and padding
//!
//! Row `i` is the program's instruction `i`. Rows that must not be executed, padding among them, are zero: their flag word 0 is
//! that of no Cpu or Ecall row. Row 0 is the connector too.
//!
//! # Columns
//!
//! Main: [`super::ProgramColumns`]; preprocessed: [`super::ProgramPreprocessedColumns`].
//!
//! # Public values
//!
//! [`SegmentPublicValues`].
//!
//! # Buses
//!
//! - PROGRAM: provides `(pc, flags, rs1, rs2, rd, imm_lo, imm_hi, target)`.
//! - EXECUTION: sends `(initial_pc, 8, 0, 0)` and receives `(final_pc, final_timestamp, is_terminate, exit_code)`, once each.
//! - MERKLE: receives the initial and sends the final root, see [`crate::merkle`].
//!
//! # Degree
//!
//! No constraints; messages have degree 1.
//!
//! # Soundness
//!
//! - Preprocessed columns are bound by the program commitment (`app_commit`). `is_first` counts the connector's messages: it is
//!   1 on exactly one row, so there is one execution, and one root a direction.
//! - `multiplicity` is free: a provided row is true whatever its count.
//! - `final_timestamp` is that of the last cycle, by EXECUTION: each cycle adds 8 to the timestamp, so there
//!   is one chain from the first message to the last, and no row stands outside it (a cycle of cycles would need p rows).
//! - `is_terminate`, `exit_code` come from the last sender on EXECUTION: only an exit sends anything but zeros there,
//!   and nobody but the connector receives that.

use finial_protocol::{Digest, Val};
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use super::{PROGRAM_PREPROCESSED_WIDTH, PROGRAM_WIDTH, ProgramColumns, ProgramPreprocessedColumns};
use crate::buses::{EXECUTION, PROGRAM, constant, provide, receive, send};
use crate::merkle::push_root_messages;

/// Timestamp of the first cycle of a segment.
const FIRST_TIMESTAMP: u32 = finial_executor::cycle_timestamp(0);

/// Number of public values, all of them the program table's.
pub const PROGRAM_PUBLIC_VALUES: usize = 20;

/// The public values of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentPublicValues {
    /// 1 if the last cycle is an exit, else 0.
    pub is_terminate: Val,
    /// Program counter of the first cycle.
    pub initial_pc: Val,
    /// Program counter after the last cycle.
    pub final_pc: Val,
    /// The exit code (16 bits), 0 if the segment does not terminate.
    pub exit_code: Val,
    /// Memory root before the segment.
    pub initial_root: Digest,
    /// Memory root after the segment.
    pub final_root: Digest,
}

impl SegmentPublicValues {
    /// As the flat list that the proof carries.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Val> {
        let mut values = vec![self.is_terminate, self.initial_pc, self.final_pc, self.exit_code];
        values.extend(self.initial_root);
        values.extend(self.final_root);
        values
    }

    /// From the flat list, if it has the right length.
    #[must_use]
    pub fn from_slice(values: &[Val]) -> Option<Self> {
        let [is_terminate, initial_pc, final_pc, exit_code, roots @ ..] = values else { return None };
        let (initial, last) = roots.split_at_checked(8)?;
        Some(Self {
            is_terminate: *is_terminate,
            initial_pc: *initial_pc,
            final_pc: *final_pc,
            exit_code: *exit_code,
            initial_root: initial.try_into().ok()?,
            final_root: last.try_into().ok()?,
        })
    }
}

/// The program table. The prover's carries its preprocessed trace, the verifier's does not.
#[derive(Clone, Debug, Default)]
pub struct ProgramAir {
    preprocessed: Option<RowMajorMatrix<Val>>,
}

impl ProgramAir {
    /// The table of a prover.
    #[must_use]
    pub const fn with_preprocessed(preprocessed: RowMajorMatrix<Val>) -> Self {
        Self { preprocessed: Some(preprocessed) }
    }
}

impl BaseAir<Val> for ProgramAir {
    fn width(&self) -> usize {
        PROGRAM_WIDTH
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        self.preprocessed.clone()
    }

    fn preprocessed_width(&self) -> usize {
        PROGRAM_PREPROCESSED_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }

    fn num_public_values(&self) -> usize {
        PROGRAM_PUBLIC_VALUES
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for ProgramAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = ProgramColumns::from_row(main.current_slice());
        let fixed = ProgramPreprocessedColumns::from_row(builder.preprocessed().current_slice());
        let instruction =
            [fixed.pc, fixed.flags, fixed.rs1, fixed.rs2, fixed.rd, fixed.imm_lo, fixed.imm_hi, fixed.target];
        provide(builder, PROGRAM, instruction.map(Into::into), row.multiplicity);

        let public: Vec<AB::Expr> = builder.public_values().iter().map(|&value| value.into()).collect();
        let [is_terminate, initial_pc, final_pc, exit_code, roots @ ..] = &public[..] else {
            panic!("a segment has {PROGRAM_PUBLIC_VALUES} public values")
        };
        let first = [initial_pc.clone(), constant::<AB>(FIRST_TIMESTAMP), AB::Expr::ZERO, AB::Expr::ZERO];
        let last = [final_pc.clone(), row.final_timestamp.into(), is_terminate.clone(), exit_code.clone()];
        // Both counts are preprocessed: 1 on row 0, else 0.
        send(builder, EXECUTION, first, fixed.is_first);
        receive(builder, EXECUTION, last, fixed.is_first);
        let root = |start: usize| core::array::from_fn(|i| roots[start + i].clone());
        push_root_messages(builder, fixed.is_first.into(), root(0), root(8));
    }
}
