//! Keys of all recursion programs.

use std::sync::{Arc, Mutex, PoisonError};

use finial_agg_vm::{AggAir, Heights, Program, Witness};
use finial_protocol::fields::Bn254;
use finial_protocol::params::{ROOT, SHRINK, TREE};
use finial_protocol::{
    Digest, Ext4, InnerConfig, LayerConfig, LayerParams, ProvingKey, RootConfig, TableAir, Val, VerifyingKey,
};
use finial_segment_verifier::AppVerifyingKey;
use p3_air::symbolic::SymbolicExpressionExt;
use p3_batch_stark::{BatchProof, Commitment};
use p3_field::Algebra;

use crate::circuits::{internal_program, leaf_program, root_program, shrink_program};
use crate::error::AggregationError;
use crate::layers::{ARITIES, ROOT_HEIGHTS, SHRINK_HEIGHTS, U, root_key, shrink_key, u_key};
use crate::sets::{ProgramSet, ProgramSets};

/// A recursion program with its commitment; the proving key is made when it is first wanted and can be dropped.
pub struct ProgramKey<SC: LayerConfig> {
    name: String,
    program: Program,
    params: LayerParams,
    heights: Heights,
    commitment: Commitment<SC>,
    pk: Mutex<Option<Arc<ProvingKey<SC, AggAir>>>>,
}

impl<SC: LayerConfig> ProgramKey<SC>
where
    AggAir: TableAir<SC>,
    SymbolicExpressionExt<Val, SC::Challenge>: Algebra<SC::Challenge>,
    Commitment<SC>: Clone,
{
    fn new(
        name: String,
        program: Program,
        params: LayerParams,
        heights: Heights,
    ) -> Result<Self, AggregationError> {
        let pk = make_key::<SC>(&name, &program, params, heights)?;
        let commitment = pk.preprocessed().expect("the Agg VM has preprocessed columns");
        Ok(Self { name, program, params, heights, commitment, pk: Mutex::new(None) })
    }

    /// The program's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The program's commitment.
    #[must_use]
    pub const fn commitment(&self) -> &Commitment<SC> {
        &self.commitment
    }

    fn proving_key(&self) -> Result<Arc<ProvingKey<SC, AggAir>>, AggregationError> {
        let mut slot = self.pk.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pk) = slot.as_ref() {
            return Ok(Arc::clone(pk));
        }
        let pk = make_key::<SC>(&self.name, &self.program, self.params, self.heights)?;
        Ok(Arc::clone(slot.insert(Arc::new(pk))))
    }

    /// Frees the proving key's memory until it is wanted again.
    pub fn release(&self) {
        *self.pk.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Runs the program on `hints`: fails where a proof below is not valid.
    ///
    /// # Errors
    /// When the program rejects.
    pub fn execute(&self, hints: Vec<Ext4>) -> Result<Witness, AggregationError> {
        self.program
            .execute(hints)
            .map_err(|source| AggregationError::Rejected { program: self.name.clone(), source })
    }

    /// Runs the program on `hints` and proves the run.
    ///
    /// # Errors
    /// When the program rejects, or the prover fails.
    pub fn prove(&self, hints: Vec<Ext4>) -> Result<(BatchProof<SC>, Vec<Val>), AggregationError> {
        let witness = self.execute(hints)?;
        let pk = self.proving_key()?;
        let traces = self
            .program
            .traces(&witness, self.heights)
            .map_err(|source| AggregationError::DoesNotFit { program: self.name.clone(), source })?;
        let public_values = witness.public_values().to_vec();
        let proof = pk
            .prove(&traces, &witness.table_public_values())
            .map_err(|source| AggregationError::Machine { program: self.name.clone(), source })?;
        Ok((proof, public_values))
    }
}

fn make_key<SC: LayerConfig>(
    name: &str,
    program: &Program,
    params: LayerParams,
    heights: Heights,
) -> Result<ProvingKey<SC, AggAir>, AggregationError>
where
    AggAir: TableAir<SC>,
    SymbolicExpressionExt<Val, SC::Challenge>: Algebra<SC::Challenge>,
{
    let airs = program
        .airs(heights)
        .map_err(|source| AggregationError::DoesNotFit { program: name.to_owned(), source })?;
    ProvingKey::new(params, airs.to_vec(), &heights.to_array())
        .map_err(|source| AggregationError::Machine { program: name.to_owned(), source })
}

