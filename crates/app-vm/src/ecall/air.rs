//! # Purpose
//!
//! Executes system calls: `read`, `write`, `exit`, `commit` and the entry to an unconstrained block.
//!
//! # Rows and padding
//!
//! A row is one executed `ECALL`; it is a cycle of its own, beside those of the Cpu. Padding rows are zero.
//!
//! # Columns
//!
//! See [`super::EcallColumns`].
//!
//! # Calls
//!
//! - `read(fd, buffer, length)`: any bytes into `count` places of the word that contains the buffer's start, from that start on; returns
//!   `count`, which is at most `length` and may be 0. What a stream holds is the prover's choice: input is unbound witness.
//! - `write(fd, buffer, length)`: returns `length`. What is written is the host's business; what matters of it is its digest.
//!   Neither call's `fd`, nor the buffer of a `write`, is checked here: the executor refuses what is wrong with them, but a proof
//!   exists where the executor would have stopped. Guests must not rely on such a stop.
//! - `exit(code)`: ends execution. `commit(index, word)`: two cells of public values; returns 0. `enter()`: returns 0, which
//!   is what a guest sees behind an unconstrained block.
//!
//! # Buses
//!
//! - EXECUTION: receives `(pc, timestamp, 0, 0)`, sends `(pc + 4, timestamp + 8, is_exit, exit_code)`.
//! - PROGRAM: looks up the instruction. MEMORY: four registers, up to two words, the result.
//! - BYTES: `old_bytes`, `new_bytes`. RANGE16: gaps, `length − count`, `bounded`.
//!
//! # Degree
//!
//! 3.
//!
//! # Soundness
//!
//! - `calls` are boolean \[ECALL-1\], at most one is set \[ECALL-2\]; their sum *real* counts this row's messages. The number
//!   read from `a7` is the call's. `pc` is that of an `ECALL` by PROGRAM.
//! - `first`, `second`, `third` are the registers' by MEMORY.
//! - `result`: \[ECALL-3\]. `write` returns a register's limbs, `read` at most 4.
//! - `exit_code` is the low limb of `a0` on an exit and 0 elsewhere, the high limb of an exit is 0, by \[ECALL-4\]: no code
//!   looks like another. Nothing receives the message of an exit but the connector.
//! - `transfers` is boolean and set only on `read` \[ECALL-5\]. `mask` is boolean, and 0 without it \[ECALL-5\].
//! - `start` is a choice of one byte if `transfers`, else none \[ECALL-6\]; the bytes of `mask` are consecutive from there: a byte that is
//!   transferred follows another, or is the start \[ECALL-6\].
//! - `borrow` is boolean \[ECALL-7\]; `length − count` has 16-bit limbs, so no byte beyond the buffer is written.
//! - `word`: `4 · word + start` is the address \[ECALL-8\], which is below 2^29 (`bounded` is 8 times its upper limb); so it is the integer
//!   quotient, as for the Cpu. For `commit` it is twice the index \[ECALL-9\], which is below 8: its high limb is 0 and `bounded` is
//!   2^13 times the low one.
//! - `old_bytes`, `new_bytes` are bytes by BYTES and add up to the word's limbs before and after (`read`) \[ECALL-8\], or
//!   to the argument's (`commit`) \[ECALL-9\]. What is not transferred stays \[ECALL-8\].
//! - `previous`, `previous2` are the words' by MEMORY; `value` is made of bytes.
//! - Timestamps and gaps: see [`crate::memory_access`]. The result follows the read of `a0` in the same cycle.

use finial_executor::{GUEST_MEMORY, PUBLIC_VALUES, REGISTERS, TIMESTAMPS_PER_CYCLE, call, ecall_slot};
use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{ECALL_WIDTH, EcallColumns};
use crate::buses::{
    EXECUTION, MemoryMessage, PROGRAM, bytes, constant, memory_receive, memory_send, range16, receive, send,
};
use crate::check::constrain;
use crate::chips::limbs_of_bytes;
use crate::encoding::flag;
use crate::memory_access::{Access, access, joined};

/// Numbers of the calls, in the order of the flags.
pub(super) const CALLS: [u32; 5] =
    [call::READ, call::WRITE, call::EXIT, call::COMMIT, call::UNCONSTRAINED_ENTER];

/// Registers read: `a7`, `a0`, `a1`, `a2`.
const REGISTERS_READ: [(u32, u32); 4] =
    [(17, ecall_slot::A7), (10, ecall_slot::A0), (11, ecall_slot::A1), (12, ecall_slot::A2)];

/// The system-call table.
#[derive(Clone, Copy, Debug, Default)]
pub struct EcallAir;

