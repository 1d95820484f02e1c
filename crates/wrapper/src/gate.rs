//! The columns and what is true of every row.
//!
//! One advice column `a`, four fixed columns and the instance column. `aᵢ` is `a` read `i` rows below.
//!
//! | column     | holds                                                                               |
//! |------------|-------------------------------------------------------------------------------------|
//! | `product`  | 0, 1 or 2: which of the relations of higher degree starts at the row                |
//! | `linear`   | 0, 1 or 2: which of the others does                                                 |
//! | `constant` | a number below 2^19: a constant, which relation is meant, or an entry of the table  |
//! | `lookup`   | 0 or 1: whether the row is looked up                                                |
//!
//! | tag      | `product`, `linear`, `constant` | relation                                                            |
//! |----------|------|-----------------------------------------------------------------------------------|
//! | `[W-1]`  | 1, ·, 0 | `a₀ + a₁·a₂ = a₃`                                                                  |
//! | `[W-2]`  | 1, ·, 1 | `A·B - C = Q·q` for the three-limb numbers of the rows, `q` the base field's modulus |
//! | `[W-3]`  | 2, ·, · | `a₁₃` is one of eight entries, perhaps with its sign changed                        |
//! | `[W-4]`  | ·, 1, 1 | the bits of a digit, what follows from them, and one step of Horner's rule          |
//! | `[W-5]`  | ·, 1, 0 | `a₆₊ᵢ = aᵢ - a₃₊ᵢ` for `i < 3`                                                      |
//! | `[W-6]`  | ·, 2, c | `a₀ = c + instance`                                                                |
//! | `[W-7]`  | `lookup` = 1 | `a₀ - 2^19·a₁` is a value of the column `constant`                             |
//!
//! # One column for constants and table
//! The column `constant` holds only numbers below 2^19 (larger constants are put together from such), and rows that need none hold
//! the numbers from 0 to 2^19 - 1. As a set its values are the table, so the table has no column, no selector and no rows of
//! its own. `tests` and the synthesis check both halves of this.
//!
//! # Degree
//! Five: two for the selector of one of three values, one for `constant` and two for the relation, or three for
//! `[W-3]`; `[W-7]` has input degree two and table degree one.

use halo2_base::halo2_proofs::{
    halo2curves::{
        bn256::{Fq, Fr},
        ff::{Field, PrimeField},
    },
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, Instance},
    poly::Rotation,
};

/// Bits of a lookup.
pub const LOOKUP_BITS: usize = 19;
/// Bits of the two lower limbs: five lookups.
pub const LIMB_BITS: usize = 5 * LOOKUP_BITS;
/// Bits of the upper limb: four lookups.
pub const TOP_BITS: usize = 4 * LOOKUP_BITS;
/// Bits of a carry: six lookups.
pub const CARRY_BITS: usize = 6 * LOOKUP_BITS;
/// A carry's cell is the carry plus two to this power.
pub const CARRY_OFFSET: usize = CARRY_BITS - 1;
/// A quotient's upper limb is that of the quotient plus two to this power.
pub const QUOTIENT_OFFSET: usize = 70;
/// Rows a relation reads.
const SPAN: usize = 15;

/// The columns.
#[derive(Clone, Debug)]
pub struct WrapperConfig {
    pub(crate) advice: Column<Advice>,
    pub(crate) product: Column<Fixed>,
    pub(crate) linear: Column<Fixed>,
    pub(crate) constant: Column<Fixed>,
    pub(crate) lookup: Column<Fixed>,
}

type Expr = Expression<Fr>;

/// 2^`n` in the scalar field.
pub(crate) fn power(n: usize) -> Fr {
    Fr::from(2).pow_vartime([n as u64])
}

/// The modulus of the base field in limbs.
pub(crate) fn modulus_limbs() -> [u128; 3] {
    let mut limbs = crate::limbs::of(-Fq::ONE);
    limbs[0] += 1;
    limbs
}

fn constant(value: Fr) -> Expr {
    Expression::Constant(value)
}

