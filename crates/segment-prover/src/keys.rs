//! The keys of one program under one App VM configuration.

use std::sync::{Arc, Mutex, PoisonError};

use finial_app_vm::air::{AppAir, prover_airs};
use finial_app_vm::memory_tree::MemoryTree;
use finial_app_vm::segment::EncodedProgram;
use finial_app_vm::shape::{Shape, segment_policy};
use finial_executor::SegmentPolicy;
use finial_protocol::{Digest, InnerConfig, ProvingKey, params};
use finial_riscv::Program;
use finial_segment_verifier::{AppConfig, Executable};

use crate::error::ProveError;

/// The proving key of one shape.
pub type ShapeKey = ProvingKey<InnerConfig, AppAir>;

/// The keys of one program: its tables, its memory before the run, and, made when first wanted, a key for each shape.
pub struct AppProvingKey {
    config: AppConfig,
    program: Program,
    encoded: EncodedProgram,
    airs: Vec<AppAir>,
    initial_memory: MemoryTree,
    executable: Executable,
    shapes: Vec<Mutex<Option<Arc<ShapeKey>>>>,
}

impl AppProvingKey {
    /// The keys of `program`; only the first shape's is made at once, for the program's commitment.
    ///
    /// # Errors
    /// If the program does not fit the configuration, or keys cannot be made.
    pub fn new(program: &Program, config: AppConfig) -> Result<Self, ProveError> {
        let airs = prover_airs(program, config.log_program_height())?;
        let initial_memory = MemoryTree::of_program(program);
        let shapes: Vec<_> = config.shapes().iter().map(|_| Mutex::new(None)).collect();
        let executable = Executable {
            app_commit: Digest::default(),
            initial_root: initial_memory.root(),
            pc_start: program.entry,
        };
        let (program, encoded) = (program.clone(), EncodedProgram::new(program));
        let mut key = Self { config, program, encoded, airs, initial_memory, executable, shapes };
        key.executable.app_commit = key.commitment(0)?;
        Ok(key)
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &AppConfig {
        &self.config
    }

    /// The program.
    #[must_use]
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// The program, prepared for tracing its segments.
    #[must_use]
    pub const fn encoded(&self) -> &EncodedProgram {
        &self.encoded
    }

    /// The tables, with their preprocessed traces.
    #[must_use]
    pub fn airs(&self) -> &[AppAir] {
        &self.airs
    }

    /// The memory before the first segment.
    #[must_use]
    pub const fn initial_memory(&self) -> &MemoryTree {
        &self.initial_memory
    }

    /// What `exe_commit` binds: program commitment, initial memory root, first program counter.
    #[must_use]
    pub const fn executable(&self) -> &Executable {
        &self.executable
    }

    /// The program's commitment as the key of a shape has it; the same for every shape.
    ///
    /// # Errors
    /// If the key cannot be made.
    pub fn commitment(&self, shape: usize) -> Result<Digest, ProveError> {
        let key = self.key(shape)?;
        let cap = key.preprocessed().unwrap_or_else(|| vec![Digest::default()].into());
        Ok(cap.into_iter().next().unwrap_or_default())
    }

    /// When the executor cuts.
    #[must_use]
    pub fn policy(&self) -> SegmentPolicy {
        segment_policy(self.config.shapes())
    }

    /// A shape of the catalogue.
    ///
    /// # Errors
    /// If there is none of this index.
    pub fn shape(&self, index: usize) -> Result<&Shape, ProveError> {
        self.config.shapes().get(index).ok_or(ProveError::UnknownShape(index))
    }

    /// Rows and main cells of a proof of a shape.
    ///
    /// # Errors
    /// If there is no such shape, or its key cannot be made.
    pub fn size(&self, shape: usize) -> Result<(u64, u64), ProveError> {
        let key = self.key(shape)?;
        Ok((key.vk.shape.rows(), key.vk.shape.main_cells()))
    }

    /// The proving key of a shape.
    ///
    /// # Errors
    /// If there is no such shape, or its key cannot be made.
    pub fn key(&self, shape: usize) -> Result<Arc<ShapeKey>, ProveError> {
        let log_heights = &self.shape(shape)?.log_heights;
        let slot = self.shapes.get(shape).ok_or(ProveError::UnknownShape(shape))?;
        // A poisoned slot is empty or holds a whole key.
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = slot.as_ref() {
            return Ok(Arc::clone(key));
        }
        let key = ShapeKey::new(params::APP, self.airs.clone(), log_heights).map_err(ProveError::Keys)?;
        Ok(Arc::clone(slot.insert(Arc::new(key))))
    }
}
