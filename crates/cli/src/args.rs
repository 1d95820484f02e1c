//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use finial_sdk::AppVm;

use crate::chain::{CostArgs, DeployArgs, SubmitArgs};

/// Proves runs of RISC-V programs, up to a proof that an EVM contract checks.
///
/// Exit codes: 0 success; 1 something failed on this machine (files, cache, compiler, prover); 2 wrong usage;
/// 3 something given is not usable (ELF, input, proof file, parameters); 4 the guest program failed;
/// 5 a proof is not valid, or not of what was expected, or the contract on the chain rejects it; 6 the node or the
/// chain: not reached, refused, no funds, a failed or unconfirmed transaction.
#[derive(Debug, Parser)]
#[command(name = "finial", version, propagate_version = true)]
pub struct Cli {
    /// Options of all verbs.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options of all verbs.
#[derive(Debug, Args)]
pub struct Global {
    /// Answer in JSON, and show no progress.
    #[arg(long, global = true)]
    pub json: bool,
    /// The App VM's configuration: `large` takes programs of up to 2^18 instructions instead of 2^16.
    #[arg(long, global = true, value_enum, default_value_t = AppVmName::Standard)]
    pub app_vm: AppVmName,
    /// Directory for keys and parameters [default: $FINIAL_CACHE, or finial in $XDG_CACHE_HOME or ~/.cache].
    #[arg(long, global = true, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Name of the KZG parameters.
    #[arg(long, global = true, value_name = "NAME", default_value = "development-1")]
    pub params: String,
    /// Directory of the contract [default: the one that belongs to this build].
    #[arg(long, global = true, value_name = "DIR")]
    pub contract: Option<PathBuf>,
    /// Cycles after which a run is given up.
    #[arg(long, global = true, value_name = "N", default_value_t = 1 << 36)]
    pub max_cycles: u64,
}

/// Names of the App VM's configurations.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AppVmName {
    /// Programs of up to 2^16 instructions.
    Standard,
    /// Programs of up to 2^18 instructions.
    Large,
}

impl From<AppVmName> for AppVm {
    fn from(name: AppVmName) -> Self {
        match name {
            AppVmName::Standard => Self::Standard,
            AppVmName::Large => Self::Large,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a program without proving anything.
    Run(Guest),
    /// Print what identifies a program: `exe_commit` and `leaf_commit`.
    Commit {
        /// The program, an RV32IM ELF.
        elf: PathBuf,
    },
    /// Make keys and parameters and keep them, so that the first proof does not have to.
    Setup {
        /// Those of the wrapper too.
        #[arg(long)]
        wrap: bool,
    },
    /// Prove a run.
    #[command(subcommand)]
    Prove(Kind),
    /// The same as `prove evm`.
    EvmProve(EvmArgs),
    /// Verify a proof, and that it is of the program that is expected.
    Verify(VerifyArgs),
    /// Generate and compile the contract.
    Contract {
        /// Directory for its files.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The contract of wrapped proofs.
        #[arg(long)]
        wrap: bool,
    },
    /// Deploy the contracts of this build, at the same addresses on every chain.
    Deploy(DeployArgs),
    /// Send a proof to a deployed contract.
    Submit(SubmitArgs),
    /// What is cheaper, a direct or a wrapped proof: seconds and memory against gas.
    Cost(CostArgs),
    /// KZG parameters.
    #[command(subcommand)]
    Params(Params),
    /// Print the proven bits of every STARK layer, term by term; fails below 100.
    Security,
    /// Measure every stage on a program of a million cycles.
    Bench,
}

/// A program and its input.
#[derive(Debug, Args)]
pub struct Guest {
    /// The program, an RV32IM ELF.
    pub elf: PathBuf,
    /// Its input: bytes in hexadecimal, or @FILE.
    #[arg(long, value_name = "HEX|@FILE", default_value = "")]
    pub input: String,
}

/// How far to prove.
#[derive(Debug, Subcommand)]
pub enum Kind {
    /// One proof a segment.
    App {
        /// Program, input, output.
        #[command(flatten)]
        args: ProveArgs,
        /// Segments proven at the same time; each costs the memory of one.
        #[arg(long, default_value_t = 1)]
        workers: usize,
    },
    /// One STARK for the run: the top of the aggregation tree.
    Stark(ProveArgs),
    /// A proof that the contract accepts, with its calldata.
    Evm(EvmArgs),
}

/// Program, input, output, and which circuit's proof.
#[derive(Debug, Args)]
pub struct EvmArgs {
    /// Program, input, output.
    #[command(flatten)]
    pub prove: ProveArgs,
    /// Wrap the proof: a second proof of the first, which takes more time and memory here and less gas on chain.
    #[arg(long)]
    pub wrap: bool,
}

/// Program, input, output.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// Program and input.
    #[command(flatten)]
    pub guest: Guest,
    /// Where to write the proof [default: the program's name with .app, .stark or .json].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where to write what every stage cost, as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// What to verify.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The proof, of any kind.
    pub file: PathBuf,
    /// The program it must be of.
    #[arg(long, value_name = "ELF", conflicts_with_all = ["exe_commit", "leaf_commit"])]
    pub elf: Option<PathBuf>,
    /// The `exe_commit` it must be of.
    #[arg(long, value_name = "HEX", requires = "leaf_commit")]
    pub exe_commit: Option<String>,
    /// The `leaf_commit` it must be under.
    #[arg(long, value_name = "HEX", requires = "exe_commit")]
    pub leaf_commit: Option<String>,
}

/// KZG parameters.
#[derive(Debug, Subcommand)]
pub enum Params {
    /// Make the development set: its secret is public, so it is for development only.
    Dev {
        /// The wrapper's too.
        #[arg(long)]
        wrap: bool,
    },
    /// Bring in a set of a ceremony from its .srs or .ptau file.
    Import {
        /// The file. If params/ceremonies.json lists its digest, nothing else is needed.
        file: PathBuf,
        /// What to call the set of a file that is not listed.
        #[arg(long, requires = "sha256")]
        name: Option<String>,
        /// SHA-256 of a file that is not listed, from a source you trust.
        #[arg(long, value_name = "HEX", requires = "name")]
        sha256: Option<String>,
        /// In the wrapper's size too.
        #[arg(long)]
        wrap: bool,
    },
    /// Check the sets in the cache again: digests, curves, powers, and that they are of their ceremony.
    Check {
        /// The sets of this name [default: all].
        name: Option<String>,
    },
    /// Say which sets are in the cache, and which ceremonies can be brought in.
    List,
}
