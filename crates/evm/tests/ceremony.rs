//! A file of snarkjs, imported: keys and proofs made with it are of it, and of no other set.

use finial_evm::{
    Calldata, Chain, Circuit, Contract, Parameters, Statement,
    compiler::Compiler,
    keys::{self, KeyError},
    params::{Claim, ParamSet},
    prover::{self, ProveError, VerifyError},
};
use halo2_base::{
    gates::{
        GateInstructions,
        circuit::{BaseCircuitParams, CircuitBuilderStage, builder::BaseCircuitBuilder},
    },
    halo2_proofs::{
        halo2curves::bn256::{Fr, G1Affine},
        plonk::ProvingKey,
    },
};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

const K: u32 = 6;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ptau/pot06_final.ptau")
}

fn imported(cache: &Path) -> Parameters {
    let sha256 = Sha256::digest(std::fs::read(fixture()).unwrap()).into();
    let claim = Some(Claim { name: "fixture", sha256: &sha256 });
    Parameters::import(cache, K, &fixture(), claim, &mut |_| ()).unwrap().parameters
}

fn configuration() -> BaseCircuitParams {
    BaseCircuitParams {
        k: K as usize,
        num_advice_per_phase: vec![1],
        num_fixed: 1,
        num_lookup_advice_per_phase: vec![0],
        lookup_bits: None,
        num_instance_columns: 1,
    }
}

/// `leaf_commit = exe_commit² + high`, without range checks: 2^6 rows hold no more.
fn circuit(stage: CircuitBuilderStage, instances: &[Fr]) -> BaseCircuitBuilder<Fr> {
    let mut builder = BaseCircuitBuilder::from_stage(stage).use_params(configuration());
    let gate = halo2_base::gates::GateChip::default();
    let ctx = builder.main(0);
    let cells: Vec<_> = instances.iter().map(|value| ctx.load_witness(*value)).collect();
    let expected = gate.mul_add(ctx, cells[0], cells[0], cells[2]);
    ctx.constrain_equal(&expected, &cells[1]);
    builder.assigned_instances[0] = cells;
    if stage == CircuitBuilderStage::Prover {
        builder.set_break_points(vec![vec![]]);
    }
    builder
}

fn keygen(parameters: &Parameters) -> ProvingKey<G1Affine> {
    keys::keygen(parameters, &circuit(CircuitBuilderStage::Keygen, &[Fr::from(0); 4]), true).unwrap()
}

fn instances() -> Vec<Fr> {
    statement().instances().to_vec()
}

fn statement() -> Statement {
    let exe_commit = Fr::from(7);
    let mut statement = Statement { exe_commit, leaf_commit: Fr::from(0), public_values: b"values".to_vec() };
    statement.leaf_commit = exe_commit * exe_commit + statement.user_public_values()[0];
    statement
}

fn proof(parameters: &Parameters) -> Vec<u8> {
    let (pk, instances) = (keygen(parameters), instances());
    prover::prove(parameters, &pk, circuit(CircuitBuilderStage::Prover, &instances), &instances).unwrap()
}

fn contract(parameters: &Parameters) -> Contract {
    let compiler = Compiler { program: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/solc") };
    Contract::generate(Circuit::Direct, parameters, keygen(parameters).get_vk(), &compiler).unwrap()
}

#[test]
fn imported_parameters_prove_and_verify() {
    let cache = tempfile::tempdir().unwrap();
    let parameters = imported(cache.path());
    let (pk, instances) = (keygen(&parameters), instances());
    let prove = |instances: &[Fr]| {
        prover::prove(&parameters, &pk, circuit(CircuitBuilderStage::Prover, instances), instances)
    };
    let proof = prove(&instances).unwrap();
    prover::verify(&parameters, pk.get_vk(), &instances, &proof).unwrap();
    // From the cache it is the same set.
    let read = Parameters::imported(cache.path(), "fixture", K).unwrap().unwrap();
    prover::verify(&read, pk.get_vk(), &instances, &proof).unwrap();
    let mut wrong = instances.clone();
    wrong[1] += Fr::from(1);
    assert!(matches!(prove(&wrong), Err(ProveError::Unsatisfied(_))));
    // Another secret rejects the proof, and has another key.
    let other = Parameters::development(cache.path(), K).unwrap();
    let error = prover::verify(&other, pk.get_vk(), &instances, &proof).unwrap_err();
    assert!(matches!(error, VerifyError::Pairing | VerifyError::Invalid(_)), "{error}");
    assert_ne!(keys::vk_digest(pk.get_vk()), keys::vk_digest(keygen(&other).get_vk()));
    assert!(other.require_same_secret(&parameters).is_err());
}

#[test]
fn a_key_on_disk_is_of_one_set() {
    let cache = tempfile::tempdir().unwrap();
    let parameters = imported(cache.path());
    let pk = keygen(&parameters);
    let path = keys::key_path(cache.path(), "test", &parameters.set);
    keys::store(&path, "test", &parameters.set, &pk, &[]).unwrap();
    let load =
        |set: &ParamSet| keys::load::<BaseCircuitBuilder<Fr>>(&path, "test", set, |_| Some(configuration()));
    assert!(load(&parameters.set).unwrap().is_some());
    let development = Parameters::development(cache.path(), K).unwrap().set;
    assert_ne!(keys::key_path(cache.path(), "test", &development), path);
    let digest = ParamSet { digest: [1; 32], ..parameters.set.clone() };
    let name = ParamSet { name: "other".to_owned(), ..parameters.set.clone() };
    let insecure = ParamSet { insecure: true, ..parameters.set.clone() };
    for other in [development, digest, name, insecure] {
        assert!(matches!(load(&other), Err(KeyError::Stale { .. })));
    }
}

/// What a ceremony is for: its contract works on every chain, that of development parameters on none with value.
#[test]
fn a_contract_of_imported_parameters_works_on_main_net() {
    let cache = tempfile::tempdir().unwrap();
    let (parameters, statement) = (imported(cache.path()), statement());
    let real = contract(&parameters);
    assert!(!real.manifest.params.insecure);
    let development = Parameters::development(cache.path(), K).unwrap();
    let verify = |chain: &mut Chain, proof: &[u8]| chain.verify(&Calldata::new(&statement, proof));
    for chain_id in [1, 10, 31337] {
        let mut chain = Chain::deploy_on(&real, chain_id).unwrap();
        verify(&mut chain, &proof(&parameters)).unwrap();
        // Everybody knows the development secret; this contract does not.
        verify(&mut chain, &proof(&development)).unwrap_err();
    }
    let toy = contract(&development);
    assert!(Chain::deploy_on(&toy, 1).is_err());
    let mut chain = Chain::deploy_on(&toy, 1337).unwrap();
    verify(&mut chain, &proof(&development)).unwrap();
    verify(&mut chain, &proof(&parameters)).unwrap_err();
}
