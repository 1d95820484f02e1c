//! The tracing run: rebuilds the record of one segment from its checkpoint.

use finial_riscv::Program;

use crate::{
    Checkpoint, Cycle, Ecall, GUEST_MEMORY, MemAccess, PUBLIC_VALUES, REGISTERS, Read, Resource,
    SegmentRecord, SpaceAccess, TouchedLeaf, Write,
    cpu::{CodeRange, Machine, Stop, fault, step},
    error::{Cause, ExecutionError},
    record::{cycle_timestamp, ecall_slot, slot},
    snapshot::{PAGE_WORDS, PAGES, Snapshot},
    syscall::{Arguments, Host, Mode, Plan, WordChange, byte_of},
    unconstrained::{Fuel, run_block},
};

/// Rebuilds the record of the segment of `cycles` cycles that begins at `checkpoint`. Needs the program
/// and input of the run, nothing of the segments before.
///
/// # Errors
/// [`ExecutionError::Replay`] if the segment ends otherwise than the fast run said, and every error
/// of execution: neither happens for a plan of the same program and input.
pub fn trace(
    program: &Program,
    checkpoint: &Checkpoint,
    input: &[u8],
    cycles: u32,
) -> Result<SegmentRecord, ExecutionError> {
    let mut tracer = Tracer::new(program, checkpoint, input, cycles);
    let exit = tracer.run(cycles)?;
    Ok(SegmentRecord {
        index: checkpoint.index,
        initial_pc: checkpoint.pc,
        final_pc: tracer.pc,
        is_terminate: exit.is_some(),
        exit_code: exit.unwrap_or(0),
        touched: tracer.touched(),
        cycles: tracer.cycles,
        ecalls: tracer.ecalls,
    })
}

/// A word and the timestamp of its last access.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    value: u32,
    timestamp: u32,
}

impl Cell {
    const fn initial(value: u32) -> Self {
        Self { value, timestamp: 0 }
    }

    fn read(&mut self, timestamp: u32) -> Read {
        Read { value: self.value, prev_ts: std::mem::replace(&mut self.timestamp, timestamp) }
    }

    fn write(&mut self, value: u32, timestamp: u32) -> Write {
        let Read { value: prev, prev_ts } = self.read(timestamp);
        self.value = value;
        Write { prev, prev_ts, value }
    }
}

/// Guest memory with timestamps; a page is copied from the snapshot when it is first accessed.
struct TraceMemory<'a> {
    snapshot: &'a Snapshot,
    pages: Vec<Option<Box<[Cell; PAGE_WORDS]>>>,
}

impl<'a> TraceMemory<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, pages: vec![None; PAGES] }
    }

    fn cell(&mut self, word: u32) -> &mut Cell {
        let (page, offset) = (word as usize / PAGE_WORDS, word as usize % PAGE_WORDS);
        let snapshot = self.snapshot;
        let copy = || {
            let page = snapshot.page(page);
            Box::new(std::array::from_fn(|i| Cell::initial(page.map_or(0, |page| page[i]))))
        };
        &mut self.pages[page].get_or_insert_with(copy)[offset]
    }

    fn peek(&self, word: u32) -> u32 {
        let (page, offset) = (word as usize / PAGE_WORDS, word as usize % PAGE_WORDS);
        match self.pages.get(page) {
            Some(Some(page)) => page[offset].value,
            _ => self.snapshot.word(word),
        }
    }
}

struct Tracer<'a> {
    program: &'a Program,
    checkpoint: &'a Checkpoint,
    pc: u32,
    registers: [Cell; 32],
    public: [Cell; 16],
    memory: TraceMemory<'a>,
    host: Host<'a>,
    fuel: Fuel,
    cycle: Cycle,
    timestamp: u32,
    cycles: Vec<Cycle>,
    ecalls: Vec<Ecall>,
}

