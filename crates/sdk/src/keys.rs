//! Keys, made when first wanted and kept as long as the [`Sdk`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use finial_aggregation::{AggregationKeys, ContinuationKeys};
use finial_evm::contract::{ContractError, MANIFEST};
use finial_evm::keys::{self, Bn254VerifyingKey, Key};
use finial_evm::params::DEVELOPMENT;
use finial_evm::{Circuit, Contract, Parameters, compiler::Compiler};
use finial_segment_verifier::AppVerifyingKey;
use finial_static_verifier::StaticCircuit;
use finial_static_verifier::root::{K, Pinning, RootKey, keygen_circuit};
use sha2::{Digest as _, Sha256};

use crate::config::{AppVm, Options};
use crate::error::SdkError;
use crate::wrap::WrapperKeys;

/// The committed contract's files, where there is one; see `build.rs`.
mod committed {
    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
}

/// What the direct circuit's proof needs: parameters, proving key, and where the circuit's cells lie.
pub struct FinalKeys {
    /// The KZG parameters.
    pub parameters: Parameters,
    /// The proving key.
    pub key: Key,
    /// The circuit's shape.
    pub pinning: Pinning,
    /// What the circuit pins.
    pub root: RootKey,
}

impl FinalKeys {
    /// What its contract is generated from.
    pub(crate) fn contract_source(&self) -> ContractSource<'_> {
        ContractSource { circuit: Circuit::Direct, parameters: &self.parameters, vk: self.key.pk.get_vk() }
    }
}

type Slot<T> = Mutex<Option<Arc<T>>>;

/// All keys of an [`crate::Sdk`].
#[derive(Default)]
pub(crate) struct KeyRing {
    continuation: Slot<ContinuationKeys>,
    trees: Mutex<HashMap<AppVm, Arc<AggregationKeys>>>,
    last: Slot<FinalKeys>,
    wrapper: Slot<WrapperKeys>,
}

/// The slot's value, made if there is none yet.
fn get_or_make<T>(slot: &Slot<T>, make: impl FnOnce() -> Result<T, SdkError>) -> Result<Arc<T>, SdkError> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(value) = slot.as_ref() {
        return Ok(Arc::clone(value));
    }
    Ok(Arc::clone(slot.insert(Arc::new(make()?))))
}

impl KeyRing {
    /// Keys that do not depend on the App VM.
    pub(crate) fn continuation(&self) -> Result<Arc<ContinuationKeys>, SdkError> {
        get_or_make(&self.continuation, || ContinuationKeys::new().map_err(SdkError::TreeKeys))
    }

    /// Keys of the tree over a configuration's segments.
    pub(crate) fn tree(&self, app_vm: AppVm) -> Result<Arc<AggregationKeys>, SdkError> {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = trees.get(&app_vm) {
            return Ok(Arc::clone(keys));
        }
        let config = app_vm.config().map_err(SdkError::AppKeys)?;
        let app = AppVerifyingKey::new(&config).map_err(SdkError::AppKeys)?;
        let keys = AggregationKeys::new(self.continuation()?, app).map_err(SdkError::TreeKeys)?;
        let keys = Arc::new(keys);
        trees.insert(app_vm, Arc::clone(&keys));
        Ok(keys)
    }

    /// Keys of the final circuit, from the cache or made and put there.
    pub(crate) fn last(&self, options: &Options) -> Result<Arc<FinalKeys>, SdkError> {
        get_or_make(&self.last, || {
            let root = root_key(&*self.continuation()?);
            let parameters = parameters(options, log_rows(Circuit::Direct))?;
            let (key, pinning) = final_key(options, &root, &parameters)?;
            Ok(FinalKeys { parameters, key, pinning, root })
        })
    }

    /// Keys of the wrapper, from the cache or made and put there.
    pub(crate) fn wrapper(&self, options: &Options) -> Result<Arc<WrapperKeys>, SdkError> {
        get_or_make(&self.wrapper, || WrapperKeys::new(options, &*self.last(options)?))
    }

    /// The contract of a circuit: see [`contract`].
    pub(crate) fn contract(&self, options: &Options, circuit: Circuit) -> Result<Contract, SdkError> {
        self.with_source(options, circuit, |source| contract(options, source))
    }

