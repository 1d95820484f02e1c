//! What a run leaves behind for the App VM: counts of table rows, and the record of one segment.
//!
//! # Timestamps
//!
//! Cycle `i` of a segment (from 0) owns the timestamps `8 (i + 1) ..= 8 (i + 1) + 7`; an access at
//! slot `s` of it happens at `8 (i + 1) + s` (see [`slot`] and [`ecall_slot`]). The boundary, which holds
//! the values before the segment, is timestamp 0. All stay below 2^28.
//!
//! # Address spaces
//!
//! A memory is made of words of two 16-bit limbs, four words to a Merkle leaf:
//! [`REGISTERS`] (word index = register), [`GUEST_MEMORY`] (word index = byte address / 4) and
//! [`PUBLIC_VALUES`] (word `i` holds byte `2i` in its low and byte `2i + 1` in its high limb).

/// Address space of the 32 registers.
pub const REGISTERS: u8 = 1;
/// Address space of guest memory, 2^27 words.
pub const GUEST_MEMORY: u8 = 2;
/// Address space of the 32 bytes of the public-values digest, in 16 pairs.
pub const PUBLIC_VALUES: u8 = 3;

/// Words in a Merkle leaf.
pub const LEAF_WORDS: u32 = 4;
/// Levels of the Merkle tree above its leaves.
pub const TREE_HEIGHT: u32 = 27;
/// Timestamps that one cycle owns.
pub const TIMESTAMPS_PER_CYCLE: u32 = 8;
/// Most cycles a segment may have, so that its timestamps stay below 2^28.
pub const MAX_SEGMENT_CYCLES: u32 = (1 << 25) - 1;

/// Slots of the accesses of an ordinary instruction within its cycle.
pub mod slot {
    /// Read of `rs1`.
    pub const RS1: u32 = 0;
    /// Read of `rs2`.
    pub const RS2: u32 = 1;
    /// Load or store.
    pub const MEMORY: u32 = 2;
    /// Write of `rd`.
    pub const RD: u32 = 3;
}

/// Slots of the accesses of a system call within its cycle.
pub mod ecall_slot {
    /// Read of `a7`, the number of the call.
    pub const A7: u32 = 0;
    /// Read of `a0`.
    pub const A0: u32 = 1;
    /// Read of `a1`.
    pub const A1: u32 = 2;
    /// Read of `a2`.
    pub const A2: u32 = 3;
    /// Guest memory, or the first pair of public-value cells.
    pub const MEMORY: u32 = 4;
    /// The second pair of public-value cells.
    pub const MEMORY2: u32 = 5;
    /// Write of the result to `a0`.
    pub const RESULT: u32 = 6;
}

/// First timestamp of cycle `cycle` of a segment.
pub const fn cycle_timestamp(cycle: u32) -> u32 {
    TIMESTAMPS_PER_CYCLE * (cycle + 1)
}

/// Index of a leaf in the whole Merkle tree.
pub const fn leaf_label(space: u8, leaf: u32) -> u32 {
    ((space as u32 - 1) << 25) | leaf
}

/// Read of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Read {
    /// Value read.
    pub value: u32,
    /// Timestamp of the access before.
    pub prev_ts: u32,
}

/// Write of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Write {
    /// Value before.
    pub prev: u32,
    /// Timestamp of the access before.
    pub prev_ts: u32,
    /// Value written.
    pub value: u32,
}

/// Access of a load or store to the aligned word that contains its address. A load leaves the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MemAccess {
    /// Word index, `addr / 4`.
    pub word: u32,
    /// Word before.
    pub prev: u32,
    /// Timestamp of the access before.
    pub prev_ts: u32,
    /// Word after.
    pub value: u32,
    /// Byte address the instruction computed.
    pub addr: u32,
}

/// Access of a system call to a word of some address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SpaceAccess {
    /// [`GUEST_MEMORY`] or [`PUBLIC_VALUES`].
    pub space: u8,
    /// Word index in that space.
    pub word: u32,
    /// Word before.
    pub prev: u32,
    /// Timestamp of the access before.
    pub prev_ts: u32,
    /// Word after.
    pub value: u32,
}

