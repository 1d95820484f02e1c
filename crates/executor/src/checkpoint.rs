//! The state between two segments, and what the fast run says of each segment.

use finial_riscv::Program;

use crate::{Counts, GUEST_MEMORY, snapshot::Snapshot, unconstrained::Fuel};

/// The whole state at a cut: enough to rebuild the record of the segment that follows, given the program
/// and the input. Memory is shared with other checkpoints, so that it costs what changed.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Index of the segment that follows.
    pub index: u32,
    /// Program counter.
    pub pc: u32,
    /// Registers; `x0` is zero.
    pub registers: [u32; 32],
    /// Words of the public-values space.
    pub public_values: [u32; 16],
    /// Guest memory.
    pub memory: Snapshot,
    pub(crate) input_position: usize,
    pub(crate) hints: Vec<u8>,
    pub(crate) fuel: Fuel,
}

impl Checkpoint {
    pub(crate) fn initial(program: &Program, max_cycles: u64) -> Self {
        Self {
            index: 0,
            pc: program.entry,
            registers: [0; 32],
            public_values: [0; 16],
            memory: Snapshot::of_program(program),
            input_position: 0,
            hints: Vec::new(),
            fuel: Fuel { limit: max_cycles, left: max_cycles },
        }
    }
}

/// A Merkle leaf and its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Address space.
    pub space: u8,
    /// Leaf index in the space.
    pub leaf: u32,
    /// Its four words.
    pub words: [u32; 4],
}

/// The leaves of the initial memory that are not all zero, by `(space, leaf)`: those of the program's
/// image, since registers and public values start at zero.
pub fn initial_leaves(program: &Program) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = Vec::new();
    for (&address, &word) in &program.image {
        let (leaf, position) = (address / 16, (address / 4 % 4) as usize);
        if leaves.last().is_none_or(|last| last.leaf != leaf) {
            leaves.push(Leaf { space: GUEST_MEMORY, leaf, words: [0; 4] });
        }
        if let Some(last) = leaves.last_mut() {
            last.words[position] = word;
        }
    }
    leaves
}

/// A segment as the fast run found it.
#[derive(Clone, Debug)]
pub struct SegmentPlan {
    /// State before the segment.
    pub checkpoint: Checkpoint,
    /// Number of cycles.
    pub cycles: u32,
    /// Consumption, exact.
    pub counts: Counts,
    /// Leaves whose words this segment changed, with their words after it, by `(space, leaf)`.
    pub dirty_leaves: Vec<Leaf>,
    /// Program counter after the segment.
    pub final_pc: u32,
    /// Whether the segment ends with an `exit`.
    pub is_terminate: bool,
    /// Its code, or 0.
    pub exit_code: u32,
}

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Code the program exited with.
    pub exit_code: u32,
    /// What it wrote to fd 1.
    pub public_output: Vec<u8>,
    /// The digest it stored: the SHA-256 of the public output, or zero if it committed nothing.
    pub public_digest: [u8; 32],
    /// What it wrote to fd 2.
    pub diagnostics: Vec<u8>,
    /// Cycles of all segments.
    pub total_cycles: u64,
    /// Number of segments.
    pub segments: u32,
}

/// A run with all its segments.
#[derive(Clone, Debug)]
pub struct Execution {
    /// The segments, in order.
    pub segments: Vec<SegmentPlan>,
    /// Code the program exited with.
    pub exit_code: u32,
    /// What it wrote to fd 1.
    pub public_output: Vec<u8>,
    /// The digest it stored: the SHA-256 of the public output, or zero if it committed nothing.
    pub public_digest: [u8; 32],
    /// What it wrote to fd 2.
    pub diagnostics: Vec<u8>,
    /// Cycles of all segments.
    pub total_cycles: u64,
}
