//! The inner proof: SHPLONK openings, and a Poseidon transcript because a circuit has to recompute it.

use halo2_base::halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{Circuit, ProvingKey, VerifyingKey, create_proof},
    poly::{
        commitment::ParamsProver,
        kzg::{
            commitment::{KZGCommitmentScheme, ParamsKZG},
            multiopen::ProverSHPLONK,
        },
    },
};
use snark_verifier::{
    loader::native::NativeLoader,
    pcs::kzg::{Bdfg21, KzgAccumulator, KzgAs, KzgDecidingKey},
    system::halo2::{Config, compile, transcript::halo2::PoseidonTranscript},
    verifier::{
        SnarkVerifier,
        plonk::{PlonkProof, PlonkProtocol, PlonkSuccinctVerifier},
    },
};

use crate::wrap::WrapError;

/// Instances of the inner circuit.
pub const INNER_INSTANCES: usize = 4;

/// The multi-opening scheme.
pub(crate) type Scheme = KzgAs<Bn256, Bdfg21>;

// Poseidon as in snark-verifier-sdk: width 3, rate 2, 8 full and 57 partial rounds.
const WIDTH: usize = 3;
const RATE: usize = 2;
const FULL_ROUNDS: usize = 8;
const PARTIAL_ROUNDS: usize = 57;
/// No MDS matrix of the generator is skipped.
pub(crate) const SECURE_MDS: usize = 0;

/// The transcript of inner proofs over a loader and a stream.
pub(crate) type Transcript<L, S> =
    PoseidonTranscript<G1Affine, L, S, WIDTH, RATE, FULL_ROUNDS, PARTIAL_ROUNDS>;

/// What the wrapper must know of the inner circuit. Constants of the wrapper.
#[derive(Clone, Debug)]
pub struct InnerKey {
    /// The verifier's description of the inner circuit.
    pub protocol: PlonkProtocol<G1Affine>,
    /// The KZG setup's verifying part.
    pub deciding_key: KzgDecidingKey<Bn256>,
}

impl InnerKey {
    /// The key of a circuit with one instance column of [`INNER_INSTANCES`].
    #[must_use]
    pub fn new(params: &ParamsKZG<Bn256>, vk: &VerifyingKey<G1Affine>) -> Self {
        let config = Config::kzg().with_num_instance(vec![INNER_INSTANCES]);
        Self {
            protocol: compile(params, vk, config),
            deciding_key: KzgDecidingKey::new(params.get_g()[0], params.g2(), params.s_g2()),
        }
    }

    /// Points and scalars of a proof in order: the points before the evaluations, the evaluations, `W` and `W'`.
    pub(crate) fn layout(&self) -> (usize, usize, usize) {
        let points = self.protocol.num_witness.iter().sum::<usize>() + self.protocol.quotient.num_chunk();
        (points, self.protocol.evaluations.len(), 2)
    }

    /// Bytes of a proof.
    #[must_use]
    pub fn proof_bytes(&self) -> usize {
        let (points, scalars, opening) = self.layout();
        32 * (points + scalars + opening)
    }

    /// The accumulator of a proof, whose pairing has been checked.
    ///
    /// # Errors
    /// When the proof is not valid for these instances.
    pub fn verify(
        &self,
        instances: &[Fr; INNER_INSTANCES],
        proof: &[u8],
    ) -> Result<KzgAccumulator<G1Affine, NativeLoader>, WrapError> {
        let accumulator = self.accumulate(instances, proof)?;
        <Scheme as snark_verifier::pcs::AccumulationDecider<G1Affine, NativeLoader>>::decide(
            &self.deciding_key,
            accumulator.clone(),
        )
        .map_err(WrapError::InnerProof)?;
        Ok(accumulator)
    }

    /// [`Self::verify`] without the pairing.
    pub(crate) fn accumulate(
        &self,
        instances: &[Fr; INNER_INSTANCES],
        proof: &[u8],
    ) -> Result<KzgAccumulator<G1Affine, NativeLoader>, WrapError> {
        let (expected, actual) = (self.proof_bytes(), proof.len());
        if expected != actual {
            return Err(WrapError::ProofLength { expected, actual });
        }
        let svk = self.deciding_key.svk();
        let instances = [instances.to_vec()];
        let mut transcript = Transcript::<NativeLoader, _>::new::<SECURE_MDS>(proof);
        let proof: PlonkProof<G1Affine, NativeLoader, Scheme> =
            PlonkSuccinctVerifier::<Scheme>::read_proof(&svk, &self.protocol, &instances, &mut transcript)
                .map_err(WrapError::InnerProof)?;
        let accumulators = PlonkSuccinctVerifier::<Scheme>::verify(&svk, &self.protocol, &instances, &proof)
            .map_err(WrapError::InnerProof)?;
        let [accumulator] = <[_; 1]>::try_from(accumulators).map_err(|_| WrapError::Accumulator)?;
        Ok(accumulator)
    }
}

/// Proves an inner circuit for the wrapper, with the key of its direct proof.
///
/// # Errors
/// When halo2 refuses.
pub fn prove_inner<C: Circuit<Fr>>(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    circuit: C,
    instances: &[Fr; INNER_INSTANCES],
) -> Result<Vec<u8>, WrapError> {
    let mut transcript = Transcript::<NativeLoader, _>::new::<SECURE_MDS>(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, _>, _, _, _, _>(
        params,
        pk,
        &[circuit],
        &[&[instances]],
        rand_core::OsRng,
        &mut transcript,
    )
    .map_err(WrapError::Halo2)?;
    Ok(transcript.finalize())
}
