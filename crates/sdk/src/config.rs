//! Choices: the App VM's configuration, the cache, KZG parameters, the contract.

use std::path::PathBuf;

use finial_app_vm::air::Table;
use finial_app_vm::shape::catalogue;
use finial_evm::params::DEVELOPMENT;
use finial_segment_verifier::{AppConfig, VerifyError};
use serde::{Deserialize, Serialize};

use crate::error::SdkError;

/// A configuration of the App VM: a catalogue of segment shapes. Each has its own `leaf_commit` and gives a program its
/// own `exe_commit`; the contract is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppVm {
    /// Programs of at most 2^16 instructions.
    #[default]
    Standard,
    /// Programs of at most 2^18 instructions.
    Large,
}

/// log2 of the program table's height in [`AppVm::Large`].
const LARGE_LOG_PROGRAM_HEIGHT: usize = 18;

impl AppVm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Large];

    /// The name on the command line and in proof files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Large => "large",
        }
    }

    /// The configuration of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self, SdkError> {
        let found = Self::ALL.into_iter().find(|config| config.name() == name);
        found.ok_or_else(|| SdkError::UnknownConfig(name.chars().take(40).collect()))
    }

    /// Its shapes.
    ///
    /// # Errors
    /// When they do not go together: a fault of this project.
    pub fn config(self) -> Result<AppConfig, VerifyError> {
        match self {
            Self::Standard => Ok(AppConfig::default()),
            Self::Large => {
                let mut shapes = catalogue();
                for shape in &mut shapes {
                    shape.log_heights[Table::Program as usize] = LARGE_LOG_PROGRAM_HEIGHT;
                }
                // At most four distinct heights a shape: the recursion programs pay for each.
                shapes.retain(|shape| {
                    let mut heights = shape.log_heights.to_vec();
                    heights.sort_unstable();
                    heights.dedup();
                    heights.len() <= 4
                });
                AppConfig::new(shapes)
            }
        }
    }
}

/// What an [`crate::Sdk`] works with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where keys and parameters are kept.
    pub cache: PathBuf,
    /// The App VM's configuration.
    pub app_vm: AppVm,
    /// Name of the KZG parameters.
    pub params: String,
    /// Directory of the contract; `None` for the one that belongs to this build.
    pub contract: Option<PathBuf>,
    /// Program that runs as the Solidity compiler, where a contract must be made.
    pub compiler: PathBuf,
    /// Cycles after which a run is given up.
    pub max_cycles: u64,
}

impl Options {
    /// The standard configuration, development parameters, and the cache directory of the environment.
    ///
    /// # Errors
    /// When the environment names no directory.
    pub fn new() -> Result<Self, SdkError> {
        Ok(Self::in_cache(cache_directory()?))
    }

    /// The same, with a cache directory of the caller's.
    #[must_use]
    pub fn in_cache(cache: PathBuf) -> Self {
        Self {
            cache,
            app_vm: AppVm::default(),
            params: DEVELOPMENT.to_owned(),
            contract: None,
            compiler: compiler(),
            max_cycles: 1 << 36,
        }
    }
}

/// `FINIAL_CACHE`, or `finial` in `XDG_CACHE_HOME` or `~/.cache`.
fn cache_directory() -> Result<PathBuf, SdkError> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("FINIAL_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|directory| directory.join("finial")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/finial")))
        .ok_or(SdkError::NoCache)
}

/// `FINIAL_SOLC`, or the repository's wrapper of the compiler from npm.
fn compiler() -> PathBuf {
    std::env::var_os("FINIAL_SOLC").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/solc")),
        PathBuf::from,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_are_whole_and_named_apart() {
        for config in AppVm::ALL {
            assert_eq!(AppVm::named(config.name()).unwrap(), config);
            assert!(config.config().unwrap().shapes().len() >= 3);
        }
        assert!(matches!(AppVm::named("none"), Err(SdkError::UnknownConfig(_))));
    }
}
