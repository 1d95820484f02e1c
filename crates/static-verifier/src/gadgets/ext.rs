//! The quintic extension of KoalaBear, `X⁵ + X² - 1`, on lazily reduced coefficients.
//!
//! A product is five inner products of the one factor's coefficients with the rows `Xⁱ·b` of the other's
//! multiplication matrix; its coefficients stay unreduced until they are multiplied again.
//!
//! Where many elements are scaled by base values ([`CircuitBuilder::ext_base_inner_product`]) coefficients are packed,
//! three and two to a cell, in base 2^80: one BN254 product scales three of them.
//!
//! # Soundness of packing
//! Packed integers `Σ sᵢ·2^(80·i)` with `|sᵢ| ≤ 2^78` are below 2^239 in magnitude and determine their `sᵢ`. The accumulated
//! limbs are within that bound by construction; the limbs a prover claims are, because each is reduced at once and
//! `[RANGE-3]` accepts nothing above 2^78.

use crate::Operand::{Constant, Existing};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field as _};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, extension::QuinticTrinomialExtensionField};
use p3_koala_bear::KoalaBear;

use super::felt::Felt;
use crate::{builder::CircuitBuilder, cell::Cell, convert::int_to_fr, range::MAX_MAGNITUDE};

/// The extension field natively.
pub type Quintic = QuinticTrinomialExtensionField<KoalaBear>;

/// Coefficients of an element.
pub const DEGREE: usize = 5;

/// Factors' coefficients above this magnitude are reduced before a product.
const LIGHT: u128 = 1 << 33;

/// An element of the extension: coefficients of `1, X, …, X⁴`.
#[derive(Clone, Copy, Debug)]
pub struct Ext(pub [Felt; DEGREE]);

impl Ext {
    /// Zero.
    pub const ZERO: Self = Self([Felt::ZERO; DEGREE]);
    /// One.
    pub const ONE: Self = Self([Felt::ONE, Felt::ZERO, Felt::ZERO, Felt::ZERO, Felt::ZERO]);

    /// A constant of the circuit.
    #[must_use]
    pub fn constant(value: Quintic) -> Self {
        let coefficients: &[KoalaBear] = value.as_basis_coefficients_slice();
        Self(core::array::from_fn(|i| Felt::constant(coefficients[i])))
    }

    /// The witness value.
    pub fn value(&self) -> Quintic {
        Quintic::from_basis_coefficients_fn(|i| self.0[i].value())
    }

    fn as_constant(&self) -> Option<Quintic> {
        self.0.iter().all(|c| c.as_constant().is_some()).then(|| self.value())
    }

    fn magnitude(&self) -> u128 {
        self.0.iter().map(Felt::magnitude).max().unwrap_or(0)
    }
}

impl From<Felt> for Ext {
    fn from(base: Felt) -> Self {
        Self([base, Felt::ZERO, Felt::ZERO, Felt::ZERO, Felt::ZERO])
    }
}

impl CircuitBuilder {
    /// A witness value with canonical coefficients.
    pub fn load_ext(&mut self, value: Quintic) -> Ext {
        let coefficients: &[KoalaBear] = value.as_basis_coefficients_slice();
        Ext(core::array::from_fn(|i| self.load_felt(coefficients[i]).felt()))
    }

    /// `a + b`.
    pub fn ext_add(&mut self, a: Ext, b: Ext) -> Ext {
        Ext(core::array::from_fn(|i| self.add(a.0[i], b.0[i])))
    }

    /// `a - b`.
    pub fn ext_sub(&mut self, a: Ext, b: Ext) -> Ext {
        Ext(core::array::from_fn(|i| self.sub(a.0[i], b.0[i])))
    }

    /// `-a`.
    pub fn ext_neg(&mut self, a: Ext) -> Ext {
        Ext(a.0.map(|c| self.neg(c)))
    }

    /// `a · b` for `b` in the base field.
    pub fn ext_mul_base(&mut self, a: Ext, b: Felt) -> Ext {
        Ext(a.0.map(|c| self.mul(c, b)))
    }

    /// `start + a · b` for `b` in the base field.
    pub fn ext_mul_base_add(&mut self, a: Ext, b: Felt, start: Ext) -> Ext {
        Ext(core::array::from_fn(|i| self.inner_product(start.0[i], &[(a.0[i], b)])))
    }

