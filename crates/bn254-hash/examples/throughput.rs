//! Permutations per CPU-second, scalar and vector: `cargo run --release -p finial-bn254-hash --example throughput`.

use std::hint::black_box;
use std::time::Instant;

use finial_bn254_hash::{Backend, Bn254Challenger, Bn254Compression, Bn254Sponge, Digest};
use p3_bn254::Bn254;
use p3_challenger::GrindingChallenger;
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;
use p3_symmetric::{CryptographicHasher, PseudoCompressionFunction};

/// Rows, pairs and states in a batch.
const BATCH: usize = 512;
/// Elements in a row: four blocks of sixteen.
const ROW: usize = 64;

fn main() {
    for backend in [Backend::Scalar, Backend::Ifma] {
        if let Err(error) = backend.require() {
            println!("{backend:?}: {error}");
            continue;
        }
        let sponge = Bn254Sponge::with_backend(backend).expect("checked above");
        let compression = Bn254Compression::with_backend(backend).expect("checked above");

        let mut states: Vec<[Bn254; 3]> = (0..BATCH).map(|i| [Bn254::from_usize(i); 3]).collect();
        measure(backend, "bare permutations", BATCH, || {
            backend.permute_many(black_box(&mut states)).expect("checked above");
        });
        let mut digests: Vec<Digest> = vec![[Bn254::ZERO]; BATCH];
        let pairs: Vec<[Digest; 2]> = (0..BATCH).map(|i| [[Bn254::from_usize(i)]; 2]).collect();
        measure(backend, "compressions", BATCH, || {
            compression.compress_many(black_box(&pairs), &mut digests)
        });
        let rows: Vec<KoalaBear> = (0..BATCH * ROW).map(KoalaBear::from_usize).collect();
        measure(backend, "permutations in rows of 64", BATCH * ROW / 16, || {
            sponge.hash_many(black_box(&rows), &mut digests);
        });
        grinding(backend);
    }
}

/// Mean of forty grinds, on all threads; the 16-bit work is 65,536 permutations on average.
fn grinding(backend: Backend) {
    const BITS: usize = 16;
    const GRINDS: u32 = 40;
    let mut challenger = Bn254Challenger::with_backend(backend).expect("checked above");
    let start = Instant::now();
    for _ in 0..GRINDS {
        let _ = black_box(challenger.grind(BITS));
    }
    println!("{backend:?}: grinding {BITS} bits: {:?} of wall time", start.elapsed() / GRINDS);
}

/// Median of fifteen runs of 0.1 s.
fn measure(backend: Backend, what: &str, permutations: usize, mut run: impl FnMut()) {
    run();
    let mut rates: Vec<f64> = (0..15)
        .map(|_| {
            let (start, wall) = (cpu_seconds(), Instant::now());
            let mut done = 0;
            while wall.elapsed().as_secs_f64() < 0.1 {
                run();
                done += permutations;
            }
            match (start, cpu_seconds()) {
                (Some(start), Some(end)) => done as f64 / (end - start),
                _ => done as f64 / wall.elapsed().as_secs_f64(),
            }
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    println!("{backend:?}: {what}: {:.0} k per CPU-second ({:.2} us each)", rates[7] / 1e3, 1e6 / rates[7]);
}

/// What this thread has spent on a processor; on Linux only.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse::<f64>().ok().map(|ns| ns * 1e-9)
}
