//! A proof file on its way to a contract.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use finial_evm::{
    ProofFile, Verified,
    calldata::IFinialVerifier::{verifierCodeHashCall, verifyCall},
};
use serde::Serialize;

use crate::artifacts;
use crate::deploy::with_margin;
use crate::deployments::Deployments;
use crate::error::Error;
use crate::money::Wei;
use crate::node::{Call, Node, Receipt};
use crate::secret::Sender;

/// Where a proof goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A contract with the interface `IFinialVerifier`.
    Front(Address),
    /// The router.
    Router(Address),
    /// The front that a deployments file lists for the proof's verifier.
    Deployments(PathBuf),
}

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// `eth_call` alone.
    Call,
    /// Also estimate the gas.
    DryRun(Option<Address>),
    /// Send the transaction and wait for its receipt.
    Send(&'a Sender),
}

/// What the chain said: the contract accepts the proof.
#[derive(Clone, Debug, Serialize)]
pub struct Submitted {
    /// The chain.
    pub chain_id: u64,
    /// The contract that was called.
    pub to: Address,
    /// Length of the calldata.
    pub calldata_bytes: usize,
    /// True if the proof was made with development parameters: then it proves nothing.
    pub insecure_params: bool,
    /// The node's estimate of the transaction's gas, if it was asked.
    pub gas_estimate: Option<u64>,
    /// Price of gas then, in wei.
    pub gas_price: Option<Wei>,
    /// What the estimate costs at that price.
    pub cost_estimate: Option<Wei>,
    /// The receipt, if the transaction was sent.
    #[serde(flatten)]
    pub receipt: Option<Receipt>,
}

/// Checks a proof against the contract's files in a local EVM, before a node hears of it: the files of `directory`
/// (`direct` and `wrapped` in it), or this build's. `None` if this build's contract is not the one the proof names.
///
/// # Errors
/// When the proof is not accepted, or is not for the contract in the directory.
pub fn check_locally(proof: &ProofFile, directory: Option<&Path>) -> Result<Option<Verified>, Error> {
    let contract = match artifacts::verifier(proof.circuit, directory) {
        Ok(verifier) => verifier.contract,
        Err(error) if directory.is_some() => return Err(error),
        Err(_) => return Ok(None),
    };
    if directory.is_none() && contract.manifest.code_hash != proof.code_hash {
        return Ok(None);
    }
    Ok(Some(proof.check(&contract)?))
}

/// Asks the contract about a proof and, if it accepts, estimates and sends, as the mode says. `verify` changes no
/// state: a transaction to it costs what a call costs a contract that relies on it, and shows it.
///
/// # Errors
/// [`Error::Reverted`] names the contract's error; nothing is sent then.
pub fn submit(node: &Node, proof: &ProofFile, target: &Target, mode: Mode<'_>) -> Result<Submitted, Error> {
    let chain_id = node.chain_id();
    if proof.params.insecure && !node.is_development() {
        let what = format!("the proof ({})", proof.params.name);
        return Err(Error::InsecureParameters { what, chain_id });
    }
    let call = resolve(node, proof, target)?;
    let from = match mode {
        Mode::Call => None,
        Mode::DryRun(from) => from,
        Mode::Send(sender) => {
            node.admit(sender)?;
            Some(sender.address())
        }
    };
    node.call(from, &call)?;
    let mut answer = Submitted {
        chain_id,
        to: call.to,
        calldata_bytes: call.data.len(),
        insecure_params: proof.params.insecure,
        gas_estimate: None,
        gas_price: None,
        cost_estimate: None,
        receipt: None,
    };
    if matches!(mode, Mode::Call) {
        return Ok(answer);
    }
    let gas = node.estimate(from, &call)?;
    let prices = node.prices()?;
    answer.gas_estimate = Some(gas);
    answer.gas_price = Some(Wei(prices.now));
    answer.cost_estimate = Some(Wei::of_gas(gas, prices.now));
    if let Mode::Send(sender) = mode {
        answer.receipt = Some(node.send(sender, &call, with_margin(gas), prices)?);
    }
    Ok(answer)
}

/// The call, after a look at what is there: an address without code accepts everything.
fn resolve(node: &Node, proof: &ProofFile, target: &Target) -> Result<Call, Error> {
    let code_hash = B256::from(proof.code_hash);
    let address = match target {
        Target::Front(address) | Target::Router(address) => *address,
        Target::Deployments(path) => Deployments::require(path, node.chain_id())?.front(code_hash, path)?,
    };
    if node.code_hash(address)?.is_none() {
        return Err(Error::NoContract { chain_id: node.chain_id(), address });
    }
    if matches!(target, Target::Router(_)) {
        // The router finds the front by the selector, and names its error where it has none.
        return Ok(Call { to: address, data: routed(proof) });
    }
    let data = verifierCodeHashCall {}.abi_encode().into();
    let answer = match node.call(None, &Call { to: address, data }) {
        Err(Error::Reverted { .. } | Error::Halted { .. }) => Err(Error::NoFront { address }),
        answer => answer,
    }?;
    let contract =
        verifierCodeHashCall::abi_decode_returns(&answer).map_err(|_| Error::NoFront { address })?;
    if contract != code_hash {
        return Err(Error::OtherContract { address, proof: code_hash, contract });
    }
    Ok(Call { to: address, data: proof.calldata.clone().into() })
}

/// The router's calldata: the same call, with the version's selector before the proof.
#[must_use]
pub fn routed(proof: &ProofFile) -> Bytes {
    let [a, b, c, d, ..] = proof.code_hash;
    let bytes = [[a, b, c, d].as_slice(), &proof.proof_data].concat();
    verifyCall {
        publicValues: proof.public_values.clone().into(),
        proofData: bytes.into(),
        exeCommit: proof.exe_commit.into(),
        leafCommit: proof.leaf_commit.into(),
    }
    .abi_encode()
    .into()
}
