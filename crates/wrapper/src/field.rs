//! The base field of BN254 inside the scalar field.
//!
//! An element is three limbs `x₀ + 2^95·x₁ + 2^190·x₂`, of 95, 95 and 76 bits when it is first assigned ([`Builder::fe`]). Sums,
//! differences and selections are taken limb by limb without reduction; `weight` `w` says that `|x₀|, |x₁| ≤ w·2^95`
//! and `|x₂| ≤ w·2^76`. Nothing makes representatives canonical, and nothing relies on it but
//! [`Builder::assert_canonical`].
//!
//! # Products
//! [`Builder::assert_product`] shows `A·B ≡ C (mod q)` by `E = A·B - C - Q·q = 0` over the integers, for a quotient `Q` the prover
//! supplies. `[W-2]` has four equations: with `t₀, t₁, t₂` the columns of the long multiplication (`t₁ = A₀B₁ + A₁B₀ -
//! C₁ - Q₀q₁ - Q₁q₀` and so on) and carries `V`,
//!
//! ```text
//! t₀ = 2^95·V₀,   t₁ + V₀ = 2^95·V₁,   t₂ + V₁ = 2^95·V₂,   E = 0 in the scalar field.
//! ```
//!
//! Weights are at most 2 in `A` and `B`, 8 in `C`. `Q`'s limbs are range-checked like an element's, and 2^70 is taken from the
//! upper one so that `Q` can be negative; `-2^113 ≤ V < 2^113` by range check.
//!
//! - The first three hold over the integers: `|tᵢ| < 3·2^192 + 2^98 + 3·2^190 < 2^195` and `2^95·|V| ≤ 2^208`, far from the
//!   scalar field's modulus `r > 2^253`. So `E ≡ t₀ + 2^95·t₁ + 2^190·t₂ = 2^285·V₂ ≡ 0 (mod 2^285)`.
//! - With the fourth, `E ≡ 0 (mod 2^285·r)`, more than 2^538.
//! - `|A|, |B| < 2^268`, so `|E| < 2^536 + 2^270 + 2^267·2^254 < 2^537`. Hence `E = 0`.
//!
//! An honest prover always succeeds: its elements are canonical, so `|Q| < 8q < 2^257` fits, as do the carries, of at most
//! 2^100.

use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr},
    ff::{Field, PrimeField},
};
use num_bigint::{BigInt, BigUint};

use crate::{
    builder::{Builder, Cell, Relation},
    gate::{
        CARRY_BITS, CARRY_OFFSET, LIMB_BITS, LOOKUP_BITS, QUOTIENT_OFFSET, TOP_BITS, modulus_limbs, power,
    },
    limbs,
};

/// An element of the base field.
#[derive(Clone, Debug)]
pub struct Fe {
    /// Limbs, the lowest first.
    pub limbs: [Cell; 3],
    /// What a prover knows it to be.
    pub value: Fq,
    /// Bound of the limbs, see above.
    weight: u8,
}

impl Fe {
    /// An element of other limbs of the same bounds.
    pub(crate) const fn selected(limbs: [Cell; 3], value: Fq) -> Self {
        Self { limbs, value, weight: 1 }
    }
}

/// A factor of a product.
#[derive(Clone, Copy, Debug)]
pub enum Factor<'a> {
    /// An element.
    One(&'a Fe),
    /// The difference of two.
    Difference(&'a Fe, &'a Fe),
}

impl Factor<'_> {
    const fn weight(&self) -> u8 {
        match self {
            Self::One(x) => x.weight,
            Self::Difference(x, y) => x.weight + y.weight,
        }
    }
}

fn compose(limbs: &[BigInt; 3]) -> BigInt {
    &limbs[0] + (&limbs[1] << LIMB_BITS) + (&limbs[2] << (2 * LIMB_BITS))
}

