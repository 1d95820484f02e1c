//! ELF files, well formed and not.

use finial_riscv::{ElfError, Instruction, Opcode, Program};
use proptest::prelude::*;

const RX: u32 = 5;
const RW: u32 = 6;
const ADDI: u32 = 0x0010_8093;
const ECALL: u32 = 0x73;

#[derive(Clone)]
struct Segment {
    kind: u32,
    address: u32,
    memory: u32,
    flags: u32,
    data: Vec<u8>,
}

/// An ELF file, field by field; every test spoils one.
#[derive(Clone)]
struct Elf {
    class: u8,
    endianness: u8,
    kind: u16,
    machine: u16,
    entry: u32,
    flags: u32,
    segments: Vec<Segment>,
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn load(address: u32, flags: u32, data: Vec<u8>) -> Segment {
    Segment { kind: 1, address, memory: data.len() as u32, flags, data }
}

fn good() -> Elf {
    let data = Segment { memory: 100, ..load(0x2001, RW, vec![1, 2, 3, 4]) };
    let segments = vec![load(0x1000, RX, words(&[ADDI, ECALL])), data];
    Elf { class: 1, endianness: 1, kind: 2, machine: 243, entry: 0x1004, flags: 0, segments }
}

impl Elf {
    fn bytes(&self) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', self.class, self.endianness, 1];
        file.resize(16, 0);
        for half in [self.kind, self.machine] {
            file.extend(half.to_le_bytes());
        }
        for word in [1, self.entry, 52, 0, self.flags] {
            file.extend(word.to_le_bytes());
        }
        for half in [52, 32, self.segments.len() as u16, 40, 0, 0_u16] {
            file.extend(half.to_le_bytes());
        }
        let mut offset = 52 + 32 * self.segments.len() as u32;
        for s in &self.segments {
            let size = s.data.len() as u32;
            for word in [s.kind, offset, s.address, s.address, size, s.memory, s.flags, 4] {
                file.extend(word.to_le_bytes());
            }
            offset += size;
        }
        self.segments.iter().for_each(|s| file.extend(&s.data));
        file
    }

    fn load(&self) -> Result<Program, ElfError> {
        Program::from_elf(&self.bytes())
    }
}

/// The error of the good file after a change.
fn spoiled(change: impl FnOnce(&mut Elf)) -> ElfError {
    let mut elf = good();
    change(&mut elf);
    elf.load().expect_err("the file is spoiled")
}

#[test]
fn loads_code_and_data() {
    let program = good().load().expect("the file is good");
    assert_eq!((program.entry, program.pc_base, program.pc_end()), (0x1004, 0x1000, 0x1008));
    assert_eq!(program.instructions, [ADDI, ECALL].map(Instruction::decode));
    // Data that begin within a word; zeroed memory is not listed.
    let image: Vec<_> = program.image.into_iter().collect();
    assert_eq!(image, [(0x1000, ADDI), (0x1004, ECALL), (0x2000, 0x0302_0100), (0x2004, 4)]);
}

#[test]
fn gaps_in_the_code_are_illegal() {
    let mut elf = good();
    elf.segments.push(load(0x1010, RX, words(&[ECALL, 0xc000_1073])));
    let program = elf.load().expect("the file is good");
    let ops: Vec<_> = program.instructions.iter().map(|i| i.op).collect();
    use Opcode::{Addi, Ecall, Illegal};
    assert_eq!(ops, [Addi, Ecall, Illegal, Illegal, Ecall, Illegal]);
    assert_eq!(
        (program.index_of(0x1010), program.index_of(0x1018), program.index_of(0x1002)),
        (Some(4), None, None)
    );
    assert_eq!(program.index_of(0xffc), None);
}

#[test]
fn segments_may_share_a_word_but_no_byte() {
    let mut elf = good();
    elf.segments.push(load(0x2100, RW, vec![1, 2]));
    elf.segments.push(load(0x2102, RW, vec![3, 4]));
    assert_eq!(elf.load().expect("the file is good").initial_word(0x2100), 0x0403_0201);
    assert_eq!(spoiled(|elf| elf.segments.push(load(0x2064, RW, vec![1]))), ElfError::Overlap(0x2064));
    assert_eq!(spoiled(|elf| elf.segments.push(load(0x1007, RW, vec![1]))), ElfError::Overlap(0x1007));
}

