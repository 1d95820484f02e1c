//! `verify`: proofs of all three kinds, and whether they are of the program that is expected.

use finial_evm::solidity::DEVELOPMENT_CHAINS;
use finial_evm::{Calldata, Chain, Contract, ProofFile as EvmProofFile, Rules};
use finial_public_values::scalar_to_digest;
use finial_riscv::Program;
use finial_segment_verifier::AppVerifyingKey;
use sha2::{Digest as _, Sha256};

use crate::config::AppVm;
use crate::error::SdkError;
use crate::files::{AppProofFile, ProofFile, StarkProofFile};
use crate::keys::committed_contract;
use crate::outcome::{Hex, VerifyOutcome};
use crate::progress::{Work, weight};
use crate::{Sdk, exe_commit_of, word};

/// What a proof is expected to be of.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Nothing: the caller reads the answer.
    Anything,
    /// This program, under any configuration of this version.
    Program(Box<Program>),
    /// These commitments.
    Commitments {
        /// The executable's.
        exe_commit: [u8; 32],
        /// The leaf programs'.
        leaf_commit: [u8; 32],
    },
}

impl Sdk {
    /// Verifies a proof.
    ///
    /// # Errors
    /// When it is not valid, or is of something else than expected.
    pub fn verify(&self, file: &ProofFile, expected: &Expected) -> Result<VerifyOutcome, SdkError> {
        let work = Work::new(&*self.observer, 2.0 * weight::KEYS);
        work.begin("verification");
        let outcome = match file {
            ProofFile::App(file) => self.verify_app(file),
            ProofFile::Stark(file) => self.verify_stark(file),
            ProofFile::Evm(file) => self.verify_evm(file),
        }?;
        work.done(weight::KEYS);
        work.begin("program");
        let program_checked = self.require(&outcome, expected)?;
        Ok(VerifyOutcome { program_checked, ..outcome })
    }

    fn verify_app(&self, file: &AppProofFile) -> Result<VerifyOutcome, SdkError> {
        let app_vm = AppVm::named(&file.config)?;
        let config = app_vm.config().map_err(SdkError::AppKeys)?;
        let key = AppVerifyingKey::new(&config).map_err(SdkError::AppKeys)?;
        let executable = file.executable();
        let run = key.verify(&executable, &file.proof).map_err(SdkError::AppProof)?;
        require_output(&file.public_values, &run.public_values)?;
        let leaf = self.tree(app_vm)?.leaf_commit();
        Ok(answer("app", word(&exe_commit_of(&executable)), word(&leaf), &file.public_values))
    }

    fn verify_stark(&self, file: &StarkProofFile) -> Result<VerifyOutcome, SdkError> {
        let tree = self.tree(AppVm::named(&file.config)?)?;
        let run = tree.verify_stark(&file.proof, None).map_err(SdkError::StarkProof)?;
        require_output(&file.public_values, &run.user_public_values)?;
        Ok(answer("stark", word(&run.exe_commit), word(&run.leaf_commit), &file.public_values))
    }

    /// By the contract, in an EVM: nothing but the contract's answer counts on a chain either.
    fn verify_evm(&self, file: &EvmProofFile) -> Result<VerifyOutcome, SdkError> {
        let contract = self.contract_of(file)?;
        if contract.manifest.circuit != file.circuit {
            return Err(SdkError::Unexpected {
                what: "circuit",
                expected: contract.manifest.circuit.to_string(),
                found: file.circuit.to_string(),
            });
        }
        if contract.manifest.code_hash != file.code_hash {
            return Err(SdkError::Unexpected {
                what: "contract",
                expected: Hex::from(contract.manifest.code_hash).to_string(),
                found: Hex::from(file.code_hash).to_string(),
            });
        }
        if contract.manifest.params != file.params {
            return Err(SdkError::Unexpected {
                what: "parameter set",
                expected: contract.manifest.params.name,
                found: file.params.name.clone(),
            });
        }
        // Made from the parts, not taken from the file: what is verified is what is reported.
        let calldata = Calldata::new(&file.statement()?, &file.proof_data);
        let gas = Chain::deploy(&contract)?.verify(&calldata)?.gas;
        let gas_osaka = gas_under_osaka(&contract, &calldata)?;
        let mut answer = answer("evm", file.exe_commit.into(), file.leaf_commit.into(), &file.public_values);
        answer.gas = Some(gas);
        answer.gas_osaka = Some(gas_osaka);
        answer.insecure_params = Some(file.params.insecure);
        Ok(answer)
    }

