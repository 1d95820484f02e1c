//! The contract as a set of files: two generated sources and the bytecode of both contracts.

use crate::{
    circuit::Circuit,
    compiler::{self, Bytecode, CompileError, Compiler},
    layout::ProofLayout,
    params::{ParamSet, Parameters},
    solidity::{self, SolidityError},
};
use alloy_primitives::keccak256;
use halo2_base::halo2_proofs::{halo2curves::bn256::G1Affine, plonk::VerifyingKey};
use serde::{Deserialize, Serialize};
use std::{fs, io, path::Path, path::PathBuf};
use thiserror::Error;

/// The version whose contracts this crate makes: their directory's name in `contracts/src` and
/// `contracts/generated`. Deployed versions stay as they are; another circuit is another version.
pub const VERSION: &str = "v1";

const INTERFACE: (&str, &str) =
    ("contracts/src/IFinialVerifier.sol", include_str!("../../../contracts/src/IFinialVerifier.sol"));
const BASE: (&str, &str) =
    ("contracts/src/FinialVerifierBase.sol", include_str!("../../../contracts/src/FinialVerifierBase.sol"));

/// The hand-written source in front of a circuit's generated verifier: path and text.
fn front(circuit: Circuit) -> (&'static str, &'static str) {
    match circuit {
        Circuit::Direct => (
            "contracts/src/v1/FinialVerifier.sol",
            include_str!("../../../contracts/src/v1/FinialVerifier.sol"),
        ),
        Circuit::Wrapped => (
            "contracts/src/v1/FinialVerifierWrapped.sol",
            include_str!("../../../contracts/src/v1/FinialVerifierWrapped.sol"),
        ),
    }
}

const VERIFIER_SOURCE: &str = "Halo2Verifier.sol";
const LAYOUT_SOURCE: &str = "Halo2Layout.sol";
const VERIFIER_CODE: &str = "Halo2Verifier.hex";
const FRONT_CODE: &str = "FinialVerifier.hex";
/// What a contract was made from; the file that says so.
pub const MANIFEST: &str = "manifest.json";
const STANDARD_INPUT: &str = "standard-input.json";

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
    /// The circuit whose proofs it checks; the direct one in files from before there were two.
    #[serde(default)]
    pub circuit: Circuit,
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
    /// Creation code of the front ([`Circuit::front`]); the verifier's address follows as its one argument.
    pub front_code: Vec<u8>,
}

impl Contract {
    /// Generates and compiles the contract for a verifying key.
    ///
    /// # Errors
    /// When the generator or the compiler fails.
    pub fn generate(
        circuit: Circuit,
        parameters: &Parameters,
        vk: &VerifyingKey<G1Affine>,
        compiler: &Compiler,
    ) -> Result<Self, ContractError> {
        let (verifier_source, layout) = solidity::halo2_verifier(circuit, parameters, vk)?;
        let manifest = Manifest {
            circuit,
            params: parameters.set.clone(),
            vk_digest: crate::keys::vk_digest(vk),
            layout,
            code_hash: [0; 32],
            code_bytes: 0,
        };
        Self::compile(manifest, verifier_source, compiler)
    }

    /// The contract with the same generated verifier and today's front: no key is needed.
    ///
    /// # Errors
    /// When the compiler fails.
    pub fn recompile(&self, compiler: &Compiler) -> Result<Self, ContractError> {
        Self::compile(self.manifest.clone(), self.verifier_source.clone(), compiler)
    }

    /// Fills in the code's hash and length and makes what depends on them.
    fn compile(
        mut manifest: Manifest,
        verifier_source: String,
        compiler: &Compiler,
    ) -> Result<Self, ContractError> {
        let circuit = manifest.circuit;
        let path = generated_path(circuit, VERIFIER_SOURCE);
        let wanted = (path.as_str(), "Halo2Verifier");
        let [verifier] = compiler.compile(&[(&path, &verifier_source)], [wanted])?;
        manifest.code_hash = keccak256(&verifier.runtime).0;
        manifest.code_bytes = verifier.runtime.len();
        let layout_source =
            solidity::halo2_layout(circuit, &manifest.layout, &manifest.code_hash, &manifest.params);
        let mut contract = Self {
            manifest,
            verifier_source,
            layout_source,
            verifier_code: verifier.creation,
            front_code: Vec::new(),
        };
        // Both once more from all sources together, as who verifies them on an explorer compiles them.
        let [again, front] = contract.with_sources(|sources| {
            compiler.compile(sources, [wanted, (front(circuit).0, circuit.front())])
        })?;
        let Bytecode { creation, .. } = again;
        if creation != contract.verifier_code {
            let reason = "the generated verifier's bytecode depends on the sources beside it".to_owned();
            return Err(CompileError::Answer(reason).into());
        }
        contract.front_code = front.creation;
        Ok(contract)
    }

    /// All sources, by the paths under which they import each other.
    fn with_sources<T>(&self, use_them: impl FnOnce(&[(&str, &str)]) -> T) -> T {
        let circuit = self.manifest.circuit;
        let [verifier, layout] = [VERIFIER_SOURCE, LAYOUT_SOURCE].map(|file| generated_path(circuit, file));
        use_them(&[
            INTERFACE,
            BASE,
            front(circuit),
            (&layout, &self.layout_source),
            (&verifier, &self.verifier_source),
        ])
    }

    /// The files, by name.
    pub fn files(&self) -> [(&'static str, String); 6] {
        let manifest = serde_json::to_string_pretty(&self.manifest).expect("plain data has a JSON form");
        [
            (VERIFIER_SOURCE, self.verifier_source.clone()),
            (LAYOUT_SOURCE, self.layout_source.clone()),
            (VERIFIER_CODE, code_text(&self.verifier_code)),
            (FRONT_CODE, code_text(&self.front_code)),
            (MANIFEST, manifest + "\n"),
            (STANDARD_INPUT, self.with_sources(compiler::standard_input)),
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

/// Path under which the front imports a generated source; `foundry.toml` maps it to a directory.
fn generated_path(circuit: Circuit, file: &str) -> String {
    format!("generated/{VERSION}/{circuit}/{file}")
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
