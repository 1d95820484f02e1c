//! Makes the small contract that the tests deploy: `cargo run --release -p finial-evm --example fixture`.
//! Needs the Solidity compiler (`scripts/setup-tools`).

#[path = "../tests/common/mod.rs"]
mod common;

use finial_evm::{Calldata, Chain, Contract, Parameters, ProofFile, compiler::Compiler, prover};
use halo2_base::gates::circuit::CircuitBuilderStage;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cache = tempfile::tempdir()?;
    let parameters = Parameters::development(cache.path(), common::K)?;
    let pk = common::keygen(&parameters);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let compiler = Compiler { program: root.join("scripts/solc") };
    let contract = Contract::generate(&parameters, pk.get_vk(), &compiler)?;
    let directory = common::fixture_directory();
    contract.write(&directory)?;

    let statement = common::statement(b"forty-two bytes or so of public values....");
    let instances = statement.instances();
    let circuit = common::circuit(CircuitBuilderStage::Prover, &instances);
    let proof = prover::prove(&parameters, &pk, circuit, &instances)?;
    let gas = Chain::deploy(&contract)?.verify(&Calldata::new(&statement, &proof))?.gas;
    let code_hash = contract.manifest.code_hash;
    let file = ProofFile::new(parameters.set, &statement, proof, code_hash, gas);
    std::fs::write(directory.join("proof.json"), file.to_json())?;
    println!("{:?}, {} bytes of code, {gas} gas", contract.manifest.layout, contract.manifest.code_bytes);
    Ok(())
}
