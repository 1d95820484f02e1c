//! The wrapper: its keys, and the proof of a proof.

use finial_evm::keys::{self, Key};
use finial_evm::prover::prove as prove_halo2;
use finial_evm::{Circuit, Parameters, Statement, accumulator};
use finial_static_verifier::StaticCircuit;
use finial_wrapper::{InnerKey, WrapError, WrapperCircuit, keygen_circuit, prove_inner, prover_circuit};
use sha2::{Digest as _, Sha256};

use crate::config::Options;
use crate::error::SdkError;
use crate::keys::{ContractSource, FinalKeys, log_rows, parameters};

/// What the wrapper's proof needs.
pub(crate) struct WrapperKeys {
    parameters: Parameters,
    key: Key,
    inner: InnerKey,
}

impl WrapperKeys {
    /// From the cache, or made and put there.
    pub(crate) fn new(options: &Options, last: &FinalKeys) -> Result<Self, SdkError> {
        let parameters = parameters(options, log_rows(Circuit::Wrapped))?;
        // The inner proof's pairing is left to the contract, with this set's [s]H: for another secret the
        // inner key's commitments would be to other polynomials.
        last.parameters.require_same_secret(&parameters)?;
        let inner = inner_key(last);
        let key = keys::load_or_make::<WrapperCircuit, SdkError>(
            &options.cache,
            &circuit_name(last),
            &parameters.set,
            |_| Some(()),
            || {
                let circuit = keygen_circuit(&inner).map_err(failed)?;
                Ok((keys::keygen(&parameters, &circuit, false)?, vec![]))
            },
        )?;
        Ok(Self { parameters, key, inner })
    }

    /// What its contract is generated from.
    pub(crate) fn contract_source(&self) -> ContractSource<'_> {
        ContractSource { circuit: Circuit::Wrapped, parameters: &self.parameters, vk: self.key.pk.get_vk() }
    }
}

/// The direct circuit's proof as the wrapper reads it.
pub(crate) fn inner_proof(
    keys: &FinalKeys,
    circuit: StaticCircuit,
    statement: &Statement,
) -> Result<Vec<u8>, SdkError> {
    prove_inner(&keys.parameters.kzg, &keys.key.pk, circuit, &statement.instances()).map_err(failed)
}

/// `proofData` of the wrapped proof.
pub(crate) fn wrapper_proof(
    keys: &WrapperKeys,
    statement: &Statement,
    inner: &[u8],
) -> Result<Vec<u8>, SdkError> {
    let circuit = prover_circuit(&keys.inner, &statement.instances(), inner).map_err(failed)?;
    let instances = circuit.instances();
    let Some(limbs) = instances.first_chunk::<{ accumulator::WORDS }>().copied() else {
        return Err(SdkError::Circuit("the wrapper's instances lack the accumulator".to_owned()));
    };
    let proof = prove_halo2(&keys.parameters, &keys.key.pk, circuit, &instances)?;
    Ok(accumulator::proof_data(&limbs, &proof))
}

fn inner_key(last: &FinalKeys) -> InnerKey {
    InnerKey::new(&last.parameters.kzg, last.key.pk.get_vk())
}

fn failed(error: WrapError) -> SdkError {
    SdkError::Circuit(format!("{error}"))
}

/// The circuit's name in the cache: which key it verifies proofs of, and the sources of its code.
fn circuit_name(last: &FinalKeys) -> String {
    let mut hasher = Sha256::new();
    hasher.update(env!("FINIAL_CIRCUIT_SOURCES"));
    hasher.update(last.contract_source().vk_digest());
    format!("wrapper-{}", hex::encode(&hasher.finalize()[..8]))
}
