//! Keys, proofs and verdicts for a set of tables under one configuration.

use p3_air::symbolic::SymbolicExpressionExt;
use p3_air::{Air, BaseAir, DebugConstraintBuilder};
use p3_batch_stark::common::GlobalPreprocessed;
use p3_batch_stark::common::PreprocessedInstanceMeta;
use p3_batch_stark::folder::{ProverConstraintFolderWithLookups, VerifierConstraintFolderWithLookups};
use p3_batch_stark::{
    BatchProof, Commitment, CommonData, ProverData, StarkInstance, prove_batch, verify_batch,
};
use p3_field::{Algebra, PrimeField64};
use p3_lookup::{InteractionSymbolicBuilder, check_bus_widths};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use thiserror::Error;

use crate::config::LayerConfig;
use crate::fields::{Digest, Val};
use crate::params::LayerParams;
use crate::shape::{ProofShape, packed_lookups};

/// A table: an AIR with a name, usable by key generation, prover and verifier of configuration `SC`.
pub trait TableAir<SC: LayerConfig>:
    Air<InteractionSymbolicBuilder<Val, SC::Challenge>>
    + for<'a> Air<ProverConstraintFolderWithLookups<'a, SC>>
    + for<'a> Air<VerifierConstraintFolderWithLookups<'a, SC>>
    + for<'a> Air<DebugConstraintBuilder<'a, Val, SC::Challenge>>
    + BaseAir<Val>
    + NamedTable
    + Clone
    + Send
    + Sync
{
}

impl<SC: LayerConfig, A> TableAir<SC> for A where
    A: Air<InteractionSymbolicBuilder<Val, SC::Challenge>>
        + for<'a> Air<ProverConstraintFolderWithLookups<'a, SC>>
        + for<'a> Air<VerifierConstraintFolderWithLookups<'a, SC>>
        + for<'a> Air<DebugConstraintBuilder<'a, Val, SC::Challenge>>
        + BaseAir<Val>
        + NamedTable
        + Clone
        + Send
        + Sync
{
}

/// A table's name, part of the verifying key's digest.
pub trait NamedTable {
    /// The name.
    fn name(&self) -> String;
}

/// What can go wrong between keys, traces and proofs.
#[derive(Debug, Error)]
pub enum MachineError {
    /// A trace does not have the height that the key fixes.
    #[error("table `{table}` has {got} rows where its key fixes {expected}")]
    TraceHeight {
        /// Its name.
        table: String,
        /// Rows by the key.
        expected: usize,
        /// Rows given.
        got: usize,
    },
    /// A list has not one entry a table.
    #[error("{what}: {got} given for {expected} tables")]
    TableCount {
        /// Which list.
        what: &'static str,
        /// Tables of the key.
        expected: usize,
        /// Entries given.
        got: usize,
    },
    /// The proof states other heights than the key.
    #[error("the proof states other table heights than its verifying key")]
    ProofHeights,
    /// Plonky3 rejected the proof.
    #[error("the proof does not verify: {0}")]
    Rejected(String),
    /// Plonky3's prover failed.
    #[error("the prover failed: {0}")]
    Prover(String),
    /// A constraint's degree is above what the blowup pays for.
    #[error("table `{table}` needs 2^{log_chunks} quotient chunks, above the limit of 2^{limit}")]
    Degree {
        /// Its name.
        table: String,
        /// log2 of its chunks.
        log_chunks: usize,
        /// log2 of the limit.
        limit: usize,
    },
    /// Multiplicities could wrap around the field's characteristic, and messages vanish.
    #[error("bus multiplicities sum to {sum} over all rows, which is not below the field's characteristic")]
    Multiplicities {
        /// Σ weight · height.
        sum: u64,
    },
    /// Two tables use one bus with messages of different widths.
    #[error("bus messages disagree in width: {0}")]
    BusWidths(String),
}

