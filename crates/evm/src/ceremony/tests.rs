//! Files that snarkjs made, files made here, and every way we know to get them wrong.

use super::*;
use crate::params::{Parameters, ParamsError, assemble, points};
use halo2_base::halo2_proofs::{
    SerdeFormat,
    halo2curves::{
        CurveAffine,
        bn256::{Fq, Fq2, Fr, G1, G2},
        ff::{Field, PrimeField},
        group::{Curve, Group, cofactor::CofactorGroup},
        serde::SerdeObject,
    },
    poly::commitment::ParamsProver,
};
use rand_core::OsRng;
use sha2::{Digest, Sha256};

const K: u32 = 5;
/// A file of snarkjs; see the README beside it.
const SNARKJS: &[u8] = include_bytes!("../../tests/fixtures/ptau/pot06_final.ptau");
const SNARKJS_K: u32 = 6;
const UNPREPARED_SHA256: &str = "e7d8f6d689bbd206a85803686eca2e66e0f19a335a45a12b5eb81e887eff644e";

/// Sections by number.
type Sections = Vec<(u32, Vec<u8>)>;

fn sections_of(file: &[u8]) -> Sections {
    let (mut rest, mut sections) = (&file[12..], Vec::new());
    while !rest.is_empty() {
        let id = u32::from_le_bytes(rest[..4].try_into().unwrap());
        let size = u64::from_le_bytes(rest[4..12].try_into().unwrap()) as usize;
        sections.push((id, rest[12..12 + size].to_vec()));
        rest = &rest[12 + size..];
    }
    sections
}

fn ptau_of(sections: &Sections) -> Vec<u8> {
    let mut file = [&b"ptau"[..], &1_u32.to_le_bytes(), &(sections.len() as u32).to_le_bytes()].concat();
    for (id, contents) in sections {
        file.extend(id.to_le_bytes());
        file.extend((contents.len() as u64).to_le_bytes());
        file.extend(contents);
    }
    file
}

/// The fixture with some section changed.
fn with_section(id: u32, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut sections = sections_of(SNARKJS);
    change(&mut sections.iter_mut().find(|(found, _)| *found == id).unwrap().1);
    ptau_of(&sections)
}

fn srs(secret: Fr, k: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    points(secret, k).write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    bytes
}

fn import(name: &str, bytes: &[u8], k: u32) -> Result<Parameters, ParamsError> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let sha256 = Sha256::digest(bytes).into();
    let claim = Some(crate::params::Claim { name: "test", sha256: &sha256 });
    let made = Parameters::import(directory.path(), k, &file, claim, &mut |_| ())?;
    let read = Parameters::imported(directory.path(), "test", k)?.expect("it was just imported");
    assert_eq!(made.parameters.set, read.set);
    let checked = Parameters::check(directory.path(), "test", k).unwrap();
    assert_eq!((checked.set, checked.pinned, checked.ceremony), (read.set.clone(), false, None));
    Ok(read)
}

/// Why a file is refused.
fn refusal(name: &str, bytes: &[u8], k: u32) -> Refusal {
    match import(name, bytes, k) {
        Err(ParamsError::Ceremony(CeremonyError { reason, .. })) => reason,
        other => panic!("{other:?}"),
    }
}

macro_rules! refused {
    ($name:expr, $bytes:expr, $k:expr, $reason:pat) => {
        let found = refusal($name, $bytes, $k);
        assert!(matches!(found, $reason), "{found}, not {}", stringify!($reason));
    };
}

fn bytes_of(parameters: &Parameters) -> Vec<u8> {
    let mut bytes = Vec::new();
    parameters.kzg.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    bytes
}

#[test]
fn a_file_of_snarkjs_is_read_with_and_without_its_lagrange_form() {
    let prepared = read_bytes(SNARKJS, SNARKJS_K);
    assert_eq!((prepared.power, prepared.contributions), (SNARKJS_K, Some(2)));
    assert!(prepared.lagrange.is_some());
    let unprepared = ptau_of(&sections_of(SNARKJS).into_iter().filter(|(id, _)| *id < 12).collect());
    assert_eq!(hex::encode(Sha256::digest(&unprepared)), UNPREPARED_SHA256);
    assert!(read_bytes(&unprepared, SNARKJS_K).lagrange.is_none());
    for k in 1..=SNARKJS_K {
        let (a, b) = (import("a.ptau", SNARKJS, k).unwrap(), import("b.ptau", &unprepared, k).unwrap());
        assert_eq!((a.set.k, a.set.insecure), (k, false));
        assert_eq!(a.set, b.set);
        // Halo2's own file of the same set, and Halo2's own Lagrange form.
        let srs = bytes_of(&a);
        assert_eq!(import("c.srs", &srs, k).unwrap().set, a.set);
        let (g, g2) = (a.kzg.get_g().to_vec(), a.kzg.g2());
        let theirs = a.kzg.from_parts(k, g, None, g2, a.kzg.s_g2());
        let mut expected = Vec::new();
        theirs.write_custom(&mut expected, SerdeFormat::RawBytes).unwrap();
        assert_eq!(srs, expected);
    }
}

