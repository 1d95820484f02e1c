//! A small chain in memory (revm, EIP-170 on) that runs the contract by the rules of a hard fork.

use crate::{
    calldata::{Calldata, IFinialVerifier::IFinialVerifierErrors},
    contract::Contract,
    solidity::DEVELOPMENT_CHAINS,
};
use alloy_primitives::{Address, Bytes, TxKind, hex};
use alloy_sol_types::SolInterface;
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext, MainnetEvm,
    context::{TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    handler::MainnetContext,
    primitives::hardfork::SpecId,
};
use thiserror::Error;

/// Gas given to every transaction: below Osaka's cap (EIP-7825), and the contract needs far less.
const GAS_LIMIT: u64 = 16_000_000;
const SENDER: Address = Address::repeat_byte(0xf1);

/// An accepted transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Gas of the whole transaction: base cost, calldata and execution.
    pub gas: u64,
}

/// Why the contract did not accept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// It reverted with one of its errors.
    #[error("the contract reverted with {0}")]
    Named(String),
    /// It reverted without saying why: the calldata is not that of `verify` at all.
    #[error("the contract reverted without a reason: the calldata does not decode as a call of `verify`")]
    Unnamed,
    /// It did not come to an end.
    #[error("the EVM halted: {0}")]
    Halted(String),
}

/// Why a transaction could not be carried out.
#[derive(Debug, Error)]
pub enum ChainError {
    /// A contract could not be deployed.
    #[error("deploying {what} failed: {why}")]
    Deploy {
        /// Which contract.
        what: &'static str,
        /// What the EVM said.
        why: String,
    },
    /// The contract rejects the call.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The EVM refuses the transaction itself.
    #[error("the EVM refuses the transaction: {0}")]
    Transaction(String),
}

/// The hard fork whose rules a chain follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// May 2025.
    #[default]
    Prague,
    /// December 2025: `modexp` is dearer (EIP-7883), of which the verifier makes three.
    Osaka,
}

impl Rules {
    const fn spec(self) -> SpecId {
        match self {
            Self::Prague => SpecId::PRAGUE,
            Self::Osaka => SpecId::OSAKA,
        }
    }
}

/// A chain with the contract deployed on it.
pub struct Chain {
    evm: MainnetEvm<MainnetContext<CacheDB<EmptyDB>>>,
    nonce: u64,
    verifier: Address,
    front: Address,
}

impl Chain {
    /// Starts a development chain and deploys the contract on it.
    ///
    /// # Errors
    /// When a deployment fails, for instance because the code exceeds EIP-170's limit.
    pub fn deploy(contract: &Contract) -> Result<Self, ChainError> {
        Self::deploy_under(contract, DEVELOPMENT_CHAINS[0], Rules::default())
    }

    /// [`Self::deploy`] on a chain of the given id.
    ///
    /// # Errors
    /// Also when the contract refuses that chain.
    pub fn deploy_on(contract: &Contract, chain_id: u64) -> Result<Self, ChainError> {
        Self::deploy_under(contract, chain_id, Rules::default())
    }

    /// [`Self::deploy_on`] by the rules of a hard fork.
    ///
    /// # Errors
    /// As there.
    pub fn deploy_under(contract: &Contract, chain_id: u64, rules: Rules) -> Result<Self, ChainError> {
        let evm = Context::mainnet()
            .with_db(CacheDB::new(EmptyDB::new()))
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(rules.spec());
                cfg.chain_id = chain_id;
            })
            .build_mainnet();
        let mut chain = Self { evm, nonce: 0, verifier: Address::ZERO, front: Address::ZERO };
        chain.verifier = chain.create("the generated verifier", contract.verifier_code.clone())?;
        let mut front = contract.front_code.clone();
        front.extend(chain.verifier.into_word());
        chain.front = chain.create(contract.manifest.circuit.front(), front)?;
        Ok(chain)
    }

    /// Sends the calldata to the contract in a transaction of its own.
    ///
    /// # Errors
    /// When the contract rejects it: the error it reverted with.
    pub fn verify(&mut self, calldata: &Calldata) -> Result<Verified, ChainError> {
        self.call(self.front, &calldata.0)
    }

    /// Sends instances and proof to the generated verifier itself, past the front. No one should: it
    /// takes several encodings of one statement, which is what this is here to show.
    ///
    /// # Errors
    /// When the generated verifier rejects them.
    pub fn verify_raw(&mut self, input: &[u8]) -> Result<Verified, ChainError> {
        self.call(self.verifier, input)
    }

    fn call(&mut self, to: Address, data: &[u8]) -> Result<Verified, ChainError> {
        match self.transact(TxKind::Call(to), data.to_vec())? {
            ExecutionResult::Success { gas, .. } => Ok(Verified { gas: gas.tx_gas_used() }),
            ExecutionResult::Revert { output, .. } => Err(rejection(&output).into()),
            ExecutionResult::Halt { reason, .. } => Err(Rejection::Halted(format!("{reason:?}")).into()),
        }
    }

    fn create(&mut self, what: &'static str, code: Vec<u8>) -> Result<Address, ChainError> {
        let failed = |why| ChainError::Deploy { what, why };
        match self.transact(TxKind::Create, code)? {
            ExecutionResult::Success { output, .. } => {
                output.address().copied().ok_or_else(|| failed("no address came back".to_owned()))
            }
            ExecutionResult::Revert { output, .. } => Err(failed(rejection(&output).to_string())),
            ExecutionResult::Halt { reason, .. } => Err(failed(format!("{reason:?}"))),
        }
    }

    fn transact(&mut self, kind: TxKind, data: Vec<u8>) -> Result<ExecutionResult, ChainError> {
        let refused = |why: String| ChainError::Transaction(why);
        let transaction = TxEnv::builder()
            .caller(SENDER)
            .kind(kind)
            .data(Bytes::from(data))
            .gas_limit(GAS_LIMIT)
            .chain_id(Some(self.evm.ctx.cfg.chain_id))
            .nonce(self.nonce)
            .build()
            .map_err(|e| refused(format!("{e:?}")))?;
        let result = self.evm.transact_commit(transaction).map_err(|e| refused(e.to_string()))?;
        self.nonce += 1;
        Ok(result)
    }
}

fn rejection(output: &[u8]) -> Rejection {
    if output.is_empty() {
        return Rejection::Unnamed;
    }
    use IFinialVerifierErrors as E;
    Rejection::Named(match E::abi_decode(output) {
        Ok(E::InsecureParametersOnChain(e)) => format!("{e:?}"),
        Ok(E::VerifierCodeMismatch(e)) => format!("{e:?}"),
        Ok(E::NonCanonicalCalldata(e)) => format!("{e:?}"),
        Ok(E::ProofLengthMismatch(e)) => format!("{e:?}"),
        Ok(E::ExeCommitNotCanonical(e)) => format!("{e:?}"),
        Ok(E::LeafCommitNotCanonical(e)) => format!("{e:?}"),
        Ok(E::AccumulatorNotCanonical(e)) => format!("{e:?}"),
        Ok(E::ProofCoordinateNotCanonical(e)) => format!("{e:?}"),
        Ok(E::ProofScalarNotCanonical(e)) => format!("{e:?}"),
        Ok(E::ProofRejected(e)) => format!("{e:?}"),
        Err(_) => format!("an unknown error, 0x{}", hex::encode(output)),
    })
}
