//! Writing a program: every method appends rows, and hands out the cells they fill.
//!
//! A method that takes a [`Cell`] of another builder, or is misused in a way its documentation
//! names, panics: that is an error in the circuit, not in its input.

mod arithmetic;
mod bits;
mod hash;
mod scopes;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use hash::{Absorbed, Block, Horner};
pub(crate) use scopes::Scopes;

use crate::cell::Cell;
use crate::program::{
    AluCoeffs, AluOperation, HashMode, OperandCheck, POSEIDON2_RESULTS, Poseidon2Row, Program, Slot, Step,
};
use crate::{E, F, NUM_PUBLIC_BLOCKS};

/// Writes a [`Program`].
#[derive(Debug, Default)]
pub struct Builder {
    alu: Vec<AluOperation>,
    poseidon2: Vec<Poseidon2Row>,
    public: [Option<Cell>; NUM_PUBLIC_BLOCKS],
    steps: Vec<Step>,
    step_scopes: Vec<u32>,
    scopes: Scopes,
    occurrences: Vec<u32>,
    constants: HashMap<E, Cell>,
    num_hints: usize,
}

impl Builder {
    /// An empty program.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the rows of `body` under a name, for error messages and
    /// [`Program::rows_by_scope`]. Scopes nest.
    pub fn scope<R>(&mut self, name: &'static str, body: impl FnOnce(&mut Self) -> R) -> R {
        let parent = self.scopes.enter(name);
        let result = body(self);
        self.scopes.leave(parent);
        result
    }

    /// Enters a scope and gives its parent, for [`Self::leave_scope`]: for callers that cannot hand a closure.
    pub fn enter_scope(&mut self, name: &'static str) -> u32 {
        self.scopes.enter(name)
    }

    /// Leaves a scope for its parent.
    pub fn leave_scope(&mut self, parent: u32) {
        self.scopes.leave(parent);
    }

    /// Operations of the `alu` table so far, two to a row.
    pub fn alu_operations(&self) -> usize {
        self.alu.len()
    }

    /// Rows of the `poseidon2` table so far.
    pub fn poseidon2_rows(&self) -> usize {
        self.poseidon2.len()
    }

    /// Exposes a cell as public block `index`, that is public values `4·index..4·index + 4`.
    ///
    /// # Panics
    /// If there is no such block, or it is already set.
    pub fn set_public(&mut self, index: usize, cell: Cell) {
        assert!(index < NUM_PUBLIC_BLOCKS, "there are {NUM_PUBLIC_BLOCKS} public blocks");
        assert!(self.public[index].is_none(), "public block {index} is set twice");
        self.public[index] = Some(cell);
    }

    /// Ends the program. Public blocks that were not set are zero.
    pub fn finish(mut self) -> Program {
        let zero = self.zero();
        let public = self.public.map(|cell| cell.unwrap_or(zero));
        let public = public.map(|cell| {
            self.read_only(cell);
            cell.0
        });
        self.mark_assertions();
        self.refuse_meaningless_evaluations();
        Program {
            alu: self.alu,
            poseidon2: self.poseidon2,
            public,
            steps: self.steps,
            step_scopes: self.step_scopes,
            scopes: self.scopes,
            occurrences: self.occurrences,
            num_hints: self.num_hints,
        }
    }

    /// Marks the `alu` rows whose output cell already has a value, following the order of
    /// execution, in which every operand must have one.
    fn mark_assertions(&mut self) {
        let mut filled = vec![false; self.occurrences.len()];
        for step in &self.steps {
            let (first, count) = match *step {
                Step::Hint { out } | Step::Inverse { out, .. } | Step::Quotient { out, .. } => (out, 1),
                Step::Bits { first, count, .. } => (first, count),
                Step::Coordinates { first, .. } => (first, 4),
                Step::Split { first, .. } => (first, 2),
                Step::Poseidon2 { row } => {
                    let row = &self.poseidon2[row as usize];
                    if row.asserts_digest {
                        let known = &filled[row.out_base as usize..][..2];
                        assert!(known == [true; 2], "a digest is compared before it has a value");
                        continue;
                    }
                    (row.out_base, POSEIDON2_RESULTS)
                }
                Step::Alu { row } => {
                    let row = &mut self.alu[row as usize];
                    let mut operands = row.slots[..3].iter().filter_map(|slot| slot.cell());
                    assert!(operands.all(|cell| filled[cell]), "a cell is read before it has a value");
                    let Some(out) = row.slots[3].cell() else { continue };
                    row.asserts_out = filled[out];
                    (out as u32, 1)
                }
            };
            filled[first as usize..(first + count) as usize].fill(true);
        }
    }

    /// Rows without a [`Horner`] leave their evaluation to the prover, so nothing may read it.
    fn refuse_meaningless_evaluations(&self) {
        for row in &self.poseidon2 {
            if !row.asserts_digest && !matches!(row.mode, HashMode::Horner { .. }) {
                let results = [row.out_base + 4, row.out_base + 5];
                let unread = results.iter().all(|cell| self.occurrences[*cell as usize] == 1);
                assert!(unread, "the evaluation of a row without a `Horner` is read");
            }
        }
    }

    /// Reserves consecutive cells and gives the first.
    fn reserve(&mut self, count: u32) -> Cell {
        let first = self.occurrences.len() as u32;
        self.occurrences.resize(self.occurrences.len() + count as usize, 0);
        Cell(first)
    }

    fn step(&mut self, step: Step) {
        self.steps.push(step);
        self.step_scopes.push(self.scopes.current());
    }

    /// Notes an occurrence of `cell` in a slot that can provide as well as read.
    fn occurrence(&mut self, cell: Cell) -> Slot {
        let count = &mut self.occurrences[cell.0 as usize];
        *count += 1;
        if *count == 1 { Slot::Provide(cell.0) } else { Slot::Read(cell.0) }
    }

    /// Notes an occurrence of `cell` in a slot that can only read: a cell without a provider (a
    /// hint not used so far) gets an `alu` row that provides it.
    fn read_only(&mut self, cell: Cell) {
        if self.occurrences[cell.0 as usize] == 0 {
            self.check_operand(cell, OperandCheck::default());
        }
        self.occurrences[cell.0 as usize] += 1;
    }

    /// Appends an `alu` row. The output is last, so that a cell which is operand and output of
    /// one row is provided by the operand.
    fn push_alu(
        &mut self,
        coeffs: AluCoeffs,
        check: OperandCheck,
        operands: [Option<Cell>; 3],
        out: Option<Cell>,
    ) {
        let [a, b, c] = operands.map(|cell| self.optional(cell));
        let out = self.optional(out);
        let row = self.alu.len() as u32;
        self.alu.push(AluOperation { coeffs, check, slots: [a, b, c, out], asserts_out: false });
        self.step(Step::Alu { row });
    }

    fn optional(&mut self, cell: Option<Cell>) -> Slot {
        cell.map_or(Slot::Unused, |cell| self.occurrence(cell))
    }

    /// A row that only checks an operand (and provides it, on its first occurrence).
    fn check_operand(&mut self, cell: Cell, check: OperandCheck) {
        self.push_alu(AluCoeffs::default(), check, [Some(cell), None, None], None);
    }

    fn push_hint(&mut self, out: Cell) {
        self.num_hints += 1;
        self.step(Step::Hint { out: out.0 });
    }
}

/// Whether any coefficient that multiplies a slot is nonzero.
fn any(coeffs: &[F]) -> bool {
    use p3_field::PrimeCharacteristicRing;
    coeffs.iter().any(|k| *k != F::ZERO)
}
