//! A proof file on its way to a contract.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use finial_evm::{
    ProofFile, Verified,
    calldata::IFinialVerifier::{halo2VerifierCall, verifierCodeHashCall, verifyCall},
};
use serde::Serialize;

use crate::artifacts;
use crate::deploy::{RouterRequest, Verifier, ask, with_margin};
use crate::deployments::{Deployed, Deployments};
use crate::error::Error;
use crate::front;
use crate::money::Wei;
use crate::node::{Call, Node, Receipt};
use crate::rehearse::rehearse;
use crate::revert::IFinialRouter::routesCall;
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

/// How the code that answered is known. A contract whose code nobody knows may accept everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// It is what the contract's files make.
    Files,
    /// It is what the deployments file states; no files of the contract are known here.
    Deployments,
    /// It is not known.
    Unknown,
}

/// What the chain said: the call did not revert. Whether that means that the proof is valid depends on the code.
#[derive(Clone, Debug, Serialize)]
pub struct Submitted {
    /// The chain.
    pub chain_id: u64,
    /// The contract that was called.
    pub to: Address,
    /// Hash of its code.
    pub code_hash: B256,
    /// How that code is known.
    pub code: Code,
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

/// The contract that the proof names, if its files are known: those of `directory` (`direct` and `wrapped` in it), or
/// this build's. `None` if this build's contract is not the one the proof names.
///
/// # Errors
/// When the directory does not hold a contract.
pub fn known_contract(proof: &ProofFile, directory: Option<&Path>) -> Result<Option<Verifier>, Error> {
    match artifacts::verifier(proof.circuit, directory) {
        Err(error) if directory.is_some() => Err(error),
        Err(_) => Ok(None),
        // Files that somebody names must be the proof's: what checks a proof against them says if they are not.
        Ok(verifier) => {
            let same = verifier.contract.manifest.code_hash == proof.code_hash;
            Ok(Some(verifier).filter(|_| same || directory.is_some()))
        }
    }
}

/// Checks a proof against the contract's files in a local EVM, before a node hears of it.
///
/// # Errors
/// When the proof is not accepted, or is not for this contract.
pub fn check_locally(proof: &ProofFile, known: &Verifier) -> Result<Verified, Error> {
    Ok(proof.check(&known.contract)?)
}

/// Asks the contract about a proof and, if it accepts, estimates and sends, as the mode says. `verify` changes no
/// state: a transaction to it costs what a call costs a contract that relies on it, and shows it.
///
/// # Errors
/// [`Error::Reverted`] names the contract's error, [`Error::OtherCode`] a contract with other code than the
/// deployments file or the `known` files say; nothing is sent then.
pub fn submit(
    node: &Node,
    proof: &ProofFile,
    target: &Target,
    known: Option<&Verifier>,
    mode: Mode<'_>,
) -> Result<Submitted, Error> {
    let chain_id = node.chain_id();
    if proof.params.insecure && !node.is_development() {
        let what = format!("the proof ({})", proof.params.name);
        return Err(Error::InsecureParameters { what, chain_id });
    }
    let Resolved { call, code, code_hash } = resolve(node, proof, target, known)?;
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
        code_hash,
        code,
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

/// A call, and what is known of who gets it.
struct Resolved {
    call: Call,
    code: Code,
    code_hash: B256,
}

/// The call, after a look at what is there: an address without code accepts everything, and so does a contract
/// that only calls itself a verifier.
fn resolve(
    node: &Node,
    proof: &ProofFile,
    target: &Target,
    known: Option<&Verifier>,
) -> Result<Resolved, Error> {
    match target {
        Target::Router(address) => resolve_router(node, proof, *address, known),
        Target::Front(address) => {
            let code_hash = code_at(node, *address)?;
            require_front(node, proof, *address, known)?;
            let code = if known.is_some() { Code::Files } else { Code::Unknown };
            Ok(Resolved { call: direct(proof, *address), code, code_hash })
        }
        Target::Deployments(path) => {
            let file = Deployments::require(path, node.chain_id())?;
            let Deployed { address, code_hash, .. } = *file.front(proof.code_hash.into(), path)?;
            let name = format!("the contract that {} lists", path.display());
            require_same(name, address, code_hash, code_at(node, address)?)?;
            require_front(node, proof, address, known)?;
            let code = if known.is_some() { Code::Files } else { Code::Deployments };
            Ok(Resolved { call: direct(proof, address), code, code_hash })
        }
    }
}

/// The router finds the front by the selector, and names its error where it has none. What it says is known only if
/// both are: a router of this build, with the front of the contract's files behind it.
fn resolve_router(
    node: &Node,
    proof: &ProofFile,
    router: Address,
    known: Option<&Verifier>,
) -> Result<Resolved, Error> {
    let code_hash = code_at(node, router)?;
    let [a, b, c, d, ..] = proof.code_hash;
    let route = ask(node, router, &routesCall { selector: [a, b, c, d].into() })?;
    let mut code = Code::Unknown;
    if route.verifier != Address::ZERO {
        require_front(node, proof, route.verifier, known)?;
        if known.is_some() && built_router(node.chain_id()) == Some(code_hash) {
            code = Code::Files;
        }
    }
    Ok(Resolved { call: Call { to: router, data: routed(proof) }, code, code_hash })
}

/// Hash of the code of this build's router. Its owner is in its storage, not in its code.
fn built_router(chain_id: u64) -> Option<B256> {
    let owner = Address::repeat_byte(1);
    let router = RouterRequest { code: artifacts::router_code().ok()?, owner }.creation();
    rehearse(chain_id, std::slice::from_ref(&router)).ok()?.code_hash(&router).ok()
}

fn direct(proof: &ProofFile, to: Address) -> Call {
    Call { to, data: proof.calldata.clone().into() }
}

fn code_at(node: &Node, address: Address) -> Result<B256, Error> {
    node.code_hash(address)?.ok_or(Error::NoContract { chain_id: node.chain_id(), address })
}

/// The contract must say that it stands in front of the proof's verifier, that verifier must be where it says (the
/// code of a front could be put in front of nothing, and a call of nothing succeeds), and where the contract's files
/// are known, the front's code must be theirs, as in a deployment.
fn require_front(
    node: &Node,
    proof: &ProofFile,
    address: Address,
    known: Option<&Verifier>,
) -> Result<(), Error> {
    let expected = B256::from(proof.code_hash);
    let contract = ask_front(node, address, &verifierCodeHashCall {})?;
    let generated = ask_front(node, address, &halo2VerifierCall {})?;
    if contract != expected {
        return Err(Error::OtherContract { address, proof: expected, contract });
    }
    let found = code_at(node, generated)?;
    if found != expected {
        return Err(Error::OtherContract { address: generated, proof: expected, contract: found });
    }
    let Some(verifier) = known else { return Ok(()) };
    let name = format!("{}/{}", verifier.path, verifier.front);
    require_same(name, address, front::code_hash(node.chain_id(), verifier)?, code_at(node, address)?)
}

fn require_same(name: String, address: Address, expected: B256, found: B256) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::OtherCode { name, address, expected, found }) }
}

fn ask_front<C: SolCall>(node: &Node, address: Address, question: &C) -> Result<C::Return, Error> {
    match ask(node, address, question) {
        Err(Error::Reverted { .. } | Error::Halted { .. }) => Err(Error::NoFront { address }),
        answer => answer,
    }
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
