//! Makes the small contracts that the tests deploy: `cargo run --release -p finial-evm --example fixture`.
//! Needs the Solidity compiler (`scripts/setup-tools`).

#[path = "../tests/common/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod common;

use finial_evm::{Circuit, Contract, ProofFile, compiler::Compiler};
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
        println!("{kind}: {:?}, {} bytes of code", contract.manifest.layout, contract.manifest.code_bytes);
    }
    Ok(())
}
