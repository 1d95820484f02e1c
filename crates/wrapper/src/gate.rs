//! The columns and what is true of every row.
//!
//! One advice column `a`, three fixed columns and the instance column. `aᵢ` is `a` read `i` rows below.
//!
//! | column | holds                                                              |
//! |--------|--------------------------------------------------------------------|
//! | `d`    | 0; 1 where a digit of a running sum stands; a constant             |
//! | `t, k` | which relation starts at the row, by the table below               |
//!
//! | tag      | `t, k` | relation                                                                          |
//! |----------|--------|-----------------------------------------------------------------------------------|
//! | `[W-1]`  | 1, 0   | `a₀ + a₁·a₂ = a₃`                                                                  |
//! | `[W-2]`  | 1, 1   | the product of two four-limb numbers, as a triple: see [`crate::field`]            |
//! | `[W-3]`  | 1, 2   | `a₁₁` is one of four entries, `a₁₂` another's difference from it                    |
//! | `[W-4]`  | 0, 3   | the bits of a digit, what follows from them, and one step of Horner's rule         |
//! | `[W-5]`  | 0, 1   | `a₈₊ᵢ = aᵢ - a₄₊ᵢ` for `i < 4`                                                     |
//! | `[W-6]`  | 3, 0   | `a₀ = d + instance`                                                                |
//! | `[W-7]`  | `d ≠ 0` | `a₀ - 4·a₁` is 0, 1, 2 or 3                                                       |
//! | `[W-8]`  | 2, 0   | a triple is a multiple of the base field's modulus                                 |
//! | `[W-9]`  | 0, 2   | a triple minus a triple and two elements                                           |
//! | `[W-10]` | 2, 1   | a triple minus three elements                                                      |
//!
//! # Codes
//! The codes are the points of the triangle `t + k ≤ 3` but `(0, 0)`, which stands for none. Each has a polynomial of degree three in
//! `t` and `k`, a product of lines, that vanishes at the nine others and not at its own: these are the selectors.
//!
//! # Constants beside digits
//! A row of a constant other than 0 has `d ≠ 0`, so `[W-7]` holds there as well. The builder leaves the row below to a quarter
//! of the constant, which satisfies it. `[W-7]` is never off where a digit stands, since only `[W-6]` rows have `d` from elsewhere.
//!
//! # Degree
//! Five: three for a selector and two for the relation; one and four for `[W-7]`.

use halo2_base::halo2_proofs::{
    halo2curves::{
        bn256::{Fq, Fr},
        ff::{Field, PrimeField},
    },
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, Instance},
    poly::Rotation,
};
use num_bigint::BigUint;

/// Bits of a limb.
pub const LIMB_BITS: usize = 66;
/// Bits of half a number: two limbs, what a carry is taken from.
pub const HALF_BITS: usize = 2 * LIMB_BITS;
/// Digits of base four of a limb.
pub const LIMB_DIGITS: usize = LIMB_BITS / 2;
/// Digits of an element: 254 bits.
pub const ELEMENT_DIGITS: usize = 127;
/// Digits of a quotient: 256 bits, less the offset.
pub const QUOTIENT_DIGITS: usize = 128;
/// Digits of a carry.
pub const CARRY_DIGITS: usize = 35;
/// A carry's digits make the carry plus two to this power.
pub const CARRY_OFFSET: usize = 2 * CARRY_DIGITS - 1;
/// The digits of a quotient make the quotient plus this times 2^198: a little more than `2q`, and `3q` less than 2^256.
pub const QUOTIENT_OFFSET: u64 = 13 << 53;
/// Rows a relation reads.
const SPAN: usize = 13;

/// A relation that starts at a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    #[default]
    None,
    /// `[W-1]`
    MulAdd,
    /// `[W-2]`
    Product,
    /// `[W-3]`
    Select,
    /// `[W-4]`
    Digit,
    /// `[W-5]`
    Difference,
    /// `[W-6]`
    Constant,
    /// `[W-8]`
    Reduce,
    /// `[W-9]`
    MinusTriple,
    /// `[W-10]`
    MinusElements,
}

impl Relation {
    /// All but none.
    pub(crate) const ALL: [Self; 9] = [
        Self::MulAdd,
        Self::Product,
        Self::Select,
        Self::Digit,
        Self::Difference,
        Self::Constant,
        Self::Reduce,
        Self::MinusTriple,
        Self::MinusElements,
    ];

    /// `t` and `k`
    pub(crate) const fn code(self) -> [u64; 2] {
        match self {
            Self::None => [0, 0],
            Self::MulAdd => [1, 0],
            Self::Product => [1, 1],
            Self::Select => [1, 2],
            Self::Digit => [0, 3],
            Self::Difference => [0, 1],
            Self::Constant => [3, 0],
            Self::Reduce => [2, 0],
            Self::MinusTriple => [0, 2],
            Self::MinusElements => [2, 1],
        }
    }
}