    /// The contract to verify by: never one that the proof brings.
    fn contract_of(&self, file: &EvmProofFile) -> Result<Contract, SdkError> {
        if let Some(directory) = &self.options.contract {
            return Ok(Contract::read(directory)?);
        }
        match committed_contract(file.circuit)? {
            Some(contract) if contract.manifest.code_hash == file.code_hash => Ok(contract),
            _ => self.keys.contract(&self.options, file.circuit),
        }
    }

    fn require(&self, outcome: &VerifyOutcome, expected: &Expected) -> Result<bool, SdkError> {
        match expected {
            Expected::Anything => Ok(false),
            Expected::Commitments { exe_commit, leaf_commit } => {
                require_commitment("exe_commit", exe_commit)?;
                require_commitment("leaf_commit", leaf_commit)?;
                require_same("executable", (*exe_commit).into(), &outcome.exe_commit)?;
                require_same("App VM", (*leaf_commit).into(), &outcome.leaf_commit)?;
                Ok(true)
            }
            Expected::Program(program) => {
                let app_vm = self.app_vm_of(&outcome.leaf_commit)?;
                let exe = word(&self.exe_commit(program, app_vm)?);
                require_same("executable", exe, &outcome.exe_commit)?;
                Ok(true)
            }
        }
    }

    /// The configuration with these leaf programs.
    fn app_vm_of(&self, leaf_commit: &Hex) -> Result<AppVm, SdkError> {
        let mut known = Vec::new();
        for app_vm in AppVm::ALL {
            let commit = word(&self.tree(app_vm)?.leaf_commit());
            if commit == *leaf_commit {
                return Ok(app_vm);
            }
            known.push(commit.to_string());
        }
        Err(SdkError::Unexpected {
            what: "App VM",
            expected: known.join(" or "),
            found: leaf_commit.to_string(),
        })
    }
}

/// Gas of the same transaction by Osaka's rules.
pub(crate) fn gas_under_osaka(contract: &Contract, calldata: &Calldata) -> Result<u64, SdkError> {
    let mut chain = Chain::deploy_under(contract, DEVELOPMENT_CHAINS[0], Rules::Osaka)?;
    Ok(chain.verify(calldata)?.gas)
}

/// A commitment is a packed digest; a word that is none can only be a mistake.
fn require_commitment(what: &'static str, word: &[u8; 32]) -> Result<(), SdkError> {
    scalar_to_digest(word).map(drop).ok_or(SdkError::Commitment { what })
}

fn require_same(what: &'static str, expected: Hex, found: &Hex) -> Result<(), SdkError> {
    if expected == *found {
        return Ok(());
    }
    Err(SdkError::Unexpected { what, expected: expected.to_string(), found: found.to_string() })
}

/// The bytes in the file hash to what is proven; a program that makes nothing public leaves zeros.
fn require_output(output: &[u8], proven: &[u8; 32]) -> Result<(), SdkError> {
    let nothing = output.is_empty() && *proven == [0; 32];
    if nothing || *proven == <[u8; 32]>::from(Sha256::digest(output)) {
        return Ok(());
    }
    Err(SdkError::PublicOutput)
}

fn answer(kind: &'static str, exe_commit: Hex, leaf_commit: Hex, public_values: &[u8]) -> VerifyOutcome {
    VerifyOutcome {
        kind,
        exe_commit,
        leaf_commit,
        public_values: Hex(public_values.to_vec()),
        program_checked: false,
        gas: None,
        gas_osaka: None,
        insecure_params: None,
    }
}
