//! # Purpose
//!
//! Loads and stores of bytes and half words: takes the part out of a word, or puts it in.
//!
//! # Rows and padding
//!
//! A row is one request of the Cpu, which accesses the word itself. Padding rows are zero.
//!
//! # Columns
//!
//! See [`super::SubWordColumns`].
//!
//! # Buses
//!
//! - CHIP: receives `(operation, word, stored, offset, result)`. BYTES: `limb`, `stored`. RANGE16: the sign.
//!
//! # Degree
//!
//! 3: \[SUBWORD-5\].
//!
//! # Soundness
//!
//! - `operations` are boolean \[SUBWORD-1\], at most one is set \[SUBWORD-2\]; their sum counts this row's messages.
//! - `offset` is two bits \[SUBWORD-3\], the lower 0 for half words: misaligned access has no row. The Cpu sends
//!   `address − 4 · word` as the offset, so it is in 0..4 there too.
//! - `word`, and for stores the value, are the request's; `stored` are bytes by BYTES.
//! - `limb` are the bytes of the limb that `offset` names, by \[SUBWORD-4\] and BYTES.
//! - `loaded` is the part, by \[SUBWORD-5\]. `sign` is its top bit: boolean \[SUBWORD-6\], and `2 (loaded − 2^15 sign)` is
//!   below 2^16 only if the sign is right. It is 0 where nothing is extended \[SUBWORD-6\].
//! - `result` is determined by \[SUBWORD-7\] for loads, \[SUBWORD-8\] for stores; its limbs are 16 bit since their parts are bytes or
//!   limbs of the word.

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{SUB_WORD_WIDTH, SubWordColumns};
use crate::buses::{bytes, constant, range16};
use crate::check::constrain;
use crate::chips::{constrain_operation, operation, receive_request};

/// The numbers of the operations, in the order of the flags.
pub(super) const OPERATIONS: [u32; 6] =
    [operation::LBU, operation::LB, operation::LHU, operation::LH, operation::SB, operation::SH];

/// The table of parts of words.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubWordAir;

impl BaseAir<Val> for SubWordAir {
    fn width(&self) -> usize {
        SUB_WORD_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for SubWordAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = SubWordColumns::from_row(main.current_slice());
        let (real, number) =
            constrain_operation(builder, ["[SUBWORD-1]", "[SUBWORD-2]"], &row.operations, &OPERATIONS);
        let [lbu, lb, lhu, lh, sb, sh]: [AB::Expr; 6] = row.operations.map(Into::into);
        let [low, high]: [AB::Expr; 2] = row.offset.map(Into::into);
        for bit in [&low, &high] {
            constrain(builder, "[SUBWORD-3]", bit.bool_check());
        }
        // No half word across the middle of a limb.
        constrain(builder, "[SUBWORD-3]", (lhu.clone() + lh.clone() + sh.clone()) * low.clone());

        let [word_lo, word_hi]: [AB::Expr; 2] = row.word.map(Into::into);
        let [first, second]: [AB::Expr; 2] = row.limb.map(Into::into);
        let byte = constant::<AB>(256);
        let limb = first.clone() + second.clone() * byte.clone();
        // The limb that the address is in.
        let named = word_lo.clone() + high.clone() * (word_hi.clone() - word_lo.clone());
        constrain(builder, "[SUBWORD-4]", limb.clone() - named);

        let loaded: AB::Expr = row.loaded.into();
        let loads_byte = lbu.clone() + lb.clone();
        let part = first.clone() + low.clone() * (second.clone() - first.clone());
        // The part that the address names.
        constrain(
            builder,
            "[SUBWORD-5]",
            loads_byte.clone() * (loaded.clone() - part.clone() * byte.clone()),
        );
        constrain(builder, "[SUBWORD-5]", (lhu.clone() + lh.clone()) * (loaded.clone() - limb.clone()));

        let sign: AB::Expr = row.sign.into();
        let extends = lb.clone() + lh.clone();
        constrain(builder, "[SUBWORD-6]", sign.bool_check());
        constrain(builder, "[SUBWORD-6]", (AB::Expr::ONE - extends.clone()) * sign.clone());

        let [result_lo, result_hi]: [AB::Expr; 2] = row.result.map(Into::into);
        let extension = sign.clone() * constant::<AB>(0xff00);
        let loads = loads_byte.clone() + lhu.clone() + lh.clone();
        // A load yields the part and its extension.
        constrain(builder, "[SUBWORD-7]", loads_byte * (result_lo.clone() - part - extension));
        constrain(builder, "[SUBWORD-7]", (lhu + lh) * (result_lo.clone() - limb.clone()));
        constrain(
            builder,
            "[SUBWORD-7]",
            loads * (result_hi.clone() - sign.clone() * constant::<AB>(0xffff)),
        );

        let [stored_lo, stored_hi]: [AB::Expr; 2] = row.stored.map(Into::into);
        let stored = stored_lo.clone() + stored_hi.clone() * byte.clone();
        // What the limb becomes: its byte replaced, or all of it.
        let byte_change = (AB::Expr::ONE - low.clone()) * (stored_lo.clone() - first)
            + low * (stored_lo.clone() - second) * byte;
        let limb_change = stored.clone() - limb;
        let stores = sb.clone() + sh.clone();
        let changed = (result_lo.clone() - word_lo.clone()) + (result_hi.clone() - word_hi.clone());
        constrain(builder, "[SUBWORD-8]", sb * (changed.clone() - byte_change));
        constrain(builder, "[SUBWORD-8]", sh * (changed - limb_change));
        // The other limb stays.
        let other_lo = high.clone() * (result_lo.clone() - word_lo.clone());
        let other_hi = (AB::Expr::ONE - high.clone()) * (result_hi.clone() - word_hi.clone());
        constrain(builder, "[SUBWORD-8]", stores.clone() * other_lo);
        constrain(builder, "[SUBWORD-8]", stores.clone() * other_hi);

        // Counts are bounded by [SUBWORD-2].
        bytes(builder, row.limb[0], row.limb[1], real.clone());
        bytes(builder, stored_lo, stored_hi, stores);
        range16(builder, (loaded - sign * constant::<AB>(1 << 15)) * Val::TWO, extends);
        let offset: AB::Expr = row.offset[0].into() + row.offset[1] * Val::TWO;
        let (word, result) = ([word_lo, word_hi], [result_lo, result_hi]);
        receive_request(builder, number, word, [stored, offset], result, real);
    }
}
