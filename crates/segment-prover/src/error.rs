//! Why a run is not proven.

use finial_app_vm::memory_tree::TreeError;
use finial_app_vm::program::ProgramTooLong;
use finial_app_vm::shape::DoesNotFit;
use finial_executor::ExecutionError;
use finial_protocol::MachineError;
use thiserror::Error;

/// Why a run is not proven.
#[derive(Debug, Error)]
pub enum ProveError {
    /// The program has no room in the program table.
    #[error(transparent)]
    Program(#[from] ProgramTooLong),
    /// The run failed.
    #[error("the run cannot be proven: {0}")]
    Execution(#[from] ExecutionError),
    /// The program says that it failed.
    #[error(
        "the program exited with code {code}, and only a run that exits with 0 has a proof; it said: {diagnostics}"
    )]
    ExitCode {
        /// Its code.
        code: u32,
        /// What it wrote to fd 2.
        diagnostics: String,
    },
    /// A segment fits no shape of the catalogue.
    #[error("segment {segment} fits no shape of the catalogue")]
    NoShape {
        /// Index of the segment.
        segment: u32,
    },
    /// There is no shape of this index.
    #[error("the catalogue has no shape {0}")]
    UnknownShape(usize),
    /// A record does not fit its shape.
    #[error("segment {segment}: {source}")]
    Fit {
        /// Index of the segment.
        segment: u32,
        /// What is wrong.
        source: DoesNotFit,
    },
    /// A record does not fit the memory it starts from.
    #[error("segment {segment}: {source}")]
    Memory {
        /// Index of the segment.
        segment: u32,
        /// What is wrong.
        source: TreeError,
    },
    /// Keys or proof failed.
    #[error("segment {segment}: {source}")]
    Machine {
        /// Index of the segment.
        segment: u32,
        /// What is wrong.
        source: MachineError,
    },
    /// Key generation failed.
    #[error("the App VM's keys cannot be made: {0}")]
    Keys(MachineError),
    /// The public-value cells hold something else than bytes.
    #[error("the public-value cells after the run are not bytes")]
    PublicValues,
    /// A worker ended without a result.
    #[error("segment {0} has no proof: its worker ended early")]
    Lost(u32),
}
