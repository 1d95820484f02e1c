use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr},
    ff::Field,
};
use num_bigint::BigUint;

use super::{Fault, change_class, change_range, faults, random_fq, range_value};
use crate::{
    builder::{Builder, Cell},
    field::{Factor, Fe},
    gate::{CARRY_DIGITS, ELEMENT_DIGITS, HALF_BITS, QUOTIENT_DIGITS, QUOTIENT_OFFSET, modulus, power},
    limbs,
};

fn edges() -> Vec<Fq> {
    vec![Fq::ZERO, Fq::ONE, -Fq::ONE, -Fq::from(2), Fq::from(2).pow_vartime([66]), random_fq(2), random_fq(3)]
}

#[test]
fn products_of_edge_and_random_values() {
    let mut builder = Builder::default();
    for x in edges() {
        for y in edges() {
            let (a, b) = (builder.fe(x), builder.fe(y));
            let product = builder.fe_mul(&a, &b);
            assert_eq!(product.value, x * y);
            let rest = builder.fe(x * (y - x) - y - x);
            let product = builder.product(&a, Factor::Difference(&b, &a));
            let rest = builder.minus_elements(&product, [rest.linear(), a.linear(), b.linear()]);
            builder.reduce(&rest);
        }
    }
    assert_eq!(faults(&builder), []);
}

/// Sums at both ends of what a quotient and carries are made for.
#[test]
fn sums_of_the_greatest_weights() {
    let mut builder = Builder::default();
    let none = builder.no_element();
    for [x, y, z] in [[-Fq::ONE, Fq::ZERO, Fq::ZERO], [Fq::ZERO, -Fq::ONE, Fq::ONE], [random_fq(2); 3]] {
        // 3x·x - 2y·y - rest
        let [a, b] = [x, y].map(|v| builder.fe(v));
        let rest = builder.fe(x.square() * Fq::from(3) - y.square().double());
        let right = builder.product(&b, Factor::Times(2, &b));
        let left = builder.product(&a, Factor::Times(3, &a));
        let sum = builder.minus_triple(&left, &right, [rest.linear(), none]);
        builder.reduce(&sum);
        // x·(y - z) - y·(x - z) and its negative
        let c = builder.fe(z);
        for (a, b) in [(&a, &b), (&b, &a)] {
            let rest = builder.fe(a.value * (b.value - z) - b.value * (a.value - z));
            let right = builder.product(b, Factor::Difference(a, &c));
            let left = builder.product(a, Factor::Difference(b, &c));
            let sum = builder.minus_triple(&left, &right, [rest.linear(), none]);
            builder.reduce(&sum);
        }
    }
    assert_eq!(faults(&builder), []);
}

/// The numbers in the module's description.
#[test]
fn bounds() {
    let (q, one) = (modulus(), BigUint::from(1_u8));
    let offset = BigUint::from(QUOTIENT_OFFSET) << 198;
    assert!(offset > q.clone() * 2_u8 + 16_u8, "-2q - 8 and more is a quotient");
    assert!(offset + q.clone() * 3_u8 + 16_u8 < one.clone() << (2 * QUOTIENT_DIGITS), "3q is a quotient");
    assert!(q < one.clone() << (2 * ELEMENT_DIGITS));
    let r = limbs::integer(-Fr::ONE) + 1_u8;
    // |E - Q·q| and the modulus.
    let greatest = (BigUint::from(5_u8) << 508) + (BigUint::from(8_u8) << 254) + (one.clone() << 256) * q;
    assert!(greatest < one.clone() << 512 && one.clone() << 512 < r.clone() << (2 * HALF_BITS));
    assert!((one.clone() << 204) + (one.clone() << (HALF_BITS + 2 * CARRY_DIGITS)) < r >> 1);
}

#[test]
#[should_panic(expected = "within the bounds")]
fn larger_sums_are_not_reduced() {
    let mut builder = Builder::default();
    let a = builder.fe(Fq::ONE);
    let product = builder.product(&a, Factor::Times(4, &a));
    builder.reduce(&product);
}

/// Lays `a·b - c` out and gives the running sum's head.
fn lay_out(error: Fq) -> (Builder, Fe, Cell) {
    let mut builder = Builder::default();
    let (a, b) = (builder.fe(random_fq(4)), builder.fe(random_fq(5)));
    let c = builder.fe(a.value * b.value + error);
    let product = builder.product(&a, Factor::One(&b));
    let none = builder.no_element();
    let rest = builder.minus_elements(&product, [c.linear(), none, none]);
    let head = builder.reduce(&rest);
    (builder, c, head)
}

const ALL_DIGITS: usize = QUOTIENT_DIGITS + 2 * CARRY_DIGITS;

#[test]
fn a_wrong_product_has_no_quotient() {
    assert_eq!(faults(&lay_out(Fq::ZERO).0), []);
    let (builder, ..) = lay_out(Fq::ONE);
    let wrong = faults(&builder);
    assert!(!wrong.is_empty() && wrong.iter().all(|fault| matches!(fault, Fault::Gate(..))));
}

/// Limbs of the quotient and both carries, one up or down, in a good running sum.
#[test]
fn a_changed_quotient_or_carry_is_noticed() {
    for bits in [0, 66, 132, 198, 2 * QUOTIENT_DIGITS, 2 * (QUOTIENT_DIGITS + CARRY_DIGITS)] {
        for up in [true, false] {
            let (mut builder, _, head) = lay_out(Fq::ZERO);
            let value = range_value(&builder, head, ALL_DIGITS);
            let step = BigUint::from(1_u8) << bits;
            let value = if up { value + step } else { value - step };
            change_range(&mut builder, head, &value, ALL_DIGITS);
            let wrong = faults(&builder);
            assert!(!wrong.is_empty());
            assert!(wrong.iter().all(|f| matches!(f, Fault::Gate(..))), "{bits} {wrong:?}");
        }
    }
}

