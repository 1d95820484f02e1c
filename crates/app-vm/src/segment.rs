//! The traces of a segment: from its record and its memory argument to one matrix a table.

use finial_executor::{SegmentRecord, cycle_timestamp};
use finial_protocol::Val;
use finial_riscv::Program;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::air::Table;
use crate::encoding::{Encoded, encode_program};
use crate::lookup::LookupCounts;
use crate::merkle::MemoryWitness;
use crate::program::SegmentPublicValues;
use crate::shape::{DoesNotFit, Shape, rows_of};
use crate::{
    bitwise, boundary, cpu, div_rem, ecall, lookup, merkle, mul, poseidon2, program, shift, sub_word,
};

/// A segment's traces and public values, by table.
#[derive(Debug)]
pub struct SegmentTraces {
    /// Main traces.
    pub traces: Vec<RowMajorMatrix<Val>>,
    /// Public values.
    pub public_values: Vec<Vec<Val>>,
}

/// A program prepared for tracing its segments.
#[derive(Clone, Debug)]
pub struct EncodedProgram {
    instructions: Vec<Encoded>,
}

impl EncodedProgram {
    /// Encodes a program.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        Self { instructions: encode_program(program) }
    }
}

/// The public values of a segment.
#[must_use]
pub fn public_values(record: &SegmentRecord, memory: &MemoryWitness) -> SegmentPublicValues {
    SegmentPublicValues {
        is_terminate: Val::from_bool(record.is_terminate),
        initial_pc: Val::from_u32(record.initial_pc),
        final_pc: Val::from_u32(record.final_pc),
        exit_code: Val::from_u32(record.exit_code),
        initial_root: memory.initial_root(),
        final_root: memory.final_root(),
    }
}

/// Traces a segment in a shape.
///
/// # Errors
/// If the shape has too few rows for it.
pub fn trace_segment(
    program: &EncodedProgram,
    record: &SegmentRecord,
    memory: &MemoryWitness,
    shape: &Shape,
) -> Result<SegmentTraces, DoesNotFit> {
    let instructions = &program.instructions;
    let requests = cpu::requests(&record.cycles, instructions);
    let compressions = poseidon2::trace::requests(memory);
    shape.check(&rows_of(record, &requests, memory, compressions.len()))?;

    let counts = LookupCounts::default();
    memory.range12_values().for_each(|height| counts.range12(height));
    let cycles = u32::try_from(record.cycles.len()).unwrap_or(u32::MAX);
    let executed = record.cycles.iter().map(|cycle| cycle.instr_index);
    let trace = |table: Table| {
        let log_height = shape.log_height(table);
        match table {
            Table::Cpu => cpu::generate(&record.cycles, instructions, &counts, log_height),
            Table::Program => program::generate(executed.clone(), cycle_timestamp(cycles), log_height),
            Table::Lookup => lookup::generate(&counts),
            Table::Ecall => ecall::generate(&record.ecalls, &counts, log_height),
            Table::SubWord => sub_word::generate(&requests.sub_word, &counts, log_height),
            Table::Bitwise => bitwise::generate(&requests.bitwise, &counts, log_height),
            Table::Shift => shift::generate(&requests.shift, &counts, log_height),
            Table::Mul => mul::generate(&requests.mul, &counts, log_height),
            Table::DivRem => div_rem::generate(&requests.div_rem, &counts, log_height),
            Table::Boundary => boundary::trace::generate(memory, log_height),
            Table::Merkle => merkle::trace::generate(memory, log_height),
            Table::Poseidon2 => poseidon2::trace::generate(&compressions, log_height),
        }
    };
    // The lookup table holds what the others counted, so it comes last.
    let (lookup, others): (Vec<_>, Vec<_>) =
        Table::ALL.into_iter().partition(|&table| table == Table::Lookup);
    let mut traces: Vec<_> = others.into_iter().chain(lookup).map(|table| (table, trace(table))).collect();
    traces.sort_by_key(|&(table, _)| table);
    let traces = traces.into_iter().map(|(_, trace)| trace).collect();
    let mut values = vec![vec![]; Table::ALL.len()];
    values[Table::Program as usize] = public_values(record, memory).to_vec();
    Ok(SegmentTraces { traces, public_values: values })
}
