//! What gadgets cost, and what a circuit of a given size costs to prove and to verify on chain.
//!
//! `cargo run --release -p finial-static-verifier --example measure -- K PERMUTATIONS EXT_PRODUCTS [contract]`

use std::{path::Path, time::Instant};

use finial_evm::{
    Calldata, Chain, Circuit, Contract, Parameters, Statement, compiler::Compiler, keys, prover,
};
use finial_static_verifier::Operand::{Constant, Existing};
use finial_static_verifier::{Challenger, CircuitBuilder, Ext, StaticCircuit, Usage, gadgets::ext::Quintic};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_koala_bear::KoalaBear;

fn statement() -> Statement {
    Statement { exe_commit: Fr::from(1), leaf_commit: Fr::from(2), public_values: vec![] }
}

fn element(seed: u32) -> Quintic {
    Quintic::from_basis_coefficients_fn(|i| KoalaBear::from_u32(seed * 5 + i as u32 + 123_456_789))
}

fn fill(builder: &mut CircuitBuilder, permutations: usize, products: usize) {
    for instance in statement().instances() {
        let cell = builder.witness(instance);
        builder.expose(cell);
    }
    let mut state = [Constant(Fr::ZERO); 3];
    for _ in 0..permutations {
        state = builder.permute(state).map(Existing);
    }
    let mut product = builder.load_ext(element(1));
    for i in 0..products {
        let factor = builder.load_ext(element(i as u32));
        product = builder.ext_mul(product, factor);
    }
}

fn gadget_costs() {
    let mut builder = CircuitBuilder::new();
    let mut last = builder.usage();
    let mut report = |builder: &CircuitBuilder, name: &str| {
        let now = builder.usage();
        let Usage { generic_cells, range_cells, permutations } = now;
        println!(
            "{name:<44} generic {:>6}  range {:>5}  permutations {:>3}",
            generic_cells - last.generic_cells,
            range_cells - last.range_cells,
            permutations - last.permutations
        );
        last = now;
    };
    let [a, b, c] = [1, 2, 3].map(|i| builder.load_ext(element(i)));
    report(&builder, "three extension elements loaded");
    let ab = builder.ext_mul(a, b);
    report(&builder, "ext product");
    let ac = builder.ext_mul(a, c);
    report(&builder, "ext product");
    builder.ext_mul(c, b);
    report(&builder, "ext product, second by the same factor");
    let reduced = builder.ext_mul(ab, ac);
    report(&builder, "ext product of products");
    builder.ext_reduce(reduced);
    report(&builder, "ext reduction");
    builder.ext_inverse(a);
    report(&builder, "ext inverse");
    let felts: Vec<_> = (0..100u32).map(|i| builder.load_felt(KoalaBear::from_u32(i))).collect();
    report(&builder, "100 base elements loaded");
    builder.hash_row(&felts);
    report(&builder, "hash of 100");
    let powers = builder.ext_powers(b, 100);
    report(&builder, "100 powers");
    let terms: Vec<(Ext, _)> = powers.iter().copied().zip(felts.iter().map(|f| f.felt())).collect();
    builder.ext_base_inner_product(&terms);
    report(&builder, "base inner product of 100, first");
    builder.ext_base_inner_product(&terms);
    report(&builder, "base inner product of 100, again");
    let mut challenger = Challenger::new();
    challenger.observe(&mut builder, felts[0]);
    let bits = challenger.sample_bits(&mut builder, 19);
    report(&builder, "observe and sample 19 bits");
    challenger.sample(&mut builder);
    report(&builder, "sample");
    let digest = builder.hash_row(&felts[..1]);
    report(&builder, "hash of 1");
    builder.merkle_step(digest, digest, bits[0]);
    report(&builder, "Merkle step");
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    gadget_costs();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [k, permutations, products] =
        [0, 1, 2].map(|i| arguments.get(i).and_then(|a| a.parse::<usize>().ok()).unwrap_or(0));
    if k == 0 {
        return Ok(());
    }
    let lap = |name: &str, wall: Instant, cpu: f64| {
        println!("{name}: {:.1?}, {:.1} CPU-s, peak {} MiB", wall.elapsed(), cpu_seconds() - cpu, peak_mib());
    };
    let cache = std::env::temp_dir().join("finial-measure");
    let parameters = Parameters::development(&cache, k as u32)?;
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let mut builder = CircuitBuilder::new();
    fill(&mut builder, permutations, products);
    println!("{:?}", builder.usage());
    let circuit = StaticCircuit::with_k(builder, k)?;
    println!("{:?}", circuit.circuit_params());
    let pk = keys::keygen(&parameters, &circuit, arguments.iter().any(|a| a == "compress"))?;
    lap("key generation", wall, cpu);
    println!("{} fixed columns, degree {}", pk.get_vk().fixed_commitments().len(), pk.get_vk().cs().degree());
    let params = circuit.circuit_params().clone();
    drop(circuit);
    if arguments.iter().any(|a| a == "contract") {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let compiler = Compiler { program: root.join("scripts/solc") };
        let contract = Contract::generate(Circuit::Direct, &parameters, pk.get_vk(), &compiler)?;
        println!("contract: {} bytes, {:?}", contract.manifest.code_bytes, contract.manifest.layout);
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let mut builder = CircuitBuilder::new();
        fill(&mut builder, permutations, products);
        let circuit = StaticCircuit::prover(builder, &params)?;
        let proof = prover::prove(&parameters, &pk, circuit, &statement().instances())?;
        lap("proof", wall, cpu);
        let verified = Chain::deploy(&contract)?.verify(&Calldata::new(&statement(), &proof))?;
        println!("gas: {}", verified.gas);
    }
    Ok(())
}
