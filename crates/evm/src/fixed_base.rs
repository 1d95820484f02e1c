//! Many multiples of one curve point.
//!
//! A table per window of the scalar turns a multiplication into about twenty additions, and additions of
//! many independent sums in affine coordinates share one inversion: six field multiplications each.

use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr, G1, G1Affine},
    ff::{Field, PrimeField},
    group::{Curve, Group},
};
use rayon::prelude::*;

/// Sums that share one inversion; a window's table and a block's sums fit the second-level cache.
const BLOCK: usize = 4096;

/// Multiples of a fixed base, window by window.
pub(crate) struct FixedBase {
    bits: usize,
    /// `tables[w][d − 1] = d · 2^(w · bits) · base`, for digits `d` in `1..2^bits`.
    tables: Vec<Vec<G1Affine>>,
}

impl FixedBase {
    /// Tables for about `2^k` multiplications of `base`, which must not be the identity.
    pub(crate) fn new(base: G1Affine, k: u32) -> Self {
        let bits = (k as usize).saturating_sub(4).clamp(4, 13);
        let windows = (Fr::NUM_BITS as usize).div_ceil(bits);
        let starts: Vec<G1> =
            std::iter::successors(Some(G1::from(base)), |p| Some((0..bits).fold(*p, |p, _| p.double())))
                .take(windows)
                .collect();
        let tables = starts.into_par_iter().map(|start| multiples(start, (1 << bits) - 1)).collect();
        Self { bits, tables }
    }

    /// `scalars[i] · base` for every `i`. No scalar may be zero.
    pub(crate) fn multiply(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        let mut out = vec![G1Affine::default(); scalars.len()];
        out.par_chunks_mut(BLOCK).zip(scalars.par_chunks(BLOCK)).for_each(|(sums, scalars)| {
            let scalars: Vec<[u8; 32]> = scalars.iter().map(PrimeField::to_repr).collect();
            let mut started = vec![false; sums.len()];
            for (window, table) in self.tables.iter().enumerate() {
                let digits: Vec<usize> =
                    scalars.iter().map(|s| digit(s, window * self.bits, self.bits)).collect();
                add_window(sums, &mut started, table, &digits);
            }
        });
        out
    }
}

/// `1·start, 2·start, …, count·start` in affine coordinates.
fn multiples(start: G1, count: usize) -> Vec<G1Affine> {
    let step = start.to_affine();
    let points: Vec<G1> = std::iter::successors(Some(start), |p| Some(p + step)).take(count).collect();
    let mut affine = vec![G1Affine::default(); count];
    G1::batch_normalize(&points, &mut affine);
    affine
}

/// Bits `from .. from + bits` of a little-endian integer; bits above its end are zero.
fn digit(scalar: &[u8; 32], from: usize, bits: usize) -> usize {
    let byte = |i: usize| scalar.get(i).copied().unwrap_or(0) as usize;
    let first = from / 8;
    let word = byte(first) | byte(first + 1) << 8 | byte(first + 2) << 16;
    (word >> (from % 8)) & ((1 << bits) - 1)
}

/// Adds `table[digit − 1]` to each sum. Windows come lowest first and scalars are below the group's
/// order, so a sum never equals plus or minus the point added to it: chord additions suffice.
fn add_window(sums: &mut [G1Affine], started: &mut [bool], table: &[G1Affine], digits: &[usize]) {
    let mut active = Vec::with_capacity(sums.len());
    let mut prefix = Vec::with_capacity(sums.len());
    let mut product = Fq::ONE;
    for (i, &digit) in digits.iter().enumerate().filter(|(_, digit)| **digit != 0) {
        let point = table[digit - 1];
        if started[i] {
            let difference = point.x - sums[i].x;
            active.push((i, point, difference));
            prefix.push(product);
            product *= difference;
        } else {
            sums[i] = point;
            started[i] = true;
        }
    }
    let mut inverse = product.invert().expect("no sum meets its addend");
    for ((i, point, difference), before) in active.into_iter().zip(prefix).rev() {
        let slope = (point.y - sums[i].y) * inverse * before;
        inverse *= difference;
        let x = slope.square() - sums[i].x - point.x;
        let y = slope * (sums[i].x - x) - sums[i].y;
        sums[i] = G1Affine { x, y };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_plain_multiplication() {
        let base = G1Affine::generator();
        let mut scalars = vec![Fr::ONE, -Fr::ONE, Fr::from(2), Fr::from(1 << 20), -Fr::from(1 << 13)];
        let mut s = Fr::from(0x1234_5678_9abc_def1);
        scalars.extend((0..60).map(|_| {
            s = s.square() + Fr::ONE;
            s
        }));
        for k in [4, 9, 20] {
            let fast = FixedBase::new(base, k).multiply(&scalars);
            for (scalar, point) in scalars.iter().zip(fast) {
                assert_eq!((base * scalar).to_affine(), point);
            }
        }
    }
}
