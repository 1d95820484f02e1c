//! KoalaBear arithmetic with lazy reduction.
//!
//! A [`Felt`] is a cell of the BN254 field that holds a *signed integer*, small against the BN254 modulus, standing for
//! its residue modulo `p`. Sums and products are computed on the integers, in BN254, and cost what BN254 arithmetic
//! costs; only when the next product could exceed [`MAX_MAGNITUDE`] (about 2^78) is a value reduced.
//!
//! # Soundness
//! Every felt carries a bound on the magnitude of its integer that holds for *any* witness satisfying the
//! constraints, since it is derived only from bounds the range column enforces (`[RANGE-1]`…`[RANGE-3]`) and from
//! interval arithmetic. No bound exceeds [`MAX_MAGNITUDE`], so no integer wraps modulo the BN254 modulus, and integer
//! identities are congruences modulo `p`.
//!
//! Two strengths of representation:
//! - any felt: congruent to the value it stands for, within its bound;
//! - [`Canonical`]: non-negative and below `p`, hence unique. That is what a reduction leaves. Hashes, transcripts, bits
//!   and public values take nothing else.

use std::collections::HashMap;

use crate::Operand::{self, Constant, Existing};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

use crate::{
    builder::CircuitBuilder,
    cell::Cell,
    convert::{P, int_to_fr, int_to_koala, koala_to_centered},
    range::MAX_MAGNITUDE,
};

/// Factors up to this magnitude are multiplied as they are, larger ones reduced first.
const LIGHT: u128 = 1 << 36;

/// A KoalaBear value in the circuit: a constant, or an integer in a cell (see the module's documentation).
#[derive(Clone, Copy, Debug)]
pub struct Felt(Repr);

#[derive(Clone, Copy, Debug)]
enum Repr {
    Constant(i64),
    Cell { cell: Cell, int: i128, magnitude: u128, id: u64 },
}

/// A felt whose cell holds the unique integer below `p`.
#[derive(Clone, Copy, Debug)]
pub struct Canonical {
    felt: Felt,
    cell: Cell,
}

impl Canonical {
    /// The cell.
    #[must_use]
    pub const fn cell(&self) -> Cell {
        self.cell
    }

    /// The felt, for arithmetic.
    #[must_use]
    pub const fn felt(&self) -> Felt {
        self.felt
    }

    /// The witness value.
    pub fn value(&self) -> KoalaBear {
        self.felt.value()
    }
}

/// Identity of a felt, to remember what was derived from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Constant(i64),
    Cell(u64),
}

/// What was already computed, so that no value is reduced twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo {
    next_id: u64,
    canonical: HashMap<Key, Canonical>,
    pub(crate) matrices: HashMap<[Key; 5], [Felt; 4]>,
    pub(crate) packed: HashMap<[Key; 5], [Cell; 2]>,
}

impl Felt {
    /// Zero.
    pub const ZERO: Self = Self(Repr::Constant(0));
    /// One.
    pub const ONE: Self = Self(Repr::Constant(1));

    /// A constant of the circuit.
    #[must_use]
    pub fn constant(value: KoalaBear) -> Self {
        Self(Repr::Constant(koala_to_centered(value)))
    }

    /// The constant, if it is one.
    #[must_use]
    pub fn as_constant(&self) -> Option<KoalaBear> {
        match self.0 {
            Repr::Constant(c) => Some(int_to_koala(c.into())),
            Repr::Cell { .. } => None,
        }
    }

    /// The witness value.
    pub fn value(&self) -> KoalaBear {
        int_to_koala(self.int())
    }

    pub(crate) fn int(&self) -> i128 {
        match self.0 {
            Repr::Constant(c) => c.into(),
            Repr::Cell { int, .. } => int,
        }
    }

    /// The bound on the integer's magnitude.
    pub(crate) fn magnitude(&self) -> u128 {
        match self.0 {
            Repr::Constant(c) => c.unsigned_abs().into(),
            Repr::Cell { magnitude, .. } => magnitude,
        }
    }

