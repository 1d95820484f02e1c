//! The instance against the authors' own implementation (`zkhash`).

use finial_bn254_hash::constants::{
    self, EXTERNAL_ROUNDS, HALF_EXTERNAL_ROUNDS, INTERNAL_ROUNDS, MODULUS, WIDTH, from_le_bytes, from_words,
    to_le_bytes, to_words,
};
use finial_bn254_hash::poseidon2;
use p3_bn254::Bn254;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_symmetric::Permutation;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use zkhash::ark_ff::{BigInteger, PrimeField as _};
use zkhash::fields::bn256::FpBN256;
use zkhash::poseidon2::poseidon2::Poseidon2;
use zkhash::poseidon2::poseidon2_instance_bn256::{POSEIDON2_BN256_PARAMS, RC3};

fn from_reference(x: FpBN256) -> Bn254 {
    let bytes: [u8; 32] = x.into_bigint().to_bytes_le().try_into().unwrap();
    from_le_bytes(&bytes).unwrap()
}

fn to_reference(x: Bn254) -> FpBN256 {
    FpBN256::from_le_bytes_mod_order(&to_le_bytes(x))
}

#[test]
fn derived_constants_are_the_reference_constants() {
    let reference: Vec<Vec<Bn254>> =
        RC3.iter().map(|row| row.iter().copied().map(from_reference).collect()).collect();
    assert_eq!(reference.len(), EXTERNAL_ROUNDS + INTERNAL_ROUNDS);
    let (first, rest) = reference.split_at(HALF_EXTERNAL_ROUNDS);
    let (middle, last) = rest.split_at(INTERNAL_ROUNDS);

    let external = constants::external_constants();
    for (ours, theirs) in external.iter().zip(first.iter().chain(last)) {
        assert_eq!(ours.as_slice(), theirs);
    }
    for (ours, theirs) in constants::internal_constants().iter().zip(middle) {
        assert_eq!(&[*ours, Bn254::ZERO, Bn254::ZERO], theirs.as_slice());
    }
}

/// Pinned here too, so that an update of the oracle cannot move both sides at once.
#[test]
fn first_and_last_constants_are_as_published() {
    let hex = |bytes: [u8; 32]| bytes.iter().rev().map(|b| format!("{b:02x}")).collect::<String>();
    let external = constants::external_constants_le_bytes();
    let internal = constants::internal_constants_le_bytes();
    assert_eq!(hex(external[0][0]), "1d066a255517b7fd8bddd3a93f7804ef7f8fcde48bb4c37a59a09a1a97052816");
    assert_eq!(hex(external[7][2]), "0fc1bbceba0590f5abbdffa6d3b35e3297c021a3a409926d0e2d54dc1c84fda6");
    assert_eq!(hex(internal[0]), "1a1d063e54b1e764b63e1855bff015b8cedd192f47308731499573f23597d4b5");
    assert_eq!(internal.map(|b| from_le_bytes(&b).unwrap()), constants::internal_constants());
}

#[test]
fn permutation_is_the_reference_permutation() {
    let (ours, theirs) = (poseidon2(), Poseidon2::new(&POSEIDON2_BN256_PARAMS));
    let mut rng = StdRng::seed_from_u64(1);
    let mut states: Vec<[Bn254; WIDTH]> = (0..300).map(|_| rng.random()).collect();
    states.extend([[Bn254::ZERO; WIDTH], [Bn254::NEG_ONE; WIDTH], [Bn254::ZERO, Bn254::ONE, Bn254::TWO]]);
    for state in states {
        let expected: Vec<Bn254> =
            theirs.permutation(&state.map(to_reference)).into_iter().map(from_reference).collect();
        assert_eq!(ours.permute(state).as_slice(), expected);
    }
}

#[test]
fn only_canonical_integers_decode() {
    assert_eq!(Bn254::order().to_u64_digits(), MODULUS);
    assert_eq!(from_words(MODULUS), None);
    assert_eq!(from_words([u64::MAX; 4]), None);
    let mut largest = MODULUS;
    largest[0] -= 1;
    assert_eq!(from_words(largest), Some(Bn254::NEG_ONE));
    assert_eq!(to_words(Bn254::NEG_ONE), largest);
    assert_eq!(from_words([0; 4]), Some(Bn254::ZERO));
}
