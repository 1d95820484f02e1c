//! Why a proof is not accepted.

use finial_protocol::MachineError;
use thiserror::Error;

/// Why bytes are not a proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// They do not decode.
    #[error("the bytes are not a proof: {0}")]
    Malformed(String),
    /// Bytes follow the proof.
    #[error("{0} bytes follow the proof")]
    Trailing(usize),
    /// They decode, but the proof has other bytes.
    #[error("the bytes are not the canonical encoding of the proof they hold")]
    NotCanonical,
    /// The serialiser failed.
    #[error("the proof cannot be encoded: {0}")]
    Encode(String),
}

/// Why a proof of a run is not accepted.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// There is nothing to verify.
    #[error("the proof has no segments")]
    NoSegments,
    /// A segment claims a shape that the catalogue has not.
    #[error("segment {segment} claims shape {shape}, of which the catalogue knows nothing")]
    UnknownShape {
        /// Index of the segment.
        segment: usize,
        /// Its claim.
        shape: u32,
    },
    /// A segment's STARK does not verify.
    #[error("segment {segment}: {source}")]
    Segment {
        /// Index of the segment.
        segment: usize,
        /// The verdict.
        source: MachineError,
    },
    /// The executable's entry is no program counter.
    #[error("the executable claims to start at {0:#x}, which is no program counter")]
    PcStart(u32),
    /// The run does not start where the program does.
    #[error("the first segment starts at another program counter than the executable")]
    FirstPc,
    /// The run does not start from the program's memory.
    #[error("the first segment starts from another memory root than the executable")]
    FirstRoot,
    /// A segment does not continue at the program counter of the one before.
    #[error("segment {segment} does not start at the program counter at which the one before it ended")]
    Pc {
        /// Index of the segment.
        segment: usize,
    },
    /// A segment does not continue from the memory of the one before.
    #[error("segment {segment} does not start from the memory root at which the one before it ended")]
    Root {
        /// Index of the segment.
        segment: usize,
    },
    /// The program ended, and segments follow.
    #[error("segment {segment} ends the run, but is not the last")]
    EarlyTermination {
        /// Index of the segment.
        segment: usize,
    },
    /// The last segment does not end the run.
    #[error("the run does not terminate")]
    NotTerminated,
    /// The program failed.
    #[error("the program exited with code {0}, not 0")]
    ExitCode(u32),
    /// The public values are not those of the last memory.
    #[error("the public values do not open against the last memory root")]
    PublicValues,
    /// The shapes of a configuration do not go together.
    #[error(
        "a catalogue needs at least one shape, tables of 2^23 rows at most, a lookup table of 2^16, and one height of the \
         program table in all shapes"
    )]
    Catalogue,
    /// A verifying key could not be made.
    #[error("the verifying key cannot be made: {0}")]
    Key(MachineError),
}
