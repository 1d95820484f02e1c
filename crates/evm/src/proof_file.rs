//! The proof file: JSON, for people and for programs that send it to a chain.

use crate::{
    accumulator,
    calldata::Calldata,
    chain::{Chain, ChainError, Verified},
    circuit::Circuit,
    contract::{Contract, Manifest},
    params::ParamSet,
    statement::{Statement, scalar_from_word, scalar_to_word},
};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version this crate writes and reads.
pub const VERSION: u32 = 1;

/// An on-chain proof with everything needed to check it. Byte strings are hexadecimal with `0x`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// Version of this format.
    pub version: u32,
    /// The circuit it is a proof of; the direct one in files from before there were two.
    #[serde(default)]
    pub circuit: Circuit,
    /// The KZG parameters behind the proof; `insecure` if they are for development.
    pub params: ParamSet,
    /// Commitment to the program, a scalar as a big-endian word.
    #[serde(with = "hex_array")]
    pub exe_commit: [u8; 32],
    /// Commitment to the leaf programs, likewise.
    #[serde(with = "hex_array")]
    pub leaf_commit: [u8; 32],
    /// What the program wrote as public output.
    #[serde(with = "hex_bytes")]
    pub public_values: Vec<u8>,
    /// Its digest as the two scalars of the instance, big-endian words.
    pub user_public_values: [Word; 2],
    /// The proof; a wrapped one starts with its accumulator.
    #[serde(with = "hex_bytes")]
    pub proof_data: Vec<u8>,
    /// Calldata of `verify`, whole.
    #[serde(with = "hex_bytes")]
    pub calldata: Vec<u8>,
    /// Keccak-256 of the generated verifier's deployed code.
    #[serde(with = "hex_array")]
    pub code_hash: [u8; 32],
    /// Gas of the whole transaction, measured.
    pub gas: u64,
}

/// A 32-byte word, hexadecimal in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Word(#[serde(with = "hex_array")] pub [u8; 32]);

/// Why a text is no proof file.
#[derive(Debug, Error)]
pub enum ProofFileError {
    /// It is not JSON of this shape.
    #[error("not a Finial proof file")]
    Json(#[source] serde_json::Error),
    /// It is of another version.
    #[error("the proof file has version {0}; this program reads version {VERSION}")]
    Version(u32),
    /// A commitment is not below the scalar field's modulus.
    #[error("{0} is not a scalar: it is not below the field's modulus")]
    NotAScalar(&'static str),
    /// A field does not follow from the others.
    #[error("{0} does not follow from the file's other fields")]
    Inconsistent(&'static str),
}

/// Why a proof file was not accepted.
#[derive(Debug, Error)]
pub enum CheckError {
    /// It belongs to another contract.
    #[error("the proof was made for the contract with code hash {file}, not for {contract}")]
    OtherContract {
        /// The file's code hash.
        file: String,
        /// This contract's.
        contract: String,
    },
    /// It is of the other circuit.
    #[error("the proof is of the {file} circuit, the contract checks the {contract} one's")]
    OtherCircuit {
        /// The file's circuit.
        file: Circuit,
        /// The contract's.
        contract: Circuit,
    },
    /// It belongs to other parameters.
    #[error("the proof was made with the parameters {file}, the contract with {contract}")]
    OtherParams {
        /// The file's parameters.
        file: String,
        /// The contract's.
        contract: String,
    },
    /// The contract rejects it.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl ProofFile {
    /// Sends a proof to the contract in revm and writes the file if it is accepted.
    ///
    /// # Errors
    /// When the contract rejects the proof.
    pub fn accepted(contract: &Contract, statement: &Statement, proof: Vec<u8>) -> Result<Self, ChainError> {
        let gas = Chain::deploy(contract)?.verify(&Calldata::new(statement, &proof))?.gas;
        Ok(Self::new(&contract.manifest, statement, proof, gas))
    }

    /// Checks the file against the contract: same parameters and code, calldata accepted in revm.
    ///
    /// # Errors
    /// Says what does not fit, or with which error the contract reverted.
    pub fn check(&self, contract: &Contract) -> Result<Verified, CheckError> {
        let Contract { manifest, .. } = contract;
        if self.circuit != manifest.circuit {
            return Err(CheckError::OtherCircuit { file: self.circuit, contract: manifest.circuit });
        }
        if self.code_hash != manifest.code_hash {
            let [file, contract] = [self.code_hash, manifest.code_hash].map(hex::encode);
            return Err(CheckError::OtherContract { file, contract });
        }
        if self.params != manifest.params {
            let name = |set: &ParamSet| format!("{} (k = {})", set.name, set.k);
            let (file, contract) = (name(&self.params), name(&manifest.params));
            return Err(CheckError::OtherParams { file, contract });
        }
        Ok(Chain::deploy(contract)?.verify(&Calldata(self.calldata.clone()))?)
    }

    /// The file for a proof that the contract accepted.
    pub fn new(manifest: &Manifest, statement: &Statement, proof_data: Vec<u8>, gas: u64) -> Self {
        Self {
            version: VERSION,
            circuit: manifest.circuit,
            params: manifest.params.clone(),
            exe_commit: scalar_to_word(&statement.exe_commit),
            leaf_commit: scalar_to_word(&statement.leaf_commit),
            public_values: statement.public_values.clone(),
            user_public_values: statement.user_public_values().map(|s| Word(scalar_to_word(&s))),
            calldata: Calldata::new(statement, &proof_data).0,
            proof_data,
            code_hash: manifest.code_hash,
            gas,
        }
    }

    /// Reads a file and checks that its fields agree. Whether the proof is valid is another question.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn parse(text: &str) -> Result<Self, ProofFileError> {
        /// Read first, so that another version's file is called that.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(text).map_err(ProofFileError::Json)?;
        if version != VERSION {
            return Err(ProofFileError::Version(version));
        }
        let file: Self = serde_json::from_str(text).map_err(ProofFileError::Json)?;
        let statement = file.statement()?;
        let words = statement.user_public_values().map(|s| Word(scalar_to_word(&s)));
        if file.user_public_values != words {
            return Err(ProofFileError::Inconsistent("user_public_values"));
        }
        if file.calldata != Calldata::new(&statement, &file.proof_data).0 {
            return Err(ProofFileError::Inconsistent("calldata"));
        }
        Ok(file)
    }

    /// The statement the proof is about.
    ///
    /// # Errors
    /// When a commitment is not a canonical scalar.
    pub fn statement(&self) -> Result<Statement, ProofFileError> {
        let scalar = |name, word| scalar_from_word(word).ok_or(ProofFileError::NotAScalar(name));
        Ok(Statement {
            exe_commit: scalar("exe_commit", &self.exe_commit)?,
            leaf_commit: scalar("leaf_commit", &self.leaf_commit)?,
            public_values: self.public_values.clone(),
        })
    }

    /// The circuit's instance column and the Halo2 proof, as [`crate::prover::verify`] takes them.
    ///
    /// # Errors
    /// When a commitment or an accumulator's limb is not a canonical scalar, or the accumulator is missing.
    pub fn instances_and_proof(&self) -> Result<(Vec<Fr>, &[u8]), ProofFileError> {
        let statement = self.statement()?;
        match self.circuit {
            Circuit::Direct => Ok((statement.instances().to_vec(), &self.proof_data)),
            Circuit::Wrapped => {
                let (limbs, proof) = accumulator::split_proof_data(&self.proof_data)
                    .ok_or(ProofFileError::NotAScalar("the accumulator in proof_data"))?;
                Ok((statement.wrapped_instances(&limbs), proof))
            }
        }
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data has a JSON form") + "\n"
    }
}

/// Byte strings of any length as `0x…`.
pub(crate) mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&format!("0x{}", hex::encode(bytes)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(d)?;
        let digits = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("hexadecimal needs 0x"))?;
        hex::decode(digits).map_err(D::Error::custom)
    }
}

