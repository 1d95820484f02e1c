//! An independent reading of the records: plays the memory accesses of a segment in the order of their
//! timestamps, as the App VM's memory argument does, and recounts what the meter counted.

use std::collections::{BTreeMap, BTreeSet};

use finial_executor::{
    Checkpoint, Counts, Cycle, Ecall, Execution, Executor, GUEST_MEMORY, PUBLIC_VALUES, REGISTERS, Read,
    Resource, SegmentPlan, SegmentPolicy, SegmentRecord, Write, cycle_timestamp, frame_input, leaf_label,
    trace,
};
use finial_riscv::{Instruction, Opcode, Program};

/// Words with the timestamps of their last access.
struct Memory<'a> {
    before: &'a Checkpoint,
    cells: BTreeMap<(u8, u32), (u32, u32)>,
}

impl Memory<'_> {
    fn initial(&self, space: u8, word: u32) -> u32 {
        match space {
            REGISTERS => self.before.registers[word as usize],
            PUBLIC_VALUES => self.before.public_values[word as usize],
            _ => self.before.memory.word(word),
        }
    }

    fn access(&mut self, at: (u8, u32), prev: u32, prev_ts: u32, value: u32, ts: u32) {
        let cell = self.cells.get(&at).copied().unwrap_or((self.initial(at.0, at.1), 0));
        assert_eq!(cell, (prev, prev_ts), "access to {at:?} at {ts}");
        assert!(prev_ts < ts);
        self.cells.insert(at, (value, ts));
    }

    fn read(&mut self, register: u8, read: Read, ts: u32) {
        self.access((REGISTERS, register.into()), read.value, read.prev_ts, read.value, ts);
    }

    fn write(&mut self, register: u8, write: Write, ts: u32) {
        self.access((REGISTERS, register.into()), write.prev, write.prev_ts, write.value, ts);
    }
}

/// Runs a program, checks every record against plan and neighbours, and returns both.
pub fn run_checked(
    program: &Program,
    input: &[u8],
    policy: &SegmentPolicy,
) -> (Execution, Vec<SegmentRecord>) {
    let framed = frame_input(input);
    let run = Executor::new(program, framed.clone()).execute(policy, 1 << 32).expect("the program runs");
    let replay = |plan: &SegmentPlan| {
        let record = trace(program, &plan.checkpoint, &framed, plan.cycles).expect("the segment replays");
        check_record(program, plan, &record);
        record
    };
    let records: Vec<_> = run.segments.iter().map(replay).collect();
    for (i, plans) in run.segments.windows(2).enumerate() {
        assert!(!plans[0].is_terminate);
        check_chain(&records[i], &plans[1].checkpoint);
    }
    assert!(run.segments.last().is_some_and(|plan| plan.is_terminate));
    assert_eq!(run.total_cycles, records.iter().map(|record| record.cycles.len() as u64).sum::<u64>());
    (run, records)
}

fn check_chain(record: &SegmentRecord, next: &Checkpoint) {
    assert_eq!((record.index + 1, record.final_pc), (next.index, next.pc));
    for leaf in &record.touched {
        for (i, value) in leaf.final_.into_iter().enumerate() {
            let word = 4 * leaf.leaf + i as u32;
            let kept = match leaf.space {
                REGISTERS => next.registers[word as usize],
                PUBLIC_VALUES => next.public_values[word as usize],
                _ => next.memory.word(word),
            };
            assert_eq!(value, kept, "space {} word {word:#x}", leaf.space);
        }
    }
}

fn check_record(program: &Program, plan: &SegmentPlan, record: &SegmentRecord) {
    assert_eq!(record.cycles.len() as u32, plan.cycles);
    assert_eq!((record.initial_pc, record.final_pc), (plan.checkpoint.pc, plan.final_pc));
    assert_eq!((record.is_terminate, record.exit_code), (plan.is_terminate, plan.exit_code));
    let mut memory = Memory { before: &plan.checkpoint, cells: BTreeMap::new() };
    let mut ecalls = record.ecalls.iter();
    let mut pc = record.initial_pc;
    for (i, cycle) in record.cycles.iter().enumerate() {
        assert_eq!(cycle.pc, pc);
        pc = cycle.next_pc;
        let instruction = program.instructions[cycle.instr_index as usize];
        assert_eq!(program.index_of(cycle.pc), Some(cycle.instr_index as usize));
        let ts = cycle_timestamp(i as u32);
        if instruction.op == Opcode::Ecall {
            let ecall = ecalls.next().expect("every call is recorded");
            assert_eq!((ecall.cycle, ecall.pc), (i as u32, cycle.pc));
            play_ecall(&mut memory, ecall, ts);
        } else {
            play(&mut memory, &instruction, cycle, ts);
        }
    }
    assert!(ecalls.next().is_none());
    assert_eq!(pc, record.final_pc);
    check_touched(&memory, record);
    check_dirty(plan, record);
    assert_eq!(recount(program, record), plan.counts);
}

