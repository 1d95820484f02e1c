//! The base field of BN254 inside the scalar field.
//!
//! # Elements
//! An element is a running sum of 127 digits of base four: `zᵢ = 4·zᵢ₊₁ + δᵢ` with `δᵢ < 4` and `z₁₂₇ = 0`. So it is an integer `x < 2^254`
//! of limbs `x₀, x₁, x₂ < 2^66` and `x₃ < 2^56`, and four cells of the sum say everything, in the scalar field:
//!
//! ```text
//! z₀ = x,   z₃₃ = x₁ + 2^66·x₂ + 2^132·x₃,   z₆₆ = x₂ + 2^66·x₃,   z₉₉ = x₃
//! ```
//!
//! Limbs are differences of these, `x₀ = z₀ - 2^66·z₃₃` and so on, exactly: `zᵢ - 4^n·zᵢ₊ₙ` is the sum of `n` digits even where `z₀` has
//! wrapped. Sums, differences and selections of numbers are taken cell by cell. Nothing makes representatives canonical,
//! and nothing relies on it but [`Builder::assert_canonical`].
//!
//! # Triples
//! An integer `E` that is a sum of products stays unreduced as `lo = c₀ + 2^66·c₁`, `hi = c₂ + 2^66·c₃` and `nat = E`, where `cᵢ` are the columns of
//! the long multiplication: `E ≡ lo + 2^132·hi (mod 2^264)`. `[W-2]` makes one of two numbers. An element is one too: `hi = z₆₆`,
//! `nat = z₀`, `lo = nat - 2^132·hi`, so two cells do where it is only added ([`Linear`]). `[W-9]` and `[W-10]` subtract.
//!
//! # Reduction
//! [`Builder::reduce`] shows that `E` is a multiple of `q`: `E - Q·q = 0` over the integers, for a quotient `Q` the prover supplies. `[W-8]` has
//! three equations, with `L` and `H` the triple of `E - Q·q` and carries `V`:
//!
//! ```text
//! L = 2^132·V₀,   H + V₀ = 2^132·V₁,   E - Q·q = 0 in the scalar field.
//! ```
//!
//! Quotient and carries are one running sum of 128 + 35 + 35 digits, less offsets: `-2^254.8 < Q < 2^256`, `-2^69 ≤ V < 2^69`. A triple's
//! `negative` and `positive` count the products of two elements that are subtracted and added; they are at most 2 and 3. Elements that
//! are added on their own number at most 8.
//!
//! - The first two hold over the integers: a product has `|c₀|, |c₁|, |c₂|, |c₃| < 2^134`, so `|L|, |H| < 6·2^201 + 2^136 < 2^204`, and
//!   `2^132·|V| ≤ 2^201`: nothing comes near the scalar field's modulus `r > 2^253`. So `E - Q·q ≡ L + 2^132·H ≡ 0 (mod 2^264)`.
//! - With the third, `E - Q·q ≡ 0 (mod 2^264·r)`, which is more than 2^517.
//! - `|E - Q·q| < 5·2^508 + 8·2^254 + 2^256·2^254 < 2^512`. Hence it is 0.
//!
//! An honest prover always succeeds. Its elements are canonical, so `-2q² - 8q < E < 3q²`: that is what the quotient's offset is for. Limbs are not
//! negative, so `lo` lies between `-2` and `3` times `2^199·(1 + 2^-9)`, and so does `hi`, whose `c₃` has two products of a short limb.
//! `Q·q`'s lie between `-2^191` and `2^199·(1 + 2^-9)`. Hence `|V| < 3.1·2^67 < 2^69`.

use core::ops::Neg;

use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr},
    ff::Field,
};
use num_bigint::{BigInt, BigUint};

use crate::{
    builder::{Builder, Cell},
    gate::{
        CARRY_DIGITS, CARRY_OFFSET, ELEMENT_DIGITS, HALF_BITS, LIMB_BITS, LIMB_DIGITS, QUOTIENT_DIGITS,
        QUOTIENT_OFFSET, Relation, modulus, power,
    },
    limbs,
};

