//! The contract as a set of files: two generated sources and the bytecode of both contracts.

use crate::{
    compiler::{CompileError, Compiler},
    layout::ProofLayout,
    params::{ParamSet, Parameters},
    solidity::{self, SolidityError},
};
use alloy_primitives::keccak256;
use halo2_base::halo2_proofs::{halo2curves::bn256::G1Affine, plonk::VerifyingKey};
use serde::{Deserialize, Serialize};
use std::{fs, io, path::Path, path::PathBuf};
use thiserror::Error;

/// Hand-written sources, part of every contract: path and text.
pub const SOURCES: [(&str, &str); 2] = [
    ("contracts/src/IFinialVerifier.sol", include_str!("../../../contracts/src/IFinialVerifier.sol")),
    ("contracts/src/FinialVerifier.sol", include_str!("../../../contracts/src/FinialVerifier.sol")),
];

const VERIFIER_SOURCE: &str = "Halo2Verifier.sol";
const LAYOUT_SOURCE: &str = "Halo2Layout.sol";
const VERIFIER_CODE: &str = "Halo2Verifier.hex";
const FRONT_CODE: &str = "FinialVerifier.hex";
const MANIFEST: &str = "manifest.json";

/// Why a contract could not be made, read or compared.
#[derive(Debug, Error)]
pub enum ContractError {
    /// No source.
    #[error(transparent)]
    Solidity(#[from] SolidityError),
    /// No bytecode.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A file could not be read or written.
    #[error("cannot {action} {path}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not hold what its name says.
    #[error("{file} cannot be understood: {reason}")]
    Malformed {
        /// Which file.
        file: &'static str,
        /// Why.
        reason: String,
    },
    /// A file is not what the same key makes today.
    #[error("{file} differs from what this key and compiler make, first in line {line}")]
    Differs {
        /// Which file.
        file: &'static str,
        /// Where.
        line: usize,
    },
}

/// What the manifest beside the contract says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The parameters it was made with.
    pub params: ParamSet,
    /// The verifying key it holds ([`crate::keys::vk_digest`]).
    #[serde(with = "crate::proof_file::hex_array")]
    pub vk_digest: [u8; 32],
    /// The proofs it reads.
    pub layout: ProofLayout,
    /// Keccak-256 of the generated verifier's deployed code.
    #[serde(with = "crate::proof_file::hex_array")]
    pub code_hash: [u8; 32],
    /// Length of that code (EIP-170 allows 24,576 bytes).
    pub code_bytes: usize,
}

/// A contract, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// What it was made from.
    pub manifest: Manifest,
    /// Source of the generated verifier.
    pub verifier_source: String,
    /// Source of the constants that the front needs.
    pub layout_source: String,
    /// Creation code of the generated verifier.
    pub verifier_code: Vec<u8>,
    /// Creation code of `FinialVerifier`; the verifier's address follows as its one argument.
    pub front_code: Vec<u8>,
}

impl Contract {
    /// Generates and compiles the contract for a verifying key.
    ///
    /// # Errors
    /// When the generator or the compiler fails.
    pub fn generate(
        parameters: &Parameters,
        vk: &VerifyingKey<G1Affine>,
        compiler: &Compiler,
    ) -> Result<Self, ContractError> {
        let (verifier_source, layout) = solidity::halo2_verifier(parameters, vk)?;
        let path = "generated/Halo2Verifier.sol";
        let verifier = compiler.compile(&[(path, &verifier_source)], path, "Halo2Verifier")?;
        let code_hash = keccak256(&verifier.runtime).0;
        let layout_source = solidity::halo2_layout(&layout, &code_hash, &parameters.set);
        let [interface, front] = SOURCES;
        let sources = [interface, front, ("generated/Halo2Layout.sol", layout_source.as_str())];
        let front = compiler.compile(&sources, front.0, "FinialVerifier")?;
        let manifest = Manifest {
            params: parameters.set.clone(),
            vk_digest: crate::keys::vk_digest(vk),
            layout,
            code_hash,
            code_bytes: verifier.runtime.len(),
        };
        Ok(Self {
            manifest,
            verifier_source,
            layout_source,
            verifier_code: verifier.creation,
            front_code: front.creation,
        })
    }

    /// The files, by name.
    pub fn files(&self) -> [(&'static str, String); 5] {
        let manifest = serde_json::to_string_pretty(&self.manifest).expect("plain data has a JSON form");
        [
            (VERIFIER_SOURCE, self.verifier_source.clone()),
            (LAYOUT_SOURCE, self.layout_source.clone()),
            (VERIFIER_CODE, code_text(&self.verifier_code)),
            (FRONT_CODE, code_text(&self.front_code)),
            (MANIFEST, manifest + "\n"),
        ]
    }

    /// Puts a contract together from its files, given by name (for `include_str!`) or from a directory.
    ///
    /// # Errors
    /// When a file is missing or malformed.
    pub fn from_files(
        mut read: impl FnMut(&'static str) -> Result<String, ContractError>,
    ) -> Result<Self, ContractError> {
        let malformed = |file, reason: String| ContractError::Malformed { file, reason };
        let manifest =
            serde_json::from_str(&read(MANIFEST)?).map_err(|e| malformed(MANIFEST, e.to_string()))?;
        let mut code = |file| {
            let text = read(file)?;
            let digits: String = text.split_ascii_whitespace().collect();
            hex::decode(digits.strip_prefix("0x").unwrap_or(&digits))
                .map_err(|e| malformed(file, e.to_string()))
        };
        let (verifier_code, front_code) = (code(VERIFIER_CODE)?, code(FRONT_CODE)?);
        Ok(Self {
            manifest,
            verifier_source: read(VERIFIER_SOURCE)?,
            layout_source: read(LAYOUT_SOURCE)?,
            verifier_code,
            front_code,
        })
    }

    /// Reads a contract that [`Self::write`] wrote.
    ///
    /// # Errors
    /// When a file is missing or malformed.
    pub fn read(directory: &Path) -> Result<Self, ContractError> {
        Self::from_files(|file| read_file(&directory.join(file)))
    }

    /// Writes the files into a directory, which is made if need be.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, directory: &Path) -> Result<(), ContractError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| ContractError::Io { action: "write", path, source }
        };
        fs::create_dir_all(directory).map_err(failed(directory))?;
        for (file, text) in self.files() {
            let path = directory.join(file);
            fs::write(&path, text).map_err(failed(&path))?;
        }
        Ok(())
    }

    /// Compares this contract with the files of a directory, byte for byte.
    ///
    /// # Errors
    /// Names the first file that differs or is missing.
    pub fn require_same(&self, directory: &Path) -> Result<(), ContractError> {
        for (file, expected) in self.files() {
            let found = read_file(&directory.join(file))?;
            if found != expected {
                let same = found.lines().zip(expected.lines()).take_while(|(a, b)| a == b).count();
                return Err(ContractError::Differs { file, line: same + 1 });
            }
        }
        Ok(())
    }
}

fn read_file(path: &Path) -> Result<String, ContractError> {
    fs::read_to_string(path).map_err(|source| ContractError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })
}

/// One line of hexadecimal with 0x, as Foundry's `vm.parseBytes` reads it.
fn code_text(code: &[u8]) -> String {
    format!("0x{}\n", hex::encode(code))
}
