//! Makes the files of router and adapter, which belong to no circuit: creation codes and the compiler's input.
//! `cargo run --release -p finial-evm --example router -- contracts/generated`. Needs the Solidity compiler
//! and OpenZeppelin's sources (`scripts/setup-tools`).

use finial_evm::compiler::{Compiler, standard_input};
use std::{collections::BTreeMap, fs, path::Path};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const ROUTER: &str = "contracts/src/FinialRouter.sol";
const ADAPTER: &str = "contracts/src/FinialAdapter.sol";

fn main() -> Result<()> {
    let out = std::env::args().nth(1).ok_or("usage: router DIRECTORY")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = BTreeMap::new();
    collect(&root, ROUTER, &mut sources)?;
    collect(&root, ADAPTER, &mut sources)?;
    let sources: Vec<(&str, &str)> = sources.iter().map(|(path, text)| (&**path, &**text)).collect();
    let compiler = Compiler { program: root.join("scripts/solc") };
    let wanted = [(ROUTER, "FinialRouter"), (ADAPTER, "FinialAdapter")];
    let codes = compiler.compile(&sources, wanted)?;
    for ((_, name), code) in wanted.iter().zip(codes) {
        let path = Path::new(&out).join(format!("{name}.hex"));
        fs::write(path, format!("0x{}\n", hex::encode(code.creation)))?;
    }
    fs::write(Path::new(&out).join("standard-input.json"), standard_input(&sources))?;
    Ok(())
}

/// Puts a source and all that it imports into `sources`, by the paths under which they import each other.
fn collect(root: &Path, path: &str, sources: &mut BTreeMap<String, String>) -> Result<()> {
    if sources.contains_key(path) {
        return Ok(());
    }
    let file = if path.starts_with('@') { format!("node_modules/{path}") } else { path.to_owned() };
    let text = fs::read_to_string(root.join(&file)).map_err(|error| format!("{file}: {error}"))?;
    sources.insert(path.to_owned(), text.clone());
    for line in text.lines().filter(|line| line.starts_with("import ")) {
        let import = line.split('"').nth(1).ok_or_else(|| format!("{file}: {line}"))?;
        collect(root, &resolve(path, import), sources)?;
    }
    Ok(())
}

/// The path of what a source imports.
fn resolve(path: &str, import: &str) -> String {
    if !import.starts_with('.') {
        return import.to_owned();
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
