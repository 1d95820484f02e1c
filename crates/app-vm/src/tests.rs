//! Tests of all tables together: guests and random programs check, and prove.

use finial_protocol::machine::{ProvingKey, VerifyingKey};
use finial_protocol::{InnerConfig, ProofShape, Val, params};
use finial_riscv::{Instruction, Opcode, Opcode::*, Program};
use p3_air::BaseAir;
use p3_field::PrimeCharacteristicRing;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::air::{AppAir, Table, prover_airs, verifier_airs};
use crate::check::Violation;
use crate::cpu::CPU_WIDTH;
use crate::shape::catalogue;
use crate::testing::{
    Segment, first_records, first_segments, load_immediate, op, program, segment, segments,
};

fn guest(name: &str) -> (Program, Vec<u8>) {
    let folder = format!("{}/../../tests/guests", env!("CARGO_MANIFEST_DIR"));
    let elf = std::fs::read(format!("{folder}/elf/{name}.elf")).expect("the guest is there");
    let input = std::fs::read(format!("{folder}/inputs/{name}.bin")).expect("its input is there");
    (Program::from_elf(&elf).expect("the guest loads"), finial_executor::frame_input(&input))
}

fn assert_valid(segment: &Segment, what: &str) {
    let violations = segment.violations();
    if let Some(Violation::Constraint { row, .. }) = violations.first() {
        println!("{:?}", segment.record.cycles.get(*row));
    }
    assert_eq!(violations.iter().take(5).collect::<Vec<_>>(), Vec::<&Violation>::new(), "{what}");
}

#[test]
fn fibonacci_is_valid_in_one_segment_and_in_many() {
    let (program, input) = guest("fibonacci");
    assert_valid(&segments(&program, &input, 1 << 20)[0], "fibonacci");
    let pieces = segments(&program, &input, 1000);
    assert!(pieces.len() > 3);
    for pair in pieces.windows(2) {
        let [before, after] = pair else { unreachable!() };
        let (before, after) = (&before.traces.public_values[1], &after.traces.public_values[1]);
        assert_eq!(before[0], Val::ZERO);
        assert_eq!(before[2], after[1], "pc");
        assert_eq!(before[12..], after[4..12], "memory root");
    }
    pieces.iter().for_each(|segment| assert_valid(segment, "a piece of fibonacci"));
}

#[test]
fn hashing_is_valid() {
    let (program, input) = guest("sha256-chain");
    segments(&program, &input, 1 << 20).iter().for_each(|segment| assert_valid(segment, "sha256"));
}

#[test]
fn signatures_are_valid() {
    let (program, input) = guest("ecdsa-verify");
    // The first segments: reading, hashing and field arithmetic.
    let prefix = first_segments(&program, &input, 20_000, 2);
    prefix.iter().for_each(|segment| assert_valid(segment, "ecdsa"));
}

/// Words on which operations go wrong, if anywhere.
const CORNERS: [u32; 14] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_0000,
    0xffff_ffff,
];

const REGISTER_OPERATIONS: [Opcode; 18] =
    [Add, Sub, Sll, Slt, Sltu, Xor, Srl, Sra, Or, And, Mul, Mulh, Mulhsu, Mulhu, Div, Divu, Rem, Remu];
const IMMEDIATE_OPERATIONS: [Opcode; 6] = [Addi, Slti, Sltiu, Xori, Ori, Andi];
const SHIFTS: [Opcode; 3] = [Slli, Srli, Srai];
const BRANCHES: [Opcode; 6] = [Beq, Bne, Blt, Bge, Bltu, Bgeu];

#[test]
fn every_operation_is_valid_on_corners() {
    let mut code = vec![];
    for a in CORNERS {
        for b in CORNERS {
            code.extend(word(1, a));
            code.extend(word(2, b));
            code.extend(REGISTER_OPERATIONS.map(|operation| op(operation, 3, 1, 2, 0)));
            code.extend(BRANCHES.map(|operation| op(operation, 0, 1, 2, 4)));
        }
    }
    assert_valid(&segment(&program(code)), "corners");
}

