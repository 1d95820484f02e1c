//! Stands in for `ifma` on other architectures: a type without values.

use p3_bn254::Bn254;
use p3_koala_bear::KoalaBear;

use crate::constants::WIDTH;
use crate::hasher::Digest;

/// Batch size reported to Plonky3; the scalar path does not mind it.
pub(crate) const LANES: usize = 32;

/// Never there.
pub(crate) enum Ifma {}

impl Ifma {
    pub(crate) const fn detect() -> Option<Self> {
        None
    }

    pub(crate) fn hash_many(&self, _: &[KoalaBear], _: &mut [Digest]) {
        match *self {}
    }

    pub(crate) fn compress_many(&self, _: &[[Digest; 2]], _: &mut [Digest]) {
        match *self {}
    }

    pub(crate) fn permute_many(&self, _: &mut [[Bn254; WIDTH]]) {
        match *self {}
    }

    pub(crate) fn second_words(&self, _: &[[Bn254; WIDTH]; LANES]) -> [[u64; 4]; LANES] {
        match *self {}
    }
}
