use std::sync::OnceLock;

use halo2_base::{
    gates::{
        GateInstructions, RangeInstructions,
        circuit::{BaseCircuitParams, CircuitBuilderStage, builder::BaseCircuitBuilder},
    },
    halo2_proofs::{
        halo2curves::{
            bn256::{Bn256, Fr},
            ff::{Field, PrimeField},
        },
        plonk::{ProvingKey, keygen_pk2},
        poly::kzg::commitment::ParamsKZG,
    },
};

use super::{Fault, change_class, faults, faults_with};
use crate::{
    InnerKey, K, WrapError,
    builder::{Builder, Cell, INSTANCES},
    inner::prove_inner,
    keygen_circuit, prover_circuit,
    wrap::{ACCUMULATOR_LIMBS, build, output_limbs},
};

const INNER_K: u32 = 9;
const INSTANCE: [u64; 4] = [5, 32, 7, 0];

struct Fixture {
    key: InnerKey,
    proof: Vec<u8>,
}

fn inner(stage: CircuitBuilderStage, columns: usize, fixed: usize) -> BaseCircuitBuilder<Fr> {
    let params = BaseCircuitParams {
        k: INNER_K as usize,
        num_advice_per_phase: vec![columns],
        num_fixed: fixed,
        num_lookup_advice_per_phase: vec![1],
        lookup_bits: Some(8),
        num_instance_columns: 1,
    };
    let mut builder = BaseCircuitBuilder::from_stage(stage).use_params(params);
    let range = builder.range_chip();
    let ctx = builder.main(0);
    let cells = INSTANCE.map(|v| ctx.load_witness(Fr::from(v)));
    let expected = range.gate().mul_add(ctx, cells[0], cells[0], cells[2]);
    ctx.constrain_equal(&expected, &cells[1]);
    range.range_check(ctx, cells[3], 16);
    builder.assigned_instances[0] = cells.to_vec();
    if stage == CircuitBuilderStage::Prover {
        builder.set_break_points(vec![vec![]]);
    }
    builder
}

fn instances() -> [Fr; 4] {
    INSTANCE.map(Fr::from)
}

fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let params = ParamsKZG::<Bn256>::setup(INNER_K, rand_core::OsRng);
        let pk: ProvingKey<_> =
            keygen_pk2(&params, &inner(CircuitBuilderStage::Keygen, 1, 1), false).unwrap();
        let proof =
            prove_inner(&params, &pk, inner(CircuitBuilderStage::Prover, 1, 1), &instances()).unwrap();
        Fixture { key: InnerKey::new(&params, pk.get_vk()), proof }
    })
}

fn coordinate(limbs: &[Fr]) -> num_bigint::BigUint {
    let [l0, l1, l2] = [0, 1, 2].map(|i| crate::limbs::integer(limbs[i]));
    l0 + (l1 << 88) + (l2 << 176)
}

#[test]
fn the_accumulator_is_the_native_one() {
    let Fixture { key, proof } = fixture();
    let builder = build(key, &instances(), proof).unwrap();
    assert_eq!(faults(&builder), []);
    let native = key.verify(&instances(), proof).unwrap();
    let public = builder.instances();
    let expected = [native.lhs.x, native.lhs.y, native.rhs.x, native.rhs.y];
    for (i, value) in expected.into_iter().enumerate() {
        let value = num_bigint::BigUint::from_bytes_le(value.to_repr().as_ref());
        assert_eq!(coordinate(&public[3 * i..]), value);
    }
    assert_eq!(public[ACCUMULATOR_LIMBS..], instances());
}

#[test]
fn any_other_instance_is_refused_by_the_column() {
    let builder = Builder::default();
    for i in 0..INSTANCES {
        let mut other = builder.instances();
        other[i] += Fr::ONE;
        assert!(matches!(faults_with(&builder, &other)[..], [Fault::Gate(_, row)] if row == i));
    }
}

