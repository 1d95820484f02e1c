use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field as _};
use p3_challenger::{CanObserve, CanSample, CanSampleBits, GrindingChallenger};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;
use p3_symmetric::{CryptographicHasher, Hash, PseudoCompressionFunction};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{Challenger, Digest, Ext, Felt, ext::Quintic};
use crate::{
    CircuitBuilder,
    convert::{P, from_fr, to_fr},
    testing::{accepts, every_cell_is_constrained, failures, rejects},
};

fn koala(rng: &mut StdRng) -> KoalaBear {
    // Edges often: zero, one, minus one.
    match rng.random_range(0..8u8) {
        0 => KoalaBear::ZERO,
        1 => KoalaBear::NEG_ONE,
        _ => KoalaBear::from_u32(rng.random_range(0..P as u32)),
    }
}

fn quintic(rng: &mut StdRng) -> Quintic {
    Quintic::from_basis_coefficients_fn(|_| koala(rng))
}

fn assert_felt(builder: &mut CircuitBuilder, x: Felt, expected: KoalaBear) {
    assert_eq!(x.value(), expected);
    builder.assert_equal(x, Felt::constant(expected));
}

fn assert_ext(builder: &mut CircuitBuilder, x: Ext, expected: Quintic) {
    assert_eq!(x.value(), expected);
    builder.ext_assert_equal(x, Ext::constant(expected));
}

#[test]
fn felt_arithmetic_agrees_with_plonky3() {
    accepts(|builder| {
        let mut rng = StdRng::seed_from_u64(1);
        let mut values: Vec<(Felt, KoalaBear)> = vec![];
        for i in 0..12 {
            let v = koala(&mut rng);
            values.push((if i < 9 { builder.load_felt(v).felt() } else { Felt::constant(v) }, v));
        }
        for _ in 0..600 {
            let ((a, x), (b, y)) = (values[rng.random_range(0..12)], values[rng.random_range(0..12)]);
            let result = match rng.random_range(0..5u8) {
                0 => (builder.add(a, b), x + y),
                1 => (builder.sub(a, b), x - y),
                2 => (builder.neg(a), -x),
                3 => (builder.inner_product(a, &[(a, b), (b, b)]), x + x * y + y * y),
                _ => (builder.mul(a, b), x * y),
            };
            assert_eq!(result.0.value(), result.1);
            values[rng.random_range(0..12)] = result;
        }
        for (felt, value) in values {
            assert_felt(builder, felt, value);
            let canonical = builder.canonical(felt);
            assert_eq!(*canonical.cell().value(), Fr::from(u64::from(value.as_canonical_u32())));
            if value != KoalaBear::ZERO {
                let inverse = builder.inverse(felt);
                assert_felt(builder, inverse, value.inverse());
            }
        }
    });
}

#[test]
fn ext_arithmetic_agrees_with_plonky3() {
    accepts(|builder| {
        let mut rng = StdRng::seed_from_u64(2);
        let mut values: Vec<(Ext, Quintic)> = vec![];
        for i in 0..6 {
            let v = quintic(&mut rng);
            values.push((if i < 4 { builder.load_ext(v) } else { Ext::constant(v) }, v));
        }
        for _ in 0..120 {
            let ((a, x), (b, y)) = (values[rng.random_range(0..6)], values[rng.random_range(0..6)]);
            let scalar = koala(&mut rng);
            let base = builder.load_felt(scalar).felt();
            let result = match rng.random_range(0..6u8) {
                0 => (builder.ext_add(a, b), x + y),
                1 => (builder.ext_sub(a, b), x - y),
                2 => (builder.ext_mul_base_add(a, base, b), x * scalar + y),
                3 => (builder.ext_inner_product(a, &[(a, b), (b, b)]), x + x * y + y * y),
                4 => (builder.ext_base_inner_product(&[(a, base), (b, base)]), (x + y) * scalar),
                _ => (builder.ext_mul(a, b), x * y),
            };
            assert_eq!(result.0.value(), result.1);
            values[rng.random_range(0..6)] = result;
        }
        for (ext, value) in values {
            assert_ext(builder, ext, value);
            let inverse = builder.ext_inverse(ext);
            assert_ext(builder, inverse, value.inverse());
        }
    });
}