/// 2^132 moved from an element's lower half to its upper one: the reduction's equations hold with another carry, so the element's
/// own running sum has to object.
#[test]
fn an_elements_halves_are_not_free() {
    let (mut builder, c, head) = lay_out(Fq::ZERO);
    let hi = c.cells[2];
    let raised = builder.value(hi) + Fr::ONE;
    change_class(&mut builder, hi, raised);
    let row = builder.copies.iter().filter(|(from, _)| *from == hi).map(|(_, to)| *to).next().unwrap();
    // The rest follows: lo + 2^132, hi - 1.
    let lo = Cell(row.0 + 6);
    let values = [builder.value(lo) + power(HALF_BITS), builder.value(Cell(lo.0 + 1)) - Fr::ONE];
    for (i, value) in values.into_iter().enumerate() {
        change_class(&mut builder, Cell(lo.0 + i as u32), value);
    }
    // V₀ rises by one and nothing else changes.
    let at = |digits: usize| Cell(head.0 + digits as u32);
    let carry = at(QUOTIENT_DIGITS);
    let value = range_value(&builder, head, ALL_DIGITS) + (BigUint::from(1_u8) << (2 * QUOTIENT_DIGITS));
    change_range(&mut builder, head, &value, ALL_DIGITS);
    assert!(builder.value(carry) != Fr::ZERO);
    let wrong = faults(&builder);
    let element = c.cells[0].0 as usize..c.cells[0].0 as usize + ELEMENT_DIGITS;
    assert!(!wrong.is_empty());
    assert!(wrong.iter().all(|f| matches!(f, Fault::Gate(0, row) if element.contains(row))), "{wrong:?}");
}

/// `lo` one higher with a carry of `2^-132` more: out of range.
#[test]
fn a_carry_out_of_range_is_refused() {
    let (mut builder, c, head) = lay_out(Fq::ZERO);
    let nat = c.cells[0];
    let before = builder.value(nat);
    change_class(&mut builder, nat, before + Fr::ONE);
    let inverse = power(HALF_BITS).invert().unwrap();
    let z = |digits: usize| Cell(head.0 + digits as u32);
    let row = builder.copies.iter().filter(|(from, _)| *from == nat).map(|(_, to)| *to).next().unwrap();
    let lo = Cell(row.0 + 5);
    for cell in [lo, Cell(lo.0 + 2)] {
        let value = builder.value(cell) - Fr::ONE;
        change_class(&mut builder, cell, value);
    }
    // V₀ falls by 2^-132, V₁ by 2^-264; the quotient by 1/q.
    let q = limbs::scalar(&modulus()).invert().unwrap();
    let (v0, v1) = (-inverse, -inverse.square());
    let s1 = v1;
    let s0 = v0 + s1 * power(2 * CARRY_DIGITS);
    let changes = [
        (0, -q + s0 * power(2 * QUOTIENT_DIGITS)),
        (QUOTIENT_DIGITS, s0),
        (QUOTIENT_DIGITS + CARRY_DIGITS, s1),
    ];
    for (digits, change) in changes {
        let value = builder.value(z(digits)) + change;
        change_class(&mut builder, z(digits), value);
    }
    let wrong = faults(&builder);
    assert!(wrong.iter().any(|f| matches!(f, Fault::Gate(0, row) if *row >= head.0 as usize)), "{wrong:?}");
}

#[test]
fn canonical_is_below_the_modulus() {
    for value in edges() {
        let mut builder = Builder::default();
        let x = builder.fe(value);
        builder.assert_canonical(&x);
        assert_eq!(faults(&builder), []);
    }
    // Representatives x + q, alone and with an e that makes the sum q - 1 + r.
    for small in [0_u64, 9] {
        let mut builder = Builder::default();
        let x = builder.fe(Fq::from(small));
        change_range(&mut builder, x.cells[0], &(modulus() + small), ELEMENT_DIGITS);
        assert_eq!(faults(&builder), [], "the representative is a good one");
        let e = Cell(builder.rows() as u32);
        builder.assert_canonical(&x);
        assert!(!faults(&builder).is_empty());
        let r = limbs::integer(-Fr::ONE) + 1_u8;
        change_range(&mut builder, e, &(r - 1_u8 - small), ELEMENT_DIGITS);
        assert!(!faults(&builder).is_empty());
    }
}

#[test]
fn any_representative_multiplies() {
    let mut builder = Builder::default();
    let (x, y) = (builder.fe(Fq::from(9)), builder.fe(random_fq(7)));
    change_range(&mut builder, x.cells[0], &(modulus() + 9_u8), ELEMENT_DIGITS);
    builder.fe_mul(&x, &y);
    assert_eq!(faults(&builder), []);
}

/// The head of an element is its representative in the scalar field, and the cells say all its limbs.
#[test]
fn cells_of_an_element() {
    let mut builder = Builder::default();
    for value in edges() {
        let x = builder.fe(value);
        let integer = limbs::of(value);
        for (i, cell) in x.cells.into_iter().enumerate() {
            assert_eq!(builder.value(cell), limbs::scalar(&(&integer >> (66 * i))));
        }
        assert_eq!(range_value(&builder, x.cells[0], ELEMENT_DIGITS), integer);
        let constant = builder.fe_constant(value);
        assert_eq!(constant.cells.map(|c| builder.value(c)), x.cells.map(|c| builder.value(c)));
    }
    assert_eq!(faults(&builder), []);
}
