//! Puts the committed contract into the library, so that checking a proof needs no files and no compiler, and names
//! the sources behind the final circuit, so that a cached key of another version of it is not used.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The contracts of both circuits, by [`finial_evm::Circuit::name`].
const CIRCUITS: [&str; 2] = ["direct", "wrapped"];
const FILES: [&str; 5] =
    ["Halo2Verifier.sol", "Halo2Layout.sol", "Halo2Verifier.hex", "FinialVerifier.hex", "manifest.json"];
/// The crates whose code makes the final circuits out of a root key.
const CODE: [&str; 6] = ["static-verifier", "wrapper", "recursion", "protocol", "public-values", "agg-vm"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("contract.rs"), contracts(&root.join("contracts/generated/v1"))?)?;

    let mut hasher = DefaultHasher::new();
    for name in CODE {
        hash_sources(&root.join("crates").join(name).join("src"), &mut hasher)?;
    }
    println!("cargo::rustc-env=FINIAL_CIRCUIT_SOURCES={:016x}", hasher.finish());
    Ok(())
}

fn contracts(directory: &Path) -> Result<String, Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut code = String::from("pub(super) const FILES: &[(&str, &str, &str)] = &[");
    for circuit in CIRCUITS {
        let directory = directory.join(circuit);
        // A repository in which the contract was never made still builds: `finial contract` makes it.
        if FILES.iter().all(|file| directory.join(file).is_file()) {
            for file in FILES {
                let path = fs::canonicalize(directory.join(file))?;
                code += &format!("({circuit:?}, {file:?}, include_str!({:?})),", path.display().to_string());
            }
        }
    }
    code += "];";
    Ok(code)
}

fn hash_sources(directory: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut entries =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            hash_sources(&path, hasher)?;
        } else {
            hasher.write(path.file_name().unwrap_or_default().as_encoded_bytes());
            hasher.write(&fs::read(&path)?);
        }
    }
    Ok(())
}
