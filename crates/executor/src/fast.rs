//! The machine of the fast run: flat memory, predecoded instructions, a meter, and no record.

use std::ops::ControlFlow;

use finial_riscv::{ADDRESS_LIMIT, Instruction, Program};

use crate::{
    Checkpoint, GUEST_MEMORY, Leaf, PUBLIC_VALUES, REGISTERS, Resource, SegmentPlan, SegmentPolicy,
    cpu::{CodeRange, Machine, Stop, fault, resource, step},
    error::{Cause, ExecutionError},
    meter::{FirstTouch, Meter},
    syscall::{Arguments, Host, Mode, Plan, WordChange, byte_of},
    unconstrained::{Fuel, run_block},
};

const WORDS: usize = (ADDRESS_LIMIT / 4) as usize;
const LEAVES: usize = WORDS / 4;
/// Register 0 as a destination is replaced by this one, which nobody reads.
const SINK: u8 = 32;
/// Leaves of the registers a system call reads: a0 and a1, a2, a7.
const ECALL_LEAVES: u8 = 1 << 2 | 1 << 3 | 1 << 4;

/// An instruction and the register leaves it touches.
#[derive(Clone, Copy, Debug)]
struct Predecoded {
    instruction: Instruction,
    leaves: u8,
}

fn predecode(i: &Instruction) -> Predecoded {
    let leaf = |used: bool, register: u8| if used { 1 << (register / 4) } else { 0 };
    let leaves = leaf(i.op.reads_rs1(), i.rs1)
        | leaf(i.op.reads_rs2(), i.rs2)
        | leaf(i.op.has_rd() && i.rd != 0, i.rd);
    let rd = if i.rd == 0 { SINK } else { i.rd };
    Predecoded { instruction: Instruction { rd, ..*i }, leaves }
}

/// Zeroed pages are the operating system's until they are touched, so these cost what is used.
fn zeroed<const N: usize>() -> Box<[u32; N]> {
    match vec![0; N].into_boxed_slice().try_into() {
        Ok(array) => array,
        Err(_) => unreachable!("the vector has N elements"),
    }
}

pub(crate) struct Fast<'p, 'i> {
    program: &'p Program,
    code: CodeRange,
    pub(crate) host: Host<'i>,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) total_cycles: u64,
    pc: u32,
    registers: [u32; 64],
    words: Box<[u32; WORDS]>,
    pub(crate) public: [u32; 16],
    fuel: Fuel,
    meter: Meter,
    /// A leaf of guest memory is touched in this segment if its mark is `epoch`.
    marks: Box<[u32; LEAVES]>,
    epoch: u32,
    register_marks: u8,
    public_marks: u8,
    /// The segment's cycle count at which the current batch began, has to end, and runs out of fuel.
    batch_start: u32,
    batch_end: u32,
    fuel_end: u32,
}

impl<'p, 'i> Fast<'p, 'i> {
    pub(crate) fn new(program: &'p Program, host: Host<'i>, policy: &SegmentPolicy, max_cycles: u64) -> Self {
        let mut words = zeroed::<WORDS>();
        for (&address, &word) in &program.image {
            words[(address / 4) as usize] = word;
        }
        let checkpoint = Checkpoint::initial(program, max_cycles);
        Self {
            program,
            code: CodeRange::new(program),
            host,
            pc: checkpoint.pc,
            fuel: checkpoint.fuel,
            checkpoint,
            total_cycles: 0,
            registers: [0; 64],
            words,
            public: [0; 16],
            meter: Meter::new(policy),
            marks: zeroed(),
            epoch: 1,
            register_marks: 0,
            public_marks: 0,
            batch_start: 0,
            batch_end: 0,
            fuel_end: 0,
        }
    }

    /// Runs to the exit, handing over each segment, and returns the exit code.
    pub(crate) fn run(
        &mut self,
        mut on_segment: impl FnMut(SegmentPlan) -> ControlFlow<()>,
    ) -> Result<u32, ExecutionError> {
        let predecoded: Vec<_> = self.program.instructions.iter().map(predecode).collect();
        loop {
            let exit = self.segment(&predecoded)?;
            let plan = self.finish_segment(exit);
            if on_segment(plan).is_break() {
                return Err(ExecutionError::Stopped);
            }
            if let Some(code) = exit {
                return Ok(code);
            }
        }
    }

    /// Runs one segment; the exit code if the program exits in it.
    fn segment(&mut self, predecoded: &[Predecoded]) -> Result<Option<u32>, ExecutionError> {
        loop {
            match self.plan_batch(predecoded).and_then(|()| self.batch(predecoded)) {
                Ok(()) => self.settle_fuel(),
                Err(Stop::Exit(code)) => {
                    self.pc = self.pc.wrapping_add(4);
                    self.count(Resource::Cycles);
                    self.count(Resource::Ecall);
                    self.settle_fuel();
                    return Ok(Some(code));
                }
                Err(Stop::Cut) if self.cycles() == 0 => {
                    return Err(ExecutionError::PolicyTooSmall { pc: self.pc });
                }
                Err(Stop::Cut) => {
                    self.settle_fuel();
                    return Ok(None);
                }
                Err(Stop::Nested(error)) => return Err(*error),
                Err(Stop::Fault(cause)) => return Err(fault(self.program, self.pc, cause)),
                Err(Stop::Leave) => {
                    let cause = Cause::NotInUnconstrained { call: "leave" };
                    return Err(fault(self.program, self.pc, cause));
                }
            }
        }
    }

