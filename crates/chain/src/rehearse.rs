//! A deployment carried out in a local EVM first: addresses, code hashes and gas without trust in the node,
//! and a named reason where a constructor refuses.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::SolCall;
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext, MainnetEvm,
    bytecode::Bytecode,
    context::{TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    handler::MainnetContext,
    primitives::hardfork::SpecId,
    state::AccountInfo,
};

use crate::create2;
use crate::error::Error;
use crate::revert::Revert;

const GAS_LIMIT: u64 = 30_000_000;
const SENDER: Address = Address::repeat_byte(0xf1);

/// A contract to create.
#[derive(Clone, Debug)]
pub(crate) struct Creation {
    /// What to call it.
    pub name: String,
    /// Creation code with the constructor's arguments.
    pub init_code: Vec<u8>,
}

/// What its creation comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Created {
    /// Where.
    pub address: Address,
    /// Hash of the deployed code.
    pub code_hash: B256,
    /// Gas of the transaction, by Prague's rules.
    pub gas: u64,
}

/// The local EVM with the contracts in it.
pub(crate) struct Rehearsal {
    /// What the creations came to, in their order.
    pub created: Vec<Created>,
    evm: Evm,
}

type Evm = MainnetEvm<MainnetContext<CacheDB<EmptyDB>>>;

/// Creates the contracts one after the other on an empty chain of this id that has the proxy.
///
/// # Errors
/// When a constructor reverts or the code is too long: the reason.
pub(crate) fn rehearse(chain_id: u64, creations: &[Creation]) -> Result<Rehearsal, Error> {
    let mut db = CacheDB::new(EmptyDB::new());
    let code = Bytecode::new_raw(Bytes::from_static(create2::PROXY_CODE));
    db.insert_account_info(create2::PROXY, AccountInfo::from_bytecode(code));
    let mut evm = Context::mainnet()
        .with_db(db)
        .modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SpecId::PRAGUE);
            cfg.chain_id = chain_id;
            // The same sender over and over, and it matters to nothing.
            cfg.disable_nonce_check = true;
        })
        .build_mainnet();
    let created: Result<_, Error> = creations.iter().map(|creation| create(&mut evm, creation)).collect();
    Ok(Rehearsal { created: created?, evm })
}

impl Rehearsal {
    /// Hash of the code that this creation came to.
    ///
    /// # Errors
    /// When it was not carried out here.
    pub(crate) fn code_hash(&self, creation: &Creation) -> Result<B256, Error> {
        let address = create2::address(&creation.init_code);
        let found = self.created.iter().find(|created| created.address == address);
        let missing =
            || Error::Rehearsal { name: creation.name.clone(), why: "it was not created".to_owned() };
        found.map(|created| created.code_hash).ok_or_else(missing)
    }

    /// What a created contract answers; `None` if it reverts or answers something else than is asked for.
    pub(crate) fn ask<C: SolCall>(&mut self, to: Address, question: &C) -> Option<C::Return> {
        let data = question.abi_encode().into();
        match transact(&mut self.evm, TxKind::Call(to), data) {
            Ok(ExecutionResult::Success { output, .. }) => C::abi_decode_returns_validate(output.data()).ok(),
            _ => None,
        }
    }
}

fn create(evm: &mut Evm, creation: &Creation) -> Result<Created, Error> {
    let failed = |why: String| Error::Rehearsal { name: creation.name.clone(), why };
    let expected = create2::address(&creation.init_code);
    let result = transact(evm, TxKind::Call(create2::PROXY), create2::calldata(&creation.init_code));
    let ExecutionResult::Success { gas, output, .. } = result.map_err(failed)? else {
        return Err(failed(reason(evm, creation)));
    };
    if output.data().as_ref() != expected.as_slice() {
        return Err(failed(format!("the proxy created {}, not {expected}", output.data())));
    }
    let account = evm.ctx.journaled_state.database.cache.accounts.get(&expected);
    let code_hash = account.map(|account| account.info.code_hash).unwrap_or_default();
    if code_hash == keccak256([]) || code_hash == B256::ZERO {
        return Err(failed("its constructor returns no code".to_owned()));
    }
    Ok(Created { address: expected, code_hash, gas: gas.tx_gas_used() })
}

/// The proxy swallows a constructor's reason; a creation without it tells.
fn reason(evm: &mut Evm, creation: &Creation) -> String {
    match transact(evm, TxKind::Create, creation.init_code.clone().into()) {
        Ok(ExecutionResult::Revert { output, .. }) => Revert::decode(output).text,
        Ok(ExecutionResult::Halt { reason, .. }) => format!("{reason:?}"),
        Ok(ExecutionResult::Success { .. }) => "the proxy refuses it, without it it passes".to_owned(),
        Err(why) => why,
    }
}

fn transact(evm: &mut Evm, kind: TxKind, data: Bytes) -> Result<ExecutionResult, String> {
    let transaction = TxEnv::builder()
        .caller(SENDER)
        .kind(kind)
        .data(data)
        .value(U256::ZERO)
        .gas_limit(GAS_LIMIT)
        .chain_id(Some(evm.ctx.cfg.chain_id))
        .build()
        .map_err(|error| format!("{error:?}"))?;
    evm.transact_commit(transaction).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn creation(init_code: &[u8]) -> Creation {
        Creation { name: "a contract".into(), init_code: init_code.to_vec() }
    }

    #[test]
    fn the_proxy_creates_where_the_formula_says() {
        // Returns the one byte 0x00: PUSH1 1, PUSH1 0, RETURN.
        let code = [0x60, 0x01, 0x60, 0x00, 0xf3];
        let [created] = rehearse(1, &[creation(&code)]).unwrap().created[..] else { panic!("one contract") };
        assert_eq!(created.address, create2::address(&code));
        assert_eq!(created.code_hash, keccak256([0]));
        assert!(created.gas > 53_000);
    }

    #[test]
    fn constructors_that_fail_say_why() {
        let refuse = |code: &[u8], part: &str| {
            let error = rehearse(1, &[creation(code)]).err().unwrap().to_string();
            assert!(error.contains(part), "{error:?} should name {part:?}");
        };
        refuse(&[0x60, 0x00, 0x60, 0x00, 0xfd], "no reason");
        refuse(&[0xfe], "InvalidFEOpcode");
        refuse(&[0x00], "returns no code");
        // 24,577 bytes: beyond EIP-170.
        refuse(&[0x61, 0x60, 0x01, 0x60, 0x00, 0xf3], "CreateContractSizeLimit");
    }
}
