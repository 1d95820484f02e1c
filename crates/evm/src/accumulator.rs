//! KZG accumulators as a wrapped proof carries them: four coordinates in limbs.
//!
//! A wrapped proof says: "a proof of the statement verifies if `e(lhs, G2) = e(rhs, [s]G2)`". The pairing
//! is left to the contract, so `lhs` and `rhs` stand in the instance column and at the head of
//! `proofData`: lhs.x, lhs.y, rhs.x, rhs.y, each as three limbs, the lowest first, a word each.

use crate::{
    params::Parameters,
    statement::{scalar_from_word, scalar_to_word},
};
use halo2_base::halo2_proofs::{
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine},
        group::prime::PrimeCurveAffine,
    },
    poly::commitment::ParamsProver,
};
use snark_verifier::{
    loader::native::NativeLoader,
    pcs::{
        AccumulationDecider, AccumulatorEncoding,
        kzg::{KzgAccumulator, KzgDecidingKey, LimbsEncoding},
    },
    util::arithmetic::fe_to_limbs,
};
use snark_verifier_sdk::SHPLONK;

/// Limbs of a coordinate.
pub const LIMBS: usize = 3;
/// Bits of a limb. The third one of a coordinate has at most 80, so that the coordinate fills one word.
pub const LIMB_BITS: usize = 88;
/// Limbs of an accumulator.
pub const WORDS: usize = 4 * LIMBS;

/// An accumulator of values.
pub type Accumulator = KzgAccumulator<G1Affine, NativeLoader>;
type Encoding = LimbsEncoding<LIMBS, LIMB_BITS>;

/// The accumulator's limbs, as they stand in the instance column.
pub fn limbs(accumulator: &Accumulator) -> [Fr; WORDS] {
    let Accumulator { lhs, rhs, .. } = accumulator;
    let mut limbs = [Fr::zero(); WORDS];
    let coordinates = [lhs.x, lhs.y, rhs.x, rhs.y];
    for (chunk, coordinate) in limbs.chunks_exact_mut(LIMBS).zip(coordinates) {
        chunk.copy_from_slice(&fe_to_limbs::<_, Fr, LIMBS, LIMB_BITS>(coordinate));
    }
    limbs
}

/// The accumulator with these limbs; `None` unless they are the limbs of two points of the curve, each
/// limb and each coordinate in its range. The point at infinity has no coordinates and is none.
pub fn from_limbs(limbs: &[Fr; WORDS]) -> Option<Accumulator> {
    let limbs: Vec<&Fr> = limbs.iter().collect();
    let accumulator = <Encoding as AccumulatorEncoding<G1Affine, NativeLoader>>::from_repr(&limbs).ok()?;
    let infinity = G1Affine::identity();
    (accumulator.lhs != infinity && accumulator.rhs != infinity).then_some(accumulator)
}

/// Whether the accumulator's pairing equation holds for these parameters.
pub fn decide(parameters: &Parameters, accumulator: &Accumulator) -> bool {
    let kzg = &parameters.kzg;
    let Some(generator) = kzg.get_g().first() else { return false };
    let key: KzgDecidingKey<Bn256> = (*generator, kzg.g2(), kzg.s_g2()).into();
    <SHPLONK as AccumulationDecider<G1Affine, NativeLoader>>::decide(&key, accumulator.clone()).is_ok()
}

/// `proofData` of a wrapped proof: the limbs, then the proof.
pub fn proof_data(limbs: &[Fr; WORDS], proof: &[u8]) -> Vec<u8> {
    let mut data: Vec<u8> = limbs.iter().flat_map(scalar_to_word).collect();
    data.extend(proof);
    data
}

/// The limbs and the proof in a wrapped proof's `proofData`; `None` if it is too short or one of its
/// first words is not below the scalar field's modulus.
pub fn split_proof_data(data: &[u8]) -> Option<([Fr; WORDS], &[u8])> {
    let (words, proof) = data.split_at_checked(32 * WORDS)?;
    let mut limbs = [Fr::zero(); WORDS];
    for (limb, word) in limbs.iter_mut().zip(words.chunks_exact(32)) {
        *limb = scalar_from_word(word.try_into().ok()?)?;
    }
    Some((limbs, proof))
}
