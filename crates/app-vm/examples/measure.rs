//! Prints the columns of every table, and what the guests of the tests consume in each segment.
//!
//! `cargo run --release -p finial-app-vm --example measure [CYCLES_PER_SEGMENT]`

use finial_app_vm::air::{Table, prover_airs};
use finial_app_vm::memory_tree::MemoryTree;
use finial_app_vm::merkle::MemoryWitness;
use finial_app_vm::shape::{DEFAULT_LOG_PROGRAM_HEIGHT, Shape, catalogue};
use finial_app_vm::{cpu, encoding, poseidon2, shape};
use finial_executor::{Executor, Resource, SegmentPolicy, frame_input, trace};
use finial_protocol::machine::NamedTable;
use finial_protocol::{Ext4, ProofShape, params};
use finial_riscv::Program;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    print_columns()?;
    let cycles = std::env::args().nth(1).map_or(Ok(1 << 20), |argument| argument.parse())?;
    for name in ["fibonacci", "sha256-chain", "keccak-chain", "ecdsa-verify", "transfers"] {
        print_usage(name, cycles)?;
    }
    Ok(())
}

fn folder() -> String {
    format!("{}/../../tests/guests", env!("CARGO_MANIFEST_DIR"))
}

fn load(name: &str) -> Result<Program, Failure> {
    Ok(Program::from_elf(&std::fs::read(format!("{}/elf/{name}.elf", folder()))?)?)
}

fn print_columns() -> Result<(), Failure> {
    let airs = prover_airs(&load("fibonacci")?, DEFAULT_LOG_PROGRAM_HEIGHT)?;
    let names: Vec<String> = airs.iter().map(NamedTable::name).collect();
    println!("{:10} {:>5} {:>5} {:>5} {:>6} {:>5}", "table", "main", "perm", "prep", "chunks", "constraints");
    let mut totals = [0; 3];
    for shape in catalogue() {
        let proof = ProofShape::new::<Ext4, _>(params::APP, &airs, &names, &shape.log_heights);
        if totals == [0; 3] {
            for table in &proof.tables {
                let widths = [table.width, table.permutation_width(4), table.preprocessed_width];
                let chunks = 1 << table.log_quotient_chunks;
                let constraints = table.constraints.constraints.len();
                let [main, permutation, preprocessed] = widths;
                println!(
                    "{:10} {main:5} {permutation:5} {preprocessed:5} {chunks:6} {constraints:5}",
                    table.name
                );
                totals.iter_mut().zip(widths).for_each(|(total, width)| *total += width);
            }
            println!("{:10} {:5} {:5} {:5}", "all", totals[0], totals[1], totals[2]);
        }
        print_shape(&shape, proof.main_cells());
    }
    Ok(())
}

fn print_shape(shape: &Shape, cells: u64) {
    let per_cycle = cells as f64 / shape.height(Table::Cpu) as f64;
    println!("shape {:4} {:?}: {per_cycle:.1} main cells a cycle", shape.name, shape.log_heights);
    println!("    capacity {:?}", shape.capacity());
}

fn print_usage(name: &str, cycles: u32) -> Result<(), Failure> {
    let program = load(name)?;
    let input = frame_input(&std::fs::read(format!("{}/inputs/{name}.bin", folder()))?);
    let mut row = [u32::MAX; Resource::COUNT];
    row[Resource::Cycles as usize] = cycles;
    let policy = SegmentPolicy { capacities: vec![row] };
    let run = Executor::new(&program, input.clone()).execute(&policy, 1 << 32)?;
    println!("{name}: {} instructions, {} cycles", program.instructions.len(), run.total_cycles);
    let mut memory = MemoryTree::of_program(&program);
    let encoded = encoding::encode_program(&program);
    for plan in run.segments.iter().take(8) {
        let record = trace(&program, &plan.checkpoint, &input, plan.cycles)?;
        let witness = MemoryWitness::new(&memory, &record.touched)?;
        memory = witness.after().clone();
        let compressions = poseidon2::trace::requests(&witness).len();
        let requests = cpu::requests(&record.cycles, &encoded);
        let rows = shape::rows_of(&record, &requests, &witness, compressions);
        let filled: Vec<String> =
            Table::ALL.into_iter().zip(rows).map(|(table, rows)| format!("{table:?} {rows}")).collect();
        println!(
            "    {} leaves {} nodes {}",
            filled.join(" "),
            witness.leaves().len(),
            witness.nodes().len()
        );
    }
    Ok(())
}
