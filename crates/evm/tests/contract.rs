//! Parameters → keys → proof → contract → transaction, and every way we know to get it wrong.

mod common;

use alloy_primitives::U256;
use common::{circuit, statement};
use finial_evm::{
    Calldata, Chain, ChainError, Contract, Parameters, ProofFile, ProofLayout, Rejection, Statement,
    keys::{self, KeyError},
    proof_file::CheckError,
    prover::{self, ProveError, VerifyError},
    solidity,
};
use halo2_base::{
    gates::circuit::{CircuitBuilderStage, builder::BaseCircuitBuilder},
    halo2_proofs::{
        halo2curves::{
            bn256::{Fq, Fr, G1Affine},
            ff::{Field, PrimeField},
        },
        plonk::ProvingKey,
    },
};

const VALUES: &[u8] = b"some public values";

struct Setup {
    _cache: tempfile::TempDir,
    parameters: Parameters,
    pk: ProvingKey<G1Affine>,
    contract: Contract,
}

fn setup() -> Setup {
    let cache = tempfile::tempdir().unwrap();
    let parameters = Parameters::development(cache.path(), common::K).unwrap();
    let pk = common::keygen(&parameters);
    let contract = Contract::read(&common::fixture_directory()).unwrap();
    Setup { _cache: cache, parameters, pk, contract }
}

impl Setup {
    fn prove(&self, statement: &Statement) -> Vec<u8> {
        let instances = statement.instances();
        let circuit = circuit(CircuitBuilderStage::Prover, &instances);
        prover::prove(&self.parameters, &self.pk, circuit, &instances).unwrap()
    }

    fn verify(&self, statement: &Statement, proof: &[u8]) -> Result<(), VerifyError> {
        prover::verify(&self.parameters, self.pk.get_vk(), &statement.instances(), proof)
    }
}

/// The error's name, or "" if the call was accepted.
fn reverted(chain: &mut Chain, calldata: Calldata) -> String {
    match chain.verify(&calldata) {
        Ok(_) => String::new(),
        Err(ChainError::Rejected(Rejection::Named(error))) => error,
        Err(other) => other.to_string(),
    }
}

fn modulus<F: PrimeField<Repr = [u8; 32]>>() -> U256 {
    U256::from_le_bytes((-F::ONE).to_repr()) + U256::from(1)
}

fn word(proof: &[u8], index: usize) -> U256 {
    U256::from_be_slice(&proof[32 * index..32 * (index + 1)])
}

fn with_word(proof: &[u8], index: usize, value: U256) -> Vec<u8> {
    let mut changed = proof.to_vec();
    changed[32 * index..32 * (index + 1)].copy_from_slice(&value.to_be_bytes::<32>());
    changed
}

#[test]
fn a_valid_proof_is_accepted_and_everything_else_is_named() {
    let setup = setup();
    let statement = statement(VALUES);
    let proof = setup.prove(&statement);
    setup.verify(&statement, &proof).unwrap();
    let mut chain = Chain::deploy(&setup.contract).unwrap();
    let call = |statement: &Statement, proof: &[u8]| Calldata::new(statement, proof);
    let gas = chain.verify(&call(&statement, &proof)).unwrap().gas;
    assert!((200_000..400_000).contains(&gas), "{gas}");

    // Another statement.
    let mut other = statement.clone();
    other.public_values[0] ^= 1;
    assert_eq!(reverted(&mut chain, call(&other, &proof)), "ProofRejected");
    assert!(setup.verify(&other, &proof).is_err());
    for change in [
        |s: &mut Statement| s.exe_commit += Fr::ONE,
        |s: &mut Statement| s.leaf_commit += Fr::ONE,
        |s: &mut Statement| s.public_values.push(0),
    ] {
        let mut other = statement.clone();
        change(&mut other);
        assert_eq!(reverted(&mut chain, call(&other, &proof)), "ProofRejected");
        assert!(setup.verify(&other, &proof).is_err());
    }

    // Another length.
    for changed in [&proof[..proof.len() - 1], &proof[..proof.len() - 32], &[], &[&*proof, &[0]].concat()] {
        let error = reverted(&mut chain, call(&statement, changed));
        assert!(error.starts_with("ProofLengthMismatch"), "{error}");
        assert!(matches!(setup.verify(&statement, changed), Err(VerifyError::Length { .. })));
    }

    // Every word: a flipped bit, and the same value plus its field's modulus.
    let layout = setup.contract.manifest.layout;
    assert_eq!(layout, ProofLayout::of(&setup.parameters, setup.pk.get_vk()));
    for index in 0..layout.words() {
        let value = word(&proof, index);
        let flipped = with_word(&proof, index, value ^ U256::from(1));
        assert_eq!(reverted(&mut chain, call(&statement, &flipped)), "ProofRejected", "word {index}");
        assert!(setup.verify(&statement, &flipped).is_err());
        let (modulus, name) = if layout.is_scalar(index) {
            (modulus::<Fr>(), "ProofScalarNotCanonical")
        } else {
            (modulus::<Fq>(), "ProofCoordinateNotCanonical")
        };
        let raised = with_word(&proof, index, value + modulus);
        let expected = format!("{name} {{ index: {index} }}");
        assert_eq!(reverted(&mut chain, call(&statement, &raised)), expected);
        assert!(setup.verify(&statement, &raised).is_err());
    }
}