/// Products that may be subtracted in what is reduced.
const MOST_NEGATIVE: u8 = 2;
/// Products that may be added in what is reduced.
const MOST_POSITIVE: u8 = 3;
/// Elements that may be added or subtracted on their own in what is reduced.
const MOST_ELEMENTS: u8 = 8;

/// An element of the base field.
#[derive(Clone, Debug)]
pub struct Fe {
    /// `z₀, z₃₃, z₆₆, z₉₉`
    pub cells: [Cell; 4],
    /// What a prover knows it to be.
    pub value: Fq,
    /// Whether the cells are those of a running sum, and not copies or selections of such.
    assigned: bool,
}

/// An element that is only added: `hi` and `nat`.
pub(crate) type Linear = [Cell; 2];

impl Fe {
    /// One of several elements, cell by cell.
    pub(crate) const fn selected(cells: [Cell; 4], value: Fq) -> Self {
        Self { cells, value, assigned: false }
    }

    pub(crate) const fn linear(&self) -> Linear {
        [self.cells[2], self.cells[0]]
    }

    /// The cell of the running sum above the lowest `digits`.
    pub(crate) fn above(&self, digits: usize) -> Cell {
        assert!(self.assigned && digits < ELEMENT_DIGITS, "only assigned elements have a running sum");
        Cell(self.cells[0].0 + digits as u32)
    }
}

