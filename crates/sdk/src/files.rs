//! Proof files. `prove app` and `prove stark` write binary ones: a line that says what follows, then `postcard`;
//! `prove evm` writes JSON ([`finial_evm::ProofFile`]).

use finial_aggregation::StarkProof;
use finial_evm::ProofFile as EvmProofFile;
use finial_protocol::Digest;
use finial_segment_verifier::{ContinuationVmProof, DecodeError, Executable};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::SdkError;

/// First line of a file of segment proofs.
const APP_LINE: &[u8] = b"finial app 1\n";
/// First line of a file with a STARK proof.
const STARK_LINE: &[u8] = b"finial stark 1\n";

/// The proofs of a run's segments.
#[derive(Serialize, Deserialize)]
pub struct AppProofFile {
    /// Name of the App VM's configuration.
    pub config: String,
    /// Commitment to the program's code.
    pub app_commit: Digest,
    /// Memory root before the run.
    pub initial_root: Digest,
    /// First program counter.
    pub pc_start: u32,
    /// What the program wrote to fd 1, whole.
    pub public_values: Vec<u8>,
    /// The proofs.
    pub proof: ContinuationVmProof,
}

impl AppProofFile {
    /// What `exe_commit` is computed from.
    #[must_use]
    pub const fn executable(&self) -> Executable {
        Executable { app_commit: self.app_commit, initial_root: self.initial_root, pc_start: self.pc_start }
    }
}

/// The STARK proof of a run.
#[derive(Serialize, Deserialize)]
pub struct StarkProofFile {
    /// Name of the App VM's configuration.
    pub config: String,
    /// What the program wrote to fd 1, whole.
    pub public_values: Vec<u8>,
    /// The proof.
    pub proof: StarkProof,
}

/// A proof of any kind.
pub enum ProofFile {
    /// Of `prove app`.
    App(Box<AppProofFile>),
    /// Of `prove stark`.
    Stark(Box<StarkProofFile>),
    /// Of `prove evm`.
    Evm(Box<EvmProofFile>),
}

impl ProofFile {
    /// The file's bytes.
    ///
    /// # Errors
    /// When serialisation fails, for which there is no reason.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SdkError> {
        match self {
            Self::App(file) => encode(APP_LINE, file),
            Self::Stark(file) => encode(STARK_LINE, file),
            Self::Evm(file) => Ok(file.to_json().into_bytes()),
        }
    }

    /// Reads a file. Whether the proof is valid is another question.
    ///
    /// # Errors
    /// When it is none, is cut short, or is another encoding than [`Self::to_bytes`] gives.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SdkError> {
        if let Some(body) = bytes.strip_prefix(APP_LINE) {
            return Ok(Self::App(Box::new(decode(body)?)));
        }
        if let Some(body) = bytes.strip_prefix(STARK_LINE) {
            return Ok(Self::Stark(Box::new(decode(body)?)));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| SdkError::NoProofFile)?;
        if !text.trim_start().starts_with('{') {
            return Err(SdkError::NoProofFile);
        }
        Ok(Self::Evm(Box::new(EvmProofFile::parse(text)?)))
    }
}

fn encode(line: &[u8], value: &impl Serialize) -> Result<Vec<u8>, SdkError> {
    postcard::to_extend(value, line.to_vec())
        .map_err(|error| SdkError::Decode(DecodeError::Encode(error.to_string())))
}

fn decode<T: Serialize + DeserializeOwned>(body: &[u8]) -> Result<T, SdkError> {
    let (value, rest) = postcard::take_from_bytes::<T>(body)
        .map_err(|error| SdkError::Decode(DecodeError::Malformed(error.to_string())))?;
    if !rest.is_empty() {
        return Err(DecodeError::Trailing(rest.len()).into());
    }
    // A proof has one encoding.
    if encode(&[], &value)? != body {
        return Err(DecodeError::NotCanonical.into());
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_refused() {
        let refuse = |bytes: &[u8]| ProofFile::from_bytes(bytes).err().expect("refused");
        assert!(matches!(refuse(b""), SdkError::NoProofFile));
        assert!(matches!(refuse(b"\xff\xfe"), SdkError::NoProofFile));
        assert!(matches!(refuse(b"hello"), SdkError::NoProofFile));
        assert!(matches!(refuse(b"{}"), SdkError::EvmFile(_)));
        assert!(matches!(refuse(APP_LINE), SdkError::Decode(_)));
        assert!(matches!(refuse(&[STARK_LINE, b"\xff\xff\xff\xff\xff"].concat()), SdkError::Decode(_)));
        // A list that claims four thousand million entries is not allocated.
        let claim = [APP_LINE, b"\x00", &[0; 64], b"\x00\xff\xff\xff\xff\x0f"].concat();
        assert!(matches!(refuse(&claim), SdkError::Decode(_)));
    }
}
