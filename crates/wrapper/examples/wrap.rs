//! The wrapper at its real size around a small inner circuit: rows by part, CPU-seconds, peak memory and gas.
//!
//! `wrap [COLUMNS] [rows]`: with two advice columns the inner circuit has 24 commitments and a generator, about what a real one
//! has. `rows` stops after the layout. Needs `scripts/solc`; parameters are cached in `FINIAL_CACHE` or a fresh directory.

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::Instant,
};

use finial_evm::{
    Circuit, Contract, Parameters, ProofFile, Statement, accumulator, compiler::Compiler, keys, prover,
};
use finial_wrapper::{InnerKey, K, keygen_circuit, prove_inner, prover_circuit};
use halo2_base::{
    gates::{
        GateInstructions, RangeInstructions,
        circuit::{BaseCircuitParams, CircuitBuilderStage, builder::BaseCircuitBuilder},
    },
    halo2_proofs::halo2curves::{bn256::Fr, ff::Field},
};

const INNER_K: u32 = 10;

fn inner(stage: CircuitBuilderStage, columns: usize, instances: &[Fr; 4]) -> BaseCircuitBuilder<Fr> {
    let params = BaseCircuitParams {
        k: INNER_K as usize,
        num_advice_per_phase: vec![columns],
        num_fixed: 1,
        num_lookup_advice_per_phase: vec![1],
        lookup_bits: Some(8),
        num_instance_columns: 1,
    };
    let mut builder = BaseCircuitBuilder::from_stage(stage).use_params(params);
    let range = builder.range_chip();
    let ctx = builder.main(0);
    let cells = instances.map(|v| ctx.load_witness(v));
    let expected = range.gate().mul_add(ctx, cells[0], cells[0], cells[2]);
    ctx.constrain_equal(&expected, &cells[1]);
    range.range_check(ctx, cells[3], 128);
    builder.assigned_instances[0] = cells.to_vec();
    if stage == CircuitBuilderStage::Prover {
        builder.set_break_points(vec![vec![]]);
    }
    builder
}

fn cpu_seconds() -> f64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 * 1e-9
}

fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let out = work();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{name}: {:.1} CPU-s, {:.1} s, {peak}", cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    out
}

fn main() -> Result<(), Box<dyn Error>> {
    let columns = std::env::args().nth(1).map_or(Ok(2), |n| n.parse())?;
    let fresh = std::env::temp_dir().join(format!("wrap-{}", std::process::id()));
    let cache = std::env::var_os("FINIAL_CACHE").map_or(fresh, PathBuf::from);
    let mut statement =
        Statement { exe_commit: Fr::from(5), leaf_commit: Fr::ZERO, public_values: b"wrapped".to_vec() };
    statement.leaf_commit = statement.exe_commit.square() + statement.user_public_values()[0];
    let inner_parameters = Parameters::development(&cache, INNER_K)?;
    let circuit = inner(CircuitBuilderStage::Keygen, columns, &statement.instances());
    let pk = keys::keygen(&inner_parameters, &circuit, false)?;
    let key = InnerKey::new(&inner_parameters.kzg, pk.get_vk());
    let circuit = inner(CircuitBuilderStage::Prover, columns, &statement.instances());
    let proof = prove_inner(&inner_parameters.kzg, &pk, circuit, &statement.instances())?;
    println!("inner proof: {} bytes", proof.len());
    let circuit = timed("layout", || keygen_circuit(&key))?;
    println!("rows: {} of {}, {:#?}", circuit.builder().rows(), 1 << K, circuit.builder().usage());
    if std::env::args().any(|arg| arg == "rows") {
        return Ok(());
    }
    let parameters = timed("parameters", || Parameters::development(&cache, K))?;
    let pk = timed("keys", || keys::keygen(&parameters, &circuit, false))?;
    drop(circuit);
    let solc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/solc");
    let contract = timed("contract", || {
        Contract::generate(Circuit::Wrapped, &parameters, pk.get_vk(), &Compiler { program: solc })
    })?;
    println!("{:?}, {} bytes of code", contract.manifest.layout, contract.manifest.code_bytes);
    let circuit = timed("witness", || prover_circuit(&key, &statement.instances(), &proof))?;
    let instances = circuit.instances();
    let proof = timed("proof", || prover::prove(&parameters, &pk, circuit, &instances))?;
    let limbs = instances.first_chunk().ok_or("the accumulator's limbs come first")?;
    let file = ProofFile::accepted(&contract, &statement, accumulator::proof_data(limbs, &proof))?;
    println!("proof: {} bytes, accepted for {} gas", proof.len(), file.gas);
    Ok(())
}
