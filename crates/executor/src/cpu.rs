//! One instruction, for every kind of run.
//!
//! The fast run, the unconstrained run and the tracing run share [`step`], so that they cannot
//! disagree on what an instruction does; each brings its [`Machine`].

use finial_riscv::{Instruction, Opcode, Program};

use crate::{
    Resource,
    alu::{div, divu, extract, merge, mulh, mulhsu, mulhu, rem, remu, slt},
    error::{Cause, ExecutionError},
};

/// Why a step did not complete.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The segment ends before this instruction.
    Cut,
    /// The program exits with this code.
    Exit(u32),
    /// The unconstrained block ends.
    Leave,
    /// The instruction cannot be executed.
    Fault(Cause),
    /// An unconstrained block failed.
    Nested(Box<ExecutionError>),
}

impl From<Cause> for Stop {
    fn from(cause: Cause) -> Self {
        Self::Fault(cause)
    }
}

/// Registers and memory as one kind of run keeps them.
pub(crate) trait Machine {
    fn read_rs1(&mut self, register: u8) -> u32;
    fn read_rs2(&mut self, register: u8) -> u32;
    /// Writes a register; `x0` stays zero.
    fn write_rd(&mut self, register: u8, value: u32);
    /// The aligned word that contains `address`, which is below the limit.
    fn load(&mut self, address: u32) -> Result<u32, Stop>;
    /// Replaces the aligned word that contains `address`, which is below the limit.
    fn store(&mut self, address: u32, new: impl FnOnce(u32) -> u32) -> Result<(), Stop>;
    /// Performs the system call at `pc`.
    fn ecall(&mut self, pc: u32) -> Result<(), Stop>;
    /// Counts a resource of the instruction.
    fn count(&mut self, resource: Resource);
}

/// The range of program counters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodeRange {
    base: u32,
    size: u32,
}

impl CodeRange {
    pub(crate) fn new(program: &Program) -> Self {
        Self { base: program.pc_base, size: program.pc_end() - program.pc_base }
    }

    /// Index of the instruction at a word-aligned `pc`; beyond the program for a pc outside.
    #[inline(always)]
    pub(crate) const fn index(self, pc: u32) -> usize {
        (pc.wrapping_sub(self.base) / 4) as usize
    }

    #[inline(always)]
    fn jump(self, target: u32) -> Result<u32, Stop> {
        if !target.is_multiple_of(4) {
            return Err(Cause::MisalignedJump { target }.into());
        }
        if target.wrapping_sub(self.base) >= self.size {
            return Err(Cause::JumpOutside { target }.into());
        }
        Ok(target)
    }
}

/// Gives a fault its place.
pub(crate) fn fault(program: &Program, pc: u32, cause: Cause) -> ExecutionError {
    ExecutionError::Fault { pc, word: program.initial_word(pc), cause }
}

/// Resource of an instruction beside its cycle, leaves and nodes.
pub(crate) const fn resource(op: Opcode) -> Option<Resource> {
    use Opcode::*;
    Some(match op {
        Xor | Xori | Or | Ori | And | Andi => Resource::Bitwise,
        Sll | Slli | Srl | Srli | Sra | Srai => Resource::Shift,
        Mul | Mulh | Mulhsu | Mulhu => Resource::Mul,
        Div | Divu | Rem | Remu => Resource::DivRem,
        Lb | Lbu | Lh | Lhu | Sb | Sh => Resource::SubWord,
        Slt | Slti | Sltu | Sltiu => Resource::Compare,
        Beq | Bne | Blt | Bge | Bltu | Bgeu => Resource::Branch,
        Ecall => Resource::Ecall,
        _ => return None,
    })
}

#[inline(always)]
fn check_address(op: Opcode, address: u32) -> Result<(), Stop> {
    let size = match op {
        Opcode::Lw | Opcode::Sw => 4,
        Opcode::Lh | Opcode::Lhu | Opcode::Sh => 2,
        _ => 1,
    };
    if !address.is_multiple_of(size) {
        return Err(Cause::Misaligned { address, size }.into());
    }
    if address >= finial_riscv::ADDRESS_LIMIT {
        return Err(Cause::OutOfRange { address }.into());
    }
    Ok(())
}

