//! KZG parameters: made from a public seed for development, or taken from a ceremony.
//!
//! `[s⁰]G … [s^(n−1)]G` and the same group elements in Lagrange form, with `[1]H` and `[s]H`. Whoever
//! knows `s` can forge proofs. The development set's `s` is the hash of a sentence printed below, so
//! everybody knows it: the set is marked insecure, and so is all that is made with it.
//!
//! A name stands for one secret: sets of one name and different size hold powers of the same `s`, and
//! keys made with them can be combined (a circuit that verifies another circuit's proofs leaves its
//! pairing to the contract, which makes sense for one `s` only). Names of different secrets cannot.

mod check;
mod development;
mod import;
pub mod manifest;
#[cfg(test)]
mod tests;

use crate::{
    cache::{self, CacheError},
    ceremony::{CeremonyError, Refusal},
};
use halo2_base::halo2_proofs::{
    SerdeFormat,
    halo2curves::bn256::{Bn256, G1Affine, G2Affine},
    poly::{commitment::Params, kzg::commitment::ParamsKZG},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use thiserror::Error;

pub use check::{CachedSet, CheckedSet};
pub(crate) use development::development_points;
#[cfg(test)]
pub(crate) use development::points;
pub use import::{Claim, Imported, LagrangeForm};

/// Name of the set that [`Parameters::development`] makes.
pub const DEVELOPMENT: &str = "development-1";
/// The sentence whose SHA-512 is the development set's secret.
pub const DEVELOPMENT_SEED: &str =
    "Finial development parameters 1: this secret is public, so proofs made with them prove nothing.";
/// Largest `k` made or read; a larger one is a mistake (2^24 points are 2 GiB).
pub const MAX_K: u32 = 24;

const KIND: &str = "kzg-parameters";

/// Which parameters something was made with. Goes into every key, contract and proof file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParamSet {
    /// Its name.
    pub name: String,
    /// True if the secret is known: for development only.
    pub insecure: bool,
    /// It has 2^k powers.
    pub k: u32,
    /// SHA-256 of the checked file that holds it.
    #[serde(with = "crate::proof_file::hex_array")]
    pub digest: [u8; 32],
}

/// A parameter set with its points.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// Which set it is.
    pub set: ParamSet,
    /// Its points, as Halo2 wants them.
    pub kzg: ParamsKZG<Bn256>,
}

