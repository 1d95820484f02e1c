//! What the tables' tests share: a program that uses every kind of row, and a check of traces that
//! names the constraint that fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use p3_air::{BaseAir, check_all_constraints};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::Lookups;
use p3_lookup::debug_util::{LookupDebugInstance, check_lookups};
use p3_matrix::dense::RowMajorMatrix;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::{AggAir, Block, Builder, E, F, Horner, NUM_TABLES, Program};

/// Index of each table in a proof.
pub const ALU: usize = 0;
pub const POSEIDON2: usize = 1;
pub const PUBLIC: usize = 2;

/// A program with every kind of row, and hints it accepts.
pub fn sample() -> (Program, Vec<E>) {
    let mut b = Builder::new();
    let [x, y] = [b.hint(), b.hint()];
    let felt = b.hint_felt();
    let side = b.hint_bit();
    let bits = b.bits(felt, true);
    let product = b.mul_add(x, y, felt);
    let quotient = b.div(product, x);
    let chosen = b.select(bits[1], quotient, y);
    let parts = b.unpack(chosen);
    let packed = b.pack(parts);
    b.assert_eq(packed, chosen);

    let zero = b.zero();
    let horner = Horner { gamma: y, acc_in: x, split: false };
    let first = b.absorb([Block::Hint, Block::Hint], [zero; 2], Some(horner));
    let capacity = [first.out[2], first.out[3]];
    let horner = Horner { gamma: y, acc_in: first.acc_out, split: true };
    let second = b.absorb([Block::Hint, product.into()], capacity, Some(horner));
    let leaf = [second.out[0], second.out[1]];
    let node = b.merkle_step(leaf, side);
    let root = b.merkle_step(node, bits[0]);
    let [left, right] = b.compress(root, leaf);
    for (i, cell) in [left, right, second.acc_mid, second.acc_out, chosen].into_iter().enumerate() {
        b.set_public(2 * i, cell);
    }

    let mut rng = SmallRng::seed_from_u64(11);
    let mut hints: Vec<E> = vec![rng.random(), rng.random(), E::from_u32(0x1234_567), E::ONE];
    hints.extend((0..7).map(|_| rng.random::<E>()));
    (b.finish(), hints)
}

/// Everything a proof is made of, open to tampering.
pub struct Case {
    pub airs: [AggAir; NUM_TABLES],
    pub traces: [RowMajorMatrix<F>; NUM_TABLES],
    pub public_values: [Vec<F>; NUM_TABLES],
}

/// What a tampered case violates.
#[derive(Debug, PartialEq, Eq)]
pub struct Violations {
    /// Table and index of each constraint that fails in some row.
    pub constraints: Vec<(usize, usize)>,
    /// Whether the bus is balanced.
    pub balanced: bool,
}

impl Violations {
    /// Nothing is wrong.
    pub fn none(&self) -> bool {
        self.constraints.is_empty() && self.balanced
    }
}

impl Case {
    /// The sample program at its lowest heights.
    pub fn sample() -> Self {
        let (program, hints) = sample();
        Self::of(&program, &hints)
    }

    pub fn of(program: &Program, hints: &[E]) -> Self {
        let heights = program.min_heights();
        let witness = program.execute(hints.iter().copied()).expect("the hints are right");
        Self {
            airs: program.airs(heights).expect("the heights are its own"),
            traces: program.traces(&witness, heights).expect("the heights are its own"),
            public_values: witness.table_public_values(),
        }
    }

    pub fn cell(&mut self, table: usize, row: usize, column: usize) -> &mut F {
        let width = self.airs[table].width();
        &mut self.traces[table].values[row * width + column]
    }

    /// Checks every constraint of every row, and the bus.
    pub fn violations(&self) -> Violations {
        let mut constraints = Vec::new();
        for (table, air) in self.airs.iter().enumerate() {
            let public = &self.public_values[table];
            let report = check_all_constraints(air, &self.traces[table], public, None);
            constraints.extend(report.failures.iter().map(|f| (table, f.constraint)));
        }
        constraints.sort_unstable();
        constraints.dedup();
        Violations { constraints, balanced: self.bus_is_balanced() }
    }

    fn bus_is_balanced(&self) -> bool {
        let fixed = self.airs.each_ref().map(|air| air.preprocessed_trace());
        let lookups = self.airs.each_ref().map(|air| Lookups::<F>::from_air::<E, _>(air));
        let instances: Vec<_> = (0..NUM_TABLES)
            .map(|i| LookupDebugInstance {
                main_trace: &self.traces[i],
                preprocessed_trace: &fixed[i],
                public_values: &self.public_values[i],
                lookups: &lookups[i],
                permutation_challenges: &[],
            })
            .collect();
        catch_unwind(AssertUnwindSafe(|| check_lookups(&instances))).is_ok()
    }
}

#[test]
fn the_sample_meets_every_constraint() {
    let violations = Case::sample().violations();
    assert!(violations.none(), "{violations:?}");
}
