//! Input: `n: u64` in `postcard`. Output: `(p, q): (u64, u64)` in `postcard`, with `1 < p <= q` and
//! `p * q = n`. The search is unconstrained; the check of its result is what is proven.
#![no_std]
#![no_main]

fn main() {
    let n: u64 = finial_guest::read_value();
    let hint_p: u64 = finial_guest::unconstrained_value(|| smallest_factor(n));
    assert!(hint_p > 1 && hint_p < n && n % hint_p == 0, "the hint is a proper factor");
    let (p, q) = (hint_p.min(n / hint_p), hint_p.max(n / hint_p));
    finial_guest::commit_value(&(p, q));
}

fn smallest_factor(n: u64) -> u64 {
    (2..n).take_while(|p| p * p <= n).find(|p| n % p == 0).unwrap_or(n)
}

finial_guest::entry!(main);
