//! What is done with the permutation, on up to `8 N` states at a time.
//!
//! A kernel with fewer inputs than lanes repeats the last input in the idle lanes.

use p3_bn254::Bn254;
use p3_field::{PrimeField32, RawDataSerializable};
use p3_koala_bear::KoalaBear;

use super::field::{Element, VECTOR_LANES, enter, from_lanes, leave, reduce, zero};
use super::limbs::{Limbs, from_words, from_words_times_16};
use super::permutation::{Constants, State, permute, reduce_elements};
use crate::constants::{RATE, WIDTH};
use crate::hasher::Digest;

/// KoalaBear elements in a BN254 element.
const PACKED: usize = 8;

/// Montgomery form for 2²⁶⁰ of an element; Plonky3's raw bytes are Montgomery form for 2²⁵⁶. Below 16.
#[inline(always)]
fn limbs(x: Bn254) -> Limbs {
    let bytes = x.into_bytes();
    let (words, _) = bytes.as_chunks();
    from_words_times_16(core::array::from_fn(|i| u64::from_le_bytes(words[i])))
}

/// Up to eight elements as digits `v + 1 < 2³¹` in base 2³¹.
#[inline(always)]
fn pack(elements: &[KoalaBear]) -> Limbs {
    let mut digits = [0; PACKED];
    for (digit, element) in digits.iter_mut().zip(elements) {
        *digit = u64::from(element.as_canonical_u32()) + 1;
    }
    join(&digits)
}

/// Eight digits in base 2³¹ as one integer.
#[inline(always)]
fn join(digits: &[u64; PACKED]) -> Limbs {
    let [a, b, c, d]: [u64; 4] = core::array::from_fn(|i| digits[2 * i] | digits[2 * i + 1] << 31);
    from_words([a | b << 62, b >> 2 | c << 60, c >> 4 | d << 58, d >> 6])
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn write<const N: usize>(elements: &[Element; N], mut put: impl FnMut(usize, Bn254)) {
    for (n, element) in elements.iter().enumerate() {
        for (i, words) in leave(*element).into_iter().enumerate() {
            put(VECTOR_LANES * n + i, Bn254::new(words));
        }
    }
}

/// The sponge: `out.len()` rows of `len` elements in `rows`.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn hash<const N: usize>(
    constants: &Constants,
    rows: &[KoalaBear],
    len: usize,
    out: &mut [Digest],
) {
    let last = out.len() - 1;
    let mut state: State<N> = [[zero(); N]; WIDTH];
    for block in (0..len).step_by(RATE * PACKED) {
        for k in 0..RATE {
            let from = block + k * PACKED;
            let to = (from + PACKED).min(len);
            for n in 0..N {
                state[k][n] = if from < to {
                    enter(&from_lanes(|i| {
                        let row = (VECTOR_LANES * n + i).min(last) * len;
                        pack(&rows[row + from..row + to])
                    }))
                } else {
                    reduce(state[k][n])
                };
            }
        }
        reduce_elements(&mut state, RATE);
        permute(&mut state, constants);
    }
    write(&state[0], |i, x| {
        if let Some(digest) = out.get_mut(i) {
            *digest = [x];
        }
    });
}

/// The compression: one pair for each output.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn compress<const N: usize>(constants: &Constants, pairs: &[[Digest; 2]], out: &mut [Digest]) {
    let last = pairs.len() - 1;
    let mut state: State<N> = [[zero(); N]; WIDTH];
    for k in 0..2 {
        for n in 0..N {
            state[k][n] = reduce(from_lanes(|i| limbs(pairs[(VECTOR_LANES * n + i).min(last)][k][0])));
        }
    }
    permute(&mut state, constants);
    write(&state[0], |i, x| {
        if let Some(digest) = out.get_mut(i) {
            *digest = [x];
        }
    });
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn read<const N: usize>(states: &[[Bn254; WIDTH]]) -> State<N> {
    let last = states.len() - 1;
    let mut state: State<N> = [[zero(); N]; WIDTH];
    for k in 0..WIDTH {
        for n in 0..N {
            state[k][n] = reduce(from_lanes(|i| limbs(states[(VECTOR_LANES * n + i).min(last)][k])));
        }
    }
    state
}

/// The bare permutation.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn permute_states<const N: usize>(constants: &Constants, states: &mut [[Bn254; WIDTH]]) {
    let mut state: State<N> = read(states);
    permute(&mut state, constants);
    for k in 0..WIDTH {
        write(&state[k], |i, x| {
            if let Some(out) = states.get_mut(i) {
                out[k] = x;
            }
        });
    }
}

/// Element 1 of the permuted states, as canonical words.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn second_words<const N: usize>(
    constants: &Constants,
    states: &[[Bn254; WIDTH]],
    out: &mut [[u64; 4]],
) {
    let mut state: State<N> = read(states);
    permute(&mut state, constants);
    for (element, words) in state[1].iter().zip(out.chunks_mut(VECTOR_LANES)) {
        words.copy_from_slice(&leave(*element)[..words.len()]);
    }
}