/// The part of the keys that does not depend on the App VM: what a Halo2 circuit is made for.
pub struct ContinuationKeys {
    /// Key of leaf and internal proofs.
    pub u: VerifyingKey<InnerConfig>,
    /// Key of shrink proofs.
    pub shrink_vk: VerifyingKey<InnerConfig>,
    /// Key of root proofs.
    pub root_vk: VerifyingKey<RootConfig>,
    /// Internal programs, by [`ARITIES`].
    pub internal: Vec<ProgramKey<InnerConfig>>,
    /// The set of internal programs.
    pub internal_set: ProgramSet,
    /// The shrink program.
    pub shrink: ProgramKey<InnerConfig>,
    /// The root program.
    pub root: ProgramKey<RootConfig>,
}

impl ContinuationKeys {
    /// Makes them.
    ///
    /// # Errors
    /// When a program exceeds its layer: a fault of this project's parameters.
    pub fn new() -> Result<Self, AggregationError> {
        let machine = |program: &str| {
            let program = program.to_owned();
            move |source| AggregationError::Machine { program, source }
        };
        let u = u_key().map_err(machine("U"))?;
        let shrink_vk = shrink_key().map_err(machine("shrink"))?;
        let root_vk = root_key().map_err(machine("root"))?;
        let internal = ARITIES
            .iter()
            .map(|&arity| {
                let program = internal_program(&u, arity, None).program;
                ProgramKey::new(format!("internal-{arity}"), program, TREE, U)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let internal_set = ProgramSet::new(internal.iter().map(digest_of).collect());
        let program = shrink_program(&u, &internal_set.root(), None).program;
        let shrink: ProgramKey<InnerConfig> =
            ProgramKey::new("shrink".into(), program, SHRINK, SHRINK_HEIGHTS)?;
        let program = root_program(&shrink_vk, shrink.commitment().roots(), None).program;
        let root = ProgramKey::new("root".into(), program, ROOT, ROOT_HEIGHTS)?;
        Ok(Self { u, shrink_vk, root_vk, internal, internal_set, shrink, root })
    }

    /// The root program's commitment, which the static verifier pins.
    #[must_use]
    pub fn root_commitment(&self) -> Vec<[Bn254; 1]> {
        self.root.commitment().roots().to_vec()
    }
}

/// All keys of the tree for one App VM configuration.
pub struct AggregationKeys {
    /// What does not depend on the App VM.
    pub continuation: Arc<ContinuationKeys>,
    /// Verifying keys of the segment shapes.
    pub app: AppVerifyingKey,
    /// Leaf programs, one a shape.
    pub leaf: Vec<ProgramKey<InnerConfig>>,
    /// Both sets.
    pub sets: ProgramSets,
}

impl AggregationKeys {
    /// The keys for segments of `app`.
    ///
    /// # Errors
    /// When a leaf program exceeds U.
    pub fn new(continuation: Arc<ContinuationKeys>, app: AppVerifyingKey) -> Result<Self, AggregationError> {
        let leaf = app
            .keys()
            .iter()
            .enumerate()
            .map(|(shape, vk)| {
                ProgramKey::new(format!("leaf-{shape}"), leaf_program(vk, None).program, TREE, U)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let sets = ProgramSets {
            leaf: ProgramSet::new(leaf.iter().map(digest_of).collect()),
            internal: continuation.internal_set.clone(),
        };
        Ok(Self { continuation, app, leaf, sets })
    }

    /// The commitment to the leaf programs: which App VM configuration is proven.
    pub fn leaf_commit(&self) -> Digest {
        self.sets.leaf.root()
    }
}

/// A program's commitment as one digest: inner layers have no caps.
fn digest_of(key: &ProgramKey<InnerConfig>) -> Digest {
    key.commitment().roots()[0]
}
