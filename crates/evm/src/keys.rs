//! Proving and verifying keys: made from a circuit, kept in checked files.

use crate::{
    cache::{self, CacheError},
    params::{ParamSet, Parameters},
};
use halo2_base::halo2_proofs::{
    SerdeFormat,
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::PrimeField,
    },
    plonk::{self, Circuit, ProvingKey, VerifyingKey, keygen_pk2},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    io,
    path::{Path, PathBuf},
};
use thiserror::Error;

const KIND: &str = "halo2-proving-key";

/// A verifying key with commitments on BN254.
pub type Bn254VerifyingKey = VerifyingKey<G1Affine>;

/// Why a key could not be made or read.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The cache failed.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// Key generation failed.
    #[error("the circuit does not fit parameters of 2^{k} rows, or is not well formed")]
    Keygen {
        /// Size of the parameters.
        k: u32,
        /// What Halo2 said.
        source: plonk::Error,
    },
    /// A whole file belongs to another circuit or to other parameters.
    #[error(
        "{path} holds a key for other parameters or another circuit; delete it and it will be made again"
    )]
    Stale {
        /// Which file.
        path: PathBuf,
    },
    /// The key in a whole file could not be decoded.
    #[error("{path} does not hold a proving key")]
    Decode {
        /// Which file.
        path: PathBuf,
        /// What the decoder said.
        source: io::Error,
    },
    /// The key is not the pinned one.
    #[error(
        "the verifying key's digest is {actual}, but {expected} is pinned: \
         the circuit, the parameters or a dependency changed"
    )]
    NotPinned {
        /// The pinned digest, hexadecimal.
        expected: String,
        /// The digest found, hexadecimal.
        actual: String,
    },
}

/// What a key file says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Meta {
    circuit: String,
    params: ParamSet,
    extra: Vec<u8>,
}

/// A proving key with what its circuit needs to prove beside it.
#[derive(Debug)]
pub struct Key {
    /// The proving key; its verifying key is inside.
    pub pk: ProvingKey<G1Affine>,
    /// What the circuit stored at key generation: configuration, break points.
    pub extra: Vec<u8>,
}

/// Makes the keys of a circuit. The circuit is laid out once.
///
/// # Errors
/// When the circuit does not fit the parameters.
pub fn keygen<C: Circuit<Fr>>(
    parameters: &Parameters,
    circuit: &C,
    compress_selectors: bool,
) -> Result<ProvingKey<G1Affine>, KeyError> {
    keygen_pk2(&parameters.kzg, circuit, compress_selectors)
        .map_err(|source| KeyError::Keygen { k: parameters.set.k, source })
}

/// Where the key of a circuit lies in a cache directory. `circuit` names the circuit and its version.
pub fn key_path(cache: &Path, circuit: &str, params: &ParamSet) -> PathBuf {
    let digest = hex::encode(&params.digest[..8]);
    cache.join(format!("key-{circuit}-{}-k{}-{digest}", params.name, params.k))
}

/// Writes a key to its file.
///
/// # Errors
/// When the file cannot be written.
pub fn store(
    path: &Path,
    circuit: &str,
    params: &ParamSet,
    pk: &ProvingKey<G1Affine>,
    extra: &[u8],
) -> Result<(), KeyError> {
    let meta = Meta { circuit: circuit.to_owned(), params: params.clone(), extra: extra.to_vec() };
    let meta = serde_json::to_vec(&meta).expect("plain data has a JSON form");
    cache::write(path, KIND, &meta, |mut w| pk.write(&mut w, SerdeFormat::RawBytesUnchecked))?;
    Ok(())
}

/// Reads a key from its file; `None` if there is none. `configuration` turns what [`store`] was given
/// as `extra` into the circuit's parameters, or refuses it.
///
/// # Errors
/// When the file cannot be read, is damaged, or holds another circuit's key.
pub fn load<C: Circuit<Fr>>(
    path: &Path,
    circuit: &str,
    params: &ParamSet,
    configuration: impl FnOnce(&[u8]) -> Option<C::Params>,
) -> Result<Option<Key>, KeyError> {
    let Some(mut file) = cache::open(path, KIND)? else { return Ok(None) };
    let stale = || KeyError::Stale { path: path.to_owned() };
    let meta: Meta = serde_json::from_slice(&file.meta).map_err(|_| stale())?;
    if meta.circuit != circuit || meta.params != *params {
        return Err(stale());
    }
    let configuration = configuration(&meta.extra).ok_or_else(stale)?;
    let pk = ProvingKey::read::<_, C>(&mut file.body, SerdeFormat::RawBytesUnchecked, configuration)
        .map_err(|source| KeyError::Decode { path: path.to_owned(), source })?;
    Ok(Some(Key { pk, extra: meta.extra }))
}

/// [`load`], or `make` and [`store`] when there is no whole file. `make` returns the key and its `extra`.
///
/// # Errors
/// As [`load`], [`store`] and `make`.
pub fn load_or_make<C: Circuit<Fr>, E: From<KeyError>>(
    cache: &Path,
    circuit: &str,
    params: &ParamSet,
    configuration: impl FnOnce(&[u8]) -> Option<C::Params>,
    make: impl FnOnce() -> Result<(ProvingKey<G1Affine>, Vec<u8>), E>,
) -> Result<Key, E> {
    let path = key_path(cache, circuit, params);
    match load::<C>(&path, circuit, params, configuration) {
        Ok(Some(key)) => return Ok(key),
        Ok(None) => {}
        Err(error @ (KeyError::Cache(CacheError::Damaged { .. }) | KeyError::Stale { .. })) => {
            tracing::warn!("{error}; making it again now");
        }
        Err(error) => return Err(error.into()),
    }
    let (pk, extra) = make()?;
    store(&path, circuit, params, &pk, &extra)?;
    Ok(Key { pk, extra })
}

/// Names a verifying key: SHA-256 over its commitments and over Halo2's own digest of its constraints.
pub fn vk_digest(vk: &VerifyingKey<G1Affine>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"finial-halo2-verifying-key-1");
    hasher.update(vk.transcript_repr().to_repr());
    hasher.update(vk.to_bytes(SerdeFormat::Processed));
    hasher.finalize().into()
}

/// Compares a key with its pinned digest.
///
/// # Errors
/// When they differ.
pub fn require_pinned(vk: &VerifyingKey<G1Affine>, pinned: &[u8; 32]) -> Result<(), KeyError> {
    let actual = vk_digest(vk);
    if actual == *pinned {
        return Ok(());
    }
    Err(KeyError::NotPinned { expected: hex::encode(pinned), actual: hex::encode(actual) })
}
