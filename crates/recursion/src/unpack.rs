//! A proof taken apart: whole Merkle paths and whole FRI rows, query by query, in the order in which a circuit reads them.
//!
//! Plonky3 prunes the paths of all queries into one multiproof and leaves out of each FRI row the entry that the
//! verifier computes. Restoring both takes the query indices, so the transcript is replayed with Plonky3's own drivers.
//! What comes out is only ever a *hint*: the verifier checks all of it again.

use core::marker::PhantomData;

use finial_protocol::config::{InnerMmcs, RootMmcs, inner_mmcs, root_mmcs};
use finial_protocol::shape::{RoundShape, TableShape};
use finial_protocol::transcript::{batch_shape, fri_shape};
use finial_protocol::{Digest, Ext4, Ext5, InnerConfig, ProofShape, RootConfig, Val, VerifyingKey};
use p3_batch_stark::{BatchProof, BatchVerifierTranscript, Commitment};
use p3_commit::ExtensionMmcs;
use p3_commit::{CommitmentOpening, CommitmentWithOpeningPoints, MatrixOpening, PointOpening};
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{BasedVectorSpace, ExtensionField, PrimeCharacteristicRing};
use p3_fri::verifier::{fold_query, open_inputs};
use p3_fri::{
    PcsShape, PcsVerifierTranscript, TwoAdicFriFolding, TwoAdicFriFoldingForMmcs, VerifierTranscript,
};
use p3_lookup::LogUpGadget;
use p3_lookup::Lookup;
use p3_matrix::Dimensions;
use p3_uni_stark::StarkGenericConfig;
use thiserror::Error;

/// The rows of one leaf of one commitment, and its Merkle path from the leaf up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowOpening<D> {
    /// One row a matrix, in commitment order.
    pub rows: Vec<Vec<Val>>,
    /// Siblings.
    pub path: Vec<D>,
}

/// One row of a FRI fold, and its Merkle path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldOpening<EF, D> {
    /// All entries, the computed one among them.
    pub row: Vec<EF>,
    /// Siblings.
    pub path: Vec<D>,
}

/// One query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpackedQuery<EF, D> {
    /// One opening a round.
    pub rounds: Vec<RowOpening<D>>,
    /// One opening a fold.
    pub folds: Vec<FoldOpening<EF, D>>,
}

/// Claimed evaluations: `[round][matrix][point][column]`.
pub type Openings<EF> = Vec<Vec<Vec<Vec<EF>>>>;

/// A proof in reading order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpackedProof<EF, D> {
    /// Main commitment.
    pub main: Vec<D>,
    /// Quotient commitment.
    pub quotient: Vec<D>,
    /// Preprocessed commitment (part of the statement).
    pub preprocessed: Vec<D>,
    /// Permutation commitment.
    pub permutation: Vec<D>,
    /// Public values (part of the statement).
    pub public_values: Vec<Vec<Val>>,
    /// Proof of work before the LogUp challenges.
    pub lookup_witness: Val,
    /// Proof of work before zeta.
    pub ood_witness: Val,
    /// Proof of work before the batching challenge.
    pub batch_witness: Val,
    /// Proof of work before each folding challenge.
    pub fold_witnesses: Vec<Val>,
    /// Proof of work before the queries.
    pub query_witness: Val,
    /// Bus terminals; zero where a table has none.
    pub terminals: Vec<EF>,
    /// Claimed evaluations: `[round][matrix][point][column]`.
    pub openings: Openings<EF>,
    /// FRI commitments.
    pub fold_commitments: Vec<Vec<D>>,
    /// Final polynomial.
    pub final_polynomial: Vec<EF>,
    /// Queries.
    pub queries: Vec<UnpackedQuery<EF, D>>,
}

