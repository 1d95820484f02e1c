//! Small circuits with the final circuits' instance columns: `leaf_commit = exe_commit² + high`, and both
//! halves of the digest are integers below 2^128. The wrapped one also has an accumulator's limbs as
//! instances, which it does not look at: they are bound by being instances.

use finial_evm::{
    Circuit, Contract, Parameters, ProofFile, Statement,
    accumulator::{self, Accumulator},
    keys,
    prover::{self, ProveError},
};
use halo2_base::{
    gates::{
        GateInstructions, RangeInstructions,
        circuit::{BaseCircuitParams, CircuitBuilderStage, builder::BaseCircuitBuilder},
    },
    halo2_proofs::{
        halo2curves::{
            bn256::{Fr, G1Affine},
            ff::Field,
        },
        plonk::ProvingKey,
        poly::commitment::ParamsProver,
    },
};
use std::path::{Path, PathBuf};

pub const K: u32 = 10;

/// A statement that holds in the small circuits.
pub fn statement(public_values: &[u8]) -> Statement {
    let exe_commit = Fr::from(0x1234_5678_9abc_def0);
    let mut statement =
        Statement { exe_commit, leaf_commit: Fr::ZERO, public_values: public_values.to_vec() };
    statement.leaf_commit = exe_commit.square() + statement.user_public_values()[0];
    statement
}

/// An accumulator that holds, since `lhs = [s]rhs`: the first two of the parameters' points, times 7.
pub fn accumulator(parameters: &Parameters) -> Accumulator {
    let point = |power: usize| G1Affine::from(parameters.kzg.get_g()[power] * Fr::from(7));
    Accumulator::new(point(1), point(0))
}

pub fn configuration() -> BaseCircuitParams {
    BaseCircuitParams {
        k: K as usize,
        num_advice_per_phase: vec![1],
        num_fixed: 1,
        num_lookup_advice_per_phase: vec![1],
        lookup_bits: Some(8),
        num_instance_columns: 1,
    }
}

/// The circuit with the given instance as its witness, whether it holds or not.
pub fn circuit(stage: CircuitBuilderStage, instances: &[Fr]) -> BaseCircuitBuilder<Fr> {
    let mut builder = BaseCircuitBuilder::from_stage(stage).use_params(configuration());
    let range = builder.range_chip();
    let ctx = builder.main(0);
    let cells: Vec<_> = instances.iter().map(|value| ctx.load_witness(*value)).collect();
    let [exe, leaf, high, low] = *cells.last_chunk().unwrap();
    range.range_check(ctx, high, 128);
    range.range_check(ctx, low, 128);
    let expected = range.gate().mul_add(ctx, exe, exe, high);
    ctx.constrain_equal(&expected, &leaf);
    builder.assigned_instances[0] = cells;
    if stage == CircuitBuilderStage::Prover {
        builder.set_break_points(vec![vec![]]);
    }
    builder
}

pub fn keygen(parameters: &Parameters, kind: Circuit) -> ProvingKey<G1Affine> {
    let circuit = circuit(CircuitBuilderStage::Keygen, &vec![Fr::ZERO; kind.instances()]);
    keys::keygen(parameters, &circuit, true).unwrap()
}

pub fn fixture_directory(kind: Circuit) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/small").join(kind.name())
}

/// Keys of a small circuit, and its committed contract.
pub struct Setup {
    _cache: tempfile::TempDir,
    pub kind: Circuit,
    pub parameters: Parameters,
    pub pk: ProvingKey<G1Affine>,
}

impl Setup {
    pub fn new(kind: Circuit) -> Self {
        let cache = tempfile::tempdir().unwrap();
        let parameters = Parameters::development(cache.path(), K).unwrap();
        let pk = keygen(&parameters, kind);
        Self { _cache: cache, kind, parameters, pk }
    }

    pub fn contract(&self) -> Contract {
        Contract::read(&fixture_directory(self.kind)).unwrap()
    }

    /// The instance column of a statement, with an accumulator that holds.
    pub fn instances(&self, statement: &Statement) -> Vec<Fr> {
        match self.kind {
            Circuit::Direct => statement.instances().to_vec(),
            Circuit::Wrapped => {
                statement.wrapped_instances(&accumulator::limbs(&accumulator(&self.parameters)))
            }
        }
    }

    /// The Halo2 proof.
    pub fn prove(&self, instances: &[Fr]) -> Result<Vec<u8>, ProveError> {
        let circuit = circuit(CircuitBuilderStage::Prover, instances);
        prover::prove(&self.parameters, &self.pk, circuit, instances)
    }

    /// The same without a check of the result.
    pub fn prove_unchecked(&self, instances: &[Fr]) -> Vec<u8> {
        let circuit = circuit(CircuitBuilderStage::Prover, instances);
        prover::prove_unchecked(&self.parameters, &self.pk, circuit, instances).unwrap()
    }

    /// `proofData` for a statement.
    pub fn proof_data(&self, statement: &Statement) -> Vec<u8> {
        let instances = self.instances(statement);
        let proof = self.prove(&instances).unwrap();
        match self.kind {
            Circuit::Direct => proof,
            Circuit::Wrapped => accumulator::proof_data(instances.first_chunk().unwrap(), &proof),
        }
    }

    /// Native verification of what the contract gets.
    pub fn accepts(&self, statement: &Statement, proof_data: &[u8]) -> bool {
        let manifest = self.contract().manifest;
        let file = ProofFile::new(&manifest, statement, proof_data.to_vec(), 0);
        let Ok((instances, proof)) = file.instances_and_proof() else { return false };
        prover::verify(&self.parameters, self.pk.get_vk(), &instances, proof).is_ok()
    }
}
