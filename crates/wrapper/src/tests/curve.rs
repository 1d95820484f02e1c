use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr, G1, G1Affine},
    ff::Field,
    group::{Curve, Group},
};

use super::{Fault, change_class, change_range, faults, random_fr, range_value};
use crate::{
    builder::{Builder, Cell},
    curve::{Addend, Point},
    gate::ELEMENT_DIGITS,
};

pub(crate) fn random_point(seed: u64) -> G1Affine {
    (G1::generator() * random_fr(seed)).to_affine()
}

fn assert_is(point: &Point, expected: G1Affine) {
    assert_eq!((point.x.value, point.y.value), (expected.x, expected.y));
}

fn add(builder: &mut Builder, p: &Point, q: &Addend) -> Point {
    let sum = builder.add(&builder.open(p), q);
    builder.close(&sum)
}

#[test]
fn sums_and_doubles() {
    let mut builder = Builder::default();
    for seed in 2..5 {
        let (p, q) = (random_point(seed), random_point(seed + 10));
        let (a, b) = (builder.point(p.x, p.y), builder.point(q.x, q.y));
        let addend = builder.addend(&b);
        let sum = add(&mut builder, &a, &addend);
        assert_is(&sum, (p + q).to_affine());
        let twice = builder.double(&a);
        let twice = builder.close(&twice);
        assert_is(&twice, G1::from(p).double().to_affine());
    }
    assert_eq!(faults(&builder), []);
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let mut builder = Builder::default();
    let p = random_point(3);
    builder.point(p.x, p.y + Fq::ONE);
    assert!(matches!(faults(&builder)[..], [Fault::Gate(..), ..]));
    let mut builder = Builder::default();
    builder.point(Fq::ZERO, Fq::ZERO);
    assert!(!faults(&builder).is_empty(), "the identity's affine form is not a point either");
}

#[test]
fn opposite_points_have_no_sum() {
    let mut builder = Builder::default();
    let p = random_point(3);
    let a = builder.point(p.x, p.y);
    let b = builder.point(p.x, -p.y);
    let addend = builder.addend(&b);
    add(&mut builder, &a, &addend);
    assert!(!faults(&builder).is_empty());
}

#[test]
fn a_proof_points_encoding_is_that_of_the_native_transcript() {
    let mut builder = Builder::default();
    let p = random_point(6);
    let point = builder.proof_point(p);
    let native = |x: Fq| snark_verifier::util::arithmetic::fe_to_fe::<Fq, Fr>(x);
    assert_eq!(point.encoding.map(|cell| builder.value(cell)), [native(p.x), native(p.y)]);
    assert_eq!(faults(&builder), []);
    let largest = Fq::ZERO - Fq::ONE;
    assert_eq!(native(largest), crate::limbs::scalar(&crate::limbs::of(largest)));
}

/// The hazard that [`crate::msm`]'s hashed starting point rules out: for equal points any slope satisfies the gates.
#[test]
fn equal_points_take_any_slope() {
    let mut builder = Builder::default();
    let p = random_point(3);
    let (a, b) = (builder.point(p.x, p.y), builder.point(p.x, p.y));
    let addend = builder.addend(&b);
    let sum = add(&mut builder, &a, &addend);
    assert_eq!(faults(&builder), []);
    assert_ne!(sum.x.value, G1::from(p).double().to_affine().x);
}

#[test]
fn a_wrong_slope_or_sum_is_refused() {
    // Digits of slope, x and y: the slope is the first element of an addition.
    for part in 0..3 {
        let mut builder = Builder::default();
        let (p, q) = (random_point(3), random_point(4));
        let (a, b) = (builder.point(p.x, p.y), builder.point(q.x, q.y));
        let addend = builder.addend(&b);
        let slope = Cell(builder.rows() as u32);
        let sum = add(&mut builder, &a, &addend);
        assert_eq!(faults(&builder), []);
        change_element(&mut builder, [slope, sum.x.cells[0], sum.y.cells[0]][part]);
        let wrong = faults(&builder);
        assert!(!wrong.is_empty() && wrong.iter().all(|f| matches!(f, Fault::Gate(..))), "{part}");
    }
}

/// The element plus one, a good running sum.
fn change_element(builder: &mut Builder, head: Cell) {
    let value = range_value(builder, head, ELEMENT_DIGITS) + 1_u8;
    change_range(builder, head, &value, ELEMENT_DIGITS);
}

/// A chain of additions whose second coordinates are never reduced, with another slope in one of them: the prover lays everything
/// that follows out to suit it. Only the addition itself objects.
#[test]
fn a_wrong_slope_anywhere_in_a_chain_is_refused() {
    for wrong in 0..5 {
        let mut builder = Builder::default();
        let start = random_point(3);
        let start = builder.point(start.x, start.y);
        let mut open = builder.open(&start);
        let mut rows = 0..0;
        for i in 0..5 {
            let q = random_point(10 + i);
            let q = builder.point(q.x, q.y);
            let addend = builder.addend(&q);
            let first = builder.rows();
            builder.slope_error = if i == wrong { Fq::from(7) } else { Fq::ZERO };
            open = builder.add(&open, &addend);
            if i == wrong {
                rows = first..builder.rows();
            }
        }
        let sum = builder.close(&open);
        let faults = faults(&builder);
        assert!(!faults.is_empty());
        let inside = |f: &Fault| matches!(f, Fault::Gate(_, row) if rows.contains(row));
        assert!(faults.iter().all(inside), "{wrong}: {faults:?}");
        let good = (sum.y.value.square() - sum.x.value.square() * sum.x.value) == Fq::from(3);
        assert!(!good, "the point is another");
    }
}

/// The unreduced second coordinate itself: each cell of the product and of the element.
#[test]
fn an_unreduced_coordinate_cannot_be_changed() {
    let lay_out = || {
        let mut builder = Builder::default();
        let [p, q] = [3, 4].map(random_point);
        let [p, q] = [p, q].map(|p| builder.point(p.x, p.y));
        let addend = builder.addend(&q);
        let open = builder.add(&builder.open(&p), &addend);
        let cells = builder.open_cells(&open);
        builder.close(&open);
        (builder, cells)
    };
    let (builder, cells) = lay_out();
    assert_eq!(faults(&builder), []);
    for cell in cells {
        let (mut builder, _) = lay_out();
        let value = builder.value(cell) + Fr::ONE;
        change_class(&mut builder, cell, value);
        assert!(!faults(&builder).is_empty());
    }
}
