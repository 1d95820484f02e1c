use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use super::columns::{LANE_WIDTH, LANES, Preprocessed};
use crate::execute::{block_of, evaluate_alu};
use crate::testing::{ALU, Case, CellUse, Violations};
use crate::{AluCoeffs, E, F};

/// What binds a main cell, given the row's preprocessed cells.
pub fn use_of_cell(fixed: &[F], column: usize) -> CellUse {
    let fixed = Preprocessed::lanes(fixed)[column / LANE_WIDTH];
    let (slot, coordinate) = (column % LANE_WIDTH / 4, column % 4);
    if fixed.multiplicities[slot] != F::ZERO {
        return CellUse::Slot;
    }
    let [ab, ac, a, b, c, ..] = fixed.coeffs.map(|k| k != F::ZERO);
    let checked = if coordinate == 0 { fixed.boolean } else { fixed.zero[coordinate - 1] };
    let used = match slot {
        0 => ab || ac || a || checked != F::ZERO,
        1 => ab || b,
        2 => ac || c,
        _ => true,
    };
    if used { CellUse::Constrained } else { CellUse::Free }
}

/// The first row that has an operation as asked in the given lane.
fn find(case: &Case, lane: usize, wanted: impl Fn(&Preprocessed<F>) -> bool) -> usize {
    case.find(ALU, |fixed| wanted(&Preprocessed::lanes(fixed)[lane]))
}

/// Replaces operand `a` of an operation, and the output by what the operation then computes.
fn replace_a(case: &mut Case, row: usize, lane: usize, a: E) {
    let fixed = Preprocessed::lanes(case.fixed_row(ALU, row))[lane];
    let [ab, ac, k_a, b, c, one, x] = fixed.coeffs;
    let coeffs = AluCoeffs { ab, ac, a: k_a, b, c, one, x };
    let cells = &mut case.row(ALU, row)[LANE_WIDTH * lane..][..LANE_WIDTH];
    let out = evaluate_alu(&coeffs, a, block_of(&cells[4..8]), block_of(&cells[8..12]));
    cells[..4].copy_from_slice(a.as_basis_coefficients_slice());
    cells[12..].copy_from_slice(out.as_basis_coefficients_slice());
}

#[test]
fn a_wrong_output_fails() {
    for lane in 0..LANES {
        let mut case = Case::sample();
        let row = find(&case, lane, |fixed| fixed.coeffs[0] == F::ONE);
        case.row(ALU, row)[LANE_WIDTH * lane + 13] += F::ONE;
        assert_eq!(case.violations(), Violations::from(["ALU-1", "BUS"]));
    }
}

#[test]
fn a_bit_that_is_two_fails() {
    // Both a hinted bit and a bit of a decomposition.
    for (lane, adds) in [(0, false), (0, true), (1, false), (1, true)] {
        let mut case = Case::sample();
        let row = find(&case, lane, |fixed| fixed.boolean == F::ONE && (fixed.coeffs[2] == F::ONE) == adds);
        replace_a(&mut case, row, lane, E::TWO);
        assert_eq!(case.violations(), Violations::from(["ALU-3", "BUS"]));
    }
}

#[test]
fn a_base_element_with_other_coordinates_fails() {
    for (lane, coordinate) in (0..LANES).flat_map(|lane| (1..4).map(move |coordinate| (lane, coordinate))) {
        let mut case = Case::sample();
        let row = find(&case, lane, |fixed| fixed.zero == [F::ONE; 3]);
        let a = E::from_basis_coefficients_fn(|i| F::from_bool(i == coordinate));
        replace_a(&mut case, row, lane, a);
        let violations = case.violations();
        assert!(violations.contains("ALU-2"), "{violations:?}");
    }
}

/// Equations that hold in each row are not enough: rows must agree on every cell.
#[test]
fn one_operation_with_another_value_of_a_cell_fails() {
    for lane in 0..LANES {
        let mut case = Case::sample();
        let row =
            find(&case, lane, |fixed| fixed.coeffs[0] == F::ONE && fixed.multiplicities[0] == F::NEG_ONE);
        replace_a(&mut case, row, lane, E::from_u32(99));
        assert_eq!(case.violations(), Violations::from(["BUS"]));
    }
}

/// The operations of a row cannot change places: each lane has its own equation.
#[test]
fn lanes_cannot_be_exchanged() {
    let mut case = Case::sample();
    let row = case.find(ALU, |fixed| {
        let [first, second] = Preprocessed::lanes(fixed);
        first.coeffs[0] == F::ONE && second.coeffs[0] == F::ONE && first.addresses != second.addresses
    });
    case.row(ALU, row).rotate_left(LANE_WIDTH);
    assert!(case.violations().contains("BUS"));
}
