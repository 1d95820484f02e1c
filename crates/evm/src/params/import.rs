//! From a ceremony's file to a set in the cache.

use super::{
    DEVELOPMENT, MAX_K, Parameters, ParamsError, assemble,
    development::development_s_g2,
    manifest::{self, Ceremony, ceremonies},
    path_in, require_name, store,
};
use crate::{
    cache::{self, CacheError},
    ceremony::{self, CeremonyError, FileDigests, Points, Refusal},
};
use halo2_base::halo2_proofs::halo2curves::{bn256::G2Affine, serde::SerdeObject};
use std::{
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// What somebody says about a file that the manifest does not list.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// What to call the set.
    pub name: &'a str,
    /// The file's SHA-256, from a source that is trusted.
    pub sha256: &'a [u8; 32],
}

/// Where the Lagrange form came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LagrangeForm {
    /// From the file.
    Read,
    /// The file has none of this size; it was computed.
    Computed,
}

/// A set that was imported.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The set.
    pub parameters: Parameters,
    /// The ceremony of the manifest that its points are of, by `[s]H`.
    pub ceremony: Option<String>,
    /// The name under which the manifest lists the file, if it does.
    pub listed_as: Option<String>,
    /// The file has 2^power powers.
    pub power: u32,
    /// How many contributions the file tells of.
    pub contributions: Option<u32>,
    /// Where the Lagrange form came from.
    pub lagrange: LagrangeForm,
    /// The file's digests.
    pub digests: FileDigests,
}

impl Parameters {
    /// Takes the first 2^`k` powers from a ceremony's file, checks file and points, and puts them into the
    /// cache: under the ceremony's name if `params/ceremonies.json` lists the file, else under the claimed
    /// one. `progress` is told what is being done.
    ///
    /// # Errors
    /// When the file is neither listed nor the claimed one, is malformed, too small or of another
    /// ceremony, or its points are not powers of one secret.
    pub fn import(
        cache: &Path,
        k: u32,
        file: &Path,
        claim: Option<Claim<'_>>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Imported, ParamsError> {
        import(&ceremonies(), cache, k, file, claim, progress)
    }
}

pub(super) fn import(
    manifest: &[Ceremony],
    cache: &Path,
    k: u32,
    file: &Path,
    claim: Option<Claim<'_>>,
    progress: &mut dyn FnMut(&str),
) -> Result<Imported, ParamsError> {
    if !(1..=MAX_K).contains(&k) {
        return Err(ParamsError::Size(k));
    }
    if let Some(claim) = claim {
        require_name(claim.name)?;
    }
    progress(&format!("reading and hashing the file, keeping 2^{k} powers"));
    let points = ceremony::read(file, k)?;
    let refused = |reason: Refusal| reason.of(file);
    ceremony::require_g2(&points.g2, &points.s_g2).map_err(refused)?;
    let listed = manifest::by_file(manifest, &points.digests);
    let name = name_of(manifest, listed.map(|(ceremony, _)| ceremony), claim, &points).map_err(refused)?;
    require_free(cache, &name, &points.s_g2)?;

    progress("checking the powers: a pairing with random weights");
    ceremony::require_powers(&points.powers, &points.g2, &points.s_g2).map_err(refused)?;
    let Points { power, powers, lagrange, g2, s_g2, contributions, digests } = points;
    let (lagrange, form) = match lagrange {
        Some(lagrange) => (lagrange, LagrangeForm::Read),
        None => {
            progress("computing the Lagrange form, which the file does not have for this size");
            (ceremony::transform(&powers), LagrangeForm::Computed)
        }
    };
    progress("checking the Lagrange form with random weights");
    ceremony::require_lagrange(&powers, &lagrange).map_err(refused)?;
    progress("writing the set to the cache");
    let parameters = store(cache, &name, k, assemble(k, powers, Some(lagrange), g2, s_g2))?;
    Ok(Imported {
        parameters: parameters.require_pinned()?,
        ceremony: manifest::by_point(manifest, &s_g2).map(|ceremony| ceremony.title.clone()),
        listed_as: listed.map(|(_, file)| file.name.clone()),
        power,
        contributions,
        lagrange: form,
        digests,
    })
}