/// The columns.
#[derive(Clone, Debug)]
pub struct WrapperConfig {
    pub(crate) advice: Column<Advice>,
    pub(crate) d: Column<Fixed>,
    pub(crate) t: Column<Fixed>,
    pub(crate) k: Column<Fixed>,
}

type Expr = Expression<Fr>;

/// 2^`n` in the scalar field.
pub(crate) fn power(n: usize) -> Fr {
    Fr::from(2).pow_vartime([n as u64])
}

/// The modulus of the base field.
pub(crate) fn modulus() -> BigUint {
    BigUint::from_bytes_le((-Fq::ONE).to_repr().as_ref()) + 1_u8
}

/// Its limbs.
pub(crate) fn modulus_limbs() -> [Fr; 4] {
    let mask = (BigUint::from(1_u8) << LIMB_BITS) - 1_u8;
    let p = modulus();
    core::array::from_fn(|i| Fr::from_u128(crate::limbs::low(&((&p >> (i * LIMB_BITS)) & &mask))))
}

fn constant(value: Fr) -> Expr {
    Expression::Constant(value)
}

/// Of degree three, zero at all other codes.
fn selector(t: &Expr, k: &Expr, [i, j]: [u64; 2]) -> Expr {
    let number = |n: u64| constant(Fr::from(n));
    let in_t = (0..i).map(|a| if a == 0 { t.clone() } else { t.clone() - number(a) });
    let in_k = (0..j).map(|b| if b == 0 { k.clone() } else { k.clone() - number(b) });
    let in_both = (i + j + 1..=3).map(|c| number(c) - t.clone() - k.clone());
    in_t.chain(in_k).chain(in_both).reduce(|product, line| product * line).unwrap_or_else(|| number(1))
}

impl WrapperConfig {
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let instance: Column<Instance> = meta.instance_column();
        let config = Self {
            advice: meta.advice_column(),
            d: meta.fixed_column(),
            t: meta.fixed_column(),
            k: meta.fixed_column(),
        };
        meta.enable_equality(config.advice);
        meta.create_gate("wrapper", |cells| {
            let a: [Expr; SPAN] =
                core::array::from_fn(|i| cells.query_advice(config.advice, Rotation(i as i32)));
            let [d, t, k] =
                [config.d, config.t, config.k].map(|column| cells.query_fixed(column, Rotation::cur()));
            let instance = cells.query_instance(instance, Rotation::cur());
            let mut all = vec![d.clone() * base_four(&a)];
            for relation in Relation::ALL {
                let polynomials = match relation {
                    Relation::None => vec![],
                    Relation::MulAdd => vec![mul_add(&a)],
                    Relation::Product => product(&a),
                    Relation::Select => select(&a),
                    Relation::Digit => digit(&a),
                    Relation::Difference => difference(&a),
                    Relation::Constant => vec![a[0].clone() - d.clone() - instance.clone()],
                    Relation::Reduce => reduce(&a),
                    Relation::MinusTriple => minus_triple(&a),
                    Relation::MinusElements => minus_elements(&a),
                };
                let selector = selector(&t, &k, relation.code());
                all.extend(polynomials.into_iter().map(|p| selector.clone() * p));
            }
            all
        });
        config
    }
}

/// `[W-7]`
fn base_four(a: &[Expr; SPAN]) -> Expr {
    let digit = a[0].clone() - a[1].clone() * Fr::from(4);
    (1..4).fold(digit.clone(), |product, i| product * (digit.clone() - constant(Fr::from(i))))
}

/// `[W-1]`
fn mul_add(a: &[Expr; SPAN]) -> Expr {
    a[0].clone() + a[1].clone() * a[2].clone() - a[3].clone()
}

/// Limbs of the number whose cells start at `at`.
fn limbs(a: &[Expr; SPAN], at: usize) -> [Expr; 4] {
    core::array::from_fn(|i| match i {
        3 => a[at + 3].clone(),
        _ => a[at + i].clone() - a[at + i + 1].clone() * power(LIMB_BITS),
    })
}

/// `[W-2]`: rows `A, B` of four each, `lo, hi, nat`.
fn product(a: &[Expr; SPAN]) -> Vec<Expr> {
    let up = power(LIMB_BITS);
    let [x0, x1, x2, x3] = limbs(a, 0);
    let [y0, _, _, _] = limbs(a, 4);
    // yᵢ + 2^66·yᵢ₊₁
    let [y01, y12] = [4, 5].map(|i| a[i].clone() - a[i + 2].clone() * power(HALF_BITS));
    let y23 = a[6].clone();
    vec![
        x0.clone() * y01.clone() + x1.clone() * up * y0.clone() - a[8].clone(),
        x0 * y23 + x1 * y12 + x2 * y01 + x3 * up * y0 - a[9].clone(),
        a[0].clone() * a[4].clone() - a[10].clone(),
    ]
}

