//! The root proof's transcript, as `finial_bn254_hash::Bn254Challenger` (Plonky3's `MultiField32Challenger`).
//!
//! A duplex sponge over BN254 of rate two. Observed base elements wait until sixteen are there or a challenge is asked for;
//! they fill the rate as base-2^31 digits, eight to an element, and their number is added to the capacity. A digest
//! is absorbed as it is, with the tag one. A squeezed BN254 element gives its seven low digits in base `p`.
//!
//! # Soundness
//! The sampled digits must be unique, or a prover could choose its challenges. `v = Σ cᵢ·pⁱ + R·p⁷` with canonical
//! `cᵢ`; the right side is compared with the BN254 modulus as an integer (`[SPLIT-1]`…`[SPLIT-3]`), so it is
//! the canonical integer of `v`, whose digits are unique.

use std::sync::LazyLock;

use crate::Operand::{self, Constant, Existing, Witness};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;

use super::{
    bits::Bit,
    ext::{DEGREE, Ext},
    felt::Canonical,
    hash::{Digest, PACKED, RATE},
};
use crate::{
    builder::CircuitBuilder,
    cell::Cell,
    convert::{P, div_rem_words, to_words},
};

/// Base-`p` digits taken from a squeezed element.
const DIGITS: usize = 7;
/// Base-`p` digits that hold the remaining quotient.
const QUOTIENT_DIGITS: usize = 2;
/// Base-`p` digits that hold `p^7` twice.
const LOW_DIGITS: usize = 8;

/// The transcript.
///
/// # Assumptions
/// What is observed, and in which order, is decided by the circuit, never by witness values.
pub struct Challenger {
    state: [Operand; RATE + 1],
    /// Base elements not yet absorbed.
    pending: Vec<Canonical>,
    /// Squeezed elements not yet split, the last to be split first.
    squeezed: Vec<Cell>,
    /// Digits of a split element, the last to be sampled first.
    digits: Vec<Canonical>,
    /// Whether the state was permuted since it was last squeezed.
    fresh: bool,
}

impl Default for Challenger {
    fn default() -> Self {
        Self::new()
    }
}

