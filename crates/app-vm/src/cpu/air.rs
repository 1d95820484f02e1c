//! # Purpose
//!
//! Executes instructions: fetch, registers, addition, subtraction, comparison, branches and jumps, loads and stores of words. Other
//! operations are handed to side tables; system calls are rows of the Ecall table instead.
//!
//! # Rows and padding
//!
//! A row is one executed instruction, in any order: rows are chained by `(pc, timestamp)` over EXECUTION. Padding rows are zero.
//!
//! # Columns
//!
//! See [`super::CpuColumns`].
//!
//! # Buses
//!
//! - EXECUTION: receives `(pc, timestamp, 0, 0)`, sends `(next_pc, timestamp + 8, 0, 0)`.
//! - PROGRAM: looks up the instruction.
//! - MEMORY: slots A, B and C. RANGE16: their gaps, `s`, `u`, `v`.
//! - CHIP: operations of side tables.
//!
//! # Degree
//!
//! 3.
//!
//! # Soundness
//!
//! - `real` is boolean and the sum of the classes by \[CPU-2\]; it counts this row's messages.
//! - `flags` are boolean by \[CPU-1\]; with \[CPU-2\] a row has at most one class. On a real row they are the program's, by PROGRAM: booleans
//!   have one packing. On a padding row `READS_RS2` and `WRITES_RD` are 0 by \[CPU-3\], so nothing is accessed.
//! - `pc` is that of a row of the program table (real rows), so below 2^29. `timestamp` is chained by EXECUTION from 8 in steps of 8.
//! - `next_pc` is by \[CPU-4\]: `pc + 4`, the target, or for `JALR` the address `s` or `s − 1`: were it not the even one of
//!   the two, no instruction would stand there and no segment could continue.
//! - `target`, `a_word` are the program's. So are `b_word` unless the row loads and `c_word` unless it stores; then they are the word
//!   index: `4 · word + offset` is the address `s`, offset 0 by \[CPU-9\] or in 0..4 by the SubWord table. MEMORY accepts only words
//!   of the tree, whose indices are below p/4 (see [`crate::boundary`]), so the index is the integer quotient.
//! - `a` is the register's by MEMORY unless the class is `CONSTANT`, where no constraint uses it. `b` is the register's, the loaded
//!   word's, or the program's constant. All are 16-bit limbs: MEMORY holds only what a checked access wrote.
//! - `s` are 16-bit limbs by RANGE16, so \[CPU-5\] determines sum and difference and both carries. Of an address, carries are
//!   determined alike; the high limb is below 2^13 since `u = 8 s[1]` \[CPU-6\] is below 2^16 too: no address from 2^29 on, and
//!   `s[0] + 2^16 s[1]` is an integer below p. A negative sum has no solution, since the carry out is 0 or 1 \[CPU-6\].
//! - `u`, `v` of a comparison differ from the high limbs by 0, or by ±2^15 if it is signed \[CPU-7\]; they are 16 bit by RANGE16, so
//!   the sign is flipped, not chosen. Then `carry_hi` is `a < b` \[CPU-5\].
//! - `carry_hi` of `EQUAL` is 1 only if the limbs are equal, 0 only if one differs, by \[CPU-8\].
//! - `c` is the result \[CPU-10\], or the side table's by CHIP: 16-bit limbs in each case.
//! - `c_previous`, timestamps and gaps: see [`crate::memory_access`].
//! - `carry_lo`, `carry_hi` are boolean by \[CPU-1\].
//! - x0 is never written: the program's `WRITES_RD` is 0 where `rd` is 0; it starts at zero by `exe_commit`.

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

use super::{CPU_WIDTH, CpuColumns};
use crate::buses::{CHIP, EXECUTION, PROGRAM, constant, range16, receive, send};
use crate::check::constrain;
use crate::encoding::{CLASSES, CPU_FLAGS, flag};
use crate::memory_access::{Access, access, inverse_of_power_of_two, joined};

/// The Cpu table.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuAir;

