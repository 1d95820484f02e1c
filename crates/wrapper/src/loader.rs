//! `snark-verifier`'s instructions on the column, so that its verifier runs unchanged.
//!
//! Scalars are cells. Points are *not* computed with: a point is a formal sum of scalars times points, which the verifier's
//! multi-scalar multiplications only make longer; [`crate::wrap`] evaluates the one that comes out.

use core::ops::Deref;

use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
    group::prime::PrimeCurveAffine,
};
use snark_verifier::{
    loader::halo2::{EccInstructions, IntegerInstructions},
    system::halo2::transcript::halo2::NativeEncoding,
};

use crate::builder::{Builder, Cell};

/// A point of a formal sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// The proof's point with this number.
    Proof(usize),
    /// A constant of the circuit, not the identity.
    Constant(G1Affine),
}

/// `Σ sᵢ·Pᵢ`; no scalar means 1.
#[derive(Clone, Debug, Default)]
pub struct FormalSum(pub Vec<(Option<Cell>, Term)>);

/// The instructions; all state is in the [`Builder`].
#[derive(Clone, Copy, Debug)]
pub struct Chip;

impl IntegerInstructions<Fr> for Chip {
    type Context = Builder;
    type AssignedCell = Cell;
    type AssignedInteger = Cell;

    fn assign_integer(&self, ctx: &mut Builder, integer: Fr) -> Cell {
        ctx.witness(integer)
    }

    fn assign_constant(&self, ctx: &mut Builder, integer: Fr) -> Cell {
        ctx.constant(integer)
    }

    fn sum_with_coeff_and_const(
        &self,
        ctx: &mut Builder,
        values: &[(Fr, impl Deref<Target = Cell>)],
        constant: Fr,
    ) -> Cell {
        let mut rest: Vec<(Fr, Cell)> = values.iter().map(|(c, v)| (*c, **v)).collect();
        // A summand that is not multiplied comes first: it costs one row instead of three.
        let start = if constant == Fr::ZERO {
            let plain = rest.iter().position(|(c, _)| *c == Fr::ONE);
            plain.map_or(ctx.zero(), |i| rest.remove(i).1)
        } else {
            ctx.constant(constant)
        };
        let terms: Vec<_> = rest.into_iter().map(|(c, v)| (ctx.constant(c), v)).collect();
        ctx.sum_of_products(start, &terms)
    }

    fn sum_products_with_coeff_and_const(
        &self,
        ctx: &mut Builder,
        values: &[(Fr, impl Deref<Target = Cell>, impl Deref<Target = Cell>)],
        constant: Fr,
    ) -> Cell {
        let start = ctx.constant(constant);
        let terms: Vec<_> = values
            .iter()
            .map(|(c, x, y)| match *c == Fr::ONE {
                true => (**x, **y),
                false => {
                    let c = ctx.constant(*c);
                    (ctx.mul(c, **x), **y)
                }
            })
            .collect();
        ctx.sum_of_products(start, &terms)
    }

    /// The difference `d` is a new cell with `d + 1·rhs = lhs`.
    fn sub(&self, ctx: &mut Builder, lhs: &Cell, rhs: &Cell) -> Cell {
        let one = ctx.constant(Fr::ONE);
        let difference = ctx.witness(ctx.value(*lhs) - ctx.value(*rhs));
        let sum = ctx.mul_add(difference, one, *rhs);
        ctx.assert_equal(sum, *lhs);
        difference
    }

    fn neg(&self, ctx: &mut Builder, value: &Cell) -> Cell {
        let zero = ctx.zero();
        self.sub(ctx, &zero, value)
    }

    /// The inverse `v` is a new cell with `value·v = 1`, which has no solution for 0.
    fn invert(&self, ctx: &mut Builder, value: &Cell) -> Cell {
        let one = ctx.constant(Fr::ONE);
        let inverse = ctx.witness(ctx.value(*value).invert().unwrap_or(Fr::ZERO));
        let product = ctx.mul(*value, inverse);
        ctx.assert_equal(product, one);
        inverse
    }

    fn assert_equal(&self, ctx: &mut Builder, lhs: &Cell, rhs: &Cell) {
        ctx.assert_equal(*lhs, *rhs);
    }

