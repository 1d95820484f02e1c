//! Proof of work on the root's transcript.

use p3_bn254::Bn254;
use p3_challenger::GrindingChallenger;
use p3_field::{PrimeCharacteristicRing, PrimeField32, absorb_radix_bits};
use p3_koala_bear::KoalaBear;
use p3_maybe_rayon::prelude::*;
use p3_symmetric::Permutation;

use crate::challenger::{Bn254Challenger, OBSERVED_PER_WORD, SAMPLED_PER_WORD, absorb_into, bit_mask, pack};
use crate::constants::{RATE, WIDTH, to_words};
use crate::ifma::LANES;

/// Candidates a task tries between looks at the others' results.
const BATCH: u32 = LANES as u32;

/// The states that the candidates lead to, but for the permutation.
///
/// A candidate joins the gathered elements as one more digit, so the states differ in one word, by
/// `candidate · weight`.
struct Candidates {
    /// The state of candidate zero.
    base: [Bn254; WIDTH],
    /// The word that holds the candidate's digit.
    word: usize,
    /// The digit's weight, a power of 2³¹.
    weight: Bn254,
}

impl Candidates {
    fn new(challenger: &Bn254Challenger) -> Self {
        let mut elements = challenger.gathered.clone();
        let position = elements.len();
        elements.push(KoalaBear::ZERO);
        let mut base = challenger.state;
        absorb_into(&mut base, &pack(&elements), elements.len());
        let digit = position % OBSERVED_PER_WORD;
        let weight = Bn254::TWO.exp_u64(digit as u64 * u64::from(absorb_radix_bits::<KoalaBear>()));
        Self { base, word: position / OBSERVED_PER_WORD, weight }
    }

    /// The states of `LANES` candidates in a row.
    fn states(&self, first: u32) -> [[Bn254; WIDTH]; LANES] {
        let mut state = self.base;
        state[self.word] += self.weight * Bn254::from_u32(first);
        core::array::from_fn(|_| {
            let this = state;
            state[self.word] += self.weight;
            this
        })
    }
}

/// The element a transcript gives out first, from the canonical words of `s1`: its seventh digit in base `p`.
fn first_sample(words: [u64; 4]) -> u32 {
    let mut halves = [0; 8];
    for (pair, word) in halves.as_chunks_mut::<2>().0.iter_mut().zip(words) {
        *pair = [word as u32, (word >> 32) as u32];
    }
    let mut digit = 0;
    for _ in 0..SAMPLED_PER_WORD {
        digit = 0;
        for half in halves.iter_mut().rev() {
            let t = digit << 32 | u64::from(*half);
            // The quotient fits: the remainder carried in is below the divisor.
            *half = (t / u64::from(KoalaBear::ORDER_U32)) as u32;
            digit = t % u64::from(KoalaBear::ORDER_U32);
        }
    }
    digit as u32
}

impl Bn254Challenger {
    /// The first element a transcript gives out after each of `BATCH` candidates.
    fn first_samples(&self, candidates: &Candidates, first: u32) -> [u32; LANES] {
        let mut states = candidates.states(first);
        if let Some(lanes) = &self.lanes {
            lanes.second_words(&states).map(first_sample)
        } else {
            for state in &mut states {
                self.permutation.permute_mut(state);
            }
            states.map(|state| first_sample(to_words(state[RATE - 1])))
        }
    }
}

impl GrindingChallenger for Bn254Challenger {
    type Witness = KoalaBear;

    /// Any element that passes; with several threads, not always the same one.
    ///
    /// # Panics
    ///
    /// If `2^bits` is not below KoalaBear's order, or no element passes (with 25 bits that is less likely than 2⁻⁹⁰).
    fn grind(&mut self, bits: usize) -> KoalaBear {
        let mask = bit_mask(bits);
        if bits == 0 {
            return KoalaBear::ZERO;
        }
        let candidates = Candidates::new(self);
        let witness = (0..KoalaBear::ORDER_U32 / BATCH)
            .into_par_iter()
            .find_map_any(|batch| {
                let first = batch * BATCH;
                let samples = self.first_samples(&candidates, first);
                let passing = samples.iter().position(|sample| sample & mask == 0)?;
                Some(first + passing as u32)
            })
            .expect("an element among two thousand million passes");
        let witness = KoalaBear::from_u32(witness);
        // What the verifier does; it also moves the transcript on.
        assert!(self.check_witness(bits, witness), "a witness that was found passes");
        witness
    }
}
