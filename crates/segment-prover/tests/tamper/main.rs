//! Proofs of whole runs, and every way to bend them that we know of.
//!
//! The proofs are real (production parameters); shapes are small, so that fibonacci's 4.8 k cycles are several segments.

mod structure;

use std::path::PathBuf;
use std::sync::LazyLock;

use finial_app_vm::air::{TABLES, Table};
use finial_app_vm::shape::Shape;
use finial_executor::frame_input;
use finial_protocol::{MachineError, Val};
use finial_riscv::{Instruction, Opcode, Program};
use finial_segment_prover::{
    AppConfig, AppProvingKey, Progress, ProveError, ProveOptions, ProvenRun, prove_program,
};
use finial_segment_verifier::{
    AppVerifyingKey, ContinuationVmProof, DecodeError, Executable, SegmentProof, VerifyError,
};
use p3_field::PrimeCharacteristicRing;
use sha2::{Digest as _, Sha256};

fn config() -> AppConfig {
    let shape = |name, log_cycles: usize| {
        let mut log_heights = [log_cycles; TABLES];
        log_heights[Table::Program as usize] = 16;
        log_heights[Table::Lookup as usize] = 16;
        Shape { name, log_heights }
    };
    AppConfig::new(vec![shape("tiny", 10), shape("small", 11)]).unwrap()
}

fn guest(name: &str) -> Program {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/elf");
    Program::from_elf(&std::fs::read(root.join(name).with_extension("elf")).unwrap()).unwrap()
}

struct Fixture {
    key: AppProvingKey,
    verifier: AppVerifyingKey,
    /// fib(10), in at least three segments.
    run: ProvenRun,
    bytes: Vec<u8>,
    /// fib(11).
    other: Vec<u8>,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let key = AppProvingKey::new(&guest("fibonacci"), config()).unwrap();
    let prove = |n: u32, workers| {
        let options = ProveOptions { workers, ..ProveOptions::default() };
        prove_program(&key, &frame_input(&n.to_le_bytes()), &options, &|_| {}).unwrap()
    };
    let run = prove(10, 1);
    let other = prove(11, 2).proof.to_bytes().unwrap();
    let bytes = run.proof.to_bytes().unwrap();
    Fixture { verifier: AppVerifyingKey::new(&config()).unwrap(), key, run, bytes, other }
});

impl Fixture {
    fn proof(&self) -> ContinuationVmProof {
        ContinuationVmProof::from_bytes(&self.bytes).unwrap()
    }

    fn other(&self) -> ContinuationVmProof {
        ContinuationVmProof::from_bytes(&self.other).unwrap()
    }

    /// The verdict on the proof after `edit`.
    fn verdict(&self, edit: impl FnOnce(&mut ContinuationVmProof)) -> Result<(), VerifyError> {
        let mut proof = self.proof();
        edit(&mut proof);
        self.verifier.verify(self.key.executable(), &proof).map(drop)
    }
}

#[test]
fn honest_run_verifies() {
    let fixture = &*FIXTURE;
    let verified = fixture.verifier.verify(fixture.key.executable(), &fixture.proof()).unwrap();
    assert!(verified.segments >= 3, "{} segments", verified.segments);
    assert_eq!(fixture.run.public_output, 55u32.to_le_bytes());
    assert_eq!(verified.public_values, <[u8; 32]>::from(Sha256::digest(&fixture.run.public_output)));
    assert_eq!(fixture.run.segments.len(), verified.segments);
    let other = fixture.verifier.verify(fixture.key.executable(), &fixture.other()).unwrap();
    assert_eq!(other.public_values, <[u8; 32]>::from(Sha256::digest(89u32.to_le_bytes())));
}

