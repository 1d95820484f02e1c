//! A proof of root shape from end to end: root STARK, Halo2 keys and proof, contract, gas.
//!
//! `cargo run --release -p finial-static-verifier --example root`

use std::{path::Path, time::Instant};

use finial_agg_vm::{AggAir, Builder, Heights, Program};
use finial_evm::{
    Calldata, Chain, Circuit, Contract, Parameters, Statement, compiler::Compiler, keys, prover,
};
use finial_protocol::{ProvingKey, RootConfig, Val, params::ROOT};
use finial_public_values::{DIGEST_LEN, digest_to_scalar};
use finial_recursion::unpack_root;
use finial_static_verifier::{K, Pinning, RootKey, keygen_circuit, prover_circuit};
use p3_field::PrimeCharacteristicRing;
use sha2::{Digest as _, Sha256};

const PUBLIC_VALUES: &[u8] = b"what a guest wrote";

fn program() -> Program {
    let mut b = Builder::new();
    let digest: [u8; 32] = Sha256::digest(PUBLIC_VALUES).into();
    let commitments = (0..2 * DIGEST_LEN as u32).map(|i| Val::from_u32(1_000_000_007 + i));
    let values: Vec<Val> = commitments.chain(digest.map(Val::from_u8)).collect();
    for (i, block) in values.as_chunks::<4>().0.iter().enumerate() {
        let cells = block.map(|value| b.felt(value));
        let cell = b.pack(cells);
        b.set_public(i, cell);
    }
    let x = b.felt(Val::from_u32(3));
    let mut state = [x; 4];
    for _ in 0..8_000 {
        state = b.poseidon2(state);
    }
    b.finish()
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Runs one stage and prints what it cost.
fn stage<T>(name: &str, run: impl FnOnce() -> T) -> T {
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let result = run();
    println!("{name}: {:.1?}, {:.1} CPU-s, peak {} MiB", wall.elapsed(), cpu_seconds() - cpu, peak_mib());
    result
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let heights = Heights { alu: 13, poseidon2: 13, public: 9 };
    let program = program();
    let (key, proof) = stage("root proof", || -> Result<_, Box<dyn std::error::Error>> {
        let airs = program.airs(heights)?.to_vec();
        let pk = ProvingKey::<RootConfig, AggAir>::new(ROOT, airs, &heights.to_array())?;
        let witness = program.execute([])?;
        let traces = program.traces(&witness, heights)?;
        let public_values = witness.table_public_values().to_vec();
        let proof = pk.prove(&traces, &public_values)?;
        let preprocessed = pk.preprocessed().ok_or("no preprocessed commitment")?;
        let unpacked = unpack_root(&pk.vk, &preprocessed, &proof, &public_values)?;
        let roots = preprocessed.roots().to_vec();
        Ok((RootKey { shape: pk.vk.shape.clone(), digest: pk.vk.digest, preprocessed: roots }, unpacked))
    })?;

    let cache = std::env::temp_dir().join("finial-measure");
    let parameters = Parameters::development(&cache, K as u32)?;
    let (pk, pinning) = stage("key generation", || -> Result<_, Box<dyn std::error::Error>> {
        let circuit = keygen_circuit(&key)?;
        let pk = keys::keygen(&parameters, &circuit, false)?;
        Ok((pk, Pinning::of(&circuit)))
    })?;
    println!("{:?}", pinning.params);

    let circuit = stage("witness", || prover_circuit(&key, &pinning, &proof))?;
    let values = &proof.public_values[proof.public_values.len() - 1];
    let digest = |from: usize| -> Result<_, Box<dyn std::error::Error>> {
        let scalar = digest_to_scalar(&values[from..from + DIGEST_LEN].try_into()?);
        finial_evm::statement::scalar_from_word(&scalar).ok_or_else(|| "not a scalar".into())
    };
    let statement = Statement {
        exe_commit: digest(0)?,
        leaf_commit: digest(DIGEST_LEN)?,
        public_values: PUBLIC_VALUES.to_vec(),
    };
    let halo2 = stage("Halo2 proof", || prover::prove(&parameters, &pk, circuit, &statement.instances()))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let compiler = Compiler { program: root.join("scripts/solc") };
    let contract = Contract::generate(Circuit::Direct, &parameters, pk.get_vk(), &compiler)?;
    println!("contract: {} bytes, {:?}", contract.manifest.code_bytes, contract.manifest.layout);
    let verified = Chain::deploy(&contract)?.verify(&Calldata::new(&statement, &halo2))?;
    println!("gas: {}", verified.gas);
    Ok(())
}