    pub(crate) fn key(&self) -> Key {
        match self.0 {
            Repr::Constant(c) => Key::Constant(c),
            Repr::Cell { id, .. } => Key::Cell(id),
        }
    }

    pub(crate) fn quantum(&self) -> Operand {
        match self.0 {
            Repr::Constant(c) => Constant(int_to_fr(c.into())),
            Repr::Cell { cell, .. } => Existing(cell),
        }
    }

    fn is_constant(&self, value: i64) -> bool {
        matches!(self.0, Repr::Constant(c) if c == value)
    }
}

impl From<KoalaBear> for Felt {
    fn from(value: KoalaBear) -> Self {
        Self::constant(value)
    }
}

impl CircuitBuilder {
    /// A felt over a cell holding `int`.
    ///
    /// # Assumptions
    /// Constraints hold the cell to integers of at most `magnitude`.
    pub(crate) fn felt_from_cell_unchecked(&mut self, cell: Cell, int: i128, magnitude: u128) -> Felt {
        assert!(magnitude <= MAX_MAGNITUDE, "a felt's bound stays below what a reduction accepts");
        let id = self.memo.next_id;
        self.memo.next_id += 1;
        Felt(Repr::Cell { cell, int, magnitude, id })
    }

    /// A witness value, constrained to be canonical.
    pub fn load_felt(&mut self, value: KoalaBear) -> Canonical {
        let value = value.as_canonical_u32();
        let cell = self.range_canonical(value);
        let felt = self.felt_from_cell_unchecked(cell, value.into(), u128::from(P) - 1);
        let canonical = Canonical { felt, cell };
        self.memo.canonical.insert(felt.key(), canonical);
        canonical
    }

    /// The same value, canonical unless it is a constant.
    pub fn reduce(&mut self, x: Felt) -> Felt {
        match x.0 {
            Repr::Constant(_) => x,
            Repr::Cell { .. } => self.canonical(x).felt,
        }
    }

    /// Reduced if its bound is above `limit`.
    pub(crate) fn lighten(&mut self, x: Felt, limit: u128) -> Felt {
        if x.magnitude() > limit && x.as_constant().is_none() { self.reduce(x) } else { x }
    }

    /// The same value in its unique representation.
    pub fn canonical(&mut self, x: Felt) -> Canonical {
        if let Some(canonical) = self.memo.canonical.get(&x.key()) {
            return *canonical;
        }
        let canonical = match x.0 {
            Repr::Constant(c) => {
                let value = int_to_koala(c.into()).as_canonical_u32();
                Canonical { felt: x, cell: self.constant(Fr::from(u64::from(value))) }
            }
            Repr::Cell { cell, int, .. } => {
                let cell = self.range_reduce(&cell, int);
                let felt = self.felt_from_cell_unchecked(cell, int.rem_euclid(P.into()), u128::from(P) - 1);
                let canonical = Canonical { felt, cell };
                self.memo.canonical.insert(felt.key(), canonical);
                canonical
            }
        };
        self.memo.canonical.insert(x.key(), canonical);
        canonical
    }

    /// `a + b`.
    pub fn add(&mut self, a: Felt, b: Felt) -> Felt {
        self.inner_product(Felt::ZERO, &[(a, Felt::ONE), (b, Felt::ONE)])
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Felt, b: Felt) -> Felt {
        self.inner_product(Felt::ZERO, &[(a, Felt::ONE), (b, Felt(Repr::Constant(-1)))])
    }

    /// `-a`.
    pub fn neg(&mut self, a: Felt) -> Felt {
        self.inner_product(Felt::ZERO, &[(a, Felt(Repr::Constant(-1)))])
    }

    /// `a · b`.
    pub fn mul(&mut self, a: Felt, b: Felt) -> Felt {
        self.inner_product(Felt::ZERO, &[(a, b)])
    }