impl Challenger {
    /// An empty transcript.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: [Constant(Fr::ZERO); RATE + 1],
            pending: vec![],
            squeezed: vec![],
            digits: vec![],
            fresh: false,
        }
    }

    /// Observes a base element.
    pub fn observe(&mut self, builder: &mut CircuitBuilder, element: Canonical) {
        self.forget_output();
        self.pending.push(element);
        if self.pending.len() == RATE * PACKED {
            self.flush(builder);
        }
    }

    /// Observes the coefficients of an extension element.
    pub fn observe_ext(&mut self, builder: &mut CircuitBuilder, element: Ext) {
        for coefficient in element.0 {
            let canonical = builder.canonical(coefficient);
            self.observe(builder, canonical);
        }
    }

    /// Observes a digest.
    pub fn observe_digest(&mut self, builder: &mut CircuitBuilder, digest: Digest) {
        self.flush(builder);
        self.absorb(builder, &[Existing(digest.0)], 1);
    }

    /// Observes the digests of a Merkle cap.
    pub fn observe_cap(&mut self, builder: &mut CircuitBuilder, cap: &[Digest]) {
        for &digest in cap {
            self.observe_digest(builder, digest);
        }
    }

    fn forget_output(&mut self) {
        self.squeezed.clear();
        self.digits.clear();
        self.fresh = false;
    }

    fn flush(&mut self, builder: &mut CircuitBuilder) {
        if self.pending.is_empty() {
            return;
        }
        let pending = std::mem::take(&mut self.pending);
        let packed: Vec<_> = pending.chunks(PACKED).map(|digits| builder.pack_digits(digits, 0)).collect();
        self.absorb(builder, &packed, pending.len() as u64);
    }

    fn absorb(&mut self, builder: &mut CircuitBuilder, words: &[Operand], tag: u64) {
        for (i, slot) in self.state[..RATE].iter_mut().enumerate() {
            *slot = words.get(i).copied().unwrap_or(Constant(Fr::ZERO));
        }
        let tag = Fr::from(tag);
        self.state[RATE] = match self.state[RATE] {
            Constant(capacity) => Constant(capacity + tag),
            capacity => Existing(builder.chain(capacity, [(Constant(tag), Constant(Fr::ONE))])),
        };
        self.permute(builder);
    }

    fn permute(&mut self, builder: &mut CircuitBuilder) {
        self.forget_output();
        self.state = builder.permute_state(self.state);
        self.fresh = true;
    }

    /// A challenge of the base field.
    pub fn sample(&mut self, builder: &mut CircuitBuilder) -> Canonical {
        self.flush(builder);
        if self.digits.is_empty() {
            let element = self.squeeze(builder);
            self.digits = builder.split_digits(element).to_vec();
        }
        self.digits.pop().expect("a split element has seven digits")
    }

    fn squeeze(&mut self, builder: &mut CircuitBuilder) -> Cell {
        if self.squeezed.is_empty() {
            if !self.fresh {
                self.permute(builder);
            }
            for word in &self.state[..RATE] {
                self.squeezed.push(match word {
                    Existing(cell) => *cell,
                    constant => builder.constant(*constant.value()),
                });
            }
            self.fresh = false;
        }
        self.squeezed.pop().expect("the rate has two elements")
    }

    /// A challenge of the extension field.
    pub fn sample_ext(&mut self, builder: &mut CircuitBuilder) -> Ext {
        Ext(core::array::from_fn::<_, DEGREE, _>(|_| self.sample(builder).felt()))
    }

    /// The low bits of a sampled base element, least significant first.
    ///
    /// # Panics
    /// For more than 30 bits.
    pub fn sample_bits(&mut self, builder: &mut CircuitBuilder, count: usize) -> Vec<Bit> {
        assert!(count <= 30, "a sampled element has thirty full bits");
        let element = self.sample(builder);
        builder.bits(element)[..count].to_vec()
    }

    /// Observes a proof-of-work witness and constrains `bits` bits of the next sample to be zero.
    ///
    /// As natively, a zero-bit check does not touch the transcript. Gives whether the witness values satisfy the check.
    pub fn check_witness(&mut self, builder: &mut CircuitBuilder, bits: usize, witness: Canonical) -> bool {
        if bits == 0 {
            return true;
        }
        self.observe(builder, witness);
        let mut holds = true;
        for bit in self.sample_bits(builder, bits) {
            builder.assert_cell_is(&bit.cell(), Fr::ZERO);
            holds &= !bit.value();
        }
        holds
    }
}

/// `r - 1 = low + quotient·p^7` for the BN254 modulus `r`.
struct Largest {
    low: Fr,
    quotient: u64,
}

static LARGEST: LazyLock<Largest> = LazyLock::new(|| {
    let mut words = to_words(-Fr::ONE);
    let mut low = Fr::ZERO;
    for i in 0..DIGITS {
        low += Fr::from(div_rem_words(&mut words, P)) * power_of_p(i);
    }
    Largest { low, quotient: words[0] }
});

fn power_of_p(i: usize) -> Fr {
    Fr::from(P).pow([i as u64])
}

impl CircuitBuilder {
    /// The seven low digits, in base `p`, of the canonical integer of a BN254 element.
    pub(crate) fn split_digits(&mut self, element: Cell) -> [Canonical; DIGITS] {
        self.split_digits_as(element, to_words(*element.value()))
    }

