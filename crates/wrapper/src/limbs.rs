//! Integers, and elements of one field as integers or elements of the other.

use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr},
    ff::PrimeField,
};
use num_bigint::{BigInt, BigUint};

/// The canonical representative of an element of the base field.
pub(crate) fn of(value: Fq) -> BigUint {
    BigUint::from_bytes_le(value.to_repr().as_ref())
}

/// The lowest 128 bits.
pub(crate) fn low(value: &BigUint) -> u128 {
    let digits = value.to_u64_digits();
    let digit = |i: usize| u128::from(digits.get(i).copied().unwrap_or(0));
    digit(0) | digit(1) << 64
}

/// The lowest digits in base four, the lowest first.
pub(crate) fn base_four(value: &BigUint, digits: usize) -> Vec<u8> {
    let bytes = value.to_bytes_le();
    (0..digits).map(|i| bytes.get(i / 4).map_or(0, |byte| (byte >> (2 * (i % 4))) & 3)).collect()
}

/// The integer a scalar stands for: of the two candidates the smaller in magnitude.
pub(crate) fn signed(value: Fr) -> BigInt {
    let negated = integer(-value);
    let value = integer(value);
    if negated < value { -BigInt::from(negated) } else { BigInt::from(value) }
}

/// The canonical representative.
pub(crate) fn integer(value: Fr) -> BigUint {
    BigUint::from_bytes_le(value.to_repr().as_ref())
}

/// The value modulo the scalar field's modulus.
pub(crate) fn scalar(value: &BigUint) -> Fr {
    let words = value.to_u64_digits();
    words.iter().rev().fold(Fr::zero(), |sum, word| sum * Fr::from_u128(1 << 64) + Fr::from(*word))
}

/// A canonical representative as an element of the other field.
pub(crate) fn base(value: Fr) -> Fq {
    integer(value)
        .to_u64_digits()
        .iter()
        .rev()
        .fold(Fq::zero(), |sum, digit| sum * Fq::from_u128(1 << 64) + Fq::from(*digit))
}