    const fn cycles(&self) -> u32 {
        self.meter.counts[Resource::Cycles as usize]
    }

    fn out_of_fuel(&self) -> Stop {
        Stop::Nested(Box::new(ExecutionError::CycleLimit { limit: self.fuel.limit }))
    }

    /// Finds how far to run without looking at the meter. Where there is no slack, a single cycle that
    /// is known to fit is a batch.
    fn plan_batch(&mut self, predecoded: &[Predecoded]) -> Result<(), Stop> {
        self.batch_start = self.cycles();
        let fuel = u32::try_from(self.fuel.left).unwrap_or(u32::MAX);
        if fuel == 0 {
            return Err(self.out_of_fuel());
        }
        self.fuel_end = self.batch_start.saturating_add(fuel);
        let slack = self.meter.slack();
        if slack > 0 {
            self.batch_end = self.batch_start.saturating_add(slack).min(self.fuel_end);
            return Ok(());
        }
        let next = predecoded.get(self.code.index(self.pc)).ok_or(Cause::RanOut)?;
        if !self.meter.fits(resource(next.instruction.op)) {
            return Err(Stop::Cut);
        }
        self.batch_end = self.batch_start + 1;
        Ok(())
    }

    const fn settle_fuel(&mut self) {
        self.fuel.left = self.fuel.left.saturating_sub((self.cycles() - self.batch_start) as u64);
        self.batch_start = self.cycles();
    }

    fn batch(&mut self, predecoded: &[Predecoded]) -> Result<(), Stop> {
        let code = self.code;
        while self.cycles() < self.batch_end {
            let next = predecoded.get(code.index(self.pc)).ok_or(Cause::RanOut)?;
            if next.leaves & !self.register_marks != 0 {
                self.touch_registers(next)?;
            }
            self.pc = step(self, &next.instruction, self.pc, code)?;
            self.count(Resource::Cycles);
        }
        Ok(())
    }

    /// Touches an instruction's register leaves together with its memory leaf, so that a cut before it
    /// counts neither.
    #[cold]
    fn touch_registers(&mut self, next: &Predecoded) -> Result<(), Stop> {
        let i = &next.instruction;
        let mut memory = None;
        if i.op.is_load() || i.op.is_store() {
            let address = self.registers[usize::from(i.rs1)].wrapping_add(i.imm);
            // An address beyond the limit faults when the instruction is executed.
            memory = (address < ADDRESS_LIMIT).then_some((GUEST_MEMORY, address / 16));
        }
        self.touch(resource(i.op), next.leaves, memory)
    }

    /// Touches the leaf of guest memory that the current instruction is about to access.
    #[cold]
    fn touch_memory(&mut self, address: u32) -> Result<(), Stop> {
        let current = self.program.instructions.get(self.code.index(self.pc));
        let resource = current.and_then(|instruction| resource(instruction.op));
        self.touch(resource, 0, Some((GUEST_MEMORY, address / 16)))
    }

    /// Touches register leaves and another leaf, or asks for a cut.
    #[cold]
    fn touch(
        &mut self,
        resource: Option<Resource>,
        registers: u8,
        other: Option<(u8, u32)>,
    ) -> Result<(), Stop> {
        let registers = registers & !self.register_marks;
        let own = (0..8).filter(|leaf| registers >> leaf & 1 == 1).map(|leaf| (REGISTERS, leaf));
        let other = other.filter(|&(space, leaf)| !self.is_touched(space, leaf));
        let fresh: Vec<_> = own
            .chain(other)
            .map(|(space, leaf)| FirstTouch { space, leaf, initial: self.leaf_words(space, leaf) })
            .collect();
        if fresh.is_empty() {
            return Ok(());
        }
        if !self.meter.admit(resource, &fresh) {
            return Err(Stop::Cut);
        }
        self.register_marks |= registers;
        match other {
            Some((GUEST_MEMORY, leaf)) => self.marks[leaf as usize] = self.epoch,
            Some((_, leaf)) => self.public_marks |= 1 << leaf,
            None => {}
        }
        // The row that set the batch's end may not hold these leaves.
        self.batch_end = self.cycles().saturating_add(self.meter.slack()).min(self.fuel_end);
        Ok(())
    }

    fn is_touched(&self, space: u8, leaf: u32) -> bool {
        match space {
            GUEST_MEMORY => self.marks[leaf as usize] == self.epoch,
            _ => self.public_marks >> leaf & 1 == 1,
        }
    }

    fn leaf_words(&self, space: u8, leaf: u32) -> [u32; 4] {
        let start = 4 * leaf as usize;
        match space {
            REGISTERS => std::array::from_fn(|i| self.registers[start + i]),
            PUBLIC_VALUES => std::array::from_fn(|i| self.public[start + i]),
            _ => std::array::from_fn(|i| self.words[start + i]),
        }
    }

