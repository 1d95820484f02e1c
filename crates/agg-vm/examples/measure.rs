//! Measures building, execution, traces and proof of a program that fills two tables of 2^`log`
//! rows: `measure [log = 16]`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::ThreadId;
use std::time::Instant;

use finial_agg_vm::{AggAir, Block, Builder, E, Heights, Horner, Program};
use finial_protocol::params::TREE;
use finial_protocol::{InnerConfig, ProvingKey};
use p3_field::PrimeCharacteristicRing;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// Seconds of CPU this process has used, from `/proc/self/stat`.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|x| x.parse::<f64>().expect("ticks")).sum();
    ticks / 100.0
}

/// Peak resident memory in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("VmHWM");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("KiB") / 1024
}

fn timed<R>(what: &str, body: impl FnOnce() -> R) -> R {
    let (wall, before) = (Instant::now(), cpu());
    let result = body();
    let wall = wall.elapsed().as_secs_f64();
    println!("{what:<14} wall {wall:7.3} s, CPU {:7.2} s, peak {} MiB", cpu() - before, peak());
    result
}

/// Wall and CPU time of every span the main thread enters.
struct Spans {
    main: ThreadId,
    next: AtomicU64,
    names: Mutex<BTreeMap<u64, &'static str>>,
    open: Mutex<Vec<(u64, Instant, f64)>>,
    total: Mutex<BTreeMap<String, (f64, f64)>>,
}

static SPANS: std::sync::OnceLock<Spans> = std::sync::OnceLock::new();

struct Subscriber;

impl tracing::Subscriber for Subscriber {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_span() && *metadata.level() <= tracing::Level::DEBUG
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let spans = SPANS.get().expect("set at the start");
        let id = spans.next.fetch_add(1, Ordering::Relaxed);
        spans.names.lock().unwrap().insert(id, span.metadata().name());
        tracing::span::Id::from_u64(id)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, id: &tracing::span::Id) {
        let spans = SPANS.get().expect("set at the start");
        if std::thread::current().id() == spans.main {
            spans.open.lock().unwrap().push((id.into_u64(), Instant::now(), cpu()));
        }
    }
    fn exit(&self, _: &tracing::span::Id) {
        let spans = SPANS.get().expect("set at the start");
        if std::thread::current().id() != spans.main {
            return;
        }
        let Some((id, wall, before)) = spans.open.lock().unwrap().pop() else { return };
        let depth = spans.open.lock().unwrap().len();
        let name = format!("{}{}", "  ".repeat(depth), spans.names.lock().unwrap()[&id]);
        let mut total = spans.total.lock().unwrap();
        let entry = total.entry(name).or_default();
        entry.0 += wall.elapsed().as_secs_f64();
        entry.1 += cpu() - before;
    }
}

/// Two thirds Merkle steps, one third sponge rows with evaluation; arithmetic beside.
fn program(rows: usize) -> Program {
    let mut b = Builder::new();
    let [gamma, x] = [b.hint(), b.hint()];
    let index = b.hint_felt();
    let bits = b.bits(index, true);
    let zero = b.zero();
    let mut acc = zero;
    while b.poseidon2_rows() + 30 < rows {
        b.scope("query", |b| {
            let mut state = [zero; 4];
            for _ in 0..10 {
                let horner = Some(Horner { gamma, acc_in: acc, split: false });
                let absorbed = b.absorb([Block::Hint; 2], [state[2], state[3]], horner);
                (state, acc) = (absorbed.out, absorbed.acc_out);
            }
            let mut node = [state[0], state[1]];
            for bit in &bits[..20] {
                node = b.merkle_step(node, *bit);
            }
            acc = b.add(acc, node[0]);
        });
    }
    let mut y = acc;
    while b.alu_operations() + 2 < 2 * rows {
        y = b.mul_add(y, x, acc);
    }
    b.set_public(0, y);
    b.finish()
}

fn main() {
    let log = std::env::args().nth(1).map_or(16, |arg| arg.parse().expect("log2 of the rows"));
    let spans = Spans {
        main: std::thread::current().id(),
        next: AtomicU64::new(1),
        names: Mutex::default(),
        open: Mutex::default(),
        total: Mutex::default(),
    };
    assert!(SPANS.set(spans).is_ok());
    tracing::subscriber::set_global_default(Subscriber).unwrap();

    let program = timed("build", || program(1 << log));
    println!("rows: alu {}, poseidon2 {}", program.alu_rows(), program.poseidon2_rows());
    let mut rng = SmallRng::seed_from_u64(1);
    let mut hints: Vec<E> = (0..program.num_hints()).map(|_| rng.random()).collect();
    hints[2] = E::from_u32(0x12_3456);
    let witness = timed("execute", || program.execute(hints).unwrap());
    let heights = Heights { alu: log, poseidon2: log, public: TREE.log_final_poly_len + 1 };
    let traces = timed("traces", || program.traces(&witness, heights).unwrap());
    let airs = timed("preprocessed", || program.airs(heights).unwrap().to_vec());
    let key =
        timed("key", || ProvingKey::<InnerConfig, AggAir>::new(TREE, airs, &heights.to_array()).unwrap());
    let public = witness.table_public_values();
    SPANS.get().expect("set above").total.lock().unwrap().clear();
    let proof = timed("prove", || key.prove(&traces, &public).unwrap());
    let cells: usize = traces.iter().map(|trace| trace.values.len()).sum();
    println!("main cells {:.2} M", cells as f64 / 1e6);
    let mut total: Vec<_> =
        std::mem::take(&mut *SPANS.get().expect("set above").total.lock().unwrap()).into_iter().collect();
    total.sort_by(|a, b| b.1.1.total_cmp(&a.1.1));
    for (name, (wall, cpu)) in total.into_iter().take(40) {
        println!("    CPU {cpu:6.2} s, wall {wall:6.3} s  {name}");
    }
    timed("verify", || {
        key.vk.verify(&AggAir::verifier_tables(), key.preprocessed(), &proof, &public).unwrap();
    });
}
