//! Files of a public ceremony (Perpetual Powers of Tau), as people share them.
//!
//! Two formats: `.ptau` of snarkjs, and `.srs`, which is what Halo2 itself writes. Both hold coordinates in
//! Montgomery form, little-endian. Neither is trusted: a file is read once, from its start to its end, and
//! hashed on the way; every point that is kept must be on its curve; and the points must be consecutive
//! powers of one secret, by a pairing with random weights. Memory goes to the points that are kept.

mod checks;
mod lagrange;
mod ptau;
mod srs;
mod stream;
#[cfg(test)]
mod tests;

use halo2_base::halo2_proofs::halo2curves::bn256::{G1Affine, G2Affine};
use std::{
    io,
    path::{Path, PathBuf},
};
use stream::Stream;
use thiserror::Error;

pub use stream::FileDigests;

/// Largest `k` a file may have: that of Perpetual Powers of Tau, and of the scalar field's domains.
const MAX_POWER: u32 = 28;

/// A ceremony's file that is not accepted.
#[derive(Debug, Error)]
#[error("{path} is refused: {reason}")]
pub struct CeremonyError {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub reason: Refusal,
}

/// Why a ceremony's file is not accepted.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The system's answer.
    #[error("it cannot be read: {0}")]
    Io(io::Error),
    /// The name's ending says nothing.
    #[error("its name ends neither in .srs nor in .ptau")]
    Ending,
    /// It ends early.
    #[error("it is cut short: it ends after {length} bytes, within {what}")]
    Truncated {
        /// What is incomplete.
        what: &'static str,
        /// The file's length.
        length: u64,
    },
    /// It goes on.
    #[error("it is too long: {extra} bytes follow where it should end")]
    TrailingBytes {
        /// How many.
        extra: u64,
    },
    /// The first four bytes.
    #[error("it does not start as a .ptau file does")]
    Magic,
    /// Another version of the format.
    #[error("it is a .ptau file of version {found}; version 1 is read")]
    Version {
        /// The version it names.
        found: u32,
    },
    /// Another prime.
    #[error("it is about another curve: its header has not the prime of BN254's coordinates")]
    Curve,
    /// The number of powers makes no sense.
    #[error("its header claims 2^{found} powers, which no ceremony on this curve has")]
    Power {
        /// As the header says.
        found: u32,
    },
    /// Fewer powers than needed.
    #[error("it has 2^{found} powers, and 2^{needed} are needed: take a larger file of the ceremony")]
    TooSmall {
        /// As the header says.
        found: u32,
        /// As was asked for.
        needed: u32,
    },
    /// The header comes first, else the sizes of the others are not known.
    #[error("its first section is number {found}, not its header")]
    HeaderNotFirst {
        /// The first section's number.
        found: u32,
    },
    /// A section that must be there.
    #[error("it has no section {section}")]
    SectionMissing {
        /// Which.
        section: u32,
    },
    /// A section that is there twice.
    #[error("it has two sections {section}")]
    SectionRepeated {
        /// Which.
        section: u32,
    },
    /// A section that the format does not have.
    #[error("it has a section {section}, which .ptau files do not have")]
    SectionUnknown {
        /// Which.
        section: u32,
    },
    /// A section of the wrong size.
    #[error("its section {section} has {size} bytes where {expected} belong")]
    SectionSize {
        /// Which.
        section: u32,
        /// The size it claims.
        size: u64,
        /// The size that follows from the header.
        expected: u64,
    },
    /// A section that is longer than the file.
    #[error("it is cut short: its section {section} should have {size} bytes and {remaining} are left")]
    SectionPastEnd {
        /// Which.
        section: u32,
        /// The size it claims.
        size: u64,
        /// What the file still has.
        remaining: u64,
    },
    /// A point off its curve.
    #[error("point {index} of {what} is not on the curve")]
    OffCurve {
        /// Of which points.
        what: &'static str,
        /// Counted from 0.
        index: usize,
    },
    /// The point at infinity.
    #[error("point {index} of {what} is the point at infinity")]
    Identity {
        /// Of which points.
        what: &'static str,
        /// Counted from 0.
        index: usize,
    },
    /// Other first points.
    #[error("its points do not start at the generators of the groups")]
    Generators,
    /// A point of small order in it.
    #[error("its second point of G2 is on the curve and outside the group of prime order")]
    Subgroup,
    /// The secret is 1.
    #[error("its secret is 1: nobody has contributed to it")]
    NoContribution,
    /// No consecutive powers.
    #[error("its points are not consecutive powers of one secret: at least one is wrong")]
    NotPowers,
    /// The other form is wrong.
    #[error("its Lagrange form does not belong to its powers: at least one point is wrong")]
    Lagrange,
    /// The public secret.
    #[error("its points are those of the development parameters, whose secret is public")]
    Development,
    /// Another file than was named.
    #[error("it has SHA-256 {actual}, not {expected}")]
    Digest {
        /// As given.
        expected: String,
        /// As found.
        actual: String,
    },
    /// Nobody vouches for it.
    #[error(
        "it is not listed in params/ceremonies.json ({about}); its BLAKE2b is {blake2b}, its SHA-256 {sha256}. \
         To take it nevertheless, give its name and its SHA-256 from a source you trust: --name NAME --sha256 HEX"
    )]
    NotListed {
        /// What its second point of G2 says.
        about: String,
        /// Its digest.
        blake2b: String,
        /// Its digest.
        sha256: String,
    },
    /// Points of another ceremony than the name or the digest says.
    #[error("it is of another ceremony: its points are {found}, not those of {expected}")]
    OtherCeremony {
        /// The ceremony that was named.
        expected: String,
        /// Which ceremony the points are of, as far as known.
        found: String,
    },
    /// Something else has the name.
    #[error("the cache has parameters named {name} with another secret ({held}): choose another name")]
    NameTaken {
        /// The name.
        name: String,
        /// The file that has them.
        held: PathBuf,
    },
}

impl Refusal {
    /// The error about a file.
    pub(crate) fn of(self, path: &Path) -> CeremonyError {
        CeremonyError { path: path.to_owned(), reason: self }
    }
}

/// What was read from a file: points on their curves, nothing else checked.
pub(crate) struct Points {
    /// The file's own `k`.
    pub(crate) power: u32,
    /// As many powers as were asked for.
    pub(crate) powers: Vec<G1Affine>,
    /// Their Lagrange form in Halo2's order, where the file has it.
    pub(crate) lagrange: Option<Vec<G1Affine>>,
    pub(crate) g2: G2Affine,
    pub(crate) s_g2: G2Affine,
    /// How many contributions the file tells of, a beacon included.
    pub(crate) contributions: Option<u32>,
    pub(crate) digests: FileDigests,
}

/// Reads the first 2^k powers of a file whose ending names its format.
pub(crate) fn read(path: &Path, k: u32) -> Result<Points, CeremonyError> {
    let file = Stream::open(path)?;
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("srs") => srs::read(file, k),
        Some("ptau") => ptau::read(file, k),
        _ => Err(file.refuse(Refusal::Ending)),
    }
}

/// Reads a set that Halo2 wrote, `length` bytes, as if it came from anywhere.
pub(crate) fn read_srs(
    path: &Path,
    contents: impl io::Read + 'static,
    length: u64,
    k: u32,
) -> Result<Points, CeremonyError> {
    srs::read(Stream::new(path, Box::new(contents), length), k)
}

pub(crate) use checks::{require_g2, require_lagrange, require_powers};
pub(crate) use lagrange::transform;
