//! What the tests of several tables share: small programs, their segments, and traces to tamper with.

use finial_executor::{Executor, SegmentPolicy, SegmentRecord, trace};
use finial_protocol::Val;
use finial_riscv::{Instruction, Opcode, Program};
use p3_air::BaseAir;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::air::{AppAir, Table, prover_airs};
use crate::buses;
use crate::check::{self, Message, Violation};
use crate::memory_tree::MemoryTree;
use crate::merkle::MemoryWitness;
use crate::segment::{EncodedProgram, SegmentTraces, trace_segment};
use crate::shape::{Shape, rows_of};

/// Address of the first instruction of test programs.
pub const PC_BASE: u32 = 0x1000;

/// An instruction.
pub const fn op(op: Opcode, rd: u8, rs1: u8, rs2: u8, imm: u32) -> Instruction {
    Instruction { op, rd, rs1, rs2, imm }
}

/// `rd = value`, in two instructions.
pub const fn load_immediate(rd: u8, value: u32) -> [Instruction; 2] {
    [op(Opcode::Lui, rd, 0, 0, value), op(Opcode::Addi, rd, rd, 0, 0)]
}

/// `exit(0)`.
pub const EXIT: [Instruction; 3] =
    [op(Opcode::Addi, 17, 0, 0, 93), op(Opcode::Addi, 10, 0, 0, 0), op(Opcode::Ecall, 0, 0, 0, 0)];

/// A program of these instructions followed by `exit(0)`.
pub fn program(instructions: impl IntoIterator<Item = Instruction>) -> Program {
    let instructions = instructions.into_iter().chain(EXIT).collect();
    Program { entry: PC_BASE, pc_base: PC_BASE, instructions, image: Default::default() }
}

/// A segment with its tables, ready to be checked or tampered with.
pub struct Segment {
    pub record: SegmentRecord,
    pub airs: Vec<AppAir>,
    pub preprocessed: Vec<Option<RowMajorMatrix<Val>>>,
    pub traces: SegmentTraces,
}

/// The first records of a run that is cut after `cycles`, with their memory arguments.
pub fn first_records(
    program: &Program,
    input: &[u8],
    cycles: u32,
    count: usize,
) -> Vec<(SegmentRecord, MemoryWitness)> {
    let mut row = [u32::MAX; finial_executor::Resource::COUNT];
    row[0] = cycles;
    let policy = SegmentPolicy { capacities: vec![row] };
    let run = Executor::new(program, input.to_vec()).execute(&policy, 1 << 30).expect("the program runs");
    let mut memory = MemoryTree::of_program(program);
    let plans = run.segments.iter().take(count);
    plans
        .map(|plan| {
            let record = trace(program, &plan.checkpoint, input, plan.cycles).expect("the segment replays");
            let witness = MemoryWitness::new(&memory, &record.touched).expect("the record fits the memory");
            memory = witness.after().clone();
            (record, witness)
        })
        .collect()
}

/// Every segment of a run that is cut after `cycles`, in the least heights.
pub fn segments(program: &Program, input: &[u8], cycles: u32) -> Vec<Segment> {
    first_segments(program, input, cycles, usize::MAX)
}

/// The first segments of such a run.
pub fn first_segments(program: &Program, input: &[u8], cycles: u32, count: usize) -> Vec<Segment> {
    let encoded = EncodedProgram::new(program);
    let log_program = program.instructions.len().next_power_of_two().ilog2() as usize;
    let airs = prover_airs(program, log_program).expect("the table is large enough");
    let records = first_records(program, input, cycles, count).into_iter();
    records
        .map(|(record, witness)| {
            let shape = least_shape(program, &record, &witness, log_program);
            let traces =
                trace_segment(&encoded, &record, &witness, &shape).expect("the shape holds the segment");
            let preprocessed = airs.iter().map(BaseAir::preprocessed_trace).collect();
            Segment { record, airs: airs.clone(), preprocessed, traces }
        })
        .collect()
}

fn least_shape(
    program: &Program,
    record: &SegmentRecord,
    witness: &MemoryWitness,
    log_program: usize,
) -> Shape {
    let requests = crate::cpu::requests(&record.cycles, &crate::encoding::encode_program(program));
    let compressions = crate::poseidon2::trace::requests(witness).len();
    let rows = rows_of(record, &requests, witness, compressions);
    let mut log_heights = rows.map(|rows| rows.next_power_of_two().ilog2() as usize);
    log_heights[Table::Program as usize] = log_program;
    log_heights[Table::Lookup as usize] = 16;
    Shape { name: "test", log_heights }
}

