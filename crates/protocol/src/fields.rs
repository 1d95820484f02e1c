//! The base field, its extensions, and the Poseidon2 hashes over it.

use finial_bn254_hash::{Bn254Compression, Bn254Sponge};
pub use p3_bn254::Bn254;
use p3_field::PrimeCharacteristicRing;
use p3_field::extension::{BinomialExtensionField, QuinticTrinomialExtensionField};
use p3_koala_bear::{KoalaBear, Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::{CryptographicHasher, PaddingFreeSponge, PseudoCompressionFunction, TruncatedPermutation};
use sha2::{Digest as _, Sha256};

/// The base field of every STARK: KoalaBear, p = 2^31 − 2^24 + 1.
pub type Val = KoalaBear;
/// Challenge field of segments and tree: degree 4, about 124 bits.
pub type Ext4 = BinomialExtensionField<Val, 4>;
/// Challenge field of the root: degree 5, X^5 + X^2 − 1, about 155 bits.
pub type Ext5 = QuinticTrinomialExtensionField<Val>;

/// Elements of a digest; eight KoalaBear elements give a collision bound of 124 bits.
pub const DIGEST_LEN: usize = 8;
/// A Merkle node, a program commitment, a key digest.
pub type Digest = [Val; DIGEST_LEN];

/// Poseidon2 over KoalaBear, width 16, with Plonky3's published round constants.
pub type Permutation = Poseidon2KoalaBear<16>;
/// The sponge of Merkle leaves: rate 8, overwrite mode, no padding (lengths are fixed by the key).
pub type Sponge = PaddingFreeSponge<Permutation, 16, 8, 8>;
/// The two-to-one compression of Merkle nodes.
pub type Compression = TruncatedPermutation<Permutation, 2, 8, 16>;

/// The one permutation instance of the project.
#[must_use]
pub fn permutation() -> Permutation {
    default_koalabear_poseidon2_16()
}

/// Two digests to one.
pub fn compress(left: Digest, right: Digest) -> Digest {
    Compression::new(permutation()).compress([left, right])
}

/// The sponge over a list whose length the caller fixes.
pub fn hash_values(values: &[Val]) -> Digest {
    Sponge::new(permutation()).hash_iter(values.iter().copied())
}

/// SHA-256 of `bytes`, each of its eight 32-bit words reduced to the field: digests of descriptions.
pub fn digest_of_bytes(bytes: &[u8]) -> Digest {
    let hash = Sha256::digest(bytes);
    core::array::from_fn(|i| {
        let word: [u8; 4] = core::array::from_fn(|j| hash[4 * i + j]);
        Val::from_u64(u64::from(u32::from_be_bytes(word)))
    })
}

/// The root layer's leaf hash.
pub fn bn254_hash(values: &[Val]) -> [Bn254; 1] {
    Bn254Sponge::new().hash_iter(values.iter().copied())
}

/// The root layer's node hash.
pub fn bn254_compress(left: [Bn254; 1], right: [Bn254; 1]) -> [Bn254; 1] {
    Bn254Compression::new().compress([left, right])
}