/// `[W-8]`: rows `lo, hi, nat`, then six cells of the running sum of quotient and carries.
fn reduce(a: &[Expr; SPAN]) -> Vec<Expr> {
    let (up, half) = (power(LIMB_BITS), power(HALF_BITS));
    let [q0, q1, q2, _] = limbs(a, 3);
    let top_bits = 2 * (QUOTIENT_DIGITS - 3 * LIMB_DIGITS);
    let offset = Fr::from(QUOTIENT_OFFSET);
    let q3 = a[6].clone() - a[7].clone() * power(top_bits) - constant(offset);
    let q =
        a[3].clone() - a[7].clone() * power(2 * QUOTIENT_DIGITS) - constant(offset * power(3 * LIMB_BITS));
    let v0 = a[7].clone() - a[8].clone() * power(2 * CARRY_DIGITS) - constant(power(CARRY_OFFSET));
    let v1 = a[8].clone() - constant(power(CARRY_OFFSET));
    let p = modulus_limbs();
    let [p01, p12, p23] = [0, 1, 2].map(|i| p[i] + p[i + 1] * up);
    vec![
        a[0].clone() - q0.clone() * p01 - q1.clone() * (up * p[0]) - v0.clone() * half,
        a[1].clone() - q0 * p23 - q1 * p12 - q2 * p01 - q3 * (up * p[0]) + v0 - v1 * half,
        a[2].clone() - q * (p01 + p23 * half),
    ]
}

/// The triple of an element of which `hi` and `nat` stand at `at`.
fn element(a: &[Expr; SPAN], at: usize) -> [Expr; 3] {
    let (hi, nat) = (a[at].clone(), a[at + 1].clone());
    [nat.clone() - hi.clone() * power(HALF_BITS), hi, nat]
}

fn triple(a: &[Expr; SPAN], at: usize) -> [Expr; 3] {
    core::array::from_fn(|i| a[at + i].clone())
}

/// `minuend - subtrahends = result`
fn subtraction<const N: usize>(
    minuend: [Expr; 3],
    subtrahends: [[Expr; 3]; N],
    result: [Expr; 3],
) -> Vec<Expr> {
    (0..3)
        .map(|i| {
            let start = minuend[i].clone() - result[i].clone();
            subtrahends.iter().fold(start, |sum, part| sum - part[i].clone())
        })
        .collect()
}

/// `[W-9]`: rows `T` and `U` of three, two elements of two, the result of three.
fn minus_triple(a: &[Expr; SPAN]) -> Vec<Expr> {
    subtraction(triple(a, 0), [triple(a, 3), element(a, 6), element(a, 8)], triple(a, 10))
}

/// `[W-10]`: rows `T` of three, three elements of two, the result of three.
fn minus_elements(a: &[Expr; SPAN]) -> Vec<Expr> {
    subtraction(triple(a, 0), [element(a, 3), element(a, 5), element(a, 7)], triple(a, 9))
}

/// `[W-3]`: rows `e₀ … e₃, b₁, b₂, b₁b₂, f₀ … f₃`, the one of the `e`, the one of the `f` minus that.
fn select(a: &[Expr; SPAN]) -> Vec<Expr> {
    let four = |e: &[Expr]| {
        e[0].clone()
            + a[4].clone() * (e[1].clone() - e[0].clone())
            + a[5].clone() * (e[2].clone() - e[0].clone())
            + a[6].clone() * (e[3].clone() - e[2].clone() - e[1].clone() + e[0].clone())
    };
    vec![four(&a[..4]) - a[11].clone(), four(&a[7..11]) - a[11].clone() - a[12].clone()]
}

/// `[W-4]`: rows `S, b₀, b₁, b₂, σ, b₁b₂, 2σ - 1, S'`; the digit is `-(2σ - 1)·(1 + 2b₁ + 4b₂ + 8b₀)`.
fn digit(a: &[Expr; SPAN]) -> Vec<Expr> {
    let one = || constant(Fr::ONE);
    let magnitude =
        one() + a[2].clone() * Fr::from(2) + a[3].clone() * Fr::from(4) + a[1].clone() * Fr::from(8);
    let mut all: Vec<Expr> = (1..=4).map(|i| a[i].clone() * (a[i].clone() - one())).collect();
    all.push(a[2].clone() * a[3].clone() - a[5].clone());
    all.push(a[4].clone() * Fr::from(2) - one() - a[6].clone());
    all.push(a[0].clone() * Fr::from(16) - a[6].clone() * magnitude - a[7].clone());
    all
}

/// `[W-5]`
fn difference(a: &[Expr; SPAN]) -> Vec<Expr> {
    (0..4).map(|i| a[i].clone() - a[i + 4].clone() - a[i + 8].clone()).collect()
}