#[test]
fn segments_dropped_repeated_reordered() {
    let fixture = &*FIXTURE;
    let segment = |index: usize| fixture.proof().per_segment.swap_remove(index);
    let first = fixture.verdict(|p| drop(p.per_segment.remove(0)));
    assert!(matches!(first, Err(VerifyError::FirstPc)));
    let middle = fixture.verdict(|p| drop(p.per_segment.remove(1)));
    assert!(matches!(middle, Err(VerifyError::Pc { segment: 1 } | VerifyError::Root { segment: 1 })));
    assert!(matches!(fixture.verdict(|p| drop(p.per_segment.pop())), Err(VerifyError::NotTerminated)));
    assert!(matches!(fixture.verdict(|p| p.per_segment.clear()), Err(VerifyError::NoSegments)));
    let repeated = fixture.verdict(|p| p.per_segment.insert(1, segment(0)));
    assert!(matches!(repeated, Err(VerifyError::Pc { segment: 1 } | VerifyError::Root { segment: 1 })));
    let swapped = fixture.verdict(|p| p.per_segment.swap(1, 2));
    assert!(matches!(swapped, Err(VerifyError::Pc { segment: 1 } | VerifyError::Root { segment: 1 })));
    let going_on = fixture.verdict(|p| p.per_segment.push(segment(0)));
    let last = fixture.run.segments.len() - 1;
    assert!(matches!(going_on, Err(VerifyError::EarlyTermination { segment }) if segment == last));
}

#[test]
fn segments_of_another_run() {
    let fixture = &*FIXTURE;
    let count = fixture.run.segments.len();
    for index in 0..count {
        let theirs = fixture.other().per_segment.swap_remove(index);
        let verdict = fixture.verdict(|p| p.per_segment[index] = theirs);
        assert!(matches!(
            verdict,
            Err(VerifyError::Pc { .. } | VerifyError::Root { .. } | VerifyError::PublicValues)
        ));
        // Their STARK under our statement.
        let theirs = fixture.other().per_segment.swap_remove(index);
        let verdict = fixture.verdict(|p| p.per_segment[index].proof = theirs.proof);
        assert!(matches!(verdict, Err(VerifyError::Segment { segment, .. }) if segment == index));
    }
    let theirs = fixture.other().user_public_values;
    assert!(matches!(fixture.verdict(|p| p.user_public_values = theirs), Err(VerifyError::PublicValues)));
}

#[test]
fn every_public_value_is_bound() {
    let fixture = &*FIXTURE;
    let commit = fixture.key.executable().app_commit;
    for i in 0..20 {
        let mut proof = fixture.proof();
        let segment = &mut proof.per_segment[1];
        segment.public_values[i] += Val::ONE;
        let verdict = fixture.verifier.verify_segment(&commit, 1, segment);
        assert!(matches!(verdict, Err(VerifyError::Segment { segment: 1, .. })), "value {i}");
    }
    for byte in 0..32 {
        let verdict = fixture.verdict(|p| p.user_public_values.values[byte] ^= 0x80);
        assert!(matches!(verdict, Err(VerifyError::PublicValues)));
    }
    for level in 0..25 {
        let verdict = fixture.verdict(|p| p.user_public_values.siblings[level][level % 8] += Val::ONE);
        assert!(matches!(verdict, Err(VerifyError::PublicValues)));
    }
}

#[test]
fn the_executable_is_bound() {
    let fixture = &*FIXTURE;
    let honest = *fixture.key.executable();
    let proof = fixture.proof();
    let verdict = |executable: Executable| fixture.verifier.verify(&executable, &proof).map(drop);
    let mut forged = honest;
    forged.app_commit[3] += Val::ONE;
    assert!(matches!(verdict(forged), Err(VerifyError::Segment { segment: 0, .. })));
    let mut forged = honest;
    forged.initial_root[0] += Val::ONE;
    assert!(matches!(verdict(forged), Err(VerifyError::FirstRoot)));
    let forged = Executable { pc_start: honest.pc_start + 4, ..honest };
    assert!(matches!(verdict(forged), Err(VerifyError::FirstPc)));
}

