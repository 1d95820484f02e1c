//! What can go wrong between a proof file and a chain.

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use finial_evm::contract::ContractError;
use finial_evm::proof_file::CheckError;
use thiserror::Error;

use crate::money::{Wei, gwei};
use crate::revert::Revert;
use crate::secret::KeyError;

/// Who can do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Something on this machine: files, the network.
    Machine,
    /// What was given: addresses, files, keys, the wrong chain.
    Input,
    /// The contract rejects the proof.
    Proof,
    /// The node or the chain: unreachable, refused, out of funds, not mined.
    Chain,
}

/// Why nothing was deployed, sent or accepted.
#[derive(Debug, Error)]
pub enum Error {
    /// `--rpc-url` is no URL.
    #[error("the RPC URL is not usable: give http://HOST:PORT or https://HOST/PATH")]
    Url,
    /// No HTTP client.
    #[error("no HTTP client on this machine: {0}")]
    Client(String),
    /// The node could not be reached or refused.
    #[error("{place} did not do {what}: {why}")]
    Node {
        /// The node, without what may be secret in its URL.
        place: String,
        /// The request.
        what: &'static str,
        /// What came back.
        why: String,
    },
    /// The key to sign with.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Accounts of the node are for development.
    #[error(
        "chain {chain_id} is no development chain: an unlocked account is taken on chains 31337 and 1337 only; give a keystore file"
    )]
    UnlockedOnChain {
        /// The node's chain.
        chain_id: u64,
    },
    /// The node is on another chain than was asked for.
    #[error("the node is on chain {node}, not on chain {expected} (--chain-id); nothing was signed")]
    WrongChain {
        /// The chain asked for.
        expected: u64,
        /// The node's.
        node: u64,
    },
    /// A key signs for a chain that only the node has named.
    #[error(
        "the node says it is on chain {chain_id}: give --chain-id {chain_id} if that is where this key should sign"
    )]
    ChainNotNamed {
        /// The node's chain.
        chain_id: u64,
    },
    /// Gas is too dear.
    #[error(
        "gas costs {} on chain {chain_id}, above the limit of {} (--max-fee GWEI sets it)",
        gwei(*.price),
        gwei(*.limit)
    )]
    Fee {
        /// The node's chain.
        chain_id: u64,
        /// What gas costs there, or the tip that the node asks for, in wei.
        price: u128,
        /// What it may cost, in wei.
        limit: u128,
    },
    /// The node does not have that account.
    #[error("{place} has no unlocked account {address}")]
    NotUnlocked {
        /// The node.
        place: String,
        /// The account.
        address: Address,
    },
    /// Development parameters on a chain with value.
    #[error(
        "{what} belongs to development parameters, whose secret is public: anyone can forge its proofs. Chain {chain_id} is no development chain (31337, 1337); make the contract with parameters of a ceremony (`finial params import`, `finial contract --params NAME`)"
    )]
    InsecureParameters {
        /// The contract or proof.
        what: String,
        /// The node's chain.
        chain_id: u64,
    },
    /// No deterministic deployment proxy.
    #[error(
        "chain {chain_id} has no CREATE2 proxy at {}: send 0.01 ETH to 0x3fAB184622Dc19b6109349B94811493BF45362 and then its keyless deployment transaction (https://github.com/Arachnid/deterministic-deployment-proxy)",
        crate::create2::PROXY
    )]
    NoProxy {
        /// The node's chain.
        chain_id: u64,
    },
    /// Other code at an address of ours.
    #[error("{address} has code with hash {found}, not {name} ({expected})")]
    OtherCode {
        /// What should be there.
        name: String,
        /// Where.
        address: Address,
        /// Hash of its code.
        expected: B256,
        /// Hash of the code there.
        found: B256,
    },
    /// Nothing at an address.
    #[error("chain {chain_id} has no contract at {address}; `finial deploy` puts it there")]
    NoContract {
        /// The node's chain.
        chain_id: u64,
        /// Where.
        address: Address,
    },
    /// The contract is for another key.
    #[error(
        "the proof was made for the verifier with code hash {proof}; the contract at {address} has {contract}"
    )]
    OtherContract {
        /// Where.
        address: Address,
        /// The proof's verifier.
        proof: B256,
        /// The contract's.
        contract: B256,
    },
    /// The local run of a deployment failed.
    #[error("{name} cannot be created: {why}")]
    Rehearsal {
        /// Which contract.
        name: String,
        /// What the EVM said.
        why: String,
    },
    /// The router has an owner, and nobody said who.
    #[error("the router needs an owner: give --owner, or a key, whose account is then the owner")]
    OwnerNeeded,
    /// The adapter is bound to an App VM.
    #[error("the adapter needs --router and --leaf-commit (`finial commit` prints it)")]
    AdapterNeeds,
    /// A call reverted.
    #[error("the contract at {address} reverted with {revert}")]
    Reverted {
        /// Which contract.
        address: Address,
        /// With what.
        revert: Box<Revert>,
    },
    /// The node does not carry a call out, and not because the contract reverts.
    #[error("the call of {address} cannot be carried out: {why}")]
    Halted {
        /// Which contract.
        address: Address,
        /// What the node said.
        why: String,
    },
    /// Some other contract.
    #[error(
        "the contract at {address} is no verifier of Finial's: it does not answer `verifierCodeHash()` and `halo2Verifier()`"
    )]
    NoFront {
        /// Where.
        address: Address,
    },
    /// A transaction failed.
    #[error("transaction {transaction} failed{}", because(.revert))]
    Failed {
        /// Its hash.
        transaction: B256,
        /// What the same call says now, if it reverts.
        revert: Option<Box<Revert>>,
    },
    /// No receipt in time.
    #[error(
        "transaction {transaction} was sent and has no receipt after {seconds} s; it may still be mined: look for it before sending again"
    )]
    NotMined {
        /// Its hash.
        transaction: B256,
        /// How long was waited.
        seconds: u64,
    },
    /// Not enough money.
    #[error("{address} has {has}; the transaction may take {needs}")]
    Funds {
        /// The sender.
        address: Address,
        /// What it has.
        has: Wei,
        /// What may be needed.
        needs: Wei,
    },
    /// A contract's files.
    #[error("the contract's files cannot be used")]
    Contract(#[from] ContractError),
    /// This build was made without a file.
    #[error("this build has no {name}; {hint}")]
    NotBuilt {
        /// Which file.
        name: String,
        /// What to do.
        hint: &'static str,
    },
    /// The local check.
    #[error("the proof is not valid; nothing was sent")]
    Local(#[source] Box<CheckError>),
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path} cannot be understood: {why}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A deployments file of another chain.
    #[error("{path} is about chain {file}; the node is on chain {node}")]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// Its chain.
        file: u64,
        /// The node's.
        node: u64,
    },
    /// The deployments file does not list a contract for this proof.
    #[error("{path} lists no contract for the verifier with code hash {code_hash}")]
    NotDeployed {
        /// The file.
        path: PathBuf,
        /// The proof's verifier.
        code_hash: B256,
    },
    /// Figures that cannot be compared.
    #[error("these figures cannot be compared: {0}")]
    Figures(String),
}