impl WrapperConfig {
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let instance: Column<Instance> = meta.instance_column();
        let config = Self {
            advice: meta.advice_column(),
            product: meta.fixed_column(),
            linear: meta.fixed_column(),
            constant: meta.fixed_column(),
            lookup: meta.fixed_column(),
        };
        meta.enable_equality(config.advice);
        // [W-7]
        meta.lookup_any("range", |cells| {
            let a = cells.query_advice(config.advice, Rotation::cur());
            let next = cells.query_advice(config.advice, Rotation::next());
            let on = cells.query_fixed(config.lookup, Rotation::cur());
            let table = cells.query_fixed(config.constant, Rotation::cur());
            vec![(on * (a - next * power(LOOKUP_BITS)), table)]
        });
        meta.create_gate("wrapper", |cells| {
            let a: [Expr; SPAN] =
                core::array::from_fn(|i| cells.query_advice(config.advice, Rotation(i as i32)));
            let product = cells.query_fixed(config.product, Rotation::cur());
            let linear = cells.query_fixed(config.linear, Rotation::cur());
            let k = cells.query_fixed(config.constant, Rotation::cur());
            let instance = cells.query_instance(instance, Rotation::cur());
            let is_one = |c: &Expr| c.clone() * (constant(Fr::from(2)) - c.clone());
            let is_two = |c: &Expr| c.clone() * (c.clone() - constant(Fr::ONE));
            let k_is_zero = constant(Fr::ONE) - k.clone();
            let mut all = vec![is_one(&product) * k_is_zero.clone() * mul_add(&a)];
            let add = |all: &mut Vec<Expr>, selector: Expr, relations: Vec<Expr>| {
                all.extend(relations.into_iter().map(|r| selector.clone() * r));
            };
            add(&mut all, is_one(&product) * k.clone(), field_product(&a));
            add(&mut all, is_two(&product), vec![select(&a)]);
            add(&mut all, is_one(&linear) * k.clone(), digit(&a));
            add(&mut all, is_one(&linear) * k_is_zero, difference(&a));
            add(&mut all, is_two(&linear), vec![a[0].clone() - k - instance]);
            all
        });
        config
    }
}

/// `[W-1]`
fn mul_add(a: &[Expr; SPAN]) -> Expr {
    a[0].clone() + a[1].clone() * a[2].clone() - a[3].clone()
}

fn limbs(a: &[Expr; SPAN], at: usize) -> [Expr; 3] {
    core::array::from_fn(|i| a[at + i].clone())
}

/// The number in the scalar field.
fn native([x0, x1, x2]: &[Expr; 3]) -> Expr {
    x0.clone() + x1.clone() * power(LIMB_BITS) + x2.clone() * power(2 * LIMB_BITS)
}

/// `[W-2]`: rows `B, A, Q, V, C` of three each. See [`crate::field`] for why these four relations suffice.
fn field_product(a: &[Expr; SPAN]) -> Vec<Expr> {
    let [b, f, mut q, v, c] = [0, 3, 6, 9, 12].map(|at| limbs(a, at));
    q[2] = q[2].clone() - constant(power(QUOTIENT_OFFSET));
    let v = v.map(|v| v - constant(power(CARRY_OFFSET)));
    let p = modulus_limbs().map(Fr::from_u128);
    let column = |t: usize| {
        (0..=t).fold(-c[t].clone(), |sum, i| sum + f[i].clone() * b[t - i].clone() - q[i].clone() * p[t - i])
    };
    let up = power(LIMB_BITS);
    let p_native = p[0] + p[1] * up + p[2] * power(2 * LIMB_BITS);
    vec![
        column(0) - v[0].clone() * up,
        column(1) + v[0].clone() - v[1].clone() * up,
        column(2) + v[1].clone() - v[2].clone() * up,
        native(&f) * native(&b) - native(&c) - native(&q) * p_native,
    ]
}

/// `[W-3]`: rows `p, r, b₁, b₂, b₁b₂`, eight entries, result.
fn select(a: &[Expr; SPAN]) -> Expr {
    let four = |e: &[Expr]| {
        e[0].clone()
            + a[2].clone() * (e[1].clone() - e[0].clone())
            + a[3].clone() * (e[2].clone() - e[0].clone())
            + a[4].clone() * (e[3].clone() - e[2].clone() - e[1].clone() + e[0].clone())
    };
    a[0].clone() * four(&a[5..9]) + a[1].clone() * four(&a[9..13]) - a[13].clone()
}

/// `[W-4]`: rows `S, b₀, b₁, b₂, σ, b₁b₂, 1 - b₀, s·(1 - b₀), s·b₀, S'` with `s = 2σ - 1`, minus the digit's sign.
fn digit(a: &[Expr; SPAN]) -> Vec<Expr> {
    let one = || constant(Fr::ONE);
    let sign = one() - a[4].clone() * Fr::from(2);
    let magnitude =
        one() + a[2].clone() * Fr::from(2) + a[3].clone() * Fr::from(4) + a[1].clone() * Fr::from(8);
    let mut all: Vec<Expr> = (1..=4).map(|i| a[i].clone() * (a[i].clone() - one())).collect();
    all.push(a[2].clone() * a[3].clone() - a[5].clone());
    all.push(one() - a[1].clone() - a[6].clone());
    all.push(sign.clone() * (one() - a[1].clone()) + a[7].clone());
    all.push(sign.clone() * a[1].clone() + a[8].clone());
    all.push(a[0].clone() * Fr::from(16) + sign * magnitude - a[9].clone());
    all
}

/// `[W-5]`
fn difference(a: &[Expr; SPAN]) -> Vec<Expr> {
    (0..3).map(|i| a[i].clone() - a[i + 3].clone() - a[i + 6].clone()).collect()
}
