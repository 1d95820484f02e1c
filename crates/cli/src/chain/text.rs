//! The answers of `deploy`, `submit` and `cost` as text.

use finial_chain::advice::Way;
use finial_chain::deploy::{Plan, Planned, State};
use finial_chain::money::{Wei, gwei};
use finial_chain::submit::{Code, Submitted};

use super::{CostAnswer, DeployAnswer, SubmitAnswer};
use crate::print::{INSECURE, Text, table};

/// Who decides what the router accepts.
fn owner_text(plan: &Plan) -> String {
    let Some(owner) = plan.owner else { return String::new() };
    let pending = plan.pending_owner.map_or_else(|| "none".to_owned(), |pending| pending.to_string());
    let mut text = format!("router's owner {owner}, pending owner {pending}\n");
    if let (Some(other), Some(requested)) = (plan.other_owner(), plan.requested_owner) {
        text += &format!(
            "WARNING: the router's owner is {other}, not {requested} who was asked for: {other} decides what it accepts\n"
        );
    }
    text
}

pub(super) fn plan_text(plan: &Plan) -> String {
    let row = |contract: &Planned| {
        let state = match contract.state {
            State::Present => "present",
            State::Missing => "missing",
            State::Deployed => "deployed",
        };
        let gas = contract.receipt.as_ref().map_or(contract.gas_estimate, |receipt| receipt.gas_used);
        vec![contract.name.clone(), contract.address.to_string(), state.to_owned(), gas.to_string()]
    };
    let rows: Vec<_> = plan.contracts.iter().map(row).collect();
    let mut text = table(&["contract", "address", "on the chain", "gas"], &rows);
    text += &owner_text(plan);
    for route in &plan.routes {
        let state = match (&route.receipt, route.current) {
            (Some(receipt), _) => format!("added for {} gas", receipt.gas_used),
            (None, Some(_)) if route.frozen => "FROZEN: the router refuses its proofs".to_owned(),
            (None, Some(current)) if current == route.verifier => "known to the router".to_owned(),
            (None, Some(current)) => format!("the router leads it to {current}"),
            (None, None) => "to be added by the router's owner: add(verifier)".to_owned(),
        };
        text += &format!("version {} -> {}: {state}\n", route.selector, route.verifier);
    }
    text += &format!(
        "chain {}; {} gas to deploy at {}: {}\n",
        plan.chain_id,
        plan.gas_estimate,
        gwei(plan.gas_price.0),
        plan.cost_estimate
    );
    text
}

impl Text for DeployAnswer {
    fn text(&self) -> String {
        let plan = &self.plan;
        if self.dry_run {
            return format!("{}nothing was sent\n", plan_text(plan));
        }
        let receipts = plan
            .contracts
            .iter()
            .map(|contract| (contract.name.as_str(), contract.receipt.as_ref()))
            .chain(plan.routes.iter().map(|route| ("FinialRouter.add", route.receipt.as_ref())))
            .filter_map(|(name, receipt)| Some((name, receipt?)));
        let mut text = String::new();
        for (name, receipt) in receipts {
            let block = receipt.block.map(|block| format!("block {block}, ")).unwrap_or_default();
            text += &format!(
                "{name}: {block}{} gas, {}, transaction {}\n",
                receipt.gas_used, receipt.paid, receipt.transaction
            );
        }
        if text.is_empty() {
            text += if plan.is_done() {
                "everything was there; nothing was sent\n"
            } else {
                "nothing was sent\n"
            };
        } else {
            text += &format!("{} gas, {} paid\n", plan.gas_used, plan.paid);
        }
        if !plan.is_done() {
            text += "WARNING: the router does not lead every version to its verifier; see above\n";
        }
        if let Some(path) = &self.deployments {
            text += &format!("deployments  {}\n", path.display());
        }
        text
    }
}

impl Text for SubmitAnswer {
    fn text(&self) -> String {
        let Submitted {
            chain_id, to, code, code_hash, gas_estimate, gas_price, cost_estimate, receipt, ..
        } = &self.submitted;
        let mut text = match self.local_gas {
            Some(gas) => format!("valid, checked in a local EVM ({gas} gas)\n"),
            None => "not checked locally: this build has other contracts (--generated names their files)\n"
                .to_owned(),
        };
        text += &match code {
            Code::Files => {
                format!("accepted by {to} on chain {chain_id}, whose code is that of the contract's files\n")
            }
            Code::Deployments => {
                format!(
                    "accepted by {to} on chain {chain_id}, whose code is what the deployments file states\n"
                )
            }
            Code::Unknown => format!(
                "{to} on chain {chain_id} (code {code_hash}) did not revert, but its code, or that behind it, is not known here: it may accept everything\n"
            ),
        };
        if let (Some(gas), Some(Wei(price)), Some(cost)) = (gas_estimate, gas_price, cost_estimate) {
            text += &format!("gas estimate {gas} at {}: {cost}\n", gwei(*price));
        }
        match receipt {
            Some(receipt) => {
                let block = receipt.block.map(|block| format!(" in block {block}")).unwrap_or_default();
                text += &format!(
                    "transaction {}{block}: success, {} gas, {} paid\n",
                    receipt.transaction, receipt.gas_used, receipt.paid
                );
            }
            None => text += "nothing was sent\n",
        }
        if self.submitted.insecure_params {
            text += INSECURE;
        }
        text
    }
}

impl Text for CostAnswer {
    fn text(&self) -> String {
        let a = &self.advice;
        let gib = |bytes: f64| format!("{:.2}", bytes / (1_u64 << 30) as f64);
        let row = |name: &str, cost: &finial_chain::advice::Cost, fee: Wei| {
            let memory = gib(cost.peak_rss_bytes as f64);
            let [cpu, wall] = [cost.cpu_s, cost.wall_s].map(|seconds| format!("{seconds:.1}"));
            vec![name.to_owned(), cost.gas.to_string(), fee.to_string(), cpu, wall, memory]
        };
        let rows = [row("direct", &a.direct, a.direct_fee), row("wrapped", &a.wrapped, a.wrapped_fee)];
        let mut text = table(&["proof", "gas", "fee", "CPU s", "wall s", "peak GiB"], &rows);
        text += &format!("measured: {} cycles, {}\n", self.cycles, self.measured_on);
        text += &format!(
            "at {}, wrapping saves {} gas ({:.6} ETH) for {:.1} CPU-s, {:.1} s and {} GiB more\n",
            gwei(a.gas_price.0),
            a.gas_saved,
            a.ether_saved,
            a.extra_cpu_s,
            a.extra_wall_s,
            gib(a.extra_memory_bytes as f64)
        );
        if let Some(hour) = a.break_even_cpu_hour_ether {
            text += &format!("it pays while a CPU-hour costs less than {hour:.6} ETH\n");
        }
        if let Some(price) = a.break_even_gas_price {
            text += &format!("at the prices given, it pays above {:.4} gwei\n", price * 1e-9);
        }
        text += match a.cheaper {
            Some(Way::Direct) => "cheaper: direct\n",
            Some(Way::Wrapped) => "cheaper: wrapped (`prove evm --wrap`)\n",
            None => "cheaper: depends on what a CPU-hour costs you (--cpu-hour-price, --eth-price)\n",
        };
        text
    }
}
