use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr, G1, G1Affine},
    ff::Field,
    group::{Curve, Group},
};

use super::{Fault, change_range, faults, random_fr};
use crate::{
    builder::{Builder, Cell},
    curve::Point,
};

pub(crate) fn random_point(seed: u64) -> G1Affine {
    (G1::generator() * random_fr(seed)).to_affine()
}

fn assert_is(point: &Point, expected: G1Affine) {
    assert_eq!((point.x.value, point.y.value), (expected.x, expected.y));
}

#[test]
fn sums_and_doubles() {
    let mut builder = Builder::default();
    for seed in 2..5 {
        let (p, q) = (random_point(seed), random_point(seed + 10));
        let (a, b) = (builder.point(p.x, p.y), builder.point(q.x, q.y));
        let addend = builder.addend(&b);
        let sum = builder.add(&a, &addend);
        assert_is(&sum, (p + q).to_affine());
        let twice = builder.double(&a);
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
    builder.add(&a, &addend);
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
    assert_eq!(native(largest), crate::limbs::scalar(&crate::limbs::signed(native(largest))));
}

/// The hazard that [`crate::msm`]'s hashed starting point rules out: for equal points any slope satisfies the gates.
#[test]
fn equal_points_take_any_slope() {
    let mut builder = Builder::default();
    let p = random_point(3);
    let (a, b) = (builder.point(p.x, p.y), builder.point(p.x, p.y));
    let addend = builder.addend(&b);
    let sum = builder.add(&a, &addend);
    assert_eq!(faults(&builder), []);
    assert_ne!(sum.x.value, G1::from(p).double().to_affine().x);
}

#[test]
fn a_wrong_slope_or_sum_is_refused() {
    // Limbs of slope, x and y: the slope is the first element of an addition.
    for part in 0..3 {
        let mut builder = Builder::default();
        let (p, q) = (random_point(3), random_point(4));
        let (a, b) = (builder.point(p.x, p.y), builder.point(q.x, q.y));
        let addend = builder.addend(&b);
        let slope = Cell(builder.rows() as u32);
        let sum = builder.add(&a, &addend);
        let limb = [slope, sum.x.limbs[0], sum.y.limbs[0]][part];
        let value = crate::limbs::low(&crate::limbs::integer(builder.value(limb))) ^ 1;
        change_range(&mut builder, limb, value, 5);
        let wrong = faults(&builder);
        assert!(!wrong.is_empty() && wrong.iter().all(|f| matches!(f, Fault::Gate(..))), "{part}");
    }
}
