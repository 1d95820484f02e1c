//! The Solidity compiler, called with fixed settings.

use crate::solidity::SOLC_VERSION;
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::{Command, Stdio},
};
use thiserror::Error;

/// A `solc` program: `scripts/solc`, or a native one of the same version.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// Path of the program.
    pub program: PathBuf,
}

/// Why there is no bytecode.
#[derive(Debug, Error)]
pub enum CompileError {
    /// The program could not be run.
    #[error("cannot run the Solidity compiler {program}; `scripts/setup-tools` installs it")]
    Run {
        /// Which program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program is another version.
    #[error("the Solidity compiler must be version {SOLC_VERSION}, but says: {0}")]
    Version(String),
    /// The answer is not what the interface promises.
    #[error("the Solidity compiler's answer cannot be read: {0}")]
    Answer(String),
    /// The sources do not compile.
    #[error("the sources do not compile:\n{0}")]
    Source(String),
}

/// Bytecode of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytecode {
    /// What a deployment transaction carries (constructor arguments follow it).
    pub creation: Vec<u8>,
    /// What lies at the contract's address; immutables are zero.
    pub runtime: Vec<u8>,
}

impl Compiler {
    /// Compiles `(path, text)` sources and returns the bytecode of `wanted`, pairs of a source's path and
    /// the name of a contract in it, in their order.
    ///
    /// # Errors
    /// When the compiler is missing, of another version, or reports errors.
    pub fn compile<const N: usize>(
        &self,
        sources: &[(&str, &str)],
        wanted: [(&str, &str); N],
    ) -> Result<[Bytecode; N], CompileError> {
        let version = self.run(&["--version"], "")?;
        if !version.contains(&format!("Version: {SOLC_VERSION}+")) {
            return Err(CompileError::Version(version));
        }
        let answer = self.run(&["--standard-json"], &standard_input(sources))?;
        let answer: Value = serde_json::from_str(&answer).map_err(|e| CompileError::Answer(e.to_string()))?;
        let errors: Vec<&str> = answer["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|e| e["severity"] == "error")
            .filter_map(|e| e["formattedMessage"].as_str())
            .collect();
        if !errors.is_empty() {
            return Err(CompileError::Source(errors.join("\n")));
        }
        let codes: Result<Vec<_>, _> =
            wanted.iter().map(|(path, contract)| bytecode(&answer, path, contract)).collect();
        codes?.try_into().map_err(|_| CompileError::Answer("another number of contracts".to_owned()))
    }

    fn run(&self, arguments: &[&str], input: &str) -> Result<String, CompileError> {
        let failed = |source| CompileError::Run { program: self.program.clone(), source };
        let mut child = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut stdin = child.stdin.take().expect("stdin was asked for");
        // The compiler reads all of its input before it writes, so this cannot block for good; one that
        // asks for nothing may close the pipe early.
        match stdin.write_all(input.as_bytes()) {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => return Err(failed(e)),
            _ => drop(stdin),
        }
        let output = child.wait_with_output().map_err(failed)?;
        if !output.status.success() {
            return Err(CompileError::Answer(format!("it ended with {}", output.status)));
        }
        String::from_utf8(output.stdout).map_err(|e| CompileError::Answer(e.to_string()))
    }
}

fn bytecode(answer: &Value, path: &str, contract: &str) -> Result<Bytecode, CompileError> {
    let output = &answer["contracts"][path][contract]["evm"];
    let code = |which: &str| {
        let text = output[which]["object"].as_str().filter(|text| !text.is_empty());
        text.and_then(|text| hex::decode(text).ok())
            .ok_or_else(|| CompileError::Answer(format!("there is no {which} of {path}:{contract}")))
    };
    Ok(Bytecode { creation: code("bytecode")?, runtime: code("deployedBytecode")? })
}

/// The same settings as `foundry.toml`: the Yul optimizer and the IR pipeline stay off, because either
/// makes a reverting stub of the generated verifier; no metadata, so that bytes depend on code alone.
///
/// The text is the compiler's input ("standard JSON"), which block explorers take as well.
pub fn standard_input(sources: &[(&str, &str)]) -> String {
    let sources: serde_json::Map<String, Value> =
        sources.iter().map(|(path, text)| ((*path).to_owned(), json!({ "content": text }))).collect();
    let input = json!({
        "language": "Solidity",
        "sources": sources,
        "settings": {
            "optimizer": { "enabled": true, "runs": 1000000, "details": { "yul": false } },
            "viaIR": false,
            "evmVersion": "prague",
            "metadata": { "bytecodeHash": "none", "appendCBOR": false },
            "outputSelection": { "*": { "*": ["evm.bytecode.object", "evm.deployedBytecode.object"] } },
        },
    });
    serde_json::to_string_pretty(&input).expect("plain data has a JSON form") + "\n"
}