impl<'a> Tracer<'a> {
    fn new(program: &'a Program, checkpoint: &'a Checkpoint, input: &'a [u8], cycles: u32) -> Self {
        Self {
            program,
            checkpoint,
            pc: checkpoint.pc,
            registers: checkpoint.registers.map(Cell::initial),
            public: checkpoint.public_values.map(Cell::initial),
            memory: TraceMemory::new(&checkpoint.memory),
            host: Host::new(input, checkpoint.input_position, checkpoint.hints.clone()),
            fuel: checkpoint.fuel,
            cycle: Cycle::default(),
            timestamp: 0,
            cycles: Vec::with_capacity(cycles as usize),
            ecalls: Vec::new(),
        }
    }

    fn replay_error(&self, what: &'static str) -> ExecutionError {
        ExecutionError::Replay { index: self.checkpoint.index, what }
    }

    fn run(&mut self, cycles: u32) -> Result<Option<u32>, ExecutionError> {
        if cycles == 0 || cycles > crate::MAX_SEGMENT_CYCLES {
            return Err(self.replay_error("its number of cycles is out of range"));
        }
        for i in 0..cycles {
            self.timestamp = cycle_timestamp(i);
            let Some(code) = self.cycle()? else {
                continue;
            };
            if i + 1 != cycles {
                return Err(self.replay_error("it exits early"));
            }
            return Ok(Some(code));
        }
        Ok(None)
    }

    /// Runs one cycle; the exit code if it is an exit.
    fn cycle(&mut self) -> Result<Option<u32>, ExecutionError> {
        let (pc, code) = (self.pc, CodeRange::new(self.program));
        let index = code.index(pc);
        let Some(instruction) = self.program.instructions.get(index) else {
            return Err(fault(self.program, pc, Cause::RanOut));
        };
        self.cycle = Cycle { pc, instr_index: index as u32, ..Cycle::default() };
        let (next, exit) = match step(self, instruction, pc, code) {
            Ok(next) => (next, None),
            Err(Stop::Exit(code)) => (pc.wrapping_add(4), Some(code)),
            Err(Stop::Fault(cause)) => return Err(fault(self.program, pc, cause)),
            Err(Stop::Nested(error)) => return Err(*error),
            Err(Stop::Cut | Stop::Leave) => return Err(self.replay_error("it leaves a block it is not in")),
        };
        self.cycle.next_pc = next;
        self.cycles.push(self.cycle);
        self.pc = next;
        Ok(exit)
    }

    fn access(&mut self, address: u32, new: impl FnOnce(u32) -> u32) -> u32 {
        let cell = self.memory.cell(address / 4);
        let value = new(cell.value);
        let Write { prev, prev_ts, value } = cell.write(value, self.timestamp + slot::MEMORY);
        self.cycle.mem = Some(MemAccess { word: address / 4, prev, prev_ts, value, addr: address });
        prev
    }

    fn change(&mut self, change: WordChange, timestamp: u32) -> SpaceAccess {
        let cell = match change.space {
            GUEST_MEMORY => self.memory.cell(change.word),
            _ => &mut self.public[change.word as usize],
        };
        let Write { prev, prev_ts, value } = cell.write(change.apply(cell.value), timestamp);
        SpaceAccess { space: change.space, word: change.word, prev, prev_ts, value }
    }

    fn enter_unconstrained(&mut self, pc: u32) -> Result<u32, Stop> {
        let mut registers = self.registers.map(|cell| cell.value);
        registers[10] = 1;
        let memory = &self.memory;
        let base = |word| memory.peek(word);
        let block =
            run_block(self.program, pc.wrapping_add(4), registers, base, &mut self.host, &mut self.fuel);
        block.map(|()| 0).map_err(|error| Stop::Nested(Box::new(error)))
    }

