//! The committed guests against native computation and, where it is installed, `qemu-riscv32`.

mod common;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use common::{by_cycles, guest, guest_file, replay::run_checked};
use finial_executor::{Execution, Executor, frame_input};
use sha2::{Digest, Sha256};

const GUESTS: [&str; 6] =
    ["ecdsa-verify", "factors", "fibonacci", "keccak-chain", "sha256-chain", "transfers"];

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(guest_file(&format!("inputs/{name}.bin"))).expect("the input is committed")
}

fn run(name: &str, input: &[u8]) -> Execution {
    let program = guest(name);
    Executor::new(&program, frame_input(input)).execute(&by_cycles(1 << 22), 1 << 28).expect("the guest runs")
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().map(|c| c.to_digit(16).expect("hex") as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn fibonacci_computes() {
    for (n, expected) in [(0, 0), (1, 1), (2, 1), (10, 55), (47, 2_971_215_073), (48, 512_559_680_u32)] {
        let run = run("fibonacci", &u32::to_le_bytes(n));
        assert_eq!((run.exit_code, run.public_output), (0, expected.to_le_bytes().to_vec()), "fib({n})");
    }
}

#[test]
fn chains_compute() {
    let seed: Vec<u8> = (0..32).collect();
    let expected = (0..10).fold(seed, |state, _| Sha256::digest(state).to_vec());
    assert_eq!(run("sha256-chain", &sample("sha256-chain")).public_output, expected);
    // Keccak-256 of 32 zero bytes, once: a constant known to everyone from Ethereum.
    let once = [&1_u32.to_le_bytes()[..], &[0; 32]].concat();
    let known = hex("290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563");
    assert_eq!(run("keccak-chain", &once).public_output, known);
}

#[test]
fn a_signature_verifies_or_panics() {
    let input = sample("ecdsa-verify");
    let (run_good, _) = run_checked(&guest("ecdsa-verify"), &input, &by_cycles(1 << 20));
    let expected = [&input[..33], &Sha256::digest(&input[97..])].concat();
    assert_eq!((run_good.exit_code, &run_good.public_output), (0, &expected));
    assert_eq!(run_good.public_digest, <[u8; 32]>::from(Sha256::digest(&expected)));
    for position in [0, 5, 40, 80, 100] {
        let mut bad = input.clone();
        bad[position] ^= 1;
        let run = run("ecdsa-verify", &bad);
        assert_eq!((run.exit_code, run.public_digest), (101, [0; 32]), "byte {position}");
    }
}

#[test]
fn transfers_move_balances() {
    let input = sample("transfers");
    let run_good = run("transfers", &input);
    assert_eq!(run_good.exit_code, 0);
    let (header, rest) = input.split_at(HEADER);
    let (table, batch) = rest.split_at(4 + 4 * 32);
    let mut domain = b"finial/transfers-rollup".to_vec();
    domain.resize(32, 0);
    let [old, new, hash] = [table, &apply(table, batch), batch].map(Sha256::digest);
    assert_eq!(run_good.public_output, [&domain, header, &old, &new, &hash].concat());
    // Signatures are checked by hints: less than a quarter of what k256 takes by itself.
    assert!(run_good.total_cycles < 2 * 1_300_000, "{} cycles", run_good.total_cycles);
}

/// Bytes of the header, and where the table and the first transfer lie in the sample.
const HEADER: usize = 5 * 32;
const TABLE: usize = HEADER + 4;
const TRANSFER: usize = TABLE + 4 * 32 + 4;

#[test]
fn a_batch_that_is_not_valid_is_a_panic() {
    let input = sample("transfers");
    // Version (its number, its zeros); chain id and contract, which signatures cover; the contract's zeros.
    let header = [31, 0, 63, 95, 64];
    // Order of the accounts; a key's tag and point, recipient, amount, nonce, r and s of a signature.
    let body = [
        TABLE + 19,
        TRANSFER,
        TRANSFER + 9,
        TRANSFER + 33,
        TRANSFER + 53,
        TRANSFER + 61,
        TRANSFER + 65,
        TRANSFER + 97,
    ];
    for position in header.into_iter().chain(body) {
        let mut bad = input.clone();
        bad[position] ^= 0x80;
        assert_eq!(run("transfers", &bad).exit_code, 101, "byte {position}");
    }
    assert_eq!(run("transfers", &[&input[..], &[0]].concat()).exit_code, 101);
}

#[test]
fn program_and_number_are_committed_as_given() {
    let mut input = sample("transfers");
    let before = run("transfers", &input).public_output;
    for (position, word) in [(96, 4), (159, 5)] {
        input[position] ^= 0xff;
        let after = run("transfers", &input).public_output;
        assert_ne!(after[32 * word..][..32], before[32 * word..][..32]);
        assert_eq!(after[32..HEADER + 32], input[..HEADER]);
    }
}

/// The state after a batch, by the README alone.
fn apply(table: &[u8], batch: &[u8]) -> Vec<u8> {
    let mut accounts: std::collections::BTreeMap<Vec<u8>, (u64, u32)> =
        table[4..].chunks_exact(32).map(|a| (a[..20].to_vec(), (u64_at(a, 20), u32_at(a, 28)))).collect();
    for transfer in batch[4..].chunks_exact(129) {
        let from = Sha256::digest(&transfer[..33])[..20].to_vec();
        let amount = u64_at(transfer, 53);
        let sender = accounts.get_mut(&from).expect("the sender has an account");
        *sender = (sender.0 - amount, sender.1 + 1);
        accounts.entry(transfer[33..53].to_vec()).or_default().0 += amount;
    }
    let mut table = (accounts.len() as u32).to_le_bytes().to_vec();
    for (id, (balance, nonce)) in accounts {
        table.extend([&id[..], &balance.to_le_bytes(), &nonce.to_le_bytes()].concat());
    }
    table
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// `postcard`'s encoding of an unsigned integer: seven bits a byte, the lowest first.
fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

#[test]
fn hints_are_searched_outside_of_the_proof() {
    for (p, q) in [(2, 3), (65_521, 65_537), (101, 1_000_003)] {
        let run = run("factors", &varint(p * q));
        assert_eq!((run.exit_code, run.public_output), (0, [varint(p), varint(q)].concat()));
        // Tens of thousands of divisions are searched, and one is proven.
        assert!(run.total_cycles < 20_000, "{} cycles", run.total_cycles);
    }
    assert_eq!(run("factors", &varint(97)).exit_code, 101, "a prime has no proper factor");
}

#[test]
fn records_of_guests_replay() {
    for name in ["factors", "fibonacci", "keccak-chain", "sha256-chain"] {
        for cycles in [1000, 1 << 16] {
            let (run, _) = run_checked(&guest(name), &sample(name), &by_cycles(cycles));
            assert_eq!(run.exit_code, 0, "{name}");
            assert_eq!(run.public_digest, <[u8; 32]>::from(Sha256::digest(&run.public_output)));
        }
    }
}

#[test]
fn malformed_input_is_a_panic_with_a_message() {
    for name in GUESTS {
        let run = run(name, b"\xff");
        assert_eq!((run.exit_code, run.public_digest), (101, [0; 32]), "{name}");
        assert!(String::from_utf8_lossy(&run.diagnostics).starts_with("panicked at"), "{name}");
    }
}

#[test]
fn qemu_agrees() {
    let Ok(version) = Command::new("qemu-riscv32").arg("--version").output() else {
        eprintln!("qemu-riscv32 is not installed: nothing to compare with");
        return;
    };
    assert!(version.status.success());
    for name in GUESTS {
        for input in [sample(name), b"\xff".to_vec()] {
            let ours = run(name, &input);
            let theirs = qemu(name, &frame_input(&input));
            assert_eq!(theirs.status.code(), Some(ours.exit_code as i32), "{name}");
            assert_eq!(theirs.stdout, ours.public_output, "{name}");
            assert_eq!(theirs.stderr, ours.diagnostics, "{name}");
        }
    }
}

fn qemu(name: &str, input: &[u8]) -> std::process::Output {
    let mut child = Command::new("qemu-riscv32")
        .arg(guest_file(&format!("elf/{name}.elf")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("qemu starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("qemu reads");
    child.wait_with_output().expect("qemu ends")
}
