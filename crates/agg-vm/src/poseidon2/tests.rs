use core::array::from_fn;

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use super::columns::{EXTRA, LAST_FULL, Preprocessed, WIDTH};
use super::trace::{LANES, evaluation_blocks, permute_rows};
use crate::execute::block_of;
use crate::testing::{Case, CellUse, POSEIDON2, Violations};
use crate::{E, F};

/// The column of a Merkle step's bit.
const BIT: usize = EXTRA + 8;

/// What binds a main cell, given the row's preprocessed cells.
pub fn use_of_cell(fixed: &[F], column: usize) -> CellUse {
    let fixed = Preprocessed::read(fixed);
    let output = LAST_FULL + 48;
    match column {
        0..16 => CellUse::on_bus(fixed.input_multiplicities[column / 4] != F::ZERO),
        _ if (output..EXTRA).contains(&column) => {
            CellUse::on_bus(fixed.out_multiplicities[(column - output) / 4] != F::ZERO)
        }
        // acc_in is multiplied by zero in a row that has no gamma.
        _ if (EXTRA..EXTRA + 4).contains(&column) && fixed.reads_acc == F::ZERO => CellUse::Free,
        // acc_in and gamma.
        _ if (EXTRA..EXTRA + 8).contains(&column) => CellUse::on_bus(fixed.reads_acc == F::ONE),
        // The bit's slot.
        _ if (BIT..BIT + 4).contains(&column) => CellUse::on_bus(fixed.is_merkle == F::ONE),
        // acc_mid and acc_out, after two powers of gamma.
        _ if column >= EXTRA + 16 => {
            let slot = 4 + (column - EXTRA - 16) / 4;
            CellUse::on_bus(fixed.out_multiplicities[slot] != F::ZERO)
        }
        _ => CellUse::Constrained,
    }
}

fn merkle_row(case: &Case) -> usize {
    case.find(POSEIDON2, |fixed| Preprocessed::read(fixed).is_merkle == F::ONE)
}

fn horner_row(case: &Case, split: F) -> usize {
    case.find(POSEIDON2, |fixed| {
        let fixed = Preprocessed::read(fixed);
        fixed.is_merkle == F::ZERO && fixed.reads_acc == F::ONE && fixed.split == split
    })
}

/// What a forger puts into a row, everything else being computed from it.
struct Forged {
    input: [F; 16],
    /// In a Merkle step.
    bit: F,
    acc_in: E,
    gamma: E,
}

/// Reads a row, changes it, and computes the permutation, powers and evaluations anew.
fn forge(case: &mut Case, row: usize, change: impl Fn(&mut Forged)) {
    let fixed = Preprocessed::read(case.fixed_row(POSEIDON2, row));
    let [split, is_merkle] = [fixed.split, fixed.is_merkle].map(|flag| flag == F::ONE);
    let cells = case.row(POSEIDON2, row);
    let mut forged = Forged {
        input: from_fn(|i| cells[i]),
        bit: cells[BIT],
        acc_in: block_of(&cells[EXTRA..EXTRA + 4]),
        gamma: block_of(&cells[EXTRA + 4..EXTRA + 8]),
    };
    change(&mut forged);
    let Forged { input, bit, acc_in, gamma } = forged;
    permute_rows(cells, &[input; LANES]);
    let gamma_2 = if is_merkle { E::from(bit) } else { gamma.square() };
    let blocks = evaluation_blocks(&input, acc_in, gamma, gamma_2, split);
    for (cells, block) in cells[EXTRA..WIDTH].chunks_exact_mut(4).zip(&blocks) {
        cells.copy_from_slice(block.as_basis_coefficients_slice());
    }
}

#[test]
fn each_round_is_constrained() {
    let tampered = [(16, "P2-1"), (80, "P2-2"), (99, "P2-2"), (100, "P2-3"), (160, "P2-3")];
    for (column, tag) in tampered {
        let mut case = Case::sample();
        case.row(POSEIDON2, 0)[column] += F::ONE;
        assert!(case.violations().contains(tag), "column {column}");
    }
}

/// The sibling is the prover's to choose, but what it hashes to is not.
#[test]
fn a_wrong_sibling_gives_another_root() {
    let mut case = Case::sample();
    let row = merkle_row(&case);
    let current_is_right = case.row(POSEIDON2, row)[BIT] == F::ONE;
    let sibling = if current_is_right { 0 } else { 8 };
    forge(&mut case, row, |forged| forged.input[sibling] += F::ONE);
    assert_eq!(case.violations(), Violations::from(["BUS"]));
}

#[test]
fn a_merkle_step_from_another_node_fails() {
    let mut case = Case::sample();
    let row = merkle_row(&case);
    let current_is_right = case.row(POSEIDON2, row)[BIT] == F::ONE;
    let current = if current_is_right { 8 } else { 0 };
    // Other input than the digest the row reads...
    forge(&mut case, row, |forged| forged.input[current] += F::ONE);
    assert_eq!(case.violations(), Violations::from(["BUS", "P2-5"]));
    // ...and another digest read.
    let mut case = Case::sample();
    forge(&mut case, row, |forged| {
        forged.input[current] += F::ONE;
        forged.acc_in += F::ONE;
    });
    assert_eq!(case.violations(), Violations::from(["BUS"]));
}