/// Byte strings of one length as `0x…`.
pub(crate) mod hex_array {
    use serde::{Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], s: S) -> Result<S::Ok, S::Error> {
        super::hex_bytes::serialize(bytes, s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(d: D) -> Result<[u8; N], D::Error> {
        let bytes = super::hex_bytes::deserialize(d)?;
        bytes.try_into().map_err(|b: Vec<u8>| D::Error::custom(format!("{} bytes where {N} belong", b.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::ProofLayout;

    fn file() -> ProofFile {
        let statement = Statement {
            exe_commit: Fr::from(5),
            leaf_commit: Fr::from(6),
            public_values: b"values".to_vec(),
        };
        let params = ParamSet { name: "a set".into(), insecure: true, k: 9, digest: [3; 32] };
        let layout = ProofLayout { leading_points: 1, scalars: 1, trailing_points: 2 };
        let manifest = Manifest {
            circuit: Circuit::Wrapped,
            params,
            vk_digest: [4; 32],
            layout,
            code_hash: [8; 32],
            code_bytes: 1,
        };
        ProofFile::new(&manifest, &statement, vec![7; 64], 300_000)
    }

    #[test]
    fn reads_what_it_writes() {
        assert_eq!(ProofFile::parse(&file().to_json()).unwrap(), file());
    }

    #[test]
    fn files_without_a_circuit_are_the_direct_ones() {
        let mut value = serde_json::to_value(file()).unwrap();
        value.as_object_mut().unwrap().remove("circuit");
        assert_eq!(ProofFile::parse(&value.to_string()).unwrap().circuit, Circuit::Direct);
    }

    #[test]
    fn names_what_is_wrong() {
        let refuse = |change: &dyn Fn(&mut serde_json::Value), part: &str| {
            let mut value = serde_json::to_value(file()).unwrap();
            change(&mut value);
            let error = ProofFile::parse(&value.to_string()).unwrap_err();
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            let text = format!("{error}: {cause}");
            assert!(text.contains(part), "{text:?} should name {part:?}");
        };
        refuse(&|v| v["version"] = 2.into(), "version 2");
        refuse(&|v| v["circuit"] = "third".into(), "unknown variant `third`");
        refuse(&|v| v["gas"] = "1".into(), "expected u64");
        refuse(&|v| v["extra"] = 1.into(), "unknown field `extra`");
        refuse(&|v| drop(v.as_object_mut().unwrap().remove("code_hash")), "missing field `code_hash`");
        refuse(&|v| v["exe_commit"] = "0x01".into(), "1 bytes where 32 belong");
        refuse(&|v| v["proof_data"] = "07".into(), "needs 0x");
        refuse(&|v| v["proof_data"] = "0x0".into(), "Odd number of digits");
        refuse(&|v| v["leaf_commit"] = format!("0x{}", "ff".repeat(32)).into(), "leaf_commit");
        refuse(&|v| v["public_values"] = "0x00".into(), "user_public_values");
        refuse(&|v| v["calldata"] = "0x00".into(), "calldata");
        refuse(&|v| v["proof_data"] = "0x00".into(), "calldata");
    }
}
