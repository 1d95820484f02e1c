//! One access to a word: what every table that reads or writes memory or registers does alike.
//!
//! The access takes the word's last message from the MEMORY bus and puts the new one there. The order of accesses
//! is checked by `now − previous − 1 = low + 2^12 · high` with two 16-bit limbs: the gap is below 2^28 + 2^16, and timestamps
//! are below 2^28, so the previous access cannot lie in the future, nor wrap around the field.

use finial_protocol::Val;
use p3_air::AirBuilder;
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use crate::buses::{MemoryMessage, memory_receive, memory_send, range16};
use crate::lookup::LookupCounts;

/// Bits of the lower limb of an honest gap; its weight is what separates the limbs.
const GAP_SHIFT: u32 = 12;

/// An access as expressions over a row.
#[derive(Clone, Debug)]
pub struct Access<E> {
    /// 1 if the access takes place, else 0.
    pub count: E,
    /// Address space.
    pub space: E,
    /// Word index.
    pub word: E,
    /// Limbs before.
    pub previous: [E; 2],
    /// Limbs after; equal to `previous` for a read.
    pub value: [E; 2],
    /// Timestamp of the access before.
    pub previous_timestamp: E,
    /// Lower limb of the gap.
    pub gap_low: E,
    /// Timestamp of this access.
    pub now: E,
}

/// Puts an access on the MEMORY bus and checks its order.
///
/// # Assumptions
/// The caller constrains `count` to 0 or 1, and `value` to 16-bit limbs wherever it is not `previous`.
pub fn access<AB: AirBuilder<F = Val> + InteractionBuilder>(builder: &mut AB, access: Access<AB::Expr>) {
    let Access { count, space, word, previous, value, previous_timestamp, gap_low, now } = access;
    let [lo, hi] = previous;
    let before = MemoryMessage {
        space: space.clone(),
        word: word.clone(),
        lo,
        hi,
        timestamp: previous_timestamp.clone(),
    };
    memory_receive(builder, before, count.clone());
    let [lo, hi] = value;
    memory_send(builder, MemoryMessage { space, word, lo, hi, timestamp: now.clone() }, count.clone());
    let gap = now - previous_timestamp - AB::Expr::ONE;
    range16(builder, gap_low.clone(), count.clone());
    range16(builder, (gap - gap_low) * inverse_of_power_of_two(GAP_SHIFT), count);
}

/// Lower limb of the gap between two accesses, counted with the upper one on RANGE16.
///
/// # Panics
/// In debug builds, if `previous` is not before `now`.
pub fn fill_gap(counts: &LookupCounts, previous: u32, now: u32) -> Val {
    debug_assert!(previous < now, "access at {now} after one at {previous}");
    let gap = now.wrapping_sub(previous).wrapping_sub(1);
    let low = gap & ((1 << GAP_SHIFT) - 1);
    counts.range16(low);
    counts.range16(gap >> GAP_SHIFT);
    Val::from_u32(low)
}

/// 2^−exponent in the field, for exponents up to 24 (p − 1 is a multiple of 2^24).
pub const fn inverse_of_power_of_two(exponent: u32) -> Val {
    const P: u32 = 0x7f00_0001;
    Val::new(P - ((P - 1) >> exponent))
}

/// The two 16-bit limbs of a word.
pub fn limbs(word: u32) -> [Val; 2] {
    [Val::from_u32(word & 0xffff), Val::from_u32(word >> 16)]
}

/// A word from its limbs, as one expression: only for what is known to be below p.
pub fn joined<E: PrimeCharacteristicRing>(limbs: [E; 2]) -> E {
    let [lo, hi] = limbs;
    lo + hi * E::from_u32(1 << 16)
}
