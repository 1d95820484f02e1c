//! Proofs of the final circuit: SHPLONK openings, Keccak transcript, as the generated verifier reads them.

use crate::{layout::ProofLayout, params::Parameters, statement::INSTANCES};
use halo2_base::halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{self, Circuit, ProvingKey, VerifyingKey, create_proof, verify_proof},
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
    /// The pairing check fails.
    #[error("the proof is not valid for this statement: the pairing check fails")]
    Pairing,
}

/// Proves the circuit and verifies the result before returning it.
///
/// # Errors
/// When the witness does not satisfy the circuit.
pub fn prove<C: Circuit<Fr>>(
    parameters: &Parameters,
    pk: &ProvingKey<G1Affine>,
    circuit: C,
    instances: &[Fr; INSTANCES],
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
    let proof = transcript.finalize();
    verify(parameters, pk.get_vk(), instances, &proof).map_err(ProveError::Unsatisfied)?;
    Ok(proof)
}

/// Verifies a proof natively. Accepts exactly what the contract accepts.
///
/// # Errors
/// When the proof is not valid for these instances.
pub fn verify(
    parameters: &Parameters,
    vk: &VerifyingKey<G1Affine>,
    instances: &[Fr; INSTANCES],
    proof: &[u8],
) -> Result<(), VerifyError> {
    let expected = ProofLayout::of(parameters, vk).bytes();
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
    if VerificationStrategy::<_, VerifierSHPLONK<'_, Bn256>>::finalize(strategy) {
        Ok(())
    } else {
        Err(VerifyError::Pairing)
    }
}
