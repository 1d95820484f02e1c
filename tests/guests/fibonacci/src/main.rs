//! Input: `n: u32`, little-endian. Output: fib(n) mod 2^32, likewise.
#![no_std]
#![no_main]

fn main() {
    let input = finial_guest::read_input();
    let n = u32::from_le_bytes(input.try_into().expect("the input is 4 bytes"));
    let (mut a, mut b) = (0_u32, 1_u32);
    for _ in 0..n {
        (a, b) = (b, a.wrapping_add(b));
    }
    finial_guest::commit(&a.to_le_bytes());
}

finial_guest::entry!(main);
