//! Makes the small contracts that the tests deploy: `cargo run --release -p finial-evm --example fixture`.
//! Needs the Solidity compiler (`scripts/setup-tools`).

#[path = "../tests/common/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod common;

use finial_evm::{
    Circuit, Contract, ProofFile,
    accumulator::{self, Accumulator},
    compiler::Compiler,
};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let compiler = Compiler { program: root.join("scripts/solc") };
    for kind in Circuit::ALL {
        let setup = common::Setup::new(kind);
        let contract = Contract::generate(kind, &setup.parameters, setup.pk.get_vk(), &compiler)?;
        let directory = common::fixture_directory(kind);
        contract.write(&directory)?;
        // The second one has the form that the example rollup's guest writes.
        let roots = [[0x11; 32], [0x22; 32], [0x33; 32]].concat();
        for (name, values) in
            [("proof.json", b"some public values, not of whole words".as_slice()), ("transfers.json", &roots)]
        {
            let statement = common::statement(values);
            let file = ProofFile::accepted(&contract, &statement, setup.proof_data(&statement))?;
            std::fs::write(directory.join(name), file.to_json())?;
            println!("{kind}/{name}: {} gas", file.gas);
        }
        if kind == Circuit::Wrapped {
            let file = false_accumulator(&setup, &contract);
            std::fs::write(directory.join("false-accumulator.json"), file.to_json())?;
        }
        println!("{kind}: {:?}, {} bytes of code", contract.manifest.layout, contract.manifest.code_bytes);
    }
    Ok(())
}

/// A proof that is valid in all but its accumulator's pairing: the two points were exchanged.
fn false_accumulator(setup: &common::Setup, contract: &Contract) -> ProofFile {
    let statement = common::statement(b"whose accumulator does not hold");
    let Accumulator { lhs, rhs, .. } = common::accumulator(&setup.parameters);
    let limbs = accumulator::limbs(&Accumulator::new(rhs, lhs));
    let proof = setup.prove_unchecked(&statement.wrapped_instances(&limbs));
    ProofFile::new(&contract.manifest, &statement, accumulator::proof_data(&limbs, &proof), 0)
}
