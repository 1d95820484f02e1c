//! Parameters → keys → proof → contract → transaction, for both circuits, and every way we know to get it
//! wrong.

mod common;

use alloy_primitives::U256;
use common::{Setup, statement};
use finial_evm::{
    Calldata, Chain, ChainError, Circuit, Parameters, ProofFile, ProofLayout, Rejection, Statement,
    accumulator::{self, Accumulator},
    keys::{self, KeyError},
    proof_file::CheckError,
    prover::{self, ProveError, VerifyError},
    solidity,
    statement::scalar_to_word,
};
use halo2_base::{
    gates::circuit::builder::BaseCircuitBuilder,
    halo2_proofs::halo2curves::{
        bn256::{Fq, Fr},
        ff::{Field, PrimeField},
    },
};

const VALUES: &[u8] = b"some public values";

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
fn a_valid_proof_is_accepted_and_no_other_statement() {
    for kind in Circuit::ALL {
        let setup = Setup::new(kind);
        let statement = statement(VALUES);
        let proof = setup.proof_data(&statement);
        assert!(setup.accepts(&statement, &proof));
        let mut chain = Chain::deploy(&setup.contract()).unwrap();
        let call = |statement: &Statement, proof: &[u8]| Calldata::new(statement, proof);
        let gas = chain.verify(&call(&statement, &proof)).unwrap().gas;
        assert!((200_000..400_000).contains(&gas), "{gas}");

        for change in [
            |s: &mut Statement| s.public_values[0] ^= 1,
            |s: &mut Statement| s.exe_commit += Fr::ONE,
            |s: &mut Statement| s.leaf_commit += Fr::ONE,
            |s: &mut Statement| s.public_values.push(0),
        ] {
            let mut other = statement.clone();
            change(&mut other);
            assert_eq!(reverted(&mut chain, call(&other, &proof)), "ProofRejected");
            assert!(!setup.accepts(&other, &proof));
        }
        for changed in [&proof[..proof.len() - 1], &proof[..proof.len() - 32], &[], &[&*proof, &[0]].concat()]
        {
            let error = reverted(&mut chain, call(&statement, changed));
            assert!(error.starts_with("ProofLengthMismatch"), "{error}");
            assert!(!setup.accepts(&statement, changed));
        }
    }
}

/// Every word: a flipped bit, and the same value plus its field's modulus. Of the latter the generated
/// verifier alone accepts every scalar, which is why there is a contract in front.
#[test]
fn every_word_has_one_value() {
    for kind in Circuit::ALL {
        let setup = Setup::new(kind);
        let statement = statement(VALUES);
        let proof = setup.proof_data(&statement);
        let mut chain = Chain::deploy(&setup.contract()).unwrap();
        let layout = setup.contract().manifest.layout;
        assert_eq!(layout, ProofLayout::of(kind, &setup.parameters, setup.pk.get_vk()));
        let limbs = kind.accumulator_words();
        let mut check = |index: usize, value: U256, expected: &str, lax: bool| {
            let changed = with_word(&proof, index, value);
            let calldata = Calldata::new(&statement, &changed);
            assert_eq!(reverted(&mut chain, calldata), expected, "word {index}");
            assert!(!setup.accepts(&statement, &changed));
            let raw = chain.verify_raw(&raw_input(kind, &statement, &changed));
            assert_eq!(raw.is_ok(), lax, "the generated verifier alone, word {index}");
        };
        for index in 0..limbs + layout.words() {
            let value = word(&proof, index);
            let named = |name: &str| format!("{name} {{ index: {index} }}");
            if index < limbs {
                // Still the limbs of a coordinate, but of another one.
                check(index, value ^ U256::from(1), "ProofRejected", false);
                check(index, value + modulus::<Fr>(), &named("AccumulatorNotCanonical"), true);
                let bits = if index % 3 == 2 { 80 } else { 88 };
                check(index, U256::from(1) << bits, &named("AccumulatorNotCanonical"), false);
                continue;
            }
            check(index, value ^ U256::from(1), "ProofRejected", false);
            if layout.is_scalar(index - limbs) {
                check(index, value + modulus::<Fr>(), &named("ProofScalarNotCanonical"), true);
            } else {
                check(index, value + modulus::<Fq>(), &named("ProofCoordinateNotCanonical"), false);
            }
        }
    }
}

/// What the generated verifier takes: instances, then the Halo2 proof.
fn raw_input(kind: Circuit, statement: &Statement, proof_data: &[u8]) -> Vec<u8> {
    let (limbs, proof) = proof_data.split_at(32 * kind.accumulator_words());
    let scalars: Vec<u8> = statement.instances().iter().flat_map(scalar_to_word).collect();
    [limbs, &scalars, proof].concat()
}

