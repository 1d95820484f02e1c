//! Compiles committed contracts anew after a change of the hand-written front, without any key:
//! `cargo run --release -p finial-evm --example recompile -- DIRECTORY...`. The generated verifier stays as
//! it is. Needs the Solidity compiler (`scripts/setup-tools`).

use finial_evm::{Contract, ProofFile, compiler::Compiler};
use std::{fs, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let compiler = Compiler { program: root.join("scripts/solc") };
    for directory in std::env::args().skip(1) {
        let directory = Path::new(&directory);
        let contract = Contract::read(directory)?.recompile(&compiler)?;
        contract.write(directory)?;
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let Ok(old) = ProofFile::parse(&fs::read_to_string(&path)?) else { continue };
            let new = ProofFile::accepted(&contract, &old.statement()?, old.proof_data)?;
            println!("{}: {} gas, was {}", path.display(), new.gas, old.gas);
            fs::write(&path, new.to_json())?;
        }
    }
    Ok(())
}
