//! Trace of the Cpu table.

use finial_executor::{Cycle, Write, cycle_timestamp, slot};
use finial_protocol::Val;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use rayon::prelude::*;

use super::{CPU_WIDTH, CpuColumns};
use crate::chips::{Request, Requests, evaluate, evaluate_load};
use crate::encoding::{Encoded, flag};
use crate::lookup::LookupCounts;
use crate::memory_access::{fill_gap, limbs};

/// Operands and result of a cycle.
#[derive(Clone, Copy)]
struct Operands {
    a: u32,
    b: u32,
    /// Sum, difference or address.
    s: u32,
    /// Result or stored word.
    c: u32,
}

fn operands(cycle: &Cycle, encoded: &Encoded) -> Operands {
    let a = cycle.rs1.map_or(0, |read| read.value);
    let memory = cycle.mem.unwrap_or_default();
    let b = match cycle.rs2 {
        Some(read) => read.value,
        None if encoded.is_load() => memory.value,
        None => encoded.imm,
    };
    let offset = || signed_offset(encoded);
    let s = if encoded.has(flag::ADD) {
        a.wrapping_add(b)
    } else if encoded.has(flag::SUB) || encoded.has(flag::COMPARE) {
        a.wrapping_sub(b)
    } else if cycle.mem.is_some() {
        memory.addr
    } else if encoded.has(flag::JALR) {
        a.wrapping_add(offset())
    } else {
        0
    };
    Operands { a, b, s, c: result(encoded, a, b, s, &memory) }
}

/// The offset of `JALR`, loads and stores as a wrapping addend.
fn signed_offset(encoded: &Encoded) -> u32 {
    use p3_field::PrimeField32;
    let offset = encoded.target.as_canonical_u32();
    // Negative offsets stand at the upper end of the field.
    if offset > Val::ORDER_U32 / 2 { offset.wrapping_sub(Val::ORDER_U32) } else { offset }
}

fn result(encoded: &Encoded, a: u32, b: u32, s: u32, memory: &finial_executor::MemAccess) -> u32 {
    use p3_field::PrimeField32;
    if encoded.has(flag::ADD) || encoded.has(flag::SUB) {
        s
    } else if encoded.has(flag::COMPARE) {
        u32::from(less_than(encoded, a, b))
    } else if encoded.has(flag::CHIP) {
        evaluate(encoded.target.as_canonical_u32(), a, b)
    } else if encoded.has(flag::LOAD_PART) {
        evaluate_load(encoded.imm, memory.value, memory.addr % 4)
    } else if encoded.has(flag::STORE_PART) {
        memory.value
    } else {
        b
    }
}

fn less_than(encoded: &Encoded, a: u32, b: u32) -> bool {
    if encoded.has(flag::SIGNED) { a.cast_signed() < b.cast_signed() } else { a < b }
}

/// What the cycles ask of the side tables.
#[must_use]
pub fn requests(cycles: &[Cycle], program: &[Encoded]) -> Requests {
    use p3_field::PrimeField32;
    let mut requests = Requests::default();
    for cycle in cycles {
        let encoded = &program[cycle.instr_index as usize];
        if encoded.has(flag::CHIP) {
            let Operands { a, b, c, .. } = operands(cycle, encoded);
            requests.push(Request { operation: encoded.target.as_canonical_u32(), a, b, c });
        } else if encoded.has(flag::LOAD_PART) || encoded.has(flag::STORE_PART) {
            let Operands { b, c, s, .. } = operands(cycle, encoded);
            let stored = if encoded.is_store() { b & 0xffff } else { 0 };
            let a = cycle.mem.unwrap_or_default().prev;
            requests.push(Request { operation: encoded.imm, a, b: stored | (s % 4) << 16, c });
        }
    }
    requests
}

/// The trace of `2^log_height` rows; system calls among the cycles are left out.
///
/// # Panics
/// If the rows do not fit: the caller chose the shape by their number.
#[must_use]
pub fn generate(
    cycles: &[Cycle],
    program: &[Encoded],
    counts: &LookupCounts,
    log_height: usize,
) -> RowMajorMatrix<Val> {
    let rows: Vec<(u32, &Cycle)> = (0..)
        .zip(cycles)
        .filter(|(_, cycle)| !program[cycle.instr_index as usize].has(flag::ECALL))
        .collect();
    assert!(rows.len() <= 1 << log_height, "Cpu table too small");
    let mut values = Val::zero_vec(CPU_WIDTH << log_height);
    values.par_chunks_exact_mut(CPU_WIDTH).zip(rows.par_iter()).for_each(|(row, &(index, cycle))| {
        let encoded = &program[cycle.instr_index as usize];
        columns(cycle, encoded, cycle_timestamp(index), counts).write(row);
    });
    RowMajorMatrix::new(values, CPU_WIDTH)
}

