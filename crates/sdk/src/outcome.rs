//! What the verbs answer. All of it serialises to the JSON that `--json` prints; bytes are hexadecimal with `0x`.

use std::path::PathBuf;

use finial_evm::{Circuit, params::ParamSet};
use serde::Serialize;

use crate::config::AppVm;
use crate::meter::Report;

/// Bytes that are written as `0x…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

impl std::fmt::Display for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{}", hex::encode(&self.0))
    }
}

impl Serialize for Hex {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<[u8; 32]> for Hex {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }
}

/// One segment of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Segment {
    /// Its cycles.
    pub cycles: u32,
    /// Its shape.
    pub shape: &'static str,
}

/// Of `run`.
#[derive(Clone, Debug, Serialize)]
pub struct RunOutcome {
    /// Code the program exited with.
    pub exit_code: u32,
    /// Cycles.
    pub cycles: u64,
    /// Segments a proof would have.
    pub segments: Vec<Segment>,
    /// What the program wrote to fd 1.
    pub public_values: Hex,
    /// The 32 bytes the proof makes public: SHA-256 of the public values, or zeros.
    pub user_public_values: Hex,
    /// What the program wrote to fd 2.
    pub diagnostics: String,
    /// Seconds the run took.
    pub wall_s: f64,
}

/// Of `commit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Commitments {
    /// The configuration.
    pub app_vm: AppVm,
    /// Which executable: to be hard-coded by whoever relies on proofs.
    pub exe_commit: Hex,
    /// Which leaf programs, that is, which App VM: likewise.
    pub leaf_commit: Hex,
}

/// Of `setup`.
#[derive(Clone, Debug, Serialize)]
pub struct SetupOutcome {
    /// For which circuit's proofs.
    pub circuit: Circuit,
    /// Where keys lie.
    pub cache: PathBuf,
    /// The KZG parameters.
    pub params: ParamSet,
    /// Digest of the final verifying key.
    pub vk_digest: Hex,
    /// Which App VM.
    pub leaf_commit: Hex,
    /// Whether the committed contract is for this key.
    pub contract_committed: bool,
    /// Costs.
    pub report: Report,
}

/// Of `prove …`, beside the proof.
#[derive(Clone, Debug, Serialize)]
pub struct ProveOutcome {
    /// `app`, `stark` or `evm`.
    pub kind: &'static str,
    /// Which executable ran.
    pub exe_commit: Hex,
    /// Under which leaf programs.
    pub leaf_commit: Hex,
    /// What the program made public.
    pub public_values: Hex,
    /// Size of the proof file.
    pub file_bytes: usize,
    /// Which circuit's, for `evm`.
    pub circuit: Option<Circuit>,
    /// Gas of the transaction by Prague's rules, for `evm`.
    pub gas: Option<u64>,
    /// By Osaka's.
    pub gas_osaka: Option<u64>,
    /// Length of its calldata, for `evm`.
    pub calldata_bytes: Option<usize>,
    /// True if the proof was made with development parameters, for `evm`.
    pub insecure_params: Option<bool>,
    /// Costs.
    pub report: Report,
}

/// Of `verify`: the proof is valid, and this is what it says.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyOutcome {
    /// `app`, `stark` or `evm`.
    pub kind: &'static str,
    /// Which executable ran.
    pub exe_commit: Hex,
    /// Under which leaf programs.
    pub leaf_commit: Hex,
    /// What the program made public.
    pub public_values: Hex,
    /// Whether the commitments were compared with what the caller expects. If not, nobody knows which program ran.
    pub program_checked: bool,
    /// Gas by Prague's rules, for `evm`.
    pub gas: Option<u64>,
    /// By Osaka's.
    pub gas_osaka: Option<u64>,
    /// True if made with development parameters, for `evm`: then the proof proves nothing.
    pub insecure_params: Option<bool>,
}

/// Of `contract`.
#[derive(Clone, Debug, Serialize)]
pub struct ContractOutcome {
    /// Whose proofs it checks.
    pub circuit: Circuit,
    /// Where the files are.
    pub directory: PathBuf,
    /// The KZG parameters.
    pub params: ParamSet,
    /// The verifying key's digest.
    pub vk_digest: Hex,
    /// Keccak-256 of the generated verifier's deployed code.
    pub code_hash: Hex,
    /// Its length.
    pub code_bytes: usize,
}