    /// Closes the segment: its plan leaves, the next checkpoint stands.
    fn finish_segment(&mut self, exit: Option<u32>) -> SegmentPlan {
        let cycles = self.cycles();
        self.total_cycles += u64::from(cycles);
        let dirty_leaves = self.dirty_leaves();
        let next = self.next_checkpoint(&dirty_leaves);
        let checkpoint = std::mem::replace(&mut self.checkpoint, next);
        let counts = self.meter.counts;
        self.meter.reset();
        self.register_marks = 0;
        self.public_marks = 0;
        self.epoch += 1;
        SegmentPlan {
            checkpoint,
            cycles,
            counts,
            dirty_leaves,
            final_pc: self.pc,
            is_terminate: exit.is_some(),
            exit_code: exit.unwrap_or(0),
        }
    }

    fn dirty_leaves(&self) -> Vec<Leaf> {
        let mut dirty: Vec<_> = self
            .meter
            .touched
            .iter()
            .map(|touch| (touch, self.leaf_words(touch.space, touch.leaf)))
            .filter(|(touch, words)| *words != touch.initial)
            .map(|(touch, words)| Leaf { space: touch.space, leaf: touch.leaf, words })
            .collect();
        dirty.sort_unstable_by_key(|leaf| (leaf.space, leaf.leaf));
        dirty
    }

    fn next_checkpoint(&mut self, dirty: &[Leaf]) -> Checkpoint {
        let mut memory = self.checkpoint.memory.clone();
        for leaf in dirty.iter().filter(|leaf| leaf.space == GUEST_MEMORY) {
            for (&word, index) in leaf.words.iter().zip(4 * leaf.leaf..) {
                memory.set(index, word);
            }
        }
        self.host.forget_read_hints();
        Checkpoint {
            index: self.checkpoint.index + 1,
            pc: self.pc,
            registers: std::array::from_fn(|i| self.registers[i]),
            public_values: self.public,
            memory,
            input_position: self.host.input_position,
            hints: self.host.hints.clone(),
            fuel: self.fuel,
        }
    }

    fn apply(&mut self, change: WordChange) {
        let word = match change.space {
            GUEST_MEMORY => &mut self.words[change.word as usize],
            _ => &mut self.public[change.word as usize],
        };
        *word = change.apply(*word);
    }

    fn enter_unconstrained(&mut self, pc: u32) -> Result<(), Stop> {
        self.settle_fuel();
        let mut registers = std::array::from_fn(|i| self.registers[i]);
        registers[10] = 1;
        let words = &self.words;
        let base = |index: u32| words[index as usize];
        let block =
            run_block(self.program, pc.wrapping_add(4), registers, base, &mut self.host, &mut self.fuel);
        block.map_err(|error| Stop::Nested(Box::new(error)))?;
        // The block has used fuel: the batch is planned anew.
        self.batch_end = 0;
        self.registers[10] = 0;
        Ok(())
    }
}

impl Machine for Fast<'_, '_> {
    #[inline(always)]
    fn read_rs1(&mut self, register: u8) -> u32 {
        self.registers[usize::from(register & 63)]
    }

    #[inline(always)]
    fn read_rs2(&mut self, register: u8) -> u32 {
        self.registers[usize::from(register & 63)]
    }

    #[inline(always)]
    fn write_rd(&mut self, register: u8, value: u32) {
        self.registers[usize::from(register & 63)] = value;
    }

    #[inline(always)]
    fn load(&mut self, address: u32) -> Result<u32, Stop> {
        if self.marks[(address / 16) as usize] != self.epoch {
            self.touch_memory(address)?;
        }
        Ok(self.words[(address / 4) as usize])
    }

    #[inline(always)]
    fn store(&mut self, address: u32, new: impl FnOnce(u32) -> u32) -> Result<(), Stop> {
        if self.marks[(address / 16) as usize] != self.epoch {
            self.touch_memory(address)?;
        }
        let word = &mut self.words[(address / 4) as usize];
        *word = new(*word);
        Ok(())
    }

    #[inline(never)]
    fn ecall(&mut self, pc: u32) -> Result<(), Stop> {
        let r = &self.registers;
        let call = Arguments { a7: r[17], a0: r[10], a1: r[11], a2: r[12] };
        let plan = self.host.plan(call, Mode::Constrained)?;
        // Both changes of one call lie in one leaf.
        let leaf = plan.changes()[0].map(|change| (change.space, change.word / 4));
        self.touch(Some(Resource::Ecall), ECALL_LEAVES, leaf)?;
        match plan {
            Plan::Exit { code } => Err(Stop::Exit(code)),
            Plan::Enter => self.enter_unconstrained(pc),
            Plan::Leave => Err(Stop::Leave),
            Plan::Return { result, changes, host } => {
                for change in changes.into_iter().flatten() {
                    self.apply(change);
                }
                let words = &self.words;
                self.host.apply(host, |address| byte_of(words[(address / 4) as usize], address))?;
                self.registers[10] = result;
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn count(&mut self, resource: Resource) {
        self.meter.counts[resource as usize] += 1;
    }
}
