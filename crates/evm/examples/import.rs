//! Times an import: `cargo run --release -p finial-evm --example import -- FILE K`. The cache is thrown away.

use finial_evm::{Parameters, params::Claim};
use sha2::{Digest, Sha256};
use std::{fs::File, io, path::PathBuf, time::Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = PathBuf::from(arguments.next().ok_or("which file?")?);
    let k = arguments.next().ok_or("which k?")?.parse()?;
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(&file)?, &mut hasher)?;
    let sha256 = hasher.finalize().into();
    let cache = tempfile::tempdir()?;
    let start = Instant::now();
    let mut progress = |step: &str| println!("{:8.2?}  {step}", start.elapsed());
    let claim = Some(Claim { name: "measured", sha256: &sha256 });
    let imported = Parameters::import(cache.path(), k, &file, claim, &mut progress)?;
    progress(&format!("done: {:?}, Lagrange form {:?}", imported.ceremony, imported.lagrange));
    drop(imported);
    Parameters::imported(cache.path(), "measured", k)?;
    println!("{:8.2?}  read from the cache", start.elapsed());
    Parameters::check(cache.path(), "measured", k)?;
    println!("{:8.2?}  checked in the cache", start.elapsed());
    Ok(())
}
