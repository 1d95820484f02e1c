//! Parameters from a public ceremony (Perpetual Powers of Tau), as the files people share.
//!
//! Two formats: `.ptau` of snarkjs, and `.srs`, which is what Halo2 itself writes (`k`, the powers, their
//! Lagrange form, two points of G2; coordinates in Montgomery form, little-endian). Neither is trusted:
//! the file's digest must be the one its user names, and the points must be consecutive powers of one
//! secret, by a pairing with random weights.

use crate::params::{assemble, development_s_g2};
use halo2_base::halo2_proofs::{
    arithmetic::best_multiexp,
    halo2curves::{
        bn256::{Bn256, Fq, Fr, G1Affine, G2, G2Affine},
        ff::{Field, PrimeField},
        group::{Curve, cofactor::CofactorGroup, prime::PrimeCurveAffine},
        pairing::Engine,
        serde::SerdeObject,
    },
    poly::{
        EvaluationDomain,
        commitment::{Blind, Params, ParamsProver},
        kzg::commitment::ParamsKZG,
    },
};
use rand_core::OsRng;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};
use thiserror::Error;

const G1_BYTES: usize = 64;
const G2_BYTES: usize = 128;
/// Sections of a `.ptau` file that are read.
const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
/// More sections than this, and the file is something else.
const MAX_SECTIONS: u32 = 64;

/// Why a ceremony's file was not accepted.
#[derive(Debug, Error)]
pub enum CeremonyError {
    /// The file could not be read, or ends early.
    #[error("cannot read {path}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not the one it should be.
    #[error("{path} has SHA-256 {actual}, not {expected}")]
    Digest {
        /// Which file.
        path: PathBuf,
        /// The digest asked for.
        expected: String,
        /// The digest found.
        actual: String,
    },
    /// The file does not follow its format.
    #[error("{path} is not such a file: {reason}")]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The points are not the powers of one secret.
    #[error("the points of {path} are not valid parameters: {reason}")]
    Points {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The name cannot be that of an imported set.
    #[error(
        "{0:?} cannot name imported parameters: use small letters, digits and hyphens, and not \"development…\""
    )]
    Name(String),
}

/// Names go into file names, and the development set's is taken.
pub(crate) fn require_name(name: &str) -> Result<(), CeremonyError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) || name.starts_with("development") {
        return Err(CeremonyError::Name(name.to_owned()));
    }
    Ok(())
}

/// Reads the first 2^k powers of a file whose ending names its format.
pub(crate) fn read(path: &Path, sha256: &[u8; 32], k: u32) -> Result<ParamsKZG<Bn256>, CeremonyError> {
    let source = Source { path };
    let mut file = BufReader::with_capacity(1 << 20, source.io(File::open(path))?);
    let mut hasher = Sha256::new();
    source.io(io::copy(&mut file, &mut hasher))?;
    let actual: [u8; 32] = hasher.finalize().into();
    if actual != *sha256 {
        let (expected, actual) = (hex::encode(sha256), hex::encode(actual));
        return Err(CeremonyError::Digest { path: path.to_owned(), expected, actual });
    }
    source.io(file.rewind())?;
    match path.extension().and_then(|e| e.to_str()) {
        Some("srs") => source.read_srs(&mut file, k),
        Some("ptau") => source.read_ptau(&mut file, k),
        _ => Err(source.format("its name ends neither in .srs nor in .ptau")),
    }
}

/// A file being read, for the errors.
#[derive(Clone, Copy)]
struct Source<'a> {
    path: &'a Path,
}

