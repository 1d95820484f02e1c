//! The `finial` binary, as a person and as a program use it.

mod common;

use common::{Dir, FIBONACCI, elf, finial, json};

#[test]
fn runs_a_guest_and_says_what_it_did() {
    let answer = json(&["run", &elf("fibonacci"), "--input", FIBONACCI]);
    assert_eq!(answer["exit_code"], 0);
    assert_eq!(answer["public_values"], "0x37000000");
    assert!(answer["cycles"].as_u64().unwrap() > 1_000);
    // 0x before the digits, and bytes from a file, are the same input.
    let dir = Dir::new();
    let input = dir.file("n", &[10, 0, 0, 0]);
    for input in ["0x0a000000".to_owned(), format!("@{input}")] {
        assert_eq!(json(&["run", &elf("fibonacci"), "--input", &input])["cycles"], answer["cycles"]);
    }
    let text = finial(&["run", &elf("fibonacci"), "--input", FIBONACCI]).succeeds();
    assert!(text.contains("public values  0x37000000"), "{text}");
}

#[test]
fn a_failing_guest_has_its_own_exit_code_and_no_proof() {
    let run = finial(&["run", &elf("fibonacci"), "--input", "00"]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.stdout.contains("the input is 4 bytes"), "{run:?}");
    let dir = Dir::new();
    let (out, elf) = (dir.path("proof"), elf("fibonacci"));
    for kind in [&["prove", "app"][..], &["prove", "stark"], &["prove", "evm"], &["evm-prove"]] {
        let arguments = [kind, &[&elf, "--input", "00", "--out", &out]].concat();
        finial(&arguments).fails(4, "exited with code 101");
    }
    finial(&["run", &elf, "--input", FIBONACCI, "--max-cycles", "100"])
        .fails(4, "did not exit within 100 cycles");
    assert!(!std::path::Path::new(&out).exists());
}

#[test]
fn what_is_no_program_is_refused() {
    let dir = Dir::new();
    let garbage: Vec<u8> = (0..5_000_u32).map(|i| (i * i % 251) as u8).collect();
    let whole = std::fs::read(elf("fibonacci")).unwrap();
    let mut wrong_machine = whole.clone();
    wrong_machine[18] = 0x3e;
    let cases = [
        dir.file("empty", b""),
        dir.file("garbage", &garbage),
        dir.file("magic", &[b"\x7fELF", &garbage[..]].concat()),
        dir.file("cut", &whole[..whole.len() / 2]),
        dir.file("machine", &wrong_machine),
    ];
    for file in &cases {
        for verb in ["run", "commit", "evm-prove"] {
            let error = finial(&[verb, file]).fails(3, "not an RV32IM program");
            assert!(error.contains(file.as_str()), "the file is named: {error}");
        }
    }
    finial(&["run", &dir.path("none")]).fails(3, "cannot read");
    finial(&["run", &dir.path(".")]).fails(3, "cannot read");
}

/// Whatever bytes an ELF has been damaged by, the answer is a run or an error.
#[test]
fn damaged_programs_do_not_panic() {
    let dir = Dir::new();
    let whole = std::fs::read(elf("fibonacci")).unwrap();
    for step in 0..120_usize {
        let mut bytes = whole.clone();
        // All of the headers, then places all over the file.
        let at = if step < 84 { step } else { step * 7919 % whole.len() };
        bytes[at] ^= 0xff;
        let file = dir.file("damaged", &bytes);
        let run = finial(&["run", &file, "--input", FIBONACCI, "--max-cycles", "1000000"]);
        assert!([0, 3, 4].contains(&run.code), "byte {at}: {run:?}");
        assert!(!run.stderr.contains("panicked"), "byte {at}: {run:?}");
    }
}