/// `value` modulo 2^`bits`, not negative.
fn wrap(value: &BigInt, bits: usize) -> BigUint {
    let modulus = BigInt::from(1) << bits;
    let rest = ((value % &modulus) + &modulus) % &modulus;
    rest.to_biguint().unwrap_or_default()
}

/// `⌊value/divisor⌋`
fn floor_div(value: &BigInt, divisor: &BigInt) -> BigInt {
    let quotient = value / divisor;
    if &quotient * divisor > *value { quotient - 1 } else { quotient }
}

impl Builder {
    /// A new element with any value.
    pub fn fe(&mut self, value: Fq) -> Fe {
        self.fe_from_limbs(limbs::of(value), value)
    }

    fn fe_from_limbs(&mut self, limbs: [u128; 3], value: Fq) -> Fe {
        let [x0, x1, x2] = limbs;
        let low = LIMB_BITS / LOOKUP_BITS;
        let limbs = [self.range(x0, low), self.range(x1, low), self.range(x2, TOP_BITS / LOOKUP_BITS)];
        Fe { limbs, value, weight: 1 }
    }

    /// A constant.
    pub fn fe_constant(&mut self, value: Fq) -> Fe {
        let limbs = limbs::of(value).map(|limb| self.constant(Fr::from_u128(limb)));
        Fe { limbs, value, weight: 1 }
    }

    fn integers(&self, x: &Fe) -> [BigInt; 3] {
        x.limbs.map(|limb| limbs::signed(self.value(limb)))
    }

    /// Three rows `x`, three rows `y`, three new rows `x - y`: `[W-5]`.
    fn push_difference(&mut self, x: &Fe, y: &Fe) -> [Cell; 3] {
        let first = self.copy(x.limbs[0]);
        self.copy_all(x.limbs[1..].iter().chain(&y.limbs).copied());
        self.start(first, Relation::Difference);
        core::array::from_fn(|i| {
            let value = self.value(x.limbs[i]) - self.value(y.limbs[i]);
            self.witness(value)
        })
    }

    /// `x - y`
    pub fn fe_sub(&mut self, x: &Fe, y: &Fe) -> Fe {
        let limbs = self.push_difference(x, y);
        Fe { limbs, value: x.value - y.value, weight: x.weight + y.weight }
    }

    /// `-x`
    pub fn fe_neg(&mut self, x: &Fe) -> Fe {
        let zero = Fe { limbs: [self.zero(); 3], value: Fq::ZERO, weight: 0 };
        self.fe_sub(&zero, x)
    }

    /// Three new rows, the sum of one, two or three elements, with the rows that show it below.
    fn push_sum(&mut self, terms: &[&Fe]) -> [Cell; 3] {
        match terms {
            [x] => x.limbs.map(|limb| self.copy(limb)),
            // [W-5] the other way round: sum - y = the rest.
            [y, rest @ ..] => {
                let sums = core::array::from_fn::<_, 3, _>(|i| {
                    terms.iter().map(|term| self.value(term.limbs[i])).sum::<Fr>()
                });
                let sum = sums.map(|value| self.witness(value));
                self.copy_all(y.limbs);
                self.start(sum[0], Relation::Difference);
                self.push_sum(rest);
                sum
            }
            [] => unreachable!("a sum has a term"),
        }
    }

    /// `x + y`
    pub fn fe_add(&mut self, x: &Fe, y: &Fe) -> Fe {
        let limbs = self.push_sum(&[x, y]);
        Fe { limbs, value: x.value + y.value, weight: x.weight + y.weight }
    }

