//! A real anvil on a free loopback port, ended with the test.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;

use alloy_primitives::{Address, B256, address};
use finial_chain::deploy::Request;
use finial_chain::{Node, Sender, artifacts};
use finial_evm::{Circuit, ProofFile};

/// anvil's first account, published with anvil; funded on development chains only.
pub const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// Its address.
pub const ACCOUNT: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

/// anvil's second account.
pub const HEIR: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");

/// A running anvil.
pub struct Anvil {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Anvil {
    /// Starts one. A machine without it fails the test: `scripts/setup-tools` installs it.
    pub fn start(chain_id: u64) -> Self {
        // Once, before several tests want it at the same time.
        static TOOLS: Once = Once::new();
        TOOLS.call_once(|| {
            let status = Command::new(repository().join("scripts/setup-tools")).status();
            assert!(status.is_ok_and(|status| status.success()), "scripts/setup-tools installs anvil");
        });
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new(repository().join("scripts/anvil"))
            .args(["--host", "127.0.0.1", "--hardfork", "prague"])
            .args(["--port", &port.to_string(), "--chain-id", &chain_id.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("scripts/anvil runs");
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = output.by_ref().map_while(Result::ok).any(|line| line.contains("Listening on"));
        if !listening {
            drop(child.kill());
            panic!("anvil ended without listening: run scripts/setup-tools and look at its output");
        }
        // It goes on talking; somebody has to listen.
        std::thread::spawn(move || output.for_each(drop));
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }

    pub fn node(&self) -> Node {
        Node::connect(&self.url).unwrap()
    }

    /// Puts this code anywhere.
    pub fn set_code(&self, address: Address, code: &[u8]) {
        let status = Command::new(repository().join("scripts/cast"))
            .args(["rpc", "--rpc-url", &self.url, "anvil_setCode"])
            .args([address.to_string(), format!("0x{}", hex::encode(code))])
            .stdout(Stdio::null())
            .status();
        assert!(status.is_ok_and(|status| status.success()), "scripts/cast sets code");
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The small circuits' contracts.
pub fn generated() -> PathBuf {
    repository().join("crates/evm/tests/fixtures/small")
}

pub fn proof_of(circuit: Circuit) -> ProofFile {
    let path = generated().join(circuit.name()).join("proof.json");
    ProofFile::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub fn proof() -> ProofFile {
    proof_of(Circuit::Direct)
}

/// The verifiers of these circuits.
pub fn request(circuits: &[Circuit]) -> Request {
    let verifier = |circuit: &Circuit| artifacts::verifier(*circuit, Some(&generated())).unwrap();
    Request { verifiers: circuits.iter().map(verifier).collect(), ..Request::default() }
}

pub const fn sender() -> Sender {
    Sender::Unlocked(ACCOUNT)
}

/// Code of a contract that answers these selectors with these words, and accepts every other call.
pub fn answering(answers: &[([u8; 4], B256)]) -> Vec<u8> {
    // selector = calldataload(0) >> 224
    let mut code = vec![0x5f, 0x35, 0x60, 0xe0, 0x1c];
    for (selector, word) in answers {
        // if selector != it, jump behind; mstore(0, word); return(0, 32)
        let behind = u16::try_from(code.len() + 51).unwrap().to_be_bytes();
        code.extend([&[0x80, 0x63][..], selector, &[0x14, 0x15, 0x61], &behind, &[0x57]].concat());
        code.extend([&[0x7f][..], word.as_slice(), &[0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3, 0x5b]].concat());
    }
    code.push(0x00);
    code
}
