//! Errors as a person sees them, and exit codes.

use std::path::{Path, PathBuf};

use finial_sdk::{Fault, SdkError};
use thiserror::Error;

/// Why the command failed.
#[derive(Debug, Error)]
pub enum CliError {
    /// A verb failed.
    #[error(transparent)]
    Sdk(Box<SdkError>),
    /// A file given could not be read.
    #[error("cannot read {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {path}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A hexadecimal argument.
    #[error("{what} is not hexadecimal: give pairs of the digits 0-9 and a-f, with or without 0x{}", or_file(.what))]
    Hex {
        /// Which argument.
        what: &'static str,
        /// What is wrong.
        source: hex::FromHexError,
    },
    /// A hexadecimal argument of the wrong length.
    #[error("{what} has {found} bytes, not 32")]
    Length {
        /// Which argument.
        what: &'static str,
        /// Its length.
        found: usize,
    },
    /// Something about a given file.
    #[error("{path}: {source}")]
    In {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: Box<SdkError>,
    },
    /// A layer is too weak.
    #[error("a layer has {bits:.1} proven bits, fewer than {target}")]
    Security {
        /// Bits of the weakest layer.
        bits: f64,
        /// Bits it should have.
        target: f64,
    },
    /// Something about a chain.
    #[error(transparent)]
    Chain(Box<finial_chain::Error>),
    /// A proof of another kind where one for a contract is wanted.
    #[error("{path} is no proof for a contract; `finial prove evm` makes one")]
    NotForChain {
        /// Which file.
        path: PathBuf,
    },
    /// A price that is none.
    #[error("{what} must be a number that is not negative, and a price of gas at most a million gwei")]
    Price {
        /// Which argument.
        what: &'static str,
    },
    /// The answer cannot be printed.
    #[error("cannot write the answer")]
    Output(#[source] std::io::Error),
}

fn or_file(what: &str) -> &'static str {
    if what == "--input" { ", or @FILE" } else { "" }
}

impl From<SdkError> for CliError {
    fn from(error: SdkError) -> Self {
        Self::Sdk(Box::new(error))
    }
}

impl From<finial_chain::Error> for CliError {
    fn from(error: finial_chain::Error) -> Self {
        Self::Chain(Box::new(error))
    }
}

impl CliError {
    /// Names the file behind an error of the SDK.
    pub fn about(path: &Path) -> impl FnOnce(SdkError) -> Self {
        let path = path.to_owned();
        |source| Self::In { path, source: Box::new(source) }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Sdk(error) | Self::In { source: error, .. } => match error.fault() {
                Fault::Machine => 1,
                Fault::Input => 3,
                Fault::Guest => GUEST_FAILED,
                Fault::Proof => 5,
            },
            Self::Chain(error) => match error.fault() {
                finial_chain::Fault::Machine => 1,
                finial_chain::Fault::Input => 3,
                finial_chain::Fault::Proof => 5,
                finial_chain::Fault::Chain => 6,
            },
            Self::NotForChain { .. } | Self::Price { .. } => 3,
            Self::Read { .. } | Self::Hex { .. } | Self::Length { .. } => 3,
            Self::Write { .. } | Self::Security { .. } | Self::Output(_) => 1,
        }
    }

    /// The error and its causes, each said once: a cause that its error already quotes is left out.
    pub fn chain(&self) -> String {
        finial_chain::with_causes(self)
    }
}

/// Exit code of `run` and `prove` when the guest fails.
pub const GUEST_FAILED: u8 = 4;
