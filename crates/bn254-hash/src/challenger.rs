//! The root proof's Fiat–Shamir transcript.

use core::fmt;
use std::sync::Arc;

use p3_bn254::{Bn254, Poseidon2Bn254};
use p3_challenger::{CanFinalizeDigest, CanObserve, CanSample, CanSampleBits, FieldChallenger};
use p3_field::{
    BasedVectorSpace, PrimeCharacteristicRing, PrimeField32, absorb_radix_bits, reduce_packed,
    split_pf_to_field_order_limbs,
};
use p3_koala_bear::KoalaBear;
use p3_symmetric::{Hash, MerkleCap, Permutation};

use crate::backend::{Backend, BackendUnavailable};
use crate::constants::{RATE, WIDTH, poseidon2};
use crate::ifma::Ifma;

/// KoalaBear elements observed in one BN254 element.
pub const OBSERVED_PER_WORD: usize = 8;
/// KoalaBear elements sampled from one BN254 element.
pub const SAMPLED_PER_WORD: usize = 7;

/// KoalaBear elements that one permutation absorbs.
const BLOCK: usize = RATE * OBSERVED_PER_WORD;

/// A duplex sponge over BN254 that observes and samples KoalaBear elements.
///
/// It is Plonky3's [`ScalarChallenger`](crate::ScalarChallenger) step for step, which the tests show; what it adds is
/// grinding on the vector path, sixteen times as fast. The transcript, for whoever builds it into a circuit:
///
/// - **State** `[s0, s1 | c]`, zero at first.
/// - **Observing elements** gathers them; sixteen of them, or fewer when something else happens next, are absorbed:
///   `s0` and `s1` are overwritten with eight each, as digits `v` in base 2³¹, least significant first, or with zero
///   where there are none; their number is added to `c`; the state is permuted.
/// - **Observing digests** first absorbs what is gathered, then two words at a time (a Merkle cap: one at a time):
///   words overwrite the rate, their number is added to `c`, the state is permuted.
/// - **Sampling** absorbs what is gathered. Then, if no sampled element is left, the state is permuted unless it was just
///   absorbed into, and fourteen elements are made: seven digits in base `p` (KoalaBear's order) of `s0`, least significant
///   first, then seven of `s1`. They are given out **last first**. Observing discards what is left of them.
/// - **Sampling bits** takes the low bits of one sampled element.
/// - **Grinding** finds an element that, observed, makes the next sampled bits zero. Zero bits observe nothing.
#[derive(Clone)]
pub struct Bn254Challenger {
    pub(crate) permutation: Arc<Poseidon2Bn254<WIDTH>>,
    pub(crate) lanes: Option<Arc<Ifma>>,
    pub(crate) state: [Bn254; WIDTH],
    /// Observed, not yet absorbed; fewer than [`BLOCK`].
    pub(crate) gathered: Vec<KoalaBear>,
    /// Sampled, not yet given out; the last is next.
    sampled: Vec<KoalaBear>,
    /// The rate was permuted and nothing was sampled from it since.
    fresh: bool,
}

impl Bn254Challenger {
    /// An empty transcript, on the fastest path this processor has (see [`Backend::detect`]).
    #[must_use]
    pub fn new() -> Self {
        Self::on(Backend::detect())
    }

    /// An empty transcript on a given path.
    ///
    /// # Errors
    ///
    /// If this processor lacks the path.
    pub fn with_backend(backend: Backend) -> Result<Self, BackendUnavailable> {
        backend.require()?;
        Ok(Self::on(backend))
    }

    fn on(backend: Backend) -> Self {
        Self {
            permutation: Arc::new(poseidon2()),
            lanes: backend.lanes(),
            state: [Bn254::ZERO; WIDTH],
            gathered: Vec::with_capacity(BLOCK),
            sampled: Vec::with_capacity(RATE * SAMPLED_PER_WORD),
            fresh: false,
        }
    }

    fn permute(&mut self) {
        self.permutation.permute_mut(&mut self.state);
        self.fresh = true;
    }

    /// Overwrite the rate with `words`, bind their `length`, permute.
    fn absorb(&mut self, words: &[Bn254], length: usize) {
        absorb_into(&mut self.state, words, length);
        self.permute();
    }

    fn absorb_gathered(&mut self) {
        if self.gathered.is_empty() {
            return;
        }
        let words = pack(&self.gathered);
        self.absorb(&words, self.gathered.len());
        self.gathered.clear();
        self.sampled.clear();
    }

