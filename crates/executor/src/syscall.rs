//! System calls: what they do is planned first, without any effect, then applied.
//!
//! A plan says which word the call accesses and what it returns; so the fast run can meter (and cut
//! before) the call, and the tracing run can record it.

use finial_riscv::ADDRESS_LIMIT;

use crate::{GUEST_MEMORY, PUBLIC_VALUES, error::Cause};

/// Highest exit code: as a public value it is one limb, so that no code looks like another.
const MAX_EXIT_CODE: u32 = 0xffff;

/// Numbers of the system calls (`a7`). Those below 0x1000 are Linux's.
pub mod call {
    /// `read(fd, buffer, length)`: fd 0 is the input, fd 4 the hint stream.
    pub const READ: u32 = 63;
    /// `write(fd, buffer, length)`: fd 1 public output, 2 diagnostics, 3 the hint stream.
    pub const WRITE: u32 = 64;
    /// `exit(code)`.
    pub const EXIT: u32 = 93;
    /// `commit(index, word)`: stores bytes `4 index ..` of the public-values digest.
    pub const COMMIT: u32 = 0x1000;
    /// Begins an unconstrained block: returns 1 within it, 0 after it.
    pub const UNCONSTRAINED_ENTER: u32 = 0x1001;
    /// Ends an unconstrained block.
    pub const UNCONSTRAINED_LEAVE: u32 = 0x1002;
}

/// Most bytes the host keeps of the public output, the diagnostics or the unread hints.
pub const MAX_OUTPUT: usize = 1 << 26;

const FD_INPUT: u32 = 0;
const FD_PUBLIC: u32 = 1;
const FD_DIAGNOSTICS: u32 = 2;
const FD_HINT_WRITE: u32 = 3;
const FD_HINT_READ: u32 = 4;

/// Registers of a system call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments {
    pub(crate) a7: u32,
    pub(crate) a0: u32,
    pub(crate) a1: u32,
    pub(crate) a2: u32,
}

/// Change of one word: the bits of `mask` become those of `bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WordChange {
    pub(crate) space: u8,
    pub(crate) word: u32,
    pub(crate) mask: u32,
    pub(crate) bits: u32,
}

impl WordChange {
    pub(crate) const fn apply(self, previous: u32) -> u32 {
        (previous & !self.mask) | self.bits
    }
}

/// What the host itself does for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostEffect {
    None,
    Consume { hints: bool, count: usize },
    Append { fd: u32, address: u32, length: u32 },
}

/// What a call is going to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Exit { code: u32 },
    Enter,
    Leave,
    Return { result: u32, changes: [Option<WordChange>; 2], host: HostEffect },
}

impl Plan {
    /// The words the call accesses beside registers.
    pub(crate) fn changes(&self) -> [Option<WordChange>; 2] {
        match self {
            Self::Return { changes, .. } => *changes,
            _ => [None; 2],
        }
    }
}

/// Whether a call comes from the proven run or from an unconstrained block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Constrained,
    Unconstrained,
}

/// The side of the host: streams and what was written.
#[derive(Clone, Debug)]
pub(crate) struct Host<'i> {
    pub(crate) input: &'i [u8],
    pub(crate) input_position: usize,
    pub(crate) hints: Vec<u8>,
    pub(crate) hint_position: usize,
    pub(crate) public_output: Vec<u8>,
    pub(crate) diagnostics: Vec<u8>,
}

/// Position of both read streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Positions {
    input: usize,
    hints: usize,
}