/// What a verifier needs: shape, digest, configuration. The preprocessed commitment is an argument of verification,
/// since one key serves many programs.
#[derive(Clone)]
pub struct VerifyingKey<SC: LayerConfig> {
    /// The shape of its proofs.
    pub shape: ProofShape,
    /// The shape's digest, first message of every transcript.
    pub digest: Digest,
    /// The configuration, its challenger holding the digest.
    pub config: SC,
}

/// What a prover needs.
pub struct ProvingKey<SC: LayerConfig, A> {
    /// The verifying key.
    pub vk: VerifyingKey<SC>,
    /// The tables with their preprocessed traces.
    pub airs: Vec<A>,
    /// Plonky3's prover data: preprocessed low-degree extensions and their tree.
    pub data: ProverData<SC>,
}

/// log2 of the quotient chunks of a constraint of degree three.
const MAX_LOG_QUOTIENT_CHUNKS: usize = 1;

impl<SC: LayerConfig> VerifyingKey<SC> {
    /// The key for tables `airs` at the given heights (log2).
    ///
    /// # Errors
    /// When a constraint's degree is above three, or messages on one bus differ in width.
    pub fn new<A>(params: LayerParams, airs: &[A], log_heights: &[usize]) -> Result<Self, MachineError>
    where
        A: TableAir<SC>,
        SymbolicExpressionExt<Val, SC::Challenge>: Algebra<SC::Challenge>,
    {
        let names: Vec<String> = airs.iter().map(NamedTable::name).collect();
        let shape = ProofShape::new::<SC::Challenge, A>(params, airs, &names, log_heights);
        for table in &shape.tables {
            if table.log_quotient_chunks > MAX_LOG_QUOTIENT_CHUNKS {
                return Err(MachineError::Degree {
                    table: table.name.clone(),
                    log_chunks: table.log_quotient_chunks,
                    limit: MAX_LOG_QUOTIENT_CHUNKS,
                });
            }
        }
        // A shorter message on a bus would pass for a longer one with leading zeros.
        let lookups: Vec<_> = airs
            .iter()
            .zip(log_heights)
            .map(|(air, &log_height)| packed_lookups::<SC::Challenge, A>(air, log_height).0)
            .collect();
        check_bus_widths(&lookups).map_err(|error| MachineError::BusWidths(error.to_string()))?;
        // Plonky3's verifier checks this bound; circuits trust the key for it (DESIGN §3.8).
        let sum = shape.multiplicity_bound();
        if sum >= Val::ORDER_U64 {
            return Err(MachineError::Multiplicities { sum });
        }
        let digest = shape.digest();
        Ok(Self { config: SC::for_layer(&params, &digest), shape, digest })
    }
}

impl<SC: LayerConfig> VerifyingKey<SC> {
    /// The data Plonky3's verifier wants, for the program committed by `preprocessed`.
    fn common_data<A>(&self, airs: &[A], preprocessed: Option<Commitment<SC>>) -> CommonData<SC>
    where
        A: TableAir<SC>,
        SymbolicExpressionExt<Val, SC::Challenge>: Algebra<SC::Challenge>,
    {
        let lookups = airs
            .iter()
            .zip(&self.shape.tables)
            .map(|(air, table)| packed_lookups::<SC::Challenge, A>(air, table.log_height).0)
            .collect();
        let mut matrix_to_instance = Vec::new();
        let instances = self
            .shape
            .tables
            .iter()
            .enumerate()
            .map(|(i, table)| {
                (table.preprocessed_width > 0).then(|| {
                    matrix_to_instance.push(i);
                    PreprocessedInstanceMeta {
                        matrix_index: matrix_to_instance.len() - 1,
                        width: table.preprocessed_width,
                        degree_bits: table.log_height,
                    }
                })
            })
            .collect();
        let preprocessed =
            preprocessed.map(|commitment| GlobalPreprocessed { commitment, instances, matrix_to_instance });
        CommonData::new(preprocessed, lookups)
    }

