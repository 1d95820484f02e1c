//! The one verifier on its machines, against Plonky3's: accepted where Plonky3 accepts, refused where a value is wrong.

use core::convert::Infallible;

use finial_agg_vm::{AggAir, Builder, Heights, Program};
use finial_protocol::params::Grinding;
use finial_protocol::{
    Ext4, InnerConfig, LayerConfig, LayerParams, ProvingKey, RootConfig, Val, VerifyingKey,
};
use finial_recursion::agg::AggBackend;
use finial_recursion::native::{InnerLayer, Native, NativeLayer, RootLayer};
use finial_recursion::{Backend, Check, Statement, UnpackedProof, unpack_inner, unpack_root, verify};
use p3_batch_stark::{BatchProof, Commitment};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

const INNER: LayerParams = LayerParams {
    extension_degree: 4,
    log_blowup: 2,
    num_queries: 7,
    log_final_poly_len: 2,
    max_log_arity: 3,
    cap_height: 0,
    grinding: Grinding::uniform(4),
};

fn sample() -> (Program, Heights) {
    let mut b = Builder::new();
    let x = b.felt(Val::from_u32(3));
    let mut y = x;
    for _ in 0..300 {
        y = b.mul_add(y, x, x);
    }
    let mut state = [x, y, x, y];
    for _ in 0..100 {
        state = b.poseidon2(state);
    }
    b.set_public(0, state[0]);
    b.set_public(3, y);
    let program = b.finish();
    let heights = Heights { alu: 9, poseidon2: 7, public: 4 };
    (program, heights)
}

struct Proven<SC: LayerConfig> {
    vk: VerifyingKey<SC>,
    preprocessed: Commitment<SC>,
    proof: BatchProof<SC>,
    public_values: Vec<Vec<Val>>,
}

macro_rules! proven {
    ($config:ty, $params:expr) => {{
        let (program, heights) = sample();
        let airs = program.airs(heights).unwrap().to_vec();
        let logs = [heights.alu, heights.poseidon2, heights.public];
        let pk = ProvingKey::<$config, AggAir>::new($params, airs.clone(), &logs).unwrap();
        let witness = program.execute([]).unwrap();
        let traces = program.traces(&witness, heights).unwrap();
        let public_values = witness.table_public_values().to_vec();
        let proof = pk.prove(&traces, &public_values).unwrap();
        let preprocessed = pk.preprocessed().unwrap();
        let tables = AggAir::verifier_tables();
        pk.vk.verify(&tables, Some(preprocessed.clone()), &proof, &public_values).unwrap();
        Proven::<$config> { vk: pk.vk, preprocessed, proof, public_values }
    }};
}

fn native<L: NativeLayer>(
    params: LayerParams,
    shape: &finial_protocol::ProofShape,
    digest: &finial_protocol::Digest,
    proof: &UnpackedProof<L::Ext, L::Node>,
) -> Result<(), Check> {
    let mut machine = Native::<L>::new(params);
    let statement = Statement::<Native<L>> {
        preprocessed: proof.preprocessed.clone(),
        public_values: proof.public_values.clone(),
    };
    verify(&mut machine, shape, digest, &statement, Some(proof))
}

/// A program that verifies a proof of this shape, and the hints for one.
fn recursion_program(
    shape: &finial_protocol::ProofShape,
    digest: &finial_protocol::Digest,
    proof: Option<&UnpackedProof<Ext4, finial_protocol::Digest>>,
) -> (Program, Vec<Ext4>) {
    let mut b = AggBackend::new();
    let roots = 1 << shape.params.cap_height;
    let preprocessed = (0..roots).map(|i| b.read_digest(proof.map(|p| p.preprocessed[i]))).collect();
    let public_values = shape
        .tables
        .iter()
        .enumerate()
        .map(|(t, table)| {
            (0..table.num_public_values).map(|i| b.read_felt(proof.map(|p| p.public_values[t][i]))).collect()
        })
        .collect();
    let statement = Statement::<AggBackend> { preprocessed, public_values };
    let built: Result<(), Infallible> = verify(&mut b, shape, digest, &statement, proof);
    built.unwrap();
    let (builder, hints) = b.into_parts();
    (builder.finish(), hints)
}

