//! Public values and diagnostics.

use core::{cell::UnsafeCell, fmt};

use sha2::{Digest, Sha256};

use crate::syscall::{FD_DIAGNOSTICS, FD_PUBLIC, commit_word, write_all};

/// Hash of everything committed so far; `None` until something is.
struct Committed(UnsafeCell<Option<Sha256>>);

// SAFETY: a guest has one thread.
unsafe impl Sync for Committed {}

static COMMITTED: Committed = Committed(UnsafeCell::new(None));

/// Appends bytes to the public output. The public value of the proof is the SHA-256 of all of it.
pub fn commit(bytes: &[u8]) {
    // SAFETY: one thread, and hashing does not come back here.
    let hasher = unsafe { &mut *COMMITTED.0.get() };
    hasher.get_or_insert_with(Sha256::new).update(bytes);
    write_all(FD_PUBLIC, bytes);
}

/// Stores the digest of what was committed, if anything was.
pub(crate) fn store_digest() {
    // SAFETY: as in `commit`.
    let Some(hasher) = (unsafe { &mut *COMMITTED.0.get() }).take() else {
        return;
    };
    let digest = hasher.finalize();
    for (index, word) in (0..).zip(digest.chunks_exact(4)) {
        commit_word(index, u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    }
}

/// Diagnostics for the person who runs the guest; no part of what is proven.
#[derive(Clone, Copy, Debug)]
pub struct Diagnostics;

impl fmt::Write for Diagnostics {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_all(FD_DIAGNOSTICS, text.as_bytes());
        Ok(())
    }
}
