//! The guest's own ECDSA verification, `tests/guests/transfers/src/ecdsa.rs`, natively: against k256's, and
//! against provers who choose the hints.

extern crate alloc;

#[path = "../../../tests/guests/transfers/src/ecdsa.rs"]
mod ecdsa;

use ecdsa::{Refusal, check, find_hints};
use k256::{
    Scalar,
    ecdsa::{
        Signature, SigningKey, VerifyingKey, signature::hazmat::PrehashSigner,
        signature::hazmat::PrehashVerifier,
    },
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// A key, a digest and a signature in the lower half.
fn signed(seed: u64) -> ([u8; 33], [u8; 32], Vec<u8>) {
    let secret = SigningKey::from_slice(&Sha256::digest(seed.to_le_bytes())).expect("a scalar");
    let digest: [u8; 32] = Sha256::digest(seed.to_be_bytes()).into();
    let signature: Signature = secret.sign_prehash(&digest).expect("a signature");
    let signature = signature.normalize_s().unwrap_or(signature);
    (key_of(&secret), digest, signature.to_bytes().to_vec())
}

fn key_of(secret: &SigningKey) -> [u8; 33] {
    let point = secret.verifying_key().to_encoded_point(true);
    point.as_bytes().try_into().expect("33 bytes")
}

/// k256's own verification.
fn expected(key: &[u8; 33], digest: &[u8; 32], signature: &[u8]) -> bool {
    let Ok(key) = VerifyingKey::from_sec1_bytes(key) else { return false };
    let Ok(signature) = Signature::from_slice(signature) else { return false };
    key.verify_prehash(digest, &signature).is_ok()
}

fn honest(key: &[u8; 33], digest: &[u8; 32], signature: &[u8]) -> Result<(), Refusal> {
    check(key, digest, signature, &find_hints(key, digest, signature))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn signatures_verify(seed: u64) {
        let (key, digest, signature) = signed(seed);
        prop_assert!(expected(&key, &digest, &signature));
        prop_assert_eq!(honest(&key, &digest, &signature), Ok(()));
    }

    #[test]
    fn what_k256_refuses_is_refused(seed: u64, position in 0_usize..33 + 32 + 64, flip in 1_u8..) {
        let (mut key, mut digest, mut signature) = signed(seed);
        match position {
            0..33 => key[position] ^= flip,
            33..65 => digest[position - 33] ^= flip,
            _ => signature[position - 65] ^= flip,
        }
        prop_assert!(!expected(&key, &digest, &signature));
        prop_assert!(honest(&key, &digest, &signature).is_err());
    }

    /// No hint has a second value: every one of them is determined by what came before it.
    #[test]
    fn other_hints_are_refused(seed: u64, position: prop::sample::Index, flip in 1_u8..) {
        let (key, digest, signature) = signed(seed);
        let mut hints = find_hints(&key, &digest, &signature);
        let position = position.index(hints.len());
        hints[position] ^= flip;
        prop_assert!(check(&key, &digest, &signature, &hints).is_err());
    }

    /// A prover without a signature takes the hints of another one.
    #[test]
    fn hints_do_not_make_a_signature(seed: u64) {
        let (key, digest, mut signature) = signed(seed);
        let (other_key, other_digest, other) = signed(seed ^ 1);
        let hints = find_hints(&other_key, &other_digest, &other);
        signature[63] ^= 1;
        prop_assert!(check(&key, &digest, &signature, &hints).is_err());
        prop_assert!(check(&key, &digest, &other, &hints).is_err());
        prop_assert!(check(&other_key, &digest, &other, &hints).is_err());
    }
}

#[test]
fn either_root_decompresses_a_key() {
    // The one hint with two values: the sign is the tag's, whichever root is given.
    let (key, digest, signature) = signed(7);
    let mut hints = find_hints(&key, &digest, &signature);
    let root: [u8; 32] = hints[..32].try_into().expect("32 bytes");
    let negative = k256::FieldElement::from_bytes(&root.into()).expect("canonical").negate(1).normalize();
    hints[..32].copy_from_slice(&negative.to_bytes());
    assert_eq!(check(&key, &digest, &signature, &hints), Ok(()));
}

#[test]
fn the_upper_half_is_refused() {
    let (key, digest, signature) = signed(1);
    let low = Signature::from_slice(&signature).expect("a signature");
    let (r, s) = low.split_scalars();
    let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("a signature");
    assert_eq!(honest(&key, &digest, &high.to_bytes()), Err(Refusal::Signature));
}

#[test]
fn scalars_out_of_range_are_refused() {
    let (key, digest, signature) = signed(2);
    // The order, big-endian: one more than -1.
    let mut order = Scalar::ONE.negate().to_bytes();
    order[31] += 1;
    for bad in [[0; 32], order.into(), [0xff; 32]] {
        let (r, s) = ([&bad[..], &signature[32..]].concat(), [&signature[..32], &bad[..]].concat());
        assert_eq!(honest(&key, &digest, &r), Err(Refusal::Signature));
        assert_eq!(honest(&key, &digest, &s), Err(Refusal::Signature));
    }
    assert_eq!(honest(&key, &digest, &signature[..63]), Err(Refusal::Signature));
}

#[test]
fn keys_that_are_no_points_are_refused() {
    let (key, digest, signature) = signed(3);
    for tag in [0, 1, 4, 5, 0xff] {
        let mut bad = key;
        bad[0] = tag;
        assert_eq!(honest(&bad, &digest, &signature), Err(Refusal::Key));
    }
    // x = 5 has no y on the curve, and x may not be a number above the modulus.
    let mut no_point = [0; 33];
    (no_point[0], no_point[32]) = (2, 5);
    let mut above = [0xff; 33];
    above[0] = 2;
    let hints = find_hints(&key, &digest, &signature);
    for bad in [no_point, above] {
        assert!(!expected(&bad, &digest, &signature));
        // Nobody finds a root; that of another key is none of this one.
        assert!(honest(&bad, &digest, &signature).is_err());
        assert_eq!(check(&bad, &digest, &signature, &hints), Err(Refusal::Key));
    }
}

#[test]
fn hints_have_one_length() {
    let (key, digest, signature) = signed(4);
    let hints = find_hints(&key, &digest, &signature);
    for length in [0, 31, 32, 64, hints.len() - 32, hints.len() - 1] {
        assert_eq!(check(&key, &digest, &signature, &hints[..length]), Err(Refusal::Hints), "{length}");
    }
    let longer = [&hints[..], &[0; 32]].concat();
    assert_eq!(check(&key, &digest, &signature, &longer), Err(Refusal::Hints));
}

/// The secret key 1 has the generator as its point: sums in the table meet equal points, where any slope
/// would pass a naive check. Such a signature is refused, not accepted with a slope of choice.
#[test]
fn equal_points_are_refused() {
    let mut one = [0; 32];
    one[31] = 1;
    let secret = SigningKey::from_slice(&one).expect("a scalar");
    let digest = [7; 32];
    let signature: Signature = secret.sign_prehash(&digest).expect("a signature");
    let signature = signature.normalize_s().unwrap_or(signature).to_bytes();
    let key = key_of(&secret);
    assert!(expected(&key, &digest, &signature));
    let hints = find_hints(&key, &digest, &signature);
    // Room for slopes of choice behind the honest hints, which end at the equal points.
    let chosen = [&hints[..], &[1; 32 * 400]].concat();
    assert_eq!(check(&key, &digest, &signature, &chosen), Err(Refusal::Step));
}