/// The set's name. Whatever says which ceremony this is — the file's digest, a name, `[s]H` — must agree.
fn name_of(
    manifest: &[Ceremony],
    listed: Option<&Ceremony>,
    claim: Option<Claim<'_>>,
    points: &Points,
) -> Result<String, Refusal> {
    if let Some(claim) = claim.filter(|claim| *claim.sha256 != points.digests.sha256) {
        let [expected, actual] = [claim.sha256, &points.digests.sha256].map(hex::encode);
        return Err(Refusal::Digest { expected, actual });
    }
    let name = match (listed, claim) {
        (_, Some(claim)) => claim.name,
        (Some(ceremony), None) => &ceremony.name,
        (None, None) => {
            let about = match manifest::by_point(manifest, &points.s_g2) {
                Some(ceremony) => format!(
                    "its [s]H is that of {}, so it is another file of that ceremony or a damaged one",
                    ceremony.name
                ),
                None => "nor is its [s]H that of a ceremony listed there".to_owned(),
            };
            let [blake2b, sha256] = [&points.digests.blake2b[..], &points.digests.sha256].map(hex::encode);
            return Err(Refusal::NotListed { about, blake2b, sha256 });
        }
    };
    if let Some(ceremony) = listed.filter(|ceremony| ceremony.name != name) {
        let (expected, found) = (name.to_owned(), format!("those of {}", ceremony.name));
        return Err(Refusal::OtherCeremony { expected, found });
    }
    require_ceremony(manifest, name, &points.s_g2)?;
    Ok(name.to_owned())
}

/// A name that says which secret it stands for, and `[s]H`, go together: those of the listed ceremonies and
/// that of the development sets.
pub(super) fn require_ceremony(manifest: &[Ceremony], name: &str, s_g2: &G2Affine) -> Result<(), Refusal> {
    match (name == DEVELOPMENT, *s_g2 == development_s_g2()) {
        (true, true) => return Ok(()),
        (false, true) => return Err(Refusal::Development),
        (true, false) => {
            let found = "not made from the published sentence".to_owned();
            return Err(Refusal::OtherCeremony { expected: name.to_owned(), found });
        }
        (false, false) => {}
    }
    let found = manifest::by_point(manifest, s_g2);
    let named = manifest::by_name(manifest, name).filter(|ceremony| ceremony.s_g2.is_some());
    match (found, named) {
        (Some(found), _) if found.name == name => Ok(()),
        (Some(found), _) => Err(Refusal::OtherCeremony {
            expected: name.to_owned(),
            found: format!("those of {}", found.name),
        }),
        (None, Some(named)) => Err(Refusal::OtherCeremony {
            expected: named.name.clone(),
            found: "of a ceremony that params/ceremonies.json does not list".to_owned(),
        }),
        (None, None) => Ok(()),
    }
}

/// All sets of a name share one secret, whatever their size: keys made with one of them can be combined
/// with keys made with another.
fn require_free(cache: &Path, name: &str, s_g2: &G2Affine) -> Result<(), ParamsError> {
    for k in 1..=MAX_K {
        let path = path_in(cache, name, k);
        match held_secret(&path) {
            Ok(Some(held)) if held != *s_g2.to_raw_bytes() => {
                let reason = Refusal::NameTaken { name: name.to_owned(), held: path.clone() };
                return Err(CeremonyError { path, reason }.into());
            }
            // What is damaged is no set.
            Ok(_) | Err(CacheError::Damaged { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The last point of a set's file, `[s]H`.
fn held_secret(path: &Path) -> Result<Option<Vec<u8>>, CacheError> {
    let Some(mut file) = cache::open(path, super::KIND)? else { return Ok(None) };
    let mut bytes = vec![0; 128];
    let read = file.body.seek(SeekFrom::End(-128)).and_then(|_| file.body.read_exact(&mut bytes));
    read.map_err(|source| CacheError::Io { action: "read", path: path.to_owned(), source })?;
    Ok(Some(bytes))
}
