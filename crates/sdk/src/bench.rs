//! `bench`: DESIGN's table of budgets, measured on this machine.

use std::fs;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use finial_bn254_hash::Backend;
use finial_evm::Circuit;
use finial_riscv::Program;
use serde::Serialize;

use crate::Sdk;
use crate::error::SdkError;
use crate::meter::Report;
use crate::outcome::ProveOutcome;
use crate::pipeline::stage;

/// The program that is measured.
const FIBONACCI: &[u8] = include_bytes!("../../../tests/guests/elf/fibonacci.elf");
/// Cycles of the measured proof.
const CYCLES: u64 = 1_000_000;
/// Cycles of the measured execution.
const EXECUTION_CYCLES: u64 = 100_000_000;
/// What Osaka's dearer `modexp` adds to a verifier's gas; the budgets are stated by Prague's rules.
const OSAKA: f64 = 8e3;
const GIB: f64 = (1_u64 << 30) as f64;

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct BenchRow {
    /// What is measured.
    pub stage: &'static str,
    /// Unit of the figures.
    pub unit: &'static str,
    /// What was measured.
    pub measured: f64,
    /// What the first release allows itself.
    pub budget: f64,
    /// What is aimed at.
    pub aim: f64,
    /// Whether the measured figure keeps to the budget.
    pub met: bool,
    /// Peak memory in GiB, where the budget names one.
    pub peak_gib: Option<f64>,
    /// Its budget.
    pub peak_budget_gib: Option<f64>,
}

/// The table.
#[derive(Clone, Debug, Serialize)]
pub struct BenchOutcome {
    /// Processor and number of cores.
    pub machine: String,
    /// Day, as year-month-day.
    pub date: String,
    /// Cycles of the proven run.
    pub cycles: u64,
    /// Segments of the proven run.
    pub segments: u32,
    /// The rows.
    pub rows: Vec<BenchRow>,
    /// The report of the proven run.
    pub report: Report,
}

impl Sdk {
    /// Measures the whole pipeline on `fibonacci`, sized to a million cycles.
    ///
    /// # Errors
    /// As [`Sdk::prove_evm`].
    pub fn bench(&self) -> Result<BenchOutcome, SdkError> {
        let program = self.program(FIBONACCI)?;
        let mut rows = vec![self.execution(&program)?];
        let setup = self.setup(Circuit::Wrapped)?;
        // The proof then costs what it costs a new process: keys of the tree are made, the final ones read.
        self.keys.clear();
        let input = self.input_for(&program, CYCLES)?;
        let (_, outcome) = self.prove_evm(&program, &input, Circuit::Direct)?;
        rows.extend(proof_rows(&outcome.report));
        rows.extend(gas_rows(["gas, direct", "gas, direct, Osaka"], &outcome, [380e3, 330e3]));
        let report = outcome.report;
        // A short run: what is measured is the wrapper.
        self.keys.clear();
        let (_, outcome) = self.prove_evm(&program, &10_u32.to_le_bytes(), Circuit::Wrapped)?;
        let wrapper = outcome.report.stage(stage::WRAPPER);
        rows.push(peak(
            row("wrapper proof", "CPU-s", wrapper.map_or(0.0, |stage| stage.cpu_s), [150.0, 70.0]),
            wrapper.map_or(0, |stage| stage.peak_rss_bytes),
            5.0,
        ));
        rows.extend(gas_rows(["gas, wrapped", "gas, wrapped, Osaka"], &outcome, [300e3, 275e3]));
        let totals = &setup.report.totals;
        rows.push(peak(
            row("set-up (from the cache where it is there)", "s", totals.wall_s, [240.0, 60.0]),
            totals.peak_rss_bytes,
            6.0,
        ));
        Ok(BenchOutcome {
            machine: machine(),
            date: today(),
            cycles: report.cycles,
            segments: report.segments,
            rows,
            report,
        })
    }

    fn execution(&self, program: &Program) -> Result<BenchRow, SdkError> {
        let input = self.input_for(program, EXECUTION_CYCLES)?;
        let start = Instant::now();
        let run = self.run(program, &input)?;
        let speed = run.cycles as f64 / start.elapsed().as_secs_f64() * 1e-6;
        let mut row = row("execution, no trace", "M instructions/s", speed, [50.0, 300.0]);
        row.met = row.measured >= row.budget;
        Ok(row)
    }