/// Why a proof cannot be taken apart.
#[derive(Debug, Error)]
pub enum UnpackError {
    /// The proof has not the shape of its verifying key.
    #[error("the proof is not of its key's shape: {0}")]
    Shape(&'static str),
    /// Plonky3's transcript or FRI verifier rejects it.
    #[error("the proof does not verify: {0}")]
    Rejected(String),
}

impl UnpackError {
    fn rejected(error: impl core::fmt::Debug) -> Self {
        Self::Rejected(format!("{error:?}"))
    }
}

/// Claimed evaluations in round order, checked against the shape.
fn collect_openings<SC: StarkGenericConfig>(
    shape: &ProofShape,
    proof: &BatchProof<SC>,
) -> Result<Openings<SC::Challenge>, UnpackError> {
    use finial_protocol::shape::RoundKind;
    let instances = &proof.opened_values.instances;
    if instances.len() != shape.tables.len() || proof.lookup_terminals.len() != shape.tables.len() {
        return Err(UnpackError::Shape("number of tables"));
    }
    let mut chunk = vec![0; shape.tables.len()];
    let mut rounds = Vec::new();
    for round in shape.rounds() {
        let mut matrices = Vec::new();
        for matrix in &round.matrices {
            let values = &instances[matrix.table];
            let base = &values.base_opened_values;
            let points: [Option<&Vec<SC::Challenge>>; 2] = match round.kind {
                RoundKind::Main => [Some(&base.trace_local), base.trace_next.as_ref()],
                RoundKind::Preprocessed => {
                    let rows = base.preprocessed.as_ref();
                    [rows.map(|r| &r.local), rows.and_then(|r| r.next.as_ref())]
                }
                RoundKind::Permutation => [Some(&values.permutation_local), Some(&values.permutation_next)],
                RoundKind::Quotient => {
                    chunk[matrix.table] += 1;
                    [base.quotient_chunks.get(chunk[matrix.table] - 1), None]
                }
            };
            let points: Vec<Vec<SC::Challenge>> =
                points.iter().take(matrix.points.len()).flatten().map(|row| (*row).clone()).collect();
            if points.len() != matrix.points.len() || points.iter().any(|row| row.len() != matrix.width) {
                return Err(UnpackError::Shape("claimed evaluations"));
            }
            matrices.push(points);
        }
        rounds.push(matrices);
    }
    Ok(rounds)
}

/// Lookups only as far as the transcript driver wants to know them: one a fraction column, without messages.
fn silent_lookups(table: &TableShape) -> Vec<Lookup<Val>> {
    (0..table.constraints.lookups.len())
        .map(|column| Lookup {
            kind: p3_lookup::Kind::Local,
            elements: vec![],
            multiplicities: vec![],
            count_weight: 0,
            column,
            flags: None,
        })
        .collect()
}

fn dimensions(round: &RoundShape) -> Vec<Dimensions> {
    round.matrices.iter().map(|m| Dimensions { width: m.width, height: 1 << m.log_height }).collect()
}

/// One claim list for Plonky3: every matrix with its points and values.
fn claims<EF, Com: Clone>(
    shape: &ProofShape,
    commitments: Vec<Com>,
    openings: &[Vec<Vec<Vec<EF>>>],
    zeta: EF,
) -> Vec<CommitmentWithOpeningPoints<EF, Com, TwoAdicMultiplicativeCoset<Val>>>
where
    EF: ExtensionField<Val>,
{
    use finial_protocol::shape::Point;
    use p3_field::TwoAdicField;
    let rounds = shape.rounds();
    rounds
        .iter()
        .zip(commitments)
        .zip(openings)
        .map(|((round, commitment), values)| {
            let matrices = round.matrices.iter().zip(values).map(|(matrix, values)| {
                let log_size = matrix.log_height - shape.params.log_blowup;
                let domain = TwoAdicMultiplicativeCoset::new(Val::ONE, log_size).expect("within two-adicity");
                let points = matrix.points.iter().zip(values).map(|(point, values)| {
                    let point = match point {
                        Point::Zeta => zeta,
                        Point::ZetaNext => zeta * Val::two_adic_generator(log_size),
                    };
                    PointOpening { point, values: values.clone() }
                });
                MatrixOpening { domain, points: points.collect() }
            });
            CommitmentOpening { commitment, matrices: matrices.collect() }
        })
        .collect()
}

/// One configuration's `unpack`: the body is the same, Plonky3's types are not.
macro_rules! unpack_for {
    ($(#[$doc:meta])* $name:ident, $config:ty, $ext:ty, $mmcs:ty, $make_mmcs:path, $digest:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// When the proof is not of the key's shape or its transcript, folds or paths do not verify.
        pub fn $name(
            vk: &VerifyingKey<$config>,
            preprocessed: &Commitment<$config>,
            proof: &BatchProof<$config>,
            public_values: &[Vec<Val>],
        ) -> Result<UnpackedProof<$ext, $digest>, UnpackError> {
            type Challenger = <$config as StarkGenericConfig>::Challenger;
            let shape = &vk.shape;
            let openings = collect_openings(shape, proof)?;
            if !proof.degree_bits.iter().copied().eq(shape.tables.iter().map(|t| t.log_height)) {
                return Err(UnpackError::Shape("table heights"));
            }
            if public_values.len() != shape.tables.len()
                || public_values.iter().zip(&shape.tables).any(|(v, t)| v.len() != t.num_public_values)
            {
                return Err(UnpackError::Shape("public values"));
            }
            let lookups: Vec<Vec<Lookup<Val>>> = shape.tables.iter().map(silent_lookups).collect();
            let permutation = proof.commitments.permutation.clone().ok_or(UnpackError::Shape("permutation commitment"))?;

            // Replay: batch, opening argument, low-degree test.
            let mut challenger = vk.config.initialise_challenger();
            let mut transcript = BatchVerifierTranscript::<Challenger, Val, $ext, Commitment<$config>>::new(
                &mut challenger,
                batch_shape(shape),
            );
            transcript.instance_bindings(&proof.degree_bits);
            transcript.main_phase(proof.commitments.main.clone(), public_values);
            transcript.preprocessed_phase(shape.has_preprocessed().then(|| preprocessed.clone()));
            transcript
                .lookup_phase(&lookups, &LogUpGadget::new(), proof.lookup_pow_witness)
                .map_err(UnpackError::rejected)?;
            let terminals: Vec<$ext> = proof.lookup_terminals.iter().flatten().map(|t| t.0).collect();
            if terminals.len() != shape.tables.iter().filter(|t| t.has_lookups()).count() {
                transcript.abort();
                return Err(UnpackError::Shape("bus terminals"));
            }
            let _: $ext = transcript.permutation_phase(Some(permutation.clone()), &terminals);
            transcript.quotient_phase(proof.commitments.quotient_chunks.clone(), None);
            let zeta = transcript.ood_phase(proof.ood_pow_witness).map_err(UnpackError::rejected)?;

            let mut commitments = vec![proof.commitments.main.clone(), proof.commitments.quotient_chunks.clone()];
            if shape.has_preprocessed() {
                commitments.push(preprocessed.clone());
            }
            commitments.push(permutation.clone());
            let claims = claims(shape, commitments, &openings, zeta);
            let fri = &proof.opening_proof;
            let params = finial_protocol::config::fri_parameters(
                &shape.params,
                ExtensionMmcs::<Val, $ext, $mmcs>::new($make_mmcs(&shape.params)),
            );
            let replayed = transcript.delegate(|challenger| {
                let mut transcript = PcsVerifierTranscript::<Challenger, Val, $ext>::new(
                    challenger,
                    PcsShape::from_claims(&params, &claims),
                );
                transcript.claimed_openings(&claims).map_err(UnpackError::rejected)?;
                let alpha = transcript.batch_phase(Some(fri.batch_pow_witness)).map_err(UnpackError::rejected)?;
                let drawn = transcript.delegate(|challenger| {
                    let mut transcript =
                        VerifierTranscript::<Challenger, Val, $ext>::new(challenger, fri_shape(shape));
                    let betas = transcript
                        .commit_rounds(&fri.commit_phase_commits, &fri.commit_pow_witnesses)
                        .map_err(UnpackError::rejected)?;
                    let indices = transcript
                        .query_phase(&fri.final_poly, Some(fri.query_pow_witness))
                        .map_err(UnpackError::rejected)?;
                    transcript.finish();
                    Ok((betas, indices))
                });
                transcript.finish();
                drawn.map(|(betas, indices)| (alpha, betas, indices))
            });
            transcript.finish();
            let (alpha, betas, indices): ($ext, Vec<$ext>, Vec<usize>) = replayed?;

            // Input rows and their whole paths.
            let mmcs = $make_mmcs(&shape.params);
            let log_max_height = shape.log_max_height();
            let rounds = shape.rounds();
            let reduced =
                open_inputs::<Val, $ext, $mmcs, ExtensionMmcs<Val, $ext, $mmcs>>(
                    &params, log_max_height, &indices, &fri.input_openings, alpha, &mmcs, &claims,
                )
                .map_err(UnpackError::rejected)?;
            let mut input: Vec<Vec<RowOpening<$digest>>> = vec![Vec::new(); indices.len()];
            for (round, opening) in rounds.iter().zip(&fri.input_openings) {
                let shift = log_max_height - round.log_max_height();
                let positions: Vec<usize> = indices.iter().map(|index| index >> shift).collect();
                let paths = mmcs
                    .restore_and_recompute_paths(
                        &dimensions(round), &positions, &opening.opened_values, &opening.opening_proof,
                    )
                    .map_err(UnpackError::rejected)?;
                for ((query, rows), path) in input.iter_mut().zip(&opening.opened_values).zip(paths) {
                    query.push(RowOpening { rows: rows.clone(), path: path.siblings });
                }
            }

            // FRI rows with their computed entry, and their whole paths.
            let folding: TwoAdicFriFoldingForMmcs<Val, $mmcs> = TwoAdicFriFolding(PhantomData);
            let schedule = shape.fold_schedule();
            let mut positions = vec![Vec::new(); schedule.len()];
            let mut rows: Vec<Vec<Vec<Vec<$ext>>>> = vec![Vec::new(); schedule.len()];
            for (query, (&index, reduced)) in indices.iter().zip(reduced).enumerate() {
                let mut start = index;
                let _: $ext = fold_query::<_, Val, $ext, ExtensionMmcs<Val, $ext, $mmcs>>(
                    &folding, query, &mut start, &betas, &schedule, &fri.commit_phase_openings, reduced,
                    log_max_height, shape.log_final_height(), &mut positions, &mut rows,
                )
                .map_err(UnpackError::rejected)?;
            }
            let mut folds: Vec<Vec<FoldOpening<$ext, $digest>>> = vec![Vec::new(); indices.len()];
            let mut log_height = log_max_height;
            for (round, log_arity) in schedule.iter().enumerate() {
                log_height -= log_arity;
                let width = <$ext as BasedVectorSpace<Val>>::DIMENSION << log_arity;
                let flat: Vec<Vec<Vec<Val>>> = rows[round]
                    .iter()
                    .map(|row| vec![row[0].iter().flat_map(|x| x.as_basis_coefficients_slice().to_vec()).collect()])
                    .collect();
                let paths = mmcs
                    .restore_and_recompute_paths(
                        &[Dimensions { width, height: 1 << log_height }],
                        &positions[round],
                        &flat,
                        &fri.commit_phase_openings[round].opening_proof,
                    )
                    .map_err(UnpackError::rejected)?;
                for ((query, row), path) in folds.iter_mut().zip(&rows[round]).zip(paths) {
                    query.push(FoldOpening { row: row[0].clone(), path: path.siblings });
                }
            }

            let cap = |commitment: &Commitment<$config>| commitment.roots().to_vec();
            Ok(UnpackedProof {
                main: cap(&proof.commitments.main),
                quotient: cap(&proof.commitments.quotient_chunks),
                preprocessed: cap(preprocessed),
                permutation: cap(&permutation),
                public_values: public_values.to_vec(),
                lookup_witness: proof.lookup_pow_witness.unwrap_or(Val::ZERO),
                ood_witness: proof.ood_pow_witness,
                batch_witness: fri.batch_pow_witness,
                fold_witnesses: fri.commit_pow_witnesses.clone(),
                query_witness: fri.query_pow_witness,
                terminals: proof
                    .lookup_terminals
                    .iter()
                    .map(|t| t.as_ref().map_or(<$ext as PrimeCharacteristicRing>::ZERO, |t| t.0))
                    .collect(),
                openings,
                fold_commitments: fri.commit_phase_commits.iter().map(cap).collect(),
                final_polynomial: fri.final_poly.clone(),
                queries: input
                    .into_iter()
                    .zip(folds)
                    .map(|(rounds, folds)| UnpackedQuery { rounds, folds })
                    .collect(),
            })
        }
    };
}

unpack_for!(
    /// Takes apart a proof of a segment or of the tree.
    unpack_inner, InnerConfig, Ext4, InnerMmcs, inner_mmcs, Digest
);
unpack_for!(
    /// Takes apart a root proof.
    unpack_root, RootConfig, Ext5, RootMmcs, root_mmcs, [finial_protocol::fields::Bn254; 1]
);
