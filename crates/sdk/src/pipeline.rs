//! From a program and its input to the top of the tree, one segment in memory at a time.

use std::ops::ControlFlow;

use finial_aggregation::{AggregationKeys, NodeProof, StarkProof};
use finial_app_vm::memory_tree::MemoryTree;
use finial_executor::{Executor, SegmentPlan, Summary, frame_input, trace};
use finial_riscv::Program;
use finial_segment_prover::{AppProvingKey, ProveError as SegmentError, prove_segment};

use crate::config::{AppVm, Options};
use crate::error::SdkError;
use crate::fold::{Fold, joins};
use crate::meter::Meter;
use crate::progress::{Work, weight};

/// Names of the stages in reports.
pub(crate) mod stage {
    pub(crate) const KEYS: &str = "keys";
    pub(crate) const EXECUTION: &str = "execution";
    pub(crate) const TRACE: &str = "trace";
    pub(crate) const SEGMENT: &str = "segment";
    pub(crate) const LEAF: &str = "leaf";
    pub(crate) const INTERNAL: &str = "internal";
    pub(crate) const SHRINK: &str = "shrink";
    pub(crate) const ROOT: &str = "root";
    pub(crate) const FINAL_KEYS: &str = "final keys";
    pub(crate) const FINAL: &str = "final";
    pub(crate) const WRAPPER_KEYS: &str = "wrapper keys";
    pub(crate) const WRAPPER: &str = "wrapper";
    pub(crate) const EVM: &str = "evm";
}

/// A run before it is proven.
pub(crate) struct Rehearsal {
    pub(crate) summary: Summary,
    /// Shape and cycles of each segment.
    pub(crate) segments: Vec<(usize, u32)>,
}

/// Runs the program without records: a hundred times faster than proving; finds what is wrong before work is spent.
pub(crate) fn rehearse(
    program: &Program,
    app_vm: AppVm,
    input: &[u8],
    options: &Options,
) -> Result<Rehearsal, SdkError> {
    let config = app_vm.config().map_err(SdkError::AppKeys)?;
    let policy = finial_app_vm::shape::segment_policy(config.shapes());
    let mut segments = Vec::new();
    let mut unfit = None;
    let summary =
        Executor::new(program, frame_input(input)).execute_streaming(&policy, options.max_cycles, |plan| {
            match policy.first_fit(&plan.counts) {
                Some(shape) => {
                    segments.push((shape, plan.cycles));
                    ControlFlow::Continue(())
                }
                None => {
                    unfit = Some(plan.checkpoint.index);
                    ControlFlow::Break(())
                }
            }
        });
    match unfit {
        Some(segment) => Err(SdkError::NoShape { segment, config: app_vm.name() }),
        None => Ok(Rehearsal { summary: summary?, segments }),
    }
}

/// Refuses a run without a proof.
pub(crate) fn require_success(summary: &Summary) -> Result<(), SdkError> {
    if summary.exit_code == 0 {
        return Ok(());
    }
    let diagnostics = String::from_utf8_lossy(&summary.diagnostics).trim().to_owned();
    Err(SdkError::ExitCode { code: summary.exit_code, diagnostics })
}

/// Everything a streaming proof works with.
pub(crate) struct Stream<'a> {
    pub(crate) program: &'a Program,
    pub(crate) app: &'a AppProvingKey,
    pub(crate) tree: &'a AggregationKeys,
    pub(crate) app_vm: AppVm,
    pub(crate) work: &'a Work<'a>,
    pub(crate) meter: &'a mut Meter,
    pub(crate) segments: usize,
}

