#![doc = include_str!("../README.md")]

mod alu;
mod checkpoint;
mod cpu;
mod error;
mod executor;
mod fast;
mod meter;
mod record;
mod snapshot;
mod syscall;
mod trace;
mod unconstrained;

pub use checkpoint::{Checkpoint, Execution, Leaf, SegmentPlan, Summary, initial_leaves};
pub use error::{Cause, ExecutionError};
pub use executor::Executor;
pub use record::*;
pub use snapshot::Snapshot;
pub use syscall::{MAX_OUTPUT, call, frame_input};
pub use trace::trace;
