use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::Field,
    group::Curve,
};

use super::{Fault, change_class, curve::random_point, faults, random_fr};
use crate::{
    builder::{Builder, Cell},
    gate::Relation,
    msm::{Base, Correction, WINDOWS, correction, digits},
};

#[test]
fn digits_are_odd_and_sum_to_the_scalar() {
    for scalar in [Fr::ZERO, Fr::ONE, Fr::from(2), -Fr::ONE, -Fr::from(2), random_fr(2)] {
        let digits = digits(scalar);
        assert!(digits.iter().all(|d| d % 2 != 0 && d.abs() < 16));
        let sum = digits.iter().rev().fold(Fr::ZERO, |sum, d| {
            let d = if *d < 0 { -Fr::from(d.unsigned_abs()) } else { Fr::from(d.unsigned_abs()) };
            sum * Fr::from(16) + d
        });
        assert_eq!(sum, scalar);
    }
}

/// The fact behind the soundness of the chain's additions: see the module's description.
#[test]
fn the_start_stays_until_the_last_addition() {
    let power = |n: u64| Fr::from(16).pow_vartime([n]);
    let mut factor = Fr::ONE;
    for window in (0..WINDOWS).rev() {
        if window + 1 < WINDOWS {
            factor *= Fr::from(16);
        }
        assert_ne!(factor, Fr::ZERO);
        match correction(window) {
            None => continue,
            Some(Correction::AllButOne) => {
                let taken = power(4) - Fr::ONE;
                assert!(factor != taken && factor != -taken, "different points for all but one start");
                factor -= taken;
                assert_eq!(factor, Fr::ONE);
            }
            Some(Correction::All) => {
                assert_eq!(window, 0, "the last addition");
                let taken = power(3);
                assert_ne!(factor, -taken, "the chain and what is added, -taken·A, for all but one start");
                factor -= taken;
            }
        }
    }
    assert_eq!(factor, Fr::ZERO);
}

fn sum_of(terms: &[(Fr, G1Affine, bool)]) -> (Builder, G1Affine, u32) {
    let mut builder = Builder::default();
    let challenge = builder.witness(random_fr(99));
    let cells: Vec<(Cell, Base)> = terms
        .iter()
        .map(|(scalar, point, constant)| {
            let base = match constant {
                true => Base::Constant(*point),
                false => Base::Point(builder.point(point.x, point.y)),
            };
            (builder.witness(*scalar), base)
        })
        .collect();
    let first = cells[0].0.0;
    let sum = builder.msm(&cells, challenge);
    let point = G1Affine { x: sum.x.value, y: sum.y.value };
    (builder, point, first)
}

#[test]
fn sums_equal_those_of_the_library() {
    let terms = [
        (random_fr(3), random_point(5), false),
        (Fr::ZERO, random_point(6), false),
        (Fr::from(2), random_point(7), true),
        (-Fr::ONE, G1Affine::generator(), true),
    ];
    let (builder, sum, scalar) = sum_of(&terms);
    let expected: G1 = terms.iter().map(|(s, p, _)| *p * *s).sum();
    assert_eq!(sum, expected.to_affine());
    assert_eq!(faults(&builder), []);
    // Another scalar with the same digits.
    let mut builder = builder;
    change_class(&mut builder, Cell(scalar), random_fr(4));
    assert!(matches!(faults(&builder)[..], [Fault::Gate(..), ..]));
}

#[test]
fn equal_points_and_cancelling_scalars_are_no_exception() {
    let p = random_point(5);
    let terms = [
        (random_fr(3), p, false),
        (random_fr(3), p, false),
        (-random_fr(3), p, true),
        (random_fr(3), -p, false),
        (Fr::ONE, p, false),
    ];
    let (builder, sum, _) = sum_of(&terms);
    assert_eq!(sum, p);
    assert_eq!(faults(&builder), []);
}

#[test]
fn a_digits_cells_are_tied_together() {
    let mut builder = Builder::default();
    let scalar = builder.witness(random_fr(8));
    let start = builder.rows() as u32;
    let challenge = builder.witness(random_fr(9));
    let point = random_point(3);
    let base = Base::Point(builder.point(point.x, point.y));
    builder.msm(&[(scalar, base)], challenge);
    assert_eq!(faults(&builder), []);
    // The first digit block starts below the row that copies zero.
    let tagged =
        (start as usize..builder.rows()).find(|row| builder.tags[*row].relation == Relation::Digit).unwrap();
    for i in 1..8 {
        let cell = Cell((tagged + i) as u32);
        let before = builder.value(cell);
        change_class(&mut builder, cell, before + Fr::ONE);
        assert!(!faults(&builder).is_empty(), "cell {i}");
        change_class(&mut builder, cell, before);
    }
}
