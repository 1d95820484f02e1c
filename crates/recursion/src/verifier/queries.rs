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
    // Every denominator of a reduced opening is k·ζ − x with k ≠ 0 and x in the base field.
    b.assert_outside_base_field(&points.zeta)?;
    let context = Context { key, caps, proof, challenges, points, claims, join };
    for (q, index) in challenges.indices.iter().enumerate() {
        check_query(b, &context, index, native.map(|p| &p.queries[q]))?;
    }
    Ok(())
}

/// Where a query falls in every domain it passes (without the coset's shift): a product of roots of unity, never zero.
struct QueryPoint<B: Backend> {
    /// The point y at the height at which each fold begins, and at last at the final height.
    at: BTreeMap<usize, B::Felt>,
    /// Of each fold, the point s of the first entry in the opened row.
    starts: Vec<B::Felt>,
}

impl<B: Backend> QueryPoint<B> {
    /// y = ω^(bit-reversed index): bit i contributes a root of order 2^(i+1). The entries of a row have the upper bits
    /// in common, so s is y without the factors of the lower `log_arity` bits, and s^(2^log_arity) is the next y.
    fn new(b: &mut B, index: &[B::Bit], schedule: &[usize]) -> Self {
        let root = |i: usize| Val::two_adic_generator(i + 1);
        let mut log_height = index.len();
        let first_arity = schedule.first().copied().unwrap_or(0);
        let one = b.felt_constant(Val::ONE);
        let factors = |b: &mut B, bits: core::ops::Range<usize>, start: B::Felt| {
            bits.fold(start, |y, i| b.felt_scale_if(&y, &index[i], root(i)))
        };
        let mut start = factors(b, first_arity..index.len(), one);
        let mut y = factors(b, 0..first_arity, start.clone());
        let mut point = Self { at: BTreeMap::new(), starts: vec![] };
        for (fold, &log_arity) in schedule.iter().enumerate() {
            if fold > 0 {
                let low = &index[index.len() - log_height..][..log_arity];
                start = low
                    .iter()
                    .enumerate()
                    .fold(y.clone(), |s, (i, bit)| b.felt_scale_if(&s, bit, root(i).inverse()));
            }
            point.at.insert(log_height, y);
            y = (0..log_arity).fold(start.clone(), |x, _| b.felt_mul(&x, &x));
            point.starts.push(start.clone());
            log_height -= log_arity;
        }
        point.at.insert(log_height, y);
        point
    }
}

fn check_query<B: Backend>(
    b: &mut B,
    context: &Context<'_, B>,
    index: &[B::Bit],
    query: NativeQuery<'_, B>,
) -> Result<(), B::Failure> {
    let point = b.scope("query point", |b| QueryPoint::<B>::new(b, index, &context.key.schedule));
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
    // By height and point: Σ α^i p_i(z) − Σ α^i p_i(x), group by group.
    let mut differences: BTreeMap<usize, [Option<B::Ext>; 2]> = BTreeMap::new();
    for (r, layout) in context.key.layout.rounds.iter().enumerate() {
        let position = &index[log_max_height - layout.log_max_height()..];
        let opening = query.map(|q| &q.rounds[r]);
        let sums = b.scope("input opening", |b| {
            b.open_rows(r, layout, opening, position, context.caps[r], &context.claims.gamma)
        })?;
        let groups = layout.heights.iter().flat_map(|h| h.groups.iter().map(move |g| (h.log_height, g)));
        for ((log_height, group), sum) in groups.zip(sums) {
            let slots = differences.entry(log_height).or_insert_with(|| {
                let claims = &context.claims.heights[&log_height];
                [claims.zeta.clone(), claims.next.clone()]
            });
            for at in &group.points {
                let power = &context.claims.negated_powers[&(at.power + group.len - 1)];
                let slot = &mut slots[usize::from(at.point == Point::ZetaNext)];
                let difference = slot.as_ref().expect("every opened point has a claim");
                *slot = Some(b.mul_add(&sum, power, difference));
            }
        }
    }
    b.scope("reduced opening", |b| {
        let mut reduced = BTreeMap::new();
        for (log_height, [zeta, next]) in differences {
            let y = &point.at[&log_height];
            let mut sum = None;
            for (difference, z) in [(zeta, &context.points.zeta), (next, &context.points.next[&log_height])] {
                let Some(difference) = difference else { continue };
                let denominator = b.sub_scaled_felt(z, y, Val::GENERATOR);
                sum = Some(b.add_quotient(sum.as_ref(), &difference, &denominator)?);
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
            assert_entry(b, low, &row, &value, Check::FoldValue(f))?;
            let t = b.divide_by_felt(&context.challenges.fold[f], &point.starts[f])?;
            Ok(fold_row(b, log_arity, t, row))
        })?;
        log_height -= log_arity;
        if let Some(joining) = reduced.remove(&log_height) {
            value = b.mul_add(&context.join[f], &joining, &value);
        }
    }
    assert!(reduced.is_empty(), "the fold schedule passes every height");
    b.scope("final polynomial", |b| {
        let x = b.lift(&point.at[&log_height]);
        let (constant, higher) =
            context.proof.final_polynomial.split_first().expect("a polynomial has coefficients");
        if higher.is_empty() {
            return b.assert_equal(constant, &value, Check::FinalPolynomial);
        }
        let higher = super::openings::horner(b, &x, higher);
        b.assert_mul_add(&higher, &x, constant, &value, Check::FinalPolynomial)
    })
}

/// Demands that `expected` is the entry of `values` whose index the bits spell, least significant first.
fn assert_entry<B: Backend>(
    b: &mut B,
    bits: &[B::Bit],
    values: &[B::Ext],
    expected: &B::Ext,
    check: Check,
) -> Result<(), B::Failure> {
    let Some((top, lower)) = bits.split_last() else {
        return b.assert_equal(&values[0], expected, check);
    };
    let mut values = values.to_vec();
    for bit in lower {
        values = values.chunks(2).map(|pair| b.select(bit, &pair[1], &pair[0])).collect();
    }
    b.assert_select(top, &values[1], &values[0], expected, check)
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
