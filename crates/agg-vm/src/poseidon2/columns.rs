//! Columns of the `poseidon2` table.

use core::array::from_fn;

use p3_koala_bear::{
    KOALABEAR_POSEIDON2_HALF_FULL_ROUNDS as HALF_FULL_ROUNDS,
    KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_16 as PARTIAL_ROUNDS,
};

/// Main columns of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<T> {
    /// The state before the permutation.
    pub input: [T; 16],
    /// The state after each of the first full rounds.
    pub first_full: [[T; 16]; HALF_FULL_ROUNDS],
    /// The S-box's output in each partial round.
    pub partial: [T; PARTIAL_ROUNDS],
    /// The state after each of the last full rounds; the very last is the output.
    pub last_full: [[T; 16]; HALF_FULL_ROUNDS],
    /// Value of slot acc_in: the evaluation so far, or the current digest's first half.
    pub acc_in: [T; 4],
    /// Value of slot gamma: the evaluation point, or the current digest's second half.
    pub gamma: [T; 4],
    /// `gamma²`; in a Merkle step value of slot bit: the side of the current node.
    pub gamma_2: [T; 4],
    /// `gamma⁴`.
    pub gamma_4: [T; 4],
    /// The evaluation after the first rate block.
    pub acc_mid: [T; 4],
    /// The evaluation after the second rate block.
    pub acc_out: [T; 4],
}

/// First column of the full rounds after the partial ones.
pub(crate) const PARTIAL: usize = 16 + 16 * HALF_FULL_ROUNDS;
/// First column of the last full rounds.
pub(crate) const LAST_FULL: usize = PARTIAL + PARTIAL_ROUNDS;
/// First column after those of the permutation.
pub(crate) const EXTRA: usize = LAST_FULL + 16 * HALF_FULL_ROUNDS;
/// Number of main columns.
pub(crate) const WIDTH: usize = EXTRA + 24;

impl<T: Copy> Columns<T> {
    pub fn read(row: &[T]) -> Self {
        let block = |i: usize| from_fn(|j| row[EXTRA + 4 * i + j]);
        Self {
            input: from_fn(|i| row[i]),
            first_full: from_fn(|round| from_fn(|i| row[16 + 16 * round + i])),
            partial: from_fn(|round| row[PARTIAL + round]),
            last_full: from_fn(|round| from_fn(|i| row[LAST_FULL + 16 * round + i])),
            acc_in: block(0),
            gamma: block(1),
            gamma_2: block(2),
            gamma_4: block(3),
            acc_mid: block(4),
            acc_out: block(5),
        }
    }
}

/// Preprocessed columns of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preprocessed<T> {
    /// Addresses of the input blocks.
    pub input_addresses: [T; 4],
    /// Bus multiplicities of the input blocks.
    pub input_multiplicities: [T; 4],
    /// Address of the first output block; the other outputs, acc_mid and acc_out follow.
    pub out_base: T,
    /// Bus multiplicities of the four output blocks, acc_mid and acc_out: the reads of a result that
    /// the row provides, -1 for one that must be the cell's value already.
    pub out_multiplicities: [T; 6],
    /// Addresses of bit, acc_in and gamma.
    pub bit_address: T,
    /// See `bit_address`.
    pub acc_in_address: T,
    /// See `bit_address`.
    pub gamma_address: T,
    /// Flag: acc_in and gamma are read.
    pub reads_acc: T,
    /// Flag: the row is a Merkle step, and reads bit.
    pub is_merkle: T,
    /// Flag: the second block starts a new evaluation.
    pub split: T,
}

/// Number of preprocessed columns. The last three are zero: whole blocks are cheaper to hash in a
/// circuit than the part of one.
pub(crate) const PREPROCESSED_WIDTH: usize = 24;

impl<T: Copy> Preprocessed<T> {
    pub fn read(row: &[T]) -> Self {
        Self {
            input_addresses: from_fn(|i| row[i]),
            input_multiplicities: from_fn(|i| row[4 + i]),
            out_base: row[8],
            out_multiplicities: from_fn(|i| row[9 + i]),
            bit_address: row[15],
            acc_in_address: row[16],
            gamma_address: row[17],
            reads_acc: row[18],
            is_merkle: row[19],
            split: row[20],
        }
    }

    pub fn write(&self, row: &mut [T]) {
        row[..4].copy_from_slice(&self.input_addresses);
        row[4..8].copy_from_slice(&self.input_multiplicities);
        row[8] = self.out_base;
        row[9..15].copy_from_slice(&self.out_multiplicities);
        row[15] = self.bit_address;
        row[16] = self.acc_in_address;
        row[17] = self.gamma_address;
        row[18] = self.reads_acc;
        row[19] = self.is_merkle;
        row[20] = self.split;
    }
}
