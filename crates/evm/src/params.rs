//! KZG parameters: made from a public seed for development, or taken from a ceremony.
//!
//! `[s⁰]G … [s^(n−1)]G` and the same group elements in Lagrange form, with `[1]H` and `[s]H`. Whoever
//! knows `s` can forge proofs. The development set's `s` is the hash of a sentence printed below, so
//! everybody knows it: the set is marked insecure, and so is all that is made with it.

use crate::{
    cache::{self, CacheError},
    ceremony::{self, CeremonyError},
    fixed_base::FixedBase,
};
use halo2_base::halo2_proofs::{
    SerdeFormat,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        ff::{Field, FromUniformBytes, PrimeField},
        group::Curve,
    },
    poly::kzg::commitment::ParamsKZG,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};
use std::path::{Path, PathBuf};
use thiserror::Error;

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
    /// A ceremony's file was not accepted.
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
        Self::store(cache, DEVELOPMENT, k, development_points(k))?.require_pinned()
    }

    /// A set that [`Self::import`] has put into the cache; `None` if it has not.
    ///
    /// # Errors
    /// When the cache cannot be read, or holds something else or a damaged file.
    pub fn imported(cache: &Path, name: &str, k: u32) -> Result<Option<Self>, ParamsError> {
        ceremony::require_name(name)?;
        Self::read(&path_in(cache, name, k), name, k)?.map(Self::require_pinned).transpose()
    }

    /// Takes the first 2^`k` powers from a ceremony's file, checks file and points, and puts them into
    /// the cache under `name`.
    ///
    /// # Errors
    /// When the file is not the one whose SHA-256 is given, is malformed or too small, or its points
    /// are not powers of one secret.
    pub fn import(
        cache: &Path,
        name: &str,
        k: u32,
        file: &Path,
        sha256: &[u8; 32],
    ) -> Result<Self, ParamsError> {
        if !(1..=MAX_K).contains(&k) {
            return Err(ParamsError::Size(k));
        }
        ceremony::require_name(name)?;
        let kzg = ceremony::read(file, sha256, k)?;
        Self::store(cache, name, k, kzg)?.require_pinned()
    }

    fn store(cache: &Path, name: &str, k: u32, kzg: ParamsKZG<Bn256>) -> Result<Self, ParamsError> {
        let path = path_in(cache, name, k);
        let digest = cache::write(&path, KIND, meta(name, k).as_bytes(), |mut w| {
            kzg.write_custom(&mut w, SerdeFormat::RawBytesUnchecked)
        })?;
        let set = ParamSet { name: name.to_owned(), insecure: name == DEVELOPMENT, k, digest };
        Ok(Self { set, kzg })
    }

    /// Compares the digest with that in `params/sets.json`, where the set is listed.
    fn require_pinned(self) -> Result<Self, ParamsError> {
        let is_this = |pin: &&ParamSet| pin.name == self.set.name && pin.k == self.set.k;
        match pinned_sets().iter().find(is_this) {
            Some(pin) if *pin != self.set => Err(ParamsError::NotPinned {
                name: self.set.name.clone(),
                k: self.set.k,
                expected: hex::encode(pin.digest),
                actual: hex::encode(self.set.digest),
            }),
            _ => Ok(self),
        }
    }

    fn read(path: &Path, name: &str, k: u32) -> Result<Option<Self>, ParamsError> {
        let Some(mut file) = cache::open(path, KIND)? else { return Ok(None) };
        let expected = meta(name, k);
        if file.meta != expected.as_bytes() {
            let found = String::from_utf8_lossy(&file.meta).into_owned();
            return Err(ParamsError::WrongSet { path: path.to_owned(), expected, found });
        }
        let kzg = ParamsKZG::read_custom(&mut file.body, SerdeFormat::RawBytesUnchecked)
            .map_err(|source| ParamsError::Points { path: path.to_owned(), source })?;
        let set = ParamSet { name: name.to_owned(), insecure: name == DEVELOPMENT, k, digest: file.digest };
        Ok(Some(Self { set, kzg }))
    }
}

/// The sets whose digests are pinned.
pub fn pinned_sets() -> Vec<ParamSet> {
    serde_json::from_str(include_str!("../../../params/sets.json")).expect("a test reads params/sets.json")
}

fn path_in(cache: &Path, name: &str, k: u32) -> PathBuf {
    cache.join(format!("params-{name}-k{k}"))
}

fn meta(name: &str, k: u32) -> String {
    format!("{name} k={k}")
}

/// The development set's secret.
fn development_secret() -> Fr {
    Fr::from_uniform_bytes(&Sha512::digest(DEVELOPMENT_SEED).into())
}

fn development_points(k: u32) -> ParamsKZG<Bn256> {
    points(development_secret(), k)
}

