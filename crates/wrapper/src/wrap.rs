//! The circuit: reads the inner proof, runs the verifier, evaluates its formal sum, exposes the accumulator.

use std::rc::Rc;

use halo2_base::halo2_proofs::{
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::{Field, PrimeField},
        group::GroupEncoding,
    },
    plonk,
};
use snark_verifier::{
    loader::halo2::Halo2Loader,
    util::transcript::Transcript as _,
    verifier::{
        SnarkVerifier,
        plonk::{PlonkProof, PlonkSuccinctVerifier},
    },
};

use crate::{
    builder::{Builder, Cell, INSTANCES},
    circuit::{Stage, WrapperCircuit},
    curve::Point,
    field::Fe,
    inner::{INNER_INSTANCES, InnerKey, SECURE_MDS, Scheme, Transcript},
    loader::{Chip, FormalSum, Term},
    msm::Base,
};

/// The binary logarithm of the number of rows.
pub const K: u32 = 21;
/// Instances that hold the accumulator: `x` and `y` of both points, three limbs each. They come first.
pub const ACCUMULATOR_LIMBS: usize = 12;
/// Bits of an instance limb; the third has the rest, which fits 80 bits, so that a coordinate's limbs make a word without wrapping.
const OUTPUT_BITS: usize = 88;

/// Why a proof could not be wrapped.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The inner circuit is too large.
    #[error("the wrapper of this circuit needs {needed} rows, of which 2^{K} leave {available}")]
    Rows {
        /// Rows needed.
        needed: usize,
        /// Rows that can be used.
        available: usize,
    },
    /// The proof is too short or too long.
    #[error("the inner proof has {actual} bytes instead of {expected}")]
    ProofLength {
        /// Length of this key's proofs.
        expected: usize,
        /// Length found.
        actual: usize,
    },
    /// The inner proof is malformed or not valid, or the inner circuit is none that `snark-verifier` knows.
    #[error("the inner proof is not valid: {0:?}")]
    InnerProof(snark_verifier::Error),
    /// The verifier did not end in one accumulator of the expected form.
    #[error("the inner circuit's verifier does not end in one accumulator over one opening point")]
    Accumulator,
    /// Halo2 refused.
    #[error("the inner circuit could not be proven")]
    Halo2(#[source] plonk::Error),
}

/// The circuit for key generation; its witness is no proof.
///
/// # Errors
/// If the inner circuit's verifier does not fit.
pub fn keygen_circuit(key: &InnerKey) -> Result<WrapperCircuit, WrapError> {
    let builder = build(key, &[Fr::ZERO; INNER_INSTANCES], &placeholder(key))?;
    WrapperCircuit::new(builder, Stage::Keygen)
}

/// The circuit with a proof, which is verified first, as its witness.
///
/// # Errors
/// If the proof is not valid for the instances.
pub fn prover_circuit(
    key: &InnerKey,
    instances: &[Fr; INNER_INSTANCES],
    proof: &[u8],
) -> Result<WrapperCircuit, WrapError> {
    key.verify(instances, proof)?;
    WrapperCircuit::new(build(key, instances, proof)?, Stage::Prover)
}

/// Bytes that decode like a proof. Rows do not depend on values, so key generation may use them.
fn placeholder(key: &InnerKey) -> Vec<u8> {
    let (points, scalars, opening) = key.layout();
    let point = G1Affine::generator().to_bytes();
    let part = |bytes: &[u8], n: usize| bytes.repeat(n);
    [part(point.as_ref(), points), part(Fr::ONE.to_repr().as_ref(), scalars), part(point.as_ref(), opening)]
        .concat()
}

