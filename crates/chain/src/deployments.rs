//! `contracts/deployments/<chain id>.json`: what is deployed where.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Name of the router in the file.
pub const ROUTER: &str = "FinialRouter";
/// Name of the adapter in the file.
pub const ADAPTER: &str = "FinialAdapter";

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployments {
    /// The chain.
    pub chain_id: u64,
    /// The contracts, by path and name (`v1/direct/FinialVerifier`).
    pub contracts: BTreeMap<String, Deployed>,
}

/// A contract on the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// Where.
    pub address: Address,
    /// Hash of its code.
    pub code_hash: B256,
    /// Of a front: hash of the generated verifier behind it, by which proofs name their contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier_code_hash: Option<B256>,
    /// The transaction that made it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<B256>,
    /// Its block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
}

impl Deployments {
    /// An empty file for a chain.
    #[must_use]
    pub const fn new(chain_id: u64) -> Self {
        Self { chain_id, contracts: BTreeMap::new() }
    }

    /// Reads a file; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read or is about another chain.
    pub fn read(path: &Path, chain_id: u64) -> Result<Option<Self>, Error> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::File { action: "read", path: path.to_owned(), source }),
        };
        let malformed = |why: String| Error::Malformed { path: path.to_owned(), why };
        let file: Self = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        if file.chain_id != chain_id {
            return Err(Error::OtherChain { path: path.to_owned(), file: file.chain_id, node: chain_id });
        }
        Ok(Some(file))
    }

    /// Reads a file that must be there.
    ///
    /// # Errors
    /// Also when there is none.
    pub fn require(path: &Path, chain_id: u64) -> Result<Self, Error> {
        let missing = || std::io::ErrorKind::NotFound.into();
        Self::read(path, chain_id)?.ok_or_else(|| Error::File {
            action: "read",
            path: path.to_owned(),
            source: missing(),
        })
    }

    /// Writes the file, whole or not at all; its directory is made if need be.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |source| Error::File { action: "write", path: path.to_owned(), source };
        let directory = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory).map_err(failed)?;
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))? + "\n";
        let mut file = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(directory)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// The front for proofs of the generated verifier with this code.
    ///
    /// # Errors
    /// When the file lists none; `path` names the file.
    pub fn front(&self, code_hash: B256, path: &Path) -> Result<&Deployed, Error> {
        let found = self.contracts.values().find(|contract| contract.verifier_code_hash == Some(code_hash));
        found.ok_or_else(|| Error::NotDeployed { path: path.to_owned(), code_hash })
    }
}

/// Where the file of a chain belongs in this repository.
#[must_use]
pub fn default_path(chain_id: u64) -> PathBuf {
    PathBuf::from(format!("contracts/deployments/{chain_id}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_finds_fronts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/31337.json");
        assert_eq!(Deployments::read(&path, 31337).unwrap(), None);
        assert!(matches!(Deployments::require(&path, 31337), Err(Error::File { .. })));
        let mut file = Deployments::new(31337);
        let front = Deployed {
            address: Address::repeat_byte(1),
            code_hash: B256::repeat_byte(2),
            verifier_code_hash: Some(B256::repeat_byte(3)),
            transaction: None,
            block: Some(7),
        };
        file.contracts.insert("v1/direct/FinialVerifier".to_owned(), front);
        file.write(&path).unwrap();
        assert_eq!(Deployments::require(&path, 31337).unwrap(), file);
        assert!(matches!(Deployments::read(&path, 1), Err(Error::OtherChain { file: 31337, node: 1, .. })));
        assert_eq!(file.front(B256::repeat_byte(3), &path).unwrap().address, Address::repeat_byte(1));
        assert!(matches!(file.front(B256::repeat_byte(2), &path), Err(Error::NotDeployed { .. })));
        std::fs::write(&path, "{}").unwrap();
        assert!(matches!(Deployments::read(&path, 1), Err(Error::Malformed { .. })));
    }
}
