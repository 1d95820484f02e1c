//! How an instruction stands in the program table: what the Cpu looks up on the PROGRAM bus.
//!
//! Everything that depends on the program alone is computed here once, not in the Cpu: `pc + imm` of branches and
//! `AUIPC`, the return address of `JAL` and `JALR`, whether `rd` is `x0`.

use finial_protocol::Val;
use finial_riscv::{ADDRESS_LIMIT, Instruction, Opcode, Program};
use p3_field::PrimeCharacteristicRing;

use crate::chips::operation;

/// Bits of the flag word; the first [`CLASSES`] are the classes, of which a Cpu row has exactly one.
pub mod flag {
    /// `r = a + b`.
    pub const ADD: usize = 0;
    /// `r = a − b`.
    pub const SUB: usize = 1;
    /// Compares `a < b`; `r` is the outcome.
    pub const COMPARE: usize = 2;
    /// Compares `a = b`.
    pub const EQUAL: usize = 3;
    /// `r = imm`, next pc is the target: `LUI`, `AUIPC`, `JAL`.
    pub const CONSTANT: usize = 4;
    /// `r = imm`, next pc is `a + target`.
    pub const JALR: usize = 5;
    /// `LW`.
    pub const LOAD_WORD: usize = 6;
    /// `SW`.
    pub const STORE_WORD: usize = 7;
    /// `LB`, `LBU`, `LH`, `LHU`.
    pub const LOAD_PART: usize = 8;
    /// `SB`, `SH`.
    pub const STORE_PART: usize = 9;
    /// `r = operation(a, b)` by a side table; the operation is in the target.
    pub const CHIP: usize = 10;
    /// The comparison is signed.
    pub const SIGNED: usize = 11;
    /// Jumps to the target if the comparison holds.
    pub const BRANCH_IF: usize = 12;
    /// Jumps to the target unless the comparison holds.
    pub const BRANCH_UNLESS: usize = 13;
    /// Reads `rs2`.
    pub const READS_RS2: usize = 14;
    /// Writes `rd`, which is not `x0`.
    pub const WRITES_RD: usize = 15;
    /// A system call; never on a Cpu row.
    pub const ECALL: usize = 16;
}

/// Flags that are classes.
pub const CLASSES: usize = 11;
/// Flags of a Cpu row.
pub const CPU_FLAGS: usize = 16;

/// An instruction as the program table states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Flag word, bit `f` for each flag of [`flag`]; 0 where nothing may be executed.
    pub flags: u32,
    /// First source register, 0 if unread.
    pub rs1: u32,
    /// Second source register, 0 if unread.
    pub rs2: u32,
    /// Destination register, 0 if there is none.
    pub rd: u32,
    /// The constant operand `b`; for parts of words, the operation of the SubWord table.
    pub imm: u32,
    /// Jump target; offset of `JALR`, loads and stores (signed); operation of a chip.
    pub target: Val,
}

impl Encoded {
    /// What must not be executed.
    const ILLEGAL: Self = Self { flags: 0, rs1: 0, rs2: 0, rd: 0, imm: 0, target: Val::ZERO };

    /// Whether a flag is set.
    #[must_use]
    pub const fn has(&self, flag: usize) -> bool {
        self.flags >> flag & 1 == 1
    }

    /// A load of any size.
    #[must_use]
    pub const fn is_load(&self) -> bool {
        self.has(flag::LOAD_WORD) || self.has(flag::LOAD_PART)
    }

    /// A store of any size.
    #[must_use]
    pub const fn is_store(&self) -> bool {
        self.has(flag::STORE_WORD) || self.has(flag::STORE_PART)
    }
}

/// Encodes all instructions of a program.
#[must_use]
pub fn encode_program(program: &Program) -> Vec<Encoded> {
    let pcs = (program.pc_base..).step_by(4);
    program.instructions.iter().zip(pcs).map(|(instruction, pc)| encode(*instruction, pc)).collect()
}

/// Encodes one instruction that stands at `pc`.
#[must_use]
pub fn encode(instruction: Instruction, pc: u32) -> Encoded {
    let Instruction { op, rd, rs1, rs2, imm } = instruction;
    if op == Opcode::Illegal {
        return Encoded::ILLEGAL;
    }
    let (flags, imm, target) = operands(op, imm, pc);
    let mut flags = flags.iter().fold(0, |word, flag| word | 1 << flag);
    if op.reads_rs2() {
        flags |= 1 << flag::READS_RS2;
    }
    // x0 is never written: reads of it find the zero that it starts with.
    if op.has_rd() && rd != 0 {
        flags |= 1 << flag::WRITES_RD;
    }
    Encoded { flags, rs1: rs1.into(), rs2: rs2.into(), rd: rd.into(), imm, target }
}

