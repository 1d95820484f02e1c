//! Addresses that are the same on every chain: CREATE2 through the deterministic deployment proxy.

use alloy_primitives::{Address, B256, Bytes, address, hex, keccak256};

/// The proxy. It takes `salt ‖ init code` and creates; it has no owner and no state.
pub const PROXY: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");

/// The proxy's code, by which it is recognised.
pub const PROXY_CODE: &[u8] = &hex!(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
);

/// The salt of all of Finial's contracts; versions differ in their code.
#[must_use]
pub fn salt() -> B256 {
    keccak256("finial")
}

/// Where the proxy puts this code.
#[must_use]
pub fn address(init_code: &[u8]) -> Address {
    PROXY.create2_from_code(salt(), init_code)
}

/// The proxy's calldata.
#[must_use]
pub fn calldata(init_code: &[u8]) -> Bytes {
    [salt().as_slice(), init_code].concat().into()
}