/// `rd = value` for any value.
fn word(rd: u8, value: u32) -> [Instruction; 2] {
    // ADDI extends its sign.
    let low = ((value << 20).cast_signed() >> 20).cast_unsigned();
    let [lui, addi] = load_immediate(rd, value.wrapping_sub(low));
    [lui, Instruction { imm: low, ..addi }]
}

#[test]
fn loads_and_stores_are_valid_at_every_offset() {
    let mut code = word(1, 0x8000).to_vec();
    for value in [0x8091_7f23, 0xff00_8001] {
        code.extend(word(2, value));
        for offset in 0..4u32 {
            code.push(op(Sw, 0, 1, 2, 0));
            code.push(op(Sb, 0, 1, 2, offset + 4));
            code.extend([Lb, Lbu].map(|operation| op(operation, 3, 1, 0, offset)));
            // The address of the same byte from above.
            code.extend(word(4, 0x8800 + offset));
            code.push(op(Lb, 0, 4, 0, 0x800u32.wrapping_neg()));
            if offset % 2 == 0 {
                code.push(op(Sh, 0, 1, 2, offset + 8));
                code.extend([Lh, Lhu].map(|operation| op(operation, 3, 1, 0, offset)));
            }
        }
    }
    // Addresses that wrap around 2^32, and whose low limb borrows.
    code.extend(word(5, 0xffff_fffc));
    code.push(op(Lw, 6, 5, 0, 8));
    code.extend(word(5, 0x1_0004));
    code.push(op(Lw, 6, 5, 0, 8u32.wrapping_neg()));
    assert_valid(&segment(&program(code)), "loads and stores");
}

#[test]
fn jumps_are_valid() {
    let code = [
        op(Auipc, 1, 0, 0, 0),
        op(Jalr, 2, 1, 0, 12),
        op(Illegal, 0, 0, 0, 0),
        op(Jalr, 0, 1, 0, 21),
        op(Illegal, 0, 0, 0, 0),
        op(Jal, 3, 0, 0, 8),
        op(Illegal, 0, 0, 0, 0),
        op(Auipc, 4, 0, 0, 0xffff_f000),
        op(Lui, 0, 0, 0, 0x1000),
        op(Beq, 0, 0, 0, 8),
        op(Illegal, 0, 0, 0, 0),
        op(Addi, 0, 0, 0, 5),
        op(Add, 7, 0, 0, 0),
    ];
    assert_valid(&segment(&program(code)), "jumps");
}

#[test]
fn random_programs_are_valid() {
    for seed in 0..6 {
        let mut random = StdRng::seed_from_u64(seed);
        let code = random_code(&mut random, 2000);
        for segment in segments(&program(code), &[], 700) {
            assert_valid(&segment, &format!("seed {seed}"));
        }
    }
}

/// Random operations on registers 1 to 15 and on a few words; x31 points to them.
fn random_code(random: &mut StdRng, length: usize) -> Vec<Instruction> {
    let mut code = word(31, 0x1_0000).to_vec();
    for register in 1..16 {
        code.extend(word(register, random_word(random)));
    }
    for _ in 0..length {
        code.push(random_instruction(random));
    }
    // Where a last branch lands.
    code.push(op(Addi, 0, 0, 0, 0));
    code
}

fn random_word(random: &mut StdRng) -> u32 {
    if random.random_bool(0.5) { CORNERS[random.random_range(0..CORNERS.len())] } else { random.random() }
}

