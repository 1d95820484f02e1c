//! A program: decoded instructions and the initial memory image, read from an ELF file.

use std::collections::BTreeMap;

use elf::{
    ElfBytes,
    abi::{EM_RISCV, ET_EXEC, PF_X, PT_DYNAMIC, PT_INTERP, PT_LOAD},
    endian::AnyEndian,
    file::Class,
    segment::ProgramHeader,
};
use thiserror::Error;

use crate::Instruction;

/// Guest addresses, and with them program counters, are below this bound (2^29).
pub const ADDRESS_LIMIT: u32 = 1 << 29;

/// Largest number of instruction words a program may span.
pub const MAX_INSTRUCTIONS: usize = 1 << 22;

const FLAG_RVC: u32 = 0x1;
const FLAG_FLOAT_ABI: u32 = 0x6;
const FLAG_RVE: u32 = 0x8;

/// An RV32IM program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Address of the first instruction to execute; word-aligned and within the program.
    pub entry: u32,
    /// Address of `instructions[0]`; word-aligned.
    pub pc_base: u32,
    /// The words from the lowest to the highest executable address, decoded. Gaps between executable
    /// segments and words that are not RV32IM are [`Instruction::ILLEGAL`].
    pub instructions: Vec<Instruction>,
    /// Initial memory: word-aligned byte address to word. Words that are zero are left out.
    pub image: BTreeMap<u32, u32>,
}

/// Why a file is not a program we run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum ElfError {
    #[error("not a readable ELF file: {0}")]
    Malformed(String),
    #[error("the ELF file is not 32-bit")]
    NotElf32,
    #[error("the ELF file is not little-endian")]
    NotLittleEndian,
    #[error("the ELF file is for machine {0}, not RISC-V ({EM_RISCV})")]
    NotRiscv(u16),
    #[error("the ELF file has type {0}, not EXEC ({ET_EXEC}); link it statically, without PIE")]
    NotExecutable(u16),
    #[error("the ELF file needs a dynamic loader; link it statically")]
    Dynamic,
    #[error("the ELF flags {0:#x} ask for compressed, floating-point or RV32E code; build for rv32im, ilp32")]
    UnsupportedFlags(u32),
    #[error("the ELF file has no loadable segments")]
    NoSegments,
    #[error("segment at {address:#x} of {size:#x} bytes ends beyond the address limit {ADDRESS_LIMIT:#x}")]
    OutOfRange { address: u64, size: u64 },
    #[error("segment at {address:#x} has more bytes in the file ({file}) than in memory ({memory})")]
    FileSize { address: u64, file: u64, memory: u64 },
    #[error("the data of the segment at {0:#x} lie outside the file")]
    Truncated(u64),
    #[error("segments overlap at address {0:#x}")]
    Overlap(u64),
    #[error("the executable segment at {address:#x} of {size:#x} bytes is not word-aligned")]
    MisalignedCode { address: u64, size: u64 },
    #[error("the ELF file has no executable segment")]
    NoCode,
    #[error("the executable range has {0} words; at most {MAX_INSTRUCTIONS} are supported")]
    TooLarge(usize),
    #[error("the entry address {0:#x} is not word-aligned")]
    MisalignedEntry(u64),
    #[error("the entry address {0:#x} is outside the executable segments")]
    EntryOutside(u64),
}

/// A loadable segment whose bounds have been checked.
struct Segment<'a> {
    address: u32,
    size: u32,
    executable: bool,
    data: &'a [u8],
}

impl Segment<'_> {
    const fn end(&self) -> u32 {
        self.address + self.size
    }
}

impl Program {
    /// Reads a statically linked RV32IM executable.
    ///
    /// # Errors
    /// [`ElfError`] names the first thing that is wrong with the file.
    pub fn from_elf(bytes: &[u8]) -> Result<Self, ElfError> {
        let file = ElfBytes::<AnyEndian>::minimal_parse(bytes).map_err(malformed)?;
        check_header(&file)?;
        let segments = load_segments(&file, bytes)?;
        let image = build_image(&segments);
        let (pc_base, instructions) = decode_code(&segments, &image)?;
        let entry = check_entry(file.ehdr.e_entry, &segments)?;
        Ok(Self { entry, pc_base, instructions, image })
    }

    /// Index in `instructions` of a program counter, if it is one of this program.
    pub fn index_of(&self, pc: u32) -> Option<usize> {
        let offset = pc.checked_sub(self.pc_base)?;
        let index = (offset / 4) as usize;
        (offset % 4 == 0 && index < self.instructions.len()).then_some(index)
    }

    /// The word that stands at a word-aligned address before the run.
    pub fn initial_word(&self, address: u32) -> u32 {
        self.image.get(&address).copied().unwrap_or(0)
    }

    /// Address just behind the last instruction.
    pub const fn pc_end(&self) -> u32 {
        self.pc_base + 4 * self.instructions.len() as u32
    }
}

fn malformed(error: elf::ParseError) -> ElfError {
    ElfError::Malformed(error.to_string())
}

