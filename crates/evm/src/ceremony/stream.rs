//! A file read once, from its start to its end, and hashed on the way.

use super::{CeremonyError, Refusal};
use blake2b_simd::State as Blake2b;
use halo2_base::halo2_proofs::halo2curves::{
    bn256::{G1Affine, G2Affine},
    group::prime::PrimeCurveAffine,
    serde::SerdeObject,
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Bytes of a point: two coordinates in Montgomery form, little-endian, of one or two field elements.
pub(super) const G1_BYTES: usize = 64;
pub(super) const G2_BYTES: usize = 128;
/// Bytes read and hashed at a time.
const CHUNK: usize = 1 << 20;

/// Digests of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigests {
    /// SHA-256.
    pub sha256: [u8; 32],
    /// BLAKE2b with 64 bytes, which snarkjs publishes.
    pub blake2b: [u8; 64],
}

/// The file, its position and what was hashed so far.
pub(super) struct Stream {
    path: PathBuf,
    file: Box<dyn Read>,
    position: u64,
    length: u64,
    sha256: Sha256,
    blake2b: Blake2b,
}

impl Stream {
    pub(super) fn open(path: &Path) -> Result<Self, CeremonyError> {
        let failed = |e| Refusal::Io(e).of(path);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok(Self::new(path, Box::new(file), length))
    }

    /// `length` bytes of something that `path` names.
    pub(super) fn new(path: &Path, file: Box<dyn Read>, length: u64) -> Self {
        let (sha256, blake2b) = (Sha256::new(), Blake2b::new());
        Self { path: path.to_owned(), file, position: 0, length, sha256, blake2b }
    }

    /// The error about this file.
    pub(super) fn refuse(&self, reason: Refusal) -> CeremonyError {
        reason.of(&self.path)
    }

    /// Bytes that are left.
    pub(super) fn remaining(&self) -> u64 {
        self.length.saturating_sub(self.position)
    }

    /// Fills `bytes`; `what` names them if the file ends before.
    pub(super) fn read(&mut self, bytes: &mut [u8], what: &'static str) -> Result<(), CeremonyError> {
        self.file.read_exact(bytes).map_err(|e| {
            self.refuse(match e.kind() {
                io::ErrorKind::UnexpectedEof => Refusal::Truncated { what, length: self.length },
                _ => Refusal::Io(e),
            })
        })?;
        self.position += bytes.len() as u64;
        let (sha256, blake2b) = (&mut self.sha256, &mut self.blake2b);
        if bytes.len() < 1 << 12 {
            sha256.update(&*bytes);
            blake2b.update(bytes);
        } else {
            rayon::join(|| sha256.update(&*bytes), || blake2b.update(bytes));
        }
        Ok(())
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, CeremonyError> {
        let mut bytes = [0; 4];
        self.read(&mut bytes, what)?;
        Ok(u32::from_le_bytes(bytes))
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, CeremonyError> {
        let mut bytes = [0; 8];
        self.read(&mut bytes, what)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Hashes `count` bytes that nobody needs.
    pub(super) fn skip(&mut self, mut count: u64, what: &'static str) -> Result<(), CeremonyError> {
        let mut buffer = vec![0; CHUNK.min(usize::try_from(count).unwrap_or(CHUNK))];
        while count > 0 {
            let now = buffer.len().min(usize::try_from(count).unwrap_or(CHUNK));
            self.read(&mut buffer[..now], what)?;
            count -= now as u64;
        }
        Ok(())
    }

    /// Reads `count` points of G1, each on the curve (whose group has prime order) and not the identity.
    pub(super) fn g1(&mut self, count: usize, what: &'static str) -> Result<Vec<G1Affine>, CeremonyError> {
        // A file's header is no reason to allocate: its length is.
        if (count as u64).saturating_mul(G1_BYTES as u64) > self.remaining() {
            return Err(self.refuse(Refusal::Truncated { what, length: self.length }));
        }
        let mut points = Vec::with_capacity(count);
        let mut buffer = vec![0; CHUNK.min(count * G1_BYTES)];
        while points.len() < count {
            let now = (count - points.len()).min(CHUNK / G1_BYTES);
            let bytes = &mut buffer[..now * G1_BYTES];
            self.read(bytes, what)?;
            let decoded: Vec<_> = bytes.par_chunks_exact(G1_BYTES).map(decode::<G1Affine>).collect();
            for point in decoded {
                let index = points.len();
                points.push(point.map_err(|fault| self.refuse(fault.at(what, index)))?);
            }
        }
        Ok(points)
    }

    /// Reads a point of G2's curve, not the identity. Whether it is in the group is another question.
    pub(super) fn g2(&mut self, what: &'static str, index: usize) -> Result<G2Affine, CeremonyError> {
        let mut bytes = [0; G2_BYTES];
        self.read(&mut bytes, what)?;
        decode(&bytes).map_err(|fault| self.refuse(fault.at(what, index)))
    }

    /// The digests, once nothing is left.
    pub(super) fn finish(self) -> Result<FileDigests, CeremonyError> {
        match self.remaining() {
            0 => Ok(FileDigests {
                sha256: self.sha256.finalize().into(),
                blake2b: *self.blake2b.finalize().as_array(),
            }),
            extra => Err(self.refuse(Refusal::TrailingBytes { extra })),
        }
    }
}

/// What a point can have.
#[derive(Clone, Copy)]
enum Fault {
    OffCurve,
    Identity,
}

impl Fault {
    fn at(self, what: &'static str, index: usize) -> Refusal {
        match self {
            Self::OffCurve => Refusal::OffCurve { what, index },
            Self::Identity => Refusal::Identity { what, index },
        }
    }
}

fn decode<P: SerdeObject + PrimeCurveAffine>(bytes: &[u8]) -> Result<P, Fault> {
    let point = P::from_raw_bytes(bytes).ok_or(Fault::OffCurve)?;
    if bool::from(point.is_identity()) { Err(Fault::Identity) } else { Ok(point) }
}
