use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr},
    ff::Field,
};
use num_bigint::BigInt;

use super::{Fault, change_class, change_range, faults, random_fq};
use crate::{
    builder::{Builder, Cell},
    field::{Factor, Fe},
    gate::modulus_limbs,
    limbs,
};

fn edges() -> Vec<Fq> {
    vec![Fq::ZERO, Fq::ONE, -Fq::ONE, -Fq::from(2), Fq::from(2).pow_vartime([95]), random_fq(2), random_fq(3)]
}

#[test]
fn products_of_edge_and_random_values() {
    let mut builder = Builder::default();
    for x in edges() {
        for y in edges() {
            let (a, b) = (builder.fe(x), builder.fe(y));
            let product = builder.fe_mul(&a, &b);
            assert_eq!(product.value, x * y);
            let sum = builder.fe(x * (y - x) - y - x);
            builder.assert_product(Factor::Difference(&b, &a), &a, &[&sum, &a, &b]);
        }
    }
    assert_eq!(faults(&builder), []);
}

#[test]
fn sums_and_differences_of_the_greatest_weights() {
    let mut builder = Builder::default();
    for x in edges() {
        let (a, b) = (builder.fe(x), builder.fe(-Fq::ONE));
        let (twice, difference) = (builder.fe_add(&a, &a), builder.fe_sub(&a, &b));
        let quadruple = builder.fe_add(&twice, &twice);
        // 2x·(x + 1) = (2x² - 4x) + 2x + 4x
        let rest = builder.fe((x + x) * (x - Fq::ONE) - (x + x));
        builder.assert_product(Factor::One(&difference), &twice, &[&rest, &twice, &quadruple]);
        let negated = builder.fe_neg(&b);
        builder.fe_mul(&negated, &difference);
    }
    assert_eq!(faults(&builder), []);
}

#[test]
fn a_wrong_product_has_no_quotient() {
    let mut builder = Builder::default();
    let (a, b) = (builder.fe(random_fq(4)), builder.fe(random_fq(5)));
    let product = builder.fe(a.value * b.value + Fq::ONE);
    builder.assert_product(Factor::One(&b), &a, &[&product]);
    assert!(faults(&builder).iter().all(|fault| matches!(fault, Fault::Gate(..))));
    assert!(!faults(&builder).is_empty());
}

/// The rows of quotient and carries of the product that was added last, with heads.
fn heads(first: u32) -> [(Cell, usize); 6] {
    // Limbs of 5, 5 and 4 lookups, carries of 6, each with a row below.
    [(0, 5), (6, 5), (12, 4), (17, 6), (24, 6), (31, 6)].map(|(at, lookups)| (Cell(first + at), lookups))
}

#[test]
fn a_changed_quotient_or_carry_is_noticed() {
    for index in 0..6 {
        for delta in [1_i64, -1] {
            let mut builder = Builder::default();
            let (a, b) = (builder.fe(random_fq(4)), builder.fe(random_fq(5)));
            let product = builder.fe(a.value * b.value);
            let first = builder.rows() as u32;
            builder.assert_product(Factor::One(&b), &a, &[&product]);
            assert_eq!(faults(&builder), []);
            let (head, lookups) = heads(first)[index];
            let value = limbs::low(&limbs::integer(builder.value(head))).wrapping_add_signed(delta.into());
            change_range(&mut builder, head, value, lookups);
            let wrong = faults(&builder);
            assert!(
                !wrong.is_empty() && wrong.iter().all(|f| matches!(f, Fault::Gate(..))),
                "{index} {wrong:?}"
            );
        }
    }
}

/// The equation in the scalar field alone has solutions modulo `r`: then the carries are out of range.
#[test]
fn carries_cannot_absorb_an_error() {
    let mut builder = Builder::default();
    let (a, b) = (builder.fe(random_fq(4)), builder.fe(random_fq(5)));
    let product = builder.fe(a.value * b.value);
    let first = builder.rows() as u32;
    builder.assert_product(Factor::One(&b), &a, &[&product]);
    // The product's lowest limb plus one, and the carries that make up for it in the scalar field.
    let inverse = crate::gate::power(95).invert().unwrap();
    let limb = builder.value(product.limbs[0]) + Fr::ONE;
    change_class(&mut builder, product.limbs[0], limb);
    let mut error = -inverse;
    for (head, _) in &heads(first)[3..] {
        let value = builder.value(*head) + error;
        change_class(&mut builder, *head, value);
        error *= inverse;
    }
    let wrong = faults(&builder);
    assert!(wrong.iter().any(|f| matches!(f, Fault::Lookup(_))), "{wrong:?}");
}

#[test]
fn canonical_is_below_the_modulus() {
    for value in edges() {
        let mut builder = Builder::default();
        let x = builder.fe(value);
        builder.assert_canonical(&x);
        assert_eq!(faults(&builder), []);
    }
    // The representative x + q of a small x.
    let mut builder = Builder::default();
    let x = builder.fe(Fq::from(9));
    let p = modulus_limbs();
    for (i, limb) in [p[0] + 9, p[1], p[2]].into_iter().enumerate() {
        change_range(&mut builder, x.limbs[i], limb, [5, 5, 4][i]);
    }
    assert_eq!(faults(&builder), [], "the representative is a good one");
    let x = Fe::selected(x.limbs, x.value);
    builder.assert_canonical(&x);
    assert!(!faults(&builder).is_empty());
}

#[test]
fn any_representative_multiplies() {
    let mut builder = Builder::default();
    let (x, y) = (builder.fe(Fq::from(9)), builder.fe(random_fq(7)));
    let p = modulus_limbs();
    for (i, limb) in [p[0] + 9, p[1], p[2]].into_iter().enumerate() {
        change_range(&mut builder, x.limbs[i], limb, [5, 5, 4][i]);
    }
    builder.fe_mul(&x, &y);
    assert_eq!(faults(&builder), []);
}

#[test]
fn native_representative() {
    let mut builder = Builder::default();
    for value in edges() {
        let x = builder.fe(value);
        let cell = builder.fe_native(&x);
        let limbs = limbs::of(value).map(BigInt::from);
        let expected = &limbs[0] + (&limbs[1] << 95) + (&limbs[2] << 190);
        assert_eq!(builder.value(cell), limbs::scalar(&expected));
    }
    assert_eq!(faults(&builder), []);
}
