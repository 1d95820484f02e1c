//! Names for what a contract reverts with.

use std::fmt;

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::{SolInterface, SolValue, sol};
use finial_evm::calldata::IFinialVerifier::IFinialVerifierErrors;
use serde::Serialize;

use IFinialRouter::IFinialRouterErrors;

sol! {
    #![sol(all_derives)]
    "../../contracts/src/IFinialRouter.sol"
}

sol! {
    #![sol(all_derives)]
    /// What is not in an interface of ours: errors of OpenZeppelin's `Ownable2Step` in the router, and the adapter's.
    interface Others {
        error OwnableUnauthorizedAccount(address account);
        error OwnableInvalidOwner(address owner);
        error RouterHasNoCode(address router);

        function owner() external view returns (address);
        function pendingOwner() external view returns (address);
    }
}

/// `Error(string)`, of a `require` with a text.
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// `Panic(uint256)`, of Solidity's own checks.
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// What a call reverted with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Revert {
    /// The error's name; empty if it has none that is known.
    pub name: String,
    /// The error with its arguments, or what can be said without a name.
    pub text: String,
    /// The bytes that came back.
    pub data: Bytes,
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Revert {
    /// Decodes the bytes that a call reverted with.
    #[must_use]
    pub fn decode(data: Bytes) -> Self {
        let known = IFinialVerifierErrors::abi_decode(&data)
            .ok()
            .map(|error| format!("{error:?}"))
            .or_else(|| IFinialRouterErrors::abi_decode(&data).ok().map(|error| format!("{error:?}")))
            .or_else(|| Others::OthersErrors::abi_decode(&data).ok().map(|error| format!("{error:?}")))
            .and_then(|text| named(&text))
            .or_else(|| builtin(&data));
        let (name, text) = known.unwrap_or_else(|| (String::new(), unnamed(&data)));
        Self { name, text, data }
    }
}

/// Splits `Name(Name { argument: value })`, as the enum of an interface's errors prints, in name and error.
fn named(text: &str) -> Option<(String, String)> {
    let (name, rest) = text.split_once('(')?;
    Some((name.to_owned(), rest.strip_suffix(')')?.to_owned()))
}

fn builtin(data: &[u8]) -> Option<(String, String)> {
    let (selector, rest) = data.split_first_chunk::<4>()?;
    match *selector {
        ERROR => {
            let text = String::abi_decode(rest).ok()?;
            Some(("Error".to_owned(), format!("Error({text:?})")))
        }
        PANIC => Some(("Panic".to_owned(), format!("Panic({:#x})", U256::abi_decode(rest).ok()?))),
        _ => None,
    }
}

fn unnamed(data: &Bytes) -> String {
    if data.is_empty() {
        return "no reason: the calldata does not decode as a call of this contract, or its gas ran out"
            .to_owned();
    }
    format!("an unknown error, {data}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, FixedBytes};
    use alloy_sol_types::SolError;
    use finial_evm::calldata::IFinialVerifier as Front;

    #[test]
    fn errors_have_names_and_arguments() {
        let decode = |data: Vec<u8>| Revert::decode(data.into());
        let length = Front::ProofLengthMismatch { expected: U256::from(2016), actual: U256::from(7) };
        let revert = decode(length.abi_encode());
        assert_eq!(revert.name, "ProofLengthMismatch");
        assert_eq!(revert.to_string(), "ProofLengthMismatch { expected: 2016, actual: 7 }");
        assert_eq!(decode(Front::ProofRejected {}.abi_encode()).to_string(), "ProofRejected");
        let version = IFinialRouter::UnknownVersion { selector: FixedBytes([1, 2, 3, 4]) };
        assert_eq!(decode(version.abi_encode()).to_string(), "UnknownVersion { selector: 0x01020304 }");
        let owner = Others::OwnableUnauthorizedAccount { account: Address::repeat_byte(9) };
        assert_eq!(decode(owner.abi_encode()).name, "OwnableUnauthorizedAccount");
        let text = [ERROR.as_slice(), &"why".to_owned().abi_encode()].concat();
        assert_eq!(decode(text).to_string(), "Error(\"why\")");
        let panic = [PANIC.as_slice(), &U256::from(0x11).abi_encode()].concat();
        assert_eq!(decode(panic).to_string(), "Panic(0x11)");
    }

    /// Reads `error Name(type name, …);` out of the sources and looks for the selectors here.
    #[test]
    fn every_error_of_the_contracts_is_known() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/src");
        let mut found = 0;
        for directory in [root.clone(), root.join("v1")] {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_none_or(|extension| extension != "sol") {
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for line in source.lines().filter_map(|line| line.trim().strip_prefix("error ")) {
                    let (name, arguments) = line.trim_end_matches(");").split_once('(').unwrap();
                    let types: Vec<_> = arguments.split(", ").filter_map(|a| a.split(' ').next()).collect();
                    let hash = alloy_primitives::keccak256(format!("{name}({})", types.join(",")));
                    let selector = [hash[0], hash[1], hash[2], hash[3]];
                    let known = IFinialVerifierErrors::SELECTORS.contains(&selector)
                        || IFinialRouterErrors::SELECTORS.contains(&selector)
                        || Others::OthersErrors::SELECTORS.contains(&selector);
                    assert!(known, "{}: {line}", path.display());
                    found += 1;
                }
            }
        }
        assert!(found >= 16, "{found} errors");
    }

    #[test]
    fn what_has_no_name_is_said_to_have_none() {
        assert!(Revert::decode(Bytes::new()).to_string().contains("no reason"));
        let unknown = Revert::decode(vec![1, 2, 3].into());
        assert_eq!((unknown.name.as_str(), unknown.text.as_str()), ("", "an unknown error, 0x010203"));
        // The selector of a known error without its argument.
        assert_eq!(Revert::decode(Front::ProofLengthMismatch::SELECTOR.into()).name, "");
    }
}