/// Executes one instruction and returns the next program counter.
#[inline(always)]
pub(crate) fn step<M: Machine>(m: &mut M, i: &Instruction, pc: u32, code: CodeRange) -> Result<u32, Stop> {
    use Opcode::*;
    let next = pc.wrapping_add(4);
    macro_rules! reg_reg {
        ($f:expr) => {{
            let (a, b) = (m.read_rs1(i.rs1), m.read_rs2(i.rs2));
            let f: fn(u32, u32) -> u32 = $f;
            finish!(f(a, b))
        }};
    }
    macro_rules! reg_imm {
        ($f:expr) => {{
            let a = m.read_rs1(i.rs1);
            let f: fn(u32, u32) -> u32 = $f;
            finish!(f(a, i.imm))
        }};
    }
    macro_rules! finish {
        ($value:expr) => {{
            let value = $value;
            m.write_rd(i.rd, value);
            Ok(next)
        }};
    }
    macro_rules! branch {
        ($f:expr) => {{
            let (a, b) = (m.read_rs1(i.rs1), m.read_rs2(i.rs2));
            let f: fn(u32, u32) -> bool = $f;
            m.count(Resource::Branch);
            if f(a, b) { code.jump(pc.wrapping_add(i.imm)) } else { Ok(next) }
        }};
    }
    // The segment may be cut before a load or store, so these are counted once they have happened.
    macro_rules! load {
        ($op:expr $(, $resource:expr)?) => {{
            let address = m.read_rs1(i.rs1).wrapping_add(i.imm);
            check_address($op, address)?;
            let word = m.load(address)?;
            $(m.count($resource);)?
            finish!(extract($op, word, address))
        }};
    }
    macro_rules! store {
        ($op:expr $(, $resource:expr)?) => {{
            let (base, value) = (m.read_rs1(i.rs1), m.read_rs2(i.rs2));
            let address = base.wrapping_add(i.imm);
            check_address($op, address)?;
            m.store(address, |word| merge($op, word, address, value))?;
            $(m.count($resource);)?
            Ok(next)
        }};
    }
    macro_rules! counted {
        ($resource:expr, $result:expr) => {{
            let result = $result;
            m.count($resource);
            result
        }};
    }
    match i.op {
        Lui => finish!(i.imm),
        Auipc => finish!(pc.wrapping_add(i.imm)),
        Jal => {
            let target = code.jump(pc.wrapping_add(i.imm))?;
            m.write_rd(i.rd, next);
            Ok(target)
        }
        Jalr => {
            let target = code.jump(m.read_rs1(i.rs1).wrapping_add(i.imm) & !1)?;
            m.write_rd(i.rd, next);
            Ok(target)
        }
        Beq => branch!(|a, b| a == b),
        Bne => branch!(|a, b| a != b),
        Blt => branch!(|a, b| (a as i32) < (b as i32)),
        Bge => branch!(|a, b| (a as i32) >= (b as i32)),
        Bltu => branch!(|a, b| a < b),
        Bgeu => branch!(|a, b| a >= b),
        Lb => load!(Lb, Resource::SubWord),
        Lh => load!(Lh, Resource::SubWord),
        Lw => load!(Lw),
        Lbu => load!(Lbu, Resource::SubWord),
        Lhu => load!(Lhu, Resource::SubWord),
        Sb => store!(Sb, Resource::SubWord),
        Sh => store!(Sh, Resource::SubWord),
        Sw => store!(Sw),
        Addi => reg_imm!(u32::wrapping_add),
        Slti => counted!(Resource::Compare, reg_imm!(slt)),
        Sltiu => counted!(Resource::Compare, reg_imm!(|a, b| (a < b) as u32)),
        Xori => counted!(Resource::Bitwise, reg_imm!(|a, b| a ^ b)),
        Ori => counted!(Resource::Bitwise, reg_imm!(|a, b| a | b)),
        Andi => counted!(Resource::Bitwise, reg_imm!(|a, b| a & b)),
        Slli => counted!(Resource::Shift, reg_imm!(u32::wrapping_shl)),
        Srli => counted!(Resource::Shift, reg_imm!(u32::wrapping_shr)),
        Srai => counted!(Resource::Shift, reg_imm!(|a, b| (a as i32).wrapping_shr(b) as u32)),
        Add => reg_reg!(u32::wrapping_add),
        Sub => reg_reg!(u32::wrapping_sub),
        Sll => counted!(Resource::Shift, reg_reg!(u32::wrapping_shl)),
        Slt => counted!(Resource::Compare, reg_reg!(slt)),
        Sltu => counted!(Resource::Compare, reg_reg!(|a, b| (a < b) as u32)),
        Xor => counted!(Resource::Bitwise, reg_reg!(|a, b| a ^ b)),
        Srl => counted!(Resource::Shift, reg_reg!(u32::wrapping_shr)),
        Sra => counted!(Resource::Shift, reg_reg!(|a, b| (a as i32).wrapping_shr(b) as u32)),
        Or => counted!(Resource::Bitwise, reg_reg!(|a, b| a | b)),
        And => counted!(Resource::Bitwise, reg_reg!(|a, b| a & b)),
        Mul => counted!(Resource::Mul, reg_reg!(u32::wrapping_mul)),
        Mulh => counted!(Resource::Mul, reg_reg!(mulh)),
        Mulhsu => counted!(Resource::Mul, reg_reg!(mulhsu)),
        Mulhu => counted!(Resource::Mul, reg_reg!(mulhu)),
        Div => counted!(Resource::DivRem, reg_reg!(div)),
        Divu => counted!(Resource::DivRem, reg_reg!(divu)),
        Rem => counted!(Resource::DivRem, reg_reg!(rem)),
        Remu => counted!(Resource::DivRem, reg_reg!(remu)),
        Ecall => {
            m.ecall(pc)?;
            m.count(Resource::Ecall);
            Ok(next)
        }
        Illegal => Err(Cause::Illegal.into()),
    }
}
