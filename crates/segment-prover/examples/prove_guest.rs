//! Proves and verifies a run: `prove_guest ELF INPUT_FILE [WORKERS]`.

use std::error::Error;
use std::time::Instant;

use finial_executor::frame_input;
use finial_riscv::Program;
use finial_segment_prover::{AppConfig, AppProvingKey, ProveOptions, prove_program};
use finial_segment_verifier::{AppVerifyingKey, ContinuationVmProof};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, elf, input, rest @ ..] = &arguments[..] else { return Err("ELF INPUT_FILE [WORKERS]".into()) };
    let workers = rest.first().map_or(Ok(1), |n| n.parse())?;
    let program = Program::from_elf(&std::fs::read(elf)?)?;
    let input = frame_input(&std::fs::read(input)?);

    let start = Instant::now();
    let key = AppProvingKey::new(&program, AppConfig::default())?;
    println!("keys of the first shape: {:.2?}", start.elapsed());
    for shape in 0..key.config().shapes().len() {
        let start = Instant::now();
        let shape_key = key.key(shape)?;
        let tables = &shape_key.vk.shape.tables;
        let main: usize = tables.iter().map(|table| table.width).sum();
        let permutation: usize = tables.iter().map(|table| table.permutation_width(4)).sum();
        println!(
            "shape {}: {} main columns, {} permutation columns, {:.1} M main cells, key {:.2?}",
            key.shape(shape)?.name,
            main,
            permutation,
            shape_key.vk.shape.main_cells() as f64 / 1e6,
            start.elapsed()
        );
    }

    let start = Instant::now();
    let options = ProveOptions { workers, ..ProveOptions::default() };
    let run =
        prove_program(&key, &input, &options, &|progress| println!("{:8.2?} {progress:?}", start.elapsed()))?;
    let wall = start.elapsed().as_secs_f64();
    println!("{} cycles in {} segments: {wall:.2} s", run.total_cycles, run.segments.len());
    for segment in &run.segments {
        println!("{segment:?}: {:.1} cells per cycle", segment.cells as f64 / f64::from(segment.cycles));
    }

    let bytes = run.proof.to_bytes()?;
    let start = Instant::now();
    let verifying_key = AppVerifyingKey::new(&AppConfig::default())?;
    let keys = start.elapsed();
    let start = Instant::now();
    let verified = verifying_key.verify(key.executable(), &ContinuationVmProof::from_bytes(&bytes)?)?;
    println!(
        "{} bytes; verifying keys {keys:.2?}, verified in {:.2?}: {verified:?}",
        bytes.len(),
        start.elapsed()
    );
    Ok(())
}