fn read_bytes(bytes: &[u8], k: u32) -> Points {
    let file = tempfile::Builder::new().suffix(".ptau").tempfile().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let points = read(file.path(), k).unwrap();
    assert_eq!(points.digests.sha256, <[u8; 32]>::from(Sha256::digest(bytes)));
    assert_eq!(points.digests.blake2b, *blake2b_simd::blake2b(bytes).as_array());
    points
}

#[test]
fn a_larger_file_of_halo2_gives_its_smaller_sets() {
    let (large, small) = (srs(Fr::from(77), K + 2), srs(Fr::from(77), K));
    assert_eq!(import("a.srs", &large, K).unwrap().set, import("b.srs", &small, K).unwrap().set);
    let old = with_section(12, |section| section.truncate((2 * 64 - 1) * 64));
    assert_eq!(
        import("a.ptau", &old, SNARKJS_K).unwrap().set,
        import("a.ptau", SNARKJS, SNARKJS_K).unwrap().set
    );
}

#[test]
fn wrong_files_of_snarkjs_are_refused() {
    let spliced = |at: usize, with: &[u8]| [&SNARKJS[..at], with, &SNARKJS[at + with.len()..]].concat();
    refused!("a.ptau", &spliced(0, b"zkey"), 6, Refusal::Magic);
    refused!("a.ptau", &spliced(4, &[2]), 6, Refusal::Version { found: 2 });
    refused!("a.ptau", SNARKJS, 7, Refusal::TooSmall { found: 6, needed: 7 });
    let bls = include_bytes!("../../tests/fixtures/ptau/pot02_bls12_381.ptau");
    refused!("a.ptau", bls, 2, Refusal::Curve);
    let new = include_bytes!("../../tests/fixtures/ptau/pot02_new.ptau");
    refused!("a.ptau", new, 2, Refusal::NoContribution);
    refused!("a.ptau", &with_section(1, |header| header[4] ^= 1), 6, Refusal::Curve);
    refused!("a.ptau", &with_section(1, |header| header[36] = 29), 6, Refusal::Power { found: 29 });
    refused!("a.ptau", &with_section(1, |header| header.push(0)), 6, Refusal::SectionSize { section: 1, .. });
    // A header that claims more powers than the sections hold, or fewer.
    for power in [5, 7] {
        let file = with_section(1, |header| header[36] = power);
        refused!("a.ptau", &file, 5, Refusal::SectionSize { section: 2, .. });
    }
}

