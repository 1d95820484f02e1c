//! The AVX-512-IFMA path: batches of hashes, eight states in a vector, up to four vectors side by side.
//!
//! The only unsafe code of the workspace. It comes to three blocks: an unaligned load, an unaligned store
//! (both in `field`), and the step from ordinary code into code compiled for IFMA, below.

#![expect(unsafe_code, reason = "vector loads and stores, and calls into code for a detected CPU feature")]
#![expect(
    clippy::needless_range_loop,
    reason = "loops over limbs and streams index several arrays, and are unrolled: an index says it best"
)]

mod field;
mod kernels;
mod limbs;
mod permutation;

use p3_bn254::Bn254;
use p3_koala_bear::KoalaBear;

use self::field::VECTOR_LANES;
use self::permutation::Constants;
use crate::constants::WIDTH;
use crate::hasher::Digest;

/// Vectors that the widest kernel works on side by side.
const STREAMS: usize = 4;

/// States in the widest kernel: the batch that fills it.
pub(crate) const LANES: usize = VECTOR_LANES * STREAMS;

/// Proof that the processor has AVX-512-IFMA, and the round constants in vector form.
///
/// Its only constructor is [`Ifma::detect`]; that is what makes the methods safe.
pub(crate) struct Ifma {
    constants: Constants,
}

/// Run a kernel with as few vectors as `$states` (1 to [`LANES`]) need.
macro_rules! run {
    ($states:expr, $kernel:ident($($argument:expr),*)) => {{
        // SAFETY: the methods that expand this have a `&self`, and `Ifma::detect`, the only source of
        // one, has found the features that the kernels are compiled for.
        unsafe {
            match $states.div_ceil(VECTOR_LANES) {
                1 => kernels::$kernel::<1>($($argument),*),
                2 => kernels::$kernel::<2>($($argument),*),
                3 => kernels::$kernel::<3>($($argument),*),
                _ => kernels::$kernel::<STREAMS>($($argument),*),
            }
        }
    }};
}

impl Ifma {
    /// The vector path, if this processor has it.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma"))
            .then(|| Self { constants: Constants::new() })
    }

    /// Hash `out.len()` rows of equal length that lie back to back.
    ///
    /// # Panics
    ///
    /// If `input` is not a whole number of rows.
    pub(crate) fn hash_many(&self, input: &[KoalaBear], out: &mut [Digest]) {
        if out.is_empty() {
            return;
        }
        assert!(input.len().is_multiple_of(out.len()), "rows must have one length");
        let len = input.len() / out.len();
        for (i, digests) in out.chunks_mut(LANES).enumerate() {
            let rows = &input[i * LANES * len..][..digests.len() * len];
            run!(digests.len(), hash(&self.constants, rows, len, digests));
        }
    }

    /// Compress `out.len()` pairs.
    ///
    /// # Panics
    ///
    /// If there are more or fewer pairs than outputs.
    pub(crate) fn compress_many(&self, inputs: &[[Digest; 2]], out: &mut [Digest]) {
        assert_eq!(inputs.len(), out.len(), "one output for each pair");
        for (pairs, digests) in inputs.chunks(LANES).zip(out.chunks_mut(LANES)) {
            run!(digests.len(), compress(&self.constants, pairs, digests));
        }
    }

    /// Permute every state.
    pub(crate) fn permute_many(&self, states: &mut [[Bn254; WIDTH]]) {
        for group in states.chunks_mut(LANES) {
            run!(group.len(), permute_states(&self.constants, group));
        }
    }

    /// The canonical words of element 1 of the permuted states.
    pub(crate) fn second_words(&self, states: &[[Bn254; WIDTH]; LANES]) -> [[u64; 4]; LANES] {
        let mut out = [[0; 4]; LANES];
        run!(LANES, second_words(&self.constants, states, &mut out));
        out
    }
}
