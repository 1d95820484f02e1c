//! System calls. Numbers below 0x1000 are Linux's, so that a guest also runs under `qemu-riscv32`.

use core::arch::asm;

const READ: u32 = 63;
const WRITE: u32 = 64;
const EXIT: u32 = 93;
const COMMIT: u32 = 0x1000;
const UNCONSTRAINED_ENTER: u32 = 0x1001;
const UNCONSTRAINED_LEAVE: u32 = 0x1002;

/// Input stream.
pub(crate) const FD_INPUT: u32 = 0;
/// Public output.
pub(crate) const FD_PUBLIC: u32 = 1;
/// Diagnostics.
pub(crate) const FD_DIAGNOSTICS: u32 = 2;
/// Hint stream, written in unconstrained blocks.
pub(crate) const FD_HINT_WRITE: u32 = 3;
/// Hint stream, read outside of them.
pub(crate) const FD_HINT_READ: u32 = 4;

/// Makes a system call that may read or write memory through its arguments.
///
/// # Safety
/// The arguments must be valid for the call.
unsafe fn ecall(number: u32, a0: u32, a1: u32, a2: u32) -> i32 {
    let result: i32;
    // SAFETY: the caller vouches for the arguments; memory is clobbered by default.
    unsafe {
        asm!("ecall", in("a7") number, inlateout("a0") a0 => result, in("a1") a1, in("a2") a2, options(nostack));
    }
    result
}

/// Reads at most `buffer.len()` bytes; 0 at the end of the stream.
pub(crate) fn read(fd: u32, buffer: &mut [u8]) -> usize {
    // SAFETY: the buffer is ours, and the host writes no more than its length.
    let count = unsafe { ecall(READ, fd, buffer.as_mut_ptr() as u32, buffer.len() as u32) };
    match usize::try_from(count) {
        Ok(count) if count <= buffer.len() => count,
        _ => panic!("read from fd {fd} returned {count}"),
    }
}

/// Writes all bytes.
pub(crate) fn write_all(fd: u32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: the host only reads the bytes.
        let count = unsafe { ecall(WRITE, fd, bytes.as_ptr() as u32, bytes.len() as u32) };
        match usize::try_from(count) {
            Ok(count) if count > 0 && count <= bytes.len() => bytes = &bytes[count..],
            // Diagnostics must not fail: a panic would come back here.
            _ if fd == FD_DIAGNOSTICS => return,
            _ => panic!("write to fd {fd} returned {count}"),
        }
    }
}

/// Stores word `index` of the public-values digest. (Linux does not know the call; there is no proof.)
pub(crate) fn commit_word(index: u32, word: u32) {
    // SAFETY: the call does not touch guest memory.
    let _ = unsafe { ecall(COMMIT, index, word, 0) };
}

/// 1 within an unconstrained block, 0 after it, negative where there are none.
pub(crate) fn unconstrained_enter() -> i32 {
    // SAFETY: the host restores registers and memory, so the call returns once in each world.
    unsafe { ecall(UNCONSTRAINED_ENTER, 0, 0, 0) }
}

/// Ends an unconstrained block: the world in which it ran ends here.
pub(crate) fn unconstrained_leave() -> ! {
    // SAFETY: the call does not return.
    unsafe { asm!("ecall", "unimp", in("a7") UNCONSTRAINED_LEAVE, options(noreturn)) }
}

/// Ends the program without storing a digest.
pub(crate) fn abort(code: u32) -> ! {
    // SAFETY: the call does not return.
    unsafe { asm!("ecall", "unimp", in("a7") EXIT, in("a0") code, options(noreturn)) }
}

/// Stores the digest of what was committed and ends the program.
pub fn exit(code: u32) -> ! {
    crate::output::store_digest();
    abort(code)
}