#[test]
fn the_generated_verifier_alone_is_lax_and_the_front_is_not() {
    for kind in Circuit::ALL {
        let setup = Setup::new(kind);
        let statement = statement(VALUES);
        let proof = setup.proof_data(&statement);
        let mut chain = Chain::deploy(&setup.contract()).unwrap();
        let input = raw_input(kind, &statement, &proof);
        chain.verify_raw(&input).unwrap();
        // Trailing calldata: the front's answers are in `calldata_has_one_encoding`.
        chain.verify_raw(&[&*input, &[0]].concat()).unwrap();
        // A public input plus r. The halves of the digest the front makes itself, the commitments it
        // compares with r (`calldata_has_one_encoding`), a limb it compares with its bound (`every_word…`).
        for index in 0..kind.instances() {
            let raised = with_word(&input, index, word(&input, index) + modulus::<Fr>());
            chain.verify_raw(&raised).unwrap();
        }
        assert!(chain.verify_raw(&input[..input.len() - 1]).is_err());
    }
}

/// The Halo2 proof is valid for its instances, and yet the proof inside it is not: the pairing that the
/// circuit leaves open does not hold.
#[test]
fn a_wrapped_proof_with_a_false_accumulator_is_rejected() {
    let setup = Setup::new(Circuit::Wrapped);
    let statement = statement(VALUES);
    let mut chain = Chain::deploy(&setup.contract()).unwrap();
    let Accumulator { lhs, rhs, .. } = common::accumulator(&setup.parameters);
    let infinity = [Fr::ZERO; accumulator::WORDS];
    let swapped = accumulator::limbs(&Accumulator::new(rhs, lhs));
    let equal = accumulator::limbs(&Accumulator::new(lhs, lhs));
    let mut off_curve = accumulator::limbs(&Accumulator::new(lhs, rhs));
    off_curve[0] += Fr::ONE;
    for limbs in [swapped, equal, off_curve, infinity] {
        let instances = statement.wrapped_instances(&limbs);
        assert!(matches!(setup.prove(&instances), Err(ProveError::Unsatisfied(VerifyError::Accumulator))));
        let proof = setup.prove_unchecked(&instances);
        let data = accumulator::proof_data(&limbs, &proof);
        assert!(!setup.accepts(&statement, &data));
        assert_eq!(reverted(&mut chain, Calldata::new(&statement, &data)), "ProofRejected");
        assert!(chain.verify_raw(&raw_input(Circuit::Wrapped, &statement, &data)).is_err());
    }
}

#[test]
fn accumulators_and_their_limbs_are_one_to_one() {
    let setup = Setup::new(Circuit::Wrapped);
    let accumulator = common::accumulator(&setup.parameters);
    let limbs = accumulator::limbs(&accumulator);
    let back = accumulator::from_limbs(&limbs).unwrap();
    assert_eq!((back.lhs, back.rhs), (accumulator.lhs, accumulator.rhs));
    assert!(accumulator::decide(&setup.parameters, &back));
    // The same coordinate with a bit carried from the second limb to the first.
    let mut carried = limbs;
    carried[0] += Fr::from(1 << 44).square();
    carried[1] -= Fr::ONE;
    assert!(accumulator::from_limbs(&carried).is_none());
    assert!(accumulator::from_limbs(&[Fr::ZERO; accumulator::WORDS]).is_none());
    let data = accumulator::proof_data(&limbs, b"proof");
    assert_eq!(accumulator::split_proof_data(&data), Some((limbs, b"proof".as_slice())));
    assert_eq!(accumulator::split_proof_data(&data[..383]), None);
    assert_eq!(accumulator::split_proof_data(&with_word(&data, 0, modulus::<Fr>())), None);
}

