//! Proofs of small programs, and what must not pass for one.

use finial_agg_vm::{
    AggAir, Block, Builder, E, F, Heights, Horner, MAX_CONSTRAINT_DEGREE, NUM_PUBLIC_VALUES, Program,
};
use finial_protocol::params::{Grinding, TREE};
use finial_protocol::{InnerConfig, LayerParams, MachineError, ProvingKey};
use p3_field::PrimeCharacteristicRing;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

type Key = ProvingKey<InnerConfig, AggAir>;

/// The tree's parameters without most of the grinding.
const PARAMS: LayerParams = LayerParams { grinding: Grinding::uniform(2), num_queries: 20, ..TREE };

/// Absorbs `rows` rows of hints, evaluating them, and climbs a Merkle path from the hash.
fn program(rows: usize) -> Program {
    let mut b = Builder::new();
    let gamma = b.hint();
    let zero = b.zero();
    let (mut capacity, mut acc) = ([zero; 2], zero);
    let mut digest = capacity;
    for _ in 0..rows {
        let horner = Some(Horner { gamma, acc_in: acc, split: false });
        let absorbed = b.absorb([Block::Hint; 2], capacity, horner);
        [digest, capacity] = [[absorbed.out[0], absorbed.out[1]], [absorbed.out[2], absorbed.out[3]]];
        acc = absorbed.acc_out;
    }
    let index = b.hint_felt();
    for bit in &b.bits(index, true)[..5] {
        digest = b.merkle_step(digest, *bit);
    }
    let inverse = b.inverse(acc);
    for (i, cell) in [digest[0], digest[1], acc, inverse].into_iter().enumerate() {
        b.set_public(i, cell);
    }
    b.finish()
}

fn hints(program: &Program, seed: u64) -> Vec<E> {
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut hints: Vec<E> = (0..program.num_hints()).map(|_| rng.random()).collect();
    let index = program.num_hints() - 11;
    hints[index] = E::from_u32(0b10110);
    hints
}

fn heights(program: &Program) -> Heights {
    // FRI wants every table higher than its final polynomial.
    let public = PARAMS.log_final_poly_len + 1;
    Heights { public, ..program.min_heights() }
}

fn key(program: &Program) -> Key {
    let heights = heights(program);
    let airs = program.airs(heights).unwrap();
    Key::new(PARAMS, airs.to_vec(), &heights.to_array()).unwrap()
}

#[test]
fn a_program_proves_and_verifies() {
    let program = program(12);
    let key = key(&program);
    let witness = program.execute(hints(&program, 1)).unwrap();
    let traces = program.traces(&witness, heights(&program)).unwrap();
    let public = witness.table_public_values();
    assert_eq!(public[2].len(), NUM_PUBLIC_VALUES);
    let proof = key.prove(&traces, &public).unwrap();

    let tables = AggAir::verifier_tables();
    key.vk.verify(&tables, key.preprocessed(), &proof, &public).unwrap();

    for i in 0..NUM_PUBLIC_VALUES {
        let mut tampered = public.clone();
        tampered[2][i] += F::ONE;
        let verdict = key.vk.verify(&tables, key.preprocessed(), &proof, &tampered);
        assert!(matches!(verdict, Err(MachineError::Rejected(_))), "public value {i}");
    }

    // Another program of the same shape has another commitment, under which the proof fails.
    let other = self::key(&self::program(11));
    let verdict = key.vk.verify(&tables, other.preprocessed(), &proof, &public);
    assert!(matches!(verdict, Err(MachineError::Rejected(_))));
}

#[test]
fn traces_of_wrong_values_do_not_verify() {
    let program = program(12);
    let key = key(&program);
    let witness = program.execute(hints(&program, 1)).unwrap();
    let public = witness.table_public_values();
    let honest = program.traces(&witness, heights(&program)).unwrap();
    // One main cell of each table: the outputs of the first equation of either lane, an input of the
    // first permutation, an exposed block.
    for (table, column) in [(0, 12), (0, 28), (1, 0), (2, 0)] {
        let mut traces = honest.clone();
        traces[table].values[column] += F::ONE;
        let proof = key.prove(&traces, &public).unwrap();
        let verdict = key.vk.verify(&key.airs, key.preprocessed(), &proof, &public);
        assert!(matches!(verdict, Err(MachineError::Rejected(_))), "table {table}, column {column}");
    }
}

#[test]
fn degrees_and_permutation_columns_are_as_documented() {
    let program = program(12);
    let key = key(&program);
    let tables: &[_; 3] = key.vk.shape.tables[..].try_into().unwrap();
    let columns = tables.each_ref().map(|t| {
        assert!(!t.main_next && !t.preprocessed_next, "{} is opened at one point", t.name);
        assert_eq!(1 << t.log_quotient_chunks, MAX_CONSTRAINT_DEGREE - 1, "degree of {}", t.name);
        (t.preprocessed_width, t.width, t.permutation_width(4))
    });
    // Two slots to a permutation column of four base columns, and one column that accumulates.
    assert_eq!(columns, [(40, 32, 4 * (4 + 1)), (24, 188, 4 * (7 + 1)), (16, 4, 4 * (1 + 1))]);
}
