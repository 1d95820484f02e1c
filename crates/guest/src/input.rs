//! Input. It is unbound witness: whoever proves chooses it. Commit to what matters.

use alloc::{vec, vec::Vec};

use crate::syscall::{FD_INPUT, read};

/// Fills a buffer from a stream.
pub(crate) fn fill(fd: u32, buffer: &mut [u8]) {
    let mut filled = 0;
    while filled < buffer.len() {
        match read(fd, &mut buffer[filled..]) {
            0 => panic!("fd {fd} ended {} bytes early", buffer.len() - filled),
            count => filled += count,
        }
    }
}

/// Reads a frame: a `u32` length and as many bytes.
pub(crate) fn read_frame(fd: u32) -> Vec<u8> {
    let mut length = [0; 4];
    fill(fd, &mut length);
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    fill(fd, &mut bytes);
    bytes
}

/// Reads the input: the bytes the host was given, which it frames by their length.
///
/// # Panics
/// If the input ends early or does not fit the heap.
pub fn read_input() -> Vec<u8> {
    read_frame(FD_INPUT)
}

/// Fills a buffer with raw bytes of the input stream, past any frame.
///
/// # Panics
/// If the input ends early.
pub fn read_exact(buffer: &mut [u8]) {
    fill(FD_INPUT, buffer);
}

/// Reads a little-endian word of the input stream.
///
/// # Panics
/// If the input ends early.
pub fn read_u32() -> u32 {
    let mut bytes = [0; 4];
    fill(FD_INPUT, &mut bytes);
    u32::from_le_bytes(bytes)
}