    /// `a · b`.
    pub fn ext_mul(&mut self, a: Ext, b: Ext) -> Ext {
        self.ext_inner_product(Ext::ZERO, &[(a, b)])
    }

    /// `start + a · b`.
    pub fn ext_mul_add(&mut self, a: Ext, b: Ext, start: Ext) -> Ext {
        self.ext_inner_product(start, &[(a, b)])
    }

    /// The same value with canonical coefficients.
    pub fn ext_reduce(&mut self, a: Ext) -> Ext {
        Ext(a.0.map(|c| self.reduce(c)))
    }

    fn ext_lighten(&mut self, a: Ext) -> Ext {
        Ext(a.0.map(|c| self.lighten(c, LIGHT)))
    }

    /// `start + Σ aₖ·bₖ`, one lazy sum per coefficient.
    pub fn ext_inner_product(&mut self, start: Ext, terms: &[(Ext, Ext)]) -> Ext {
        let mut columns: [Vec<(Felt, Felt)>; DEGREE] = Default::default();
        for &(a, b) in terms {
            let (a, b) = (self.ext_lighten(a), self.ext_lighten(b));
            let (a, b) = if self.prefers_first(&a, &b) { (b, a) } else { (a, b) };
            let matrix = self.multiplication_matrix(b);
            for (coefficient, row) in a.0.iter().zip(&matrix) {
                for (column, entry) in columns.iter_mut().zip(row) {
                    column.push((*coefficient, *entry));
                }
            }
        }
        let mut columns = columns.into_iter();
        Ext(start.0.map(|start| {
            let column = columns.next().expect("one column per coefficient");
            self.inner_product(start, &column)
        }))
    }

    /// Whether the first factor's matrix is the cheaper one.
    fn prefers_first(&self, a: &Ext, b: &Ext) -> bool {
        let known =
            |e: &Ext| e.as_constant().is_some() || self.memo.matrices.contains_key(&e.0.map(|c| c.key()));
        known(a) && !known(b)
    }

    /// Row `i` holds the coefficients of `Xⁱ·b`, by `X⁵ = 1 - X²`.
    fn multiplication_matrix(&mut self, b: Ext) -> [[Felt; DEGREE]; DEGREE] {
        let [b0, b1, b2, b3, b4] = b.0;
        let [d14, d03, d42, e] = self.matrix_differences(b);
        [
            [b0, b1, b2, b3, b4],
            [b4, b0, d14, b2, b3],
            [b3, b4, d03, d14, b2],
            [b2, b3, d42, d03, d14],
            [d14, b2, e, d42, d03],
        ]
    }

    /// `b₁ - b₄`, `b₀ - b₃`, `b₄ - b₂`, `b₃ - b₁ + b₄`.
    fn matrix_differences(&mut self, b: Ext) -> [Felt; 4] {
        let key = b.0.map(|c| c.key());
        if let Some(differences) = self.memo.matrices.get(&key) {
            return *differences;
        }
        let [b0, b1, b2, b3, b4] = b.0;
        let d14 = self.sub(b1, b4);
        let differences = [d14, self.sub(b0, b3), self.sub(b4, b2), self.sub(b3, d14)];
        self.memo.matrices.insert(key, differences);
        differences
    }

    /// `Σ aₖ·bₖ` for `bₖ` in the base field, on packed coefficients; the result is reduced.
    pub fn ext_base_inner_product(&mut self, terms: &[(Ext, Felt)]) -> Ext {
        let mut sum = Ext::ZERO;
        let mut chunk: Vec<(Ext, Felt)> = vec![];
        let mut magnitude = 0u128;
        for &(a, b) in terms {
            let (a, b) = (self.ext_lighten(a), self.lighten(b, LIGHT));
            let product = a.magnitude().saturating_mul(b.magnitude());
            if magnitude.saturating_add(product) > MAX_MAGNITUDE {
                let part = self.packed_inner_product(&chunk);
                sum = self.ext_add(sum, part);
                chunk.clear();
                magnitude = 0;
            }
            magnitude += product;
            chunk.push((a, b));
        }
        let part = self.packed_inner_product(&chunk);
        self.ext_add(sum, part)
    }

