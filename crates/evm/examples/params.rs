//! Times the development parameters: `cargo run --release -p finial-evm --example params -- 19 [CACHE]`.

use finial_evm::Parameters;
use std::{path::PathBuf, time::Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let k = arguments.next().ok_or("which k?")?.parse()?;
    let temporary = tempfile::tempdir()?;
    let cache = arguments.next().map_or(temporary.path().to_owned(), PathBuf::from);
    for what in ["made or read", "read"] {
        let start = Instant::now();
        let parameters = Parameters::development(&cache, k)?;
        println!("{what} in {:.2?}: {:?}", start.elapsed(), parameters.set.name);
        println!("digest {}", hex::encode(parameters.set.digest));
    }
    Ok(())
}
