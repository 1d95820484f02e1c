//! Unconstrained blocks: a fork of the state runs, and only the hints it writes survive.

use std::collections::HashMap;

use finial_riscv::Program;

use crate::{
    Resource,
    cpu::{CodeRange, Machine, Stop, fault, step},
    error::{Cause, ExecutionError},
    snapshot::PAGE_WORDS,
    syscall::{Arguments, Host, Mode, Plan, byte_of},
};

/// Cycles a run may still take, those of unconstrained blocks included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fuel {
    pub(crate) limit: u64,
    pub(crate) left: u64,
}

struct Fork<'a, 'i, B> {
    registers: [u32; 32],
    pages: HashMap<u32, Box<[u32; PAGE_WORDS]>>,
    base: B,
    host: &'a mut Host<'i>,
}

/// Runs the block that begins at `pc` with the given registers. Memory is read through `base` and never
/// written. Of the host's state the written hints and diagnostics remain; read positions are restored.
pub(crate) fn run_block(
    program: &Program,
    pc: u32,
    registers: [u32; 32],
    base: impl Fn(u32) -> u32,
    host: &mut Host<'_>,
    fuel: &mut Fuel,
) -> Result<(), ExecutionError> {
    let positions = host.positions();
    let mut fork = Fork { registers, pages: HashMap::new(), base, host };
    let outcome = fork.run(program, pc, fuel);
    host.rewind(positions);
    outcome
}

impl<B: Fn(u32) -> u32> Fork<'_, '_, B> {
    fn run(&mut self, program: &Program, mut pc: u32, fuel: &mut Fuel) -> Result<(), ExecutionError> {
        let code = CodeRange::new(program);
        loop {
            fuel.left = fuel.left.checked_sub(1).ok_or(ExecutionError::CycleLimit { limit: fuel.limit })?;
            let Some(instruction) = program.instructions.get(code.index(pc)) else {
                return Err(fault(program, pc, Cause::RanOut));
            };
            pc = match step(self, instruction, pc, code) {
                Ok(next) => next,
                Err(Stop::Leave) => return Ok(()),
                Err(Stop::Fault(cause)) => return Err(fault(program, pc, cause)),
                Err(Stop::Nested(error)) => return Err(*error),
                // A fork is not metered, and an exit within it is refused when it is planned.
                Err(Stop::Cut | Stop::Exit(_)) => {
                    return Err(fault(program, pc, Cause::InUnconstrained { call: "exit" }));
                }
            };
        }
    }

    fn word(&mut self, index: u32) -> &mut u32 {
        let (page, offset) = (index / PAGE_WORDS as u32, index as usize % PAGE_WORDS);
        let base = &self.base;
        let copy = || Box::new(std::array::from_fn(|i| base(page * PAGE_WORDS as u32 + i as u32)));
        &mut self.pages.entry(page).or_insert_with(copy)[offset]
    }
}

impl<B: Fn(u32) -> u32> Machine for Fork<'_, '_, B> {
    fn read_rs1(&mut self, register: u8) -> u32 {
        self.registers[usize::from(register)]
    }

    fn read_rs2(&mut self, register: u8) -> u32 {
        self.registers[usize::from(register)]
    }

    fn write_rd(&mut self, register: u8, value: u32) {
        if register != 0 {
            self.registers[usize::from(register)] = value;
        }
    }

    fn load(&mut self, address: u32) -> Result<u32, Stop> {
        Ok(*self.word(address / 4))
    }

    fn store(&mut self, address: u32, new: impl FnOnce(u32) -> u32) -> Result<(), Stop> {
        let word = self.word(address / 4);
        *word = new(*word);
        Ok(())
    }

    fn ecall(&mut self, _pc: u32) -> Result<(), Stop> {
        let r = &self.registers;
        let call = Arguments { a7: r[17], a0: r[10], a1: r[11], a2: r[12] };
        match self.host.plan(call, Mode::Unconstrained)? {
            Plan::Leave => Err(Stop::Leave),
            Plan::Exit { code } => Err(Stop::Exit(code)),
            Plan::Enter => Err(Cause::InUnconstrained { call: "enter" }.into()),
            Plan::Return { result, changes, host } => {
                for change in changes.into_iter().flatten() {
                    let word = self.word(change.word);
                    *word = change.apply(*word);
                }
                let (pages, base) = (&self.pages, &self.base);
                let byte = |address: u32| {
                    let index = address / 4;
                    let page = pages.get(&(index / PAGE_WORDS as u32));
                    byte_of(page.map_or_else(|| base(index), |p| p[index as usize % PAGE_WORDS]), address)
                };
                self.host.apply(host, byte)?;
                self.registers[10] = result;
                Ok(())
            }
        }
    }

    fn count(&mut self, _resource: Resource) {}
}
