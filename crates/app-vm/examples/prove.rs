//! Proves the segments of a guest in the shapes they take, and prints what each stage costs.
//!
//! `cargo run --release -p finial-app-vm --example prove GUEST [SEGMENTS]`; with `SPANS` in the environment, the times of
//! Plonky3's stages too.

use std::collections::BTreeMap;

use finial_app_vm::air::{AppAir, Table, prover_airs, verifier_airs};
use finial_app_vm::memory_tree::MemoryTree;
use finial_app_vm::merkle::MemoryWitness;
use finial_app_vm::segment::{EncodedProgram, trace_segment};
use finial_app_vm::shape::{DEFAULT_LOG_PROGRAM_HEIGHT, catalogue, segment_policy};
use finial_executor::{Executor, frame_input, trace};
use finial_protocol::machine::ProvingKey;
use finial_protocol::{InnerConfig, params};
use finial_riscv::Program;

type Failure = Box<dyn std::error::Error>;

/// CPU-seconds of this process, all threads.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}

struct Stage(f64);

impl Stage {
    fn lap(&mut self) -> f64 {
        let before = std::mem::replace(&mut self.0, cpu_seconds());
        self.0 - before
    }
}

fn main() -> Result<(), Failure> {
    if std::env::var_os("SPANS").is_some() {
        let builder = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG);
        builder.with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE).init();
    }
    let name = std::env::args().nth(1).ok_or("GUEST")?;
    let count = std::env::args().nth(2).map_or(Ok(1), |argument| argument.parse())?;
    let folder = format!("{}/../../tests/guests", env!("CARGO_MANIFEST_DIR"));
    let program = Program::from_elf(&std::fs::read(format!("{folder}/elf/{name}.elf"))?)?;
    let input = frame_input(&std::fs::read(format!("{folder}/inputs/{name}.bin"))?);

    let shapes = catalogue();
    let policy = segment_policy(&shapes);
    let mut stage = Stage(cpu_seconds());
    let run = Executor::new(&program, input.clone()).execute(&policy, 1 << 32)?;
    println!("execute {:.2} s: {} cycles, {} segments", stage.lap(), run.total_cycles, run.segments.len());

    let encoded = EncodedProgram::new(&program);
    let mut memory = MemoryTree::of_program(&program);
    let mut keys = BTreeMap::new();
    for plan in run.segments.iter().take(count) {
        stage.lap();
        let index = policy.first_fit(&plan.counts).ok_or("no shape")?;
        let shape = &shapes[index];
        if let std::collections::btree_map::Entry::Vacant(entry) = keys.entry(index) {
            let airs = prover_airs(&program, DEFAULT_LOG_PROGRAM_HEIGHT)?;
            entry.insert(ProvingKey::<InnerConfig, AppAir>::new(params::APP, airs, &shape.log_heights)?);
        }
        let key = &keys[&index];
        let keys_cost = stage.lap();
        let record = trace(&program, &plan.checkpoint, &input, plan.cycles)?;
        let record_cost = stage.lap();
        let witness = MemoryWitness::new(&memory, &record.touched)?;
        memory = witness.after().clone();
        let witness_cost = stage.lap();
        let traces = trace_segment(&encoded, &record, &witness, shape)?;
        drop(record);
        let trace_cost = stage.lap();
        let wall = std::time::Instant::now();
        let proof = key.prove(&traces.traces, &traces.public_values)?;
        let (prove_cost, wall) = (stage.lap(), wall.elapsed().as_secs_f64());
        key.vk.verify(&verifier_airs(), key.preprocessed(), &proof, &traces.public_values)?;
        let cells = key.vk.shape.main_cells() as f64;
        println!(
            "shape {:8} {} cycles, {:.1} main cells a cycle, of {} in the shape: keys {keys_cost:.2} record {record_cost:.2} \
             witness {witness_cost:.2} traces {trace_cost:.2} prove {prove_cost:.2} (wall {wall:.2}) verify {:.2} | {:.1} M cells a CPU-s | {}",
            shape.name,
            plan.cycles,
            cells / f64::from(plan.cycles),
            shape.height(Table::Cpu),
            stage.lap(),
            cells / 1e6 / prove_cost,
            peak_memory()
        );
    }
    Ok(())
}
