//! The vector path against the scalar one, which is Plonky3's own code.
//!
//! On a processor without AVX-512-IFMA these tests have one path only, and say so.

use finial_bn254_hash::constants::{MODULUS, WIDTH, from_words};
use finial_bn254_hash::hasher::{scalar_compression, scalar_sponge};
use finial_bn254_hash::{Backend, Bn254Compression, Bn254Mmcs, Bn254Sponge, Digest, poseidon2};
use p3_bn254::Bn254;
use p3_commit::{BatchOpeningRef, Mmcs};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CryptographicHasher, Permutation, PseudoCompressionFunction};
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// The paths of this processor.
fn backends() -> Vec<Backend> {
    let mut all = vec![Backend::Scalar, Backend::Ifma];
    all.retain(|backend| backend.require().is_ok());
    if all.len() == 1 {
        eprintln!("no AVX-512-IFMA here: only the scalar path is tested");
    }
    all
}

/// Elements at the edges of the field and of its Montgomery form.
fn edges() -> Vec<Bn254> {
    let mut largest = MODULUS;
    largest[0] -= 1;
    let r_inverse = (0..256).fold(Bn254::ONE, |x, _| x.halve());
    vec![
        Bn254::ZERO,
        Bn254::ONE,
        from_words(largest).unwrap(),
        // Montgomery words 1 and r - 1, the largest that occur.
        r_inverse,
        -r_inverse,
        from_words([u64::MAX, u64::MAX, u64::MAX, 0x2fff_ffff_ffff_ffff]).unwrap(),
    ]
}

#[test]
fn permutations_agree_on_edges() {
    let edges = edges();
    let mut states = Vec::new();
    for a in &edges {
        for b in &edges {
            states.extend(edges.iter().map(|c| [*a, *b, *c]));
        }
    }
    check_permutations(&states);
}

#[test]
fn permutations_agree_on_random_states_in_batches_of_any_size() {
    let mut rng = StdRng::seed_from_u64(2);
    for size in (0..70).chain([127, 128, 129, 5000]) {
        let states: Vec<[Bn254; WIDTH]> = (0..size).map(|_| rng.random()).collect();
        check_permutations(&states);
    }
}

fn check_permutations(states: &[[Bn254; WIDTH]]) {
    let permutation = poseidon2();
    let expected: Vec<_> = states.iter().map(|state| permutation.permute(*state)).collect();
    for backend in backends() {
        let mut actual = states.to_vec();
        backend.permute_many(&mut actual).unwrap();
        assert_eq!(actual, expected, "{backend:?}");
    }
}

#[test]
fn sponges_agree_on_rows_of_any_length() {
    let mut rng = StdRng::seed_from_u64(3);
    let scalar = scalar_sponge();
    for backend in backends() {
        let sponge = Bn254Sponge::with_backend(backend).unwrap();
        for len in 0..=40 {
            for count in [0, 1, 7, 8, 9, 31, 32, 33, 67] {
                let rows: Vec<KoalaBear> = (0..len * count)
                    .map(|i| match i % 11 {
                        0 => KoalaBear::NEG_ONE,
                        1 => KoalaBear::ZERO,
                        _ => rng.random(),
                    })
                    .collect();
                let expected: Vec<Digest> =
                    (0..count).map(|i| scalar.hash_slice(&rows[i * len..(i + 1) * len])).collect();
                let mut actual = vec![[Bn254::ONE]; count];
                sponge.hash_many(&rows, &mut actual);
                assert_eq!(actual, expected, "{backend:?}, {count} rows of {len}");
                if let Some(first) = expected.first() {
                    assert_eq!(sponge.hash_iter(rows[..len].iter().copied()), *first);
                }
            }
        }
        let largest = vec![KoalaBear::NEG_ONE; 40 * 33];
        let mut actual = vec![[Bn254::ZERO]; 33];
        sponge.hash_many(&largest, &mut actual);
        assert_eq!(actual, vec![scalar.hash_slice(&largest[..40]); 33]);
    }
}