fn because(revert: &Option<Box<Revert>>) -> String {
    match revert {
        Some(revert) => format!(": the contract reverted with {revert}"),
        None => "; the same call passes now, so it may have run out of gas".to_owned(),
    }
}

impl From<CheckError> for Error {
    fn from(error: CheckError) -> Self {
        Self::Local(Box::new(error))
    }
}

impl Error {
    /// Who can do something about it.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Url
            | Self::Key(_)
            | Self::UnlockedOnChain { .. }
            | Self::WrongChain { .. }
            | Self::ChainNotNamed { .. }
            | Self::NotUnlocked { .. }
            | Self::InsecureParameters { .. }
            | Self::NoContract { .. }
            | Self::NoFront { .. }
            | Self::OwnerNeeded
            | Self::AdapterNeeds
            | Self::Contract(_)
            | Self::NotBuilt { .. }
            | Self::Malformed { .. }
            | Self::OtherChain { .. }
            | Self::NotDeployed { .. }
            | Self::Figures(_) => Fault::Input,
            Self::File { action, .. } => {
                // What is read was given; what is written is this machine's.
                if matches!(action.as_bytes(), b"read") { Fault::Input } else { Fault::Machine }
            }
            Self::OtherContract { .. } | Self::Reverted { .. } | Self::Local(_) => Fault::Proof,
            Self::Client(_) | Self::Rehearsal { .. } => Fault::Machine,
            Self::Node { .. }
            | Self::Fee { .. }
            | Self::NoProxy { .. }
            | Self::OtherCode { .. }
            | Self::Halted { .. }
            | Self::Failed { .. }
            | Self::NotMined { .. }
            | Self::Funds { .. } => Fault::Chain,
        }
    }
}

/// An error and its causes, each said once: a cause that its error already quotes is left out.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        cause = error.source();
    }
    text
}
