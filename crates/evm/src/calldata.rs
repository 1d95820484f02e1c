//! The call `verify(publicValues, proofData, exeCommit, leafCommit)` as bytes.

use crate::statement::{Statement, scalar_to_word};
use alloy_primitives::{Bytes, FixedBytes};
use alloy_sol_types::{SolCall, sol};

sol! {
    #![sol(all_derives)]
    "../../contracts/src/IFinialVerifier.sol"
}

/// The whole calldata of a transaction that checks a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calldata(pub Vec<u8>);

impl Calldata {
    /// Encodes a statement and its proof.
    pub fn new(statement: &Statement, proof: &[u8]) -> Self {
        let call = IFinialVerifier::verifyCall {
            publicValues: Bytes::copy_from_slice(&statement.public_values),
            proofData: Bytes::copy_from_slice(proof),
            exeCommit: FixedBytes(scalar_to_word(&statement.exe_commit)),
            leafCommit: FixedBytes(scalar_to_word(&statement.leaf_commit)),
        };
        Self(call.abi_encode())
    }
}