#[test]
fn shapes_are_the_catalogues() {
    let fixture = &*FIXTURE;
    let unknown = fixture.verdict(|p| p.per_segment[0].shape = 2);
    assert!(matches!(unknown, Err(VerifyError::UnknownShape { segment: 0, shape: 2 })));
    let other = fixture.verdict(|p| p.per_segment[0].shape ^= 1);
    let heights =
        |e| matches!(e, Err(VerifyError::Segment { segment: 0, source: MachineError::ProofHeights }));
    assert!(heights(other));
    // The proof states the other shape's heights, too.
    let lied = fixture.verdict(|p| {
        let segment: &mut SegmentProof = &mut p.per_segment[0];
        segment.shape ^= 1;
        let shape = &config().shapes()[segment.shape as usize].clone();
        segment.proof.degree_bits = shape.log_heights.to_vec();
    });
    assert!(matches!(lied, Err(VerifyError::Segment { segment: 0, source: MachineError::Rejected(_) })));
    // Fixed tables of different heights would give a program several commitments.
    let mut shapes = config().shapes().to_vec();
    shapes[1].log_heights[Table::Program as usize] = 15;
    assert!(matches!(AppConfig::new(shapes), Err(VerifyError::Catalogue)));
    assert!(matches!(AppConfig::new(vec![]), Err(VerifyError::Catalogue)));
}

#[test]
fn one_commitment_in_all_shapes() {
    let program = guest("fibonacci");
    let key = AppProvingKey::new(&program, AppConfig::default()).unwrap();
    for shape in 0..key.config().shapes().len() {
        assert_eq!(key.commitment(shape).unwrap(), key.executable().app_commit);
    }
    // The same as in the other configuration: it is the program's.
    assert_eq!(FIXTURE.key.executable(), key.executable());
    let other = AppProvingKey::new(&guest("sha256-chain"), AppConfig::default()).unwrap();
    assert_ne!(other.executable().app_commit, key.executable().app_commit);
}

#[test]
fn bytes_are_exact() {
    let fixture = &*FIXTURE;
    let bytes = &fixture.bytes;
    let decode = |bytes: &[u8]| ContinuationVmProof::from_bytes(bytes).err();
    assert_eq!(decode(bytes), None);
    for length in [0, 1, 2, bytes.len() / 3, bytes.len() / 2, bytes.len() - 33, bytes.len() - 1] {
        assert!(matches!(decode(&bytes[..length]), Some(DecodeError::Malformed(_))), "{length} bytes");
    }
    let extended = [bytes.as_slice(), &[0]].concat();
    assert_eq!(decode(&extended), Some(DecodeError::Trailing(1)));
    // The number of segments in two bytes where one would do.
    let long = [&[bytes[0] | 0x80, 0], &bytes[1..]].concat();
    assert_eq!(decode(&long), Some(DecodeError::NotCanonical));
}

/// A bit anywhere: the bytes do not decode, or the proof does not verify.
#[test]
fn flipped_bits_are_noticed() {
    let fixture = &*FIXTURE;
    let executable = fixture.key.executable();
    let length = fixture.bytes.len();
    let (mut undecoded, mut rejected) = (0, 0);
    let ends = (0..24).chain((0..24).map(|i| length - 1 - 17 * i));
    let spread = (0..96).map(|i| (i * 0x9e37_79b9usize) % length);
    for (i, at) in ends.chain(spread).enumerate() {
        let mut bytes = fixture.bytes.clone();
        bytes[at] ^= 1 << (i % 8);
        match ContinuationVmProof::from_bytes(&bytes) {
            Err(_) => undecoded += 1,
            Ok(proof) => {
                assert!(fixture.verifier.verify(executable, &proof).is_err(), "bit {} of byte {at}", i % 8);
                rejected += 1;
            }
        }
    }
    assert!(undecoded > 0 && rejected > 80, "{undecoded} undecoded, {rejected} rejected");
}

const fn op(op: Opcode, rd: u8, rs1: u8, rs2: u8, imm: u32) -> Instruction {
    Instruction { op, rd, rs1, rs2, imm }
}

fn program_exiting_with(code: u32) -> Program {
    let instructions =
        vec![op(Opcode::Addi, 17, 0, 0, 93), op(Opcode::Addi, 10, 0, 0, code), op(Opcode::Ecall, 0, 0, 0, 0)];
    Program { entry: 0x1000, pc_base: 0x1000, instructions, image: Default::default() }
}

