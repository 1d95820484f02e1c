//! Between KoalaBear, Plonky3's BN254 and halo2's BN254.

use finial_bn254_hash::constants::{from_le_bytes, to_le_bytes};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use p3_bn254::Bn254;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

/// The KoalaBear modulus, 2^31 - 2^24 + 1.
pub const P: u64 = KoalaBear::ORDER_U32 as u64;

/// The same field element in halo2's representation.
#[must_use]
pub fn to_fr(x: Bn254) -> Fr {
    Option::from(Fr::from_repr(to_le_bytes(x))).expect("Bn254 and Fr are the same field")
}

/// The same field element in Plonky3's representation.
pub fn from_fr(x: Fr) -> Bn254 {
    from_le_bytes(&x.to_repr()).expect("a canonical Fr is below the modulus")
}

/// A signed integer as a field element.
#[must_use]
pub fn int_to_fr(x: i128) -> Fr {
    let magnitude = Fr::from_u128(x.unsigned_abs());
    if x < 0 { -magnitude } else { magnitude }
}

/// The KoalaBear element an integer stands for.
pub fn int_to_koala(x: i128) -> KoalaBear {
    let residue = x.rem_euclid(i128::from(P));
    KoalaBear::from_u32(u32::try_from(residue).expect("a residue modulo p is below 2^31"))
}

/// The integer of least absolute value that stands for a KoalaBear element.
#[must_use]
pub fn koala_to_centered(x: KoalaBear) -> i64 {
    let canonical = i64::from(x.as_canonical_u32());
    let p = P as i64;
    if canonical > p / 2 { canonical - p } else { canonical }
}

/// Quotient and remainder of a canonical field element by a small divisor, on little-endian words.
pub(crate) fn div_rem_words(words: &mut [u64; 4], divisor: u64) -> u64 {
    let mut remainder = 0u128;
    for word in words.iter_mut().rev() {
        let value = (remainder << 64) | u128::from(*word);
        *word = u64::try_from(value / u128::from(divisor)).expect("the quotient digit is below 2^64");
        remainder = value % u128::from(divisor);
    }
    u64::try_from(remainder).expect("a remainder is below its divisor")
}

/// The canonical integer of a field element, as little-endian words.
pub(crate) fn to_words(x: Fr) -> [u64; 4] {
    let bytes: [u8; 32] = x.to_repr();
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*chunk);
    }
    words
}