/// A factor of a product.
#[derive(Clone, Copy, Debug)]
pub enum Factor<'a> {
    /// An element.
    One(&'a Fe),
    /// The difference of two.
    Difference(&'a Fe, &'a Fe),
    /// An element two or three times.
    Times(u8, &'a Fe),
}

/// An unreduced integer, see above.
#[derive(Clone, Debug)]
pub(crate) struct Triple {
    /// `lo, hi, nat`
    pub(crate) cells: [Cell; 3],
    negative: u8,
    positive: u8,
    elements: u8,
    /// What a prover knows it to be.
    value: BigInt,
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

/// `lo` and `hi` of a product, from limbs.
fn halves(a: &[BigInt; 4], b: &[BigInt; 4]) -> [BigInt; 2] {
    let column = |t: usize| -> BigInt { (0..=t).map(|i| &a[i] * &b[t - i]).sum() };
    [column(0) + (column(1) << LIMB_BITS), column(2) + (column(3) << LIMB_BITS)]
}

fn compose(limbs: &[BigInt; 4]) -> BigInt {
    limbs.iter().rev().fold(BigInt::ZERO, |sum, limb| (sum << LIMB_BITS) + limb)
}

fn decompose(value: &BigUint) -> [BigInt; 4] {
    let mask = (BigUint::from(1_u8) << LIMB_BITS) - 1_u8;
    core::array::from_fn(|i| BigInt::from((value >> (i * LIMB_BITS)) & &mask))
}

fn scalar(value: &BigInt) -> Fr {
    let magnitude = limbs::scalar(value.magnitude());
    if value.sign() == num_bigint::Sign::Minus { magnitude.neg() } else { magnitude }
}

impl Builder {
    /// A new element with any value.
    pub fn fe(&mut self, value: Fq) -> Fe {
        let head = self.range(&limbs::of(value), ELEMENT_DIGITS);
        let cells = core::array::from_fn(|i| Cell(head.0 + (i * LIMB_DIGITS) as u32));
        Fe { cells, value, assigned: true }
    }

    /// A constant.
    pub fn fe_constant(&mut self, value: Fq) -> Fe {
        let integer = limbs::of(value);
        let cells = core::array::from_fn(|i| self.constant(limbs::scalar(&(&integer >> (i * LIMB_BITS)))));
        Fe { cells, value, assigned: false }
    }

    /// The limbs of a number, as integers.
    fn integers(&self, cells: &[Cell; 4]) -> [BigInt; 4] {
        let z = cells.map(|cell| self.value(cell));
        let up = power(LIMB_BITS);
        [z[0] - z[1] * up, z[1] - z[2] * up, z[2] - z[3] * up, z[3]].map(limbs::signed)
    }

    /// 0, as a triple.
    pub(crate) fn no_triple(&self) -> Triple {
        Triple { cells: [self.zero(); 3], negative: 0, positive: 0, elements: 0, value: BigInt::ZERO }
    }

    /// 0, as an element that is only added.
    pub(crate) fn no_element(&self) -> Linear {
        [self.zero(); 2]
    }

    /// `-x`
    pub(crate) fn negated(&mut self, x: Linear) -> Linear {
        let minus_one = self.constant(-Fr::ONE);
        x.map(|cell| self.mul(minus_one, cell))
    }

    /// Four new rows at the end, with the rows that show them above; and how often an element is subtracted or added in them.
    fn push_factor(&mut self, factor: Factor<'_>) -> ([Cell; 4], [u8; 2]) {
        match factor {
            Factor::One(x) => (x.cells.map(|cell| self.copy(cell)), [0, 1]),
            Factor::Times(n, x) => {
                let times = self.constant(Fr::from(u64::from(n)));
                let cells = x.cells.map(|cell| self.mul(times, cell));
                (cells.map(|cell| self.copy(cell)), [0, n])
            }
            // [W-5]
            Factor::Difference(x, y) => {
                let first = self.copy(x.cells[0]);
                self.copy_all(x.cells[1..].iter().chain(&y.cells).copied());
                self.start(first, Relation::Difference);
                let cells = core::array::from_fn(|i| {
                    let value = self.value(x.cells[i]) - self.value(y.cells[i]);
                    self.witness(value)
                });
                (cells, [1, 1])
            }
        }
    }

    /// `a·b`, in the last three rows: `[W-2]`.
    pub(crate) fn product(&mut self, a: &Fe, b: Factor<'_>) -> Triple {
        let (factor, [negative, positive]) = self.push_factor(b);
        let (x, y) = (self.integers(&factor), self.integers(&a.cells));
        self.copy_all(a.cells);
        self.start(factor[0], Relation::Product);
        let [lo, hi] = halves(&x, &y).map(|half| self.witness(scalar(&half)));
        let nat = self.witness(self.value(factor[0]) * self.value(a.cells[0]));
        Triple { cells: [lo, hi, nat], negative, positive, elements: 0, value: compose(&x) * compose(&y) }
    }

    /// The triple in new rows at the end.
    pub(crate) fn copy_triple(&mut self, triple: &Triple) -> Triple {
        Triple { cells: triple.cells.map(|cell| self.copy(cell)), ..triple.clone() }
    }

    fn element_integer(&self, [hi, nat]: Linear) -> (BigInt, [Fr; 3]) {
        let (hi, nat) = (self.value(hi), self.value(nat));
        let lo = nat - hi * power(HALF_BITS);
        (limbs::signed(lo) + (limbs::signed(hi) << HALF_BITS), [lo, hi, nat])
    }

    fn at_end(&self, triple: &Triple) -> bool {
        triple.cells[2].0 as usize + 1 == self.rows()
    }

    /// New rows for `t`, which stands in the last rows, minus what was copied below it.
    fn push_rest(&mut self, t: &Triple, triple: Option<&Triple>, elements: &[Linear]) -> Triple {
        let mut cells = t.cells.map(|cell| self.value(cell));
        let mut rest = t.clone();
        if let Some(u) = triple {
            cells = core::array::from_fn(|i| cells[i] - self.value(u.cells[i]));
            rest.value -= &u.value;
            rest.negative += u.positive;
            rest.positive += u.negative;
            rest.elements += u.elements;
        }
        for element in elements {
            let (value, parts) = self.element_integer(*element);
            cells = core::array::from_fn(|i| cells[i] - parts[i]);
            rest.value -= value;
            rest.elements += 1;
        }
        rest.cells = cells.map(|value| self.witness(value));
        rest
    }

    /// `t - u - x - y` for a `t` that stands in the last three rows: `[W-9]`.
    pub(crate) fn minus_triple(&mut self, t: &Triple, u: &Triple, elements: [Linear; 2]) -> Triple {
        assert!(self.at_end(t), "the minuend stands in the last rows");
        self.copy_all(u.cells.into_iter().chain(elements.into_iter().flatten()));
        self.start(t.cells[0], Relation::MinusTriple);
        self.push_rest(t, Some(u), &elements)
    }

    /// `t - x - y - z` for a `t` that stands in the last three rows: `[W-10]`.
    pub(crate) fn minus_elements(&mut self, t: &Triple, elements: [Linear; 3]) -> Triple {
        assert!(self.at_end(t), "the minuend stands in the last rows");
        self.copy_all(elements.into_iter().flatten());
        self.start(t.cells[0], Relation::MinusElements);
        self.push_rest(t, None, &elements)
    }

    /// Constrains the number, which stands in the last three rows, to be a multiple of `q`: `[W-8]`. Six rows follow, then the
    /// running sum of quotient and carries, whose head is returned.
    pub(crate) fn reduce(&mut self, t: &Triple) -> Cell {
        assert!(self.at_end(t), "what is reduced stands in the last rows");
        assert!(
            t.negative <= MOST_NEGATIVE && t.positive <= MOST_POSITIVE && t.elements <= MOST_ELEMENTS,
            "products and elements within the bounds of the proof above"
        );
        let halves = [t.cells[0], t.cells[1]].map(|cell| limbs::signed(self.value(cell)));
        let digits = division(&t.value, &halves);
        let at = [0, 1, 2, 3].map(|i| i * LIMB_DIGITS);
        let at = at.into_iter().chain([QUOTIENT_DIGITS, QUOTIENT_DIGITS + CARRY_DIGITS]);
        let rows: Vec<_> = at.clone().map(|_| self.witness(Fr::ZERO)).collect();
        self.start(t.cells[0], Relation::Reduce);
        let head = self.running_sum(&digits);
        for (row, at) in rows.into_iter().zip(at) {
            let cell = Cell(head.0 + at as u32);
            self.set_copy(cell, row);
        }
        head
    }

    /// `a·b` as a new element.
    pub fn fe_mul(&mut self, a: &Fe, b: &Fe) -> Fe {
        let c = self.fe(a.value * b.value);
        let product = self.product(a, Factor::One(b));
        let none = self.no_element();
        let rest = self.minus_elements(&product, [c.linear(), none, none]);
        self.reduce(&rest);
        c
    }

    /// Constrains an element to be the representative below `q`: some element `e` has `x + e = q - 1`. With lower and upper
    /// halves that is `lo + lo' = p + 2^132·c` and `hi + hi' + c = P` for a bit `c`, integers below 2^134 all. `c` is
    /// taken from the second; the first is then the equation in the scalar field.
    pub fn assert_canonical(&mut self, x: &Fe) {
        let e = self.fe(-Fq::ONE - x.value);
        let p = self.fe_constant(-Fq::ONE);
        let [one, minus_one] = [Fr::ONE, -Fr::ONE].map(|value| self.constant(value));
        let sum = self.mul_add(x.cells[0], one, e.cells[0]);
        self.assert_equal(sum, p.cells[0]);
        let (upper, terms) = (p.cells[2], [(minus_one, x.cells[2]), (minus_one, e.cells[2])]);
        let carry = self.sum_of_products(upper, &terms);
        let square = self.mul(carry, carry);
        self.assert_equal(square, carry);
    }
}

/// The digits of quotient and carries. For an integer that is no multiple they are of the right number and wrong.
fn division(value: &BigInt, halves_of_value: &[BigInt; 2]) -> Vec<u8> {
    let p = modulus();
    let offset = BigInt::from(QUOTIENT_OFFSET) << (3 * LIMB_BITS);
    let shifted = wrap(&(floor_div(value, &BigInt::from(p.clone())) + offset), 2 * QUOTIENT_DIGITS);
    let mut q = decompose(&shifted);
    q[3] -= BigInt::from(QUOTIENT_OFFSET);
    let [lo, hi] = halves(&q, &decompose(&p));
    let v0: BigInt = (&halves_of_value[0] - lo) >> HALF_BITS;
    let v1: BigInt = (&halves_of_value[1] - hi + &v0) >> HALF_BITS;
    let mut digits = limbs::base_four(&shifted, QUOTIENT_DIGITS);
    for v in [v0, v1] {
        let shifted = wrap(&(v + (BigInt::from(1) << CARRY_OFFSET)), 2 * CARRY_DIGITS);
        digits.extend(limbs::base_four(&shifted, CARRY_DIGITS));
    }
    digits
}