#[test]
fn wrong_sections_are_refused() {
    let good = sections_of(SNARKJS);
    let without = |id| ptau_of(&good.iter().filter(|(found, _)| *found != id).cloned().collect());
    refused!("a.ptau", &without(1), 6, Refusal::HeaderNotFirst { found: 2 });
    refused!("a.ptau", &without(2), 6, Refusal::SectionMissing { section: 2 });
    refused!("a.ptau", &without(3), 6, Refusal::SectionMissing { section: 3 });
    let with = |id| ptau_of(&good.iter().cloned().chain([(id, good[1].1.clone())]).collect());
    refused!("a.ptau", &with(2), 6, Refusal::SectionRepeated { section: 2 });
    refused!("a.ptau", &with(9), 6, Refusal::SectionUnknown { section: 9 });
    for (id, _) in good.iter().filter(|(id, _)| ![1, 7].contains(id)) {
        for change in [|s: &mut Vec<u8>| s.truncate(s.len() - 64), |s: &mut Vec<u8>| s.extend([0; 64])] {
            let found = refusal("a.ptau", &with_section(*id, change), 6);
            assert!(matches!(found, Refusal::SectionSize { section, .. } if section == *id), "{found}");
        }
    }
    // A size that reaches over the next section, and one beyond the end.
    let at = 12 + 12 + 44 + 4;
    for (size, expected) in
        [(20_000_u64, "SectionSize"), (1 << 40, "SectionPastEnd"), (u64::MAX, "SectionPastEnd")]
    {
        let file = [&SNARKJS[..at], &size.to_le_bytes(), &SNARKJS[at + 8..]].concat();
        assert!(format!("{:?}", refusal("a.ptau", &file, 6)).starts_with(expected));
    }
    // Cut anywhere.
    for at in (0..SNARKJS.len()).step_by(997).chain([SNARKJS.len() - 1]) {
        refused!("a.ptau", &SNARKJS[..at], 6, Refusal::Truncated { .. } | Refusal::SectionPastEnd { .. });
    }
    refused!("a.ptau", &[SNARKJS, &[0]].concat(), 6, Refusal::TrailingBytes { extra: 1 });
    // More sections in the header than in the file.
    let more = [&SNARKJS[..8], &[200], &SNARKJS[9..]].concat();
    refused!("a.ptau", &more, 6, Refusal::Truncated { .. });
    let fewer = [&SNARKJS[..8], &[10], &SNARKJS[9..]].concat();
    refused!("a.ptau", &fewer, 6, Refusal::TrailingBytes { .. });
}

#[test]
fn one_wrong_point_is_refused() {
    let (sections, other) = (sections_of(SNARKJS), G1::random(OsRng).to_affine().to_raw_bytes());
    let put = |section: u32, at: usize, bytes: &[u8]| {
        with_section(section, |contents| contents[at..at + bytes.len()].copy_from_slice(bytes))
    };
    let powers = &sections[1].1;
    for index in 1..64 {
        let at = 64 * index;
        refused!("a.ptau", &put(2, at, &other), 6, Refusal::NotPowers);
        refused!("a.ptau", &put(2, at, &[powers[at] ^ 1]), 6, Refusal::OffCurve { .. });
        refused!("a.ptau", &put(12, 64 * 63 + at, &other), 6, Refusal::Lagrange);
    }
    // The same coordinate, not reduced: another encoding of the same point.
    let x = Fq::from_raw_bytes(&powers[64..96]).unwrap();
    let mut carry = 0_u16;
    let mut modulus = (-Fq::ONE).to_repr();
    modulus[0] += 1;
    let unreduced: Vec<u8> = x
        .to_raw_bytes()
        .iter()
        .zip(modulus)
        .map(|(a, b)| {
            let sum = u16::from(*a) + u16::from(b) + carry;
            carry = sum >> 8;
            sum as u8
        })
        .collect();
    assert_eq!(carry, 0);
    refused!("a.ptau", &put(2, 64, &unreduced), 6, Refusal::OffCurve { index: 1, .. });
    refused!("a.ptau", &put(2, 128, &[0; 64]), 6, Refusal::Identity { index: 2, .. });
    refused!("a.ptau", &put(3, 128, &[0; 128]), 6, Refusal::Identity { index: 1, .. });
    refused!("a.ptau", &put(2, 0, &powers[64..128]), 6, Refusal::Generators);
    refused!("a.ptau", &put(3, 0, &sections[2].1[128..256]), 6, Refusal::Generators);
    refused!("a.ptau", &put(3, 128, &sections[2].1[256..384]), 6, Refusal::NotPowers);
    // Two that are exchanged, and powers of s² in place of those of s.
    let exchanged = [&powers[128..192], &powers[64..128]].concat();
    refused!("a.ptau", &put(2, 64, &exchanged), 6, Refusal::NotPowers);
    let even: Vec<u8> = powers.chunks(64).step_by(2).flatten().copied().collect();
    refused!("a.ptau", &put(2, 0, &even), 6, Refusal::NotPowers);
}

