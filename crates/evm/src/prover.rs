//! Proofs of the final circuit: SHPLONK openings, Keccak transcript, as the generated verifier reads them.

use crate::{
    accumulator::{self, WORDS},
    circuit::Circuit,
    layout::ProofLayout,
    params::Parameters,
};
use halo2_base::halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{self, ProvingKey, VerifyingKey, create_proof, verify_proof},
    poly::{
        VerificationStrategy,
        commitment::ParamsProver,
        kzg::{
            commitment::KZGCommitmentScheme,
            multiopen::{ProverSHPLONK, VerifierSHPLONK},
            strategy::AccumulatorStrategy,
        },
    },
    transcript::{TranscriptReadBuffer, TranscriptWriterBuffer},
};
use snark_verifier::{loader::native::NativeLoader, system::halo2::transcript::evm::EvmTranscript};
use thiserror::Error;

type Transcript<S> = EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;

/// Why a proof could not be made.
#[derive(Debug, Error)]
pub enum ProveError {
    /// Halo2 refused.
    #[error("the final circuit could not be proven")]
    Halo2(#[source] plonk::Error),
    /// The witness does not satisfy the circuit, so the proof just made does not verify.
    #[error("the proof just made does not verify: the witness does not satisfy the circuit")]
    Unsatisfied(#[source] VerifyError),
}

/// Why a proof was not accepted.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The proof is too short or too long.
    #[error("the proof has {actual} bytes instead of {expected}")]
    Length {
        /// Length of this key's proofs.
        expected: usize,
        /// Length found.
        actual: usize,
    },
    /// A point or scalar is malformed, or an equation does not hold.
    #[error("the proof is not valid for this statement")]
    Invalid(#[source] plonk::Error),
    /// There is no circuit with so many instances.
    #[error("there is no circuit with {0} instances")]
    Instances(usize),
    /// The accumulator of a wrapped proof is malformed, or its pairing check fails.
    #[error("the proof is not valid for this statement: its accumulator does not hold")]
    Accumulator,
    /// The pairing check fails.
    #[error("the proof is not valid for this statement: the pairing check fails")]
    Pairing,
}

/// Proves the circuit and verifies the result before returning it.
///
/// # Errors
/// When the witness does not satisfy the circuit.
pub fn prove<C: plonk::Circuit<Fr>>(
    parameters: &Parameters,
    pk: &ProvingKey<G1Affine>,
    circuit: C,
    instances: &[Fr],
) -> Result<Vec<u8>, ProveError> {
    if Circuit::with_instances(instances.len()).is_none() {
        return Err(ProveError::Unsatisfied(VerifyError::Instances(instances.len())));
    }
    let proof = prove_unchecked(parameters, pk, circuit, instances)?;
    verify(parameters, pk.get_vk(), instances, &proof).map_err(ProveError::Unsatisfied)?;
    Ok(proof)
}

/// [`prove`] without the check: for tests of what rejects a proof.
///
/// # Errors
/// When Halo2 refuses.
pub fn prove_unchecked<C: plonk::Circuit<Fr>>(
    parameters: &Parameters,
    pk: &ProvingKey<G1Affine>,
    circuit: C,
    instances: &[Fr],
) -> Result<Vec<u8>, ProveError> {
    let mut transcript: Transcript<Vec<u8>> = TranscriptWriterBuffer::<_, G1Affine, _>::init(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, _>, _, _, _, _>(
        &parameters.kzg,
        pk,
        &[circuit],
        &[&[instances]],
        rand_core::OsRng,
        &mut transcript,
    )
    .map_err(ProveError::Halo2)?;
    Ok(transcript.finalize())
}

/// Verifies a proof natively, the circuit being told by the number of instances. Accepts exactly what the
/// contract accepts.
///
/// # Errors
/// When the proof is not valid for these instances.
pub fn verify(
    parameters: &Parameters,
    vk: &VerifyingKey<G1Affine>,
    instances: &[Fr],
    proof: &[u8],
) -> Result<(), VerifyError> {
    let circuit = Circuit::with_instances(instances.len()).ok_or(VerifyError::Instances(instances.len()))?;
    let expected = ProofLayout::of(circuit, parameters, vk).bytes();
    if proof.len() != expected {
        return Err(VerifyError::Length { expected, actual: proof.len() });
    }
    let mut transcript: Transcript<&[u8]> = TranscriptReadBuffer::<_, G1Affine, _>::init(proof);
    let params = parameters.kzg.verifier_params();
    let strategy = verify_proof::<_, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        params,
        vk,
        AccumulatorStrategy::new(params),
        &[&[instances]],
        &mut transcript,
    )
    .map_err(VerifyError::Invalid)?;
    if !VerificationStrategy::<_, VerifierSHPLONK<'_, Bn256>>::finalize(strategy) {
        return Err(VerifyError::Pairing);
    }
    match circuit {
        Circuit::Direct => Ok(()),
        Circuit::Wrapped => verify_accumulator(parameters, instances),
    }
}

/// The half of a wrapped proof that its circuit leaves open: without this check the proof inside could be
/// any proof at all.
fn verify_accumulator(parameters: &Parameters, instances: &[Fr]) -> Result<(), VerifyError> {
    let limbs = instances.first_chunk::<WORDS>().and_then(accumulator::from_limbs);
    match limbs {
        Some(accumulator) if accumulator::decide(parameters, &accumulator) => Ok(()),
        _ => Err(VerifyError::Accumulator),
    }
}