    /// `start + Σ aᵢ·bᵢ`, reduced only where the sum could grow too large.
    pub fn inner_product(&mut self, start: Felt, terms: &[(Felt, Felt)]) -> Felt {
        if bound(start, terms) <= MAX_MAGNITUDE {
            return self.inner_product_within_bounds(start, terms);
        }
        let start = self.lighten(start, LIGHT);
        let terms: Vec<_> =
            terms.iter().map(|&(a, b)| (self.lighten(a, LIGHT), self.lighten(b, LIGHT))).collect();
        if bound(start, &terms) <= MAX_MAGNITUDE {
            return self.inner_product_within_bounds(start, &terms);
        }
        assert!(terms.len() > 1, "one product of light factors is within bounds");
        let (first, second) = terms.split_at(terms.len() / 2);
        let partial = self.inner_product(start, first);
        let partial = self.reduce(partial);
        self.inner_product(partial, second)
    }

    fn inner_product_within_bounds(&mut self, start: Felt, terms: &[(Felt, Felt)]) -> Felt {
        let mut constant = 0i128;
        let mut products = vec![];
        for &(a, b) in [(start, Felt::ONE)].iter().chain(terms) {
            match (a.0, b.0) {
                (Repr::Constant(a), Repr::Constant(b)) => constant += i128::from(a) * i128::from(b),
                _ if a.is_constant(0) || b.is_constant(0) => {}
                (Repr::Constant(_), Repr::Cell { .. }) => products.push((b, a)),
                (Repr::Cell { .. }, _) => products.push((a, b)),
            }
        }
        if products.is_empty() {
            return Felt::constant(int_to_koala(constant));
        }
        let unit = products.iter().position(|(_, b)| b.is_constant(1)).filter(|_| constant == 0);
        let head = match unit {
            Some(at) => products.remove(at).0,
            None => Felt(Repr::Constant(0)),
        };
        if products.is_empty() {
            return head;
        }
        let magnitude = bound(head, &products) + constant.unsigned_abs();
        let int = products
            .iter()
            .fold(head.int() + constant, |sum, (a, b)| sum.wrapping_add(a.int().wrapping_mul(b.int())));
        let head = if unit.is_some() { head.quantum() } else { Constant(int_to_fr(constant)) };
        let cell = self.chain(head, products.iter().map(|(a, b)| (a.quantum(), b.quantum())));
        self.felt_from_cell_unchecked(cell, int, magnitude)
    }

    /// Constrains `x ≡ 0 (mod p)`.
    ///
    /// # Panics
    /// If `x` is a constant other than zero: the circuit could never be satisfied.
    pub fn assert_zero(&mut self, x: Felt) {
        match x.0 {
            Repr::Constant(_) => {
                assert_eq!(x.value(), KoalaBear::ZERO, "a constant asserted to be zero is zero")
            }
            // An integer smaller than p is a multiple of p only if it is zero.
            Repr::Cell { cell, magnitude, .. } if magnitude < u128::from(P) => {
                self.assert_cell_is(&cell, Fr::zero())
            }
            Repr::Cell { cell, int, .. } => {
                let remainder = self.range_reduce(&cell, int);
                self.assert_cell_is(&remainder, Fr::zero());
            }
        }
    }

    /// Constrains `a ≡ b (mod p)`.
    pub fn assert_equal(&mut self, a: Felt, b: Felt) {
        let difference = self.sub(a, b);
        self.assert_zero(difference);
    }

    /// `1 / x`; no witness satisfies the circuit if `x` is zero.
    pub fn inverse(&mut self, x: Felt) -> Felt {
        if let Some(value) = x.as_constant() {
            return Felt::constant(value.inverse());
        }
        let hint_inverse = x.value().try_inverse().unwrap_or(KoalaBear::ZERO);
        let inverse = self.load_felt(hint_inverse).felt();
        // Zero has no multiple that is one, so this also shows that x is not zero.
        let product = self.inner_product(Felt(Repr::Constant(-1)), &[(x, inverse)]);
        self.assert_zero(product);
        inverse
    }
}

/// A bound on the magnitude of `start + Σ aᵢ·bᵢ`.
fn bound(start: Felt, terms: &[(Felt, Felt)]) -> u128 {
    terms.iter().fold(start.magnitude(), |sum, (a, b)| {
        sum.saturating_add(a.magnitude().saturating_mul(b.magnitude()))
    })
}