/// Flags, constant operand and target.
fn operands(op: Opcode, imm: u32, pc: u32) -> (&'static [usize], u32, Val) {
    use Opcode::*;
    use flag::*;
    let next = code_address(pc.wrapping_add(4));
    let jump = code_address(pc.wrapping_add(imm));
    let offset = Val::from_i32(imm.cast_signed());
    let link = pc.wrapping_add(4);
    let chip = |operation: u32, imm: u32| (&[CHIP][..], imm, Val::from_u32(operation));
    match op {
        Lui => (&[CONSTANT], imm, next),
        Auipc => (&[CONSTANT], pc.wrapping_add(imm), next),
        Jal => (&[CONSTANT], link, jump),
        Jalr => (&[JALR], link, offset),
        Beq => (&[EQUAL, BRANCH_IF], 0, jump),
        Bne => (&[EQUAL, BRANCH_UNLESS], 0, jump),
        Blt => (&[COMPARE, SIGNED, BRANCH_IF], 0, jump),
        Bge => (&[COMPARE, SIGNED, BRANCH_UNLESS], 0, jump),
        Bltu => (&[COMPARE, BRANCH_IF], 0, jump),
        Bgeu => (&[COMPARE, BRANCH_UNLESS], 0, jump),
        Lw => (&[LOAD_WORD], 0, offset),
        Sw => (&[STORE_WORD], 0, offset),
        Lb => (&[LOAD_PART], operation::LB, offset),
        Lbu => (&[LOAD_PART], operation::LBU, offset),
        Lh => (&[LOAD_PART], operation::LH, offset),
        Lhu => (&[LOAD_PART], operation::LHU, offset),
        Sb => (&[STORE_PART], operation::SB, offset),
        Sh => (&[STORE_PART], operation::SH, offset),
        Addi | Add => (&[ADD], imm, Val::ZERO),
        Sub => (&[SUB], 0, Val::ZERO),
        Slti | Slt => (&[COMPARE, SIGNED], imm, Val::ZERO),
        Sltiu | Sltu => (&[COMPARE], imm, Val::ZERO),
        Xori | Xor => chip(operation::XOR, imm),
        Ori | Or => chip(operation::OR, imm),
        Andi | And => chip(operation::AND, imm),
        Slli | Sll => chip(operation::SLL, imm),
        Srli | Srl => chip(operation::SRL, imm),
        Srai | Sra => chip(operation::SRA, imm),
        Mul => chip(operation::MUL, 0),
        Mulh => chip(operation::MULH, 0),
        Mulhsu => chip(operation::MULHSU, 0),
        Mulhu => chip(operation::MULHU, 0),
        Div => chip(operation::DIV, 0),
        Divu => chip(operation::DIVU, 0),
        Rem => chip(operation::REM, 0),
        Remu => chip(operation::REMU, 0),
        Ecall => (&[ECALL], 0, Val::ZERO),
        Illegal => (&[], 0, Val::ZERO),
    }
}

/// A code address as a field element. What no program can contain becomes −1, which no row of the program table has: reduced
/// modulo p it could name an instruction.
fn code_address(address: u32) -> Val {
    if address < ADDRESS_LIMIT && address.is_multiple_of(4) { Val::from_u32(address) } else { Val::NEG_ONE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_executable_operation_has_exactly_one_class() {
        for op in Opcode::ALL {
            let encoded = encode(Instruction { op, rd: 1, rs1: 2, rs2: 3, imm: 4 }, 0x1000);
            let classes = (encoded.flags & ((1 << CLASSES) - 1)).count_ones();
            let expected = u32::from(!matches!(op, Opcode::Ecall | Opcode::Illegal));
            assert_eq!(classes, expected, "{op:?}");
        }
    }

    #[test]
    fn impossible_targets_alias_no_instruction() {
        let back = encode(
            Instruction { op: Opcode::Jal, rd: 0, rs1: 0, rs2: 0, imm: 0u32.wrapping_sub(0x2000) },
            0x1000,
        );
        assert_eq!(back.target, Val::NEG_ONE);
        let odd = encode(Instruction { op: Opcode::Jal, rd: 0, rs1: 0, rs2: 0, imm: 2 }, 0x1000);
        assert_eq!(odd.target, Val::NEG_ONE);
        assert!(!odd.has(flag::WRITES_RD));
    }
}
