#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bench;
pub mod config;
mod error;
pub mod files;
mod fold;
mod keys;
mod meter;
pub mod outcome;
pub mod parameters;
mod pipeline;
pub mod progress;
mod prove;
pub mod security;
mod verify;
mod wrap;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use finial_aggregation::AggregationKeys;
use finial_evm::params::DEVELOPMENT;
use finial_protocol::Digest;
use finial_public_values::{digest_to_scalar, exe_commit};
use finial_segment_prover::{AppProvingKey, Executable};

pub use config::{AppVm, Options};
pub use error::{Fault, SdkError};
pub use files::ProofFile;
pub use finial_evm::{
    Circuit,
    params::{Claim, ParamSet},
};
pub use finial_riscv::Program;
pub use keys::FinalKeys;
pub use meter::{Report, StageReport};
pub use outcome::Hex;
pub use progress::{Observer, Silent};
pub use verify::Expected;

use keys::KeyRing;
use meter::Meter;
use outcome::{Commitments, ContractOutcome, RunOutcome, Segment, SetupOutcome};
use pipeline::{rehearse, stage};
use progress::{Work, weight};

/// The façade: options, an observer, and the keys that were wanted so far.
pub struct Sdk {
    options: Options,
    observer: Box<dyn Observer>,
    keys: KeyRing,
}

impl Sdk {
    /// An SDK with these options that tells nobody about its progress.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::with_observer(options, Box::new(Silent))
    }

    /// An SDK that tells `observer` about its progress.
    #[must_use]
    pub fn with_observer(options: Options, observer: Box<dyn Observer>) -> Self {
        Self { options, observer, keys: KeyRing::default() }
    }

    /// What it works with.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Reads a program.
    ///
    /// # Errors
    /// [`SdkError::Elf`] says what is wrong with the bytes.
    pub fn program(&self, elf: &[u8]) -> Result<Program, SdkError> {
        Ok(Program::from_elf(elf)?)
    }

    /// Runs a program without proving anything. An exit code other than 0 is an answer here, not an error.
    ///
    /// # Errors
    /// When an instruction cannot be executed or the program does not end.
    pub fn run(&self, program: &Program, input: &[u8]) -> Result<RunOutcome, SdkError> {
        let app_vm = self.options.app_vm;
        let start = Instant::now();
        let rehearsal = rehearse(program, app_vm, input, &self.options)?;
        let wall_s = start.elapsed().as_secs_f64();
        let config = app_vm.config().map_err(SdkError::AppKeys)?;
        let name = |shape: usize| config.shapes().get(shape).map_or("", |shape| shape.name);
        let segment = |&(shape, cycles): &(usize, u32)| Segment { cycles, shape: name(shape) };
        let summary = rehearsal.summary;
        Ok(RunOutcome {
            exit_code: summary.exit_code,
            cycles: summary.total_cycles,
            segments: rehearsal.segments.iter().map(segment).collect(),
            public_values: Hex(summary.public_output),
            user_public_values: summary.public_digest.into(),
            diagnostics: String::from_utf8_lossy(&summary.diagnostics).into_owned(),
            wall_s,
        })
    }

    /// What identifies a program and the App VM that proves it.
    ///
    /// # Errors
    /// When the program does not fit the configuration.
    pub fn commit(&self, program: &Program) -> Result<Commitments, SdkError> {
        let work = Work::new(&*self.observer, 2.0 * weight::KEYS);
        work.begin("program");
        let exe = self.exe_commit(program, self.options.app_vm)?;
        work.done(weight::KEYS);
        work.begin("keys");
        let leaf = self.tree(self.options.app_vm)?.leaf_commit();
        Ok(Commitments { app_vm: self.options.app_vm, exe_commit: word(&exe), leaf_commit: word(&leaf) })
    }

    /// Makes all keys, also the wrapper's if it is wanted, and puts into the cache what takes long to make.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn setup(&self, circuit: Circuit) -> Result<SetupOutcome, SdkError> {
        let work = Work::new(&*self.observer, weight::KEYS + weight::FINAL);
        let mut meter = Meter::new();
        work.begin("keys of the tree");
        let tree = meter.stage(stage::KEYS, || self.tree(self.options.app_vm))?;
        work.done(weight::KEYS);
        work.begin("parameters and keys of the final circuit");
        let keys = meter.stage(stage::FINAL_KEYS, || self.keys.last(&self.options))?;
        if circuit == Circuit::Wrapped {
            work.begin("parameters and keys of the wrapper");
            meter.stage(stage::WRAPPER_KEYS, || self.keys.wrapper(&self.options))?;
        }
        let digest = self.keys.with_source(&self.options, circuit, |source| Ok(source.vk_digest()))?;
        let committed = keys::committed_contract(circuit)?.is_some_and(|c| c.manifest.vk_digest == digest);
        Ok(SetupOutcome {
            circuit,
            cache: self.options.cache.clone(),
            params: keys.parameters.set.clone(),
            vk_digest: digest.into(),
            leaf_commit: word(&tree.leaf_commit()),
            contract_committed: committed,
            report: meter.finish(),
        })
    }

    /// Generates and compiles a circuit's contract into a directory. But for development parameters nothing in the cache is
    /// taken on trust: parameters are checked again and keys made anew.
    ///
    /// # Errors
    /// When there is no Solidity compiler, or files cannot be written.
    pub fn contract(&self, circuit: Circuit, directory: &Path) -> Result<ContractOutcome, SdkError> {
        let work = Work::new(&*self.observer, weight::FINAL);
        if self.options.params != DEVELOPMENT {
            work.begin("parameters, point by point");
            self.keys.clear();
            keys::distrust_cache(&self.options, circuit)?;
        }
        work.begin("keys of the final circuit");
        let contract = self.keys.with_source(&self.options, circuit, |source| {
            work.done(weight::FINAL * 0.9);
            work.begin("contract");
            keys::make_contract(&self.options, source)
        })?;
        contract.write(directory)?;
        Ok(ContractOutcome {
            circuit,
            directory: directory.to_owned(),
            params: contract.manifest.params,
            vk_digest: contract.manifest.vk_digest.into(),
            code_hash: contract.manifest.code_hash.into(),
            code_bytes: contract.manifest.code_bytes,
        })
    }

    fn tree(&self, app_vm: AppVm) -> Result<Arc<AggregationKeys>, SdkError> {
        self.keys.tree(app_vm)
    }

    fn app_key(&self, program: &Program, app_vm: AppVm) -> Result<AppProvingKey, SdkError> {
        let config = app_vm.config().map_err(SdkError::AppKeys)?;
        AppProvingKey::new(program, config)
            .map_err(|source| SdkError::Program { config: app_vm.name(), source })
    }

    fn exe_commit(&self, program: &Program, app_vm: AppVm) -> Result<Digest, SdkError> {
        Ok(exe_commit_of(self.app_key(program, app_vm)?.executable()))
    }
}

fn exe_commit_of(executable: &Executable) -> Digest {
    exe_commit(&executable.app_commit, &executable.initial_root, executable.pc_start)
}

/// A commitment as a contract sees it.
fn word(digest: &Digest) -> Hex {
    digest_to_scalar(digest).into()
}
