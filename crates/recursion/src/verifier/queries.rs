//! Stage 3: every query opens the committed rows, reduces them to one value a height, and follows the folds down to the
//! final polynomial.

use std::collections::BTreeMap;

use finial_protocol::Val;
use finial_protocol::shape::{Point, RoundKind};
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_util::reverse_bits_len;

use super::openings::{Claims, Points};
use super::transcript::Challenges;
use super::{Key, Proof, Statement, exp_power_of_2};
use crate::backend::{Backend, Check};
use crate::unpack::{UnpackedProof, UnpackedQuery};

type Native<'a, B> = Option<&'a UnpackedProof<<B as Backend>::NativeExt, <B as Backend>::NativeDigest>>;
type NativeQuery<'a, B> = Option<&'a UnpackedQuery<<B as Backend>::NativeExt, <B as Backend>::NativeDigest>>;

/// What all queries share.
struct Context<'a, B: Backend> {
    key: &'a Key<'a>,
    caps: Vec<&'a [B::Digest]>,
    proof: &'a Proof<B>,
    challenges: &'a Challenges<B>,
    points: &'a Points<B>,
    claims: &'a Claims<B>,
    /// beta^(2^log_arity) of every fold: the factor of openings that join there.
    join: Vec<B::Ext>,
}

/// Checks all queries.
#[expect(clippy::too_many_arguments, reason = "the stages' results, each named")]
pub fn check_all<B: Backend>(
    b: &mut B,
    key: &Key<'_>,
    statement: &Statement<B>,
    proof: &Proof<B>,
    challenges: &Challenges<B>,
    points: &Points<B>,
    claims: &Claims<B>,
    native: Native<'_, B>,
) -> Result<(), B::Failure> {
    let caps = key
        .layout
        .rounds
        .iter()
        .map(|round| match round.kind {
            RoundKind::Main => &proof.main[..],
            RoundKind::Quotient => &proof.quotient[..],
            RoundKind::Preprocessed => &statement.preprocessed[..],
            RoundKind::Permutation => &proof.permutation[..],
        })
        .collect();
    let folds = challenges.fold.iter().zip(&key.schedule);
    let join = folds.map(|(beta, &log_arity)| exp_power_of_2(b, beta, log_arity)).collect();
    let context = Context { key, caps, proof, challenges, points, claims, join };
    for (q, index) in challenges.indices.iter().enumerate() {
        check_query(b, &context, index, native.map(|p| &p.queries[q]))?;
    }
    Ok(())
}

/// Powers y^(2^i) of a query's point (without the coset's shift) and of its inverse.
struct QueryPoint<B: Backend> {
    powers: Vec<B::Felt>,
    inverse_powers: Vec<B::Felt>,
}

impl<B: Backend> QueryPoint<B> {
    fn new(b: &mut B, index: &[B::Bit]) -> Result<Self, B::Failure> {
        // y = ω^(bit-reversed index): bit i contributes a root of order 2^(i+1).
        let one = b.felt_constant(Val::ONE);
        let point = index
            .iter()
            .enumerate()
            .fold(one, |y, (i, bit)| b.felt_scale_if(&y, bit, Val::two_adic_generator(i + 1)));
        let inverse = b.felt_inverse(&point)?;
        let squares = |b: &mut B, x: B::Felt| {
            let mut list = vec![x];
            for i in 1..index.len() {
                let last = list[i - 1].clone();
                list.push(b.felt_mul(&last, &last));
            }
            list
        };
        Ok(Self { powers: squares(b, point), inverse_powers: squares(b, inverse) })
    }
}

fn check_query<B: Backend>(
    b: &mut B,
    context: &Context<'_, B>,
    index: &[B::Bit],
    query: NativeQuery<'_, B>,
) -> Result<(), B::Failure> {
    let point = b.scope("query point", |b| QueryPoint::<B>::new(b, index))?;
    let reduced = reduced_openings(b, context, index, &point, query)?;
    fold(b, context, index, &point, reduced, query)
}

