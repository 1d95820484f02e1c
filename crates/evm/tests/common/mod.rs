//! A small circuit with the final circuit's instance column: `leaf_commit = exe_commit² + high`, and
//! both halves of the digest are integers below 2^128.

use finial_evm::{Parameters, Statement, keys, statement::INSTANCES};
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
    },
};
use std::path::{Path, PathBuf};

pub const K: u32 = 10;

/// A statement that holds in the small circuit.
pub fn statement(public_values: &[u8]) -> Statement {
    let exe_commit = Fr::from(0x1234_5678_9abc_def0);
    let mut statement =
        Statement { exe_commit, leaf_commit: Fr::ZERO, public_values: public_values.to_vec() };
    statement.leaf_commit = exe_commit.square() + statement.user_public_values()[0];
    statement
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
pub fn circuit(stage: CircuitBuilderStage, instances: &[Fr; INSTANCES]) -> BaseCircuitBuilder<Fr> {
    let mut builder = BaseCircuitBuilder::from_stage(stage).use_params(configuration());
    let range = builder.range_chip();
    let ctx = builder.main(0);
    let cells = instances.map(|value| ctx.load_witness(value));
    let [exe, leaf, high, low] = cells;
    range.range_check(ctx, high, 128);
    range.range_check(ctx, low, 128);
    let expected = range.gate().mul_add(ctx, exe, exe, high);
    ctx.constrain_equal(&expected, &leaf);
    builder.assigned_instances[0] = cells.to_vec();
    if stage == CircuitBuilderStage::Prover {
        builder.set_break_points(vec![vec![]]);
    }
    builder
}

pub fn keygen(parameters: &Parameters) -> ProvingKey<G1Affine> {
    let circuit = circuit(CircuitBuilderStage::Keygen, &statement(b"any").instances());
    keys::keygen(parameters, &circuit, true).unwrap()
}

pub fn fixture_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/small")
}