#[test]
fn a_swapped_side_fails() {
    let mut case = Case::sample();
    let row = merkle_row(&case);
    forge(&mut case, row, |forged| {
        forged.bit = F::ONE - forged.bit;
        forged.input.rotate_left(8);
    });
    assert_eq!(case.violations(), Violations::from(["BUS"]));
}

#[test]
fn a_side_that_is_no_bit_fails() {
    let mut case = Case::sample();
    let row = merkle_row(&case);
    let half = F::ONE.halve();
    // With bit = 1/2 the current node is the mean of the children: both are the forger's.
    forge(&mut case, row, |forged| {
        let [left, right]: [[F; 8]; 2] = [from_fn(|i| forged.input[i]), from_fn(|i| forged.input[8 + i])];
        let current: [F; 8] = from_fn(|i| left[i] + forged.bit * (right[i] - left[i]));
        forged.bit = half;
        forged.input = from_fn(|i| current[i % 8] + if i < 8 { -F::ONE } else { F::ONE });
    });
    assert_eq!(case.violations(), Violations::from(["BUS", "P2-4"]));
}

#[test]
fn evaluation_at_another_point_fails() {
    for split in [F::ZERO, F::ONE] {
        let mut case = Case::sample();
        let row = horner_row(&case, split);
        forge(&mut case, row, |forged| forged.gamma += F::ONE);
        assert_eq!(case.violations(), Violations::from(["BUS"]));

        let mut case = Case::sample();
        forge(&mut case, row, |forged| forged.acc_in += F::ONE);
        assert_eq!(case.violations(), Violations::from(["BUS"]));
    }
}

#[test]
fn powers_and_evaluations_are_constrained() {
    let block = |i: usize| EXTRA + 4 * i;
    // gamma², gamma⁴, acc_mid, acc_out.
    for (i, tag) in [(2, "P2-6"), (3, "P2-6"), (4, "P2-7"), (5, "P2-8")] {
        for split in [F::ZERO, F::ONE] {
            let mut case = Case::sample();
            let row = horner_row(&case, split);
            case.row(POSEIDON2, row)[block(i) + 1] += F::ONE;
            assert!(case.violations().contains(tag), "block {i}");
        }
    }
}

/// Values absorbed are the values evaluated: another opened value changes the hash.
#[test]
fn another_opened_value_gives_another_hash() {
    let mut case = Case::sample();
    let row = horner_row(&case, F::ZERO);
    forge(&mut case, row, |forged| forged.input[5] += F::ONE);
    assert_eq!(case.violations(), Violations::from(["BUS"]));
}

/// A path that ends in a node the program knows already: the row reads it, so another root fails.
#[test]
fn a_path_to_another_root_fails() {
    let checks = |fixed: &[F]| {
        let fixed = Preprocessed::read(fixed);
        fixed.is_merkle == F::ONE && fixed.out_multiplicities[..2] == [F::NEG_ONE; 2]
    };
    // Another sibling...
    let mut case = Case::sample();
    let row = case.find(POSEIDON2, checks);
    let sibling = if case.row(POSEIDON2, row)[BIT] == F::ONE { 0 } else { 8 };
    forge(&mut case, row, |forged| forged.input[sibling] += F::ONE);
    assert_eq!(case.violations(), Violations::from(["BUS"]));
    // ...and the known root written over the output of the permutation.
    for column in LAST_FULL + 48..LAST_FULL + 56 {
        let mut forged = Case::sample();
        let root = forged.row(POSEIDON2, row)[column];
        forged.traces[POSEIDON2] = case.traces[POSEIDON2].clone();
        forged.row(POSEIDON2, row)[column] = root;
        assert_eq!(forged.violations(), Violations::from(["BUS", "P2-3"]));
    }
}

/// Only a Merkle step may have anything but gamma² in gamma_2.
#[test]
fn the_square_of_gamma_is_free_in_no_evaluation() {
    for split in [F::ZERO, F::ONE] {
        let mut case = Case::sample();
        let row = horner_row(&case, split);
        let cells = case.row(POSEIDON2, row);
        let input = from_fn(|i| cells[i]);
        let [acc_in, gamma] = [0, 4].map(|i| block_of(&cells[EXTRA + i..EXTRA + i + 4]));
        let blocks = evaluation_blocks(&input, acc_in, gamma, gamma.square() + F::ONE, split == F::ONE);
        for (cells, block) in cells[EXTRA..WIDTH].chunks_exact_mut(4).zip(&blocks) {
            cells.copy_from_slice(block.as_basis_coefficients_slice());
        }
        assert!(case.violations().contains("P2-6"));
    }
}
