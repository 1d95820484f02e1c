//! Instructions of RV32IM and their decoding from 32-bit words.

/// Operation of an instruction.
///
/// `FENCE` is decoded as `ADDI x0, x0, 0`. Everything outside RV32IM (CSR access, `EBREAK`,
/// `UNIMP`, compressed or floating-point encodings) is [`Opcode::Illegal`]: it may stand in a
/// program, but executing it is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "the variants carry the mnemonics of the RISC-V manual")]
pub enum Opcode {
    Lui,
    Auipc,
    Jal,
    Jalr,
    Beq,
    Bne,
    Blt,
    Bge,
    Bltu,
    Bgeu,
    Lb,
    Lh,
    Lw,
    Lbu,
    Lhu,
    Sb,
    Sh,
    Sw,
    Addi,
    Slti,
    Sltiu,
    Xori,
    Ori,
    Andi,
    Slli,
    Srli,
    Srai,
    Add,
    Sub,
    Sll,
    Slt,
    Sltu,
    Xor,
    Srl,
    Sra,
    Or,
    And,
    Mul,
    Mulh,
    Mulhsu,
    Mulhu,
    Div,
    Divu,
    Rem,
    Remu,
    Ecall,
    Illegal,
}

impl Opcode {
    /// Number of operations.
    pub const COUNT: usize = Self::Illegal as usize + 1;

    /// Every operation, in the order of the enumeration.
    pub const ALL: [Self; Self::COUNT] = {
        use Opcode::*;
        [
            Lui, Auipc, Jal, Jalr, Beq, Bne, Blt, Bge, Bltu, Bgeu, Lb, Lh, Lw, Lbu, Lhu, Sb, Sh, Sw, Addi,
            Slti, Sltiu, Xori, Ori, Andi, Slli, Srli, Srai, Add, Sub, Sll, Slt, Sltu, Xor, Srl, Sra, Or, And,
            Mul, Mulh, Mulhsu, Mulhu, Div, Divu, Rem, Remu, Ecall, Illegal,
        ]
    };

    /// Whether the instruction reads `rs1`. (`ECALL` reads its registers by the call convention.)
    pub const fn reads_rs1(self) -> bool {
        use Opcode::*;
        !matches!(self, Lui | Auipc | Jal | Ecall | Illegal)
    }

    /// Whether the instruction reads `rs2`.
    pub const fn reads_rs2(self) -> bool {
        use Opcode::*;
        self.is_branch()
            || self.is_store()
            || matches!(self, Add | Sub | Sll | Slt | Sltu | Xor | Srl | Sra | Or | And)
            || matches!(self, Mul | Mulh | Mulhsu | Mulhu | Div | Divu | Rem | Remu)
    }

    /// Whether the instruction has a destination register (which may be `x0`).
    pub const fn has_rd(self) -> bool {
        !self.is_branch() && !self.is_store() && !matches!(self, Self::Ecall | Self::Illegal)
    }

    /// `BEQ` to `BGEU`.
    pub const fn is_branch(self) -> bool {
        use Opcode::*;
        matches!(self, Beq | Bne | Blt | Bge | Bltu | Bgeu)
    }

    /// `LB` to `LHU`.
    pub const fn is_load(self) -> bool {
        use Opcode::*;
        matches!(self, Lb | Lh | Lw | Lbu | Lhu)
    }

    /// `SB`, `SH`, `SW`.
    pub const fn is_store(self) -> bool {
        use Opcode::*;
        matches!(self, Sb | Sh | Sw)
    }
}

/// A decoded instruction. Register fields the operation does not use are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Operation.
    pub op: Opcode,
    /// Destination register, below 32.
    pub rd: u8,
    /// First source register, below 32.
    pub rs1: u8,
    /// Second source register, below 32.
    pub rs2: u8,
    /// Immediate, sign-extended in two's complement; already shifted for `LUI` and `AUIPC`; below 32
    /// for shifts; 0 where the operation has none.
    pub imm: u32,
}

impl Instruction {
    /// The instruction that must not be executed.
    pub const ILLEGAL: Self = Self { op: Opcode::Illegal, rd: 0, rs1: 0, rs2: 0, imm: 0 };

    /// Decodes one word; what is not RV32IM becomes [`Instruction::ILLEGAL`].
    pub fn decode(word: u32) -> Self {
        decode(word).unwrap_or(Self::ILLEGAL)
    }
}

fn decode(word: u32) -> Option<Instruction> {
    let rd = field(word, 7);
    let rs1 = field(word, 15);
    let rs2 = field(word, 20);
    let funct3 = (word >> 12) & 7;
    let funct7 = word >> 25;
    let make = |op, rd, rs1, rs2, imm| Some(Instruction { op, rd, rs1, rs2, imm });
    match word & 0x7f {
        0x37 => make(Opcode::Lui, rd, 0, 0, word & 0xffff_f000),
        0x17 => make(Opcode::Auipc, rd, 0, 0, word & 0xffff_f000),
        0x6f => make(Opcode::Jal, rd, 0, 0, imm_j(word)),
        0x67 if funct3 == 0 => make(Opcode::Jalr, rd, rs1, 0, imm_i(word)),
        0x63 => make(branch(funct3)?, 0, rs1, rs2, imm_b(word)),
        0x03 => make(load(funct3)?, rd, rs1, 0, imm_i(word)),
        0x23 => make(store(funct3)?, 0, rs1, rs2, imm_s(word)),
        0x13 => {
            let op = op_imm(funct3, funct7)?;
            let shift = matches!(op, Opcode::Slli | Opcode::Srli | Opcode::Srai);
            make(op, rd, rs1, 0, if shift { u32::from(rs2) } else { imm_i(word) })
        }
        0x33 => make(op_reg(funct3, funct7)?, rd, rs1, rs2, 0),
        // One hart and ordered memory: every fence is a no-op. FENCE.I (funct3 = 1) is not RV32IM.
        0x0f if funct3 == 0 => make(Opcode::Addi, 0, 0, 0, 0),
        0x73 if word == 0x73 => make(Opcode::Ecall, 0, 0, 0, 0),
        _ => None,
    }
}

