//! The transcript's seeds: constants of a shape.
//!
//! `p3-batch-stark`, `p3-fri-pcs` and `p3-fri` each seed the sponge with a digest of their own step pattern and labels
//! before their first message. The patterns depend on the shape alone, so the seeds are constants: this module asks
//! Plonky3 for them, and every verifier absorbs the same ones. The order of messages between the seeds is
//! `finial-recursion`'s generic verifier, the one description for all circuits.

use p3_batch_stark::BatchShape;
use p3_challenger::CanObserve;
use p3_field::ExtensionField;
use p3_fri::{FriShape, PcsShape};

use crate::fields::{Ext4, Ext5, Val};
use crate::shape::ProofShape;

/// What each of the three nested protocols absorbs when it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// Absorbed before the degree bits.
    pub batch: Vec<Val>,
    /// Absorbed after zeta, before the claimed evaluations.
    pub pcs: Vec<Val>,
    /// Absorbed after the batching challenge, before FRI's first commitment.
    pub fri: Vec<Val>,
}

/// A challenger that only writes down what it is told.
#[derive(Default)]
struct Recorder(Vec<Val>);

impl CanObserve<Val> for Recorder {
    fn observe(&mut self, value: Val) {
        self.0.push(value);
    }
}

impl Seeds {
    /// The seeds of a shape.
    #[must_use]
    pub fn of(shape: &ProofShape) -> Self {
        match shape.params.extension_degree {
            4 => Self::over::<Ext4>(shape),
            _ => Self::over::<Ext5>(shape),
        }
    }

    fn over<EF: ExtensionField<Val>>(shape: &ProofShape) -> Self {
        let record = |seed: &dyn Fn(&mut Recorder)| {
            let mut recorder = Recorder::default();
            seed(&mut recorder);
            recorder.0
        };
        let batch = batch_shape(shape).domain_separator::<Val, EF>();
        let pcs = pcs_shape(shape).domain_separator::<Val, EF>();
        let fri = fri_shape(shape).domain_separator::<Val, EF>();
        Self {
            batch: record(&|r| batch.seed(r)),
            pcs: record(&|r| pcs.seed(r)),
            fri: record(&|r| fri.seed(r)),
        }
    }
}

/// Plonky3's description of the batch transcript.
#[must_use]
pub fn batch_shape(shape: &ProofShape) -> BatchShape {
    let each = |f: &dyn Fn(&crate::shape::TableShape) -> usize| shape.tables.iter().map(f).collect();
    BatchShape {
        trace_widths: each(&|t| t.width),
        public_value_counts: each(&|t| t.num_public_values),
        preprocessed_widths: each(&|t| t.preprocessed_width),
        has_preprocessed_commitment: shape.has_preprocessed(),
        num_lookup_instances: shape.tables.iter().filter(|t| t.has_lookups()).count(),
        lookup_pow_bits: shape.params.grinding.lookup,
        has_randomization_commitment: false,
        ood_pow_bits: shape.params.grinding.out_of_domain,
    }
}

fn pcs_shape(shape: &ProofShape) -> PcsShape {
    let claimed_evaluation_counts = shape
        .rounds()
        .iter()
        .map(|round| round.matrices.iter().map(|m| vec![m.width; m.points.len()]).collect())
        .collect();
    PcsShape { claimed_evaluation_counts, batch_pow_bits: shape.params.grinding.batch }
}

/// Plonky3's description of the low-degree test's transcript.
#[must_use]
pub fn fri_shape(shape: &ProofShape) -> FriShape {
    let params = &shape.params;
    FriShape {
        log_arities: shape.fold_schedule(),
        final_poly_len: 1 << params.log_final_poly_len,
        commit_pow_bits: params.grinding.commit,
        query_pow_bits: params.grinding.query,
        num_queries: params.num_queries,
        index_bits: shape.log_max_height(),
        log_blowup: params.log_blowup,
        max_log_arity: params.max_log_arity,
    }
}