/// Opens every round and reduces the rows to one value a height:
/// Σ_points (Σ α^i p_i(z) − Σ α^i p_i(x)) / (z − x).
fn reduced_openings<B: Backend>(
    b: &mut B,
    context: &Context<'_, B>,
    index: &[B::Bit],
    point: &QueryPoint<B>,
    query: NativeQuery<'_, B>,
) -> Result<BTreeMap<usize, B::Ext>, B::Failure> {
    let log_max_height = index.len();
    // By height: Σ over groups of α^i p_i(x), for each point.
    let mut at_x: BTreeMap<usize, [Option<B::Ext>; 2]> = BTreeMap::new();
    for (r, layout) in context.key.layout.rounds.iter().enumerate() {
        let position = &index[log_max_height - layout.log_max_height()..];
        let opening = query.map(|q| &q.rounds[r]);
        let sums = b.scope("input opening", |b| {
            b.open_rows(r, layout, opening, position, context.caps[r], &context.claims.gamma)
        })?;
        let groups = layout.heights.iter().flat_map(|h| h.groups.iter().map(move |g| (h.log_height, g)));
        for ((log_height, group), sum) in groups.zip(sums) {
            let slots = at_x.entry(log_height).or_insert([None, None]);
            for at in &group.points {
                let power = &context.claims.powers[&(at.power + group.len - 1)];
                let slot = &mut slots[usize::from(at.point == Point::ZetaNext)];
                *slot = Some(match slot.take() {
                    None => b.mul(&sum, power),
                    Some(previous) => b.mul_add(&sum, power, &previous),
                });
            }
        }
    }
    b.scope("reduced opening", |b| {
        let mut reduced = BTreeMap::new();
        for (log_height, [zeta, next]) in at_x {
            let x = b.felt_scale(&point.powers[log_max_height - log_height], Val::GENERATOR);
            let x = b.lift(&x);
            let claims = &context.claims.heights[&log_height];
            let points = [
                (&claims.zeta, zeta, &context.points.zeta),
                (&claims.next, next, &context.points.next[&log_height]),
            ];
            let mut sum = None;
            for (claim, value, z) in points {
                let (Some(claim), Some(value)) = (claim, value) else { continue };
                let denominator = b.sub(z, &x);
                let inverse = b.inverse(&denominator)?;
                let numerator = b.sub(claim, &value);
                sum = Some(match sum {
                    None => b.mul(&numerator, &inverse),
                    Some(sum) => b.mul_add(&numerator, &inverse, &sum),
                });
            }
            reduced.insert(log_height, sum.expect("every height is opened at a point"));
        }
        Ok(reduced)
    })
}

/// Follows the folds: the value carried down must stand in each opened row, and the last one is the final polynomial's.
fn fold<B: Backend>(
    b: &mut B,
    context: &Context<'_, B>,
    index: &[B::Bit],
    point: &QueryPoint<B>,
    mut reduced: BTreeMap<usize, B::Ext>,
    query: NativeQuery<'_, B>,
) -> Result<(), B::Failure> {
    let log_max_height = index.len();
    let mut log_height = log_max_height;
    let mut value = reduced.remove(&log_height).expect("the tallest height is opened");
    for (f, &log_arity) in context.key.schedule.iter().enumerate() {
        let low = &index[log_max_height - log_height..log_max_height - log_height + log_arity];
        let high = &index[log_max_height - log_height + log_arity..];
        let opening = query.map(|q| &q.folds[f]);
        let row = b.scope("fold opening", |b| {
            b.open_fold(f, log_arity, opening, high, &context.proof.fold_commitments[f])
        })?;
        value = b.scope("fold", |b| {
            let chosen = multiplex(b, low, &row);
            b.assert_equal(&chosen, &value, Check::FoldValue(f))?;
            let start_inverse =
                subgroup_start_inverse(b, low, &point.inverse_powers[log_max_height - log_height]);
            let t = b.mul_felt(&context.challenges.fold[f], &start_inverse);
            Ok(fold_row(b, log_arity, t, row))
        })?;
        log_height -= log_arity;
        if let Some(joining) = reduced.remove(&log_height) {
            value = b.mul_add(&context.join[f], &joining, &value);
        }
    }
    assert!(reduced.is_empty(), "the fold schedule passes every height");
    b.scope("final polynomial", |b| {
        let x = b.lift(&point.powers[log_max_height - log_height]);
        let expected = super::openings::horner(b, &x, &context.proof.final_polynomial);
        b.assert_equal(&expected, &value, Check::FinalPolynomial)
    })
}

/// The entry of `values` whose index the bits spell, least significant first.
fn multiplex<B: Backend>(b: &mut B, bits: &[B::Bit], values: &[B::Ext]) -> B::Ext {
    let mut values = values.to_vec();
    for bit in bits {
        values = values.chunks(2).map(|pair| b.select(bit, &pair[1], &pair[0])).collect();
    }
    values.swap_remove(0)
}

/// 1/s for the point s of a row's first entry: the query's point is s times a root of unity that the low bits name.
fn subgroup_start_inverse<B: Backend>(b: &mut B, low: &[B::Bit], point_inverse: &B::Felt) -> B::Felt {
    low.iter()
        .enumerate()
        .fold(point_inverse.clone(), |s, (i, bit)| b.felt_scale_if(&s, bit, Val::two_adic_generator(i + 1)))
}

/// Folds a row of evaluations over s·⟨ω⟩ (bit-reversed) at beta, given t = beta/s, by halvings:
/// p(x), p(−x) ↦ (p(x)+p(−x))/2 + (beta/x)·(p(x)−p(−x))/2.
fn fold_row<B: Backend>(b: &mut B, log_arity: usize, mut t: B::Ext, mut row: Vec<B::Ext>) -> B::Ext {
    for log_size in (1..=log_arity).rev() {
        let root_inverse = Val::two_adic_generator(log_size).inverse();
        row = row
            .chunks(2)
            .enumerate()
            .map(|(j, pair)| {
                let exponent = reverse_bits_len(j, log_size - 1) as u64;
                let k = root_inverse.exp_u64(exponent).halve();
                b.butterfly(&t, k, &pair[0], &pair[1])
            })
            .collect();
        if log_size > 1 {
            t = b.mul(&t, &t);
        }
    }
    row.swap_remove(0)
}
