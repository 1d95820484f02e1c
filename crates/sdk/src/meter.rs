//! What each stage costs: wall and CPU seconds, peak memory, rows and cells.

use std::fs;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// The cost of one stage, summed over its proofs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// The stage.
    pub stage: String,
    /// Seconds that passed.
    pub wall_s: f64,
    /// Seconds of all cores, user and system.
    pub cpu_s: f64,
    /// Largest resident memory while the stage ran.
    pub peak_rss_bytes: u64,
    /// Rows of its proofs, over all tables.
    pub rows: u64,
    /// Main cells of its proofs.
    pub cells: u64,
    /// How often it ran: segments, nodes.
    pub count: u64,
}

/// The costs of a whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Stages in the order in which they first ran.
    pub stages: Vec<StageReport>,
    /// All of them: sums, and the largest peak.
    pub totals: StageReport,
    /// Cycles of the program.
    pub cycles: u64,
    /// Segments of the run.
    pub segments: u32,
    /// Whether peaks are each stage's own; where the system does not let a process reset its peak, a stage's peak is
    /// the process's so far.
    pub peaks_by_stage: bool,
}

impl Report {
    /// The stage of this name.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&StageReport> {
        self.stages.iter().find(|stage| stage.stage == name)
    }
}

/// Collects a [`Report`].
pub(crate) struct Meter {
    report: Report,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { report: Report { peaks_by_stage: reset_peak(), ..Report::default() } }
    }

    /// Runs `body` as (a further part of) a stage.
    pub(crate) fn stage<T>(&mut self, name: &str, body: impl FnOnce() -> T) -> T {
        reset_peak();
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let result = body();
        let (wall, cpu, peak) = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu, peak_rss());
        tracing::debug!("{name}: {wall:.2} s, {cpu:.2} CPU-s, {} MiB", peak >> 20);
        let stage = self.entry(name);
        stage.wall_s += wall;
        stage.cpu_s += cpu;
        stage.peak_rss_bytes = stage.peak_rss_bytes.max(peak);
        stage.count += 1;
        result
    }

    /// Adds the size of a proof to a stage.
    pub(crate) fn size(&mut self, name: &str, rows: u64, cells: u64) {
        let stage = self.entry(name);
        stage.rows += rows;
        stage.cells += cells;
    }

    /// Says what was run.
    pub(crate) const fn run(&mut self, cycles: u64, segments: u32) {
        self.report.cycles = cycles;
        self.report.segments = segments;
    }

    pub(crate) fn finish(mut self) -> Report {
        let mut totals = StageReport { stage: "total".to_owned(), ..StageReport::default() };
        for stage in &self.report.stages {
            totals.wall_s += stage.wall_s;
            totals.cpu_s += stage.cpu_s;
            totals.peak_rss_bytes = totals.peak_rss_bytes.max(stage.peak_rss_bytes);
            totals.rows += stage.rows;
            totals.cells += stage.cells;
            totals.count += stage.count;
        }
        self.report.totals = totals;
        self.report
    }

    fn entry(&mut self, name: &str) -> &mut StageReport {
        let stages = &mut self.report.stages;
        let index = stages.iter().position(|stage| stage.stage == name).unwrap_or_else(|| {
            stages.push(StageReport { stage: name.to_owned(), ..StageReport::default() });
            stages.len() - 1
        });
        &mut stages[index]
    }
}

/// CPU seconds of this process so far.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Lets the kernel forget this process's peak of resident memory; false where it does not.
fn reset_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Peak of resident memory since the last reset, in bytes; 0 where the system does not tell.
fn peak_rss() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up() {
        let mut meter = Meter::new();
        for _ in 0..2 {
            assert_eq!(meter.stage("a", || 7), 7);
            meter.size("a", 10, 100);
        }
        meter.stage("b", || std::hint::black_box(vec![1_u8; 1 << 26]).len());
        let report = meter.finish();
        let a = report.stage("a").unwrap();
        assert_eq!((a.rows, a.cells, a.count), (20, 200, 2));
        let b = report.stage("b").unwrap();
        assert!(b.peak_rss_bytes >= 1 << 26);
        assert_eq!(report.totals.peak_rss_bytes, b.peak_rss_bytes.max(a.peak_rss_bytes));
    }
}
