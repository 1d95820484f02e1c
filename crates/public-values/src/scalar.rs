//! Packing into BN254 scalars, as 32 big-endian bytes: what a contract sees.

use finial_protocol::fields::{Digest, Val};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::{DIGEST_LEN, USER_PUBLIC_VALUES};

/// Σ dᵢ·pⁱ with canonical dᵢ; below 2^248, so below the scalar field's modulus.
#[must_use]
pub fn digest_to_scalar(digest: &Digest) -> [u8; 32] {
    let mut number = [0u8; 32];
    for element in digest.iter().rev() {
        let mut carry = u64::from(element.as_canonical_u32());
        for byte in number.iter_mut().rev() {
            let value = u64::from(*byte) * u64::from(Val::ORDER_U32) + carry;
            *byte = (value & 0xff) as u8;
            carry = value >> 8;
        }
    }
    number
}

/// The digest whose scalar this is, if there is one.
#[must_use]
pub fn scalar_to_digest(scalar: &[u8; 32]) -> Option<Digest> {
    let mut number = *scalar;
    let digits: [Val; DIGEST_LEN] = core::array::from_fn(|_| {
        let mut remainder = 0u64;
        for byte in &mut number {
            let value = (remainder << 8) | u64::from(*byte);
            *byte = u8::try_from(value / u64::from(Val::ORDER_U32)).unwrap_or(u8::MAX);
            remainder = value % u64::from(Val::ORDER_U32);
        }
        Val::from_u64(remainder)
    });
    number.iter().all(|&byte| byte == 0).then_some(digits)
}

/// The two halves of a 32-byte digest, each as a scalar.
#[must_use]
pub fn half_scalars(bytes: &[u8; USER_PUBLIC_VALUES]) -> [[u8; 32]; 2] {
    [0, 16].map(|start| {
        let mut scalar = [0; 32];
        scalar[16..].copy_from_slice(&bytes[start..start + 16]);
        scalar
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_and_its_scalar_are_one() {
        let digests = [
            [Val::ZERO; 8],
            [Val::NEG_ONE; 8],
            core::array::from_fn(|i| Val::from_u32(0x1234_5678_u32.rotate_left(i as u32) % Val::ORDER_U32)),
        ];
        for digest in digests {
            assert_eq!(scalar_to_digest(&digest_to_scalar(&digest)), Some(digest));
        }
        assert_eq!(digest_to_scalar(&core::array::from_fn(|i| Val::from_bool(i == 0)))[31], 1);
    }

    #[test]
    fn numbers_above_p_to_the_eighth_are_no_digest() {
        assert_eq!(scalar_to_digest(&[0xff; 32]), None);
    }

    #[test]
    fn halves_are_big_endian() {
        let bytes = core::array::from_fn(|i| i as u8);
        let [high, low] = half_scalars(&bytes);
        assert_eq!((high[31], low[31], high[15]), (15, 31, 0));
    }
}