    /// Verifies a proof for the program committed by `preprocessed`.
    ///
    /// `airs` must be the key's tables; preprocessed traces in them are not read.
    ///
    /// # Errors
    /// When the proof's heights are not the key's, a list has another length, or Plonky3 rejects it.
    pub fn verify<A>(
        &self,
        airs: &[A],
        preprocessed: Option<Commitment<SC>>,
        proof: &BatchProof<SC>,
        public_values: &[Vec<Val>],
    ) -> Result<(), MachineError>
    where
        A: TableAir<SC>,
        SymbolicExpressionExt<Val, SC::Challenge>: Algebra<SC::Challenge>,
    {
        let expected = self.shape.tables.len();
        if airs.len() != expected {
            return Err(MachineError::TableCount { what: "tables", expected, got: airs.len() });
        }
        if public_values.len() != expected {
            return Err(MachineError::TableCount {
                what: "public values",
                expected,
                got: public_values.len(),
            });
        }
        // The prover states heights; a verifier that took them from there would verify another statement.
        if !proof.degree_bits.iter().copied().eq(self.shape.tables.iter().map(|t| t.log_height)) {
            return Err(MachineError::ProofHeights);
        }
        let common = self.common_data(airs, preprocessed);
        verify_batch(&self.config, airs, proof, public_values, &common)
            .map_err(|error| MachineError::Rejected(format!("{error:?}")))
    }
}

impl<SC, A> ProvingKey<SC, A>
where
    SC: LayerConfig,
    A: TableAir<SC>,
    SymbolicExpressionExt<Val, SC::Challenge>: Algebra<SC::Challenge>,
{
    /// Keys for tables `airs` (with their preprocessed traces) at the given heights (log2).
    ///
    /// # Errors
    /// As [`VerifyingKey::new`], or when the preprocessed commitment fails.
    pub fn new(params: LayerParams, airs: Vec<A>, log_heights: &[usize]) -> Result<Self, MachineError> {
        let vk = VerifyingKey::<SC>::new(params, &airs, log_heights)?;
        let data = ProverData::from_airs_and_degrees(&vk.config, &airs, log_heights)
            .map_err(|error| MachineError::Prover(format!("{error:?}")))?;
        let ours = vk.common_data(&airs, None);
        for (ours, theirs) in ours.lookups.iter().zip(&data.common.lookups) {
            assert_eq!(ours.len(), theirs.len(), "the shape packs lookups as Plonky3 does");
        }
        Ok(Self { vk, airs, data })
    }

    /// The program's commitment: the root of the preprocessed columns.
    #[must_use]
    pub fn preprocessed(&self) -> Option<Commitment<SC>>
    where
        Commitment<SC>: Clone,
    {
        self.data.common.preprocessed.as_ref().map(|p| p.commitment.clone())
    }

    /// Proves the given main traces.
    ///
    /// # Errors
    /// When a trace has another height than the key's, or the prover fails.
    pub fn prove(
        &self,
        traces: &[RowMajorMatrix<Val>],
        public_values: &[Vec<Val>],
    ) -> Result<BatchProof<SC>, MachineError> {
        let expected = self.airs.len();
        if traces.len() != expected || public_values.len() != expected {
            let got = traces.len().min(public_values.len());
            return Err(MachineError::TableCount { what: "traces", expected, got });
        }
        for (trace, table) in traces.iter().zip(&self.vk.shape.tables) {
            if trace.height() != 1 << table.log_height {
                return Err(MachineError::TraceHeight {
                    table: table.name.clone(),
                    expected: 1 << table.log_height,
                    got: trace.height(),
                });
            }
        }
        let instances: Vec<StarkInstance<'_, SC, A>> = self
            .airs
            .iter()
            .zip(traces)
            .zip(public_values)
            .map(|((air, trace), public)| StarkInstance { air, trace, public_values: public.clone() })
            .collect();
        prove_batch(&self.vk.config, &instances, &self.data)
            .map_err(|error| MachineError::Prover(format!("{error:?}")))
    }
}
