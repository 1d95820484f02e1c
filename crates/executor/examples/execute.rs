//! Runs an ELF and prints what it did: `execute ELF [INPUT_FILE] [SEGMENT_CYCLES] [--trace]`.

use std::{error::Error, ops::ControlFlow, time::Instant};

use finial_executor::{Executor, Resource, SegmentPolicy, frame_input, trace};
use finial_riscv::Program;

fn main() -> Result<(), Box<dyn Error>> {
    let (flags, arguments): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|a| a.starts_with("--"));
    let elf = arguments.first().ok_or("which ELF?")?;
    let input = arguments.get(1).map_or(Ok(Vec::new()), std::fs::read)?;
    let cycles = arguments.get(2).map_or(Ok(1 << 20), |text| text.parse())?;
    let mut row = [u32::MAX; Resource::COUNT];
    row[Resource::Cycles as usize] = cycles;
    let program = Program::from_elf(&std::fs::read(elf)?)?;
    let framed = frame_input(&input);
    let policy = SegmentPolicy { capacities: vec![row] };
    let start = Instant::now();
    let summary = Executor::new(&program, framed.clone()).execute_streaming(&policy, 1 << 40, |segment| {
        println!("segment {}: {:?}", segment.checkpoint.index, segment.counts);
        if flags.iter().any(|flag| flag == "--trace") {
            let start = Instant::now();
            match trace(&program, &segment.checkpoint, &framed, segment.cycles) {
                Ok(record) => println!("  {} leaves, {:?}", record.touched.len(), start.elapsed()),
                Err(error) => println!("  {error}"),
            }
        }
        ControlFlow::Continue(())
    })?;
    let elapsed = start.elapsed().as_secs_f64();
    let rate = summary.total_cycles as f64 / elapsed / 1e6;
    println!(
        "{} instructions, {} cycles, {elapsed:.3} s, {rate:.0} M/s",
        program.instructions.len(),
        summary.total_cycles
    );
    println!("exit {}; output {:02x?}", summary.exit_code, summary.public_output);
    print!("{}", String::from_utf8_lossy(&summary.diagnostics));
    Ok(())
}
