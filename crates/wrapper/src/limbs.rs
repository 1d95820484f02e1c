//! Numbers as limbs of 95, 95 and 76 bits.

use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr},
    ff::PrimeField,
};
use num_bigint::{BigInt, BigUint};

use crate::gate::LIMB_BITS;

/// The limbs of a canonical representative.
pub(crate) fn of(value: Fq) -> [u128; 3] {
    of_big(&BigUint::from_bytes_le(value.to_repr().as_ref()))
}

/// The three lowest limbs, the third with all that fits 128 bits.
pub(crate) fn of_big(value: &BigUint) -> [u128; 3] {
    let mask = (BigUint::from(1_u8) << LIMB_BITS) - 1_u8;
    [value & &mask, (value >> LIMB_BITS) & &mask, value >> (2 * LIMB_BITS)].map(|limb| low(&limb))
}

/// The lowest 128 bits.
pub(crate) fn low(value: &BigUint) -> u128 {
    let digits = value.to_u64_digits();
    let digit = |i: usize| u128::from(digits.get(i).copied().unwrap_or(0));
    digit(0) | digit(1) << 64
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
#[cfg(test)]
pub(crate) fn scalar(value: &BigInt) -> Fr {
    let (sign, digits) = value.to_u64_digits();
    let magnitude =
        digits.iter().rev().fold(Fr::zero(), |sum, digit| sum * Fr::from_u128(1 << 64) + Fr::from(*digit));
    if sign == num_bigint::Sign::Minus { -magnitude } else { magnitude }
}

/// A canonical representative as an element of the other field.
pub(crate) fn base(value: Fr) -> Fq {
    integer(value)
        .to_u64_digits()
        .iter()
        .rev()
        .fold(Fq::zero(), |sum, digit| sum * Fq::from_u128(1 << 64) + Fq::from(*digit))
}
