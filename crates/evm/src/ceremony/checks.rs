//! Whether points are the powers of one secret, in both forms.
//!
//! Weights are drawn from the operating system after the points were read, so their author cannot have
//! known them: wrong points pass with probability 2^-128.

use super::Refusal;
use halo2_base::halo2_proofs::{
    arithmetic::best_multiexp,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2, G2Affine},
        ff::PrimeField,
        group::{Curve, cofactor::CofactorGroup},
        pairing::Engine,
    },
    poly::EvaluationDomain,
};
use rand_core::{OsRng, RngCore};

/// `[1]H` is the generator, and `[s]H` in its group: else the pairing below says nothing.
pub(crate) fn require_g2(g2: &G2Affine, s_g2: &G2Affine) -> Result<(), Refusal> {
    if *g2 != G2Affine::generator() {
        return Err(Refusal::Generators);
    }
    // The curve has about 2^254 times more points than the group; pairings there are not bilinear.
    if !bool::from(G2::from(*s_g2).is_torsion_free()) {
        return Err(Refusal::Subgroup);
    }
    // A file that nobody contributed to holds the generators and nothing else.
    if s_g2 == g2 {
        return Err(Refusal::NoContribution);
    }
    Ok(())
}

/// `g[0]` is the generator and `g[i + 1] = s·g[i]` for the `s` of `[s]H`: both by
/// `e(Σ wᵢ·g[i], [s]H) = e(Σ wᵢ·g[i + 1], H)` with random `wᵢ`.
pub(crate) fn require_powers(g: &[G1Affine], g2: &G2Affine, s_g2: &G2Affine) -> Result<(), Refusal> {
    require_g2(g2, s_g2)?;
    let (Some((first, high)), Some((_, low))) = (g.split_first(), g.split_last()) else {
        return Err(Refusal::Generators);
    };
    if *first != G1Affine::generator() {
        return Err(Refusal::Generators);
    }
    let weights = weights(high.len());
    let low = best_multiexp(&weights, low).to_affine();
    let high = best_multiexp(&weights, high).to_affine();
    if Bn256::pairing(&low, s_g2) != Bn256::pairing(&high, g2) {
        return Err(Refusal::NotPowers);
    }
    Ok(())
}

/// A polynomial with random values has one commitment, whether made from its values or its coefficients.
pub(crate) fn require_lagrange(g: &[G1Affine], lagrange: &[G1Affine]) -> Result<(), Refusal> {
    if g.len() != lagrange.len() {
        return Err(Refusal::Lagrange);
    }
    let values = weights(lagrange.len());
    let by_values = best_multiexp(&values, lagrange);
    let domain = EvaluationDomain::new(1, g.len().trailing_zeros());
    let coefficients = domain.lagrange_to_coeff(domain.lagrange_from_vec(values));
    if best_multiexp(&coefficients, g) != by_values {
        return Err(Refusal::Lagrange);
    }
    Ok(())
}

/// Random numbers of 128 bits.
fn weights(count: usize) -> Vec<Fr> {
    let mut bytes = vec![0; 16 * count];
    OsRng.fill_bytes(&mut bytes);
    let number =
        |bytes: &[u8]| bytes.iter().rev().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    bytes.chunks_exact(16).map(|bytes| Fr::from_u128(number(bytes))).collect()
}
