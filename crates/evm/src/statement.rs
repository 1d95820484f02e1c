//! What a proof says on chain, and how it is laid out in the circuit's instance column.
//!
//! The direct circuit has one instance column of [`INSTANCES`] scalars, in this order; the wrapped circuit's
//! has the limbs of an accumulator ([`crate::accumulator`]) before them:
//!
//! | row | value |
//! |---|---|
//! | 0 | `exe_commit` |
//! | 1 | `leaf_commit` |
//! | 2 | bytes 0..16 of SHA-256(`public_values`) as a big-endian integer |
//! | 3 | bytes 16..32 of the same digest, likewise |
//!
//! This is the one place that fixes the encoding; `FinialVerifierBase.sol` builds the same four words.

use crate::accumulator;
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use sha2::{Digest, Sha256};

/// Scalars of a statement.
pub const INSTANCES: usize = 4;

/// The statement of an on-chain proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Commitment to the program and its initial memory.
    pub exe_commit: Fr,
    /// Commitment to the set of leaf programs.
    pub leaf_commit: Fr,
    /// What the program wrote as public output, whole.
    pub public_values: Vec<u8>,
}

impl Statement {
    /// The user public values: the public values' digest as two scalars of sixteen bytes.
    pub fn user_public_values(&self) -> [Fr; 2] {
        digest_scalars(&Sha256::digest(&self.public_values).into())
    }

    /// The statement's scalars: the direct circuit's instance column.
    pub fn instances(&self) -> [Fr; INSTANCES] {
        let [high, low] = self.user_public_values();
        [self.exe_commit, self.leaf_commit, high, low]
    }

    /// The wrapped circuit's instance column.
    pub fn wrapped_instances(&self, limbs: &[Fr; accumulator::WORDS]) -> Vec<Fr> {
        [limbs.as_slice(), &self.instances()].concat()
    }
}

/// A 32-byte digest as two scalars: each is the big-endian integer of sixteen of its bytes.
pub fn digest_scalars(digest: &[u8; 32]) -> [Fr; 2] {
    let half = |from: usize| {
        Fr::from_u128(digest[from..from + 16].iter().fold(0, |acc, byte| acc << 8 | u128::from(*byte)))
    };
    [half(0), half(16)]
}

/// A scalar as the EVM writes it: 32 bytes, big-endian.
pub fn scalar_to_word(scalar: &Fr) -> [u8; 32] {
    let mut word = scalar.to_repr();
    word.reverse();
    word
}

/// The scalar an EVM word stands for; `None` unless the word is below the field's modulus.
pub fn scalar_from_word(word: &[u8; 32]) -> Option<Fr> {
    let mut repr = *word;
    repr.reverse();
    Fr::from_repr(repr).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::halo2_proofs::halo2curves::ff::Field;

    #[test]
    fn digests_are_cut_into_big_endian_halves() {
        let statement =
            Statement { exe_commit: Fr::ONE, leaf_commit: Fr::ZERO, public_values: b"abc".to_vec() };
        let [_, _, high, low] = statement.instances();
        // SHA-256("abc"), FIPS 180-2 appendix B.1.
        let halves = ["ba7816bf8f01cfea414140de5dae2223", "b00361a396177a9cb410ff61f20015ad"];
        for (scalar, half) in [high, low].iter().zip(halves) {
            assert_eq!(hex::encode(&scalar_to_word(scalar)[16..]), half);
            assert_eq!(scalar_to_word(scalar)[..16], [0; 16]);
        }
    }

    #[test]
    fn words_at_and_above_the_modulus_are_no_scalars() {
        let mut word = scalar_to_word(&-Fr::ONE);
        assert_eq!(scalar_from_word(&word), Some(-Fr::ONE));
        word[31] += 1;
        assert_eq!(scalar_from_word(&word), None);
        assert_eq!(scalar_from_word(&[0xff; 32]), None);
    }
}