#[test]
fn a_failing_program_is_refused_by_prover_and_verifier() {
    let key = AppProvingKey::new(&program_exiting_with(7), config()).unwrap();
    let refused = prove_program(&key, &[], &ProveOptions::default(), &|_| {});
    assert!(matches!(refused, Err(ProveError::ExitCode { code: 7, .. })));

    // A prover who proves it all the same.
    let run = finial_executor::Executor::new(key.program(), vec![]).execute(&key.policy(), 100).unwrap();
    let plan = &run.segments[0];
    let record = finial_executor::trace(key.program(), &plan.checkpoint, &[], plan.cycles).unwrap();
    let segment = finial_segment_prover::prove_segment(&key, 0, &record, key.initial_memory()).unwrap();
    let after = key.initial_memory().after(&record.touched).unwrap();
    let mut proof = ContinuationVmProof {
        per_segment: vec![segment],
        user_public_values: after.open_public_values().unwrap(),
    };
    let verifier = &FIXTURE.verifier;
    assert!(matches!(verifier.verify(key.executable(), &proof), Err(VerifyError::ExitCode(7))));
    // And who claims another code, or no end.
    proof.per_segment[0].public_values[3] = Val::ZERO;
    assert!(matches!(
        verifier.verify(key.executable(), &proof),
        Err(VerifyError::Segment { segment: 0, .. })
    ));
    proof.per_segment[0].public_values[0] = Val::ZERO;
    assert!(matches!(verifier.verify(key.executable(), &proof), Err(VerifyError::NotTerminated)));
}

#[test]
fn the_prover_says_what_cannot_be_proven() {
    let fixture = &*FIXTURE;
    let prove = |max_cycles| {
        let options = ProveOptions { workers: 1, max_cycles };
        prove_program(&fixture.key, &frame_input(&10u32.to_le_bytes()), &options, &|_| {}).map(drop)
    };
    assert!(matches!(prove(100), Err(ProveError::Execution(_))));
    let registers: Vec<_> = (0..8).map(|leaf| (leaf, [1; 8])).collect();
    let memory = fixture.key.initial_memory().update(&registers);
    let run = finial_executor::Executor::new(fixture.key.program(), frame_input(&10u32.to_le_bytes()))
        .execute(&fixture.key.policy(), 1 << 20)
        .unwrap();
    let plan = &run.segments[0];
    let input = frame_input(&10u32.to_le_bytes());
    let record =
        finial_executor::trace(fixture.key.program(), &plan.checkpoint, &input, plan.cycles).unwrap();
    let prove =
        |shape, memory| finial_segment_prover::prove_segment(&fixture.key, shape, &record, memory).map(drop);
    assert!(matches!(prove(1, &memory), Err(ProveError::Memory { segment: 0, .. })));
    assert!(matches!(prove(9, fixture.key.initial_memory()), Err(ProveError::UnknownShape(9))));
    assert!(matches!(prove(0, fixture.key.initial_memory()), Err(ProveError::Fit { segment: 0, .. })));
    let mut long = program_exiting_with(0);
    long.instructions.resize(70_000, op(Opcode::Illegal, 0, 0, 0, 0));
    assert!(matches!(AppProvingKey::new(&long, config()), Err(ProveError::Program(_))));
}

#[test]
fn progress_is_reported() {
    let key = AppProvingKey::new(&program_exiting_with(0), config()).unwrap();
    let seen = std::sync::Mutex::new(vec![]);
    let run =
        prove_program(&key, &[], &ProveOptions::default(), &|step| seen.lock().unwrap().push(step)).unwrap();
    let expected = [
        Progress::Executed { cycles: 3, segments: 1 },
        Progress::Started { segment: 0, shape: 0 },
        Progress::Proven { segment: 0, done: 1 },
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    let verified = FIXTURE.verifier.verify(key.executable(), &run.proof).unwrap();
    assert_eq!(verified.public_values, [0; 32]);
}
