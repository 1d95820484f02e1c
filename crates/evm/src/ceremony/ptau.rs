//! `.ptau`: what snarkjs writes.
//!
//! `"ptau"`, version, number of sections; then each section with its number, its size and its contents:
//!
//! | section | contents, for 2^p powers |
//! |---|---|
//! | 1 | length of the prime, the prime, `p`, the ceremony's own `p` |
//! | 2 | `[sⁱ]G` for `i < 2^(p+1) − 1` |
//! | 3 | `[sⁱ]H` for `i < 2^p` |
//! | 4, 5, 6, 7 | for Groth16: `[α sⁱ]G`, `[β sⁱ]G`, `[β]H`; contributions |
//! | 12 | Lagrange form of section 2 for 2^0, 2^1, … 2^p and, since snarkjs 0.4.6, 2^(p+1) powers |
//! | 13, 14, 15 | the same of sections 3, 4, 5, up to 2^p |
//!
//! Sections 12 to 15 are there after `prepare phase2`. Every section's size is checked, so that none
//! overlaps another and nothing is hidden between or behind them; 1, 2, 3 and 12 are used.

use super::{
    CeremonyError, MAX_POWER, Points, Refusal,
    lagrange::SnarkjsOrder,
    stream::{G1_BYTES, G2_BYTES, Stream},
};
use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, G1Affine, G2Affine},
    ff::{Field, PrimeField},
};

const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
const CONTRIBUTIONS: u32 = 7;
const LAGRANGE_G1: u32 = 12;
const HEADER_BYTES: u64 = 4 + 32 + 4 + 4;

/// What was found so far.
#[derive(Default)]
struct Found {
    powers: Option<Vec<G1Affine>>,
    g2: Option<(G2Affine, G2Affine)>,
    lagrange: Option<Vec<G1Affine>>,
    contributions: Option<u32>,
}

pub(super) fn read(mut file: Stream, k: u32) -> Result<Points, CeremonyError> {
    let mut magic = [0; 4];
    file.read(&mut magic, "its header")?;
    if &magic != b"ptau" {
        return Err(file.refuse(Refusal::Magic));
    }
    let version = file.u32("its header")?;
    if version != 1 {
        return Err(file.refuse(Refusal::Version { found: version }));
    }
    let count = file.u32("its header")?;
    let mut seen = Vec::new();
    let (power, mut found) = (read_header(&mut file, k)?, Found::default());
    seen.push(HEADER);
    for _ in 1..count {
        let section = file.u32("a section's header")?;
        if seen.contains(&section) {
            return Err(file.refuse(Refusal::SectionRepeated { section }));
        }
        // Known sections only, each once: the count in the header cannot make this loop long.
        let size = section_size(&mut file, section)?;
        require_size(&file, section, size, power)?;
        seen.push(section);
        read_section(&mut file, section, size, k, &mut found)?;
    }
    let missing = |section| file.refuse(Refusal::SectionMissing { section });
    let powers = found.powers.ok_or_else(|| missing(TAU_G1))?;
    let (g2, s_g2) = found.g2.ok_or_else(|| missing(TAU_G2))?;
    let digests = file.finish()?;
    let (lagrange, contributions) = (found.lagrange, found.contributions);
    Ok(Points { power, powers, lagrange, g2, s_g2, contributions, digests })
}

/// A section's size, which the rest of the file must hold.
fn section_size(file: &mut Stream, section: u32) -> Result<u64, CeremonyError> {
    let size = file.u64("a section's header")?;
    let remaining = file.remaining();
    if size > remaining {
        return Err(file.refuse(Refusal::SectionPastEnd { section, size, remaining }));
    }
    Ok(size)
}

/// The first section; returns `p`.
fn read_header(file: &mut Stream, k: u32) -> Result<u32, CeremonyError> {
    let section = file.u32("a section's header")?;
    if section != HEADER {
        return Err(file.refuse(Refusal::HeaderNotFirst { found: section }));
    }
    let size = section_size(file, HEADER)?;
    let mut prime = [0; 32];
    if file.u32("its header")? as usize != prime.len() {
        return Err(file.refuse(Refusal::Curve));
    }
    if size != HEADER_BYTES {
        return Err(file.refuse(Refusal::SectionSize { section, size, expected: HEADER_BYTES }));
    }
    file.read(&mut prime, "its header")?;
    let mut expected = (-Fq::ONE).to_repr();
    expected[0] += 1; // q − 1 is even, so this is q
    if prime != expected {
        return Err(file.refuse(Refusal::Curve));
    }
    let (power, ceremony) = (file.u32("its header")?, file.u32("its header")?);
    if !(1..=MAX_POWER).contains(&power) || ceremony > MAX_POWER {
        return Err(file.refuse(Refusal::Power { found: power }));
    }
    if power < k {
        return Err(file.refuse(Refusal::TooSmall { found: power, needed: k }));
    }
    Ok(power)
}

/// The sizes that the table above gives.
fn require_size(file: &Stream, section: u32, size: u64, power: u32) -> Result<(), CeremonyError> {
    let (g1, g2, n) = (G1_BYTES as u64, G2_BYTES as u64, 1_u64 << power);
    let expected = match section {
        TAU_G1 => (2 * n - 1) * g1,
        TAU_G2 => n * g2,
        4 | 5 => n * g1,
        6 => g2,
        CONTRIBUTIONS => size.max(4),
        LAGRANGE_G1 if size == (2 * n - 1) * g1 => size,
        LAGRANGE_G1 => (4 * n - 1) * g1,
        13 => (2 * n - 1) * g2,
        14 | 15 => (2 * n - 1) * g1,
        _ => return Err(file.refuse(Refusal::SectionUnknown { section })),
    };
    if size != expected {
        return Err(file.refuse(Refusal::SectionSize { section, size, expected }));
    }
    Ok(())
}

fn read_section(
    file: &mut Stream,
    section: u32,
    size: u64,
    k: u32,
    found: &mut Found,
) -> Result<(), CeremonyError> {
    let n = 1_usize << k;
    let used = match section {
        TAU_G1 => {
            found.powers = Some(file.g1(n, "its powers")?);
            n * G1_BYTES
        }
        TAU_G2 => {
            found.g2 = Some((file.g2("its powers in G2", 0)?, file.g2("its powers in G2", 1)?));
            2 * G2_BYTES
        }
        CONTRIBUTIONS => {
            found.contributions = Some(file.u32("its contributions")?);
            4
        }
        LAGRANGE_G1 => {
            let before = (n - 1) * G1_BYTES;
            file.skip(before as u64, "its Lagrange form")?;
            found.lagrange = Some(SnarkjsOrder::new(k).reorder(&file.g1(n, "its Lagrange form")?));
            before + n * G1_BYTES
        }
        _ => 0,
    };
    file.skip(size - used as u64, "a section")
}
