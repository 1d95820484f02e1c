//! The Lagrange form: `Lᵢ = Σⱼ n⁻¹ ω^(−ij) [sʲ]G`, the commitments to the polynomials that are 1 at `ωⁱ`
//! and 0 at the other points of the domain.

use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::{Field, PrimeField},
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use rayon::prelude::*;

/// Fewest butterflies a thread is given.
const GRAIN: usize = 64;

/// Generator of Halo2's domain of size 2^k.
fn root_of_unity(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// Where snarkjs puts what Halo2 puts at `i`.
///
/// Both domains are the same subgroup, in the order of the powers of different generators: Halo2's is
/// `7^t`, snarkjs' is `5^t` (5 is the smallest non-residue), with `t` the odd part of `r − 1`, and both
/// squared down to the size. With `ω = ω'^e`, Halo2's `Lᵢ` is snarkjs' `L'_(e·i mod n)`.
pub(super) struct SnarkjsOrder {
    exponent: usize,
}

impl SnarkjsOrder {
    pub(super) fn new(k: u32) -> Self {
        let theirs = (k..Fr::S).fold(Fr::from(5).pow_vartime(odd_part()), |root, _| root.square());
        Self { exponent: discrete_logarithm(theirs, root_of_unity(k), k) }
    }

    /// From snarkjs' order to Halo2's.
    pub(super) fn reorder(&self, points: &[G1Affine]) -> Vec<G1Affine> {
        let mask = points.len() - 1;
        (0..points.len()).into_par_iter().map(|i| points[i.wrapping_mul(self.exponent) & mask]).collect()
    }
}

/// `(r − 1) / 2^28`.
fn odd_part() -> [u64; 4] {
    let bytes = (-Fr::ONE).to_repr();
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = bytes.iter().rev().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    let next = |i: usize| limbs.get(i + 1).copied().unwrap_or(0);
    std::array::from_fn(|i| limbs[i] >> Fr::S | next(i) << (64 - Fr::S))
}

/// `e` with `base^e = value`, for a `base` of order 2^k, bit by bit.
fn discrete_logarithm(base: Fr, value: Fr, k: u32) -> usize {
    let (mut exponent, mut rest) = (0, value);
    let mut factor = base.invert().unwrap_or(Fr::ONE);
    for bit in 0..k {
        if (bit + 1..k).fold(rest, |x, _| x.square()) != Fr::ONE {
            exponent |= 1 << bit;
            rest *= factor;
        }
        factor = factor.square();
    }
    exponent
}

/// The Lagrange form by a fast Fourier transform on points: `n/2 · log n` multiplications.
pub(crate) fn transform(powers: &[G1Affine]) -> Vec<G1Affine> {
    let n = powers.len();
    let k = n.trailing_zeros();
    let shift = usize::BITS - k;
    let mut points: Vec<G1> =
        (0..n).into_par_iter().map(|i| powers[i.reverse_bits() >> shift].to_curve()).collect();
    let twiddles = twiddles(k);
    for stage in 0..k {
        let (half, stride) = (1_usize << stage, n >> (stage + 1));
        points.par_chunks_mut(2 * half).for_each(|block| {
            let (low, high) = block.split_at_mut(half);
            let pairs = low.par_iter_mut().zip(high).enumerate().with_min_len(GRAIN);
            pairs.for_each(|(i, (a, b))| {
                let product = if i == 0 { *b } else { times(b, &twiddles[i * stride]) };
                *b = *a - product;
                *a += product;
            });
        });
    }
    let scale = Fr::TWO_INV.pow_vartime([u64::from(k)]);
    points.par_iter_mut().with_min_len(GRAIN).for_each(|point| *point = times(point, &scale));
    let mut affine = vec![G1Affine::default(); n];
    affine.par_chunks_mut(1 << 10).zip(points.par_chunks(1 << 10)).for_each(|(affine, points)| {
        G1::batch_normalize(points, affine);
    });
    affine
}

/// `ω⁻ⁱ` for `i < n/2`.
fn twiddles(k: u32) -> Vec<Fr> {
    let root = root_of_unity(k).invert().unwrap_or(Fr::ONE);
    std::iter::successors(Some(Fr::ONE), |power| Some(power * root)).take(1 << (k - 1)).collect()
}

/// Bits of a window; digits are odd and below 2^(WINDOW − 1) in absolute value.
const WINDOW: usize = 5;

/// `scalar · point` with signed windows. Half the additions of the library's, which takes the same time
/// for all scalars; here nothing is secret.
fn times(point: &G1, scalar: &Fr) -> G1 {
    let double = point.double();
    let mut odd = [*point; 1 << (WINDOW - 2)];
    for i in 1..odd.len() {
        odd[i] = odd[i - 1] + double;
    }
    let mut sum = G1::identity();
    for digit in digits(scalar).iter().rev() {
        sum = sum.double();
        let multiple = &odd[usize::from(digit.unsigned_abs() / 2)];
        match digit.signum() {
            1 => sum += multiple,
            -1 => sum -= multiple,
            _ => {}
        }
    }
    sum
}

/// Digits with `scalar = Σ digit[i]·2^i`; between two that are not 0 lie at least `WINDOW − 1` zeros.
fn digits(scalar: &Fr) -> [i8; 256] {
    let bytes = scalar.to_repr();
    let bit = |i: usize| bytes.get(i / 8).map_or(0, |byte| byte >> (i % 8) & 1);
    let mut out = [0; 256];
    let (mut i, mut carry) = (0, 0);
    while i < out.len() {
        if bit(i) == carry {
            i += 1;
            continue;
        }
        let window = (0..WINDOW).fold(carry, |window, j| window + (bit(i + j) << j));
        carry = window >> (WINDOW - 1) & 1;
        out[i] = window as i8 - ((carry as i8) << WINDOW);
        i += WINDOW;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::development_points;
    use halo2_base::halo2_proofs::poly::commitment::{Params, ParamsProver};
    use rand_core::OsRng;

    #[test]
    fn windows_multiply() {
        let random = (0..50).map(|_| Fr::random(OsRng));
        for scalar in
            [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(16), -Fr::from(1 << 40)].into_iter().chain(random)
        {
            let point = G1::random(OsRng);
            assert_eq!(times(&point, &scalar), point * scalar);
        }
        assert_eq!(times(&G1::identity(), &Fr::from(9)), G1::identity());
    }

    #[test]
    fn the_transform_is_the_librarys() {
        for k in 1..=7 {
            let params = development_points(k);
            let bytes = |points: &[G1Affine]| {
                let (g, g2) = (params.get_g().to_vec(), params.g2());
                let params = crate::params::assemble(k, g, Some(points.to_vec()), g2, params.s_g2());
                let mut out = Vec::new();
                params.write(&mut out).unwrap();
                out
            };
            let theirs = params.from_parts(k, params.get_g().to_vec(), None, params.g2(), params.s_g2());
            let mut expected = Vec::new();
            theirs.write(&mut expected).unwrap();
            assert_eq!(bytes(&transform(params.get_g())), expected, "k = {k}");
        }
    }

    #[test]
    fn the_orders_differ_and_are_permutations() {
        for k in 1..=10 {
            let order = SnarkjsOrder::new(k);
            assert_eq!(order.exponent % 2, 1);
            let theirs = (k..Fr::S).fold(Fr::from(5).pow_vartime(odd_part()), |root, _| root.square());
            assert_eq!(theirs.pow_vartime([order.exponent as u64]), root_of_unity(k));
        }
        assert_ne!(SnarkjsOrder::new(10).exponent, 1);
    }
}