#[test]
fn calldata_has_one_encoding() {
    for kind in Circuit::ALL {
        let setup = Setup::new(kind);
        let statement = statement(VALUES);
        let mut chain = Chain::deploy(&setup.contract()).unwrap();
        let good = Calldata::new(&statement, &setup.proof_data(&statement)).0;
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
}

#[test]
fn public_values_of_any_length_are_bound() {
    let setup = Setup::new(Circuit::Direct);
    let mut chain = Chain::deploy(&setup.contract()).unwrap();
    // The longest is longer than the proof, whose place in memory it has before.
    for length in [0, 1, 31, 32, 33, 5000] {
        let statement = statement(&vec![0xff; length]);
        let proof = setup.proof_data(&statement);
        assert_eq!(reverted(&mut chain, Calldata::new(&statement, &proof)), "", "{length} bytes");
    }
}

#[test]
fn development_contracts_stay_off_real_chains() {
    for kind in Circuit::ALL {
        let mut contract = Setup::new(kind).contract();
        let refused = Chain::deploy_on(&contract, 1).err().unwrap().to_string();
        assert!(refused.contains("InsecureParametersOnChain { chainId: 1 }"), "{refused}");
        // A verifier of other code (one STOP instruction) behind the front.
        contract.verifier_code = vec![0x60, 0x01, 0x60, 0x00, 0xf3];
        let refused = Chain::deploy(&contract).err().unwrap().to_string();
        assert!(refused.contains("VerifierCodeMismatch"), "{refused}");
        // Returns 24,577 zero bytes.
        contract.verifier_code = vec![0x61, 0x60, 0x01, 0x60, 0x00, 0xf3];
        let refused = Chain::deploy(&contract).err().unwrap().to_string();
        assert!(refused.contains("CreateContractSizeLimit"), "{refused}");
    }
}

#[test]
fn a_false_statement_cannot_be_proven() {
    for kind in Circuit::ALL {
        let setup = Setup::new(kind);
        let mut statement = statement(VALUES);
        statement.leaf_commit += Fr::ONE;
        let result = setup.prove(&setup.instances(&statement));
        assert!(matches!(result, Err(ProveError::Unsatisfied(_))));
    }
}

#[test]
fn there_is_no_circuit_with_five_instances() {
    let setup = Setup::new(Circuit::Direct);
    let mut instances = setup.instances(&statement(VALUES));
    instances.push(Fr::ONE);
    let result = prover::verify(&setup.parameters, setup.pk.get_vk(), &instances, &[]);
    assert!(matches!(result, Err(VerifyError::Instances(5))));
    assert!(matches!(setup.prove(&instances), Err(ProveError::Unsatisfied(VerifyError::Instances(5)))));
}

#[test]
fn the_committed_source_is_what_the_key_generates() {
    for kind in Circuit::ALL {
        let setup = Setup::new(kind);
        let vk = setup.pk.get_vk();
        let (source, layout) = solidity::halo2_verifier(kind, &setup.parameters, vk).unwrap();
        let contract = setup.contract();
        let manifest = &contract.manifest;
        assert_eq!(manifest.circuit, kind);
        assert_eq!(source, contract.verifier_source);
        assert_eq!(layout, manifest.layout);
        assert_eq!(keys::vk_digest(vk), manifest.vk_digest);
        assert_eq!(setup.parameters.set, manifest.params);
        keys::require_pinned(vk, &manifest.vk_digest).unwrap();
        assert!(matches!(keys::require_pinned(vk, &[0; 32]), Err(KeyError::NotPinned { .. })));
        let constants = solidity::halo2_layout(kind, &layout, &manifest.code_hash, &manifest.params);
        assert_eq!(constants, contract.layout_source);
        // The rest follows from the sources, the compiler's input for explorers among it.
        contract.require_same(&common::fixture_directory(kind)).unwrap();
    }
}

#[test]
fn the_committed_proof_file_is_accepted() {
    for kind in Circuit::ALL {
        let setup = Setup::new(kind);
        let contract = setup.contract();
        let text = std::fs::read_to_string(common::fixture_directory(kind).join("proof.json")).unwrap();
        let file = ProofFile::parse(&text).unwrap();
        assert_eq!(file.check(&contract).unwrap().gas, file.gas);
        let mut other = file.clone();
        other.code_hash[0] ^= 1;
        assert!(matches!(other.check(&contract), Err(CheckError::OtherContract { .. })));
        let mut other = file.clone();
        other.params.k += 1;
        assert!(matches!(other.check(&contract), Err(CheckError::OtherParams { .. })));
        let mut other = file.clone();
        other.circuit = Circuit::ALL[1 - kind as usize];
        assert!(matches!(other.check(&contract), Err(CheckError::OtherCircuit { .. })));
        let mut other = file.clone();
        other.calldata.push(0);
        assert!(matches!(other.check(&contract), Err(CheckError::Chain(ChainError::Rejected(_)))));
        assert!(setup.accepts(&file.statement().unwrap(), &file.proof_data));
    }
}

#[test]
fn keys_come_back_from_the_cache() {
    let mut setup = Setup::new(Circuit::Direct);
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
                Ok((common::keygen(params, Circuit::Direct), b"extra".to_vec()))
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
    setup.pk = second.pk;
    let statement = statement(VALUES);
    assert!(setup.accepts(&statement, &setup.proof_data(&statement)));

    // A damaged file is made again; a file about another circuit is not taken for ours.
    let path = keys::key_path(cache.path(), "small", &setup.parameters.set);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    load(&mut made, &setup.parameters);
    assert_eq!(made, 2);
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    let other = keys::load::<BaseCircuitBuilder<Fr>>(&path, "other", &setup.parameters.set, configuration);
    assert!(matches!(other, Err(KeyError::Stale { .. })));
    let refused = keys::load::<BaseCircuitBuilder<Fr>>(&path, "small", &setup.parameters.set, |_| None);
    assert!(matches!(refused, Err(KeyError::Stale { .. })));
}