    /// Constrains `a·b` to equal the sum of one to three elements.
    pub fn assert_product(&mut self, b: Factor<'_>, a: &Fe, sum: &[&Fe]) {
        let sum_weight: u8 = sum.iter().map(|x| x.weight).sum();
        assert!(
            a.weight <= 2 && b.weight() <= 2 && sum_weight <= 8,
            "limbs within the bounds of the proof above"
        );
        let factor_b = match b {
            Factor::One(x) => self.integers(x),
            Factor::Difference(x, y) => {
                let (x, y) = (self.integers(x), self.integers(y));
                core::array::from_fn(|i| &x[i] - &y[i])
            }
        };
        let terms: Vec<_> = sum.iter().map(|x| self.integers(x)).collect();
        let c = core::array::from_fn(|i| terms.iter().map(|term| &term[i]).sum());
        let (quotient, carries) = division(&self.integers(a), &factor_b, &c);
        let quotient = self.fe_from_limbs(quotient, Fq::ZERO);
        let carries = carries.map(|carry| self.range(carry, CARRY_BITS / LOOKUP_BITS));
        let b = match b {
            Factor::One(x) => x.limbs.map(|limb| self.copy(limb)),
            Factor::Difference(x, y) => self.push_difference(x, y),
        };
        self.copy_all([a.limbs, quotient.limbs, carries].into_iter().flatten());
        self.push_sum(sum);
        self.start(b[0], Relation::FieldProduct);
    }

    /// `a·b` as a new element.
    pub fn fe_mul(&mut self, a: &Fe, b: &Fe) -> Fe {
        let product = self.fe(a.value * b.value);
        self.assert_product(Factor::One(b), a, &[&product]);
        product
    }

    /// The representative in the scalar field.
    pub fn fe_native(&mut self, x: &Fe) -> Cell {
        let [up, top] = [LIMB_BITS, 2 * LIMB_BITS].map(|n| self.constant(power(n)));
        self.sum_of_products(x.limbs[0], &[(up, x.limbs[1]), (top, x.limbs[2])])
    }

    /// Constrains an element just assigned to be the representative below `q`: some `e ≥ 0` has `x + e = q - 1`, limb by
    /// limb with carries. A carry is looked up, so its equation, of numbers below 2^115, holds over the integers.
    pub fn assert_canonical(&mut self, x: &Fe) {
        let e = self.fe(-Fq::ONE - x.value);
        let [p, one] = [-Fq::ONE, Fq::ONE].map(|value| self.fe_constant(value));
        let up = self.constant(power(LIMB_BITS));
        let (one, mut carry) = (one.limbs[0], self.zero());
        for i in 0..3 {
            let sum = self.sum_of_products(x.limbs[i], &[(one, e.limbs[i]), (one, carry)]);
            let excess = limbs::signed(self.value(sum) - self.value(p.limbs[i]));
            carry = if i == 2 {
                self.zero()
            } else {
                self.range(limbs::low(&wrap(&(excess >> LIMB_BITS), LOOKUP_BITS)), 1)
            };
            let expected = self.mul_add(p.limbs[i], up, carry);
            self.assert_equal(sum, expected);
        }
    }
}

/// Quotient and carries for [`Builder::assert_product`], as their cells hold them. For values that are no product they are
/// of the right size and wrong.
fn division(a: &[BigInt; 3], b: &[BigInt; 3], c: &[BigInt; 3]) -> ([u128; 3], [u128; 3]) {
    let p = modulus_limbs().map(BigInt::from);
    let quotient = floor_div(&(compose(a) * compose(b) - compose(c)), &compose(&p));
    let shifted = quotient + (BigInt::from(1) << (QUOTIENT_OFFSET + 2 * LIMB_BITS));
    let cells = limbs::of_big(&wrap(&shifted, 2 * LIMB_BITS + TOP_BITS));
    let mut q = cells.map(BigInt::from);
    q[2] -= BigInt::from(1) << QUOTIENT_OFFSET;
    let mut carry = BigInt::ZERO;
    let carries = core::array::from_fn(|t| {
        let column: BigInt = (0..=t).map(|i| &a[i] * &b[t - i] - &q[i] * &p[t - i]).sum();
        carry = (column - &c[t] + &carry) >> LIMB_BITS;
        limbs::low(&wrap(&(&carry + (BigInt::from(1) << CARRY_OFFSET)), CARRY_BITS))
    });
    (cells, carries)
}
