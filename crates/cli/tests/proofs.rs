//! Proofs made and verified by the binary, and changed ones refused.

mod common;

use common::{Dir, FIBONACCI, elf, finial, json};
use serde_json::Value;

fn commitments(answer: &Value) -> [&str; 2] {
    ["exe_commit", "leaf_commit"].map(|name| answer[name].as_str().unwrap())
}

/// Verifies that nothing but the whole, unchanged file passes.
#[track_caller]
fn refuses_changes(dir: &Dir, proof: &str, places: usize) {
    let whole = std::fs::read(proof).unwrap();
    let refuse = |bytes: &[u8], what: String| {
        let ended = finial(&["verify", &dir.file("changed", bytes), "--elf", &elf("fibonacci")]);
        assert!([3, 5].contains(&ended.code), "{what}: {ended:?}");
        assert!(!ended.stderr.contains("panicked"), "{what}: {ended:?}");
    };
    refuse(&whole[..whole.len() - 1], "cut".to_owned());
    refuse(&whole[..whole.len() / 2], "halved".to_owned());
    refuse(&[&whole[..], b"\0"].concat(), "extended".to_owned());
    for place in 0..places {
        let at = place * (whole.len() - 1) / (places - 1);
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        refuse(&bytes, format!("byte {at}"));
    }
}

#[test]
fn segments() {
    let dir = Dir::new();
    let (proof, report) = (dir.path("proof"), dir.path("report"));
    let answer = json(&[
        "prove",
        "app",
        &elf("fibonacci"),
        "--input",
        FIBONACCI,
        "--out",
        &proof,
        "--report",
        &report,
    ]);
    assert_eq!(answer["public_values"], "0x37000000");
    let verified = json(&["verify", &proof, "--elf", &elf("fibonacci")]);
    assert_eq!(verified["program_checked"], true);
    assert_eq!(commitments(&verified), commitments(&answer));
    finial(&["verify", &proof, "--elf", &elf("factors")]).fails(5, "another executable");
    refuses_changes(&dir, &proof, 12);
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let segment = report["stages"].as_array().unwrap().iter().find(|s| s["stage"] == "segment").unwrap();
    for figure in ["wall_s", "cpu_s", "peak_rss_bytes", "rows", "cells"] {
        assert!(segment[figure].as_f64().unwrap() > 0.0, "{figure} of {segment}");
        assert!(report["totals"][figure].as_f64().unwrap() > 0.0, "{figure} in all");
    }
}

#[test]
fn one_stark() {
    let dir = Dir::new();
    let proof = dir.path("proof");
    let answer = json(&["prove", "stark", &elf("fibonacci"), "--input", FIBONACCI, "--out", &proof]);
    let [exe, leaf] = commitments(&answer);
    let expected = json(&["commit", &elf("fibonacci")]);
    assert_eq!([exe, leaf], commitments(&expected));

    let unchecked = json(&["verify", &proof]);
    assert_eq!(unchecked["program_checked"], false);
    assert_eq!(unchecked["public_values"], "0x37000000");
    let checked = json(&["verify", &proof, "--exe-commit", exe, "--leaf-commit", leaf]);
    assert_eq!(checked["program_checked"], true);
    json(&["verify", &proof, "--elf", &elf("fibonacci")]);

    finial(&["verify", &proof, "--elf", &elf("factors")]).fails(5, "another executable");
    let other = json(&["commit", &elf("factors")]);
    let [other_exe, _] = commitments(&other);
    finial(&["verify", &proof, "--exe-commit", other_exe, "--leaf-commit", leaf])
        .fails(5, "another executable");
    finial(&["verify", &proof, "--exe-commit", exe, "--leaf-commit", exe]).fails(5, "another App VM");
    let above = "ff".repeat(32);
    finial(&["verify", &proof, "--exe-commit", &above, "--leaf-commit", leaf]).fails(3, "exe_commit");

    // The public values stand in clear text before the proof.
    let mut bytes = std::fs::read(&proof).unwrap();
    let at = bytes.windows(4).position(|window| window == [0x37, 0, 0, 0]).unwrap();
    bytes[at] = 0x38;
    finial(&["verify", &dir.file("changed", &bytes)]).fails(5, "public values");
    refuses_changes(&dir, &proof, 12);
}

/// One contract, byte for byte, for every program and both configurations of the App VM: the committed proofs.
#[test]
fn committed_proofs_are_of_their_programs() {
    let committed = |name: &str| {
        format!("{}/../../contracts/generated/v1/direct/{name}.json", env!("CARGO_MANIFEST_DIR"))
    };
    let mut contracts = Vec::new();
    let mut leaf_commits = Vec::new();
    for (name, guest) in [
        ("proof", "fibonacci"),
        ("fibonacci-large", "fibonacci"),
        ("sha256-chain", "sha256-chain"),
        ("transfers", "transfers"),
    ] {
        let verified = json(&["verify", &committed(name), "--elf", &elf(guest)]);
        assert_eq!(verified["program_checked"], true, "{name}");
        leaf_commits.push(commitments(&verified)[1].to_owned());
        let file: Value = serde_json::from_slice(&std::fs::read(committed(name)).unwrap()).unwrap();
        contracts.push(file["code_hash"].as_str().unwrap().to_owned());
        assert_eq!(file["gas"], verified["gas"], "{name}");
    }
    contracts.dedup();
    assert_eq!(contracts.len(), 1);
    leaf_commits.sort_unstable();
    leaf_commits.dedup();
    assert_eq!(leaf_commits.len(), 2);
    finial(&["verify", &committed("transfers"), "--elf", &elf("fibonacci")]).fails(5, "another executable");
}

/// Minutes: the whole way, under both configurations of the App VM, against one contract.
#[test]
fn the_whole_way_to_the_evm() {
    let dir = Dir::new();
    let proof = dir.path("proof.json");
    let answer = json(&["evm-prove", &elf("fibonacci"), "--input", FIBONACCI, "--out", &proof]);
    assert_eq!(answer["public_values"], "0x37000000");
    assert_eq!(answer["insecure_params"], true);
    let verified = json(&["verify", &proof, "--elf", &elf("fibonacci")]);
    assert_eq!(verified["gas"], answer["gas"]);
    assert_eq!(verified["program_checked"], true);
    finial(&["verify", &proof, "--elf", &elf("factors")]).fails(5, "another executable");

    let file: Value = serde_json::from_slice(&std::fs::read(&proof).unwrap()).unwrap();
    let refuse = |field: &str, code: i32| {
        let mut changed = file.clone();
        let text = changed[field].as_str().unwrap().to_owned();
        let last = if text.ends_with('0') { "1" } else { "0" };
        changed[field] = Value::String(text[..text.len() - 1].to_owned() + last);
        let path = dir.file("changed.json", changed.to_string().as_bytes());
        finial(&["verify", &path]).fails(code, "");
    };
    refuse("code_hash", 5);
    for field in ["exe_commit", "leaf_commit", "public_values", "proof_data", "calldata"] {
        refuse(field, 3);
    }

    let large = dir.path("large.json");
    let other = json(&[
        "prove",
        "evm",
        &elf("fibonacci"),
        "--input",
        FIBONACCI,
        "--out",
        &large,
        "--app-vm",
        "large",
    ]);
    assert_ne!(commitments(&other), commitments(&answer));
    let other: Value = serde_json::from_slice(&std::fs::read(&large).unwrap()).unwrap();
    assert_eq!(other["code_hash"], file["code_hash"], "one contract serves both configurations");
    json(&["verify", &large, "--elf", &elf("fibonacci")]);
}
