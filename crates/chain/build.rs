//! Puts the committed contracts into the library, so that deploying needs no checkout and no compiler.

use std::path::{Path, PathBuf};
use std::{env, fs};

const VERIFIERS: [&str; 2] = ["direct", "wrapped"];
const FILES: [&str; 5] =
    ["Halo2Verifier.sol", "Halo2Layout.sol", "Halo2Verifier.hex", "FinialVerifier.hex", "manifest.json"];
const SINGLE: [&str; 3] = ["FinialRouter.hex", "FinialAdapter.hex", "v1/costs.json"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let generated = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../contracts/generated");
    println!("cargo::rerun-if-changed={}", generated.display());
    let mut code = String::from("pub(super) const FILES: &[(&str, &str)] = &[");
    let verifiers =
        VERIFIERS.iter().flat_map(|name| FILES.iter().map(move |file| format!("v1/{name}/{file}")));
    for name in verifiers.chain(SINGLE.map(str::to_owned)) {
        // What is not there is not in the build, and asking for it says so.
        let path = generated.join(&name);
        if path.is_file() {
            let path = fs::canonicalize(path)?.display().to_string();
            code += &format!("({name:?}, include_str!({path:?})),");
        }
    }
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("generated.rs"), code + "];")?;
    Ok(())
}
