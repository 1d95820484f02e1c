//! Answers as text for people.

use std::path::PathBuf;

use finial_sdk::bench::BenchOutcome;
use finial_sdk::outcome::{
    Commitments, ContractOutcome, ProveOutcome, RunOutcome, SetupOutcome, VerifyOutcome,
};
use finial_sdk::security::SecurityOutcome;
use finial_sdk::{Hex, ParamSet, Report};
use serde::Serialize;

/// An answer that can be read.
pub trait Text {
    /// Its lines.
    fn text(&self) -> String;
}

pub const INSECURE: &str = "WARNING: made with development parameters, whose secret is public: this proves nothing on a real chain.\n";

/// A proof that was written.
#[derive(Serialize)]
pub struct Proved {
    /// Where.
    pub file: PathBuf,
    /// What it says and cost.
    #[serde(flatten)]
    pub outcome: ProveOutcome,
}

pub fn params_text(params: &ParamSet) -> String {
    let kind = if params.insecure { "development only" } else { "of a ceremony" };
    format!("{}, k = {} ({kind})", params.name, params.k)
}

/// Bytes, shortened in the middle where they would fill the screen.
fn short(bytes: &Hex) -> String {
    let text = bytes.to_string();
    match (text.get(..66), text.get(text.len().saturating_sub(16)..)) {
        (Some(head), Some(tail)) if text.len() > 200 => {
            format!("{head}…{tail} ({} bytes)", bytes.0.len())
        }
        _ => text,
    }
}

/// A table with right-aligned columns, the first left-aligned.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let columns = header.len();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(header.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
            let (before, after) = if column == 0 { ("", padding.as_str()) } else { (padding.as_str(), "") };
            text += &format!("{}{before}{cell}{after}", if column == 0 { "" } else { "  " });
        }
        format!("{}\n", text.trim_end())
    };
    let body: String = rows.iter().map(|row| line(row.iter().map(String::as_str).collect())).collect();
    line(header.to_vec()) + &body
}

fn report_text(report: &Report) -> String {
    let row = |stage: &finial_sdk::StageReport| {
        vec![
            stage.stage.clone(),
            stage.count.to_string(),
            format!("{:.2}", stage.wall_s),
            format!("{:.2}", stage.cpu_s),
            format!("{:.2}", stage.peak_rss_bytes as f64 / (1_u64 << 30) as f64),
            stage.rows.to_string(),
            stage.cells.to_string(),
        ]
    };
    let rows: Vec<_> = report.stages.iter().chain([&report.totals]).map(row).collect();
    table(&["stage", "runs", "wall s", "CPU s", "peak GiB", "rows", "main cells"], &rows)
}

impl Text for RunOutcome {
    fn text(&self) -> String {
        let speed = self.cycles as f64 / self.wall_s.max(1e-9) * 1e-6;
        let mut text = format!(
            "exit code      {}\ncycles         {} ({speed:.0} M/s)\nsegments       {}\npublic values  {}\n",
            self.exit_code,
            self.cycles,
            self.segments.len(),
            short(&self.public_values)
        );
        if !self.diagnostics.is_empty() {
            text += &format!("diagnostics    {}\n", self.diagnostics.trim_end());
        }
        text
    }
}

impl Text for Commitments {
    fn text(&self) -> String {
        format!("exe_commit   {}\nleaf_commit  {}\n", self.exe_commit, self.leaf_commit)
    }
}

impl Text for SetupOutcome {
    fn text(&self) -> String {
        let contract = if self.contract_committed {
            "the one committed with this build is for this key"
        } else {
            "none committed for this key: `finial contract` makes it"
        };
        format!(
            "cache        {}\nparameters   {}\nverifying key {}\nleaf_commit  {}\ncontract     {contract}\n\n{}",
            self.cache.display(),
            params_text(&self.params),
            self.vk_digest,
            self.leaf_commit,
            report_text(&self.report)
        )
    }
}

impl Text for Proved {
    fn text(&self) -> String {
        let outcome = &self.outcome;
        let mut text = format!(
            "proof          {} ({} bytes)\nexe_commit     {}\nleaf_commit    {}\npublic values  {}\n",
            self.file.display(),
            outcome.file_bytes,
            outcome.exe_commit,
            outcome.leaf_commit,
            short(&outcome.public_values)
        );
        if let (Some(gas), Some(bytes)) = (outcome.gas, outcome.calldata_bytes) {
            text += &format!("accepted by the contract for {gas} gas, {bytes} bytes of calldata\n");
            if let Some(osaka) = outcome.gas_osaka {
                text += &format!("by Osaka's rules for {osaka} gas\n");
            }
        }
        let report = &outcome.report;
        text +=
            &format!("{} cycles in {} segments\n\n{}", report.cycles, report.segments, report_text(report));
        if outcome.insecure_params == Some(true) {
            text += &format!("\n{INSECURE}");
        }
        text
    }
}

impl Text for VerifyOutcome {
    fn text(&self) -> String {
        let mut text = format!(
            "valid: a proof of kind {}\nexe_commit     {}\nleaf_commit    {}\npublic values  {}\n",
            self.kind,
            self.exe_commit,
            self.leaf_commit,
            short(&self.public_values)
        );
        if let Some(gas) = self.gas {
            text += &format!("gas            {gas} (Prague)");
            text += &self.gas_osaka.map_or_else(|| "\n".to_owned(), |gas| format!(", {gas} (Osaka)\n"));
        }
        text += if self.program_checked {
            "program        as expected\n"
        } else {
            "program        NOT CHECKED: compare the commitments, or give --elf or --exe-commit and --leaf-commit\n"
        };
        if self.insecure_params == Some(true) {
            text += INSECURE;
        }
        text
    }
}

impl Text for ContractOutcome {
    fn text(&self) -> String {
        format!(
            "directory      {}\nparameters     {}\nverifying key  {}\ncode hash      {}\ncode           {} bytes (EIP-170 allows 24576)\n",
            self.directory.display(),
            params_text(&self.params),
            self.vk_digest,
            self.code_hash,
            self.code_bytes
        )
    }
}

impl Text for SecurityOutcome {
    fn text(&self) -> String {
        let mut text = String::new();
        for layer in &self.layers {
            text += &format!("{}: {:.1} proven bits ({})\n", layer.layer, layer.bits, layer.regime);
            for term in &layer.terms {
                text += &format!("    {:8.1}  {}\n", term.bits, term.label);
            }
        }
        let verdict = if self.is_met() { "at least" } else { "NOT" };
        text + &format!(
            "every layer has {verdict} {} proven bits; the weakest {:.1}\n",
            self.target_bits, self.bits
        )
    }
}

impl Text for BenchOutcome {
    fn text(&self) -> String {
        let figure =
            |value: f64| if value >= 1_000.0 { format!("{value:.0}") } else { format!("{value:.1}") };
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                let gib = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
                vec![
                    row.stage.to_owned(),
                    row.unit.to_owned(),
                    figure(row.measured),
                    figure(row.budget),
                    figure(row.aim),
                    gib(row.peak_gib),
                    gib(row.peak_budget_gib),
                    if row.met { "met" } else { "NOT MET" }.to_owned(),
                ]
            })
            .collect();
        format!(
            "{}, {}; {} cycles in {} segments\n\n{}\n{}",
            self.machine,
            self.date,
            self.cycles,
            self.segments,
            table(&["stage", "unit", "measured", "budget", "aim", "GiB", "budget", ""], &rows),
            report_text(&self.report)
        )
    }
}