    fn refill(&mut self) {
        if !self.fresh {
            self.permute();
        }
        for word in &self.state[..RATE] {
            self.sampled.extend(split_pf_to_field_order_limbs::<_, KoalaBear>(*word, SAMPLED_PER_WORD));
        }
        self.fresh = false;
    }

    fn discard_samples(&mut self) {
        self.sampled.clear();
        self.fresh = false;
    }
}

/// Everything of an absorption but the permutation.
pub(crate) fn absorb_into(state: &mut [Bn254; WIDTH], words: &[Bn254], length: usize) {
    let (rate, capacity) = state.split_at_mut(RATE);
    rate.fill(Bn254::ZERO);
    rate[..words.len()].copy_from_slice(words);
    capacity[0] += Bn254::from_usize(length);
}

/// Elements as base-2³¹ digits, eight in a word.
pub(crate) fn pack(elements: &[KoalaBear]) -> Vec<Bn254> {
    let radix = absorb_radix_bits::<KoalaBear>();
    elements.chunks(OBSERVED_PER_WORD).map(|digits| reduce_packed(digits, radix)).collect()
}

impl Default for Bn254Challenger {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Bn254Challenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bn254Challenger")
            .field("state", &self.state)
            .field("gathered", &self.gathered)
            .field("sampled", &self.sampled)
            .finish_non_exhaustive()
    }
}

impl CanObserve<KoalaBear> for Bn254Challenger {
    fn observe(&mut self, value: KoalaBear) {
        self.discard_samples();
        self.gathered.push(value);
        if self.gathered.len() == BLOCK {
            self.absorb_gathered();
        }
    }
}

impl<const N: usize> CanObserve<[KoalaBear; N]> for Bn254Challenger {
    fn observe(&mut self, values: [KoalaBear; N]) {
        self.observe_slice(&values);
    }
}

impl CanObserve<Vec<Vec<KoalaBear>>> for Bn254Challenger {
    fn observe(&mut self, values: Vec<Vec<KoalaBear>>) {
        for row in values {
            self.observe_slice(&row);
        }
    }
}

impl<const N: usize> CanObserve<Hash<KoalaBear, Bn254, N>> for Bn254Challenger {
    fn observe(&mut self, digest: Hash<KoalaBear, Bn254, N>) {
        self.discard_samples();
        self.absorb_gathered();
        let words: &[Bn254; N] = digest.as_ref();
        for block in words.chunks(RATE) {
            self.absorb(block, block.len());
        }
    }
}

impl<const N: usize> CanObserve<&MerkleCap<KoalaBear, [Bn254; N]>> for Bn254Challenger {
    fn observe(&mut self, cap: &MerkleCap<KoalaBear, [Bn254; N]>) {
        for digest in cap.roots() {
            self.observe(Hash::<KoalaBear, Bn254, N>::from(*digest));
        }
    }
}

impl<const N: usize> CanObserve<MerkleCap<KoalaBear, [Bn254; N]>> for Bn254Challenger {
    fn observe(&mut self, cap: MerkleCap<KoalaBear, [Bn254; N]>) {
        self.observe(&cap);
    }
}

impl<EF: BasedVectorSpace<KoalaBear>> CanSample<EF> for Bn254Challenger {
    fn sample(&mut self) -> EF {
        EF::from_basis_coefficients_fn(|_| {
            self.absorb_gathered();
            if self.sampled.is_empty() {
                self.refill();
            }
            self.sampled.pop().expect("a refill makes fourteen elements")
        })
    }
}

impl CanSampleBits<usize> for Bn254Challenger {
    /// The low bits of one element.
    ///
    /// # Panics
    ///
    /// If `2^bits` is not below KoalaBear's order.
    fn sample_bits(&mut self, bits: usize) -> usize {
        let mask = bit_mask(bits);
        let element: KoalaBear = self.sample();
        (element.as_canonical_u32() & mask) as usize
    }
}

impl FieldChallenger<KoalaBear> for Bn254Challenger {}

impl CanFinalizeDigest for Bn254Challenger {
    type Digest = [Bn254; RATE];

    fn finalize(mut self) -> Self::Digest {
        if self.gathered.is_empty() {
            self.permute();
        } else {
            self.absorb_gathered();
        }
        let [s0, s1, _] = self.state;
        [s0, s1]
    }
}

/// A mask of `bits` low bits.
///
/// # Panics
///
/// If `2^bits` is not below KoalaBear's order.
pub(crate) fn bit_mask(bits: usize) -> u32 {
    assert!(bits <= KoalaBear::ORDER_U32.ilog2() as usize, "2^{bits} is not below KoalaBear's order");
    (1 << bits) - 1
}