/// `[s]H` of the development set: a set that has it is that set, whatever it is called.
pub(crate) fn development_s_g2() -> G2Affine {
    (G2Affine::generator() * development_secret()).to_affine()
}

/// The points for a known secret.
pub(crate) fn points(secret: Fr, k: u32) -> ParamsKZG<Bn256> {
    let base = FixedBase::new(G1Affine::generator(), k);
    let g = base.multiply(&powers(secret, 1 << k));
    let g_lagrange = base.multiply(&lagrange_at(secret, k));
    let g2 = G2Affine::generator();
    let s_g2 = (g2 * secret).to_affine();
    assemble(k, g, Some(g_lagrange), g2, s_g2)
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

fn powers(x: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |power| Some(power * x)).take(count).collect()
}

/// `Lᵢ(s) = (sⁿ − 1)/n · ωⁱ/(s − ωⁱ)` for `i < n = 2^k`; `s` must not be an n-th root of unity.
fn lagrange_at(s: Fr, k: u32) -> Vec<Fr> {
    let n = 1_usize << k;
    let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let roots = powers(omega, n);
    let n_inverse = Fr::from(n as u64).invert().expect("2^k is not zero in a field of odd order");
    let factor = (s.pow_vartime([n as u64]) - Fr::ONE) * n_inverse;
    let mut out = vec![Fr::ZERO; n];
    out.par_chunks_mut(1 << 12).zip(roots.par_chunks(1 << 12)).for_each(|(out, roots)| {
        let mut product = Fr::ONE;
        for (value, root) in out.iter_mut().zip(roots) {
            *value = product;
            product *= s - root;
        }
        let mut inverse = product.invert().expect("the secret is not a root of unity");
        for (value, root) in out.iter_mut().zip(roots).rev() {
            *value *= inverse * root * factor;
            inverse *= s - root;
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::halo2_proofs::poly::commitment::ParamsProver;

    /// Feeds the library's own set-up with the development secret.
    struct Fixed(Vec<u8>);

    impl rand_core::RngCore for Fixed {
        fn next_u32(&mut self) -> u32 {
            u32::from_le_bytes(self.0.drain(..4).collect::<Vec<_>>().try_into().unwrap())
        }
        fn next_u64(&mut self) -> u64 {
            u64::from_le_bytes(self.0.drain(..8).collect::<Vec<_>>().try_into().unwrap())
        }
        fn fill_bytes(&mut self, out: &mut [u8]) {
            let n = out.len();
            out.copy_from_slice(&self.0.drain(..n).collect::<Vec<_>>());
        }
        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(out);
            Ok(())
        }
    }

    fn bytes(params: &ParamsKZG<Bn256>) -> Vec<u8> {
        let mut out = Vec::new();
        params.write_custom(&mut out, SerdeFormat::RawBytes).unwrap();
        out
    }

    #[test]
    fn fast_points_equal_the_librarys() {
        let rng = Fixed(Sha512::digest(DEVELOPMENT_SEED).to_vec());
        let theirs = ParamsKZG::<Bn256>::setup(7, rng);
        assert_eq!(bytes(&theirs), bytes(&development_points(7)));
    }

    #[test]
    fn the_pinned_sets_are_what_is_made() {
        let directory = tempfile::tempdir().unwrap();
        let small = pinned_sets().into_iter().filter(|set| set.k <= 14).collect::<Vec<_>>();
        assert!(!small.is_empty());
        for set in small {
            assert_eq!(Parameters::development(directory.path(), set.k).unwrap().set, set);
        }
        let mut other = Parameters::development(directory.path(), 10).unwrap();
        other.set.digest[0] ^= 1;
        assert!(matches!(other.require_pinned(), Err(ParamsError::NotPinned { k: 10, .. })));
    }

    #[test]
    fn the_cache_gives_back_the_same_set_and_repairs_itself() {
        let directory = tempfile::tempdir().unwrap();
        let made = Parameters::development(directory.path(), 6).unwrap();
        let read = Parameters::development(directory.path(), 6).unwrap();
        assert!(made.set.insecure);
        assert_eq!(made.set, read.set);
        assert_eq!(made.kzg.get_g(), read.kzg.get_g());
        let path = directory.path().join(format!("params-{DEVELOPMENT}-k6"));
        let mut damaged = std::fs::read(&path).unwrap();
        damaged[100] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(Parameters::development(directory.path(), 6).unwrap().set, made.set);
        std::fs::rename(&path, directory.path().join(format!("params-{DEVELOPMENT}-k7"))).unwrap();
        let other = Parameters::development(directory.path(), 7);
        assert!(matches!(other, Err(ParamsError::WrongSet { .. })));
        assert!(matches!(Parameters::development(directory.path(), 0), Err(ParamsError::Size(0))));
    }
}
