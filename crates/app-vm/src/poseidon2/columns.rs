//! Columns of the Poseidon2 table.

use p3_koala_bear::{KOALABEAR_POSEIDON2_HALF_FULL_ROUNDS, KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_16};

/// Full rounds before and after the partial ones.
pub const HALF_FULL_ROUNDS: usize = KOALABEAR_POSEIDON2_HALF_FULL_ROUNDS;
/// Partial rounds.
pub const PARTIAL_ROUNDS: usize = KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_16;

const INPUT: usize = 1;
const FIRST_HALF: usize = INPUT + 16;
const PARTIAL: usize = FIRST_HALF + 16 * HALF_FULL_ROUNDS;
const SECOND_HALF: usize = PARTIAL + PARTIAL_ROUNDS;
const OUTPUT: usize = SECOND_HALF + 16 * (HALF_FULL_ROUNDS - 1);

/// Number of columns.
pub const POSEIDON2_WIDTH: usize = OUTPUT + 8;

/// One compression. The last full round keeps only the eight elements that the compression returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poseidon2Columns<T> {
    /// How often the compression is asked for.
    pub multiplicity: T,
    /// Left and right input.
    pub input: [T; 16],
    /// The state after each full round of the first half.
    pub first_half: [[T; 16]; HALF_FULL_ROUNDS],
    /// The S-box output of each partial round.
    pub partial: [T; PARTIAL_ROUNDS],
    /// The state after each full round of the second half but the last.
    pub second_half: [[T; 16]; HALF_FULL_ROUNDS - 1],
    /// The first eight elements of the permuted state.
    pub output: [T; 8],
}

impl<T: Copy> Poseidon2Columns<T> {
    /// Reads a row.
    ///
    /// # Panics
    /// If `row` has fewer than [`POSEIDON2_WIDTH`] elements.
    pub fn from_row(row: &[T]) -> Self {
        Self {
            multiplicity: row[0],
            input: core::array::from_fn(|i| row[INPUT + i]),
            first_half: core::array::from_fn(|r| core::array::from_fn(|i| row[FIRST_HALF + 16 * r + i])),
            partial: core::array::from_fn(|r| row[PARTIAL + r]),
            second_half: core::array::from_fn(|r| core::array::from_fn(|i| row[SECOND_HALF + 16 * r + i])),
            output: core::array::from_fn(|i| row[OUTPUT + i]),
        }
    }

    /// Writes a row.
    ///
    /// # Panics
    /// If `row` has fewer than [`POSEIDON2_WIDTH`] elements.
    pub fn write(&self, row: &mut [T]) {
        row[0] = self.multiplicity;
        row[INPUT..FIRST_HALF].copy_from_slice(&self.input);
        row[FIRST_HALF..PARTIAL].copy_from_slice(self.first_half.as_flattened());
        row[PARTIAL..SECOND_HALF].copy_from_slice(&self.partial);
        row[SECOND_HALF..OUTPUT].copy_from_slice(self.second_half.as_flattened());
        row[OUTPUT..POSEIDON2_WIDTH].copy_from_slice(&self.output);
    }
}