/// A flipped bit anywhere is noticed, or lies where nothing is used; then the points are the same.
#[test]
fn flipped_bits_do_not_get_through() {
    let good = import("a.ptau", SNARKJS, SNARKJS_K).unwrap().set;
    let mut used = 0;
    for at in (0..64).chain((64..SNARKJS.len()).step_by(601)) {
        let mut file = SNARKJS.to_vec();
        file[at] ^= 1 << (at % 8);
        match import("a.ptau", &file, SNARKJS_K) {
            Ok(set) => assert_eq!(set.set, good, "byte {at}"),
            Err(ParamsError::Ceremony(_)) => used += 1,
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    assert!(used > 50, "{used}");
}

/// A point of G2's curve whose order is not the group's.
fn outside() -> G2Affine {
    let b = G2Affine::b();
    (1_u64..)
        .find_map(|x| {
            let x = Fq2 { c0: Fq::from(x), c1: Fq::ONE };
            let y = Option::<Fq2>::from((x.square() * x + b).sqrt())?;
            Option::<G2Affine>::from(G2Affine::from_xy(x, y))
                .filter(|p| !bool::from(G2::from(*p).is_torsion_free()))
        })
        .unwrap()
}

#[test]
fn a_point_outside_the_group_is_refused() {
    let point = outside();
    let file = with_section(3, |section| section[128..256].copy_from_slice(&point.to_raw_bytes()));
    refused!("a.ptau", &file, 6, Refusal::Subgroup);
    // And one that differs from the right one by a point outside.
    let right = read_bytes(SNARKJS, 1).s_g2;
    let sum = (G2::from(right) + point).to_affine();
    let file = with_section(3, |section| section[128..256].copy_from_slice(&sum.to_raw_bytes()));
    refused!("a.ptau", &file, 6, Refusal::Subgroup);
}

#[test]
fn wrong_files_of_halo2_are_refused() {
    let good = srs(Fr::from(77), K);
    let (g1, g2) = (4 + 64 * 3, good.len() - 256);
    let spliced = |at: usize, with: &[u8]| [&good[..at], with, &good[at + with.len()..]].concat();
    refused!("a.txt", &good, K, Refusal::Ending);
    refused!("a.srs", &good[..good.len() - 1], K, Refusal::Truncated { .. });
    refused!("a.srs", &good[..100], K, Refusal::Truncated { .. });
    refused!("a.srs", &[], K, Refusal::Truncated { .. });
    refused!("a.srs", &[&good[..], &[0]].concat(), K, Refusal::TrailingBytes { extra: 1 });
    refused!("a.srs", &good, K + 1, Refusal::TooSmall { found: 5, needed: 6 });
    refused!("a.srs", &spliced(0, &[200]), K, Refusal::Power { found: 200 });
    refused!("a.srs", &spliced(0, &[28]), 24, Refusal::Truncated { .. });
    refused!("a.srs", &spliced(g1, &[good[g1] ^ 1]), K, Refusal::OffCurve { index: 3, .. });
    refused!("a.srs", &spliced(g1, &[0; 64]), K, Refusal::Identity { index: 3, .. });
    refused!("a.srs", &spliced(g1, &good[g1 + 64..g1 + 128]), K, Refusal::NotPowers);
    refused!("a.srs", &spliced(4 + 64 * 40, &good[g1..g1 + 64]), K, Refusal::Lagrange);
    refused!("a.srs", &spliced(4, &good[g1..g1 + 64]), K, Refusal::Generators);
    refused!("a.srs", &spliced(g2, &good[g2 + 128..]), K, Refusal::Generators);
    refused!("a.srs", &spliced(g2 + 128, &good[g2..g2 + 128]), K, Refusal::NoContribution);
    refused!("a.srs", &srs(Fr::ONE + Fr::ONE, K)[..good.len() - 128], K, Refusal::Truncated { .. });
    let directory = tempfile::tempdir().unwrap();
    let development = Parameters::development(directory.path(), K).unwrap();
    refused!("a.srs", &bytes_of(&development), K, Refusal::Development);
    // Powers of another secret than [s]H's.
    let (a, b) = (points(Fr::from(77), K), points(Fr::from(78), K));
    let mixed = assemble(K, a.get_g().to_vec(), None, a.g2(), b.s_g2());
    let mut bytes = Vec::new();
    mixed.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    refused!("a.srs", &bytes, K, Refusal::NotPowers);
}

#[test]
fn every_refusal_is_one_sentence_about_the_file() {
    let error = import("a.ptau", &SNARKJS[..1000], 6).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "a.ptau is refused: it is cut short: its section 2 should have 8128 bytes and 920 are left"
        ),
        "{error}"
    );
    let error = import("none.ptau", &SNARKJS[..5], 6).unwrap_err().to_string();
    assert!(error.contains("it ends after 5 bytes, within its header"), "{error}");
    let missing = read(Path::new("/nowhere/a.ptau"), 6);
    assert!(matches!(missing, Err(CeremonyError { reason: Refusal::Io(_), .. })));
}
