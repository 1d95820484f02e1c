use finial_agg_vm::{AggAir, Builder, Heights, Program};
use finial_protocol::{
    LayerParams, ProofShape, ProvingKey, RootConfig, Val, VerifyingKey,
    params::{Grinding, ROOT},
};
use finial_recursion::{Backend, Check, Statement, UnpackedProof, unpack_root, verify};
use p3_bn254::Bn254;
use p3_field::PrimeCharacteristicRing;

use super::{Ext5, Halo2Backend, Node};
use crate::{
    CircuitBuilder, K, RootKey,
    plan::Plan,
    root::write as write_root,
    testing::{accepts, failures},
};

type Proof = UnpackedProof<Ext5, Node>;

const PARAMS: LayerParams = LayerParams {
    extension_degree: 5,
    log_blowup: 2,
    num_queries: 2,
    log_final_poly_len: 2,
    max_log_arity: 3,
    cap_height: 2,
    grinding: Grinding::uniform(4),
};

pub(crate) fn sample() -> (Program, Heights) {
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
    for i in 4..12 {
        let bytes = core::array::from_fn(|j| b.felt(Val::from_u32(20 * i + j as u32)));
        let block = b.pack(bytes);
        b.set_public(i as usize, block);
    }
    (b.finish(), Heights { alu: 9, poseidon2: 7, public: 4 })
}

pub(crate) fn proven() -> (ProofShape, finial_protocol::Digest, Proof) {
    let (program, heights) = sample();
    let airs = program.airs(heights).unwrap().to_vec();
    let logs = [heights.alu, heights.poseidon2, heights.public];
    let pk = ProvingKey::<RootConfig, AggAir>::new(PARAMS, airs, &logs).unwrap();
    let witness = program.execute([]).unwrap();
    let traces = program.traces(&witness, heights).unwrap();
    let public_values = witness.table_public_values().to_vec();
    let proof = pk.prove(&traces, &public_values).unwrap();
    let preprocessed = pk.preprocessed().unwrap();
    let unpacked = unpack_root(&pk.vk, &preprocessed, &proof, &public_values).unwrap();
    (pk.vk.shape.clone(), pk.vk.digest, unpacked)
}

/// Writes the verifier of a shape; with the proof's own statement.
fn write(
    builder: &mut CircuitBuilder,
    shape: &ProofShape,
    digest: &finial_protocol::Digest,
    proof: Option<&Proof>,
) -> Option<Check> {
    let mut b = Halo2Backend::new(builder);
    let roots = 1 << shape.params.cap_height;
    let preprocessed = (0..roots).map(|i| b.read_digest(proof.map(|p| p.preprocessed[i]))).collect();
    let mut public_values = vec![];
    for (t, table) in shape.tables.iter().enumerate() {
        public_values.push(
            (0..table.num_public_values).map(|i| b.read_felt(proof.map(|p| p.public_values[t][i]))).collect(),
        );
    }
    let statement = Statement::<Halo2Backend<'_>> { preprocessed, public_values };
    verify(&mut b, shape, digest, &statement, proof).unwrap();
    b.violated()
}

#[test]
fn accepts_a_root_proof_and_refuses_changed_ones() {
    let (shape, digest, proof) = proven();
    accepts(|builder| assert_eq!(write(builder, &shape, &digest, Some(&proof)), None));

    type Change = fn(&mut Proof);
    let changes: [(&str, Change); 14] = [
        ("public value", |p| p.public_values[2][0] += Val::ONE),
        ("main commitment", |p| p.main[1][0] += Bn254::ONE),
        ("quotient commitment", |p| p.quotient[0][0] += Bn254::ONE),
        ("preprocessed commitment", |p| p.preprocessed[3][0] += Bn254::ONE),
        ("permutation commitment", |p| p.permutation[2][0] += Bn254::ONE),
        ("terminal", |p| p.terminals[0] += Ext5::ONE),
        ("claimed evaluation", |p| p.openings[0][0][0][1] += Ext5::ONE),
        ("fold commitment", |p| p.fold_commitments[0][0][0] += Bn254::ONE),
        ("final polynomial", |p| p.final_polynomial[1] += Ext5::ONE),
        ("proof of work", |p| p.query_witness += Val::ONE),
        ("opened row", |p| p.queries[1].rounds[1].rows[0][0] += Val::ONE),
        ("path", |p| p.queries[1].rounds[0].path[0][0] += Bn254::ONE),
        ("fold row", |p| p.queries[0].folds[0].row[1] += Ext5::ONE),
        ("fold path", |p| p.queries[0].folds[0].path[1][0] += Bn254::ONE),
    ];
    for (what, change) in changes {
        let mut changed = proof.clone();
        change(&mut changed);
        let mut violated = None;
        let failures = failures(|builder| violated = write(builder, &shape, &digest, Some(&changed)));
        assert!(!failures.is_empty(), "a changed {what} is accepted");
        assert!(violated.is_some(), "a changed {what} is not noticed");
    }
}

#[test]
fn the_layout_does_not_depend_on_the_witness() {
    let (shape, digest, proof) = proven();
    let build = |proof: Option<&Proof>| {
        let mut builder = CircuitBuilder::new();
        write(&mut builder, &shape, &digest, proof);
        builder
    };
    let (key, prover) = (build(None), build(Some(&proof)));
    assert_eq!(key.params(19), prover.params(19));
    // The same values in the same cells, by their numbers.
    assert!(key.chains.iter().eq(prover.chains.iter()));
    assert_eq!(key.range, prover.range);
    assert_eq!(key.equalities, prover.equalities);
    let constants =
        |builder: &CircuitBuilder| builder.constants.iter().map(|c| (c.index, c.value)).collect::<Vec<_>>();
    assert_eq!(constants(&key), constants(&prover));
}

/// The shape of real root proofs.
fn root_key() -> RootKey {
    let tables = AggAir::verifier_tables();
    let vk = VerifyingKey::<RootConfig>::new(ROOT, &tables, &[13, 13, 9]).unwrap();
    RootKey { shape: vk.shape, digest: vk.digest, preprocessed: vec![[Bn254::ZERO]; 16] }
}

#[test]
fn the_root_shape_fits_the_budget() {
    let key = root_key();
    let mut builder = CircuitBuilder::new();
    let written = write_root(&mut builder, &key, None).unwrap();
    let usage = builder.usage();
    for scope in &written.profile {
        println!("{:<20} {:?}", scope.name, scope.usage);
    }
    println!("{usage:?}");
    for table in &key.shape.tables {
        println!(
            "{} {} {} {}",
            table.name,
            table.width,
            table.preprocessed_width,
            table.permutation_width(5)
        );
    }
    println!("{:?}", key.shape.fold_schedule());
    let params = builder.params(K);
    println!("{params:?}");
    assert!(Plan::new(&params).is_ok(), "{:?}", Plan::new(&params));
}