#[test]
fn long_inner_products_are_cut_before_they_wrap() {
    accepts(|builder| {
        let mut rng = StdRng::seed_from_u64(3);
        let value = -Quintic::ONE;
        let wide = builder.load_ext(value);
        let doubled = builder.ext_add(wide, wide);
        let base = builder.load_felt(KoalaBear::NEG_ONE).felt();
        let terms = vec![(doubled, base); 5000];
        let sum = builder.ext_base_inner_product(&terms);
        assert_ext(builder, sum, Quintic::from(KoalaBear::from_u32(10_000)));
        let q = quintic(&mut rng);
        let other = builder.load_ext(q);
        let sum = builder.ext_inner_product(Ext::ONE, &vec![(doubled, other); 700]);
        assert_ext(builder, sum, Quintic::ONE + value.double() * q * KoalaBear::from_u32(700));
    });
}

#[test]
fn a_felt_equal_to_another_value_is_rejected() {
    rejects("range", |builder| {
        let a = builder.load_felt(KoalaBear::from_u32(5)).felt();
        let b = builder.load_felt(KoalaBear::from_u32(7)).felt();
        let product = builder.mul(a, b);
        // The reduction is honest, 35 - 36 = -1: its remainder is not zero.
        builder.assert_equal(product, Felt::constant(KoalaBear::from_u32(36)));
        // Claim it zero.
        let &[_, x, .., a0, a1] = builder.range.reductions.last().expect("the product's");
        for cell in [x, a0, a1] {
            builder.values[cell as usize] = Fr::ZERO;
        }
    });
}

#[test]
fn an_inverse_of_zero_is_rejected() {
    assert!(
        !failures(|builder| {
            let zero = builder.load_felt(KoalaBear::ZERO).felt();
            builder.inverse(zero);
        })
        .is_empty()
    );
    assert!(
        !failures(|builder| {
            let zero = builder.load_ext(Quintic::ZERO);
            builder.ext_inverse(zero);
        })
        .is_empty()
    );
}

#[test]
fn bits_select_and_exponentiate() {
    accepts(|builder| {
        let mut rng = StdRng::seed_from_u64(4);
        for value in [0, 1, P as u32 - 1, 0x1234_5678] {
            let felt = builder.load_felt(KoalaBear::from_u32(value));
            let bits = builder.bits(felt);
            for (i, bit) in bits.iter().enumerate() {
                assert_eq!(bit.value(), (value >> i) & 1 == 1);
            }
            let back = builder.bits_to_felt(&bits);
            builder.assert_equal(back, felt.felt());
            let list: Vec<_> = (0..16).map(|_| quintic(&mut rng)).collect();
            let cells: Vec<_> = list.iter().map(|&v| builder.load_ext(v)).collect();
            let chosen = builder.select_from(&bits[..4], &cells);
            assert_ext(builder, chosen, list[value as usize & 15]);
            let base = KoalaBear::from_u32(3);
            let power = builder.exp_bits(base, &bits[..20]);
            assert_felt(builder, power, base.exp_u64(u64::from(value) & 0xf_ffff));
        }
    });
}

#[test]
fn wrong_bits_are_rejected() {
    assert!(
        !failures(|builder| {
            let felt = builder.load_felt(KoalaBear::from_u32(3));
            let bits = builder.bits(felt);
            builder.values[bits[5].cell().index as usize] = Fr::ONE;
        })
        .is_empty()
    );
}

