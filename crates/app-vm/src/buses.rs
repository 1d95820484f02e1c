//! Every bus of the App VM: its message, who sends and who receives, and what bounds its multiplicities.
//!
//! | bus | message | sends (+) | receives (−) | bound on each count |
//! |---|---|---|---|---|
//! | [`EXECUTION`] | pc, timestamp, halted, exit code | Cpu, Ecall (next), Program (first) | Cpu, Ecall, Program (last) | row flags, boolean; Program's is preprocessed |
//! | [`PROGRAM`] | pc, flags, rs1, rs2, rd, imm lo, imm hi, target | Cpu, Ecall (lookups) | Program, provided | row flags, boolean |
//! | [`MEMORY`] | space, word, lo, hi, timestamp | Cpu, Ecall (new), Boundary (initial) | Cpu, Ecall (previous), Boundary (final) | access flags, boolean |
//! | [`RANGE16`] | x | everyone (x < 2^16) | Lookup, provided | row flags, boolean |
//! | [`RANGE12`] | x | Mul, DivRem, Merkle (x < 2^12) | Lookup, provided | row flags, boolean |
//! | [`BYTES`] | x, y | chips (x, y < 2^8) | Lookup, provided | row flags, boolean |
//! | [`AND`] | x, y, x ∧ y (bytes) | Bitwise | Lookup, provided | row flags, boolean |
//! | [`CHIP`] | operation, a lo, a hi, b lo, b hi, c lo, c hi | Cpu | Bitwise, Shift, Mul, DivRem, SubWord | row flags, boolean |
//! | [`MERKLE`] | direction, height, label, hash × 8 | Merkle, Boundary, Program (last root) | Merkle, Boundary, Program (first root) | direction in {−1, 0, 1}; Program's is preprocessed |
//! | [`POSEIDON2_DIRECT`] | left × 8, right × 8, out × 8 | Merkle, Boundary (lookups) | Poseidon2, provided | row flags, boolean |
//!
//! Each table states at its `Count::bounded` the constraint that bounds it. A timestamp gap is checked by two
//! [`RANGE16`] limbs, the upper weighted 2^12, so [`RANGE12`] is rarely wanted.

use p3_air::AirBuilder;
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

/// The chain of cycles.
pub const EXECUTION: &str = "execution";
/// Decoded instructions.
pub const PROGRAM: &str = "program";
/// The last value and timestamp of every word.
pub const MEMORY: &str = "memory";
/// Elements below 2^16.
pub const RANGE16: &str = "range16";
/// Elements below 2^12.
pub const RANGE12: &str = "range12";
/// Pairs of bytes.
pub const BYTES: &str = "bytes";
/// Pairs of bytes with their conjunction.
pub const AND: &str = "and";
/// Operations the Cpu leaves to side tables.
pub const CHIP: &str = "chip";
/// Nodes of the memory tree.
pub const MERKLE: &str = "merkle";
/// The compression function.
pub const POSEIDON2_DIRECT: &str = "poseidon2_direct";

/// A message on [`MEMORY`].
#[derive(Clone, Debug)]
pub struct MemoryMessage<E> {
    /// Address space.
    pub space: E,
    /// Word index in the space.
    pub word: E,
    /// Low 16 bits of the word.
    pub lo: E,
    /// High 16 bits of the word.
    pub hi: E,
    /// Timestamp of the access that left the word so.
    pub timestamp: E,
}

impl<E> MemoryMessage<E> {
    fn fields(self) -> [E; 5] {
        [self.space, self.word, self.lo, self.hi, self.timestamp]
    }
}

/// Sends a message `count` times.
///
/// # Assumptions
/// The caller constrains `count` to 0 or 1.
pub fn send<AB: InteractionBuilder>(
    builder: &mut AB,
    bus: &str,
    fields: impl IntoIterator<Item = AB::Expr>,
    count: impl Into<AB::Expr>,
) {
    builder.push_interaction(bus, fields, Count::bounded(count.into(), 1));
}

/// Receives a message `count` times.
///
/// # Assumptions
/// The caller constrains `count` to 0 or 1.
pub fn receive<AB: InteractionBuilder>(
    builder: &mut AB,
    bus: &str,
    fields: impl IntoIterator<Item = AB::Expr>,
    count: impl Into<AB::Expr>,
) {
    builder.push_interaction(bus, fields, Count::bounded(-count.into(), 1));
}

/// Provides a table entry as often as it was looked up; `multiplicity` is free.
pub fn provide<AB: InteractionBuilder>(
    builder: &mut AB,
    bus: &str,
    fields: impl IntoIterator<Item = AB::Expr>,
    multiplicity: impl Into<AB::Expr>,
) {
    builder.push_interaction(bus, fields, Count::provided(-multiplicity.into()));
}

/// Sends a word on [`MEMORY`]; the caller bounds `count` to 0 or 1.
pub fn memory_send<AB: InteractionBuilder>(
    builder: &mut AB,
    message: MemoryMessage<AB::Expr>,
    count: impl Into<AB::Expr>,
) {
    send(builder, MEMORY, message.fields(), count);
}

/// Receives a word on [`MEMORY`]; the caller bounds `count` to 0 or 1.
pub fn memory_receive<AB: InteractionBuilder>(
    builder: &mut AB,
    message: MemoryMessage<AB::Expr>,
    count: impl Into<AB::Expr>,
) {
    receive(builder, MEMORY, message.fields(), count);
}

/// Looks up that `x` is below 2^16; the caller bounds `count` to 0 or 1.
pub fn range16<AB: InteractionBuilder>(builder: &mut AB, x: impl Into<AB::Expr>, count: impl Into<AB::Expr>) {
    send(builder, RANGE16, [x.into()], count);
}

/// Looks up that `x` is below 2^12; the caller bounds `count` to 0 or 1.
pub fn range12<AB: InteractionBuilder>(builder: &mut AB, x: impl Into<AB::Expr>, count: impl Into<AB::Expr>) {
    send(builder, RANGE12, [x.into()], count);
}

/// Looks up that `x` and `y` are below 2^8; the caller bounds `count` to 0 or 1.
pub fn bytes<AB: InteractionBuilder>(
    builder: &mut AB,
    x: impl Into<AB::Expr>,
    y: impl Into<AB::Expr>,
    count: impl Into<AB::Expr>,
) {
    send(builder, BYTES, [x.into(), y.into()], count);
}

/// The integer `n` as an expression.
pub fn constant<AB: AirBuilder>(n: u32) -> AB::Expr {
    AB::Expr::from_u32(n)
}
