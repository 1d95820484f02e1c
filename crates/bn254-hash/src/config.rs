//! The root proof's Merkle commitment and transcript.

use p3_bn254::{Bn254, Poseidon2Bn254};
use p3_challenger::MultiField32Challenger;
use p3_koala_bear::KoalaBear;
use p3_merkle_tree::MerkleTreeMmcs;

use crate::challenger::Bn254Challenger;
use crate::constants::{RATE, WIDTH, poseidon2};
use crate::hasher::{Bn254Compression, Bn254Sponge};

/// Merkle trees over KoalaBear matrices with BN254 digests.
pub type Bn254Mmcs = MerkleTreeMmcs<KoalaBear, Bn254, Bn254Sponge, Bn254Compression, 2, 1>;

/// Plonky3's transcript: what [`Bn254Challenger`] computes.
pub type ScalarChallenger = MultiField32Challenger<KoalaBear, Bn254, Poseidon2Bn254<WIDTH>, WIDTH, RATE>;

/// The Merkle commitment scheme whose commitments are the `2^cap_height` topmost digests.
#[must_use]
pub fn bn254_mmcs(cap_height: usize) -> Bn254Mmcs {
    Bn254Mmcs::new(Bn254Sponge::new(), Bn254Compression::new(), cap_height)
}

/// An empty transcript.
#[must_use]
pub fn bn254_challenger() -> Bn254Challenger {
    Bn254Challenger::new()
}

/// Plonky3's empty transcript with this crate's instance.
#[must_use]
pub fn scalar_challenger() -> ScalarChallenger {
    ScalarChallenger::new(poseidon2()).expect("BN254 is larger than KoalaBear, and sixteen fits a byte")
}