    /// What a circuit's contract is generated from.
    pub(crate) fn with_source<T>(
        &self,
        options: &Options,
        circuit: Circuit,
        use_it: impl FnOnce(&ContractSource<'_>) -> Result<T, SdkError>,
    ) -> Result<T, SdkError> {
        match circuit {
            Circuit::Direct => use_it(&self.last(options)?.contract_source()),
            Circuit::Wrapped => use_it(&self.wrapper(options)?.contract_source()),
        }
    }

    /// Forgets all keys, as a new process would.
    pub(crate) fn clear(&self) {
        *self.continuation.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.trees.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.release_last();
    }

    /// Frees the final circuits' keys: hundreds of megabytes.
    pub(crate) fn release_last(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.wrapper.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn root_key(continuation: &ContinuationKeys) -> RootKey {
    RootKey {
        shape: continuation.root_vk.shape.clone(),
        digest: continuation.root_vk.digest,
        preprocessed: continuation.root_commitment(),
    }
}

/// log2 of the most powers that a proof of the circuit needs.
pub(crate) fn log_rows(circuit: Circuit) -> u32 {
    match circuit {
        Circuit::Direct => u32::try_from(K).unwrap_or(u32::MAX),
        Circuit::Wrapped => finial_wrapper::K,
    }
}

/// The 2^`k` powers of the parameters that the options name.
pub(crate) fn parameters(options: &Options, k: u32) -> Result<Parameters, SdkError> {
    if options.params == DEVELOPMENT {
        return Ok(Parameters::development(&options.cache, k)?);
    }
    Parameters::imported(&options.cache, &options.params, k)?.ok_or_else(|| SdkError::NoParams {
        name: options.params.clone(),
        k,
        cache: options.cache.clone(),
    })
}

fn final_key(options: &Options, root: &RootKey, parameters: &Parameters) -> Result<(Key, Pinning), SdkError> {
    let pinning = |extra: &[u8]| serde_json::from_slice::<Pinning>(extra).ok();
    let key = keys::load_or_make::<StaticCircuit, SdkError>(
        &options.cache,
        &circuit_name(root),
        &parameters.set,
        |extra| pinning(extra).map(|pinning| pinning.params),
        || {
            let circuit = keygen_circuit(root).map_err(|error| SdkError::Circuit(error.to_string()))?;
            let pk = keys::keygen(parameters, &circuit, false)?;
            let extra = serde_json::to_vec(&Pinning::of(&circuit))
                .map_err(|error| SdkError::Circuit(error.to_string()))?;
            Ok((pk, extra))
        },
    )?;
    let pinning = pinning(&key.extra)
        .ok_or_else(|| SdkError::Circuit("its key in the cache lacks the circuit's shape".to_owned()))?;
    Ok((key, pinning))
}

/// The circuit's name in the cache: what it pins, and the sources of its code.
fn circuit_name(root: &RootKey) -> String {
    let mut hasher = Sha256::new();
    hasher.update(env!("FINIAL_CIRCUIT_SOURCES"));
    hasher.update(format!("{:?}", (&root.digest, &root.preprocessed)));
    format!("root-{}", hex::encode(&hasher.finalize()[..8]))
}

/// Before a contract is made that may hold value: checks the parameters in the cache point by point, and removes the keys made
/// with them, so that they are made from nothing. Whoever could write to the cache could else choose the contract's key.
pub(crate) fn distrust_cache(options: &Options, circuit: Circuit) -> Result<(), SdkError> {
    for needed in Circuit::ALL.into_iter().filter(|needed| circuit.needs(*needed)) {
        Parameters::check(&options.cache, &options.params, log_rows(needed))?;
    }
    let io = |source| SdkError::Io { action: "remove the keys in", path: options.cache.clone(), source };
    let set = format!("-{}-k", options.params);
    for entry in std::fs::read_dir(&options.cache).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("key-") && name.contains(&set) {
            std::fs::remove_file(entry.path()).map_err(io)?;
        }
    }
    Ok(())
}

/// The contract for a verifying key: from the directory that the options name, from this build, from the cache, or made.
pub(crate) fn contract(options: &Options, source: &ContractSource<'_>) -> Result<Contract, SdkError> {
    let digest = source.vk_digest();
    let fits = |contract: &Contract| {
        let manifest = &contract.manifest;
        manifest.vk_digest == digest
            && manifest.circuit == source.circuit
            && manifest.params == source.parameters.set
    };
    if let Some(directory) = &options.contract {
        let contract = Contract::read(directory)?;
        let place = directory.display().to_string();
        return if fits(&contract) { Ok(contract) } else { Err(SdkError::OtherContract { place }) };
    }
    if let Some(contract) = committed_contract(source.circuit)?.filter(fits) {
        return Ok(contract);
    }
    let directory = options.cache.join(format!("contract-{}", hex::encode(&digest[..8])));
    if let Some(contract) = Contract::read(&directory).ok().filter(fits) {
        return Ok(contract);
    }
    tracing::warn!("the contract committed with this build is for another verifying key; making one now");
    let contract = make_contract(options, source)?;
    contract.write(&directory)?;
    Ok(contract)
}

/// What a contract is generated from.
pub(crate) struct ContractSource<'a> {
    pub(crate) circuit: Circuit,
    pub(crate) parameters: &'a Parameters,
    pub(crate) vk: &'a Bn254VerifyingKey,
}

impl ContractSource<'_> {
    pub(crate) fn vk_digest(&self) -> [u8; 32] {
        keys::vk_digest(self.vk)
    }
}

/// The contract, generated and compiled.
pub(crate) fn make_contract(options: &Options, source: &ContractSource<'_>) -> Result<Contract, SdkError> {
    let compiler = Compiler { program: options.compiler.clone() };
    Ok(Contract::generate(source.circuit, source.parameters, source.vk, &compiler)?)
}

/// The contract of a circuit that is part of this build, if any.
///
/// # Errors
/// When its files are malformed.
pub(crate) fn committed_contract(circuit: Circuit) -> Result<Option<Contract>, SdkError> {
    let file =
        |name: &str| committed::FILES.iter().find(|(of, file, _)| *of == circuit.name() && *file == name);
    if file(MANIFEST).is_none() {
        return Ok(None);
    }
    let contract = Contract::from_files(|name| {
        let missing = || ContractError::Malformed { file: name, reason: "it is missing".to_owned() };
        file(name).map(|(_, _, text)| (*text).to_owned()).ok_or_else(missing)
    })?;
    Ok(Some(contract))
}
