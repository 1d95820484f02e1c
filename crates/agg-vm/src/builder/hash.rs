//! Poseidon2: permutation, compression, Merkle steps, and sponge rows that evaluate as they hash.

use super::Builder;
use crate::cell::{Bit, Cell};
use crate::program::{HashMode, POSEIDON2_RESULTS, Poseidon2Row, Slot, Step};

/// A block a sponge row absorbs.
#[derive(Clone, Copy, Debug)]
pub enum Block {
    /// A cell of the program.
    Cell(Cell),
    /// The next block of the hint stream, which this row provides.
    Hint,
}

impl From<Cell> for Block {
    fn from(cell: Cell) -> Self {
        Self::Cell(cell)
    }
}

/// A running evaluation: each absorbed base element `v` turns `acc` into `acc·gamma + v`.
#[derive(Clone, Copy, Debug)]
pub struct Horner {
    /// The point.
    pub gamma: Cell,
    /// The value so far.
    pub acc_in: Cell,
    /// The second block starts a new evaluation at 0.
    pub split: bool,
}

/// What a sponge row gives.
#[derive(Clone, Copy, Debug)]
pub struct Absorbed {
    /// The permuted state: two rate blocks, two capacity blocks.
    pub out: [Cell; 4],
    /// The absorbed blocks.
    pub values: [Cell; 2],
    /// The evaluation after the first block. Meaningless without a [`Horner`].
    pub acc_mid: Cell,
    /// The evaluation after the second block. Meaningless without a [`Horner`].
    pub acc_out: Cell,
}

impl Builder {
    /// The Poseidon2 permutation of sixteen base elements. One row.
    pub fn poseidon2(&mut self, state: [Cell; 4]) -> [Cell; 4] {
        let inputs = state.map(|cell| self.occurrence(cell));
        self.push_poseidon2(inputs, HashMode::Permute).out
    }

    /// Two-to-one compression of digests (`TruncatedPermutation<_, 2, 8, 16>`). One row.
    pub fn compress(&mut self, left: [Cell; 2], right: [Cell; 2]) -> [Cell; 2] {
        let [a, b, _, _] = self.poseidon2([left[0], left[1], right[0], right[1]]);
        [a, b]
    }

    /// The parent of the current Merkle node and a sibling, which is the next two blocks of the
    /// hint stream. The current node is the left child if the bit is 0. One row.
    pub fn merkle_step(&mut self, current: [Cell; 2], bit: Bit) -> [Cell; 2] {
        current.into_iter().for_each(|cell| self.read_only(cell));
        self.read_only(bit.0);
        self.num_hints += 2;
        let mode = HashMode::Merkle { current: current.map(|cell| cell.0), bit: bit.0.0 };
        let [a, b, _, _] = self.push_poseidon2([Slot::Unused; 4], mode).out;
        [a, b]
    }

    /// A Merkle step whose parent must be the node `parent`. One row, if the two cells of `parent` have
    /// consecutive addresses; else two operations more.
    pub fn merkle_step_into(&mut self, current: [Cell; 2], bit: Bit, parent: [Cell; 2]) {
        if parent[1].0 != parent[0].0 + 1 {
            let computed = self.merkle_step(current, bit);
            computed.into_iter().zip(parent).for_each(|(a, b)| self.assert_eq(a, b));
            return;
        }
        current.into_iter().for_each(|cell| self.read_only(cell));
        self.read_only(bit.0);
        // The output slots only read: whatever provides `parent` says what the permutation must give.
        parent.into_iter().for_each(|cell| self.read_only(cell));
        self.num_hints += 2;
        let mode = HashMode::Merkle { current: current.map(|cell| cell.0), bit: bit.0.0 };
        self.push_poseidon2_row(Poseidon2Row {
            inputs: [Slot::Unused; 4],
            out_base: parent[0].0,
            asserts_digest: true,
            mode,
        });
    }

    /// Overwrites the rate of a sponge with two blocks and permutes, evaluating the eight absorbed
    /// elements as it goes where `horner` is given. One row.
    ///
    /// With `horner`, the elements `v0..v7` of the two blocks give
    /// `acc_mid = acc_in·γ⁴ + v0·γ³ + v1·γ² + v2·γ + v3` and
    /// `acc_out = s·γ⁴ + v4·γ³ + v5·γ² + v6·γ + v7`, `s` being 0 if `split`, else `acc_mid`.
    pub fn absorb(&mut self, values: [Block; 2], capacity: [Cell; 2], horner: Option<Horner>) -> Absorbed {
        let values = values.map(|block| match block {
            Block::Cell(cell) => cell,
            Block::Hint => self.hint(),
        });
        let mode = match horner {
            None => HashMode::Permute,
            Some(Horner { gamma, acc_in, split }) => {
                self.read_only(acc_in);
                self.read_only(gamma);
                HashMode::Horner { acc_in: acc_in.0, gamma: gamma.0, split }
            }
        };
        let inputs = [values[0], values[1], capacity[0], capacity[1]];
        let inputs = inputs.map(|cell| self.occurrence(cell));
        Absorbed { values, ..self.push_poseidon2(inputs, mode) }
    }

    /// Appends a row; the `values` of the result are left to the caller.
    fn push_poseidon2(&mut self, inputs: [Slot; 4], mode: HashMode) -> Absorbed {
        let base = self.reserve(POSEIDON2_RESULTS);
        // The row provides its six results.
        for i in 0..POSEIDON2_RESULTS {
            self.occurrences[(base.0 + i) as usize] = 1;
        }
        self.push_poseidon2_row(Poseidon2Row { inputs, out_base: base.0, asserts_digest: false, mode });
        let result = |i| Cell(base.0 + i);
        Absorbed {
            out: [result(0), result(1), result(2), result(3)],
            values: [base; 2],
            acc_mid: result(4),
            acc_out: result(5),
        }
    }

    fn push_poseidon2_row(&mut self, row: Poseidon2Row) {
        self.poseidon2.push(row);
        self.step(Step::Poseidon2 { row: self.poseidon2.len() as u32 - 1 });
    }
}
