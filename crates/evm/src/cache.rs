//! Files that are rebuilt when they are not whole.
//!
//! Keys and parameters are hundreds of megabytes made in minutes, so they are kept on disk. A checked
//! file is written beside its destination and renamed there, and carries the SHA-256 of its contents, so
//! that an interrupted writer or a damaged disk is noticed before anything is parsed. The digest guards
//! against accidents, not against someone who can write to the cache: what must be *right* is compared
//! with a pinned digest by the caller, or made anew (`finial contract` for sets that are not for development).

use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};
use thiserror::Error;

const MAGIC: &[u8; 16] = b"finial-checked-1";
const DIGEST_END: u64 = 16 + 32;
const BUFFER: usize = 1 << 20;
/// Longest `kind` or `meta` accepted while reading; both are short texts.
const MAX_HEADER_PART: u32 = 1 << 20;

/// Why a checked file could not be read or written.
#[derive(Debug, Error)]
pub enum CacheError {
    /// The operating system refused.
    #[error("{action} {path}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is damaged, cut short, or something else altogether.
    #[error("{path} is not a whole Finial file ({reason}); delete it and it will be made again")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file is whole and holds something else than was asked for.
    #[error("{path} holds {found:?}, not {expected:?}")]
    WrongKind {
        /// Which file.
        path: PathBuf,
        /// What was asked for.
        expected: String,
        /// What it holds.
        found: String,
    },
}

/// A whole file of the right kind, positioned at its body.
#[derive(Debug)]
pub struct CheckedFile {
    /// The short description its writer stored with it.
    pub meta: Vec<u8>,
    /// SHA-256 over kind, description and body.
    pub digest: [u8; 32],
    /// The body.
    pub body: BufReader<File>,
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CacheError {
    move |source| CacheError::Io { action, path: path.to_owned(), source }
}

/// Hashes what passes through.
struct Hashing<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes a checked file: `body` streams its contents. Readers see the old file or the new one, whole.
///
/// # Errors
/// When the directory or file cannot be written.
pub fn write(
    path: &Path,
    kind: &str,
    meta: &[u8],
    body: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<[u8; 32], CacheError> {
    let directory = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(io_error("create the directory", directory))?;
    let mut file =
        tempfile::NamedTempFile::new_in(directory).map_err(io_error("create a file in", directory))?;
    let digest = write_body(file.as_file_mut(), kind, meta, body).map_err(io_error("write", path))?;
    file.persist(path).map_err(|e| io_error("write", path)(e.error))?;
    Ok(digest)
}

fn write_body(
    file: &mut File,
    kind: &str,
    meta: &[u8],
    body: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<[u8; 32]> {
    file.write_all(MAGIC)?;
    file.write_all(&[0; 32])?;
    let digest = write_hashed(&mut *file, kind, meta, body)?;
    file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
    file.write_all(&digest)?;
    file.sync_all()?;
    Ok(digest)
}

/// Writes what the digest is taken over, and returns the digest.
fn write_hashed(
    file: &mut File,
    kind: &str,
    meta: &[u8],
    body: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<[u8; 32]> {
    let mut out = Hashing { inner: BufWriter::with_capacity(BUFFER, file), hasher: Sha256::new() };
    for part in [kind.as_bytes(), meta] {
        let length = u32::try_from(part.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(part)?;
    }
    body(&mut out)?;
    out.flush()?;
    Ok(out.hasher.finalize().into())
}

/// Opens a checked file; `None` if there is none. The whole file is hashed before this returns.
///
/// # Errors
/// When it cannot be read, is damaged, or is of another kind.
pub fn open(path: &Path, kind: &str) -> Result<Option<CheckedFile>, CacheError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io_error("open", path)(e)),
    };
    let damaged = |reason| CacheError::Damaged { path: path.to_owned(), reason };
    let short = |e: io::Error| match e.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it ends early"),
        _ => io_error("read", path)(e),
    };
    let mut body = BufReader::with_capacity(BUFFER, file);
    let (mut magic, mut digest) = ([0; 16], [0; 32]);
    body.read_exact(&mut magic).map_err(short)?;
    body.read_exact(&mut digest).map_err(short)?;
    if magic != *MAGIC {
        return Err(damaged("it has another first line"));
    }
    let mut hasher = Sha256::new();
    io::copy(&mut body, &mut hasher).map_err(io_error("read", path))?;
    if digest != <[u8; 32]>::from(hasher.finalize()) {
        return Err(damaged("its digest does not match"));
    }
    body.seek(SeekFrom::Start(DIGEST_END)).map_err(io_error("read", path))?;
    let mut part = || {
        let mut length = [0; 4];
        body.read_exact(&mut length).map_err(short)?;
        let length = u32::from_le_bytes(length);
        if length > MAX_HEADER_PART {
            return Err(damaged("its header is too long"));
        }
        let mut bytes = vec![0; length as usize];
        body.read_exact(&mut bytes).map_err(short)?;
        Ok(bytes)
    };
    let (found, meta) = (part()?, part()?);
    if found != kind.as_bytes() {
        return Err(CacheError::WrongKind {
            path: path.to_owned(),
            expected: kind.to_owned(),
            found: String::from_utf8_lossy(&found).into_owned(),
        });
    }
    Ok(Some(CheckedFile { meta, digest, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_comes_back_and_a_damaged_one_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/er/file");
        assert!(open(&path, "key").unwrap().is_none());
        let digest = write(&path, "key", b"meta", |w| w.write_all(b"contents")).unwrap();
        let mut file = open(&path, "key").unwrap().unwrap();
        let mut contents = Vec::new();
        file.body.read_to_end(&mut contents).unwrap();
        assert_eq!((file.meta.as_slice(), contents.as_slice()), (&b"meta"[..], &b"contents"[..]));
        assert_eq!(file.digest, digest);
        assert!(matches!(open(&path, "lock"), Err(CacheError::WrongKind { .. })));

        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(matches!(open(&path, "key"), Err(CacheError::Damaged { .. })), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(matches!(open(&path, "key"), Err(CacheError::Damaged { .. })), "cut at {at}");
        }
    }

    #[test]
    fn an_interrupted_writer_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        write(&path, "key", b"", |w| w.write_all(b"old")).unwrap();
        let broken = write(&path, "key", b"", |w| {
            w.write_all(b"ne")?;
            Err(io::Error::other("power cut"))
        });
        assert!(matches!(broken, Err(CacheError::Io { .. })));
        assert!(open(&path, "key").unwrap().is_some());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