    fn call_result(&mut self, pc: u32, plan: Plan, ecall: &mut Ecall) -> Result<u32, Stop> {
        match plan {
            Plan::Exit { code } => Err(Stop::Exit(code)),
            Plan::Leave => Err(Stop::Leave),
            Plan::Enter => self.enter_unconstrained(pc),
            Plan::Return { result, changes: [first, second], host } => {
                ecall.mem = first.map(|change| self.change(change, self.timestamp + ecall_slot::MEMORY));
                ecall.mem2 = second.map(|change| self.change(change, self.timestamp + ecall_slot::MEMORY2));
                let memory = &self.memory;
                self.host.apply(host, |address| byte_of(memory.peek(address / 4), address))?;
                Ok(result)
            }
        }
    }

    fn touched(&self) -> Vec<TouchedLeaf> {
        let mut touched = Vec::new();
        let mut collect = |space, first_leaf: u32, cells: &[Cell], initial: &dyn Fn(usize) -> u32| {
            for (i, cells) in cells.chunks_exact(4).enumerate() {
                if cells.iter().any(|cell| cell.timestamp != 0) {
                    touched.push(TouchedLeaf {
                        space,
                        leaf: first_leaf + i as u32,
                        initial: std::array::from_fn(|j| initial(4 * i + j)),
                        final_: std::array::from_fn(|j| cells[j].value),
                        final_ts: std::array::from_fn(|j| cells[j].timestamp),
                    });
                }
            }
        };
        let before = self.checkpoint;
        collect(REGISTERS, 0, &self.registers, &|i| before.registers[i]);
        for (index, page) in self.memory.pages.iter().enumerate() {
            if let Some(page) = page {
                let initial = before.memory.page(index);
                let first_leaf = (index * PAGE_WORDS / 4) as u32;
                collect(GUEST_MEMORY, first_leaf, &page[..], &|i| initial.map_or(0, |page| page[i]));
            }
        }
        collect(PUBLIC_VALUES, 0, &self.public, &|i| before.public_values[i]);
        touched
    }
}

impl Machine for Tracer<'_> {
    fn read_rs1(&mut self, register: u8) -> u32 {
        let read = self.registers[usize::from(register)].read(self.timestamp + slot::RS1);
        self.cycle.rs1 = Some(read);
        read.value
    }

    fn read_rs2(&mut self, register: u8) -> u32 {
        let read = self.registers[usize::from(register)].read(self.timestamp + slot::RS2);
        self.cycle.rs2 = Some(read);
        read.value
    }

    fn write_rd(&mut self, register: u8, value: u32) {
        if register != 0 {
            let write = self.registers[usize::from(register)].write(value, self.timestamp + slot::RD);
            self.cycle.rd = Some(write);
        }
    }

    fn load(&mut self, address: u32) -> Result<u32, Stop> {
        Ok(self.access(address, |word| word))
    }

    fn store(&mut self, address: u32, new: impl FnOnce(u32) -> u32) -> Result<(), Stop> {
        self.access(address, new);
        Ok(())
    }

    fn ecall(&mut self, pc: u32) -> Result<(), Stop> {
        let mut read = |register: usize, slot| self.registers[register].read(self.timestamp + slot);
        let mut ecall = Ecall {
            cycle: self.cycles.len() as u32,
            pc,
            a7: read(17, ecall_slot::A7),
            a0: read(10, ecall_slot::A0),
            a1: read(11, ecall_slot::A1),
            a2: read(12, ecall_slot::A2),
            ..Ecall::default()
        };
        let Ecall { a7, a0, a1, a2, .. } = ecall;
        let call = Arguments { a7: a7.value, a0: a0.value, a1: a1.value, a2: a2.value };
        let plan = self.host.plan(call, Mode::Constrained)?;
        let outcome = self.call_result(pc, plan, &mut ecall);
        if let Ok(result) = outcome {
            ecall.a0_write = Some(self.registers[10].write(result, self.timestamp + ecall_slot::RESULT));
        }
        self.ecalls.push(ecall);
        outcome.map(|_| ())
    }

    fn count(&mut self, _resource: Resource) {}
}