/// One executed instruction. A system call has no accesses here; its [`Ecall`] holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Cycle {
    /// Program counter.
    pub pc: u32,
    /// Program counter of the next instruction (`pc + 4` for every system call, `exit` too).
    pub next_pc: u32,
    /// Index in the program's instructions.
    pub instr_index: u32,
    /// Read of `rs1`, if the instruction has one (of `x0` too).
    pub rs1: Option<Read>,
    /// Read of `rs2`, if the instruction has one (of `x0` too).
    pub rs2: Option<Read>,
    /// Load or store.
    pub mem: Option<MemAccess>,
    /// Write of `rd`, unless it is `x0`.
    pub rd: Option<Write>,
}

/// One system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Ecall {
    /// Cycle of the segment.
    pub cycle: u32,
    /// Program counter.
    pub pc: u32,
    /// Number of the call.
    pub a7: Read,
    /// First argument.
    pub a0: Read,
    /// Second argument.
    pub a1: Read,
    /// Third argument.
    pub a2: Read,
    /// `read`: the word written, if any byte was transferred; `COMMIT`: the first pair of cells.
    pub mem: Option<SpaceAccess>,
    /// `COMMIT`: the second pair of cells.
    pub mem2: Option<SpaceAccess>,
    /// Result; `exit` has none.
    pub a0_write: Option<Write>,
}

/// A Merkle leaf of which at least one word was accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TouchedLeaf {
    /// Address space.
    pub space: u8,
    /// Leaf index in the space: word index / 4.
    pub leaf: u32,
    /// Words before the segment.
    pub initial: [u32; 4],
    /// Words after the segment.
    pub final_: [u32; 4],
    /// Timestamp of the last access to each word; 0 for a word that was not accessed.
    pub final_ts: [u32; 4],
}

/// Everything that happened in one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRecord {
    /// Index of the segment in the run.
    pub index: u32,
    /// Program counter of the first cycle.
    pub initial_pc: u32,
    /// Program counter after the last cycle.
    pub final_pc: u32,
    /// Whether the last cycle is an `exit`.
    pub is_terminate: bool,
    /// Its code, or 0.
    pub exit_code: u32,
    /// The executed instructions, in order.
    pub cycles: Vec<Cycle>,
    /// The system calls among them, in order.
    pub ecalls: Vec<Ecall>,
    /// The touched leaves, by `(space, leaf)`.
    pub touched: Vec<TouchedLeaf>,
}

/// What a segment consumes; each is bounded by the height of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
pub enum Resource {
    /// Executed instructions.
    Cycles,
    /// `AND`, `OR`, `XOR` and their immediate forms.
    Bitwise,
    /// All shifts.
    Shift,
    /// `MUL`, `MULH`, `MULHSU`, `MULHU`.
    Mul,
    /// `DIV`, `DIVU`, `REM`, `REMU`.
    DivRem,
    /// `LB`, `LBU`, `LH`, `LHU`, `SB`, `SH`.
    SubWord,
    /// `SLT`, `SLTU`, `SLTI`, `SLTIU`.
    Compare,
    /// Conditional branches.
    Branch,
    /// System calls.
    Ecall,
    /// Distinct touched Merkle leaves.
    Leaf,
    /// Distinct Merkle nodes strictly above the touched leaves, the root included.
    Node,
}

impl Resource {
    /// Number of resources.
    pub const COUNT: usize = Self::Node as usize + 1;

    /// Every resource, in the order of [`Counts`].
    pub const ALL: [Self; Self::COUNT] = [
        Self::Cycles,
        Self::Bitwise,
        Self::Shift,
        Self::Mul,
        Self::DivRem,
        Self::SubWord,
        Self::Compare,
        Self::Branch,
        Self::Ecall,
        Self::Leaf,
        Self::Node,
    ];
}

/// Consumption, or capacity, of each [`Resource`] (index with `resource as usize`).
pub type Counts = [u32; Resource::COUNT];

/// When to cut: before the cycle with which no row of capacities would hold all counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentPolicy {
    /// Capacities of the shapes a segment may take, the preferred first.
    pub capacities: Vec<Counts>,
}

impl SegmentPolicy {
    /// Index of the first row that holds `counts`.
    pub fn first_fit(&self, counts: &Counts) -> Option<usize> {
        self.capacities.iter().position(|row| holds(row, counts))
    }
}

/// Whether `capacity` bounds every count.
pub fn holds(capacity: &Counts, counts: &Counts) -> bool {
    capacity.iter().zip(counts).all(|(capacity, count)| count <= capacity)
}
