//! `deploy`, `submit` and `cost`, against a real anvil.

#[expect(dead_code, reason = "the other tests use the rest")]
mod common;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Once;

use common::{Dir, Ended, finial, json};
use serde_json::Value;

/// anvil's first account, published with it.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ACCOUNT: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// Some word for the adapter.
const LEAF_COMMIT: &str = "0x0000000000000000000000000000000000000000000000000000000000000007";

struct Anvil {
    child: Child,
    url: String,
}

impl Anvil {
    /// Starts one; a machine without it fails the test (`scripts/setup-tools` installs it).
    fn start(chain_id: &str) -> Self {
        static TOOLS: Once = Once::new();
        TOOLS.call_once(|| {
            let status = Command::new(repository("scripts/setup-tools")).status();
            assert!(status.is_ok_and(|status| status.success()), "scripts/setup-tools installs anvil");
        });
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mut child = Command::new(repository("scripts/anvil"))
            .args(["--host", "127.0.0.1", "--port", &port, "--chain-id", chain_id, "--hardfork", "prague"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/anvil runs");
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = output.by_ref().map_while(Result::ok).any(|line| line.contains("Listening on"));
        let anvil = Self { child, url: format!("http://127.0.0.1:{port}") };
        assert!(listening, "anvil ended without listening");
        std::thread::spawn(move || output.for_each(drop));
        anvil
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn repository(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

/// The small circuits' contracts.
fn generated() -> String {
    repository("crates/evm/tests/fixtures/small")
}

fn proof(circuit: &str) -> String {
    format!("{}/{circuit}/proof.json", generated())
}

/// Runs `finial` with the key in its environment; nothing it says may hold the key.
fn signed(arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_finial"))
        .args(arguments)
        .env("FINIAL_PRIVATE_KEY", KEY)
        .output()
        .expect("the binary runs");
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    for text in [&stdout, &stderr] {
        assert!(!text.to_lowercase().contains(&KEY[..12]), "the key was printed: {text}");
    }
    Ended { code: output.status.code().expect("no signal"), stdout, stderr }
}

fn parsed(ended: Ended) -> Value {
    serde_json::from_str(&ended.succeeds()).expect("JSON")
}

#[test]
fn deploys_once_and_submits() {
    let anvil = Anvil::start("31337");
    let dir = Dir::new();
    let (generated, file) = (generated(), dir.path("31337.json"));
    let deploy = ["deploy", "--rpc-url", &anvil.url, "--generated", &generated, "--circuit", "both"];
    let dry = json(&[&deploy[..], &["--dry-run"]].concat());
    assert_eq!((&dry["dry_run"], &dry["contracts"][0]["state"]), (&true.into(), &"missing".into()));
    let text = finial(&[&deploy[..], &["--dry-run"]].concat()).succeeds();
    assert!(text.contains("v1/wrapped/FinialVerifierWrapped") && text.contains("nothing was sent"), "{text}");

    finial(&deploy).fails(3, "no key to sign with");
    let written = [&deploy[..], &["--deployments", &file]].concat();
    let done = parsed(signed(&[&written[..], &["--json"]].concat()));
    assert_eq!(done["contracts"][3]["state"], "deployed");
    for contract in 0..4 {
        assert_eq!(done["contracts"][contract]["address"], dry["contracts"][contract]["address"]);
    }
    assert!(done["paid"].as_str().unwrap().parse::<u128>().unwrap() > 0);
    let again = signed(&written).succeeds();
    assert!(again.contains("everything was there; nothing was sent"), "{again}");

    let routed = [&written[..], &["--router", "--adapter", "--leaf-commit", LEAF_COMMIT]].concat();
    let done = parsed(signed(&[&routed[..], &["--json"]].concat()));
    assert!(done["routes"][1]["gas_used"].as_u64() > Some(20_000), "{done}");
    let router = done["contracts"][4]["address"].as_str().unwrap();
    assert!(signed(&routed).succeeds().contains("everything was there; nothing was sent"));
    finial(&[&deploy[..], &["--router", "--dry-run"]].concat()).fails(3, "the router needs an owner");

    for circuit in ["direct", "wrapped"] {
        let by_router = ["submit", &proof(circuit), "--rpc-url", &anvil.url, "--router", router, "--json"];
        assert!(parsed(signed(&by_router))["gas_used"].as_u64() > Some(100_000));
        let proof = proof(circuit);
        let submit = ["submit", &proof, "--rpc-url", &anvil.url, "--deployments", &file];
        let checked = [&submit[..], &["--generated", &generated]].concat();
        finial(&checked).fails(3, "no key to sign with");
        let call = json(&[&checked[..], &["--call"]].concat());
        assert_eq!((&call["gas_estimate"], &call["transaction"]), (&Value::Null, &Value::Null));
        let dry = json(&[&submit[..], &["--dry-run"]].concat());
        assert!(dry["gas_estimate"].as_u64() > Some(100_000));
        assert_eq!((&dry["local_gas"], &dry["transaction"]), (&Value::Null, &Value::Null));
        let sent = parsed(signed(&[&checked[..], &["--json"]].concat()));
        assert_eq!(sent["gas_used"], sent["local_gas"]);
        let text = signed(&checked).succeeds();
        assert!(text.contains(": success, ") && text.contains("WARNING"), "{text}");
    }
}

#[test]
fn wrong_proofs_and_keys_are_named() {
    let anvil = Anvil::start("31337");
    let dir = Dir::new();
    let (generated, file) = (generated(), dir.path("31337.json"));
    let account = ["--unlocked", ACCOUNT];
    let deploy = ["deploy", "--rpc-url", &anvil.url, "--generated", &generated, "--deployments", &file];
    finial(&[&deploy[..], &account].concat()).succeeds();

    let mut value: Value = serde_json::from_slice(&std::fs::read(proof("direct")).unwrap()).unwrap();
    // Another digit at the end of the proof, in both places.
    for field in ["proof_data", "calldata"] {
        let text = value[field].as_str().unwrap();
        let last = if text.ends_with('0') { "1" } else { "0" };
        value[field] = format!("{}{last}", &text[..text.len() - 1]).into();
    }
    let tampered = dir.file("tampered.json", value.to_string().as_bytes());
    let submit = ["submit", &tampered, "--rpc-url", &anvil.url, "--deployments", &file];
    // By the local check, and by the contract on the chain.
    finial(&[&submit[..], &account, &["--generated", &generated]].concat()).fails(5, "ProofRejected");
    finial(&[&submit[..], &account].concat()).fails(5, "ProofRejected");

    let good = proof("direct");
    let submit = ["submit", &good, "--rpc-url", &anvil.url, "--deployments", &file];
    finial(&[&submit[..], &["--unlocked", "0x0000000000000000000000000000000000000001"]].concat())
        .fails(3, "no unlocked account");
    finial(&["submit", &good, "--rpc-url", &anvil.url, "--to", ACCOUNT, "--call"]).fails(3, "no contract at");
    finial(&[&submit[..], &["--private-key", KEY]].concat()).fails(2, "unexpected argument");
    // A key where a keystore should be: refused without a word of it.
    let bare = dir.file("key", KEY.as_bytes());
    let error = finial(&[&submit[..], &["--keystore", &bare]].concat()).fails(3, "is not a keystore");
    assert!(!error.contains(&KEY[..12]), "{error}");
    let error = Command::new(env!("CARGO_BIN_EXE_finial"))
        .args(submit)
        .env("FINIAL_PRIVATE_KEY", &KEY[1..])
        .output()
        .unwrap();
    let error = String::from_utf8(error.stderr).unwrap();
    assert!(error.contains("FINIAL_PRIVATE_KEY is not 32 bytes") && !error.contains(&KEY[1..12]), "{error}");

    let stark = dir.file("proof.stark", b"finial stark 1\n");
    finial(&["submit", &stark, "--rpc-url", &anvil.url, "--call"]).fails(3, "proof file");
    finial(&["submit", &good, "--rpc-url", "http://127.0.0.1:9/secretpath", "--call"])
        .fails(6, "http://127.0.0.1:9 did not do eth_chainId");
    finial(&["submit", &good, "--rpc-url", "nonsense", "--call"]).fails(3, "RPC URL");
}

#[test]
fn development_contracts_are_refused_elsewhere() {
    let anvil = Anvil::start("1");
    let generated = generated();
    let deploy = ["deploy", "--rpc-url", &anvil.url, "--generated", &generated];
    for arguments in [&["--dry-run"][..], &["--unlocked", ACCOUNT]] {
        finial(&[&deploy[..], arguments].concat()).fails(3, "development parameters");
    }
    signed(&deploy).fails(3, "Chain 1 is no development chain");
    let good = proof("direct");
    let submit = ["submit", &good, "--rpc-url", &anvil.url, "--to", ACCOUNT, "--call"];
    finial(&submit).fails(3, "development parameters");
}

#[test]
fn keystores_of_foundry_open_with_the_environments_password() {
    let anvil = Anvil::start("31337");
    let dir = Dir::new();
    let (generated, file) = (generated(), dir.path("31337.json"));
    let made = Command::new(repository("scripts/cast"))
        .args(["wallet", "import", "key", "--private-key", KEY, "--unsafe-password", "two words"])
        .args(["--keystore-dir", &dir.path(".")])
        .status();
    assert!(made.is_ok_and(|status| status.success()), "scripts/cast makes a keystore");
    let keystore = dir.path("key");
    let deploy = ["deploy", "--rpc-url", &anvil.url, "--generated", &generated, "--deployments", &file];
    let run = |password: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_finial"));
        command.args(deploy).args(["--keystore", &keystore]).stdin(Stdio::null());
        if let Some(password) = password {
            command.env("FINIAL_KEYSTORE_PASSWORD", password);
        }
        let output = command.output().expect("the binary runs");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, error) = run(Some("three words"));
    assert!(code == Some(3) && error.contains("the password does not open"), "{error}");
    assert!(!error.contains("three words"), "{error}");
    let (code, error) = run(None);
    assert!(code == Some(3) && error.contains("no password for the keystore"), "{error}");
    assert_eq!(run(Some("two words")), (Some(0), String::new()));
    // The account's address is in no argument: it came out of the keystore, and paid.
    let again = json(&[&deploy[..], &["--dry-run"]].concat());
    assert_eq!(again["contracts"][1]["state"], "present");
}

#[test]
fn costs_are_compared_at_a_price() {
    let dir = Dir::new();
    let cost = |gas: u64, cpu_s: f64| serde_json::json!({"gas": gas, "cpu_s": cpu_s, "wall_s": cpu_s, "peak_rss_bytes": 1_u64 << 30});
    let figures = serde_json::json!({"measured_on": "a machine", "cycles": 7,
        "direct": cost(400_000, 100.0), "wrapped": cost(300_000, 190.0)});
    let file = dir.file("figures.json", figures.to_string().as_bytes());
    let arguments = ["cost", "--figures", &file, "--gas-price"];
    let answer = json(&[&arguments[..], &["20"]].concat());
    assert_eq!((&answer["gas_saved"], &answer["cheaper"]), (&100_000.into(), &Value::Null));
    assert_eq!(answer["direct_fee"], "8000000000000000");
    let prices = ["--cpu-hour-price", "0.05", "--eth-price", "3000"];
    let text = finial(&[&arguments[..], &["20"], &prices].concat()).succeeds();
    assert!(text.contains("cheaper: wrapped"), "{text}");
    let text = finial(&[&arguments[..], &["0.001"], &prices].concat()).succeeds();
    assert!(text.contains("cheaper: direct"), "{text}");
    finial(&[&arguments[..], &["-1"]].concat()).fails(2, "");
    finial(&[&arguments[..], &["1e9"]].concat()).fails(3, "--gas-price must be");
    finial(&[&arguments[..], &["20", "--eth-price", "3000"]].concat()).fails(2, "--cpu-hour-price");
    let broken = dir.file("broken.json", b"{}");
    finial(&["cost", "--figures", &broken, "--gas-price", "1"]).fails(3, "cannot be understood");
}