impl BaseAir<Val> for CpuAir {
    fn width(&self) -> usize {
        CPU_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

/// A row as expressions, with the sums of flags that several constraints share.
struct Row<E> {
    pc: E,
    timestamp: E,
    next_pc: E,
    target: E,
    flags: [E; CPU_FLAGS],
    a_word: E,
    a: [E; 2],
    b_word: E,
    b: [E; 2],
    c_word: E,
    c_previous: [E; 2],
    c: [E; 2],
    s: [E; 2],
    u: E,
    v: E,
    carry_lo: E,
    carry_hi: E,
    /// A real row.
    real: E,
    load: E,
    store: E,
    part: E,
    /// `s` is an address.
    address: E,
    timing: [(E, E); 3],
}

impl<E: PrimeCharacteristicRing> Row<E> {
    fn new<V: Into<E> + Copy>(columns: &CpuColumns<V>) -> Self {
        let pair = |limbs: [V; 2]| limbs.map(Into::into);
        let flags = columns.flags.map(Into::into);
        let at = |flag: usize| -> E { flags[flag].clone() };
        let load = at(flag::LOAD_WORD) + at(flag::LOAD_PART);
        let store = at(flag::STORE_WORD) + at(flag::STORE_PART);
        Self {
            pc: columns.pc.into(),
            timestamp: columns.timestamp.into(),
            next_pc: columns.next_pc.into(),
            target: columns.target.into(),
            a_word: columns.a_word.into(),
            a: pair(columns.a),
            b_word: columns.b_word.into(),
            b: pair(columns.b),
            c_word: columns.c_word.into(),
            c_previous: pair(columns.c_previous),
            c: pair(columns.c),
            s: pair(columns.s),
            u: columns.u.into(),
            v: columns.v.into(),
            carry_lo: columns.carry_lo.into(),
            carry_hi: columns.carry_hi.into(),
            real: columns.real.into(),
            part: at(flag::LOAD_PART) + at(flag::STORE_PART),
            address: load.clone() + store.clone() + at(flag::JALR),
            load,
            store,
            timing: [
                (columns.a_previous_timestamp.into(), columns.a_gap_low.into()),
                (columns.b_previous_timestamp.into(), columns.b_gap_low.into()),
                (columns.c_previous_timestamp.into(), columns.c_gap_low.into()),
            ],
            flags,
        }
    }

    fn flag(&self, flag: usize) -> E {
        self.flags[flag].clone()
    }

    /// Sum, difference or address as one element.
    fn sum(&self) -> E {
        joined(self.s.clone())
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for CpuAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = Row::<AB::Expr>::new(&CpuColumns::from_row(main.current_slice()));
        constrain_flags(builder, &row);
        constrain_next_pc(builder, &row);
        constrain_sums(builder, &row);
        constrain_addresses(builder, &row);
        constrain_comparisons(builder, &row);
        constrain_results(builder, &row);
        push_control(builder, &row);
        push_accesses(builder, &row);
        push_ranges(builder, &row);
        push_chip(builder, &row);
    }
}

fn constrain_flags<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &Row<AB::Expr>) {
    // Flags and carries are weights of everything below.
    for bit in row.flags.iter().chain([&row.carry_lo, &row.carry_hi]) {
        constrain(builder, "[CPU-1]", bit.bool_check());
    }
    // No row of two classes, and none that counts without one.
    constrain(builder, "[CPU-2]", row.real.bool_check());
    let classes: AB::Expr = row.flags[..CLASSES].iter().cloned().sum();
    constrain(builder, "[CPU-2]", classes - row.real.clone());
    // No access without an instruction.
    for flag in [flag::READS_RS2, flag::WRITES_RD] {
        constrain(builder, "[CPU-3]", (AB::Expr::ONE - row.real.clone()) * row.flag(flag));
    }
}

fn constrain_next_pc<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &Row<AB::Expr>) {
    let jump = row.target.clone() - row.pc.clone() - constant::<AB>(4);
    let step = row.next_pc.clone() - row.pc.clone() - constant::<AB>(4);
    let (branch_if, branch_unless) = (row.flag(flag::BRANCH_IF), row.flag(flag::BRANCH_UNLESS));
    let jumps = row.flag(flag::CONSTANT) + row.flag(flag::JALR) + branch_if.clone() + branch_unless.clone();
    // Execution goes on behind the instruction, or where it says, nowhere else.
    constrain(builder, "[CPU-4]", (row.real.clone() - jumps) * step.clone());
    constrain(builder, "[CPU-4]", row.flag(flag::CONSTANT) * (row.next_pc.clone() - row.target.clone()));
    constrain(builder, "[CPU-4]", branch_if * (step.clone() - row.carry_hi.clone() * jump.clone()));
    let not_held = AB::Expr::ONE - row.carry_hi.clone();
    constrain(builder, "[CPU-4]", branch_unless * (step - not_held * jump));
    // Bit 0 of a JALR target is dropped.
    let dropped = row.sum() - row.next_pc.clone();
    constrain(builder, "[CPU-4]", row.flag(flag::JALR) * dropped.clone() * (dropped - AB::Expr::ONE));
}

