//! Input: `n: u32`, little-endian, then a seed of 32 bytes. Output: the n-fold Keccak-256 of the seed.
#![no_std]
#![no_main]

use tiny_keccak::{Hasher, Keccak};

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
    let mut keccak = Keccak::v256();
    keccak.update(state);
    let mut digest = [0; 32];
    keccak.finalize(&mut digest);
    digest
}

finial_guest::entry!(main);
