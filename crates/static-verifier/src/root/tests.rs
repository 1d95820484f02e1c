use finial_protocol::fields::Bn254;
use finial_public_values::{digest_to_scalar, half_scalars};
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use snark_verifier_sdk::CircuitExt;

use super::*;
use crate::{
    backend::tests::proven,
    testing::{self, accepts, failures},
};

fn fixture() -> (RootKey, RootProof) {
    let (shape, digest, proof) = proven();
    (RootKey { shape, digest, preprocessed: proof.preprocessed.clone() }, proof)
}

fn shorten<T>(list: &mut Vec<T>) {
    list.truncate(list.len() - 1);
}

/// Keys of a circuit, as far as the prover's layout needs them.
fn pinning(key: &RootKey) -> Pinning {
    let mut builder = CircuitBuilder::new();
    write(&mut builder, key, None).unwrap();
    let k = testing::least_k(&builder);
    let circuit = StaticCircuit::with_k(builder, k).unwrap();
    Pinning::of(&circuit)
}

#[test]
fn the_instances_are_the_commitments_and_the_user_public_values() {
    let (key, proof) = fixture();
    let pinning = pinning(&key);
    let other_size = prover_circuit(&key, &pinning, &proof);
    assert!(matches!(other_size, Err(RootError::Capacity(CapacityError::Other))));
    let circuit = prover_circuit_of_any_size(&key, &pinning, &proof).unwrap();
    let values = &proof.public_values[2];
    let bytes: [u8; 32] = core::array::from_fn(|i| u8::try_from(values[16 + i].as_canonical_u32()).unwrap());
    let [high, low] = half_scalars(&bytes);
    let digest = |from: usize| digest_to_scalar(&core::array::from_fn(|i| values[from + i]));
    let expected = [digest(0), digest(8), high, low].map(|mut word| {
        word.reverse();
        Fr::from_repr(word).unwrap()
    });
    assert_eq!(circuit.instances(), vec![expected.to_vec()]);
    accepts(|builder| {
        write(builder, &key, Some(&proof)).unwrap();
    });
}

#[test]
fn another_root_program_is_refused() {
    let (mut key, proof) = fixture();
    key.preprocessed[1][0] += Bn254::ONE;
    let refused = prover_circuit_of_any_size(&key, &pinning(&key), &proof);
    assert!(matches!(refused, Err(RootError::Rejected(_))));
    assert!(
        !failures(|builder| {
            write(builder, &key, Some(&proof)).unwrap();
        })
        .is_empty()
    );
}

#[test]
fn another_verifying_key_is_refused() {
    let (mut key, proof) = fixture();
    key.digest[0] += Val::ONE;
    let refused = prover_circuit_of_any_size(&key, &pinning(&key), &proof);
    assert!(matches!(refused, Err(RootError::Rejected(_))));
}

#[test]
fn lists_of_another_length_are_refused() {
    let (key, proof) = fixture();
    let pinning = pinning(&key);
    type Change = fn(&mut RootProof);
    let changes: [(&str, Change); 11] = [
        ("main or quotient commitment", |p| shorten(&mut p.main)),
        ("main or quotient commitment", |p| p.quotient.clear()),
        ("permutation commitment", |p| p.permutation.push([Bn254::ZERO])),
        ("bus terminals", |p| shorten(&mut p.terminals)),
        ("claimed evaluations", |p| shorten(&mut p.openings)),
        ("claimed evaluations", |p| shorten(&mut p.openings[0][1][0])),
        ("folds", |p| shorten(&mut p.fold_witnesses)),
        ("folds", |p| shorten(&mut p.fold_commitments[0])),
        ("final polynomial", |p| p.final_polynomial.push(Ext5::ZERO)),
        ("queries", |p| shorten(&mut p.queries)),
        ("public values", |p| shorten(&mut p.public_values[2])),
    ];
    for (what, change) in changes {
        let mut changed = proof.clone();
        change(&mut changed);
        let refused = prover_circuit_of_any_size(&key, &pinning, &changed);
        assert!(matches!(refused, Err(RootError::Shape(found)) if found == what), "{what}");
    }
    let mut changed = proof.clone();
    changed.public_values[2][51] = Val::ONE;
    assert!(matches!(prover_circuit_of_any_size(&key, &pinning, &changed), Err(RootError::Padding)));
}

#[test]
fn keys_of_other_programs_are_refused() {
    let (key, _) = fixture();
    let refused = |change: fn(&mut RootKey)| {
        let mut key = key.clone();
        change(&mut key);
        let mut builder = CircuitBuilder::new();
        matches!(write(&mut builder, &key, None), Err(RootError::Key(_)))
    };
    assert!(refused(|key| key.shape.tables.clear()));
    assert!(refused(|key| key.shape.tables[2].num_public_values = 3));
    assert!(refused(|key| key.shape.tables[0].num_public_values = 1));
    assert!(refused(|key| shorten(&mut key.preprocessed)));
}
