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
    field::{Factor, Fe, Linear, Triple},
};

/// A point on the curve.
#[derive(Clone, Debug)]
pub struct Point {
    /// First coordinate.
    pub x: Fe,
    /// Second coordinate.
    pub y: Fe,
}

/// What is added to a point: its `y` has the other sign and is only added.
#[derive(Clone, Debug)]
pub(crate) struct Addend {
    /// First coordinate.
    pub(crate) x: Fe,
    /// Minus the second.
    pub(crate) minus_y: Linear,
    /// What a prover knows that to be.
    pub(crate) minus_y_value: Fq,
}

/// A point whose second coordinate is not reduced: it is the product plus the element, modulo `q`.
///
/// The next addition takes it as it is, so a chain of additions never computes a second coordinate. It does not grow: the
/// line through `p₁` and `p₂` gives `y₃ = λ·(x₂ - x₃) - y₂` from the second point's `y`, which is a table's.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    x: Fe,
    product: Triple,
    plus: Linear,
    y: Fq,
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
        // x·x² - y² + 3 = 0
        let minus_b = self.fe_constant(-G1Affine::b());
        let right = self.product(&point.y, Factor::One(&point.y));
        let left = self.product(&point.x, Factor::One(&square));
        let none = self.no_element();
        let rest = self.minus_triple(&left, &right, [minus_b.linear(), none]);
        self.reduce(&rest);
        point
    }

    /// A new point of a proof: on the curve, and canonical so that its encoding in the transcript belongs to it as firmly as in
    /// the native transcript (a coordinate plus a multiple of `q` would be encoded differently).
    pub(crate) fn proof_point(&mut self, value: G1Affine) -> ProofPoint {
        let point = self.point(value.x, value.y);
        self.assert_canonical(&point.x);
        self.assert_canonical(&point.y);
        let encoding = [point.x.cells[0], point.y.cells[0]];
        ProofPoint { point, encoding }
    }

    /// A constant point.
    pub(crate) fn point_constant(&mut self, value: G1Affine) -> Point {
        Point { x: self.fe_constant(value.x), y: self.fe_constant(value.y) }
    }

    /// The point as something to add.
    pub(crate) fn addend(&mut self, point: &Point) -> Addend {
        let minus_y = self.negated(point.y.linear());
        Addend { x: point.x.clone(), minus_y, minus_y_value: -point.y.value }
    }

    /// The point's negative as something to add.
    pub(crate) fn subtrahend(&self, point: &Point) -> Addend {
        Addend { x: point.x.clone(), minus_y: point.y.linear(), minus_y_value: point.y.value }
    }

    /// The point as the first of a sum.
    pub(crate) fn open(&self, point: &Point) -> Open {
        let product = self.no_triple();
        Open { x: point.x.clone(), product, plus: point.y.linear(), y: point.y.value }
    }

    /// Reduces the second coordinate.
    pub(crate) fn close(&mut self, open: &Open) -> Point {
        let y = self.fe(open.y);
        let (minus, none) = (self.negated(open.plus), self.no_element());
        let product = self.copy_triple(&open.product);
        let rest = self.minus_elements(&product, [minus, y.linear(), none]);
        self.reduce(&rest);
        Point { x: open.x.clone(), y }
    }

    /// `x₃ = λ² - x₁ - x₂`
    fn third(&mut self, slope: &Fe, x1: &Fe, x2: &Fe) -> Fe {
        let x3 = self.fe(slope.value.square() - x1.value - x2.value);
        let square = self.product(slope, Factor::One(slope));
        let rest = self.minus_elements(&square, [x1.linear(), x2.linear(), x3.linear()]);
        self.reduce(&rest);
        x3
    }

    /// The sum.
    ///
    /// # Assumptions
    /// The points are not equal.
    pub(crate) fn add(&mut self, p: &Open, q: &Addend) -> Open {
        let slope = (p.y + q.minus_y_value) * inverse(p.x.value - q.x.value);
        #[cfg(test)]
        let slope = slope + self.slope_error;
        let slope = self.fe(slope);
        // λ·(x₁ - x₂) - y₁ + y₂ = 0
        let product = self.product(&slope, Factor::Difference(&p.x, &q.x));
        let rest = self.minus_triple(&product, &p.product, [p.plus, q.minus_y]);
        self.reduce(&rest);
        let x = self.third(&slope, &p.x, &q.x);
        let product = self.product(&slope, Factor::Difference(&q.x, &x));
        let y = slope.value * (q.x.value - x.value) + q.minus_y_value;
        Open { x, product, plus: q.minus_y, y }
    }

    /// Twice the point.
    pub(crate) fn double(&mut self, p: &Point) -> Open {
        let slope = p.x.value.square() * Fq::from(3) * inverse(p.y.value.double());
        let slope = self.fe(slope);
        // 3x² - λ·2y = 0
        let right = self.product(&slope, Factor::Times(2, &p.y));
        let left = self.product(&p.x, Factor::Times(3, &p.x));
        let none = self.no_element();
        let rest = self.minus_triple(&left, &right, [none, none]);
        self.reduce(&rest);
        let x = self.third(&slope, &p.x, &p.x);
        let plus = self.negated(p.y.linear());
        let product = self.product(&slope, Factor::Difference(&p.x, &x));
        let y = slope.value * (p.x.value - x.value) - p.y.value;
        Open { x, product, plus, y }
    }

    /// The cells of an unreduced coordinate.
    #[cfg(test)]
    pub(crate) fn open_cells(&self, open: &Open) -> Vec<Cell> {
        open.product.cells.into_iter().chain(open.plus).collect()
    }
}
