//! Proves a guest up to the root proof and prints what each stage costs:
//! `cargo run --release -p finial-aggregation --example tree -- ELF [INPUT-HEX] [SEGMENT-SHAPES]`

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use finial_aggregation::{AggregationKeys, ContinuationKeys, StarkProof};
use finial_executor::{Executor, frame_input, trace};
use finial_segment_prover::{AppConfig, AppProvingKey, prove_segment};
use finial_segment_verifier::AppVerifyingKey;

fn cpu_seconds() -> f64 {
    let clock = |clock| {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is a valid timespec.
        #[expect(unsafe_code, reason = "no safe call gives CPU seconds")]
        unsafe {
            libc::clock_gettime(clock, &mut time)
        };
        time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
    };
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn stage<T>(name: &str, body: impl FnOnce() -> T) -> T {
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let result = body();
    println!("{name:24} {:7.2} s wall {:7.2} CPU-s", wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    result
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let elf = std::fs::read(arguments.next().expect("an ELF")).expect("a readable ELF");
    let hex = arguments.next().unwrap_or_default();
    let bytes: Vec<u8> =
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex")).collect();
    let program = finial_riscv::Program::from_elf(&elf).expect("an ELF");
    let input = frame_input(&bytes);

    let continuation = Arc::new(stage("continuation keys", || ContinuationKeys::new().unwrap()));
    let config = AppConfig::default();
    let app = AppVerifyingKey::new(&config).unwrap();
    let keys = stage("leaf keys", || AggregationKeys::new(Arc::clone(&continuation), app).unwrap());
    let app = stage("app keys", || AppProvingKey::new(&program, config).unwrap());

    let mut plans = Vec::new();
    let policy = app.policy();
    let summary = stage("execute", || {
        Executor::new(&program, input.clone())
            .execute_streaming(&policy, 1 << 36, |plan| {
                plans.push(plan);
                ControlFlow::Continue(())
            })
            .unwrap()
    });
    println!("{} cycles, {} segments", summary.total_cycles, plans.len());

    let mut memory = app.initial_memory().clone();
    let mut leaves = Vec::new();
    for plan in plans {
        let shape = policy.first_fit(&plan.counts).expect("a shape");
        let record = stage("trace", || trace(&program, &plan.checkpoint, &input, plan.cycles).unwrap());
        println!("segment of {} cycles, shape {}", plan.cycles, app.shape(shape).unwrap().name);
        let segment = stage("segment", || prove_segment(&app, shape, &record, &memory).unwrap());
        memory = memory.after(&record.touched).unwrap();
        let opening = memory.open_public_values().unwrap();
        let leaf =
            stage("leaf", || keys.prove_leaf(&app.executable().app_commit, &segment, &opening).unwrap());
        leaves.push(leaf);
    }
    let user_public_values = memory.open_public_values().unwrap().values;
    let node = stage("internal", || keys.prove_tree(leaves).unwrap());
    let stark = StarkProof { node, user_public_values };
    let verified = stage("verify stark", || keys.verify_stark(&stark, None).unwrap());
    let shrink = stage("shrink", || keys.prove_shrink(&stark.node).unwrap());
    stage("verify shrink", || continuation.verify_shrink(&shrink).unwrap());
    let root = stage("root", || continuation.prove_root(&shrink, &user_public_values).unwrap());
    let of_root = stage("verify root", || continuation.verify_root(&root).unwrap());
    assert_eq!(of_root, verified);
    let unpacked = continuation.unpack_root(&root).unwrap();
    println!("root proof: {} queries", unpacked.queries.len());
    if let Some(path) = arguments.next() {
        let bytes = postcard::to_allocvec(&(&root.public_values, &root.proof)).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