/// Why parameters could not be had.
#[derive(Debug, Error)]
pub enum ParamsError {
    /// The cache failed.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The size asked for makes no sense.
    #[error("parameters of 2^{0} powers are not supported: k is 1..={MAX_K}")]
    Size(u32),
    /// The file is whole, and is about another set.
    #[error("{path} describes the set {found}, not {expected}; delete it and it will be made again")]
    WrongSet {
        /// Which file.
        path: PathBuf,
        /// The set asked for.
        expected: String,
        /// The set it holds.
        found: String,
    },
    /// The set is not the pinned one.
    #[error("the parameters {name} with k = {k} have digest {actual}, but params/sets.json has {expected}")]
    NotPinned {
        /// The set's name.
        name: String,
        /// Its size.
        k: u32,
        /// The pinned digest, hexadecimal.
        expected: String,
        /// The digest found, hexadecimal.
        actual: String,
    },
    /// The name cannot be that of an imported set.
    #[error(
        "{0:?} cannot name imported parameters: use small letters, digits and hyphens, and not \"development…\""
    )]
    Name(String),
    /// Two sets that do not go together.
    #[error(
        "the parameters {first} and {second} are not of one secret, so what is made with them cannot be combined"
    )]
    OtherSecret {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// There is no such set.
    #[error("{path} does not exist")]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// The cache cannot be looked through.
    #[error("cannot list the parameters in {path}")]
    List {
        /// Which directory or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A ceremony's file, or a set's, was not accepted.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// The points could not be decoded.
    #[error("{path} does not hold valid curve points")]
    Points {
        /// Which file.
        path: PathBuf,
        /// What the decoder said.
        source: std::io::Error,
    },
}

impl Parameters {
    /// The development set of size `k` from the cache, made there first if need be (a damaged file is
    /// made again).
    ///
    /// # Errors
    /// When `k` is out of range or the cache cannot be read or written.
    pub fn development(cache: &Path, k: u32) -> Result<Self, ParamsError> {
        if !(1..=MAX_K).contains(&k) {
            return Err(ParamsError::Size(k));
        }
        match Self::read(&path_in(cache, DEVELOPMENT, k), DEVELOPMENT, k) {
            Ok(Some(parameters)) => return parameters.require_pinned(),
            Ok(None) => {}
            Err(ParamsError::Cache(error @ CacheError::Damaged { .. })) => {
                tracing::warn!("{error}; making it again now");
            }
            Err(error) => return Err(error),
        }
        store(cache, DEVELOPMENT, k, development_points(k))?.require_pinned()
    }

    /// A set that [`Self::import`] has put into the cache; `None` if it has not.
    ///
    /// # Errors
    /// When the cache cannot be read, or holds something else or a damaged file.
    pub fn imported(cache: &Path, name: &str, k: u32) -> Result<Option<Self>, ParamsError> {
        require_name(name)?;
        Self::read(&path_in(cache, name, k), name, k)?.map(Self::require_pinned).transpose()
    }

    /// Both sets hold powers of one secret, so keys made with them can be combined.
    ///
    /// # Errors
    /// When they do not: a proof's pairing equation for one secret says nothing about another's.
    pub fn require_same_secret(&self, other: &Self) -> Result<(), ParamsError> {
        let secret = |set: &Self| (set.kzg.g2(), set.kzg.s_g2());
        if self.set.name == other.set.name && secret(self) == secret(other) {
            return Ok(());
        }
        let text = |set: &ParamSet| format!("{} (k = {})", set.name, set.k);
        Err(ParamsError::OtherSecret { first: text(&self.set), second: text(&other.set) })
    }

    /// Compares the digest with that in `params/sets.json`, where the set is listed.
    fn require_pinned(self) -> Result<Self, ParamsError> {
        let Self { set, kzg } = self;
        Ok(Self { set: require_pinned(set)?, kzg })
    }

    /// Reads a set whose points were checked when they were written: what is compared is the file's
    /// digest, and that the name fits the secret.
    fn read(path: &Path, name: &str, k: u32) -> Result<Option<Self>, ParamsError> {
        let Some(mut file) = cache::open(path, KIND)? else { return Ok(None) };
        require_meta(path, &file.meta, name, k)?;
        let kzg = ParamsKZG::read_custom(&mut file.body, SerdeFormat::RawBytesUnchecked)
            .map_err(|source| ParamsError::Points { path: path.to_owned(), source })?;
        if kzg.k() != k {
            let (expected, found) = (meta(name, k), meta(name, kzg.k()));
            return Err(ParamsError::WrongSet { path: path.to_owned(), expected, found });
        }
        import::require_ceremony(&manifest::ceremonies(), name, &kzg.s_g2())
            .map_err(|reason: Refusal| reason.of(path))?;
        let set = ParamSet { name: name.to_owned(), insecure: name == DEVELOPMENT, k, digest: file.digest };
        Ok(Some(Self { set, kzg }))
    }
}

fn store(cache: &Path, name: &str, k: u32, kzg: ParamsKZG<Bn256>) -> Result<Parameters, ParamsError> {
    let path = path_in(cache, name, k);
    let digest = cache::write(&path, KIND, meta(name, k).as_bytes(), |mut w| {
        kzg.write_custom(&mut w, SerdeFormat::RawBytesUnchecked)
    })?;
    let set = ParamSet { name: name.to_owned(), insecure: name == DEVELOPMENT, k, digest };
    Ok(Parameters { set, kzg })
}

/// Names go into file names, and the development sets' are taken.
fn require_name(name: &str) -> Result<(), ParamsError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) || name.starts_with("development") {
        return Err(ParamsError::Name(name.to_owned()));
    }
    Ok(())
}

fn require_meta(path: &Path, found: &[u8], name: &str, k: u32) -> Result<(), ParamsError> {
    let expected = meta(name, k);
    if found == expected.as_bytes() {
        return Ok(());
    }
    let found = String::from_utf8_lossy(found).into_owned();
    Err(ParamsError::WrongSet { path: path.to_owned(), expected, found })
}

/// The set, if its digest is that in `params/sets.json` or it is not listed there.
fn require_pinned(set: ParamSet) -> Result<ParamSet, ParamsError> {
    match pinned_sets().into_iter().find(|pin| pin.name == set.name && pin.k == set.k) {
        Some(pin) if pin != set => Err(ParamsError::NotPinned {
            expected: hex::encode(pin.digest),
            actual: hex::encode(set.digest),
            name: set.name,
            k: set.k,
        }),
        _ => Ok(set),
    }
}

/// The sets whose digests are pinned.
pub fn pinned_sets() -> Vec<ParamSet> {
    serde_json::from_str(include_str!("../../../../params/sets.json")).expect("a test reads params/sets.json")
}

fn path_in(cache: &Path, name: &str, k: u32) -> PathBuf {
    cache.join(format!("params-{name}-k{k}"))
}

fn meta(name: &str, k: u32) -> String {
    format!("{name} k={k}")
}

/// Puts a set together; without Lagrange points it computes them, which takes minutes from k = 18 on.
pub(crate) fn assemble(
    k: u32,
    g: Vec<G1Affine>,
    g_lagrange: Option<Vec<G1Affine>>,
    g2: G2Affine,
    s_g2: G2Affine,
) -> ParamsKZG<Bn256> {
    // `from_parts` is a method; any value will do as its receiver.
    ParamsKZG::<Bn256>::setup(1, rand_core::OsRng).from_parts(k, g, g_lagrange, g2, s_g2)
}
