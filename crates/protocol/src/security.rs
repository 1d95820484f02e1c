//! The proven-bits report of a layer, from its real tables, by `p3-security`.

use p3_batch_stark::num_batched_openings;
use p3_security::fri::FriRegime;
use p3_security::grinding::GrindingSites;
use p3_security::logup::{LogUpAir, security_term};
use p3_security::report::{Regime, SecurityTerm};
use p3_security::shape::{InstanceShape, StarkAirParams};
use p3_security::stark::proven_security_report;
use p3_uni_stark::OpeningShape;
use serde::Serialize;

use crate::params::LayerParams;
use crate::shape::ProofShape;

/// Bits of a KoalaBear digest of eight elements against collisions: ⌊8 · log2(p) / 2⌋ = 123.9….
const KOALABEAR_COLLISION_BITS: usize = 123;
/// Bits of a BN254 digest against collisions.
const BN254_COLLISION_BITS: usize = 126;

/// One error term of a layer.
#[derive(Clone, Debug, Serialize)]
pub struct Term {
    /// Its name in `p3-security`.
    pub label: String,
    /// −log2 of the error, grinding included.
    pub bits: f64,
}

/// The proven bits of one layer.
#[derive(Clone, Debug, Serialize)]
pub struct LayerSecurity {
    /// The layer's name.
    pub layer: String,
    /// Proven bits: the smallest term.
    pub bits: f64,
    /// The proximity regime in which they are proven.
    pub regime: String,
    /// Every term in that regime.
    pub terms: Vec<Term>,
}

/// Computes the proven bits of proofs of shape `shape`.
#[must_use]
pub fn report(layer: &str, shape: &ProofShape) -> LayerSecurity {
    let params = &shape.params;
    let instance = instance_shape(shape);
    let sites = grinding_sites(params);
    let lookups =
        LogUpAir { num_interactions: num_interactions(shape), max_message_width: shape.max_message_width };
    let extras: Vec<SecurityTerm> = security_term(&lookups, &instance, &sites).into_iter().collect();
    let report = proven_security_report(&fri_regime(params), &air_params(shape), &instance, &extras, &sites);
    let (regime, _) = report.binding();
    let terms = match (&report.ldr, regime) {
        (Some(ldr), Regime::ListDecoding { .. }) => ldr.terms(),
        _ => report.udr.terms(),
    };
    LayerSecurity {
        layer: layer.to_owned(),
        bits: report.security_bits(),
        regime: format!("{regime:?}"),
        terms: terms.iter().map(|t| Term { label: t.label.to_string(), bits: t.bits.bits() }).collect(),
    }
}

const fn fri_regime(params: &LayerParams) -> FriRegime {
    FriRegime {
        log_blowup: params.log_blowup,
        num_queries: params.num_queries,
        log_final_poly_len: params.log_final_poly_len,
        max_log_arity: params.max_log_arity,
        commit_pow_bits: params.grinding.commit,
        query_pow_bits: params.grinding.query,
    }
}

const fn grinding_sites(params: &LayerParams) -> GrindingSites {
    GrindingSites {
        out_of_domain: params.grinding.out_of_domain,
        batch_combination: params.grinding.batch,
        lookup_challenge: params.grinding.lookup,
    }
}

/// Constraints over all tables fold with one challenge each; the largest table binds, and all are counted, which is
/// an upper bound.
fn air_params(shape: &ProofShape) -> StarkAirParams {
    let num_constraints = shape.tables.iter().map(|t| t.constraints.num_folded()).sum();
    let log_chunks = shape.tables.iter().map(|t| t.log_quotient_chunks).max().unwrap_or(0);
    StarkAirParams {
        num_constraints,
        max_constraint_degree: (1 << log_chunks) + 1,
        num_quotient_chunks: 1 << log_chunks,
        max_combo: 2,
    }
}

fn instance_shape(shape: &ProofShape) -> InstanceShape {
    let degree = shape.params.extension_degree;
    let num_batched_functions = shape
        .tables
        .iter()
        .map(|t| {
            num_batched_openings(
                t.width,
                t.main_next,
                t.preprocessed_width,
                t.preprocessed_next,
                1 << t.log_quotient_chunks,
                t.constraints.lookups.len(),
                degree,
                OpeningShape::new(),
            )
        })
        .sum();
    InstanceShape {
        log_trace_length: shape.tables.iter().map(|t| t.log_height).max().unwrap_or(0),
        // ⌊degree · log2(p)⌋ with log2(p) = 30.988…
        modulus_bits: if degree == 4 { 123 } else { 154 },
        collision_resistance: if degree == 4 { KOALABEAR_COLLISION_BITS } else { BN254_COLLISION_BITS },
        num_batched_functions,
    }
}

/// Messages per row over all tables, each weighted as if its table had the largest height: an upper bound.
fn num_interactions(shape: &ProofShape) -> usize {
    let tallest = shape.tables.iter().map(|t| t.log_height).max().unwrap_or(0);
    let total: u64 = shape
        .tables
        .iter()
        .map(|t| {
            let messages: usize = t.constraints.lookups.iter().map(|l| l.messages.len()).sum();
            (messages as u64) << t.log_height
        })
        .sum();
    usize::try_from(total.div_ceil(1 << tallest)).expect("few interactions")
}