/// Lays the circuit out. `proof` only has to decode.
pub(crate) fn build(
    key: &InnerKey,
    instances: &[Fr; INNER_INSTANCES],
    proof: &[u8],
) -> Result<Builder, WrapError> {
    let loader = Halo2Loader::<G1Affine, Chip>::new(Chip, Builder::default());
    let protocol = key.protocol.loaded(&loader);
    let svk = key.deciding_key.svk();
    let instance_scalars = [instances.iter().map(|value| loader.assign_scalar(*value)).collect::<Vec<_>>()];
    let mut transcript =
        Transcript::<Rc<Halo2Loader<G1Affine, Chip>>, &[u8]>::new::<SECURE_MDS>(&loader, proof);
    let proof: PlonkProof<G1Affine, _, Scheme> =
        PlonkSuccinctVerifier::<Scheme>::read_proof(&svk, &protocol, &instance_scalars, &mut transcript)
            .map_err(WrapError::InnerProof)?;
    let accumulators = PlonkSuccinctVerifier::<Scheme>::verify(&svk, &protocol, &instance_scalars, &proof)
        .map_err(WrapError::InnerProof)?;
    let [accumulator] = <[_; 1]>::try_from(accumulators).map_err(|_| WrapError::Accumulator)?;
    // After the last point was absorbed, hence after all scalars are determined.
    let challenge = transcript.squeeze_challenge().into_assigned();
    let [lhs, rhs] = [accumulator.lhs, accumulator.rhs].map(|point| point.into_assigned());
    let inner: Vec<Cell> = instance_scalars.into_iter().flatten().map(|s| s.into_assigned()).collect();
    let mut builder = loader.take_ctx();
    finish(&mut builder, &lhs, &rhs, challenge, &inner)?;
    Ok(builder)
}

fn finish(
    builder: &mut Builder,
    lhs: &FormalSum,
    rhs: &FormalSum,
    challenge: Cell,
    inner: &[Cell],
) -> Result<(), WrapError> {
    let one = builder.constant(Fr::ONE);
    let proof_point = |builder: &Builder, index: usize| builder.points[index].point.clone();
    let terms: Vec<_> = lhs
        .0
        .iter()
        .map(|&(scalar, term)| {
            let base = match term {
                Term::Proof(index) => Base::Point(proof_point(builder, index)),
                Term::Constant(point) => Base::Constant(point),
            };
            (scalar.unwrap_or(one), base)
        })
        .collect();
    let [(None, Term::Proof(index))] = *rhs.0.as_slice() else { return Err(WrapError::Accumulator) };
    let rhs = proof_point(builder, index);
    let lhs = builder.msm(&terms, challenge);
    builder.metered("outputs", |builder| expose(builder, [&lhs, &rhs], inner));
    Ok(())
}

fn expose(builder: &mut Builder, accumulator: [&Point; 2], inner: &[Cell]) {
    let coordinates = accumulator.into_iter().flat_map(|point| [&point.x, &point.y]);
    let limbs: Vec<_> = coordinates.flat_map(|x| output_limbs(builder, x)).collect();
    debug_assert_eq!(limbs.len() + inner.len(), INSTANCES);
    for (i, cell) in limbs.iter().chain(inner).enumerate() {
        builder.expose(*cell, i);
    }
}

/// The same integer in limbs of 88, 88 and 80 bits. The running sum's cells above the lowest 88 and 176 bits are `z₄₄` and `z₈₈`, so
/// the limbs are `z₀ - 2^88·z₄₄`, `z₄₄ - 2^88·z₈₈` and `z₈₈`: exactly, since each is a sum of its own digits. Coordinates of `q` and
/// above (all are below 2^254) are left to the contract, whose precompile refuses them.
pub(crate) fn output_limbs(builder: &mut Builder, x: &Fe) -> [Cell; 3] {
    let [z1, z2] = [1, 2].map(|i| x.above(i * OUTPUT_BITS / 2));
    let minus_shift = builder.constant(-crate::gate::power(OUTPUT_BITS));
    let [o0, o1] = [(x.cells[0], z1), (z1, z2)].map(|(low, high)| builder.mul_add(low, minus_shift, high));
    [o0, o1, z2]
}