impl Source<'_> {
    fn io<T>(self, result: io::Result<T>) -> Result<T, CeremonyError> {
        result.map_err(|source| CeremonyError::Io { path: self.path.to_owned(), source })
    }

    fn format(self, reason: impl Into<String>) -> CeremonyError {
        CeremonyError::Format { path: self.path.to_owned(), reason: reason.into() }
    }

    fn points(self, reason: &'static str) -> CeremonyError {
        CeremonyError::Points { path: self.path.to_owned(), reason }
    }

    fn u32(self, file: &mut impl Read) -> Result<u32, CeremonyError> {
        let mut bytes = [0; 4];
        self.io(file.read_exact(&mut bytes))?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// A point with canonical coordinates on its curve, and not the identity.
    fn point<P: SerdeObject + PrimeCurveAffine, const BYTES: usize>(
        self,
        file: &mut impl Read,
    ) -> Result<P, CeremonyError> {
        let mut bytes = [0; BYTES];
        self.io(file.read_exact(&mut bytes))?;
        let point = P::from_raw_bytes(&bytes).ok_or_else(|| self.points("one is not on its curve"))?;
        if bool::from(point.is_identity()) {
            return Err(self.points("one is the identity"));
        }
        Ok(point)
    }

    fn g1_points(self, file: &mut impl Read, count: usize) -> Result<Vec<G1Affine>, CeremonyError> {
        (0..count).map(|_| self.point::<G1Affine, G1_BYTES>(file)).collect()
    }

    fn read_srs(self, file: &mut impl Read, k: u32) -> Result<ParamsKZG<Bn256>, CeremonyError> {
        let found = self.u32(file)?;
        if found != k {
            return Err(self.format(format!("it has k = {found}, not {k}")));
        }
        let powers = self.g1_points(file, 1 << k)?;
        let lagrange = self.g1_points(file, 1 << k)?;
        let g2 = self.point::<G2Affine, G2_BYTES>(file)?;
        let s_g2 = self.point::<G2Affine, G2_BYTES>(file)?;
        if self.io(file.read(&mut [0]))? != 0 {
            return Err(self.format("bytes follow its last point"));
        }
        self.require_powers(&powers, &g2, &s_g2)?;
        let params = assemble(k, powers, Some(lagrange), g2, s_g2);
        self.require_lagrange(&params)?;
        Ok(params)
    }

    fn read_ptau<F: Read + Seek>(self, file: &mut F, k: u32) -> Result<ParamsKZG<Bn256>, CeremonyError> {
        let mut magic = [0; 4];
        self.io(file.read_exact(&mut magic))?;
        if &magic != b"ptau" || self.u32(file)? != 1 {
            return Err(self.format("it does not start as a .ptau file of version 1"));
        }
        let sections = self.sections(file)?;
        let section = |file: &mut F, id: u32| {
            let found = sections.iter().find(|(section, _)| *section == id);
            let (_, start) = found.ok_or_else(|| self.format(format!("it has no section {id}")))?;
            self.io(file.seek(SeekFrom::Start(*start))).map(|_| ())
        };
        section(file, HEADER)?;
        self.require_bn254(file)?;
        let power = self.u32(file)?;
        if power < k {
            return Err(self.format(format!("it has 2^{power} powers; 2^{k} are needed")));
        }
        section(file, TAU_G1)?;
        let powers = self.g1_points(file, 1 << k)?;
        section(file, TAU_G2)?;
        let g2 = self.point::<G2Affine, G2_BYTES>(file)?;
        let s_g2 = self.point::<G2Affine, G2_BYTES>(file)?;
        self.require_powers(&powers, &g2, &s_g2)?;
        // The file's own Lagrange points use another root of unity.
        let params = assemble(k, powers, None, g2, s_g2);
        self.require_lagrange(&params)?;
        Ok(params)
    }

    /// Identifiers and starts of all sections.
    fn sections<F: Read + Seek>(self, file: &mut F) -> Result<Vec<(u32, u64)>, CeremonyError> {
        let count = self.u32(file)?;
        if count > MAX_SECTIONS {
            return Err(self.format(format!("it claims {count} sections")));
        }
        (0..count)
            .map(|_| {
                let id = self.u32(file)?;
                let mut size = [0; 8];
                self.io(file.read_exact(&mut size))?;
                let start = self.io(file.stream_position())?;
                let end = start.checked_add(u64::from_le_bytes(size));
                let end = end.ok_or_else(|| self.format("a section has an absurd size"))?;
                self.io(file.seek(SeekFrom::Start(end)))?;
                Ok((id, start))
            })
            .collect()
    }

    fn require_bn254(self, file: &mut impl Read) -> Result<(), CeremonyError> {
        let mut modulus = [0; 32];
        if self.u32(file)? as usize != modulus.len() {
            return Err(self.format("it is about another curve"));
        }
        self.io(file.read_exact(&mut modulus))?;
        let mut expected = (-Fq::ONE).to_repr();
        expected[0] += 1; // q − 1 is even, so this is q
        if modulus != expected {
            return Err(self.format("it is about another curve"));
        }
        Ok(())
    }

    /// `g[i + 1] = s·g[i]` for one `s`, from the generators on; and `s` is not the public one.
    fn require_powers(self, g: &[G1Affine], g2: &G2Affine, s_g2: &G2Affine) -> Result<(), CeremonyError> {
        if g.first() != Some(&G1Affine::generator()) || *g2 != G2Affine::generator() {
            return Err(self.points("they do not start at the generators"));
        }
        if !bool::from(G2::from(*s_g2).is_torsion_free()) {
            return Err(self.points("the second point of G2 is outside the group of prime order"));
        }
        if *s_g2 == development_s_g2() {
            return Err(self.points("these are the development parameters, whose secret is public"));
        }
        let weights: Vec<Fr> = (1..g.len()).map(|_| Fr::random(OsRng)).collect();
        let low = best_multiexp(&weights, &g[..g.len() - 1]).to_affine();
        let high = best_multiexp(&weights, &g[1..]).to_affine();
        if Bn256::pairing(&low, s_g2) != Bn256::pairing(&high, g2) {
            return Err(self.points("they are not the powers of one secret"));
        }
        Ok(())
    }

    /// Both forms commit to a random polynomial alike.
    fn require_lagrange(self, params: &ParamsKZG<Bn256>) -> Result<(), CeremonyError> {
        let domain = EvaluationDomain::new(1, params.k());
        let values = (0..params.n()).map(|_| Fr::random(OsRng)).collect();
        let values = domain.lagrange_from_vec(values);
        let coefficients = domain.lagrange_to_coeff(values.clone());
        let blind = Blind::default();
        if params.commit_lagrange(&values, blind) != params.commit(&coefficients, blind) {
            return Err(self.points("the Lagrange form does not belong to the powers"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Parameters, ParamsError, points};
    use halo2_base::halo2_proofs::SerdeFormat;

    const K: u32 = 5;

    fn srs(secret: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        points(Fr::from(secret), K).write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
        bytes
    }

    fn section(id: u32, contents: &[u8]) -> Vec<u8> {
        [&id.to_le_bytes()[..], &(contents.len() as u64).to_le_bytes(), contents].concat()
    }

    /// A file with the three sections that matter, in an unusual order, and one that does not.
    fn ptau(secret: u64) -> Vec<u8> {
        let params = points(Fr::from(secret), K);
        let mut modulus = (-Fq::ONE).to_repr();
        modulus[0] += 1;
        let header = [&32_u32.to_le_bytes()[..], &modulus, &K.to_le_bytes(), &K.to_le_bytes()].concat();
        let g1: Vec<u8> = params.get_g().iter().flat_map(SerdeObject::to_raw_bytes).collect();
        let g2 = [params.g2(), params.s_g2()].map(|p| p.to_raw_bytes()).concat();
        let start = [&b"ptau"[..], &1_u32.to_le_bytes(), &4_u32.to_le_bytes()].concat();
        [start, section(TAU_G2, &g2), section(9, b"other"), section(HEADER, &header), section(TAU_G1, &g1)]
            .concat()
    }

    fn import(name: &str, bytes: &[u8]) -> Result<Parameters, ParamsError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let made = Parameters::import(directory.path(), "test", K, &file, &Sha256::digest(bytes).into())?;
        let read = Parameters::imported(directory.path(), "test", K)?.expect("it was just imported");
        assert_eq!(made.set, read.set);
        Ok(read)
    }

    #[test]
    fn both_formats_give_the_same_set() {
        let (a, b) = (import("a.srs", &srs(77)).unwrap(), import("b.ptau", &ptau(77)).unwrap());
        assert!(!a.set.insecure);
        assert_eq!(a.set, b.set);
        let development = Parameters::development(tempfile::tempdir().unwrap().path(), K).unwrap();
        assert_ne!(a.set.digest, development.set.digest);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refuse = |name: &str, bytes: &[u8], part: &str| {
            let error = import(name, bytes).unwrap_err().to_string();
            assert!(error.contains(part), "{error:?} should name {part:?}");
        };
        let good = srs(77);
        let (g1, g2) = (4 + 64 * 3, good.len() - 256);
        let spliced = |at: usize, with: &[u8]| {
            let mut bytes = good.clone();
            bytes[at..at + with.len()].copy_from_slice(with);
            bytes
        };
        refuse("a.txt", &good, "ends neither in");
        refuse("a.srs", &good[..good.len() - 1], "cannot read");
        refuse("a.srs", &[&good[..], &[0]].concat(), "bytes follow");
        refuse("a.srs", &spliced(0, &[6]), "it has k = 6");
        refuse("a.srs", &spliced(g1, &[good[g1] ^ 1]), "not on its curve");
        refuse("a.srs", &spliced(g1, &[0; 64]), "the identity");
        refuse("a.srs", &spliced(g1, &good[g1 + 64..g1 + 128]), "not the powers of one secret");
        refuse("a.srs", &spliced(4 + 64 * 40, &good[g1..g1 + 64]), "Lagrange form");
        refuse("a.srs", &spliced(4, &good[g1..g1 + 64]), "start at the generators");
        refuse("a.srs", &spliced(g2, &good[g2 + 128..]), "start at the generators");
        refuse("a.srs", &spliced(g2 + 128, &good[g2..g2 + 128]), "not the powers of one secret");
        let mut development = Vec::new();
        let directory = tempfile::tempdir().unwrap();
        let set = Parameters::development(directory.path(), K).unwrap();
        set.kzg.write_custom(&mut development, SerdeFormat::RawBytes).unwrap();
        refuse("a.srs", &development, "secret is public");

        let good = ptau(77);
        refuse("a.ptau", &[b"zkey", &good[4..]].concat(), "does not start as");
        refuse("a.ptau", &good[..good.len() - 1], "cannot read");
        let mut other = good.clone();
        other[12] = 8; // the identifier of the section of G2
        refuse("a.ptau", &other, "no section 3");
        let header = good.len() - 64 * 32 - 12 - 44;
        let mut other = good.clone();
        other[header + 4] ^= 1;
        refuse("a.ptau", &other, "another curve");
        let mut other = good.clone();
        other[header + 36] = 4;
        refuse("a.ptau", &other, "2^4 powers");
    }

    #[test]
    fn another_file_or_name_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.srs");
        std::fs::write(&file, srs(77)).unwrap();
        let import = |name: &str| Parameters::import(directory.path(), name, K, &file, &[0; 32]);
        assert!(matches!(import("a"), Err(ParamsError::Ceremony(CeremonyError::Digest { .. }))));
        for name in ["", "../a", "A", "development-1"] {
            assert!(matches!(import(name), Err(ParamsError::Ceremony(CeremonyError::Name(_)))));
        }
    }
}