/// What the circuit relies on: eight digits `v + 1` in base 2³¹ in each rate element.
#[test]
fn packing_is_as_documented() {
    let row: Vec<KoalaBear> = (0..19).map(|i| KoalaBear::from_u32(1_000_003 * i)).collect();
    let pack = |elements: &[KoalaBear]| {
        elements.iter().rev().fold(Bn254::ZERO, |sum, x| {
            sum * Bn254::from_u64(1 << 31) + Bn254::from_u32(x.as_canonical_u32() + 1)
        })
    };
    let permutation = poseidon2();
    let mut state = permutation.permute([pack(&row[..8]), pack(&row[8..16]), Bn254::ZERO]);
    state[0] = pack(&row[16..]);
    let state = permutation.permute(state);
    assert_eq!(scalar_sponge().hash_slice(&row), [state[0]]);
}

#[test]
fn compressions_agree() {
    let mut rng = StdRng::seed_from_u64(4);
    let scalar = scalar_compression();
    let edges = edges();
    for backend in backends() {
        let compression = Bn254Compression::with_backend(backend).unwrap();
        for count in (0..70).chain([1000]) {
            let pairs: Vec<[Digest; 2]> = (0..count)
                .map(|i| match i % 3 {
                    0 => [[edges[i % edges.len()]], [edges[i / 3 % edges.len()]]],
                    _ => [[rng.random()], [rng.random()]],
                })
                .collect();
            let expected: Vec<Digest> = pairs.iter().map(|pair| scalar.compress(*pair)).collect();
            let mut actual = vec![[Bn254::ZERO]; count];
            compression.compress_many(&pairs, &mut actual);
            assert_eq!(actual, expected, "{backend:?}, {count} pairs");
        }
    }
}

#[test]
fn merkle_roots_are_plonky3s() {
    type Stock = MerkleTreeMmcs<
        KoalaBear,
        Bn254,
        finial_bn254_hash::hasher::ScalarSponge,
        finial_bn254_hash::hasher::ScalarCompression,
        2,
        1,
    >;
    let mut rng = StdRng::seed_from_u64(5);
    let shapes: [&[(usize, usize)]; 5] = [
        &[(1 << 9, 64)],
        &[(1 << 8, 17)],
        &[(1 << 8, 41), (1 << 8, 8), (1 << 6, 7), (4, 50)],
        &[(1, 3)],
        &[(2, 1), (1, 9)],
    ];
    for shape in shapes {
        let matrices: Vec<RowMajorMatrix<KoalaBear>> = shape
            .iter()
            .map(|&(height, width)| {
                RowMajorMatrix::new((0..height * width).map(|_| rng.random()).collect(), width)
            })
            .collect();
        for cap_height in [0, 3] {
            let height = shape[0].0;
            if height < 1 << cap_height {
                continue;
            }
            let stock = Stock::new(scalar_sponge(), scalar_compression(), cap_height);
            let (expected, _) = stock.commit(matrices.clone());
            for backend in backends() {
                let ours = Bn254Mmcs::new(
                    Bn254Sponge::with_backend(backend).unwrap(),
                    Bn254Compression::with_backend(backend).unwrap(),
                    cap_height,
                );
                let (actual, data) = ours.commit(matrices.clone());
                assert_eq!(actual, expected, "{backend:?} {shape:?}");
                // A path opened on our tree is accepted by Plonky3's verifier with stock types, and not at another row.
                let index = height / 2;
                let opening = ours.open_batch(index, &data);
                let dimensions: Vec<_> = matrices.iter().map(p3_matrix::Matrix::dimensions).collect();
                let verify = |index| {
                    let opened = BatchOpeningRef::new(&opening.opened_values, &opening.opening_proof);
                    stock.verify_batch(&expected, &dimensions, index, opened)
                };
                verify(index).unwrap();
                if height > 1 {
                    assert!(verify(index ^ 1).is_err());
                }
            }
        }
    }
}

#[test]
fn types_can_be_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>(_: T) {}
    shared(Bn254Sponge::new());
    shared(Bn254Compression::new());
    shared(finial_bn254_hash::bn254_mmcs(3));
    shared(finial_bn254_hash::bn254_challenger());
}
