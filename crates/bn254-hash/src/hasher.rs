//! Leaf hash and compression of the root proof's Merkle trees.
//!
//! Both are Plonky3's own constructions over [`poseidon2`]; this
//! module only adds batches, so that eight or more permutations can run side by side.

use core::fmt;
use std::sync::Arc;

use p3_bn254::{Bn254, Poseidon2Bn254};
use p3_koala_bear::KoalaBear;
use p3_symmetric::{
    CryptographicHasher, MultiField32PaddingFreeSponge, PseudoCompressionFunction, TruncatedPermutation,
};

use crate::backend::{Backend, BackendUnavailable};
use crate::constants::{RATE, WIDTH, poseidon2};
use crate::ifma::Ifma;

/// A digest: one field element, 127-bit collision bound.
pub type Digest = [Bn254; 1];

/// Plonky3's leaf hash: what [`Bn254Sponge`] computes.
pub type ScalarSponge =
    MultiField32PaddingFreeSponge<KoalaBear, Bn254, Poseidon2Bn254<WIDTH>, WIDTH, RATE, 1>;
/// Plonky3's compression: what [`Bn254Compression`] computes.
pub type ScalarCompression = TruncatedPermutation<Poseidon2Bn254<WIDTH>, 2, 1, WIDTH>;

/// Plonky3's leaf hash with this crate's instance.
#[must_use]
pub fn scalar_sponge() -> ScalarSponge {
    ScalarSponge::new(poseidon2()).expect("BN254 is larger than KoalaBear")
}

/// Plonky3's compression with this crate's instance.
#[must_use]
pub fn scalar_compression() -> ScalarCompression {
    ScalarCompression::new(poseidon2())
}

/// Hash of KoalaBear rows to one BN254 element.
///
/// An overwrite-mode sponge, rate 2, capacity 1, without padding: a block of sixteen elements fills the two rate
/// elements, eight in each, as digits `v + 1` in base 2³¹, least significant first. The shift by one makes rows of different
/// length within a block distinct; a row that ends with a block's first eight leaves the second rate element as the
/// previous permutation left it. The result is element 0 of the last state, zero for an empty row.
///
/// # Assumptions
///
/// Collision-resistant for rows of one length, which is what a Merkle tree with pinned matrix widths hashes.
#[derive(Clone)]
pub struct Bn254Sponge {
    scalar: Arc<ScalarSponge>,
    lanes: Option<Arc<Ifma>>,
}

impl Bn254Sponge {
    /// The hash on the fastest path this processor has (see [`Backend::detect`]).
    #[must_use]
    pub fn new() -> Self {
        Self { scalar: Arc::new(scalar_sponge()), lanes: Backend::detect().lanes() }
    }

    /// The hash on a given path.
    ///
    /// # Errors
    ///
    /// If this processor lacks the path.
    pub fn with_backend(backend: Backend) -> Result<Self, BackendUnavailable> {
        backend.require()?;
        Ok(Self { scalar: Arc::new(scalar_sponge()), lanes: backend.lanes() })
    }

    /// The path batches take.
    #[must_use]
    pub const fn backend(&self) -> Backend {
        Backend::of(self.lanes.is_some())
    }
}

impl Default for Bn254Sponge {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Bn254Sponge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bn254Sponge").field(&self.backend()).finish()
    }
}

impl CryptographicHasher<KoalaBear, Digest> for Bn254Sponge {
    const LANES: usize = crate::ifma::LANES;

    fn hash_iter<I>(&self, input: I) -> Digest
    where
        I: IntoIterator<Item = KoalaBear>,
    {
        self.scalar.hash_iter(input)
    }

    fn hash_many(&self, input: &[KoalaBear], out: &mut [Digest]) {
        match &self.lanes {
            Some(lanes) => lanes.hash_many(input, out),
            None => self.scalar.hash_many(input, out),
        }
    }
}

/// Compression of two digests: element 0 of the permuted state `[left, right, 0]`.
#[derive(Clone)]
pub struct Bn254Compression {
    scalar: Arc<ScalarCompression>,
    lanes: Option<Arc<Ifma>>,
}

impl Bn254Compression {
    /// The compression on the fastest path this processor has (see [`Backend::detect`]).
    #[must_use]
    pub fn new() -> Self {
        Self { scalar: Arc::new(scalar_compression()), lanes: Backend::detect().lanes() }
    }

    /// The compression on a given path.
    ///
    /// # Errors
    ///
    /// If this processor lacks the path.
    pub fn with_backend(backend: Backend) -> Result<Self, BackendUnavailable> {
        backend.require()?;
        Ok(Self { scalar: Arc::new(scalar_compression()), lanes: backend.lanes() })
    }

    /// The path batches take.
    #[must_use]
    pub const fn backend(&self) -> Backend {
        Backend::of(self.lanes.is_some())
    }
}

impl Default for Bn254Compression {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Bn254Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bn254Compression").field(&self.backend()).finish()
    }
}

impl PseudoCompressionFunction<Digest, 2> for Bn254Compression {
    const LANES: usize = crate::ifma::LANES;

    fn compress(&self, input: [Digest; 2]) -> Digest {
        self.scalar.compress(input)
    }

    fn compress_many(&self, inputs: &[[Digest; 2]], out: &mut [Digest]) {
        match &self.lanes {
            Some(lanes) => lanes.compress_many(inputs, out),
            None => self.scalar.compress_many(inputs, out),
        }
    }
}
