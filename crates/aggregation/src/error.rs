//! What can go wrong in the tree.

use finial_agg_vm::{DoesNotFit, ExecutionError};
use finial_protocol::MachineError;
use finial_public_values::PvsError;
use finial_recursion::UnpackError;
use thiserror::Error;

/// Why the tree cannot be built or is not accepted.
#[derive(Debug, Error)]
pub enum AggregationError {
    /// A recursion program exceeds the heights of its layer.
    #[error("the {program} program exceeds its layer: {source}")]
    DoesNotFit {
        /// Which program.
        program: String,
        /// How.
        source: DoesNotFit,
    },
    /// Keys or proofs of the Agg VM.
    #[error("{program}: {source}")]
    Machine {
        /// Which program.
        program: String,
        /// What.
        source: MachineError,
    },
    /// A child's proof has not the shape of its key or does not verify.
    #[error("{program}: a proof below it cannot be taken apart: {source}")]
    Unpack {
        /// Which program.
        program: String,
        /// Why.
        source: UnpackError,
    },
    /// A recursion program rejects its witness: a proof below it is not valid, or proofs do not belong together.
    #[error("{program} rejects what is below it: {source}")]
    Rejected {
        /// Which program.
        program: String,
        /// Where.
        source: ExecutionError,
    },
    /// There is nothing to aggregate.
    #[error("there are no segment proofs to aggregate")]
    Empty,
    /// A segment claims a shape that the configuration has not.
    #[error("there is no leaf program for shape {0}")]
    UnknownShape(usize),
    /// There is no internal program of this arity.
    #[error("there is no internal program over {0} proofs")]
    UnknownArity(usize),
    /// Public values of the wrong length.
    #[error(transparent)]
    PublicValues(#[from] PvsError),
    /// The execution did not end.
    #[error("the proof's execution does not terminate")]
    NotTerminated,
    /// The execution failed.
    #[error("the program exited with code {0}, not 0")]
    ExitCode(u32),
    /// The user public values are not those of the last memory.
    #[error("the user public values are not those that the proof commits to")]
    UserPublicValues,
    /// The proof is about another executable.
    #[error("the proof is about another executable: its exe_commit differs")]
    ExeCommit,
    /// The proof was made with other leaf programs.
    #[error("the proof was made with other leaf programs: its leaf_commit differs")]
    LeafCommit,
    /// The proof believes in other internal programs.
    #[error("the proof was made with other internal programs")]
    InternalCommit,
}