    /// # Assumptions
    /// The sum of the products' magnitudes is at most [`MAX_MAGNITUDE`].
    fn packed_inner_product(&mut self, terms: &[(Ext, Felt)]) -> Ext {
        if terms.is_empty() {
            return Ext::ZERO;
        }
        let mut packed = vec![];
        for (a, b) in terms {
            packed.push((self.pack(*a), b.quantum()));
        }
        let sums: [i128; DEGREE] = core::array::from_fn(|i| {
            terms.iter().fold(0i128, |sum, (a, b)| sum.wrapping_add(a.0[i].int().wrapping_mul(b.int())))
        });
        let zero = Constant(Fr::ZERO);
        let [low, high] =
            [0, 1].map(|half| self.chain(zero, packed.iter().map(|(p, b)| (Existing(p[half]), *b))));
        let [s0, s1, s2, s3, s4] = sums;
        let [c0, c1, c2] = self.unpack(low, [s0, s1, s2]);
        let [c3, c4] = self.unpack(high, [s3, s4]);
        Ext([c0, c1, c2, c3, c4])
    }

    /// The coefficients in base 2^80: three in the first cell, two in the second.
    fn pack(&mut self, a: Ext) -> [Cell; 2] {
        let key = a.0.map(|c| c.key());
        if let Some(packed) = self.memo.packed.get(&key) {
            return *packed;
        }
        let [c0, c1, c2, c3, c4] = a.0.map(|c| c.quantum());
        let base = Constant(radix(1));
        let packed = [self.chain(c0, [(c1, base), (c2, Constant(radix(2)))]), self.chain(c3, [(c4, base)])];
        self.memo.packed.insert(key, packed);
        packed
    }

    /// The limbs of a packed cell, reduced; `hint_limbs` are their integers.
    fn unpack<const N: usize>(&mut self, packed: Cell, hint_limbs: [i128; N]) -> [Felt; N] {
        let limbs = hint_limbs.map(|int| {
            let cell = self.witness(int_to_fr(int));
            // Only the reduction below bounds this cell; it does so at once, for every limb.
            let limb = self.felt_from_cell_unchecked(cell, int, MAX_MAGNITUDE);
            (cell, self.reduce(limb))
        });
        let mut cells = limbs.iter().enumerate().map(|(i, (cell, _))| (i, *cell));
        let (_, first) = cells.next().expect("a packed cell has a limb");
        let rest: Vec<_> = cells.map(|(i, cell)| (Existing(cell), Constant(radix(i as u32)))).collect();
        self.assert_chain(Existing(first), rest, Existing(packed));
        limbs.map(|(_, limb)| limb)
    }

    /// Constrains `a = b`.
    pub fn ext_assert_equal(&mut self, a: Ext, b: Ext) {
        for (a, b) in a.0.into_iter().zip(b.0) {
            self.assert_equal(a, b);
        }
    }

    /// `1 / a`; no witness satisfies the circuit if `a` is zero.
    pub fn ext_inverse(&mut self, a: Ext) -> Ext {
        if let Some(value) = a.as_constant() {
            return Ext::constant(value.inverse());
        }
        let hint_inverse = a.value().try_inverse().unwrap_or(Quintic::ZERO);
        let inverse = self.load_ext(hint_inverse);
        // Zero has no multiple that is one, so this also shows that a is not zero.
        let product = self.ext_mul(a, inverse);
        self.ext_assert_equal(product, Ext::ONE);
        inverse
    }

    /// `a / b`; no witness satisfies the circuit if `b` is zero.
    pub fn ext_div(&mut self, a: Ext, b: Ext) -> Ext {
        let inverse = self.ext_inverse(b);
        self.ext_mul(a, inverse)
    }

    /// `a^0, a^1, …, a^(n-1)`.
    pub fn ext_powers(&mut self, a: Ext, n: usize) -> Vec<Ext> {
        let mut powers = vec![Ext::ONE];
        while powers.len() < n {
            let next = self.ext_mul(powers[powers.len() - 1], a);
            powers.push(self.ext_reduce(next));
        }
        powers.truncate(n);
        powers
    }
}

/// `2^(80·i)`.
fn radix(i: u32) -> Fr {
    Fr::from(2).pow([80 * u64::from(i)])
}
