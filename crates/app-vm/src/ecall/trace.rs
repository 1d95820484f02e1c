//! Trace of the system-call table.

use finial_executor::{Ecall, GUEST_MEMORY, SpaceAccess, call, cycle_timestamp, ecall_slot};
use finial_protocol::Val;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use rayon::prelude::*;

use super::air::CALLS;
use super::{ECALL_WIDTH, EcallColumns};
use crate::chips::byte_values;
use crate::lookup::LookupCounts;
use crate::memory_access::{fill_gap, limbs};

/// The trace of `2^log_height` rows.
///
/// # Panics
/// If the rows do not fit: the caller chose the shape by their number.
#[must_use]
pub fn generate(ecalls: &[Ecall], counts: &LookupCounts, log_height: usize) -> RowMajorMatrix<Val> {
    assert!(ecalls.len() <= 1 << log_height, "system-call table too small");
    let mut values = Val::zero_vec(ECALL_WIDTH << log_height);
    values.par_chunks_exact_mut(ECALL_WIDTH).zip(ecalls.par_iter()).for_each(|(row, ecall)| {
        columns(ecall, counts).write(row);
    });
    RowMajorMatrix::new(values, ECALL_WIDTH)
}

fn columns(ecall: &Ecall, counts: &LookupCounts) -> EcallColumns<Val> {
    let now = cycle_timestamp(ecall.cycle);
    let is_exit = ecall.a7.value == call::EXIT;
    let mut row = EcallColumns {
        pc: Val::from_u32(ecall.pc),
        timestamp: Val::from_u32(now),
        calls: CALLS.map(|number| Val::from_bool(number == ecall.a7.value)),
        first: limbs(ecall.a0.value),
        second: limbs(ecall.a1.value),
        third: limbs(ecall.a2.value),
        result: limbs(ecall.a0_write.map_or(0, |write| write.value)),
        exit_code: Val::from_u32(if is_exit { ecall.a0.value & 0xffff } else { 0 }),
        ..EcallColumns::default()
    };
    let reads = [ecall.a7, ecall.a0, ecall.a1, ecall.a2];
    let slots = [ecall_slot::A7, ecall_slot::A0, ecall_slot::A1, ecall_slot::A2];
    for (i, (read, slot)) in reads.into_iter().zip(slots).enumerate() {
        fill_timing(&mut row, i, read.prev_ts, now + slot, counts);
    }
    match ecall.mem {
        Some(word) if word.space == GUEST_MEMORY => fill_transfer(&mut row, ecall, &word, now, counts),
        Some(word) => fill_commit(&mut row, ecall, &word, now, counts),
        None => {}
    }
    row
}

fn fill_timing(row: &mut EcallColumns<Val>, access: usize, previous: u32, now: u32, counts: &LookupCounts) {
    row.previous_timestamps[access] = Val::from_u32(previous);
    row.gaps_low[access] = fill_gap(counts, previous, now);
}

fn fill_word(row: &mut EcallColumns<Val>, word: &SpaceAccess, bounded: u32, now: u32, counts: &LookupCounts) {
    row.word = Val::from_u32(word.word);
    row.previous = limbs(word.prev);
    row.value = limbs(word.value);
    row.bounded = Val::from_u32(bounded);
    counts.range16(bounded);
    fill_timing(row, 4, word.prev_ts, now + ecall_slot::MEMORY, counts);
}

fn count_bytes(counts: &LookupCounts, word: u32) {
    counts.bytes(word & 0xff, word >> 8 & 0xff);
    counts.bytes(word >> 16 & 0xff, word >> 24);
}

fn fill_transfer(
    row: &mut EcallColumns<Val>,
    ecall: &Ecall,
    word: &SpaceAccess,
    now: u32,
    counts: &LookupCounts,
) {
    let (address, length) = (ecall.a1.value, ecall.a2.value);
    let count = ecall.a0_write.map_or(0, |write| write.value);
    let start = address % 4;
    fill_word(row, word, 8 * (address >> 16), now, counts);
    row.transfers = Val::ONE;
    row.old_bytes = byte_values(word.prev);
    row.new_bytes = byte_values(word.value);
    row.mask = [0, 1, 2, 3].map(|i| Val::from_bool((start..start + count).contains(&i)));
    row.start = [0, 1, 2, 3].map(|i| Val::from_bool(i == start));
    row.borrow = Val::from_bool(length & 0xffff < count);
    count_bytes(counts, word.prev);
    count_bytes(counts, word.value);
    let rest = length - count;
    counts.range16(rest & 0xffff);
    counts.range16(rest >> 16);
}

fn fill_commit(
    row: &mut EcallColumns<Val>,
    ecall: &Ecall,
    word: &SpaceAccess,
    now: u32,
    counts: &LookupCounts,
) {
    fill_word(row, word, ecall.a0.value << 13, now, counts);
    row.new_bytes = byte_values(ecall.a1.value);
    count_bytes(counts, ecall.a1.value);
    if let Some(second) = ecall.mem2 {
        row.previous2 = limbs(second.prev);
        fill_timing(row, 5, second.prev_ts, now + ecall_slot::MEMORY2, counts);
    }
}
