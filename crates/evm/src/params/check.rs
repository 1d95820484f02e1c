//! What the cache holds, and whether it is right.

use super::{
    DEVELOPMENT, KIND, MAX_K, ParamSet, Parameters, ParamsError, import, manifest, path_in, pinned_sets,
    require_meta, require_pinned,
};
use crate::{
    cache::{self, CheckedFile},
    ceremony::{self, Refusal},
};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Seek},
    path::{Path, PathBuf},
};

/// A set whose points were checked again.
#[derive(Clone, Debug)]
pub struct CheckedSet {
    /// Which set.
    pub set: ParamSet,
    /// Whether `params/sets.json` has its digest (and the digest is that).
    pub pinned: bool,
    /// The ceremony of the manifest that its points are of, by `[s]H`.
    pub ceremony: Option<String>,
}

/// A set's file in the cache, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CachedSet {
    /// The set's name.
    pub name: String,
    /// Its size.
    pub k: u32,
    /// Where it is.
    pub path: PathBuf,
}

impl Parameters {
    /// The sets that are in a cache, by name and size. They are not opened.
    ///
    /// # Errors
    /// When the directory cannot be read; if there is none, there are no sets.
    pub fn cached(cache: &Path) -> Result<Vec<CachedSet>, ParamsError> {
        let failed = |source| ParamsError::List { path: cache.to_owned(), source };
        let entries = match fs::read_dir(cache) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut sets = BTreeSet::new();
        for entry in entries {
            let file = entry.map_err(failed)?.file_name();
            let parts =
                file.to_str().and_then(|f| f.strip_prefix("params-")).and_then(|f| f.rsplit_once("-k"));
            let Some((name, k)) = parts.and_then(|(name, k)| Some((name, k.parse::<u32>().ok()?))) else {
                continue;
            };
            if (1..=MAX_K).contains(&k) {
                sets.insert(CachedSet { name: name.to_owned(), k, path: path_in(cache, name, k) });
            }
        }
        Ok(sets.into_iter().collect())
    }

    /// Checks a cached set again: the file's digest and pin, every point's curve, the powers and their
    /// Lagrange form, and that `[s]H` is that of the ceremony (or development secret) it is named after.
    ///
    /// # Errors
    /// Says what is wrong with it. A missing set is an error, too.
    pub fn check(cache: &Path, name: &str, k: u32) -> Result<CheckedSet, ParamsError> {
        let path = path_in(cache, name, k);
        let Some(mut file) = cache::open(&path, KIND)? else {
            return Err(ParamsError::Missing { path });
        };
        require_meta(&path, &file.meta, name, k)?;
        let digest = file.digest;
        let length =
            body_length(&mut file).map_err(|source| ParamsError::List { path: path.clone(), source })?;
        let points = ceremony::read_srs(&path, file.body, length, k)?;
        let refused = |reason: Refusal| reason.of(&path);
        let manifest = manifest::ceremonies();
        import::require_ceremony(&manifest, name, &points.s_g2).map_err(refused)?;
        ceremony::require_powers(&points.powers, &points.g2, &points.s_g2).map_err(refused)?;
        // A file of another size than its description has its Lagrange form elsewhere, and none here.
        let lagrange = points.lagrange.as_deref().ok_or_else(|| refused(Refusal::Lagrange))?;
        ceremony::require_lagrange(&points.powers, lagrange).map_err(refused)?;
        let ceremony = manifest::by_point(&manifest, &points.s_g2).map(|ceremony| ceremony.title.clone());
        let set =
            require_pinned(ParamSet { name: name.to_owned(), insecure: name == DEVELOPMENT, k, digest })?;
        Ok(CheckedSet { pinned: pinned_sets().contains(&set), set, ceremony })
    }
}

/// Bytes from where the file stands to its end.
fn body_length(file: &mut CheckedFile) -> io::Result<u64> {
    let position = file.body.stream_position()?;
    Ok(file.body.get_ref().metadata()?.len() - position)
}