fn play(memory: &mut Memory<'_>, i: &Instruction, cycle: &Cycle, ts: u32) {
    assert_eq!(cycle.rs1.is_some(), i.op.reads_rs1());
    assert_eq!(cycle.rs2.is_some(), i.op.reads_rs2());
    assert_eq!(cycle.mem.is_some(), i.op.is_load() || i.op.is_store());
    assert_eq!(cycle.rd.is_some(), i.op.has_rd() && i.rd != 0);
    if let Some(read) = cycle.rs1 {
        memory.read(i.rs1, read, ts);
    }
    if let Some(read) = cycle.rs2 {
        memory.read(i.rs2, read, ts + 1);
    }
    if let Some(access) = cycle.mem {
        assert_eq!(access.word, access.addr / 4);
        assert!(i.op.is_store() || access.prev == access.value);
        memory.access((GUEST_MEMORY, access.word), access.prev, access.prev_ts, access.value, ts + 2);
    }
    if let Some(write) = cycle.rd {
        memory.write(i.rd, write, ts + 3);
    }
}

fn play_ecall(memory: &mut Memory<'_>, ecall: &Ecall, ts: u32) {
    for (read, register, slot) in [(ecall.a7, 17, 0), (ecall.a0, 10, 1), (ecall.a1, 11, 2), (ecall.a2, 12, 3)]
    {
        memory.read(register, read, ts + slot);
    }
    for (access, slot) in [(ecall.mem, 4), (ecall.mem2, 5)] {
        if let Some(a) = access {
            memory.access((a.space, a.word), a.prev, a.prev_ts, a.value, ts + slot);
        }
    }
    if let Some(write) = ecall.a0_write {
        memory.write(10, write, ts + 6);
    }
}

fn check_touched(memory: &Memory<'_>, record: &SegmentRecord) {
    let leaves: BTreeSet<_> = memory.cells.keys().map(|&(space, word)| (space, word / 4)).collect();
    let recorded: Vec<_> = record.touched.iter().map(|leaf| (leaf.space, leaf.leaf)).collect();
    assert_eq!(leaves.into_iter().collect::<Vec<_>>(), recorded);
    for leaf in &record.touched {
        for i in 0..4 {
            let word = 4 * leaf.leaf + i as u32;
            let initial = memory.initial(leaf.space, word);
            let cell = memory.cells.get(&(leaf.space, word)).copied().unwrap_or((initial, 0));
            assert_eq!((leaf.initial[i], leaf.final_[i], leaf.final_ts[i]), (initial, cell.0, cell.1));
        }
    }
}

fn check_dirty(plan: &SegmentPlan, record: &SegmentRecord) {
    let changed = record.touched.iter().filter(|leaf| leaf.initial != leaf.final_);
    let expected: Vec<_> = changed.map(|leaf| (leaf.space, leaf.leaf, leaf.final_)).collect();
    let dirty: Vec<_> = plan.dirty_leaves.iter().map(|leaf| (leaf.space, leaf.leaf, leaf.words)).collect();
    assert_eq!(expected, dirty);
}

/// What the meter should have counted.
pub fn recount(program: &Program, record: &SegmentRecord) -> Counts {
    use Opcode::*;
    let mut counts: Counts = [0; Resource::COUNT];
    for cycle in &record.cycles {
        counts[Resource::Cycles as usize] += 1;
        let resource = match program.instructions[cycle.instr_index as usize].op {
            Xor | Xori | Or | Ori | And | Andi => Resource::Bitwise,
            Sll | Slli | Srl | Srli | Sra | Srai => Resource::Shift,
            Mul | Mulh | Mulhsu | Mulhu => Resource::Mul,
            Div | Divu | Rem | Remu => Resource::DivRem,
            Lb | Lbu | Lh | Lhu | Sb | Sh => Resource::SubWord,
            Slt | Slti | Sltu | Sltiu => Resource::Compare,
            Beq | Bne | Blt | Bge | Bltu | Bgeu => Resource::Branch,
            Ecall => Resource::Ecall,
            _ => continue,
        };
        counts[resource as usize] += 1;
    }
    let mut nodes = BTreeSet::new();
    for leaf in &record.touched {
        let label = leaf_label(leaf.space, leaf.leaf);
        nodes.extend((1..=27).map(|height| (height, label >> height)));
    }
    counts[Resource::Leaf as usize] = record.touched.len() as u32;
    counts[Resource::Node as usize] = nodes.len() as u32;
    counts
}