fn columns(cycle: &Cycle, encoded: &Encoded, now: u32, counts: &LookupCounts) -> CpuColumns<Val> {
    let Operands { a, b, s, c } = operands(cycle, encoded);
    let mut row = CpuColumns {
        pc: Val::from_u32(cycle.pc),
        timestamp: Val::from_u32(now),
        next_pc: Val::from_u32(cycle.next_pc),
        target: encoded.target,
        real: Val::ONE,
        flags: core::array::from_fn(|flag| Val::from_bool(encoded.has(flag))),
        a_word: Val::from_u32(encoded.rs1),
        a: limbs(a),
        b_word: Val::from_u32(encoded.rs2),
        b: limbs(b),
        c_word: Val::from_u32(encoded.rd),
        c: limbs(c),
        s: limbs(s),
        ..CpuColumns::default()
    };
    fill_slots(&mut row, cycle, encoded, now, counts);
    let (u, v) = fill_carries(&mut row, encoded, a, b, s);
    row.u = Val::from_u32(u);
    row.v = Val::from_u32(v);
    for limb in [s & 0xffff, s >> 16, u, v] {
        counts.range16(limb);
    }
    row
}

fn fill_slots(row: &mut CpuColumns<Val>, cycle: &Cycle, encoded: &Encoded, now: u32, counts: &LookupCounts) {
    let timing = |previous: u32, slot: u32| (Val::from_u32(previous), fill_gap(counts, previous, now + slot));
    if let Some(read) = cycle.rs1 {
        (row.a_previous_timestamp, row.a_gap_low) = timing(read.prev_ts, slot::RS1);
    }
    if let Some(read) = cycle.rs2 {
        (row.b_previous_timestamp, row.b_gap_low) = timing(read.prev_ts, slot::RS2);
    }
    if let Some(Write { prev, prev_ts, .. }) = cycle.rd {
        row.c_previous = limbs(prev);
        (row.c_previous_timestamp, row.c_gap_low) = timing(prev_ts, slot::RD);
    }
    let Some(memory) = cycle.mem else { return };
    if encoded.is_load() {
        row.b_word = Val::from_u32(memory.word);
        (row.b_previous_timestamp, row.b_gap_low) = timing(memory.prev_ts, slot::MEMORY);
    } else {
        row.c_word = Val::from_u32(memory.word);
        row.c_previous = limbs(memory.prev);
        (row.c_previous_timestamp, row.c_gap_low) = timing(memory.prev_ts, slot::MEMORY);
    }
}

/// Fills carries and witnesses of inequality; returns `u` and `v`.
fn fill_carries(row: &mut CpuColumns<Val>, encoded: &Encoded, a: u32, b: u32, s: u32) -> (u32, u32) {
    let (mut u, mut v) = (0, 0);
    let (carry_lo, carry_hi) = if encoded.has(flag::ADD) {
        (carries(a & 0xffff, b & 0xffff), a.checked_add(b).is_none())
    } else if encoded.has(flag::SUB) {
        (a & 0xffff < b & 0xffff, a < b)
    } else if encoded.has(flag::COMPARE) {
        let flip = if encoded.has(flag::SIGNED) { 0x8000 } else { 0 };
        (u, v) = ((a >> 16) ^ flip, (b >> 16) ^ flip);
        // The high limbs of s are those of the flipped difference; flipping both sides cancels.
        (a & 0xffff < b & 0xffff, less_than(encoded, a, b))
    } else if encoded.has(flag::EQUAL) {
        fill_inequality(row);
        (false, a == b)
    } else if encoded.is_load() || encoded.is_store() || encoded.has(flag::JALR) {
        u = 8 * (s >> 16);
        v = if encoded.has(flag::LOAD_PART) || encoded.has(flag::STORE_PART) { encoded.imm } else { 0 };
        let offset = signed_offset(encoded).cast_signed();
        let low = (a & 0xffff).cast_signed() + offset;
        (low > 0xffff, low < 0)
    } else {
        (false, false)
    };
    row.carry_lo = Val::from_bool(carry_lo);
    row.carry_hi = Val::from_bool(carry_hi);
    (u, v)
}

const fn carries(a: u32, b: u32) -> bool {
    a + b > 0xffff
}

/// The inverse of the first limb of `a − b` that is not zero.
fn fill_inequality(row: &mut CpuColumns<Val>) {
    let [lo, hi] = [0, 1].map(|i| row.a[i] - row.b[i]);
    row.c_previous = match (lo.try_inverse(), hi.try_inverse()) {
        (Some(inverse), _) => [inverse, Val::ZERO],
        (None, Some(inverse)) => [Val::ZERO, inverse],
        (None, None) => [Val::ZERO; 2],
    };
}
