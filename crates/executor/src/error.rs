//! Why a run has no result.

use thiserror::Error;

/// What an instruction did wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum Cause {
    #[error("not an instruction of RV32IM")]
    Illegal,
    #[error("jump to {target:#x}, which is not word-aligned")]
    MisalignedJump { target: u32 },
    #[error("jump to {target:#x}, outside the program")]
    JumpOutside { target: u32 },
    #[error("the program counter ran out of the program")]
    RanOut,
    #[error("exit with code {code}, above 65535")]
    ExitCode { code: u32 },
    #[error("misaligned access of {size} bytes at {address:#x}")]
    Misaligned { address: u32, size: u32 },
    #[error("access at {address:#x}, beyond the address limit 0x20000000")]
    OutOfRange { address: u32 },
    #[error("unknown system call {number}")]
    UnknownCall { number: u32 },
    #[error("system call {call} with unknown file descriptor {fd}")]
    UnknownFd { call: &'static str, fd: u32 },
    #[error("system call {call} of {length} bytes at {address:#x} exceeds the address limit 0x20000000")]
    BufferOutside { call: &'static str, address: u32, length: u32 },
    #[error("public-values word {index}; there are 8")]
    PublicIndex { index: u32 },
    #[error("{what} grew beyond {limit} bytes")]
    OutputTooLarge { what: &'static str, limit: usize },
    #[error("{call} within an unconstrained block")]
    InUnconstrained { call: &'static str },
    #[error("{call} outside an unconstrained block")]
    NotInUnconstrained { call: &'static str },
}

/// Why a run was refused or could not be finished.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum ExecutionError {
    #[error("at pc {pc:#010x} (instruction word {word:#010x}): {cause}")]
    Fault { pc: u32, word: u32, cause: Cause },
    #[error("the program did not exit within {limit} cycles")]
    CycleLimit { limit: u64 },
    #[error("the cycle at pc {pc:#010x} alone exceeds every row of segment capacities")]
    PolicyTooSmall { pc: u32 },
    #[error("the {length} bytes the program wrote to fd 1 do not hash to the digest it stored")]
    DigestMismatch { length: usize },
    #[error("segment {index} does not replay from its checkpoint: {what}")]
    Replay { index: u32, what: &'static str },
    #[error("the run was stopped by the consumer of its segments")]
    Stopped,
}
