//! Creation codes: the committed contracts in this build, or files of a directory.

use std::path::Path;

use finial_evm::contract::ContractError;
use finial_evm::{Circuit, Contract};

use crate::advice::Figures;
use crate::deploy::Verifier;
use crate::error::Error;

/// The version of the contracts that this build makes; part of their path.
const VERSION: &str = "v1";

mod built {
    include!(concat!(env!("OUT_DIR"), "/generated.rs"));
}

/// The verifier of a circuit: of this build, or from `DIR/direct` or `DIR/wrapped`.
///
/// # Errors
/// When it is not there, or is the other circuit's.
pub fn verifier(circuit: Circuit, directory: Option<&Path>) -> Result<Verifier, Error> {
    let path = format!("{VERSION}/{}", circuit.name());
    let contract = match directory {
        Some(directory) => Contract::read(&directory.join(circuit.name()))?,
        None => {
            let name = format!("{path}/manifest.json");
            let hint = "`finial contract` makes a contract, and --generated names the directory of `direct` and `wrapped`";
            built_in(&name).ok_or(Error::NotBuilt { name, hint })?;
            Contract::from_files(|file| {
                let reason = "this build does not have it".to_owned();
                built_in(&format!("{path}/{file}")).ok_or(ContractError::Malformed { file, reason })
            })?
        }
    };
    if contract.manifest.circuit != circuit {
        let why = format!("it is the {} circuit's", contract.manifest.circuit.name());
        return Err(Error::Rehearsal { name: path, why });
    }
    Ok(Verifier { path, front: circuit.front().to_owned(), contract })
}

/// Creation code of the router, without its argument.
///
/// # Errors
/// When this build has none.
pub fn router_code() -> Result<Vec<u8>, Error> {
    code("FinialRouter.hex")
}

/// Creation code of the adapter, without its arguments.
///
/// # Errors
/// When this build has none.
pub fn adapter_code() -> Result<Vec<u8>, Error> {
    code("FinialAdapter.hex")
}

/// The figures that were measured for this build.
///
/// # Errors
/// When this build has none.
pub fn figures() -> Result<Figures, Error> {
    let name = format!("{VERSION}/costs.json");
    let hint = "give --figures FILE, or the proofs and reports to compare";
    let text = built_in(&name).ok_or_else(|| Error::NotBuilt { name: name.clone(), hint })?;
    Figures::parse(&text, Path::new(&name))
}

fn code(name: &str) -> Result<Vec<u8>, Error> {
    let hint = "scripts/contract makes it";
    let text = built_in(name).ok_or_else(|| Error::NotBuilt { name: name.to_owned(), hint })?;
    let text = text.trim();
    hex::decode(text.strip_prefix("0x").unwrap_or(text))
        .map_err(|error| Error::Malformed { path: name.into(), why: error.to_string() })
}

fn built_in(name: &str) -> Option<String> {
    let (_, text) = built::FILES.iter().find(|(path, _)| *path == name)?;
    Some((*text).to_owned())
}
