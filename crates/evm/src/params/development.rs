//! The development set: points for a secret that everybody knows.

use super::{DEVELOPMENT_SEED, assemble};
use crate::fixed_base::FixedBase;
use halo2_base::halo2_proofs::{
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        ff::{Field, FromUniformBytes, PrimeField},
        group::Curve,
    },
    poly::kzg::commitment::ParamsKZG,
};
use rayon::prelude::*;
use sha2::{Digest, Sha512};

/// The development set's secret.
fn development_secret() -> Fr {
    Fr::from_uniform_bytes(&Sha512::digest(DEVELOPMENT_SEED).into())
}

pub(crate) fn development_points(k: u32) -> ParamsKZG<Bn256> {
    points(development_secret(), k)
}

/// `[s]H` of the development set: a set that has it is that set, whatever it is called.
pub(crate) fn development_s_g2() -> G2Affine {
    (G2Affine::generator() * development_secret()).to_affine()
}

/// The points for a known secret.
pub(crate) fn points(secret: Fr, k: u32) -> ParamsKZG<Bn256> {
    let base = FixedBase::new(G1Affine::generator(), k);
    let g = base.multiply(&powers(secret, 1 << k));
    let g_lagrange = base.multiply(&lagrange_at(secret, k));
    let g2 = G2Affine::generator();
    let s_g2 = (g2 * secret).to_affine();
    assemble(k, g, Some(g_lagrange), g2, s_g2)
}

fn powers(x: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |power| Some(power * x)).take(count).collect()
}

/// `Lᵢ(s) = (sⁿ − 1)/n · ωⁱ/(s − ωⁱ)` for `i < n = 2^k`; `s` must not be an n-th root of unity.
fn lagrange_at(s: Fr, k: u32) -> Vec<Fr> {
    let n = 1_usize << k;
    let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let roots = powers(omega, n);
    let n_inverse = Fr::from(n as u64).invert().expect("2^k is not zero in a field of odd order");
    let factor = (s.pow_vartime([n as u64]) - Fr::ONE) * n_inverse;
    let mut out = vec![Fr::ZERO; n];
    out.par_chunks_mut(1 << 12).zip(roots.par_chunks(1 << 12)).for_each(|(out, roots)| {
        let mut product = Fr::ONE;
        for (value, root) in out.iter_mut().zip(roots) {
            *value = product;
            product *= s - root;
        }
        let mut inverse = product.invert().expect("the secret is not a root of unity");
        for (value, root) in out.iter_mut().zip(roots).rev() {
            *value *= inverse * root * factor;
            inverse *= s - root;
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::halo2_proofs::SerdeFormat;

    /// Feeds the library's own set-up with the development secret.
    struct Fixed(Vec<u8>);

    impl rand_core::RngCore for Fixed {
        fn next_u32(&mut self) -> u32 {
            u32::from_le_bytes(self.0.drain(..4).collect::<Vec<_>>().try_into().unwrap())
        }
        fn next_u64(&mut self) -> u64 {
            u64::from_le_bytes(self.0.drain(..8).collect::<Vec<_>>().try_into().unwrap())
        }
        fn fill_bytes(&mut self, out: &mut [u8]) {
            let n = out.len();
            out.copy_from_slice(&self.0.drain(..n).collect::<Vec<_>>());
        }
        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(out);
            Ok(())
        }
    }

    fn bytes(params: &ParamsKZG<Bn256>) -> Vec<u8> {
        let mut out = Vec::new();
        params.write_custom(&mut out, SerdeFormat::RawBytes).unwrap();
        out
    }

    #[test]
    fn fast_points_equal_the_librarys() {
        let rng = Fixed(Sha512::digest(DEVELOPMENT_SEED).to_vec());
        let theirs = ParamsKZG::<Bn256>::setup(7, rng);
        assert_eq!(bytes(&theirs), bytes(&development_points(7)));
    }
}