impl BaseAir<Val> for EcallAir {
    fn width(&self) -> usize {
        ECALL_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

/// Flags as expressions.
struct Flags<E> {
    read: E,
    write: E,
    exit: E,
    commit: E,
    real: E,
    transfers: E,
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for EcallAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = EcallColumns::from_row(main.current_slice());
        let [read, write, exit, commit, enter]: [AB::Expr; 5] = row.calls.map(Into::into);
        let real = read.clone() + write.clone() + exit.clone() + commit.clone() + enter;
        let flags = Flags { read, write, exit, commit, real, transfers: row.transfers.into() };
        constrain_calls(builder, &row, &flags);
        constrain_transfer(builder, &row, &flags);
        constrain_words(builder, &row, &flags);
        push_control(builder, &row, &flags);
        push_registers(builder, &row, &flags);
        push_words(builder, &row, &flags);
        push_ranges(builder, &row, &flags);
    }
}

fn count_of<AB: AirBuilder<F = Val>>(row: &EcallColumns<AB::Var>) -> AB::Expr {
    row.mask.iter().map(|&bit| bit.into()).sum()
}

fn constrain_calls<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    row: &EcallColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    for call in row.calls {
        constrain(builder, "[ECALL-1]", call.into().bool_check());
    }
    constrain(builder, "[ECALL-2]", flags.real.bool_check());

    let results = [count_of::<AB>(row), AB::Expr::ZERO];
    for (i, count) in results.into_iter().enumerate() {
        // What a call returns: bytes transferred, bytes written, 0.
        let expected = flags.read.clone() * count + flags.write.clone() * row.third[i];
        constrain(builder, "[ECALL-3]", expected - row.result[i]);
    }
    // The whole of a0 is the code, and only an exit has one.
    constrain(builder, "[ECALL-4]", flags.exit.clone() * row.first[0] - row.exit_code);
    constrain(builder, "[ECALL-4]", flags.exit.clone() * row.first[1]);
}

fn constrain_transfer<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    row: &EcallColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    let transfers = flags.transfers.clone();
    constrain(builder, "[ECALL-5]", transfers.bool_check());
    constrain(builder, "[ECALL-5]", (AB::Expr::ONE - flags.read.clone()) * transfers.clone());
    let mut before = AB::Expr::ZERO;
    for (&mask, &start) in row.mask.iter().zip(&row.start) {
        let (mask, start): (AB::Expr, AB::Expr) = (mask.into(), start.into());
        constrain(builder, "[ECALL-5]", mask.bool_check());
        constrain(builder, "[ECALL-5]", (AB::Expr::ONE - transfers.clone()) * mask.clone());
        constrain(builder, "[ECALL-6]", start.bool_check());
        // No gap, and nothing before the start.
        let begins = mask.clone() * (AB::Expr::ONE - before);
        constrain(builder, "[ECALL-6]", begins * (AB::Expr::ONE - start));
        before = mask;
    }
    let starts: AB::Expr = row.start.iter().map(|&start| start.into()).sum();
    constrain(builder, "[ECALL-6]", starts - transfers);
    constrain(builder, "[ECALL-7]", row.borrow.into().bool_check());
}

fn constrain_words<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    row: &EcallColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    let (transfers, commit) = (flags.transfers.clone(), flags.commit.clone());
    let second: [AB::Expr; 2] = row.second.map(Into::into);
    let offset: AB::Expr = row.start.iter().zip(0..4).map(|(&start, i)| start * Val::from_u8(i)).sum();
    let address = joined(second.clone());
    constrain(builder, "[ECALL-8]", transfers.clone() * (address - offset - row.word * Val::from_u8(4)));
    constrain(
        builder,
        "[ECALL-8]",
        transfers.clone() * (row.bounded - second[1].clone() * constant::<AB>(8)),
    );
    let (old, new) = (row.old_bytes.map(Into::into), row.new_bytes.map(Into::into));
    let (old_limbs, new_limbs) = (limbs_of_bytes::<AB::Expr>(&old), limbs_of_bytes::<AB::Expr>(&new));
    for i in 0..2 {
        constrain(builder, "[ECALL-8]", transfers.clone() * (old_limbs[i].clone() - row.previous[i]));
        constrain(builder, "[ECALL-8]", transfers.clone() * (new_limbs[i].clone() - row.value[i]));
    }
    for ((old, new), mask) in old.into_iter().zip(new.clone()).zip(row.mask) {
        let kept = transfers.clone() - mask;
        constrain(builder, "[ECALL-8]", kept * (new - old));
    }

    constrain(builder, "[ECALL-9]", commit.clone() * (row.first[0] * Val::TWO - row.word));
    constrain(builder, "[ECALL-9]", commit.clone() * row.first[1]);
    constrain(builder, "[ECALL-9]", commit.clone() * (row.first[0] * Val::from_u32(1 << 13) - row.bounded));
    for i in 0..2 {
        constrain(builder, "[ECALL-9]", commit.clone() * (new_limbs[i].clone() - second[i].clone()));
        constrain(builder, "[ECALL-9]", commit.clone() * (new[i].clone() - row.value[i]));
    }
}