/// Names of columns: `name` if all of that name are among them, else `name.i` for each.
fn describe(columns: &[usize], names: &[&'static str]) -> Vec<String> {
    let mut list = vec![];
    for &column in columns {
        let name = names[column];
        let all: Vec<usize> = (0..names.len()).filter(|&i| names[i] == name).collect();
        if all.iter().all(|i| columns.contains(i)) {
            list.push(name.to_owned());
        } else {
            list.push(format!("{name}.{}", column - all[0]));
        }
    }
    list.dedup();
    list
}

/// Changes that a column is tampered with.
const TAMPERING: [i32; 6] = [1, -1, 2, 1 << 8, 1 << 16, -(1 << 16)];

/// Whether a message is not a lookup of ranges or bytes, or is one that the lookup table provides.
fn is_provided((bus, fields, _): &Message) -> bool {
    match (bus.as_str(), fields.as_slice()) {
        (buses::RANGE16, [x]) => *x < 1 << 16,
        (buses::RANGE12, [x]) => *x < 1 << 12,
        (buses::BYTES, [x, y]) => *x < 256 && *y < 256,
        (buses::AND, [x, y, z]) => *x < 256 && *y < 256 && *z == x & y,
        _ => true,
    }
}

/// The messages that another table has to answer: all but lookups of ranges and bytes, whose counts the prover adapts.
fn binding(messages: &[Message]) -> Vec<Message> {
    let free = [buses::RANGE16, buses::RANGE12, buses::BYTES, buses::AND];
    messages.iter().filter(|(bus, ..)| !free.contains(&bus.as_str())).cloned().collect()
}

/// The only segment of a program that runs in one.
pub fn segment(program: &Program) -> Segment {
    let mut all = segments(program, &[], 1 << 20);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

impl Segment {
    /// What is wrong with the segment: nothing, unless it was tampered with.
    pub fn violations(&self) -> Vec<Violation> {
        let tables: Vec<_> = self
            .airs
            .iter()
            .zip(&self.traces.traces)
            .zip(&self.preprocessed)
            .zip(&self.traces.public_values)
            .map(|(((air, trace), fixed), public)| check::Table {
                air,
                trace,
                preprocessed: fixed.as_ref(),
                public_values: public,
            })
            .collect();
        check::check(&tables, 1000)
    }

    /// Tags of the constraints and names of the buses that are violated, each once.
    pub fn verdict(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .violations()
            .into_iter()
            .map(|violation| match violation {
                Violation::Constraint { tag, .. } => tag,
                Violation::Bus { bus, .. } => bus,
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// What is wrong with one row on its own: tags of its constraints, and buses with a lookup that no table provides.
    pub fn row_verdict(&self, table: Table, row: usize) -> Vec<String> {
        let (violations, messages) = self.evaluate(table, row);
        let lookups = messages.into_iter().filter(|message| !is_provided(message)).map(|(bus, ..)| bus);
        let tags = violations.into_iter().map(|violation| match violation {
            Violation::Constraint { tag, .. } => tag,
            Violation::Bus { bus, .. } => bus,
        });
        let mut verdict: Vec<String> = tags.chain(lookups).collect();
        verdict.sort();
        verdict.dedup();
        verdict
    }

    fn evaluate(&self, table: Table, row: usize) -> (Vec<Violation>, Vec<Message>) {
        let index = table as usize;
        let table = check::Table {
            air: &self.airs[index],
            trace: &self.traces.traces[index],
            preprocessed: self.preprocessed[index].as_ref(),
            public_values: &self.traces.public_values[index],
        };
        check::check_row(&table, row)
    }

    /// The columns of a row that can be changed without anyone noticing: no constraint fails, every lookup stays
    /// true, and no other message of the row changes.
    pub fn free_columns(&mut self, table: Table, row: usize, names: &[&'static str]) -> Vec<String> {
        let width = self.traces.traces[table as usize].width();
        let (_, before) = self.evaluate(table, row);
        let kept = binding(&before);
        let mut free = vec![];
        for column in 0..width {
            let honest = self.row(table, row)[column];
            let unnoticed = TAMPERING.iter().any(|&change| {
                self.row(table, row)[column] = honest + Val::from_i32(change);
                let (violations, after) = self.evaluate(table, row);
                violations.is_empty() && after.iter().all(is_provided) && binding(&after) == kept
            });
            self.row(table, row)[column] = honest;
            if unnoticed {
                free.push(column);
            }
        }
        describe(&free, names)
    }

    /// A row of a table.
    pub fn row(&mut self, table: Table, row: usize) -> &mut [Val] {
        self.traces.traces[table as usize].row_mut(row)
    }

    /// Number of rows of a table.
    pub fn height(&self, table: Table) -> usize {
        self.traces.traces[table as usize].height()
    }
}