#[test]
fn calldata_has_one_encoding() {
    let setup = setup();
    let statement = statement(VALUES);
    let proof = setup.prove(&statement);
    let mut chain = Chain::deploy(&setup.contract).unwrap();
    let good = Calldata::new(&statement, &proof).0;
    assert_eq!(reverted(&mut chain, Calldata(good.clone())), "");
    let mut check = |change: &dyn Fn(&mut Vec<u8>), expected: &str| {
        let mut calldata = good.clone();
        change(&mut calldata);
        let error = reverted(&mut chain, Calldata(calldata));
        assert!(error.starts_with(expected), "{error:?} should be {expected}");
    };
    let word_at = |argument: usize| 4 + 32 * argument..4 + 32 * (argument + 1);
    let add_modulus = |calldata: &mut Vec<u8>, argument: usize| {
        let word = &mut calldata[word_at(argument)];
        let raised = U256::from_be_slice(word) + modulus::<Fr>();
        word.copy_from_slice(&raised.to_be_bytes::<32>());
    };
    check(&|c| c.push(0), "NonCanonicalCalldata");
    check(&|c| c.extend([0; 32]), "NonCanonicalCalldata");
    // The public values' padding, behind their 18 bytes.
    check(&|c| c[word_at(5).start + VALUES.len()] = 1, "NonCanonicalCalldata");
    check(&|c| c[word_at(6).start - 1] = 0x80, "NonCanonicalCalldata");
    // Both byte strings moved one word back, offsets and all: the decoder would not mind.
    check(
        &|c| {
            c[word_at(0).end - 1] += 32;
            let proof_offset = U256::from_be_slice(&c[word_at(1)]) + U256::from(32);
            c[word_at(1)].copy_from_slice(&proof_offset.to_be_bytes::<32>());
            c.splice(word_at(4).start..word_at(4).start, [0; 32]);
        },
        "NonCanonicalCalldata",
    );
    check(&|c| add_modulus(c, 2), "ExeCommitNotCanonical");
    check(&|c| add_modulus(c, 3), "LeafCommitNotCanonical");
    // What does not even decode reverts without a name; a strange selector too.
    check(&|c| c.truncate(c.len() - 1), "the contract reverted without a reason");
    check(&|c| c.truncate(4), "the contract reverted without a reason");
    check(&|c| c.clear(), "the contract reverted without a reason");
    check(&|c| c[0] ^= 1, "the contract reverted without a reason");
}

#[test]
fn public_values_of_any_length_are_bound() {
    let setup = setup();
    let mut chain = Chain::deploy(&setup.contract).unwrap();
    for length in [0, 1, 31, 32, 33, 1000] {
        let statement = statement(&vec![0xff; length]);
        let proof = setup.prove(&statement);
        assert_eq!(reverted(&mut chain, Calldata::new(&statement, &proof)), "", "{length} bytes");
    }
}

#[test]
fn development_contracts_stay_off_real_chains() {
    let mut contract = setup().contract;
    let refused = Chain::deploy_on(&contract, 1).err().unwrap().to_string();
    assert!(refused.contains("InsecureParametersOnChain { chainId: 1 }"), "{refused}");
    // A verifier of other code (one STOP instruction) behind the front.
    contract.verifier_code = vec![0x60, 0x01, 0x60, 0x00, 0xf3];
    let refused = Chain::deploy(&contract).err().unwrap().to_string();
    assert!(refused.contains("VerifierCodeMismatch"), "{refused}");
}