/// Limbs that make the same integer in another way, or a limb that is too large.
#[test]
fn an_accumulators_limbs_are_exact() {
    let mut builder = Builder::default();
    let x = builder.fe(super::random_fq(3));
    let limbs = output_limbs(&mut builder, &x);
    for (i, limb) in limbs.into_iter().enumerate() {
        builder.expose(limb, i);
    }
    assert_eq!(faults(&builder), []);
    let power = |n: u64| Fr::from(2).pow_vartime([n]);
    let before = [0, 1, 2].map(|i| builder.values[i]);
    let changes = [
        [power(88), -Fr::ONE, Fr::ZERO],
        [-power(88), Fr::ONE, Fr::ZERO],
        [Fr::ZERO, power(88), -Fr::ONE],
        [Fr::ZERO, Fr::ZERO, power(80)],
        [Fr::ONE, Fr::ZERO, Fr::ZERO],
    ];
    for change in changes {
        for i in 0..3 {
            change_class(&mut builder, Cell(i as u32), before[i] + change[i]);
        }
        assert!(!faults(&builder).is_empty());
    }
}

#[test]
fn rows_do_not_depend_on_values() {
    let Fixture { key, proof } = fixture();
    let (a, b) = (keygen_circuit(key).unwrap(), prover_circuit(key, &instances(), proof).unwrap());
    let shape = |b: &Builder| (b.tags.clone(), b.copies.clone(), b.fixed.clone());
    assert!(shape(a.builder()) == shape(b.builder()));
}

#[test]
fn a_tampered_proof_is_refused_or_fails_at_the_pairing() {
    let Fixture { key, proof } = fixture();
    let (points, scalars, _) = key.layout();
    // The first evaluation, plus one.
    let mut tampered = proof.clone();
    let at = 32 * points;
    tampered[at..at + 32].copy_from_slice(
        (Fr::from_repr(proof[at..at + 32].try_into().unwrap()).unwrap() + Fr::ONE).to_repr().as_ref(),
    );
    assert!(matches!(prover_circuit(key, &instances(), &tampered), Err(WrapError::InnerProof(_))));
    // The circuit has a witness for it: an accumulator that the pairing refuses.
    let builder = build(key, &instances(), &tampered).unwrap();
    assert_eq!(faults(&builder), []);
    let native = key.accumulate(&instances(), &tampered).unwrap();
    let x = num_bigint::BigUint::from_bytes_le(native.lhs.x.to_repr().as_ref());
    assert_eq!(coordinate(&builder.instances()), x);
    assert!(scalars > 0);
    // Another statement, a proof cut short, one with a trailing byte.
    let mut other = instances();
    other[3] = Fr::ONE;
    assert!(matches!(prover_circuit(key, &other, proof), Err(WrapError::InnerProof(_))));
    let short = prover_circuit(key, &instances(), &proof[1..]);
    assert!(matches!(short, Err(WrapError::ProofLength { .. })));
    let long = prover_circuit(key, &instances(), &[&proof[..], &[0]].concat());
    assert!(matches!(long, Err(WrapError::ProofLength { .. })));
}

#[test]
fn an_inner_circuit_that_is_too_large_is_refused() {
    let params = ParamsKZG::<Bn256>::setup(INNER_K, rand_core::OsRng);
    let pk = keygen_pk2(&params, &inner(CircuitBuilderStage::Keygen, 8, 1), false).unwrap();
    let refused = keygen_circuit(&InnerKey::new(&params, pk.get_vk()));
    assert!(matches!(refused, Err(WrapError::Rows { needed, available }) if needed > available));
}

/// Around an inner circuit with 27 points in its sum, rows are left for half another one.
#[test]
fn twenty_seven_points_fit() {
    let params = ParamsKZG::<Bn256>::setup(INNER_K, rand_core::OsRng);
    let pk = keygen_pk2(&params, &inner(CircuitBuilderStage::Keygen, 2, 3), false).unwrap();
    let circuit = keygen_circuit(&InnerKey::new(&params, pk.get_vk())).unwrap();
    // Per point and window seven rows of digits and one at the top.
    assert_eq!(circuit.builder().usage()["digits"], 27 * (64 * 7 + 1));
    assert!(circuit.builder().rows() + 60_000 < 1 << K);
}