#[test]
fn wrong_arguments_are_named() {
    let elf = elf("fibonacci");
    finial(&["run", &elf, "--input", "0"]).fails(3, "--input is not hexadecimal");
    finial(&["run", &elf, "--input", "zz"]).fails(3, "--input is not hexadecimal");
    finial(&["run", &elf, "--input", "@/nowhere/at/all"]).fails(3, "cannot read /nowhere/at/all");
    finial(&["run", &elf, "--app-vm", "tiny"]).fails(2, "invalid value 'tiny'");
    finial(&["prove", "nothing", &elf]).fails(2, "unrecognized subcommand");
    finial(&[]).fails(2, "Usage");
    finial(&["prove", "stark", &elf, "--out", "/nowhere/proof"]).fails(1, "cannot write /nowhere/proof");
    finial(&["verify", &elf, "--exe-commit", "00"]).fails(2, "--leaf-commit");
    finial(&["verify", &elf, "--exe-commit", "00", "--leaf-commit", "00"]).fails(3, "has 1 bytes, not 32");
    finial(&["evm-prove", &elf, "--input", FIBONACCI, "--params", "unheard-of"])
        .fails(3, "no parameters unheard-of");
    finial(&["params", "import", &elf, "--name", "x", "--sha256", "00"]).fails(3, "--sha256 has 1 bytes");
    finial(&["params", "import", &elf, "--name", "x"]).fails(2, "--sha256");
}

#[test]
fn parameters_are_listed_checked_and_refused() {
    let dir = Dir::new();
    let cache = dir.path("cache");
    let params = |arguments: &[&str]| finial(&[&["--cache", &cache, "params"], arguments].concat());
    let listed = params(&["list"]).succeeds();
    assert!(listed.contains("nothing") && listed.contains("powersOfTau28_hez_final_20.ptau"), "{listed}");
    params(&["check"]).fails(3, "there are no parameters");
    params(&["check", "unheard-of"]).fails(3, "there are no parameters unheard-of");
    params(&["import", &elf("fibonacci")]).fails(3, "ends neither in .srs nor in .ptau");
    params(&["import", "/nowhere/a.ptau"]).fails(3, "it cannot be read");
    let small = format!("{}/../evm/tests/fixtures/ptau/pot06_final.ptau", env!("CARGO_MANIFEST_DIR"));
    params(&["import", &small]).fails(3, "take a larger file of the ceremony");
    let cut = dir.file("cut.ptau", &std::fs::read(&small).unwrap()[..1000]);
    params(&["import", &cut]).fails(3, "it has 2^6 powers");
    let other = dir.file("other.ptau", b"zkey");
    params(&["import", &other]).fails(3, "it does not start as a .ptau file does");
    // A file in the cache that is no set.
    std::fs::create_dir(&cache).unwrap();
    std::fs::write(format!("{cache}/params-mine-k19"), b"something").unwrap();
    assert!(params(&["list"]).succeeds().contains("mine, k = 19"));
    params(&["check"]).fails(1, "is not a whole Finial file");
}

#[test]
fn what_is_no_proof_is_refused() {
    let dir = Dir::new();
    let digits = "9".repeat(300);
    let cases: [&[u8]; 8] = [
        b"",
        b"\xff\xfe\xfd",
        b"finial app 1\n",
        b"finial stark 1\n\xff\xff\xff\xff\xff\xff",
        b"{",
        b"{\"version\": 1}",
        b"{\"version\": 99}",
        digits.as_bytes(),
    ];
    for bytes in cases {
        finial(&["verify", &dir.file("proof", bytes)]).fails(3, "proof");
    }
}

#[test]
fn commitments_are_stable_and_told_apart() {
    let fibonacci = json(&["commit", &elf("fibonacci")]);
    assert_eq!(fibonacci, json(&["commit", &elf("fibonacci")]));
    let factors = json(&["commit", &elf("factors")]);
    assert_eq!(fibonacci["leaf_commit"], factors["leaf_commit"]);
    assert_ne!(fibonacci["exe_commit"], factors["exe_commit"]);
    let large = json(&["commit", &elf("fibonacci"), "--app-vm", "large"]);
    assert_ne!(fibonacci["leaf_commit"], large["leaf_commit"]);
    assert_ne!(fibonacci["exe_commit"], large["exe_commit"]);
}

#[test]
fn security_prints_every_term_and_reaches_its_target() {
    let answer = json(&["security"]);
    assert!(answer["bits"].as_f64().unwrap() >= 100.0);
    let layers = answer["layers"].as_array().unwrap();
    for name in ["segment standard S", "leaf and internal", "shrink", "root"] {
        let layer = layers.iter().find(|layer| layer["layer"] == name).unwrap();
        assert!(layer["terms"].as_array().unwrap().len() > 3, "{layer}");
    }
    let text = finial(&["security"]).succeeds();
    assert!(text.contains("every layer has at least 100 proven bits"), "{text}");
}