fn constrain_sums<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &Row<AB::Expr>) {
    let wrap = constant::<AB>(1 << 16);
    let [a_lo, a_hi] = row.a.clone();
    let [b_lo, b_hi] = row.b.clone();
    let [s_lo, s_hi] = row.s.clone();
    let (carry_lo, carry_hi) = (row.carry_lo.clone(), row.carry_hi.clone());
    let (carried_lo, carried_hi) = (carry_lo.clone() * wrap.clone(), carry_hi.clone() * wrap);
    let (add, sub, compare) = (row.flag(flag::ADD), row.flag(flag::SUB), row.flag(flag::COMPARE));

    // Sum and difference are exact, limb by limb.
    let sum_lo = a_lo.clone() + b_lo.clone() - s_lo.clone() - carried_lo.clone();
    let difference_lo = a_lo - b_lo + carried_lo - s_lo;
    constrain(builder, "[CPU-5]", add.clone() * sum_lo);
    constrain(builder, "[CPU-5]", (sub.clone() + compare.clone()) * difference_lo);
    let sum_hi = a_hi.clone() + b_hi.clone() + carry_lo.clone() - s_hi.clone() - carried_hi.clone();
    constrain(builder, "[CPU-5]", add * sum_hi);
    let difference_hi = |a: AB::Expr, b: AB::Expr| a - b - carry_lo + carried_hi - s_hi;
    constrain(builder, "[CPU-5]", sub * difference_hi.clone()(a_hi, b_hi));
    constrain(builder, "[CPU-5]", compare * difference_hi(row.u.clone(), row.v.clone()));
}

fn constrain_addresses<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &Row<AB::Expr>) {
    let [a_lo, a_hi] = row.a.clone();
    let [s_lo, s_hi] = row.s.clone();
    // The offset is signed, so the carry of the low limb is −1, 0 or 1: a difference of two bits.
    let carry = row.carry_lo.clone() - row.carry_hi.clone();
    let low = a_lo + row.target.clone() - s_lo - carry.clone() * constant::<AB>(1 << 16);
    constrain(builder, "[CPU-6]", row.address.clone() * low);
    // The address is a + offset modulo 2^32.
    let carry_out = (a_hi + carry - s_hi.clone()) * inverse_of_power_of_two(16);
    constrain(builder, "[CPU-6]", row.address.clone() * carry_out.bool_check());
    // No address from 2^29 on.
    constrain(builder, "[CPU-6]", row.address.clone() * (row.u.clone() - s_hi * constant::<AB>(8)));

    // No misaligned access to a word.
    let offset = |word: &AB::Expr| row.sum() - word.clone() * constant::<AB>(4);
    constrain(builder, "[CPU-9]", row.flag(flag::LOAD_WORD) * offset(&row.b_word));
    constrain(builder, "[CPU-9]", row.flag(flag::STORE_WORD) * offset(&row.c_word));
}

fn constrain_comparisons<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &Row<AB::Expr>) {
    let (compare, signed) = (row.flag(flag::COMPARE), row.flag(flag::SIGNED));
    let unsigned = compare - signed.clone();
    for (flipped, limb) in [(&row.u, &row.a[1]), (&row.v, &row.b[1])] {
        let change = flipped.clone() - limb.clone();
        // Comparisons are of the operands; signed ones flip both sign bits.
        constrain(builder, "[CPU-7]", unsigned.clone() * change.clone());
        constrain(builder, "[CPU-7]", signed.clone() * (change.square() - constant::<AB>(1 << 30)));
    }

    let equal = row.flag(flag::EQUAL);
    let holds = row.carry_hi.clone();
    let [lo, hi] = [0, 1].map(|i| row.a[i].clone() - row.b[i].clone());
    // Equal only if both limbs are.
    constrain(builder, "[CPU-8]", equal.clone() * holds.clone() * lo.clone());
    constrain(builder, "[CPU-8]", equal.clone() * holds.clone() * hi.clone());
    // Different only if one limb is.
    let [inverse_lo, inverse_hi] = row.c_previous.clone();
    let different = lo * inverse_lo + hi * inverse_hi;
    constrain(builder, "[CPU-8]", equal * (different + holds - AB::Expr::ONE));
}

fn constrain_results<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &Row<AB::Expr>) {
    let sums = row.flag(flag::ADD) + row.flag(flag::SUB);
    let copies = row.flag(flag::CONSTANT)
        + row.flag(flag::JALR)
        + row.flag(flag::LOAD_WORD)
        + row.flag(flag::STORE_WORD);
    let outcome = [row.carry_hi.clone(), AB::Expr::ZERO];
    // What is written is the result.
    for (i, outcome) in outcome.into_iter().enumerate() {
        let c = row.c[i].clone();
        constrain(builder, "[CPU-10]", sums.clone() * (c.clone() - row.s[i].clone()));
        constrain(builder, "[CPU-10]", copies.clone() * (c.clone() - row.b[i].clone()));
        constrain(builder, "[CPU-10]", row.flag(flag::COMPARE) * (c - outcome));
    }
}

