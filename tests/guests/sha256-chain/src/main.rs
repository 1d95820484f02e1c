//! Input: `n: u32`, little-endian, then a seed of 32 bytes. Output: the n-fold SHA-256 of the seed.
#![no_std]
#![no_main]

use sha2::{Digest, Sha256};

fn main() {
    let input = finial_guest::read_input();
    let (n, seed) = input.split_first_chunk::<4>().expect("the input begins with n");
    let mut state: [u8; 32] = seed.try_into().expect("the seed is 32 bytes");
    for _ in 0..u32::from_le_bytes(*n) {
        state = hash(&state);
    }
    finial_guest::commit(&state);
}

fn hash(state: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(state).into()
}

finial_guest::entry!(main);