const fn field(word: u32, shift: u32) -> u8 {
    ((word >> shift) & 31) as u8
}

const fn imm_i(word: u32) -> u32 {
    ((word as i32) >> 20) as u32
}

const fn imm_s(word: u32) -> u32 {
    (((word & 0xfe00_0000) as i32) >> 20) as u32 | ((word >> 7) & 0x1f)
}

const fn imm_b(word: u32) -> u32 {
    let sign = (((word & 0x8000_0000) as i32) >> 19) as u32;
    sign | ((word << 4) & 0x800) | ((word >> 20) & 0x7e0) | ((word >> 7) & 0x1e)
}

const fn imm_j(word: u32) -> u32 {
    let sign = (((word & 0x8000_0000) as i32) >> 11) as u32;
    sign | (word & 0xf_f000) | ((word >> 9) & 0x800) | ((word >> 20) & 0x7fe)
}

const fn branch(funct3: u32) -> Option<Opcode> {
    Some(match funct3 {
        0 => Opcode::Beq,
        1 => Opcode::Bne,
        4 => Opcode::Blt,
        5 => Opcode::Bge,
        6 => Opcode::Bltu,
        7 => Opcode::Bgeu,
        _ => return None,
    })
}

const fn load(funct3: u32) -> Option<Opcode> {
    Some(match funct3 {
        0 => Opcode::Lb,
        1 => Opcode::Lh,
        2 => Opcode::Lw,
        4 => Opcode::Lbu,
        5 => Opcode::Lhu,
        _ => return None,
    })
}

const fn store(funct3: u32) -> Option<Opcode> {
    Some(match funct3 {
        0 => Opcode::Sb,
        1 => Opcode::Sh,
        2 => Opcode::Sw,
        _ => return None,
    })
}

const fn op_imm(funct3: u32, funct7: u32) -> Option<Opcode> {
    Some(match (funct3, funct7) {
        (0, _) => Opcode::Addi,
        (1, 0) => Opcode::Slli,
        (2, _) => Opcode::Slti,
        (3, _) => Opcode::Sltiu,
        (4, _) => Opcode::Xori,
        (5, 0) => Opcode::Srli,
        (5, 0x20) => Opcode::Srai,
        (6, _) => Opcode::Ori,
        (7, _) => Opcode::Andi,
        _ => return None,
    })
}

const fn op_reg(funct3: u32, funct7: u32) -> Option<Opcode> {
    Some(match (funct7, funct3) {
        (0, 0) => Opcode::Add,
        (0, 1) => Opcode::Sll,
        (0, 2) => Opcode::Slt,
        (0, 3) => Opcode::Sltu,
        (0, 4) => Opcode::Xor,
        (0, 5) => Opcode::Srl,
        (0, 6) => Opcode::Or,
        (0, 7) => Opcode::And,
        (0x20, 0) => Opcode::Sub,
        (0x20, 5) => Opcode::Sra,
        (1, 0) => Opcode::Mul,
        (1, 1) => Opcode::Mulh,
        (1, 2) => Opcode::Mulhsu,
        (1, 3) => Opcode::Mulhu,
        (1, 4) => Opcode::Div,
        (1, 5) => Opcode::Divu,
        (1, 6) => Opcode::Rem,
        (1, 7) => Opcode::Remu,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: u32, op: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i32) {
        let expected = Instruction { op, rd, rs1, rs2, imm: imm as u32 };
        assert_eq!(Instruction::decode(word), expected, "{word:#010x}");
    }

    #[test]
    fn decodes_each_format() {
        check(0xdead_b2b7, Opcode::Lui, 5, 0, 0, 0xdead_b000_u32 as i32);
        check(0xffdf_f0ef, Opcode::Jal, 1, 0, 0, -4);
        check(0x0080_0567, Opcode::Jalr, 10, 0, 0, 8);
        check(0xfe20_9ee3, Opcode::Bne, 0, 1, 2, -4);
        check(0xfff5_0503, Opcode::Lb, 10, 10, 0, -1);
        check(0xfe11_2e23, Opcode::Sw, 0, 2, 1, -4);
        check(0xff01_0113, Opcode::Addi, 2, 2, 0, -16);
        check(0x41f5_d593, Opcode::Srai, 11, 11, 0, 31);
        check(0x02c5_d533, Opcode::Divu, 10, 11, 12, 0);
        check(0x0000_0073, Opcode::Ecall, 0, 0, 0, 0);
        check(0x0ff0_000f, Opcode::Addi, 0, 0, 0, 0);
    }

    #[test]
    fn refuses_what_is_not_rv32im() {
        // unimp, ebreak, csrrw, fence.i, shift by 32, all zero, all one, compressed, flw, amoadd.
        for word in [
            0xc000_1073,
            0x0010_0073,
            0x3400_1073,
            0x0000_100f,
            0x0205_9593,
            0,
            u32::MAX,
            0x4501_4501,
            0x0005_2507,
            0x00a5_252f,
        ] {
            assert_eq!(Instruction::decode(word), Instruction::ILLEGAL, "{word:#010x}");
        }
    }

    #[test]
    fn opcode_list_is_in_order() {
        for (i, op) in Opcode::ALL.into_iter().enumerate() {
            assert_eq!(op as usize, i);
        }
    }
}
