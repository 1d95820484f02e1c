use std::collections::HashSet;

use halo2_base::halo2_proofs::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::ConstraintSystem,
};
use num_bigint::BigUint;

use super::{Fault, change_class, faults, random_fr};
use crate::{
    builder::{Builder, Cell, Tags},
    gate::{Relation, WrapperConfig, power},
};

#[test]
fn constants_of_any_size_are_what_they_say() {
    let mut builder = Builder::default();
    for value in [Fr::ZERO, Fr::ONE, power(19) - Fr::ONE, power(19), power(190), -Fr::ONE, random_fr(5)] {
        let cell = builder.constant(value);
        assert_eq!(builder.value(cell), value);
        assert_eq!(builder.constant(value), cell);
    }
    assert_eq!(faults(&builder), []);
}

#[test]
fn a_constant_cannot_be_changed() {
    let mut builder = Builder::default();
    let cell = builder.constant(power(40) + Fr::from(3));
    let below = Cell(cell.0 + 1);
    for (value, quarter) in [(7_u64, 1_u64), (0, 0), (8, 2)] {
        // A good digit, so that the constant's own relation has to object.
        change_class(&mut builder, cell, Fr::from(value));
        builder.values[below.0 as usize] = Fr::from(quarter);
        assert!(matches!(faults(&builder)[..], [Fault::Gate(i, row)] if i > 0 && row == cell.0 as usize));
    }
}

#[test]
fn sums_of_products() {
    let mut builder = Builder::default();
    let [a, b, c] = [3, 5, 7].map(|v| builder.witness(Fr::from(v)));
    let rows = builder.rows();
    let sum = builder.sum_of_products(a, &[(b, c), (c, c)]);
    assert_eq!(builder.rows() - rows, 7);
    assert_eq!(builder.value(sum), Fr::from(87));
    assert_eq!(faults(&builder), []);
    change_class(&mut builder, sum, Fr::from(88));
    assert_eq!(faults(&builder).len(), 1);
}

#[test]
fn ranges_are_exact() {
    for digits in [1_usize, 7, 35, 127] {
        let greatest = (BigUint::from(1_u8) << (2 * digits)) - 1_u8;
        let mut builder = Builder::default();
        let head = builder.range(&greatest, digits);
        assert_eq!(faults(&builder), [], "{digits}");
        super::change_range(&mut builder, head, &(greatest + 1_u8), digits);
        assert!(!faults(&builder).is_empty(), "{digits}");
    }
}

/// Each value of `a₀ - 4·a₁` alone, at every row of a running sum.
#[test]
fn a_digit_is_one_of_four() {
    let digits = [1, 2, 3, 0, 2];
    for at in 0..digits.len() {
        for (digit, good) in [(-1, false), (0, true), (1, true), (2, true), (3, true), (4, false), (5, false)]
        {
            let mut builder = Builder::default();
            let head = builder.running_sum(&digits);
            let mut sum = Fr::ZERO;
            for i in (0..digits.len()).rev() {
                let digit = if i == at { digit } else { i64::from(digits[i]) };
                let digit = if digit < 0 { -Fr::from(digit.unsigned_abs()) } else { Fr::from(digit as u64) };
                sum = sum * Fr::from(4) + digit;
                builder.values[head.0 as usize + i] = sum;
            }
            assert_eq!(faults(&builder).is_empty(), good, "{digit} at {at}");
        }
    }
}

#[test]
fn a_ranges_end_is_zero() {
    let mut builder = Builder::default();
    let head = builder.running_sum(&[0; 5]);
    // 1 in the row below the last would let the first be 4^5.
    for i in 0..=5 {
        builder.values[head.0 as usize + i] = power(2 * (5 - i));
    }
    assert!(matches!(faults(&builder)[..], [Fault::Gate(_, row)] if row == head.0 as usize + 5));
}

/// Every code turns on its own relation's polynomials and no others, whatever the cells hold.
#[test]
fn a_code_turns_on_its_relation_only() {
    let mut meta = ConstraintSystem::default();
    WrapperConfig::configure(&mut meta);
    assert!(meta.lookups().is_empty());
    let polynomials: Vec<_> = meta.gates().iter().flat_map(|gate| gate.polynomials().to_vec()).collect();
    // Not `meta.degree()`: halo2 caps what it says.
    assert_eq!(polynomials.iter().map(|p| p.degree()).max(), Some(5));
    let counts = [1, 3, 2, 7, 4, 1, 3, 3, 3];
    assert_eq!(polynomials.len(), 1 + counts.iter().sum::<usize>());
    let mut first = 1;
    for (relation, count) in Relation::ALL.into_iter().zip(counts) {
        let mut builder = Builder::default();
        let row = builder.rows();
        for i in 0..20 {
            builder.witness(random_fr(100 + i));
        }
        let all = |builder: &Builder| -> Vec<usize> {
            let on = |i: &usize| super::evaluate(&polynomials[*i], builder, row, &[]) != Fr::ZERO;
            (0..polynomials.len()).filter(on).collect()
        };
        assert_eq!(all(&builder), [0_usize; 0], "nothing is on without a code");
        builder.start(Cell(row as u32), relation);
        assert_eq!(all(&builder), (first..first + count).collect::<Vec<_>>(), "{relation:?}");
        builder.tags[row] = Tags { relation: Relation::None, digit: true };
        assert_eq!(all(&builder), [0]);
        first += count;
    }
}

/// Codes are different, and none is outside the triangle in which selectors vanish.
#[test]
fn codes_are_the_points_of_a_triangle() {
    let codes: HashSet<_> = Relation::ALL.into_iter().map(Relation::code).collect();
    assert_eq!(codes.len(), 9);
    assert!(codes.iter().all(|[t, k]| (1..=3).contains(&(t + k))));
}
