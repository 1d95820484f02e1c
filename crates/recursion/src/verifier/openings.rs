//! Stage 2: what the claimed evaluations amount to, once for all queries.

use std::collections::{BTreeMap, BTreeSet};

use finial_protocol::Val;
use finial_protocol::shape::Point;
use p3_field::{PrimeCharacteristicRing, TwoAdicField};

use super::transcript::Challenges;
use super::{Key, Proof};
use crate::backend::Backend;

/// Zeta and, for every height, zeta times the generator of the trace domain.
pub struct Points<B: Backend> {
    pub zeta: B::Ext,
    /// By log2 of the height after the low-degree extension.
    pub next: BTreeMap<usize, B::Ext>,
}

impl<B: Backend> Points<B> {
    pub fn new(b: &mut B, key: &Key<'_>, zeta: &B::Ext) -> Self {
        let next = key.shape.log_lde_heights().into_iter().map(|log_height| {
            let generator = Val::two_adic_generator(log_height - key.shape.params.log_blowup);
            (log_height, b.affine(zeta, generator, p3_field::PrimeCharacteristicRing::ZERO))
        });
        Self { zeta: zeta.clone(), next: next.collect() }
    }
}

/// The claims of one height: Σ α^i p_i(z) for each point, and the factor of every group's sum.
pub struct HeightClaims<B: Backend> {
    /// At zeta.
    pub zeta: Option<B::Ext>,
    /// At the next row's point.
    pub next: Option<B::Ext>,
}

/// Everything about the claims that queries share.
pub struct Claims<B: Backend> {
    /// By log2 height.
    pub heights: BTreeMap<usize, HeightClaims<B>>,
    /// −α^(offset + w − 1) by exponent: a group's sum comes with descending powers of γ = 1/α, and is taken from the
    /// claim.
    pub negated_powers: BTreeMap<usize, B::Ext>,
    /// 1/α, prepared.
    pub gamma: B::Gamma,
}

/// Folds the claimed evaluations with the powers of the batching challenge.
pub fn reduce_claims<B: Backend>(
    b: &mut B,
    key: &Key<'_>,
    proof: &Proof<B>,
    challenges: &Challenges<B>,
) -> Result<Claims<B>, B::Failure> {
    let alpha = &challenges.batch_alpha;
    let claimed = key.layout.offsets.iter().flatten().flatten().copied();
    let exponents = group_exponents(key);
    let powers = powers_of(b, alpha, claimed.chain(exponents.iter().copied()).collect());
    let negated_powers = exponents
        .into_iter()
        .map(|exponent| (exponent, b.affine(&powers[&exponent], Val::NEG_ONE, Val::ZERO)))
        .collect();
    let mut heights = BTreeMap::new();
    for (r, round) in key.shape.rounds().iter().enumerate() {
        for (m, matrix) in round.matrices.iter().enumerate() {
            let claims = heights
                .entry(matrix.log_height)
                .or_insert_with(|| HeightClaims::<B> { zeta: None, next: None });
            for (p, point) in matrix.points.iter().enumerate() {
                let values = &proof.openings[r][m][p];
                let reduced = horner(b, alpha, values);
                let power = &powers[&key.layout.offsets[r][m][p]];
                let slot = match point {
                    Point::Zeta => &mut claims.zeta,
                    Point::ZetaNext => &mut claims.next,
                };
                *slot = Some(match slot.take() {
                    None => b.mul(&reduced, power),
                    Some(sum) => b.mul_add(&reduced, power, &sum),
                });
            }
        }
    }
    // A zero alpha has no inverse and would batch nothing: it is refused, on every machine.
    let gamma = b.inverse(alpha)?;
    let gamma = b.gamma(&gamma);
    Ok(Claims { heights, negated_powers, gamma })
}

/// The powers of alpha that groups need.
fn group_exponents(key: &Key<'_>) -> BTreeSet<usize> {
    let groups = key.layout.rounds.iter().flat_map(|r| &r.heights).flat_map(|h| &h.groups);
    groups.flat_map(|g| g.points.iter().map(|p| p.power + g.len - 1)).collect()
}

/// base^e for every e of a set, in ascending order.
fn powers_of<B: Backend>(b: &mut B, base: &B::Ext, exponents: BTreeSet<usize>) -> BTreeMap<usize, B::Ext> {
    let mut squares = vec![base.clone()];
    let mut powers = BTreeMap::new();
    let mut last = (0usize, b.constant(p3_field::PrimeCharacteristicRing::ONE));
    for exponent in exponents {
        let mut value = last.1.clone();
        let difference = exponent - last.0;
        for bit in 0..usize::BITS as usize {
            if difference >> bit == 0 {
                break;
            }
            if squares.len() == bit {
                let top = squares[bit - 1].clone();
                squares.push(b.mul(&top, &top));
            }
            if (difference >> bit) & 1 == 1 {
                value = b.mul(&value, &squares[bit]);
            }
        }
        powers.insert(exponent, value.clone());
        last = (exponent, value);
    }
    powers
}

/// Σ values\[i\] · x^i.
pub fn horner<B: Backend>(b: &mut B, x: &B::Ext, values: &[B::Ext]) -> B::Ext {
    let mut reversed = values.iter().rev();
    let Some(last) = reversed.next() else {
        return b.constant(p3_field::PrimeCharacteristicRing::ZERO);
    };
    let mut sum = last.clone();
    for value in reversed {
        sum = b.mul_add(&sum, x, value);
    }
    sum
}
