//! Which way is cheaper: the direct proof, or the wrapped one that takes more seconds and memory and less gas.
//! Every figure was measured: gas stands in proof files, seconds and memory in the reports of `--report`.

use std::path::Path;

use finial_evm::{Circuit, ProofFile};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::money::Wei;

/// What one proof cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Gas of the transaction that checks it.
    pub gas: u64,
    /// Seconds of all cores, from the program to calldata.
    pub cpu_s: f64,
    /// Seconds that passed.
    pub wall_s: f64,
    /// Largest resident memory.
    pub peak_rss_bytes: u64,
}

/// What both ways cost for the same run on the same machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Where and when it was measured.
    pub measured_on: String,
    /// Cycles of the run.
    pub cycles: u64,
    /// The direct way.
    pub direct: Cost,
    /// The wrapped way.
    pub wrapped: Cost,
}

/// A proof with the report of its making.
#[derive(Clone, Debug)]
pub struct Measured {
    proof: ProofFile,
    cycles: u64,
    segments: u32,
    cost: Cost,
}

/// What of a report is needed here.
#[derive(Deserialize)]
struct Report {
    totals: Totals,
    cycles: u64,
    segments: u32,
}

#[derive(Deserialize)]
struct Totals {
    cpu_s: f64,
    wall_s: f64,
    peak_rss_bytes: u64,
}

/// Prices of a CPU-hour and of an ether, in the same currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Market {
    /// A CPU-hour with its memory.
    pub cpu_hour: f64,
    /// An ether.
    pub ether: f64,
}

/// A way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The direct proof.
    Direct,
    /// The wrapped proof.
    Wrapped,
}

/// Seconds and memory against gas.
#[derive(Clone, Debug, Serialize)]
pub struct Advice {
    /// What was measured.
    pub direct: Cost,
    /// What was measured.
    pub wrapped: Cost,
    /// Price of gas, in wei.
    pub gas_price: Wei,
    /// What the direct transaction costs.
    pub direct_fee: Wei,
    /// What the wrapped transaction costs.
    pub wrapped_fee: Wei,
    /// Gas that wrapping saves; negative if it costs more.
    pub gas_saved: i128,
    /// Ether that wrapping saves at this price.
    pub ether_saved: f64,
    /// CPU-seconds that wrapping takes in addition.
    pub extra_cpu_s: f64,
    /// Seconds that wrapping takes in addition.
    pub extra_wall_s: f64,
    /// Memory that wrapping takes in addition, in bytes.
    pub extra_memory_bytes: i128,
    /// Wrapping pays while a CPU-hour costs less ether than this; nothing if it saves no gas or takes no time.
    pub break_even_cpu_hour_ether: Option<f64>,
    /// Wrapping pays above this price of gas in wei, at the prices given.
    pub break_even_gas_price: Option<f64>,
    /// The cheaper way. Without prices, only if one way is cheaper in gas and in seconds.
    pub cheaper: Option<Way>,
}

impl Figures {
    /// Compares two measured proofs.
    ///
    /// # Errors
    /// When they are not a direct and a wrapped proof of the same run.
    pub fn of(direct: &Measured, wrapped: &Measured, measured_on: String) -> Result<Self, Error> {
        let refuse = |why: &str| Err(Error::Figures(why.to_owned()));
        if (direct.proof.circuit, wrapped.proof.circuit) != (Circuit::Direct, Circuit::Wrapped) {
            return refuse("give a direct proof and a wrapped one");
        }
        let run = |m: &Measured| (m.proof.exe_commit, m.proof.public_values.clone(), m.cycles, m.segments);
        if run(direct) != run(wrapped) {
            return refuse("the proofs are of different runs");
        }
        Ok(Self { measured_on, cycles: direct.cycles, direct: direct.cost, wrapped: wrapped.cost })
    }

    /// Reads figures that were written before.
    ///
    /// # Errors
    /// When the file is none.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::parse(&read(path)?, path)
    }

    /// Reads the text of a file that `path` names.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let figures: Self = serde_json::from_str(text)
            .map_err(|error| Error::Malformed { path: path.to_owned(), why: error.to_string() })?;
        figures.direct.check()?;
        figures.wrapped.check()?;
        Ok(figures)
    }
}

impl Measured {
    /// Reads a proof file and the report that its making left.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn read(proof: &Path, report: &Path) -> Result<Self, Error> {
        let malformed = |path: &Path, why: String| Error::Malformed { path: path.to_owned(), why };
        let file = ProofFile::parse(&read(proof)?).map_err(|error| malformed(proof, error.to_string()))?;
        let Report { totals, cycles, segments } =
            serde_json::from_str(&read(report)?).map_err(|error| malformed(report, error.to_string()))?;
        let Totals { cpu_s, wall_s, peak_rss_bytes } = totals;
        let cost = Cost { gas: file.gas, cpu_s, wall_s, peak_rss_bytes };
        cost.check()?;
        Ok(Self { proof: file, cycles, segments, cost })
    }
}

impl Cost {
    fn check(&self) -> Result<(), Error> {
        let sound = |seconds: f64| seconds.is_finite() && seconds >= 0.0;
        if sound(self.cpu_s) && sound(self.wall_s) && self.gas > 0 {
            return Ok(());
        }
        Err(Error::Figures("seconds must not be negative, and gas not zero".to_owned()))
    }
}

