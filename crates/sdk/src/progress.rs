//! What a caller learns during long work.

use std::sync::Mutex;
use std::sync::PoisonError;

/// Somebody who wants to know how far the work is.
pub trait Observer: Send + Sync {
    /// `stage` is what runs now; `done` of 0 to 1 is the estimated part of all work that is behind.
    fn progress(&self, stage: &str, done: f64);
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&self, _: &str, _: f64) {}
}

/// Estimated CPU seconds of the parts of a run. They steer the progress bar and nothing else.
pub(crate) mod weight {
    /// Per million main cells of a segment.
    pub(crate) const SEGMENT_PER_MCELL: f64 = 0.08;
    pub(crate) const LEAF: f64 = 6.0;
    pub(crate) const INTERNAL: f64 = 6.0;
    pub(crate) const SHRINK: f64 = 4.0;
    pub(crate) const ROOT: f64 = 10.0;
    pub(crate) const FINAL: f64 = 60.0;
    pub(crate) const WRAPPER: f64 = 70.0;
    pub(crate) const KEYS: f64 = 3.0;
}

/// Work done so far against work planned.
pub(crate) struct Work<'a> {
    observer: &'a dyn Observer,
    state: Mutex<(f64, f64)>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(observer: &'a dyn Observer, planned: f64) -> Self {
        Self { observer, state: Mutex::new((0.0, planned)) }
    }

    /// More work is known.
    pub(crate) fn plan(&self, weight: f64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 += weight;
    }

    /// A stage begins.
    pub(crate) fn begin(&self, stage: &str) {
        let (done, planned) = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.observer.progress(stage, if planned > 0.0 { (done / planned).min(1.0) } else { 0.0 });
    }

    /// Work of this weight is behind.
    pub(crate) fn done(&self, weight: f64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 += weight;
    }
}
