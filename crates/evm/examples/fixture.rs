//! Makes the small contract that the tests deploy: `cargo run --release -p finial-evm --example fixture`.
//! Needs the Solidity compiler (`scripts/setup-tools`).

#[path = "../tests/common/mod.rs"]
mod common;

use finial_evm::{Contract, Parameters, ProofFile, compiler::Compiler, prover};
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

    // The second one has the form that the example rollup's guest writes.
    let roots = [[0x11; 32], [0x22; 32], [0x33; 32]].concat();
    for (name, values) in
        [("proof.json", b"some public values, not of whole words".as_slice()), ("transfers.json", &roots)]
    {
        let statement = common::statement(values);
        let instances = statement.instances();
        let circuit = common::circuit(CircuitBuilderStage::Prover, &instances);
        let proof = prover::prove(&parameters, &pk, circuit, &instances)?;
        let file = ProofFile::accepted(&contract, &statement, proof)?;
        std::fs::write(directory.join(name), file.to_json())?;
        println!("{name}: {} gas", file.gas);
    }
    println!("{:?}, {} bytes of code", contract.manifest.layout, contract.manifest.code_bytes);
    Ok(())
}