fn push_control<AB: AirBuilder<F = Val> + InteractionBuilder>(builder: &mut AB, row: &Row<AB::Expr>) {
    // Counts are bounded by [CPU-2].
    let zero = || AB::Expr::ZERO;
    receive(builder, EXECUTION, [row.pc.clone(), row.timestamp.clone(), zero(), zero()], row.real.clone());
    let next = row.timestamp.clone() + constant::<AB>(finial_executor::TIMESTAMPS_PER_CYCLE);
    send(builder, EXECUTION, [row.next_pc.clone(), next, zero(), zero()], row.real.clone());

    let bits = row.flags.iter().enumerate();
    let flags: AB::Expr = bits.map(|(i, flag)| flag.clone() * constant::<AB>(1 << i)).sum();
    // What slots B and C hold for other purposes is not the program's.
    let not_loading = AB::Expr::ONE - row.load.clone();
    let constant_b = not_loading.clone() - row.flag(flag::READS_RS2);
    let [b_lo, b_hi] = row.b.clone();
    let instruction = [
        row.pc.clone(),
        flags,
        row.a_word.clone(),
        not_loading * row.b_word.clone(),
        (AB::Expr::ONE - row.store.clone()) * row.c_word.clone(),
        constant_b.clone() * b_lo + row.part.clone() * row.v.clone(),
        constant_b * b_hi,
        row.target.clone(),
    ];
    send(builder, PROGRAM, instruction, row.real.clone());
}

fn push_accesses<AB: AirBuilder<F = Val> + InteractionBuilder>(builder: &mut AB, row: &Row<AB::Expr>) {
    let registers = AB::Expr::ONE;
    let [(a_before, a_gap), (b_before, b_gap), (c_before, c_gap)] = row.timing.clone();
    let slot_a = Access {
        // Bounded by [CPU-2]: a class but one.
        count: row.real.clone() - row.flag(flag::CONSTANT),
        space: registers.clone(),
        word: row.a_word.clone(),
        previous: row.a.clone(),
        value: row.a.clone(),
        previous_timestamp: a_before,
        gap_low: a_gap,
        now: row.timestamp.clone(),
    };
    access(builder, slot_a);
    let slot_b = Access {
        // Bounded by [CPU-1..3] and PROGRAM: no instruction loads and reads rs2.
        count: row.flag(flag::READS_RS2) + row.load.clone(),
        space: registers.clone() + row.load.clone(),
        word: row.b_word.clone(),
        previous: row.b.clone(),
        value: row.b.clone(),
        previous_timestamp: b_before,
        gap_low: b_gap,
        now: row.timestamp.clone() + AB::Expr::ONE + row.load.clone(),
    };
    access(builder, slot_b);
    let slot_c = Access {
        // Bounded by [CPU-1..3] and PROGRAM: no instruction stores and writes rd.
        count: row.flag(flag::WRITES_RD) + row.store.clone(),
        space: registers + row.store.clone(),
        word: row.c_word.clone(),
        previous: row.c_previous.clone(),
        value: row.c.clone(),
        previous_timestamp: c_before,
        gap_low: c_gap,
        now: row.timestamp.clone() + constant::<AB>(3) - row.store.clone(),
    };
    access(builder, slot_c);
}

fn push_ranges<AB: AirBuilder<F = Val> + InteractionBuilder>(builder: &mut AB, row: &Row<AB::Expr>) {
    let [s_lo, s_hi] = row.s.clone();
    for limb in [s_lo, s_hi, row.u.clone(), row.v.clone()] {
        // Bounded by [CPU-2].
        range16(builder, limb, row.real.clone());
    }
}

fn push_chip<AB: AirBuilder<F = Val> + InteractionBuilder>(builder: &mut AB, row: &Row<AB::Expr>) {
    let one = || Count::bounded(AB::Expr::ONE, 1);
    let offset = |word: &AB::Expr| row.sum() - word.clone() * constant::<AB>(4);
    let ([a_lo, a_hi], [b_lo, b_hi]) = (row.a.clone(), row.b.clone());
    let ([old_lo, old_hi], [c_lo, c_hi]) = (row.c_previous.clone(), row.c.clone());
    let part = row.v.clone();
    let both = vec![row.target.clone(), a_lo, a_hi, b_lo.clone(), b_hi.clone(), c_lo.clone(), c_hi.clone()];
    let load = vec![
        part.clone(),
        b_lo.clone(),
        b_hi,
        AB::Expr::ZERO,
        offset(&row.b_word),
        c_lo.clone(),
        c_hi.clone(),
    ];
    let store = vec![part, old_lo, old_hi, b_lo, offset(&row.c_word), c_lo, c_hi];
    // The flags are classes: boolean and exclusive by [CPU-1], [CPU-2].
    let branches = [
        (row.flag(flag::CHIP), one(), both),
        (row.flag(flag::LOAD_PART), one(), load),
        (row.flag(flag::STORE_PART), one(), store),
    ];
    builder.push_exclusive_interaction(CHIP, branches);
}
