//! Points of BN254's first group, affine, never the identity.
//!
//! The group has prime order and is the whole curve, so being on the curve is all there is to check.
//!
//! # Exceptional cases
//! The addition formula says nothing when both points have the same `x`: `λ·0 = y₁ - y₂`. For opposite points that has no
//! solution; for equal ones every `λ` is one, which would let a prover choose the sum. [`Builder::add`] is sound only where the
//! caller shows that its points are different; the tables of small multiples and [`crate::msm`] do. Doubling has no
//! exception: no point of odd order has `y = 0`.

use halo2_base::halo2_proofs::halo2curves::{
    CurveAffine,
    bn256::{Fq, G1Affine},
    ff::Field,
};

use crate::{
    builder::{Builder, Cell},
    field::{Factor, Fe},
};

/// A point on the curve.
#[derive(Clone, Debug)]
pub struct Point {
    /// First coordinate.
    pub x: Fe,
    /// Second coordinate.
    pub y: Fe,
}

/// What is added to a point: its `y` has the other sign, which saves a row's worth of subtraction.
#[derive(Clone, Debug)]
pub struct Addend {
    /// First coordinate.
    pub x: Fe,
    /// Minus the second.
    pub minus_y: Fe,
}

/// A point of the inner proof.
#[derive(Clone, Debug)]
pub struct ProofPoint {
    /// The point, of canonical coordinates.
    pub point: Point,
    /// The coordinates modulo the scalar field's order, as the transcript absorbs them.
    pub encoding: [Cell; 2],
}

/// 1/x, and 0 for 0: a prover whose point has no inverse fails at the constraint.
fn inverse(x: Fq) -> Fq {
    x.invert().unwrap_or(Fq::ZERO)
}

impl Builder {
    /// A new point that is on the curve.
    pub(crate) fn point(&mut self, x: Fq, y: Fq) -> Point {
        let point = Point { x: self.fe(x), y: self.fe(y) };
        let square = self.fe_mul(&point.x, &point.x);
        let right = self.fe_mul(&point.y, &point.y);
        // x·x² = y² - 3
        let minus_b = self.fe_constant(-G1Affine::b());
        self.assert_product(Factor::One(&square), &point.x, &[&right, &minus_b]);
        point
    }

    /// A new point of a proof: on the curve, and canonical so that its encoding in the transcript belongs to it as firmly as in
    /// the native transcript (a coordinate plus a multiple of `q` would be encoded differently).
    pub(crate) fn proof_point(&mut self, value: G1Affine) -> ProofPoint {
        let point = self.point(value.x, value.y);
        self.assert_canonical(&point.x);
        self.assert_canonical(&point.y);
        let encoding = [self.fe_native(&point.x), self.fe_native(&point.y)];
        ProofPoint { point, encoding }
    }

    /// A constant point.
    pub(crate) fn point_constant(&mut self, value: G1Affine) -> Point {
        Point { x: self.fe_constant(value.x), y: self.fe_constant(value.y) }
    }

    /// The point as something to add.
    pub(crate) fn addend(&mut self, point: &Point) -> Addend {
        Addend { x: point.x.clone(), minus_y: self.fe_neg(&point.y) }
    }

    /// Third point on the line through `p` with slope `slope`, negated; `x₂` is the second's.
    fn third(&mut self, p: &Point, x2: &Fe, slope: &Fe) -> Point {
        let x3 = self.fe(slope.value.square() - p.x.value - x2.value);
        self.assert_product(Factor::One(slope), slope, &[&p.x, x2, &x3]);
        let y3 = self.fe(slope.value * (p.x.value - x3.value) - p.y.value);
        self.assert_product(Factor::Difference(&p.x, &x3), slope, &[&p.y, &y3]);
        Point { x: x3, y: y3 }
    }

    /// The sum.
    ///
    /// # Assumptions
    /// The points are not equal.
    pub(crate) fn add(&mut self, p: &Point, q: &Addend) -> Point {
        let slope = (p.y.value + q.minus_y.value) * inverse(p.x.value - q.x.value);
        let slope = self.fe(slope);
        // λ·(x₁ - x₂) = y₁ - y₂
        self.assert_product(Factor::Difference(&p.x, &q.x), &slope, &[&p.y, &q.minus_y]);
        self.third(p, &q.x, &slope)
    }

    /// Twice the point.
    pub(crate) fn double(&mut self, p: &Point) -> Point {
        let square = self.fe_mul(&p.x, &p.x);
        let slope = self.fe(square.value * Fq::from(3) * inverse(p.y.value.double()));
        // λ·2y = 3x²
        let twice = self.fe_add(&p.y, &p.y);
        self.assert_product(Factor::One(&twice), &slope, &[&square, &square, &square]);
        self.third(p, &p.x, &slope)
    }
}