#[test]
fn headers_are_checked() {
    assert_eq!(spoiled(|elf| elf.machine = 62), ElfError::NotRiscv(62));
    assert_eq!(spoiled(|elf| elf.kind = 3), ElfError::NotExecutable(3));
    for flags in [1, 2, 4, 8] {
        assert_eq!(spoiled(|elf| elf.flags = flags), ElfError::UnsupportedFlags(flags));
    }
    assert_eq!(spoiled(|elf| elf.segments.clear()), ElfError::NoSegments);
    for kind in [2, 3] {
        assert_eq!(spoiled(|elf| elf.segments[1].kind = kind), ElfError::Dynamic);
    }
    assert!(matches!(Program::from_elf(b"\x7fELF"), Err(ElfError::Malformed(_))));
    assert!(matches!(
        Program::from_elf(b"#!/bin/sh and some more, so that it is not short"),
        Err(ElfError::Malformed(_))
    ));
}

#[test]
fn other_classes_and_byte_orders_are_refused() {
    let mut wide = vec![0x7f, b'E', b'L', b'F', 2, 1, 1];
    wide.resize(64, 0);
    assert_eq!(Program::from_elf(&wide), Err(ElfError::NotElf32));
    let mut big = vec![0x7f, b'E', b'L', b'F', 1, 2, 1];
    big.resize(52, 0);
    assert_eq!(Program::from_elf(&big), Err(ElfError::NotLittleEndian));
}

#[test]
fn addresses_and_sizes_are_bounded() {
    let out = |address: u32, size: u32| ElfError::OutOfRange { address: address.into(), size: size.into() };
    let place = |address, memory| {
        move |elf: &mut Elf| (elf.segments[1].address, elf.segments[1].memory) = (address, memory)
    };
    assert_eq!(spoiled(place(0x1fff_ffff, 4)), out(0x1fff_ffff, 4));
    assert_eq!(spoiled(place(u32::MAX, 4)), out(u32::MAX, 4));
    assert_eq!(spoiled(place(0x1000_0000, u32::MAX)), out(0x1000_0000, u32::MAX));
    let file = ElfError::FileSize { address: 0x2001, file: 4, memory: 3 };
    assert_eq!(spoiled(|elf| elf.segments[1].memory = 3), file);
    let mut short = good().bytes();
    short.pop();
    assert_eq!(Program::from_elf(&short), Err(ElfError::Truncated(0x2001)));
    let mut top = good();
    (top.segments[1].address, top.segments[1].memory) = (0x1fff_fffc, 4);
    assert_eq!(top.load().expect("the last word is below the limit").initial_word(0x1fff_fffc), 0x0403_0201);
}

#[test]
fn code_is_bounded_and_aligned() {
    let misaligned =
        |address: u32, size: u32| ElfError::MisalignedCode { address: address.into(), size: size.into() };
    assert_eq!(spoiled(|elf| elf.segments[0].address = 0x1002), misaligned(0x1002, 8));
    assert_eq!(spoiled(|elf| elf.segments[0].memory = 10), misaligned(0x1000, 10));
    assert_eq!(spoiled(|elf| elf.segments[0].flags = RW), ElfError::NoCode);
    let far = spoiled(|elf| elf.segments.push(load(0x1000_0000, RX, words(&[ECALL]))));
    assert_eq!(far, ElfError::TooLarge((0x1000_0004 - 0x1000) / 4));
}

#[test]
fn the_entry_is_executable() {
    assert_eq!(spoiled(|elf| elf.entry = 0x1002), ElfError::MisalignedEntry(0x1002));
    for entry in [0, 0xffc, 0x1008, 0x2004] {
        assert_eq!(spoiled(|elf| elf.entry = entry), ElfError::EntryOutside(entry.into()));
    }
    // In a gap between executable segments.
    let gap = spoiled(|elf| {
        elf.segments.push(load(0x1010, RX, words(&[ECALL])));
        elf.entry = 0x1008;
    });
    assert_eq!(gap, ElfError::EntryOutside(0x1008));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a file says, the answer is a program or an error.
    #[test]
    fn spoiled_files_do_not_panic(changes in prop::collection::vec((0_usize..116, any::<u8>()), 1..6), cut in 0_usize..130) {
        let mut bytes = good().bytes();
        for (at, value) in changes {
            bytes[at] = value;
        }
        bytes.truncate(bytes.len().min(cut.max(40)));
        if let Ok(program) = Program::from_elf(&bytes) {
            prop_assert!(program.index_of(program.entry).is_some());
            prop_assert!(program.image.keys().all(|address| address % 4 == 0 && *address < 1 << 29));
        }
    }

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Program::from_elf(&bytes);
    }
}