#[test]
fn hashes_agree_with_the_native_ones() {
    accepts(|builder| {
        let mut rng = StdRng::seed_from_u64(5);
        let sponge = finial_bn254_hash::Bn254Sponge::new();
        let compression = finial_bn254_hash::Bn254Compression::new();
        let mut last = builder.constant(Fr::ONE);
        for len in [0, 1, 7, 8, 9, 15, 16, 17, 24, 40, 100] {
            let row: Vec<_> = (0..len).map(|_| koala(&mut rng)).collect();
            let cells: Vec<_> = row.iter().map(|&v| builder.load_felt(v)).collect();
            let digest = builder.hash_row(&cells);
            let expected: [_; 1] = sponge.hash_iter(row.iter().copied());
            assert_eq!(*digest.0.value(), to_fr(expected[0]), "length {len}");
            let [expected] = compression.compress([[from_fr(*last.value())], expected]);
            let parent = builder.compress(Digest(last), digest);
            assert_eq!(*parent.0.value(), to_fr(expected));
            last = parent.0;
        }
    });
}

#[test]
fn the_transcript_agrees_with_the_native_one() {
    accepts(|builder| {
        let mut rng = StdRng::seed_from_u64(6);
        let mut native = finial_bn254_hash::bn254_challenger();
        let mut circuit = Challenger::new();
        for step in 0..120 {
            match rng.random_range(0..6u8) {
                0 | 1 => {
                    for _ in 0..rng.random_range(1..40) {
                        let v = koala(&mut rng);
                        native.observe(v);
                        let cell = builder.load_felt(v);
                        circuit.observe(builder, cell);
                    }
                }
                2 => {
                    let digest = from_fr(crate::poseidon2::permute([Fr::from(step), Fr::ONE, Fr::ONE])[0]);
                    native.observe(Hash::<KoalaBear, _, 1>::from([digest]));
                    let cell = builder.load_digest(digest);
                    circuit.observe_digest(builder, cell);
                }
                3 => {
                    let expected: Quintic = native.sample();
                    assert_eq!(circuit.sample_ext(builder).value(), expected, "step {step}");
                }
                4 => {
                    let expected = native.sample_bits(13);
                    let bits = circuit.sample_bits(builder, 13);
                    let found = bits.iter().rev().fold(0, |n, bit| 2 * n + usize::from(bit.value()));
                    assert_eq!(found, expected, "step {step}");
                }
                _ => {
                    let witness = native.grind(3);
                    let cell = builder.load_felt(witness);
                    circuit.check_witness(builder, 3, cell);
                }
            }
        }
    });
}

#[test]
fn every_cell_of_the_arithmetic_is_constrained() {
    every_cell_is_constrained(7, |builder| {
        let mut rng = StdRng::seed_from_u64(7);
        let (a, b) = (quintic(&mut rng), quintic(&mut rng));
        let (a, b) = (builder.load_ext(a), builder.load_ext(b));
        let product = builder.ext_mul(a, b);
        let sum = builder.ext_base_inner_product(&[(product, b.0[0]), (b, a.0[1])]);
        let inverse = builder.ext_inverse(sum);
        builder.ext_reduce(inverse);
    });
}

#[test]
fn every_cell_of_a_merkle_path_is_constrained() {
    every_cell_is_constrained(4, |builder| {
        let leaf = builder.load_felt(KoalaBear::from_u32(0b10_1101));
        let bits = builder.bits(leaf);
        let siblings: Vec<_> = (0..2).map(|i| builder.load_digest(p3_bn254::Bn254::from_u32(i))).collect();
        let leaf = builder.hash_row(&[leaf]);
        let root = builder.merkle_root(leaf, &siblings, &bits[..2]);
        let cap = [root, leaf, leaf, root];
        builder.assert_merkle_path(leaf, &siblings, &bits[..4], &cap);
    });
}

#[test]
fn every_cell_of_a_sample_is_constrained() {
    every_cell_is_constrained(7, |builder| {
        let mut challenger = Challenger::new();
        let element = builder.load_felt(KoalaBear::from_u32(5));
        challenger.observe(builder, element);
        challenger.sample_bits(builder, 4);
    });
}