impl Stream<'_> {
    /// What the parts of a run weigh.
    pub(crate) fn plan(work: &Work<'_>, tree: &AggregationKeys, rehearsal: &Rehearsal) {
        let cells = |shape: usize| tree.app.keys().get(shape).map_or(0, |key| key.shape.main_cells());
        for &(shape, _) in &rehearsal.segments {
            work.plan(segment_weight(cells(shape)) + weight::LEAF);
        }
        work.plan(f64::from(joins(rehearsal.summary.segments)) * weight::INTERNAL);
    }

    /// Proves every segment and, at once, its leaf, and folds the leaves as they come.
    pub(crate) fn prove(mut self, input: &[u8], options: &Options) -> Result<StarkProof, SdkError> {
        let input = frame_input(input);
        let policy = self.app.policy();
        let mut memory = self.app.initial_memory().clone();
        let mut fold = Fold::new();
        let mut failure = None;
        let executor = Executor::new(self.program, input.clone());
        let outcome = executor.execute_streaming(&policy, options.max_cycles, |plan| {
            let shape = policy.first_fit(&plan.counts);
            match self.step(&plan, shape, &input, &mut memory, &mut fold) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        outcome?;
        let user_public_values =
            memory.open_public_values().ok_or(SdkError::Segment(SegmentError::PublicValues))?.values;
        let node = fold.finish(&mut |group| self.join(group))?;
        let empty =
            || SdkError::Tree { stage: "the tree", source: finial_aggregation::AggregationError::Empty };
        Ok(StarkProof { node: node.ok_or_else(empty)?, user_public_values })
    }

    fn step(
        &mut self,
        plan: &SegmentPlan,
        shape: Option<usize>,
        input: &[u8],
        memory: &mut MemoryTree,
        fold: &mut Fold<NodeProof>,
    ) -> Result<(), SdkError> {
        let segment = plan.checkpoint.index;
        let shape = shape.ok_or(SdkError::NoShape { segment, config: self.app_vm.name() })?;
        self.work.begin(&format!("segment {} of {}", segment + 1, self.segments));
        let record =
            self.meter.stage(stage::TRACE, || trace(self.program, &plan.checkpoint, input, plan.cycles))?;
        let proof = self
            .meter
            .stage(stage::SEGMENT, || prove_segment(self.app, shape, &record, memory))
            .map_err(SdkError::Segment)?;
        let (rows, cells) = self.app.size(shape).map_err(SdkError::Segment)?;
        self.meter.size(stage::SEGMENT, rows, cells);
        self.work.done(segment_weight(cells));
        *memory = memory
            .after(&record.touched)
            .map_err(|source| SdkError::Segment(SegmentError::Memory { segment, source }))?;
        drop(record);

        self.work.begin(&format!("leaf {} of {}", segment + 1, self.segments));
        let opening = memory.open_public_values().ok_or(SdkError::Segment(SegmentError::PublicValues))?;
        let app_commit = &self.app.executable().app_commit;
        let leaf = self
            .meter
            .stage(stage::LEAF, || self.tree.prove_leaf(app_commit, &proof, &opening))
            .map_err(|source| SdkError::Tree { stage: "a leaf of the tree", source })?;
        drop(proof);
        let shape = &self.tree.continuation.u.shape;
        self.meter.size(stage::LEAF, shape.rows(), shape.main_cells());
        self.work.done(weight::LEAF);
        fold.push(leaf, &mut |group| self.join(group))
    }

    fn join(&mut self, group: &[NodeProof]) -> Result<NodeProof, SdkError> {
        self.work.begin("tree");
        let node = self
            .meter
            .stage(stage::INTERNAL, || self.tree.prove_internal(group))
            .map_err(|source| SdkError::Tree { stage: "a node of the tree", source })?;
        let shape = &self.tree.continuation.u.shape;
        self.meter.size(stage::INTERNAL, shape.rows(), shape.main_cells());
        self.work.done(weight::INTERNAL);
        Ok(node)
    }
}

/// Estimated seconds of a segment proof.
pub(crate) fn segment_weight(cells: u64) -> f64 {
    cells as f64 * 1e-6 * weight::SEGMENT_PER_MCELL
}
