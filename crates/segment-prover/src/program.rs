//! A whole run: execution, segments to workers, proofs in order.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use finial_app_vm::memory_tree::{Cells, MemoryTree, cells_of_words};
use finial_executor::{Executor, Leaf, SegmentPlan, SegmentPolicy, Summary, leaf_label, trace};
use finial_segment_verifier::{ContinuationVmProof, SegmentProof};

use crate::error::ProveError;
use crate::keys::AppProvingKey;
use crate::segment::prove_segment;

/// How a run is proven.
#[derive(Clone, Copy, Debug)]
pub struct ProveOptions {
    /// Segments proven at the same time; each costs the memory of one segment.
    pub workers: usize,
    /// Cycles after which the run is given up.
    pub max_cycles: u64,
}

impl Default for ProveOptions {
    fn default() -> Self {
        Self { workers: 1, max_cycles: 1 << 36 }
    }
}

/// What a caller learns while a run is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The run is known: so many cycles, so many segments.
    Executed {
        /// Cycles.
        cycles: u64,
        /// Segments.
        segments: u32,
    },
    /// A worker has begun a segment.
    Started {
        /// Index of the segment.
        segment: u32,
        /// Its shape.
        shape: usize,
    },
    /// A segment is proven.
    Proven {
        /// Index of the segment.
        segment: u32,
        /// Segments proven so far.
        done: u32,
    },
}

/// What one segment was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentReport {
    /// Its shape.
    pub shape: usize,
    /// Its cycles.
    pub cycles: u32,
    /// Rows of its tables.
    pub rows: u64,
    /// Main cells of its tables.
    pub cells: u64,
}

/// A proven run.
pub struct ProvenRun {
    /// The proof.
    pub proof: ContinuationVmProof,
    /// What the program wrote to fd 1.
    pub public_output: Vec<u8>,
    /// What the program wrote to fd 2.
    pub diagnostics: Vec<u8>,
    /// Cycles of all segments.
    pub total_cycles: u64,
    /// The segments, in order.
    pub segments: Vec<SegmentReport>,
}

/// A segment on its way to a worker.
struct Job {
    plan: SegmentPlan,
    before: MemoryTree,
    shape: usize,
}

type Results = Vec<Option<(SegmentProof, SegmentReport)>>;

/// What workers and executor share.
struct Shared<'a> {
    key: &'a AppProvingKey,
    input: &'a [u8],
    progress: &'a (dyn Fn(Progress) + Sync),
    results: Mutex<Results>,
    failure: Mutex<Option<ProveError>>,
    stop: AtomicBool,
}