    fn split_digits_as(&mut self, element: Cell, hint_integer: [u64; 4]) -> [Canonical; DIGITS] {
        let mut words = hint_integer;
        let digits: [Canonical; DIGITS] = core::array::from_fn(|_| {
            let digit = u32::try_from(div_rem_words(&mut words, P)).expect("a digit in base p is below 2^31");
            self.load_felt(KoalaBear::from_u32(digit))
        });
        // Both the quotient and its distance from the largest one lie in [0, p^2): 0 ≤ R ≤ R_max. [SPLIT-1]
        let quotient = self.load_digits::<QUOTIENT_DIGITS>([words[0], 0, 0, 0]);
        let distance =
            self.load_digits::<QUOTIENT_DIGITS>([LARGEST.quotient.wrapping_sub(words[0]), 0, 0, 0]);
        let one = Constant(Fr::ONE);
        self.assert_chain(
            Existing(quotient),
            [(Existing(distance), one)],
            Constant(Fr::from(LARGEST.quotient)),
        );
        let weighted = (1..DIGITS).map(|i| (Existing(digits[i].cell()), Constant(power_of_p(i))));
        let low = self.chain(Existing(digits[0].cell()), weighted.collect::<Vec<_>>());
        self.assert_chain(
            Existing(low),
            [(Existing(quotient), Constant(power_of_p(DIGITS)))],
            Existing(element),
        );
        self.assert_low_part(low, distance);
        digits
    }

    /// `[SPLIT-3]` If the quotient is the largest, the low part is at most that of `r - 1`.
    fn assert_low_part(&mut self, low: Cell, distance: Cell) {
        let at_top = self.is_zero(distance);
        // low_max - low + (1 - at_top)·p^7 is not negative: it is below p^8, while a negative value would not be.
        let p7 = power_of_p(DIGITS);
        let slack = self.chain(
            Constant(LARGEST.low + p7),
            [(Existing(low), Constant(-Fr::ONE)), (Existing(at_top), Constant(-p7))],
        );
        let low = self.load_digits::<LOW_DIGITS>(to_words(*slack.value()));
        self.assert_cells_equal(&low, &slack);
    }

    /// A value in `[0, p^N)`.
    fn load_digits<const N: usize>(&mut self, hint_integer: [u64; 4]) -> Cell {
        let mut words = hint_integer;
        let digits: [Cell; N] =
            core::array::from_fn(|_| self.range_canonical(div_rem_words(&mut words, P) as u32));
        let weighted = (1..N).map(|i| (Existing(digits[i]), Constant(power_of_p(i))));
        self.chain(Existing(digits[0]), weighted)
    }

    /// `[SPLIT-2]` One if the cell is zero, otherwise zero.
    fn is_zero(&mut self, x: Cell) -> Cell {
        let value = *x.value();
        let hint_inverse = Option::<Fr>::from(value.invert()).unwrap_or(Fr::ZERO);
        let result = if value == Fr::ZERO { Fr::ONE } else { Fr::ZERO };
        let result = self.witness(result);
        // result + x·w = 1: a result other than one means x is not zero.
        self.assert_cells([Existing(result), Existing(x), Witness(hint_inverse), Constant(Fr::ONE)]);
        // 0 + result·x = 0: x not zero means the result is.
        let zero = Constant(Fr::ZERO);
        self.assert_cells([zero, Existing(result), Existing(x), zero]);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accepts, failures};

    /// `x + r` on words.
    fn plus_modulus(x: Fr) -> [u64; 4] {
        let mut carry = 0u128;
        let mut words = to_words(x);
        for (word, modulus) in words.iter_mut().zip(finial_bn254_hash::constants::MODULUS) {
            let sum = u128::from(*word) + u128::from(modulus) + carry;
            *word = sum as u64;
            carry = sum >> 64;
        }
        words
    }

    #[test]
    fn edges_of_the_field_split() {
        accepts(|builder| {
            let low_edge = Fr::from(LARGEST.quotient) * power_of_p(DIGITS);
            for value in [Fr::ZERO, Fr::ONE, -Fr::ONE, low_edge, low_edge - Fr::ONE] {
                let cell = builder.witness(value);
                builder.split_digits(cell);
            }
        });
    }

    #[test]
    fn the_digits_of_a_value_plus_the_modulus_are_rejected() {
        // The quotient is the largest or the one above, the low part too large.
        for value in [Fr::ZERO, Fr::from(5), power_of_p(DIGITS), power_of_p(DIGITS) * Fr::from(2)] {
            let failures = failures(|builder| {
                let cell = builder.witness(value);
                builder.split_digits_as(cell, plus_modulus(value));
            });
            assert!(!failures.is_empty(), "{value:?}");
        }
    }
}