/// Weighs gas against seconds and memory at a price of gas in wei, with prices in money if there are any.
#[must_use]
pub fn advice(direct: Cost, wrapped: Cost, gas_price: u128, market: Option<Market>) -> Advice {
    let gas_saved = i128::from(direct.gas) - i128::from(wrapped.gas);
    let ether_saved = gas_saved as f64 * Wei(gas_price).ether();
    let extra_cpu_s = wrapped.cpu_s - direct.cpu_s;
    let hours = extra_cpu_s / 3600.0;
    // Only where more work buys less gas is there a price at which both are equal.
    let trade = gas_saved > 0 && hours > 0.0;
    let cheaper = match market {
        Some(Market { cpu_hour, ether }) => {
            Some(if ether_saved * ether > hours * cpu_hour { Way::Wrapped } else { Way::Direct })
        }
        None if gas_saved <= 0 && hours >= 0.0 => Some(Way::Direct),
        None if gas_saved >= 0 && hours <= 0.0 => Some(Way::Wrapped),
        None => None,
    };
    Advice {
        direct,
        wrapped,
        gas_price: Wei(gas_price),
        direct_fee: Wei::of_gas(direct.gas, gas_price),
        wrapped_fee: Wei::of_gas(wrapped.gas, gas_price),
        gas_saved,
        ether_saved,
        extra_cpu_s,
        extra_wall_s: wrapped.wall_s - direct.wall_s,
        extra_memory_bytes: i128::from(wrapped.peak_rss_bytes) - i128::from(direct.peak_rss_bytes),
        break_even_cpu_hour_ether: trade.then(|| ether_saved / hours),
        break_even_gas_price: market
            .filter(|market| trade && market.ether > 0.0)
            .map(|market| hours * market.cpu_hour / market.ether / (gas_saved as f64 * 1e-18)),
        cheaper,
    }
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::File {
        action: "read",
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECT: Cost = Cost { gas: 400_000, cpu_s: 100.0, wall_s: 60.0, peak_rss_bytes: 3 << 30 };
    const WRAPPED: Cost = Cost { gas: 300_000, cpu_s: 190.0, wall_s: 110.0, peak_rss_bytes: 5 << 30 };

    #[test]
    fn both_ways_cost_the_same_at_the_break_even() {
        let gas_price = 20_000_000_000;
        let free = advice(DIRECT, WRAPPED, gas_price, None);
        assert_eq!((free.gas_saved, free.extra_cpu_s, free.cheaper), (100_000, 90.0, None));
        assert_eq!(free.extra_memory_bytes, 2 << 30);
        assert!((free.ether_saved - 0.002).abs() < 1e-12);
        // 0.002 ETH for 90 CPU-seconds are 0.08 ETH an hour.
        let hour = free.break_even_cpu_hour_ether.unwrap();
        assert!((hour - 0.08).abs() < 1e-9);
        for (cpu_hour, way) in [(hour * 0.99, Way::Wrapped), (hour * 1.01, Way::Direct)] {
            let market = Market { cpu_hour, ether: 1.0 };
            assert_eq!(advice(DIRECT, WRAPPED, gas_price, Some(market)).cheaper, Some(way));
        }
        let market = Market { cpu_hour: 0.04, ether: 2_000.0 };
        let even = advice(DIRECT, WRAPPED, gas_price, Some(market)).break_even_gas_price.unwrap();
        for (price, way) in [(even * 1.01, Way::Wrapped), (even * 0.99, Way::Direct)] {
            assert_eq!(advice(DIRECT, WRAPPED, price as u128, Some(market)).cheaper, Some(way));
        }
    }

    #[test]
    fn what_is_better_in_everything_needs_no_price() {
        assert_eq!(advice(DIRECT, DIRECT, 1, None).cheaper, Some(Way::Direct));
        let dear = Cost { gas: 500_000, ..WRAPPED };
        let answer = advice(DIRECT, dear, 1, None);
        assert_eq!((answer.cheaper, answer.break_even_cpu_hour_ether), (Some(Way::Direct), None));
        let quick = Cost { cpu_s: 50.0, ..WRAPPED };
        assert_eq!(advice(DIRECT, quick, 1, None).cheaper, Some(Way::Wrapped));
    }

    #[test]
    fn figures_are_of_one_run_and_sound() {
        let directory = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../evm/tests/fixtures/small");
        let report = directory.path().join("report.json");
        let write = |cycles: u64, cpu_s: f64| {
            let totals =
                serde_json::json!({"stage": "total", "cpu_s": cpu_s, "wall_s": 1.0, "peak_rss_bytes": 7});
            let value = serde_json::json!({"stages": [], "totals": totals, "cycles": cycles, "segments": 1});
            std::fs::write(&report, value.to_string()).unwrap();
        };
        write(100, 2.0);
        let direct = Measured::read(&root.join("direct/proof.json"), &report).unwrap();
        let mut wrapped = Measured::read(&root.join("wrapped/proof.json"), &report).unwrap();
        wrapped.proof.exe_commit = direct.proof.exe_commit;
        wrapped.proof.public_values.clone_from(&direct.proof.public_values);
        let figures = Figures::of(&direct, &wrapped, "a machine".into()).unwrap();
        assert_eq!((figures.direct.gas, figures.direct.cpu_s), (direct.proof.gas, 2.0));
        let path = directory.path().join("figures.json");
        std::fs::write(&path, serde_json::to_string(&figures).unwrap()).unwrap();
        assert_eq!(Figures::read(&path).unwrap(), figures);
        let refused = |a: &Measured, b: &Measured| Figures::of(a, b, String::new()).unwrap_err().to_string();
        assert!(refused(&wrapped, &direct).contains("a direct proof and a wrapped one"));
        wrapped.cycles += 1;
        assert!(refused(&direct, &wrapped).contains("different runs"));
        write(100, -1.0);
        assert!(matches!(Measured::read(&root.join("direct/proof.json"), &report), Err(Error::Figures(_))));
        assert!(matches!(Figures::read(&report), Err(Error::Malformed { .. })));
    }
}