/// Runs the program of `key` on `input` and proves the run.
///
/// # Errors
/// [`ProveError`]: the run fails or does not exit with 0, or, which should not happen, a segment does not prove.
pub fn prove_program(
    key: &AppProvingKey,
    input: &[u8],
    options: &ProveOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<ProvenRun, ProveError> {
    let policy = key.policy();
    let executor = Executor::new(key.program(), input.to_vec());
    let summary = rehearse(&executor, &policy, options.max_cycles)?;
    progress(Progress::Executed { cycles: summary.total_cycles, segments: summary.segments });

    let shared = Shared {
        key,
        input,
        progress,
        results: Mutex::new((0..summary.segments).map(|_| None).collect()),
        failure: Mutex::new(None),
        stop: AtomicBool::new(false),
    };
    let last_memory = stream(&shared, &executor, &policy, options)?;
    if let Some(error) = lock(&shared.failure).take() {
        return Err(error);
    }
    let user_public_values = last_memory.open_public_values().ok_or(ProveError::PublicValues)?;
    let results = std::mem::take(&mut *lock(&shared.results));
    let mut per_segment = Vec::with_capacity(results.len());
    let mut segments = Vec::with_capacity(results.len());
    for (result, index) in results.into_iter().zip(0..) {
        let (proof, report) = result.ok_or(ProveError::Lost(index))?;
        per_segment.push(proof);
        segments.push(report);
    }
    let Summary { public_output, diagnostics, total_cycles, .. } = summary;
    Ok(ProvenRun {
        proof: ContinuationVmProof { per_segment, user_public_values },
        public_output,
        diagnostics,
        total_cycles,
        segments,
    })
}

/// The run without records: it is a hundred times faster than proving, finds what is wrong before work is spent on it, and
/// says how much work there is.
fn rehearse(executor: &Executor<'_>, policy: &SegmentPolicy, max_cycles: u64) -> Result<Summary, ProveError> {
    let summary = executor.execute_streaming(policy, max_cycles, |_| ControlFlow::Continue(()))?;
    if summary.exit_code != 0 {
        let diagnostics = String::from_utf8_lossy(&summary.diagnostics).trim().to_owned();
        return Err(ProveError::ExitCode { code: summary.exit_code, diagnostics });
    }
    Ok(summary)
}

/// Hands the segments to the workers as they take them; returns the memory after the run.
fn stream(
    shared: &Shared<'_>,
    executor: &Executor<'_>,
    policy: &SegmentPolicy,
    options: &ProveOptions,
) -> Result<MemoryTree, ProveError> {
    // Without a buffer the executor is at most one segment ahead of the workers.
    let (sender, receiver) = sync_channel::<Job>(0);
    let receiver = Mutex::new(receiver);
    let mut memory = shared.key.initial_memory().clone();
    let outcome = std::thread::scope(|scope| {
        for _ in 0..options.workers.max(1) {
            scope.spawn(|| work(shared, &receiver));
        }
        let outcome = executor.execute_streaming(policy, options.max_cycles, |plan| {
            let before = memory.clone();
            memory = memory.update(&cells_of_leaves(&plan.dirty_leaves));
            hand_over(shared, policy, &sender, plan, before)
        });
        drop(sender);
        outcome
    });
    if let Some(error) = lock(&shared.failure).take() {
        return Err(error);
    }
    outcome?;
    Ok(memory)
}

fn hand_over(
    shared: &Shared<'_>,
    policy: &SegmentPolicy,
    sender: &SyncSender<Job>,
    plan: SegmentPlan,
    before: MemoryTree,
) -> ControlFlow<()> {
    let Some(shape) = policy.first_fit(&plan.counts) else {
        fail(shared, ProveError::NoShape { segment: plan.checkpoint.index });
        return ControlFlow::Break(());
    };
    let stopped = shared.stop.load(Ordering::Relaxed) || sender.send(Job { plan, before, shape }).is_err();
    if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// A worker: proves segments until there are no more. After a failure it takes the rest without proving, so that
/// the executor does not wait for ever.
fn work(shared: &Shared<'_>, receiver: &Mutex<Receiver<Job>>) {
    loop {
        let Ok(job) = lock(receiver).recv() else { return };
        if shared.stop.load(Ordering::Relaxed) {
            continue;
        }
        let segment = job.plan.checkpoint.index;
        (shared.progress)(Progress::Started { segment, shape: job.shape });
        // A panic is a fault of ours; without this the executor would wait for a worker that is gone.
        let result = catch_unwind(AssertUnwindSafe(|| prove_job(shared, &job)));
        match result.unwrap_or(Err(ProveError::Lost(segment))) {
            Ok(result) => {
                let done = {
                    let mut results = lock(&shared.results);
                    if let Some(slot) = results.get_mut(segment as usize) {
                        *slot = Some(result);
                    }
                    results.iter().filter(|slot| slot.is_some()).count()
                };
                (shared.progress)(Progress::Proven {
                    segment,
                    done: u32::try_from(done).unwrap_or(u32::MAX),
                });
            }
            Err(error) => fail(shared, error),
        }
    }
}

fn prove_job(shared: &Shared<'_>, job: &Job) -> Result<(SegmentProof, SegmentReport), ProveError> {
    let record = trace(shared.key.program(), &job.plan.checkpoint, shared.input, job.plan.cycles)?;
    let proof = prove_segment(shared.key, job.shape, &record, &job.before)?;
    let (rows, cells) = shared.key.size(job.shape)?;
    Ok((proof, SegmentReport { shape: job.shape, cycles: job.plan.cycles, rows, cells }))
}

fn fail(shared: &Shared<'_>, error: ProveError) {
    shared.stop.store(true, Ordering::Relaxed);
    lock(&shared.failure).get_or_insert(error);
}

/// Locks; a poisoned lock belongs to a worker that panicked, and the panic surfaces when the scope ends.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn cells_of_leaves(leaves: &[Leaf]) -> Vec<(u32, Cells)> {
    leaves.iter().map(|leaf| (leaf_label(leaf.space, leaf.leaf), cells_of_words(&leaf.words))).collect()
}
