//! The Poseidon2 instance: BN254 scalar field, `t = 3`, `d = 5`, 8 full and 56 partial rounds.
//!
//! It is the reference instance of the paper's authors (`POSEIDON2_BN256_PARAMS` of the HorizenLabs
//! repository, published as the crate `zkhash`). Its round constants are the output of the
//! [Grain LFSR](https://eprint.iacr.org/2019/458) under those parameters; they are derived at first use instead of
//! being listed, and compared with `zkhash` in the tests.
//!
//! One permutation, with `E = circ(2, 1, 1)` and `I = [[2,1,1],[1,2,1],[1,1,3]]`:
//!
//! 1. the state is multiplied by `E`;
//! 2. four external rounds: add [`external_constants`]`[0..4]`, raise all three elements to the fifth power, multiply by `E`;
//! 3. 56 internal rounds: add [`internal_constants`] to element 0, raise it to the fifth power, multiply by `I`;
//! 4. four external rounds with [`external_constants`]`[4..8]`.

use std::sync::LazyLock;

use p3_bn254::{Bn254, Poseidon2Bn254};
use p3_field::PrimeField;
use p3_poseidon2::ExternalLayerConstants;

use crate::grain::{Grain, Instance};

/// Elements of the state.
pub const WIDTH: usize = 3;
/// Elements of the state that the sponges overwrite and read.
pub const RATE: usize = 2;
/// External (full) rounds, both halves together.
pub const EXTERNAL_ROUNDS: usize = 8;
/// External rounds before the internal ones; as many come after.
pub const HALF_EXTERNAL_ROUNDS: usize = EXTERNAL_ROUNDS / 2;
/// Internal (partial) rounds.
pub const INTERNAL_ROUNDS: usize = 56;
/// Exponent of the S-box.
pub const S_BOX_DEGREE: u64 = 5;
/// Diagonal of the internal matrix less the all-ones matrix.
pub const INTERNAL_DIAGONAL: [u64; WIDTH] = [1, 1, 2];

/// `r`, the order of the field, as little-endian words.
pub const MODULUS: [u64; 4] =
    [0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029];
const MODULUS_BITS: u32 = 254;

/// Round constants as canonical integers, little-endian words.
pub(crate) struct RoundConstants {
    pub(crate) external: [[[u64; 4]; WIDTH]; EXTERNAL_ROUNDS],
    pub(crate) internal: [[u64; 4]; INTERNAL_ROUNDS],
}

/// Drawn in the order of use: a full row in an external round, one constant in an internal round.
pub(crate) static ROUND_CONSTANTS: LazyLock<RoundConstants> = LazyLock::new(|| {
    let mut grain = Grain::new(&Instance {
        field_bits: MODULUS_BITS,
        width: WIDTH as u32,
        full_rounds: EXTERNAL_ROUNDS as u32,
        partial_rounds: INTERNAL_ROUNDS as u32,
    });
    let mut next = || grain.below(&MODULUS, MODULUS_BITS);
    let mut external = [[[0; 4]; WIDTH]; EXTERNAL_ROUNDS];
    let (first, last) = external.split_at_mut(HALF_EXTERNAL_ROUNDS);
    first.as_flattened_mut().fill_with(&mut next);
    let internal = core::array::from_fn(|_| next());
    last.as_flattened_mut().fill_with(&mut next);
    RoundConstants { external, internal }
});

/// Constants of the external rounds; the first four rows come before the internal rounds.
pub fn external_constants() -> [[Bn254; WIDTH]; EXTERNAL_ROUNDS] {
    ROUND_CONSTANTS.external.map(|row| row.map(Bn254::new))
}

/// Constants of the internal rounds, for element 0 of the state.
pub fn internal_constants() -> [Bn254; INTERNAL_ROUNDS] {
    ROUND_CONSTANTS.internal.map(Bn254::new)
}

/// [`external_constants`] as canonical little-endian bytes, for circuits over another field type.
#[must_use]
pub fn external_constants_le_bytes() -> [[[u8; 32]; WIDTH]; EXTERNAL_ROUNDS] {
    ROUND_CONSTANTS.external.map(|row| row.map(words_to_le_bytes))
}

/// [`internal_constants`] as canonical little-endian bytes, for circuits over another field type.
#[must_use]
pub fn internal_constants_le_bytes() -> [[u8; 32]; INTERNAL_ROUNDS] {
    ROUND_CONSTANTS.internal.map(words_to_le_bytes)
}

/// Plonky3's permutation with this instance's constants.
#[must_use]
pub fn poseidon2() -> Poseidon2Bn254<WIDTH> {
    let external = external_constants();
    let (initial, terminal) = external.split_at(HALF_EXTERNAL_ROUNDS);
    Poseidon2Bn254::new(
        ExternalLayerConstants::new(initial.to_vec(), terminal.to_vec()),
        internal_constants().to_vec(),
    )
}

/// The canonical integer of `x`, below `r`, as little-endian words.
#[must_use]
pub fn to_words(x: Bn254) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, digit) in words.iter_mut().zip(x.as_canonical_biguint().iter_u64_digits()) {
        *word = digit;
    }
    words
}

/// The canonical integer of `x` as 32 little-endian bytes (what `halo2curves`' `from_repr` takes).
#[must_use]
pub fn to_le_bytes(x: Bn254) -> [u8; 32] {
    words_to_le_bytes(to_words(x))
}

/// The field element of a canonical integer in little-endian words; `None` if it is not below `r`.
#[must_use]
pub fn from_words(words: [u64; 4]) -> Option<Bn254> {
    words.iter().rev().lt(MODULUS.iter().rev()).then(|| Bn254::new(words))
}

/// The field element of 32 canonical little-endian bytes; `None` if the integer is not below `r`.
#[must_use]
pub fn from_le_bytes(bytes: &[u8; 32]) -> Option<Bn254> {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*chunk);
    }
    from_words(words)
}

fn words_to_le_bytes(words: [u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *chunk = word.to_le_bytes();
    }
    bytes
}
