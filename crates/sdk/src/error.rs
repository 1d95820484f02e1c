//! What can go wrong, sorted by who can do something about it.

use std::path::PathBuf;

use finial_aggregation::AggregationError;
use finial_evm::contract::ContractError;
use finial_evm::keys::KeyError;
use finial_evm::params::ParamsError;
use finial_evm::proof_file::ProofFileError;
use finial_evm::prover::ProveError as HaloError;
use finial_evm::{ChainError, statement::INSTANCES};
use finial_executor::ExecutionError;
use finial_riscv::ElfError;
use finial_segment_prover::ProveError as SegmentError;
use finial_segment_verifier::{DecodeError, VerifyError};
use thiserror::Error;

/// Who can do something about an error; the command line makes an exit code of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The machine or this program: files, cache, compiler, prover.
    Machine,
    /// What was given: ELF, input, proof file, parameters.
    Input,
    /// The guest program failed or never ended.
    Guest,
    /// A proof is not valid, or not of what it was expected to be of.
    Proof,
}

/// Why a verb failed.
#[derive(Debug, Error)]
pub enum SdkError {
    /// A file could not be read or written.
    #[error("cannot {action} {path}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No directory for the cache is known.
    #[error("there is no directory for keys: set FINIAL_CACHE, XDG_CACHE_HOME or HOME")]
    NoCache,
    /// The bytes are no program that can be proven.
    #[error("this is not an RV32IM program that can be proven; build it for riscv32im-unknown-none-elf")]
    Elf(#[from] ElfError),
    /// A fault of the guest.
    #[error("the program did not run to its end")]
    Execution(#[from] ExecutionError),
    /// The guest says that it failed.
    #[error("the program exited with code {code}, and only a run that exits with 0 has a proof{}", said(.diagnostics))]
    ExitCode {
        /// Its code.
        code: u32,
        /// What it wrote to fd 2.
        diagnostics: String,
    },
    /// A segment fits no shape.
    #[error("segment {segment} fits no shape of the configuration {config}")]
    NoShape {
        /// Index of the segment.
        segment: u32,
        /// The configuration's name.
        config: &'static str,
    },
    /// A program that commits nothing cannot be stated on chain.
    #[error(
        "the program makes nothing public, and the contract is about public values: let it commit at least one byte"
    )]
    NothingPublic,
    /// A segment was not proven.
    #[error("a segment could not be proven")]
    Segment(#[source] SegmentError),
    /// The program does not suit the App VM's configuration.
    #[error("the program does not fit the configuration {config}; a larger one is `--app-vm large`")]
    Program {
        /// The configuration's name.
        config: &'static str,
        /// Why.
        source: SegmentError,
    },
    /// The App VM's verifying keys.
    #[error("the keys of the App VM cannot be made")]
    AppKeys(#[source] VerifyError),
    /// Keys of the recursion programs.
    #[error("the keys of the aggregation tree cannot be made")]
    TreeKeys(#[source] AggregationError),
    /// A recursion program was not proven.
    #[error("{stage} could not be proven")]
    Tree {
        /// Which stage.
        stage: &'static str,
        /// Why.
        source: AggregationError,
    },
    /// Halo2's parameters.
    #[error("the KZG parameters cannot be had")]
    Params(#[from] ParamsError),
    /// A parameter set that was never imported.
    #[error(
        "there are no parameters {name} with k = {k} in {cache}; `finial params import` brings them in, `finial params list` says which there are"
    )]
    NoParams {
        /// Name of the set.
        name: String,
        /// Its size.
        k: u32,
        /// The cache.
        cache: PathBuf,
    },
    /// Halo2's keys.
    #[error("the keys of the final circuit cannot be had")]
    Keys(#[from] KeyError),
    /// The final circuit does not take the root proof.
    #[error("the final circuit does not take the root proof: {0}")]
    Circuit(String),
    /// The final proof.
    #[error("the final proof could not be made")]
    Halo2(#[from] HaloError),
    /// The contract.
    #[error("the contract cannot be had")]
    Contract(#[from] ContractError),
    /// The contract belongs to another key.
    #[error(
        "the contract in {place} is for another verifying key than this build's; make it with `finial contract --out DIR`"
    )]
    OtherContract {
        /// Where it was found.
        place: String,
    },
    /// The contract did not accept.
    #[error("the contract does not accept the proof")]
    Chain(#[from] ChainError),
    /// A proof file of none of the three kinds.
    #[error(
        "this is no proof file of Finial's: it is neither of the binary kinds (`finial app`, `finial stark`) nor JSON"
    )]
    NoProofFile,
    /// A binary proof file.
    #[error("the proof file cannot be read; it may be cut short or made by another version")]
    Decode(#[from] DecodeError),
    /// A JSON proof file.
    #[error("the EVM proof file cannot be read")]
    EvmFile(#[from] ProofFileError),
    /// It names a configuration that does not exist.
    #[error("the proof names the App VM configuration {0:?}, which this version does not know")]
    UnknownConfig(String),
    /// A segment proof is not valid.
    #[error("the proof is not valid")]
    AppProof(#[source] VerifyError),
    /// A STARK proof is not valid.
    #[error("the proof is not valid")]
    StarkProof(#[source] AggregationError),
    /// The file's public values are not those of the proof.
    #[error("the public values in the file are not those that the proof commits to")]
    PublicOutput,
    /// Another program or other leaf programs.
    #[error("the proof is about another {what}: it has {found}, expected was {expected}")]
    Unexpected {
        /// What differs.
        what: &'static str,
        /// What was expected.
        expected: String,
        /// What the proof has.
        found: String,
    },
    /// A commitment that is not one.
    #[error("{what} must be 32 bytes in hexadecimal, below p^8")]
    Commitment {
        /// Which.
        what: &'static str,
    },
}

fn said(diagnostics: &str) -> String {
    if diagnostics.is_empty() { String::new() } else { format!("; it said: {diagnostics}") }
}

impl SdkError {
    /// Who can do something about it.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Elf(_)
            | Self::NothingPublic
            | Self::Program { .. }
            | Self::NoProofFile
            | Self::Decode(_)
            | Self::EvmFile(_)
            | Self::UnknownConfig(_)
            | Self::NoParams { .. }
            | Self::Params(
                ParamsError::Ceremony(_)
                | ParamsError::Name(_)
                | ParamsError::OtherSecret { .. }
                | ParamsError::NotPinned { .. },
            )
            | Self::Commitment { .. } => Fault::Input,
            Self::Execution(_) | Self::ExitCode { .. } => Fault::Guest,
            Self::Chain(_)
            | Self::AppProof(_)
            | Self::StarkProof(_)
            | Self::PublicOutput
            | Self::OtherContract { .. }
            | Self::Unexpected { .. } => Fault::Proof,
            _ => Fault::Machine,
        }
    }
}

/// The instance column's length is part of this crate's contract with the final circuit.
const _: () = assert!(INSTANCES == 4);