    /// The input with which `fibonacci` runs for (nearly) so many cycles; its cycles are linear in its input.
    fn input_for(&self, program: &Program, cycles: u64) -> Result<Vec<u8>, SdkError> {
        let run = |n: u32| Ok::<_, SdkError>(self.run(program, &n.to_le_bytes())?.cycles);
        let (few, many) = (run(1_000)?, run(2_000)?);
        let n = cycles.saturating_sub(few) * 1_000 / (many - few).max(1) + 1_000;
        Ok(u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes().to_vec())
    }
}

/// Gas by Prague's rules, for which the budgets are stated, and by Osaka's.
fn gas_rows(names: [&'static str; 2], outcome: &ProveOutcome, budgets: [f64; 2]) -> [BenchRow; 2] {
    let gas = |gas: Option<u64>| gas.unwrap_or_default() as f64;
    [
        row(names[0], "gas", gas(outcome.gas), budgets),
        row(names[1], "gas", gas(outcome.gas_osaka), budgets.map(|budget| budget + OSAKA)),
    ]
}

fn proof_rows(report: &Report) -> Vec<BenchRow> {
    let cpu =
        |names: &[&str]| names.iter().filter_map(|name| report.stage(name)).map(|s| s.cpu_s).sum::<f64>();
    let rss = |names: &[&str]| {
        names.iter().filter_map(|name| report.stage(name)).map(|s| s.peak_rss_bytes).max().unwrap_or(0)
    };
    let million = report.cycles as f64 * 1e-6;
    let segments = f64::from(report.segments.max(1));
    let segment = &[stage::TRACE, stage::SEGMENT];
    let root_budget = if Backend::detect() == Backend::Ifma { 14.0 } else { 130.0 };
    vec![
        peak(
            row("segment proofs", "CPU-s per million cycles", cpu(segment) / million, [12.0, 5.0]),
            rss(segment),
            3.0,
        ),
        row(
            "leaf and share of internals, per segment",
            "CPU-s",
            cpu(&[stage::LEAF, stage::INTERNAL]) / segments,
            [8.0, 4.0],
        ),
        peak(row("shrink", "CPU-s", cpu(&[stage::SHRINK]), [4.0, 2.0]), rss(&[stage::SHRINK]), 2.0),
        peak(row("root proof", "CPU-s", cpu(&[stage::ROOT]), [root_budget, 5.0]), rss(&[stage::ROOT]), 2.0),
        peak(
            row("static verifier proof", "CPU-s", cpu(&[stage::FINAL]), [70.0, 30.0]),
            rss(&[stage::FINAL]),
            4.0,
        ),
        peak(
            row("1-M-cycle program, ELF to calldata", "CPU-s", report.totals.cpu_s, [120.0, 50.0]),
            report.totals.peak_rss_bytes,
            6.0,
        ),
    ]
}

const fn row(stage: &'static str, unit: &'static str, measured: f64, [budget, aim]: [f64; 2]) -> BenchRow {
    let met = measured <= budget;
    BenchRow { stage, unit, measured, budget, aim, met, peak_gib: None, peak_budget_gib: None }
}

fn peak(row: BenchRow, bytes: u64, budget: f64) -> BenchRow {
    let peak = bytes as f64 / GIB;
    BenchRow { met: row.met && peak <= budget, peak_gib: Some(peak), peak_budget_gib: Some(budget), ..row }
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let name = name.map_or("unknown processor", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{name}, {cores} cores")
}

/// Today, UTC. The calendar arithmetic counts days in years that begin in March.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    date_of_day(seconds / 86_400)
}

/// The date so many days after 1970-01-01.
fn date_of_day(day: u64) -> String {
    // Days since 0000-03-01; eras of 400 years have 146,097 days.
    let day = day + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let of_month = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{of_month:02}", era * 400 + year + carry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (day, date) in
            [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_776, "2026-11-19")]
        {
            assert_eq!(date_of_day(day), date);
        }
    }

    #[test]
    fn fibonacci_is_sized_to_its_cycles() {
        let sdk = Sdk::new(crate::Options::new().unwrap());
        let program = sdk.program(FIBONACCI).unwrap();
        let input = sdk.input_for(&program, CYCLES).unwrap();
        let cycles = sdk.run(&program, &input).unwrap().cycles;
        assert!(cycles.abs_diff(CYCLES) < 1_000, "{cycles}");
    }
}
