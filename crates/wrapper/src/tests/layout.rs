use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use super::{Fault, change_class, faults, random_fr};
use crate::{builder::Builder, gate::power};

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
    change_class(&mut builder, cell, Fr::from(7));
    assert!(matches!(faults(&builder)[..], [Fault::Gate(..)]));
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
    for (bits, fits) in [(7, 127), (14, 1 << 13), (19, 0), (80, (1 << 80) - 1), (88, 1 << 87)] {
        let mut builder = Builder::default();
        builder.range_bits(fits, bits);
        assert_eq!(faults(&builder), [], "{bits}");
    }
    for bits in [7_usize, 14, 19, 80, 88] {
        let mut builder = Builder::default();
        let head = builder.range_bits(0, bits);
        let lookups = bits.div_ceil(19);
        super::change_range(&mut builder, head, 1 << bits, lookups);
        assert!(!faults(&builder).is_empty(), "{bits}");
    }
}

#[test]
fn a_ranges_end_is_zero() {
    let mut builder = Builder::default();
    let head = builder.range(0, 5);
    // 2^19 in the row below the last would let the last be 2^38.
    for i in 0..=5 {
        builder.values[head.0 as usize + i] = power(19 * (6 - i));
    }
    assert!(matches!(faults(&builder)[..], [Fault::Gate(_, row)] if row == head.0 as usize + 5));
}
