//! What the tables' tests share: a program that uses every kind of row, and a check of traces that
//! names the constraint that fails.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use p3_air::{BaseAir, check_all_constraints};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::Lookups;
use p3_lookup::debug_util::{LookupDebugInstance, check_lookups};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::{AggAir, AluCoeffs, Block, Builder, E, F, Horner, NUM_TABLES, Program};
use crate::{alu, poseidon2};

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
    // The same step again, from the same sibling.
    let known = b.merkle_step(root, bits[2]);
    b.merkle_step_into(root, bits[2], known);
    let shifted = b.quotient(product, x, Some(felt));
    b.assert_alu(AluCoeffs { a: F::ONE, b: F::ONE, ..AluCoeffs::default() }, quotient, felt, felt, shifted);
    // The lanes of these are not the lanes of the rows of their kind above.
    let other_side = b.hint_bit();
    b.select(other_side, x, y);
    let [left, right] = b.compress(root, leaf);
    for (i, cell) in [left, right, second.acc_mid, second.acc_out, chosen].into_iter().enumerate() {
        b.set_public(2 * i, cell);
    }

    let mut rng = SmallRng::seed_from_u64(11);
    let mut hints: Vec<E> = vec![rng.random(), rng.random(), E::from_u32(0x0123_4567), E::ONE];
    hints.extend((0..7).map(|_| rng.random::<E>()));
    let sibling: [E; 2] = rng.random();
    hints.extend([sibling, sibling].concat());
    hints.push(E::ZERO);
    (b.finish(), hints)
}

/// Everything a proof is made of, open to tampering.
pub struct Case {
    pub airs: [AggAir; NUM_TABLES],
    fixed: [Option<RowMajorMatrix<F>>; NUM_TABLES],
    lookups: [Lookups<F>; NUM_TABLES],
    pub traces: [RowMajorMatrix<F>; NUM_TABLES],
    pub public_values: [Vec<F>; NUM_TABLES],
}

/// What a tampered case violates: the tags of constraints that fail in some row, and `BUS` if the
/// bus is out of balance.
pub type Violations = BTreeSet<&'static str>;

/// The tag of each constraint of a table, in the order of evaluation.
fn tags(table: usize) -> Vec<&'static str> {
    let counts: &[_] = match table {
        ALU => &[
            ("ALU-1", 4),
            ("ALU-2", 3),
            ("ALU-3", 1),
            // The second lane.
            ("ALU-1", 4),
            ("ALU-2", 3),
            ("ALU-3", 1),
        ],
        POSEIDON2 => &[
            ("P2-1", 64),
            ("P2-2", 20),
            ("P2-3", 64),
            ("P2-4", 1),
            ("P2-5", 8),
            ("P2-6", 8),
            ("P2-7", 4),
            ("P2-8", 4),
        ],
        _ => &[("PUB-1", 4)],
    };
    counts.iter().flat_map(|(tag, count)| std::iter::repeat_n(*tag, *count)).collect()
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
        let airs = program.airs(heights).expect("the heights are its own");
        Self {
            fixed: airs.each_ref().map(|air| air.preprocessed_trace()),
            lookups: airs.each_ref().map(Lookups::from_air::<E, _>),
            airs,
            traces: program.traces(&witness, heights).expect("the heights are its own"),
            public_values: witness.table_public_values(),
        }
    }

    pub fn row(&mut self, table: usize, row: usize) -> &mut [F] {
        let width = self.airs[table].width();
        &mut self.traces[table].values[row * width..(row + 1) * width]
    }

    /// The cells of a preprocessed row.
    pub fn fixed_row(&self, table: usize, row: usize) -> &[F] {
        let fixed = self.fixed[table].as_ref().expect("every table has preprocessed columns");
        &fixed.values[row * fixed.width..(row + 1) * fixed.width]
    }

    /// The first row of a table whose preprocessed cells are as asked.
    pub fn find(&self, table: usize, wanted: impl Fn(&[F]) -> bool) -> usize {
        let height = self.traces[table].height();
        (0..height).find(|row| wanted(self.fixed_row(table, *row))).expect("the sample has one")
    }

    /// Checks every constraint of every row, and the bus.
    pub fn violations(&self) -> Violations {
        let mut violations = Violations::new();
        for (table, air) in self.airs.iter().enumerate() {
            let (trace, public) = (&self.traces[table], &self.public_values[table]);
            let report = check_all_constraints(air, trace, public, None);
            let tags = tags(table);
            assert_eq!(report.total_constraints_per_row, tags.len(), "every constraint has a tag");
            violations.extend(report.failures.iter().map(|failure| tags[failure.constraint]));
        }
        if !self.bus_is_balanced() {
            violations.insert("BUS");
        }
        violations
    }

    fn bus_is_balanced(&self) -> bool {
        let instances: Vec<_> = (0..NUM_TABLES)
            .map(|i| LookupDebugInstance {
                main_trace: &self.traces[i],
                preprocessed_trace: &self.fixed[i],
                public_values: &self.public_values[i],
                lookups: &self.lookups[i],
                permutation_challenges: &[],
            })
            .collect();
        // Plonky3's check panics where a message is left over.
        catch_unwind(AssertUnwindSafe(|| check_lookups(&instances))).is_ok()
    }
}

#[test]
fn the_sample_meets_every_constraint() {
    assert_eq!(Case::sample().violations(), Violations::new());
}

/// Every main cell of every row, one at a time: a cell that belongs to a slot with a multiplicity
/// unbalances the bus, and any other cell breaks a constraint, unless the row leaves it free.
#[test]
fn every_tampered_cell_is_noticed() {
    let mut case = Case::sample();
    for table in [ALU, POSEIDON2, PUBLIC] {
        for row in 0..case.traces[table].height() {
            let fixed = case.fixed_row(table, row).to_vec();
            for column in 0..case.airs[table].width() {
                let use_of_cell = match table {
                    ALU => alu::tests::use_of_cell(&fixed, column),
                    POSEIDON2 => poseidon2::tests::use_of_cell(&fixed, column),
                    _ => CellUse::on_bus(fixed.iter().any(|x| *x != F::ZERO)),
                };
                case.row(table, row)[column] += F::ONE;
                let violations = case.violations();
                case.row(table, row)[column] -= F::ONE;
                let place = format!("table {table}, row {row}, column {column}: {violations:?}");
                assert_eq!(violations.contains("BUS"), use_of_cell == CellUse::Slot, "{place}");
                assert_eq!(violations.is_empty(), use_of_cell == CellUse::Free, "{place}");
            }
        }
    }
}

/// What binds a main cell of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellUse {
    /// A slot with a multiplicity.
    Slot,
    /// Constraints only.
    Constrained,
    /// Nothing: the row does not use it.
    Free,
}

impl CellUse {
    /// A cell that is constrained in any case.
    pub fn on_bus(bus: bool) -> Self {
        if bus { Self::Slot } else { Self::Constrained }
    }
}
