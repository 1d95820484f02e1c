//! `params`: making, importing, checking and listing KZG parameters.

use std::path::Path;

use finial_evm::params::{
    Claim, LagrangeForm, ParamSet, ParamsError,
    manifest::{self, CeremonyFile},
};
use finial_evm::{Circuit, Parameters};
use serde::Serialize;

use crate::Sdk;
use crate::error::SdkError;
use crate::keys::log_rows;
use crate::outcome::Hex;
use crate::progress::Work;

/// Steps of an import, for the progress bar.
const STEPS: f64 = 5.0;

/// Of `params import`.
#[derive(Clone, Debug, Serialize)]
pub struct ImportOutcome {
    /// The sets that are in the cache now.
    pub sets: Vec<ParamSet>,
    /// The ceremony of `params/ceremonies.json` that they are of, by `[s]H`.
    pub ceremony: Option<String>,
    /// The name under which `params/ceremonies.json` lists the file, if it does.
    pub listed_as: Option<String>,
    /// The file has 2^power powers.
    pub power: u32,
    /// How many contributions the file tells of.
    pub contributions: Option<u32>,
    /// For each set, whether its Lagrange form was computed because the file does not have it.
    pub lagrange_computed: Vec<bool>,
    /// The file's SHA-256.
    pub sha256: Hex,
    /// The file's BLAKE2b of 64 bytes.
    pub blake2b: Hex,
}

/// A set that was checked.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedParameters {
    /// Which set.
    #[serde(flatten)]
    pub set: ParamSet,
    /// Whether `params/sets.json` pins its digest.
    pub pinned: bool,
    /// The ceremony of `params/ceremonies.json` that it is of, by `[s]H`.
    pub ceremony: Option<String>,
}

/// Of `params check`.
#[derive(Clone, Debug, Serialize)]
pub struct CheckOutcome {
    /// All of them are right.
    pub sets: Vec<CheckedParameters>,
}

/// A set in the cache, not opened.
#[derive(Clone, Debug, Serialize)]
pub struct CachedParameters {
    /// Its name.
    pub name: String,
    /// It has 2^k powers.
    pub k: u32,
}

/// A file of a ceremony.
#[derive(Clone, Debug, Serialize)]
pub struct ListedFile {
    /// Its published name.
    pub name: String,
    /// It has 2^power powers.
    pub power: u32,
    /// Which circuits it suffices for.
    pub circuits: Vec<Circuit>,
    /// Where it can be had.
    pub url: String,
}

impl From<CeremonyFile> for ListedFile {
    fn from(file: CeremonyFile) -> Self {
        let mut circuits = Circuit::ALL.to_vec();
        circuits.retain(|circuit| file.power >= log_rows(*circuit));
        Self { name: file.name, power: file.power, circuits, url: file.url }
    }
}

/// A ceremony that can be imported.
#[derive(Clone, Debug, Serialize)]
pub struct ListedCeremony {
    /// Name of its sets.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Which contributions are in it.
    pub contribution: String,
    /// Its files that suffice for this build, smallest first.
    pub files: Vec<ListedFile>,
}

/// Of `params list`.
#[derive(Clone, Debug, Serialize)]
pub struct ListOutcome {
    /// The sets in the cache.
    pub cached: Vec<CachedParameters>,
    /// What `params/ceremonies.json` lists.
    pub ceremonies: Vec<ListedCeremony>,
}

/// The sizes of which a circuit's proofs need sets, smallest first. A wrapped proof needs a direct one.
fn sizes(circuit: Circuit) -> Vec<u32> {
    let mut sizes = vec![log_rows(Circuit::Direct)];
    if circuit == Circuit::Wrapped {
        sizes.push(log_rows(Circuit::Wrapped));
    }
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

impl Sdk {
    /// Makes the development parameters that a circuit's proofs need, or finds them in the cache.
    ///
    /// # Errors
    /// When the cache cannot be read or written.
    pub fn development_parameters(&self, circuit: Circuit) -> Result<Vec<ParamSet>, SdkError> {
        let make = |k| Ok(Parameters::development(&self.options.cache, k)?.set);
        sizes(circuit).into_iter().map(make).collect()
    }

    /// Takes parameters from a ceremony's `.srs` or `.ptau` file into the cache, in the sizes that a
    /// circuit's proofs need. A file that `params/ceremonies.json` does not list needs a claim.
    ///
    /// # Errors
    /// When the file is neither listed nor the claimed one, or is refused for what is in it.
    pub fn import_parameters(
        &self,
        circuit: Circuit,
        file: &Path,
        claim: Option<Claim<'_>>,
    ) -> Result<ImportOutcome, SdkError> {
        let sizes = sizes(circuit);
        let work = Work::new(&*self.observer, STEPS * sizes.len() as f64);
        let mut outcome: Option<ImportOutcome> = None;
        for k in sizes {
            let mut progress = |step: &str| {
                work.begin(step);
                work.done(1.0);
            };
            let made = Parameters::import(&self.options.cache, k, file, claim, &mut progress)?;
            let outcome = outcome.get_or_insert_with(|| ImportOutcome {
                sets: Vec::new(),
                ceremony: made.ceremony,
                listed_as: made.listed_as,
                power: made.power,
                contributions: made.contributions,
                lagrange_computed: Vec::new(),
                sha256: Hex(made.digests.sha256.to_vec()),
                blake2b: Hex(made.digests.blake2b.to_vec()),
            });
            outcome.sets.push(made.parameters.set);
            outcome.lagrange_computed.push(made.lagrange == LagrangeForm::Computed);
        }
        outcome.ok_or(SdkError::Params(ParamsError::Size(0)))
    }

    /// Checks the cached sets of a name again, or all of them.
    ///
    /// # Errors
    /// Says what is wrong with the first that is not right, or that there is none.
    pub fn check_parameters(&self, name: Option<&str>) -> Result<CheckOutcome, SdkError> {
        let cache = &self.options.cache;
        let mut found = Parameters::cached(cache)?;
        found.retain(|set| name.is_none_or(|name| name == set.name));
        if found.is_empty() {
            return Err(SdkError::NoParams {
                name: name.unwrap_or("of any name").to_owned(),
                k: log_rows(Circuit::Direct),
                cache: cache.clone(),
            });
        }
        let work = Work::new(&*self.observer, found.len() as f64);
        let check = |set: finial_evm::params::CachedSet| {
            work.begin(&format!("checking {}, k = {}", set.name, set.k));
            let checked = Parameters::check(cache, &set.name, set.k)?;
            work.done(1.0);
            let (pinned, ceremony) = (checked.pinned, checked.ceremony);
            Ok(CheckedParameters { set: checked.set, pinned, ceremony })
        };
        Ok(CheckOutcome { sets: found.into_iter().map(check).collect::<Result<_, SdkError>>()? })
    }

    /// What is in the cache, and what can be brought in.
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub fn list_parameters(&self) -> Result<ListOutcome, SdkError> {
        let cached = Parameters::cached(&self.options.cache)?;
        let cached = cached.into_iter().map(|set| CachedParameters { name: set.name, k: set.k }).collect();
        let needed = log_rows(Circuit::Direct);
        let ceremonies = manifest::ceremonies().into_iter().map(|ceremony| {
            let files = ceremony.files.into_iter().filter(|file| file.power >= needed);
            ListedCeremony {
                name: ceremony.name,
                title: ceremony.title,
                contribution: ceremony.contribution,
                files: files.map(ListedFile::from).collect(),
            }
        });
        Ok(ListOutcome { cached, ceremonies: ceremonies.collect() })
    }
}