fn check_header(file: &ElfBytes<'_, AnyEndian>) -> Result<(), ElfError> {
    let header = &file.ehdr;
    if header.class != Class::ELF32 {
        return Err(ElfError::NotElf32);
    }
    if header.endianness != AnyEndian::Little {
        return Err(ElfError::NotLittleEndian);
    }
    if header.e_machine != EM_RISCV {
        return Err(ElfError::NotRiscv(header.e_machine));
    }
    if header.e_type != ET_EXEC {
        return Err(ElfError::NotExecutable(header.e_type));
    }
    if header.e_flags & (FLAG_RVC | FLAG_FLOAT_ABI | FLAG_RVE) != 0 {
        return Err(ElfError::UnsupportedFlags(header.e_flags));
    }
    Ok(())
}

/// Checks the loadable segments and returns them by ascending address.
fn load_segments<'a>(file: &ElfBytes<'a, AnyEndian>, bytes: &'a [u8]) -> Result<Vec<Segment<'a>>, ElfError> {
    let headers = file.segments().ok_or(ElfError::NoSegments)?;
    let mut segments = Vec::new();
    for header in headers {
        match header.p_type {
            PT_INTERP | PT_DYNAMIC => return Err(ElfError::Dynamic),
            PT_LOAD if header.p_memsz > 0 => segments.push(check_segment(&header, bytes)?),
            _ => {}
        }
    }
    if segments.is_empty() {
        return Err(ElfError::NoSegments);
    }
    segments.sort_by_key(|segment| segment.address);
    // Two segments over one byte would make the image depend on the order of the headers.
    match segments.windows(2).find(|pair| pair[0].end() > pair[1].address) {
        Some(pair) => Err(ElfError::Overlap(u64::from(pair[1].address))),
        None => Ok(segments),
    }
}

fn check_segment<'a>(header: &ProgramHeader, bytes: &'a [u8]) -> Result<Segment<'a>, ElfError> {
    let (address, size) = (header.p_vaddr, header.p_memsz);
    let in_range = address.checked_add(size).is_some_and(|end| end <= u64::from(ADDRESS_LIMIT));
    let (Ok(address32), Ok(size32), true) = (u32::try_from(address), u32::try_from(size), in_range) else {
        return Err(ElfError::OutOfRange { address, size });
    };
    if header.p_filesz > size {
        return Err(ElfError::FileSize { address, file: header.p_filesz, memory: size });
    }
    let start = usize::try_from(header.p_offset).map_err(|_| ElfError::Truncated(address))?;
    let length = usize::try_from(header.p_filesz).map_err(|_| ElfError::Truncated(address))?;
    let end = start.checked_add(length).ok_or(ElfError::Truncated(address))?;
    let data = bytes.get(start..end).ok_or(ElfError::Truncated(address))?;
    let executable = header.p_flags & PF_X != 0;
    if executable && (address % 4 != 0 || size % 4 != 0) {
        return Err(ElfError::MisalignedCode { address, size });
    }
    Ok(Segment { address: address32, size: size32, executable, data })
}

fn build_image(segments: &[Segment<'_>]) -> BTreeMap<u32, u32> {
    let mut image = BTreeMap::new();
    for segment in segments {
        for (&byte, address) in segment.data.iter().zip(segment.address..) {
            if byte != 0 {
                *image.entry(address & !3).or_insert(0) |= u32::from(byte) << (8 * (address % 4));
            }
        }
    }
    image
}

fn decode_code(
    segments: &[Segment<'_>],
    image: &BTreeMap<u32, u32>,
) -> Result<(u32, Vec<Instruction>), ElfError> {
    let code: Vec<_> = segments.iter().filter(|segment| segment.executable).collect();
    let (Some(first), Some(last)) = (code.first(), code.last()) else {
        return Err(ElfError::NoCode);
    };
    let words = ((last.end() - first.address) / 4) as usize;
    if words > MAX_INSTRUCTIONS {
        return Err(ElfError::TooLarge(words));
    }
    let mut instructions = vec![Instruction::ILLEGAL; words];
    for segment in &code {
        let start = ((segment.address - first.address) / 4) as usize;
        let slots = instructions.iter_mut().skip(start);
        for (slot, address) in slots.zip((segment.address..segment.end()).step_by(4)) {
            *slot = Instruction::decode(image.get(&address).copied().unwrap_or(0));
        }
    }
    Ok((first.address, instructions))
}

fn check_entry(entry: u64, segments: &[Segment<'_>]) -> Result<u32, ElfError> {
    if !entry.is_multiple_of(4) {
        return Err(ElfError::MisalignedEntry(entry));
    }
    let within = |segment: &&Segment<'_>| {
        segment.executable && (u64::from(segment.address)..u64::from(segment.end())).contains(&entry)
    };
    let outside = ElfError::EntryOutside(entry);
    segments.iter().find(within).ok_or_else(|| outside.clone())?;
    u32::try_from(entry).map_err(|_| outside)
}
