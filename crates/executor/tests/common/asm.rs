//! Encodings of RV32IM, written from the manual's tables and independent of the decoder.

pub const fn r(funct7: u32, rs2: u32, rs1: u32, funct3: u32, rd: u32) -> u32 {
    funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x33
}

pub const fn i(opcode: u32, imm: i32, rs1: u32, funct3: u32, rd: u32) -> u32 {
    (imm as u32) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

pub const fn s(imm: i32, rs2: u32, rs1: u32, funct3: u32) -> u32 {
    let imm = imm as u32;
    (imm >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (imm & 0x1f) << 7 | 0x23
}

pub const fn b(imm: i32, rs2: u32, rs1: u32, funct3: u32) -> u32 {
    let imm = imm as u32;
    let high = (imm >> 12 & 1) << 31 | (imm >> 5 & 0x3f) << 25;
    let low = (imm >> 1 & 0xf) << 8 | (imm >> 11 & 1) << 7;
    high | rs2 << 20 | rs1 << 15 | funct3 << 12 | low | 0x63
}

pub const fn lui(imm20: u32, rd: u32) -> u32 {
    imm20 << 12 | rd << 7 | 0x37
}

pub const fn auipc(imm20: u32, rd: u32) -> u32 {
    imm20 << 12 | rd << 7 | 0x17
}

pub const fn jal(imm: i32, rd: u32) -> u32 {
    let imm = imm as u32;
    let high = (imm >> 20 & 1) << 31 | (imm >> 1 & 0x3ff) << 21;
    high | (imm >> 11 & 1) << 20 | (imm >> 12 & 0xff) << 12 | rd << 7 | 0x6f
}

pub const fn jalr(imm: i32, rs1: u32, rd: u32) -> u32 {
    i(0x67, imm, rs1, 0, rd)
}

pub const fn addi(imm: i32, rs1: u32, rd: u32) -> u32 {
    i(0x13, imm, rs1, 0, rd)
}

pub const fn lw(imm: i32, rs1: u32, rd: u32) -> u32 {
    i(0x03, imm, rs1, 2, rd)
}

pub const fn sw(imm: i32, rs2: u32, rs1: u32) -> u32 {
    s(imm, rs2, rs1, 2)
}

pub const ECALL: u32 = 0x73;

/// Loads a constant, in two instructions.
pub const fn li(value: u32, rd: u32) -> [u32; 2] {
    let high = value.wrapping_add(0x800) >> 12;
    [lui(high, rd), addi(value as i32 & 0xfff, rd, rd)]
}

/// A system call with constant arguments, in nine instructions.
pub fn call(number: u32, a0: u32, a1: u32, a2: u32) -> Vec<u32> {
    [&li(number, 17)[..], &li(a0, 10), &li(a1, 11), &li(a2, 12), &[ECALL]].concat()
}

/// `exit(code)`.
pub fn exit(code: u32) -> Vec<u32> {
    call(93, code, 0, 0)
}