impl<'i> Host<'i> {
    pub(crate) const fn new(input: &'i [u8], input_position: usize, hints: Vec<u8>) -> Self {
        Self {
            input,
            input_position,
            hints,
            hint_position: 0,
            public_output: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Hints that were not read yet.
    pub(crate) fn unread_hints(&self) -> &[u8] {
        self.hints.get(self.hint_position..).unwrap_or_default()
    }

    /// Drops the hints that were read.
    pub(crate) fn forget_read_hints(&mut self) {
        self.hints.drain(..self.hint_position.min(self.hints.len()));
        self.hint_position = 0;
    }

    fn unread_input(&self) -> &[u8] {
        self.input.get(self.input_position..).unwrap_or_default()
    }

    pub(crate) const fn positions(&self) -> Positions {
        Positions { input: self.input_position, hints: self.hint_position }
    }

    pub(crate) const fn rewind(&mut self, positions: Positions) {
        self.input_position = positions.input;
        self.hint_position = positions.hints;
    }

    /// Says what a call is going to do, or why it cannot.
    pub(crate) fn plan(&self, call: Arguments, mode: Mode) -> Result<Plan, Cause> {
        let constrained = mode == Mode::Constrained;
        let only_constrained = |call| match mode {
            Mode::Constrained => Ok(()),
            Mode::Unconstrained => Err(Cause::InUnconstrained { call }),
        };
        match call.a7 {
            call::READ => self.plan_read(call),
            call::WRITE => plan_write(call, constrained),
            call::EXIT if call.a0 > MAX_EXIT_CODE => Err(Cause::ExitCode { code: call.a0 }),
            call::EXIT => only_constrained("exit").map(|()| Plan::Exit { code: call.a0 }),
            call::COMMIT => only_constrained("commit").and_then(|()| plan_commit(call)),
            call::UNCONSTRAINED_ENTER => only_constrained("enter").map(|()| Plan::Enter),
            call::UNCONSTRAINED_LEAVE if constrained => Err(Cause::NotInUnconstrained { call: "leave" }),
            call::UNCONSTRAINED_LEAVE => Ok(Plan::Leave),
            number => Err(Cause::UnknownCall { number }),
        }
    }

    /// A read transfers at most up to the end of the aligned word that contains the buffer, and never
    /// more than was asked for: the host cannot write beyond the buffer.
    fn plan_read(&self, call: Arguments) -> Result<Plan, Cause> {
        let (hints, stream) = match call.a0 {
            FD_INPUT => (false, self.unread_input()),
            FD_HINT_READ => (true, self.unread_hints()),
            fd => return Err(Cause::UnknownFd { call: "read", fd }),
        };
        let offset = call.a1 % 4;
        let count = (4 - offset).min(call.a2).min(u32::try_from(stream.len()).unwrap_or(u32::MAX));
        if count == 0 {
            return Ok(Plan::Return { result: 0, changes: [None; 2], host: HostEffect::None });
        }
        if call.a1 >= ADDRESS_LIMIT {
            return Err(Cause::BufferOutside { call: "read", address: call.a1, length: call.a2 });
        }
        let (mut mask, mut bits) = (0, 0);
        for (&byte, position) in stream.iter().zip(offset..offset + count) {
            mask |= 0xff << (8 * position);
            bits |= u32::from(byte) << (8 * position);
        }
        let change = WordChange { space: GUEST_MEMORY, word: call.a1 / 4, mask, bits };
        let host = HostEffect::Consume { hints, count: count as usize };
        Ok(Plan::Return { result: count, changes: [Some(change), None], host })
    }

    /// Performs the host's part of a plan; `byte` reads guest memory.
    pub(crate) fn apply(&mut self, effect: HostEffect, byte: impl Fn(u32) -> u8) -> Result<(), Cause> {
        match effect {
            HostEffect::None => Ok(()),
            HostEffect::Consume { hints: false, count } => {
                self.input_position += count;
                Ok(())
            }
            HostEffect::Consume { hints: true, count } => {
                self.hint_position += count;
                Ok(())
            }
            HostEffect::Append { fd, address, length } => self.append(fd, address, length, byte),
        }
    }

    fn append(&mut self, fd: u32, address: u32, length: u32, byte: impl Fn(u32) -> u8) -> Result<(), Cause> {
        let (what, sink) = match fd {
            FD_PUBLIC => ("the public output", &mut self.public_output),
            FD_HINT_WRITE => ("the hint stream", &mut self.hints),
            _ => ("the diagnostics", &mut self.diagnostics),
        };
        if sink.len() + length as usize > MAX_OUTPUT {
            return Err(Cause::OutputTooLarge { what, limit: MAX_OUTPUT });
        }
        sink.extend((address..address + length).map(byte));
        Ok(())
    }
}

/// Byte of a word-addressed memory.
pub(crate) const fn byte_of(word: u32, address: u32) -> u8 {
    (word >> (8 * (address % 4))) as u8
}

fn plan_write(call: Arguments, constrained: bool) -> Result<Plan, Cause> {
    let (fd, address, length) = (call.a0, call.a1, call.a2);
    match fd {
        FD_DIAGNOSTICS => {}
        FD_PUBLIC if constrained => {}
        FD_PUBLIC => return Err(Cause::InUnconstrained { call: "write to fd 1" }),
        FD_HINT_WRITE if !constrained => {}
        FD_HINT_WRITE => return Err(Cause::NotInUnconstrained { call: "write to fd 3" }),
        fd => return Err(Cause::UnknownFd { call: "write", fd }),
    }
    if u64::from(address) + u64::from(length) > u64::from(ADDRESS_LIMIT) {
        return Err(Cause::BufferOutside { call: "write", address, length });
    }
    let host = HostEffect::Append { fd, address, length };
    Ok(Plan::Return { result: length, changes: [None; 2], host })
}

fn plan_commit(call: Arguments) -> Result<Plan, Cause> {
    let (index, value) = (call.a0, call.a1);
    if index >= 8 {
        return Err(Cause::PublicIndex { index });
    }
    let pair = |half: u32| {
        let bytes = value >> (16 * half);
        let bits = (bytes & 0xff) | ((bytes & 0xff00) << 8);
        Some(WordChange { space: PUBLIC_VALUES, word: 2 * index + half, mask: u32::MAX, bits })
    };
    Ok(Plan::Return { result: 0, changes: [pair(0), pair(1)], host: HostEffect::None })
}

/// The 32 bytes that stand in the words of the public-values space.
pub(crate) fn public_bytes(words: &[u32; 16]) -> [u8; 32] {
    std::array::from_fn(|i| (words[i / 2] >> (16 * (i % 2))) as u8)
}

/// What the guest finds on fd 0 for the input a person gave: its length as a little-endian `u32`,
/// then its bytes. (A length beyond `u32` is written as `u32::MAX`, which no guest can hold.)
pub fn frame_input(input: &[u8]) -> Vec<u8> {
    let length = u32::try_from(input.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes(), input].concat()
}