#[test]
fn all_machines_accept_a_proof_that_plonky3_accepts() {
    let p = proven!(InnerConfig, INNER);
    let unpacked = unpack_inner(&p.vk, &p.preprocessed, &p.proof, &p.public_values).unwrap();
    native::<InnerLayer>(INNER, &p.vk.shape, &p.vk.digest, &unpacked).unwrap();

    let (program, none) = recursion_program(&p.vk.shape, &p.vk.digest, None);
    assert!(none.is_empty());
    let (_, hints) = recursion_program(&p.vk.shape, &p.vk.digest, Some(&unpacked));
    program.execute(hints).unwrap();
}

#[test]
fn caps_work_on_all_machines() {
    let params = LayerParams { cap_height: 2, ..INNER };
    let p = proven!(InnerConfig, params);
    let unpacked = unpack_inner(&p.vk, &p.preprocessed, &p.proof, &p.public_values).unwrap();
    native::<InnerLayer>(params, &p.vk.shape, &p.vk.digest, &unpacked).unwrap();
    let (program, hints) = recursion_program(&p.vk.shape, &p.vk.digest, Some(&unpacked));
    program.execute(hints).unwrap();
}

#[test]
fn a_root_proof_verifies_natively() {
    let params = LayerParams { extension_degree: 5, cap_height: 2, ..INNER };
    let p = proven!(RootConfig, params);
    let unpacked = unpack_root(&p.vk, &p.preprocessed, &p.proof, &p.public_values).unwrap();
    native::<RootLayer>(params, &p.vk.shape, &p.vk.digest, &unpacked).unwrap();
}

/// Every hint of the recursion program, changed, makes it fail: nothing read from a proof is unconstrained.
#[test]
fn every_changed_hint_is_refused() {
    let p = proven!(InnerConfig, INNER);
    let unpacked = unpack_inner(&p.vk, &p.preprocessed, &p.proof, &p.public_values).unwrap();
    let (program, hints) = recursion_program(&p.vk.shape, &p.vk.digest, Some(&unpacked));
    program.execute(hints.iter().copied()).unwrap();
    let step = (hints.len() / 1000).max(1);
    for (n, i) in (0..hints.len()).step_by(step).enumerate() {
        let mut changed = hints.clone();
        changed[i] += Ext4::from_basis_coefficients_fn(|coordinate| Val::from_bool(coordinate == n % 4));
        assert!(program.execute(changed).is_err(), "hint {i} of {} may be anything", hints.len());
    }
}

/// What executes is also what the tables accept: a proof about a proof, and none about another public value.
#[test]
fn a_recursion_program_proves() {
    let p = proven!(InnerConfig, INNER);
    let unpacked = unpack_inner(&p.vk, &p.preprocessed, &p.proof, &p.public_values).unwrap();
    let (program, hints) = recursion_program(&p.vk.shape, &p.vk.digest, Some(&unpacked));
    let heights = program.min_heights();
    let logs = [heights.alu, heights.poseidon2, heights.public];
    let airs = program.airs(heights).unwrap().to_vec();
    let pk = ProvingKey::<InnerConfig, AggAir>::new(INNER, airs, &logs).unwrap();
    let witness = program.execute(hints).unwrap();
    let traces = program.traces(&witness, heights).unwrap();
    let mut public_values = witness.table_public_values().to_vec();
    let proof = pk.prove(&traces, &public_values).unwrap();
    let preprocessed = pk.preprocessed().unwrap();
    let tables = AggAir::verifier_tables();
    pk.vk.verify(&tables, Some(preprocessed.clone()), &proof, &public_values).unwrap();
    public_values[2][0] += Val::ONE;
    assert!(pk.vk.verify(&tables, Some(preprocessed), &proof, &public_values).is_err());
}