fn push_control<AB: AirBuilder<F = Val> + InteractionBuilder>(
    builder: &mut AB,
    row: &EcallColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    // Counts are bounded by [ECALL-2].
    let zero = || AB::Expr::ZERO;
    receive(builder, EXECUTION, [row.pc.into(), row.timestamp.into(), zero(), zero()], flags.real.clone());
    let next = [
        row.pc + Val::from_u8(4),
        row.timestamp + Val::from_u32(TIMESTAMPS_PER_CYCLE),
        flags.exit.clone(),
        row.exit_code.into(),
    ];
    send(builder, EXECUTION, next, flags.real.clone());
    let instruction =
        [row.pc.into(), constant::<AB>(1 << flag::ECALL), zero(), zero(), zero(), zero(), zero(), zero()];
    send(builder, PROGRAM, instruction, flags.real.clone());
}

fn push_registers<AB: AirBuilder<F = Val> + InteractionBuilder>(
    builder: &mut AB,
    row: &EcallColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    let number = row.calls.iter().zip(CALLS).map(|(&call, number)| call * Val::from_u32(number)).sum();
    let values = [
        [number, AB::Expr::ZERO],
        row.first.map(Into::into),
        row.second.map(Into::into),
        row.third.map(Into::into),
    ];
    for (i, (value, (register, slot))) in values.into_iter().zip(REGISTERS_READ).enumerate() {
        let read = Access {
            // Bounded by [ECALL-2].
            count: flags.real.clone(),
            space: constant::<AB>(REGISTERS.into()),
            word: constant::<AB>(register),
            previous: value.clone(),
            value,
            previous_timestamp: row.previous_timestamps[i].into(),
            gap_low: row.gaps_low[i].into(),
            now: row.timestamp + Val::from_u32(slot),
        };
        access(builder, read);
    }
    // The result takes the place of a0, which was read in this very cycle: their order needs no check.
    let message = |limbs: [AB::Var; 2], slot: u32| MemoryMessage {
        space: constant::<AB>(REGISTERS.into()),
        word: constant::<AB>(10),
        lo: limbs[0].into(),
        hi: limbs[1].into(),
        timestamp: row.timestamp + Val::from_u32(slot),
    };
    // Bounded by [ECALL-2].
    let returns = flags.real.clone() - flags.exit.clone();
    memory_receive(builder, message(row.first, ecall_slot::A0), returns.clone());
    memory_send(builder, message(row.result, ecall_slot::RESULT), returns);
}

fn push_words<AB: AirBuilder<F = Val> + InteractionBuilder>(
    builder: &mut AB,
    row: &EcallColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    let (transfers, commit) = (flags.transfers.clone(), flags.commit.clone());
    let public = constant::<AB>(PUBLIC_VALUES.into());
    let first = Access {
        // Bounded by [ECALL-2], [ECALL-5]: transfers implies read.
        count: transfers.clone() + commit.clone(),
        space: transfers * constant::<AB>(GUEST_MEMORY.into()) + commit.clone() * public.clone(),
        word: row.word.into(),
        previous: row.previous.map(Into::into),
        value: row.value.map(Into::into),
        previous_timestamp: row.previous_timestamps[4].into(),
        gap_low: row.gaps_low[4].into(),
        now: row.timestamp + Val::from_u32(ecall_slot::MEMORY),
    };
    access(builder, first);
    let second = Access {
        // Bounded by [ECALL-1].
        count: commit,
        space: public,
        word: row.word + AB::Expr::ONE,
        previous: row.previous2.map(Into::into),
        value: [row.new_bytes[2].into(), row.new_bytes[3].into()],
        previous_timestamp: row.previous_timestamps[5].into(),
        gap_low: row.gaps_low[5].into(),
        now: row.timestamp + Val::from_u32(ecall_slot::MEMORY2),
    };
    access(builder, second);
}

fn push_ranges<AB: AirBuilder<F = Val> + InteractionBuilder>(
    builder: &mut AB,
    row: &EcallColumns<AB::Var>,
    flags: &Flags<AB::Expr>,
) {
    let transfers = || flags.transfers.clone();
    // Bounded as the first word's access.
    let stores = transfers() + flags.commit.clone();
    for i in [0, 2] {
        bytes(builder, row.old_bytes[i], row.old_bytes[i + 1], transfers());
        bytes(builder, row.new_bytes[i], row.new_bytes[i + 1], stores.clone());
    }
    range16(builder, row.bounded, stores);
    let borrowed = row.borrow * Val::from_u32(1 << 16);
    range16(builder, row.third[0].into() + borrowed - count_of::<AB>(row), transfers());
    range16(builder, row.third[1] - row.borrow, transfers());
}