    fn pow_var(&self, ctx: &mut Builder, base: &Cell, exponent: &Cell, max_bits: usize) -> Cell {
        let one = ctx.constant(Fr::ONE);
        let bits = crate::limbs::integer(ctx.value(*exponent));
        let base_minus_one = self.sub(ctx, base, &one);
        let (mut power, mut sum) = (one, ctx.zero());
        for i in (0..max_bits as u64).rev() {
            let bit = ctx.witness(Fr::from(u64::from(bits.bit(i))));
            let square = ctx.mul(bit, bit);
            ctx.assert_equal(square, bit);
            sum = ctx.sum_of_products(sum, &[(sum, one), (bit, one)]);
            let factor = ctx.mul_add(one, bit, base_minus_one);
            let squared = ctx.mul(power, power);
            power = ctx.mul(squared, factor);
        }
        ctx.assert_equal(sum, *exponent);
        power
    }
}

impl EccInstructions<G1Affine> for Chip {
    type Context = Builder;
    type ScalarChip = Self;
    type AssignedCell = Cell;
    type AssignedScalar = Cell;
    type AssignedEcPoint = FormalSum;

    fn scalar_chip(&self) -> &Self {
        self
    }

    fn assign_constant(&self, _: &mut Builder, point: G1Affine) -> FormalSum {
        FormalSum(constant_term(point).map(|term| (None, term)).into_iter().collect())
    }

    fn assign_point(&self, ctx: &mut Builder, point: G1Affine) -> FormalSum {
        let assigned = ctx.metered("proof points", |ctx| ctx.proof_point(point));
        ctx.points.push(assigned);
        FormalSum(vec![(None, Term::Proof(ctx.points.len() - 1))])
    }

    fn sum_with_const(
        &self,
        _: &mut Builder,
        values: &[impl Deref<Target = FormalSum>],
        constant: G1Affine,
    ) -> FormalSum {
        let constant = constant_term(constant).map(|term| (None, term));
        FormalSum(values.iter().flat_map(|value| value.0.iter().copied()).chain(constant).collect())
    }

    fn fixed_base_msm(
        &mut self,
        _: &mut Builder,
        pairs: &[(impl Deref<Target = Cell>, G1Affine)],
    ) -> FormalSum {
        let terms = pairs.iter().filter_map(|(scalar, point)| Some((Some(**scalar), constant_term(*point)?)));
        FormalSum(terms.collect())
    }

    fn variable_base_msm(
        &mut self,
        ctx: &mut Builder,
        pairs: &[(impl Deref<Target = Cell>, impl Deref<Target = FormalSum>)],
    ) -> FormalSum {
        let mut out = vec![];
        for (scalar, point) in pairs {
            for &(inner, term) in &point.0 {
                let scalar = inner.map_or(**scalar, |inner| ctx.mul(inner, **scalar));
                out.push((Some(scalar), term));
            }
        }
        FormalSum(out)
    }

    /// # Panics
    /// If the sums differ in form: verifiers that end in an accumulator compare no points.
    fn assert_equal(&self, ctx: &mut Builder, lhs: &FormalSum, rhs: &FormalSum) {
        assert_eq!(lhs.0.len(), rhs.0.len(), "formal sums are compared term by term");
        for (l, r) in lhs.0.iter().zip(&rhs.0) {
            assert_eq!(l.1, r.1, "formal sums are compared term by term");
            let one = ctx.constant(Fr::ONE);
            ctx.assert_equal(l.0.unwrap_or(one), r.0.unwrap_or(one));
        }
    }
}

/// `None` for the identity, which adds nothing.
fn constant_term(point: G1Affine) -> Option<Term> {
    (!bool::from(point.is_identity())).then_some(Term::Constant(point))
}

impl NativeEncoding<G1Affine> for Chip {
    /// The coordinates modulo the scalar field's order, for a point of the proof.
    fn encode(&self, ctx: &mut Builder, point: &FormalSum) -> Result<Vec<Cell>, snark_verifier::Error> {
        match point.0.as_slice() {
            [(None, Term::Proof(index))] => Ok(ctx.points[*index].encoding.to_vec()),
            _ => Err(snark_verifier::Error::InvalidProtocol(
                "only points of the proof are absorbed".to_owned(),
            )),
        }
    }
}