fn random_instruction(random: &mut StdRng) -> Instruction {
    let [rd, rs1, rs2] = [(); 3].map(|()| random.random_range(0..16u8));
    let immediate = (random.random::<u32>().cast_signed() >> 20).cast_unsigned();
    let pick = |random: &mut StdRng, list: &[Opcode]| list[random.random_range(0..list.len())];
    match random.random_range(0..10) {
        0..4 => op(pick(random, &REGISTER_OPERATIONS), rd, rs1, rs2, 0),
        4 => op(pick(random, &IMMEDIATE_OPERATIONS), rd, rs1, 0, immediate),
        5 => op(pick(random, &SHIFTS), rd, rs1, 0, immediate & 31),
        6 => op(pick(random, &BRANCHES), 0, rs1, rs2, 8),
        7 => op(pick(random, &[Lui, Auipc]), rd, 0, 0, random.random::<u32>() & 0xffff_f000),
        8 => {
            let (load, align) = [(Lb, 1), (Lbu, 1), (Lh, 2), (Lhu, 2), (Lw, 4)][random.random_range(0..5)];
            op(load, rd, 31, 0, random.random_range(0..16u32) * align)
        }
        _ => {
            let (store, align) = [(Sb, 1), (Sh, 2), (Sw, 4)][random.random_range(0..3)];
            op(store, 0, 31, rs2, random.random_range(0..16u32) * align)
        }
    }
}

#[test]
fn keys_hold_the_budget() {
    let airs = verifier_airs();
    for shape in catalogue() {
        // Fails for a constraint of degree above three.
        let key = VerifyingKey::<InnerConfig>::new(params::APP, &airs, &shape.log_heights).expect("degree 3");
        let ProofShape { tables, .. } = &key.shape;
        let main: usize = tables.iter().map(|table| table.width).sum();
        let permutation: usize = tables.iter().map(|table| table.permutation_width(4)).sum();
        assert!(main <= 700 && permutation <= 650, "{main} main and {permutation} permutation columns");
        assert!(tables.iter().all(|table| !table.main_next && !table.preprocessed_next));
        let cells = key.shape.main_cells() as f64 / shape.height(Table::Cpu) as f64;
        assert!(cells <= 130.0, "shape {}: {cells} main cells a cycle", shape.name);
    }
}

#[test]
fn a_segment_proves_and_verifies() {
    let (program, input) = guest("fibonacci");
    let encoded = crate::segment::EncodedProgram::new(&program);
    let shape = &catalogue()[0];
    let airs = prover_airs(&program, crate::shape::DEFAULT_LOG_PROGRAM_HEIGHT).expect("the program fits");
    let run = first_records(&program, &input, 1 << 20, 1);
    let (record, memory) = &run[0];
    let traces = crate::segment::trace_segment(&encoded, record, memory, shape).expect("the shape holds it");
    // As the layer, but quick to grind: what is tested here is the tables.
    let params =
        params::LayerParams { grinding: params::Grinding::uniform(0), num_queries: 4, ..params::APP };
    let key =
        ProvingKey::<InnerConfig, AppAir>::new(params, airs, &shape.log_heights).expect("the keys are made");
    let proof = key.prove(&traces.traces, &traces.public_values).expect("the segment proves");
    let verify = |public: &[Vec<Val>]| key.vk.verify(&verifier_airs(), key.preprocessed(), &proof, public);
    verify(&traces.public_values).expect("the proof verifies");
    for i in 0..traces.public_values[1].len() {
        let mut other = traces.public_values.clone();
        other[1][i] += Val::ONE;
        assert!(verify(&other).is_err(), "public value {i}");
    }
    assert!(BaseAir::preprocessed_trace(&verifier_airs()[1]).is_none());

    // A trace that breaks one constraint on one row makes a proof that is rejected.
    let mut broken = traces;
    let cell = &mut broken.traces[Table::Cpu as usize].values[CPU_WIDTH * 100 + 2];
    *cell += Val::ONE;
    let forged = key.prove(&broken.traces, &broken.public_values).expect("the prover does not check");
    assert!(key.vk.verify(&verifier_airs(), key.preprocessed(), &forged, &broken.public_values).is_err());
}