#[test]
fn code_beyond_eip_170_is_refused() {
    let mut contract = setup().contract;
    // Returns 24,577 zero bytes.
    contract.verifier_code = vec![0x61, 0x60, 0x01, 0x60, 0x00, 0xf3];
    let refused = Chain::deploy(&contract).err().unwrap().to_string();
    assert!(refused.contains("CreateContractSizeLimit"), "{refused}");
}

#[test]
fn a_false_statement_cannot_be_proven() {
    let setup = setup();
    let mut statement = statement(VALUES);
    statement.leaf_commit += Fr::ONE;
    let instances = statement.instances();
    let circuit = circuit(CircuitBuilderStage::Prover, &instances);
    let result = prover::prove(&setup.parameters, &setup.pk, circuit, &instances);
    assert!(matches!(result, Err(ProveError::Unsatisfied(_))));
}

#[test]
fn the_committed_source_is_what_the_key_generates() {
    let setup = setup();
    let vk = setup.pk.get_vk();
    let (source, layout) = solidity::halo2_verifier(&setup.parameters, vk).unwrap();
    let manifest = &setup.contract.manifest;
    assert_eq!(source, setup.contract.verifier_source);
    assert_eq!(layout, manifest.layout);
    assert_eq!(keys::vk_digest(vk), manifest.vk_digest);
    assert_eq!(setup.parameters.set, manifest.params);
    keys::require_pinned(vk, &manifest.vk_digest).unwrap();
    assert!(matches!(keys::require_pinned(vk, &[0; 32]), Err(KeyError::NotPinned { .. })));
    let constants = solidity::halo2_layout(&layout, &manifest.code_hash, &manifest.params);
    assert_eq!(constants, setup.contract.layout_source);
}

#[test]
fn the_committed_proof_file_is_accepted() {
    let setup = setup();
    let text = std::fs::read_to_string(common::fixture_directory().join("proof.json")).unwrap();
    let file = ProofFile::parse(&text).unwrap();
    assert_eq!(file.check(&setup.contract).unwrap().gas, file.gas);
    let mut other = file.clone();
    other.code_hash[0] ^= 1;
    assert!(matches!(other.check(&setup.contract), Err(CheckError::OtherContract { .. })));
    let mut other = file.clone();
    other.params.k += 1;
    assert!(matches!(other.check(&setup.contract), Err(CheckError::OtherParams { .. })));
    let mut other = file.clone();
    other.calldata.push(0);
    assert!(matches!(other.check(&setup.contract), Err(CheckError::Chain(ChainError::Rejected(_)))));
    setup.verify(&file.statement().unwrap(), &file.proof_data).unwrap();
}

#[test]
fn keys_come_back_from_the_cache() {
    let setup = setup();
    let cache = tempfile::tempdir().unwrap();
    let configuration = |extra: &[u8]| (extra == b"extra").then(common::configuration);
    let load = |made: &mut u32, params: &Parameters| {
        keys::load_or_make::<BaseCircuitBuilder<Fr>, KeyError>(
            cache.path(),
            "small",
            &params.set,
            configuration,
            || {
                *made += 1;
                Ok((common::keygen(params), b"extra".to_vec()))
            },
        )
        .unwrap()
    };
    let mut made = 0;
    let first = load(&mut made, &setup.parameters);
    let second = load(&mut made, &setup.parameters);
    assert_eq!(made, 1);
    assert_eq!(second.extra, b"extra");
    assert_eq!(keys::vk_digest(first.pk.get_vk()), keys::vk_digest(second.pk.get_vk()));
    let restored = Setup { pk: second.pk, ..setup };
    let statement = statement(VALUES);
    restored.verify(&statement, &restored.prove(&statement)).unwrap();

    // A damaged file is made again; a file about another circuit is not taken for ours.
    let path = keys::key_path(cache.path(), "small", &restored.parameters.set);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    load(&mut made, &restored.parameters);
    assert_eq!(made, 2);
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    let other = keys::load::<BaseCircuitBuilder<Fr>>(&path, "other", &restored.parameters.set, configuration);
    assert!(matches!(other, Err(KeyError::Stale { .. })));
    let refused = keys::load::<BaseCircuitBuilder<Fr>>(&path, "small", &restored.parameters.set, |_| None);
    assert!(matches!(refused, Err(KeyError::Stale { .. })));
}
