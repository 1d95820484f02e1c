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
    limbs,
    loader::{Chip, FormalSum, Term},
    msm::Base,
};

/// The binary logarithm of the number of rows.
pub const K: u32 = 20;
/// Instances that hold the accumulator: `x` and `y` of both points, three limbs each. They come first.
pub const ACCUMULATOR_LIMBS: usize = 12;
/// Bits of an instance limb, but for the third, which has [`OUTPUT_TOP_BITS`].
const OUTPUT_BITS: usize = 88;
/// 88 + 88 + 80 = 256: a coordinate's limbs make a word without wrapping.
const OUTPUT_TOP_BITS: usize = 80;

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
    /// Too many rows carry constants.
    #[error("{free} rows are left for a lookup table of {needed}")]
    Table {
        /// Rows without constants.
        free: usize,
        /// Entries of the table.
        needed: usize,
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

/// The same integer in limbs of 88, 88 and 80 bits, by these sums:
///
/// ```text
/// x₀ = o₀ + 2^88·h₀,   x₁ = m + 2^81·h₁,   o₁ = h₀ + 2^7·m,   o₂ = h₁ + 2^14·x₂
/// ```
///
/// Every part is range-checked and every sum is far below the scalar field's modulus, so each is an equation of integers. The
/// bound of `o₂` says that the coordinate is below 2^256. Coordinates of `q` and above are left to the contract, whose
/// precompile refuses them.
pub(crate) fn output_limbs(builder: &mut Builder, x: &Fe) -> [Cell; 3] {
    let [x0, x1, x2] = x.limbs.map(|limb| limbs::low(&limbs::integer(builder.value(limb))));
    let cut = |value: u128, bits: usize| (value & ((1 << bits) - 1), value >> bits);
    let (low, high) = cut(x0, 88);
    let o0 = builder.range_bits(low, OUTPUT_BITS);
    let h0 = builder.range_bits(high, 7);
    join(builder, o0, h0, 88, x.limbs[0]);
    let (low, high1) = cut(x1, 81);
    let m = builder.range_bits(low, 81);
    let h1 = builder.range_bits(high1, 14);
    join(builder, m, h1, 81, x.limbs[1]);
    let o1 = builder.range_bits(high + (low << 7), OUTPUT_BITS);
    join(builder, h0, m, 7, o1);
    let o2 = builder.range_bits(high1 + (x2 << 14), OUTPUT_TOP_BITS);
    join(builder, h1, x.limbs[2], 14, o2);
    [o0, o1, o2]
}

/// `low + 2^bits·high = whole`
fn join(builder: &mut Builder, low: Cell, high: Cell, bits: usize, whole: Cell) {
    let shift = builder.constant(crate::gate::power(bits));
    let sum = builder.mul_add(low, shift, high);
    builder.assert_equal(sum, whole);
}
