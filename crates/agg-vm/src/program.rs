//! A finished program: rows over memory slots, and the steps that fill the memory.

use p3_field::PrimeCharacteristicRing;

use crate::alu::columns::LANES;
use crate::builder::Scopes;
use crate::{F, NUM_PUBLIC_BLOCKS};

/// Coefficients of one operation of the `alu` table:
/// `out = ab·a·b + ac·a·c + a·a + b·b + c·c + one + x·X` over [`E`](crate::E).
///
/// A slot whose every coefficient is zero is not read at all, so any cell may stand there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AluCoeffs {
    /// Coefficient of the product `a·b`.
    pub ab: F,
    /// Coefficient of the product `a·c`.
    pub ac: F,
    /// Coefficient of `a`.
    pub a: F,
    /// Coefficient of `b`.
    pub b: F,
    /// Coefficient of `c`.
    pub c: F,
    /// Constant term.
    pub one: F,
    /// Multiple of the extension's generator `X` that is added.
    pub x: F,
}

/// What a row demands of operand `a` beside the equation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OperandCheck {
    /// Coordinates 1, 2, 3 that must be zero.
    pub zero: [bool; 3],
    /// Coordinate 0 must be 0 or 1.
    pub boolean: bool,
}

impl OperandCheck {
    /// The operand is a base field element.
    pub const FELT: Self = Self { zero: [true; 3], boolean: false };
    /// The operand is 0 or 1.
    pub const BIT: Self = Self { zero: [true; 3], boolean: true };
}

/// One occurrence of a cell in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The row does not speak about any cell here: multiplicity 0.
    Unused,
    /// First occurrence: provides the cell to all others.
    Provide(u32),
    /// Any later occurrence: reads the cell once.
    Read(u32),
}

impl Slot {
    /// The address sent on the bus; 0 where the multiplicity is 0.
    pub fn address(self) -> F {
        match self {
            Self::Unused => F::ZERO,
            Self::Provide(cell) | Self::Read(cell) => F::from_u32(cell),
        }
    }

    /// The signed multiplicity, given how often each cell occurs in the program.
    pub fn multiplicity(self, occurrences: &[u32]) -> F {
        match self {
            Self::Unused => F::ZERO,
            Self::Provide(cell) => F::from_u32(occurrences[cell as usize] - 1),
            Self::Read(_) => F::NEG_ONE,
        }
    }

    pub fn cell(self) -> Option<usize> {
        match self {
            Self::Unused => None,
            Self::Provide(cell) | Self::Read(cell) => Some(cell as usize),
        }
    }
}

/// An operation of the `alu` table, one lane of a row: slots a, b, c, out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AluOperation {
    pub coeffs: AluCoeffs,
    pub check: OperandCheck,
    pub slots: [Slot; 4],
    /// The output cell has a value when the row executes, so the row checks it.
    pub asserts_out: bool,
}

/// What a Poseidon2 row does beside the permutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HashMode {
    /// Nothing.
    Permute,
    /// One step up a Merkle path: the current digest enters on the side the bit says.
    Merkle { current: [u32; 2], bit: u32 },
    /// Folds the two rate blocks into a running evaluation at `gamma`.
    Horner { acc_in: u32, gamma: u32, split: bool },
}

/// A row of the `poseidon2` table. Unless it asserts its digest, its six results are the cells `out_base..out_base + 6`: the four
/// blocks of the permuted state, then `acc_mid` and `acc_out`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Poseidon2Row {
    pub inputs: [Slot; 4],
    pub out_base: u32,
    /// The cells `out_base` and `out_base + 1` have values already, which the row demands of its
    /// output's rate; the four other results are no cells.
    pub asserts_digest: bool,
    pub mode: HashMode,
}

/// Cells a Poseidon2 row reserves for its results.
pub(crate) const POSEIDON2_RESULTS: u32 = 6;

/// One instruction for filling the memory, in program order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Takes the next hint of the stream.
    Hint { out: u32 },
    /// Computes, or checks, the output of an `alu` row.
    Alu { row: u32 },
    /// Permutes; a Merkle row draws its sibling (two hints) from the stream.
    Poseidon2 { row: u32 },
    /// Prover's advice `1/(of - minus)`; `or_zero` says what a zero denominator gives.
    Inverse { of: u32, minus: F, out: u32, or_zero: bool },
    /// Prover's advice `plus + numerator/denominator`.
    Quotient { numerator: u32, denominator: u32, plus: Option<u32>, out: u32 },
    /// Prover's advice: the bits of a base element, little-endian, in consecutive cells.
    Bits { of: u32, first: u32, count: u32 },
    /// Prover's advice: the four coordinates of a block, in consecutive cells.
    Coordinates { of: u32, first: u32 },
    /// Prover's advice: the first `at` coordinates of a block, and the rest moved to the front.
    Split { of: u32, at: u32, first: u32 },
}

/// Log2 of the three tables' heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heights {
    /// The `alu` table.
    pub alu: usize,
    /// The `poseidon2` table.
    pub poseidon2: usize,
    /// The `public` table: at least [`Heights::MIN_PUBLIC`].
    pub public: usize,
}

impl Heights {
    /// The lowest `public` table that holds every public block.
    pub const MIN_PUBLIC: usize = NUM_PUBLIC_BLOCKS.next_power_of_two().trailing_zeros() as usize;
}

/// A program does not fit the heights it is to be proven at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the program has {rows} rows of the {table} table, which is fixed at 2^{log_height} rows")]
pub struct DoesNotFit {
    /// Name of the table.
    pub table: &'static str,
    /// Rows the program needs.
    pub rows: usize,
    /// Log2 of the rows there are.
    pub log_height: usize,
}

/// Rows of each table that one scope of the program takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRows {
    /// The scope's path, outermost first, separated by `/`.
    pub scope: String,
    /// Operations of the `alu` table, two to a row, inner scopes not counted.
    pub alu: usize,
    /// Rows of the `poseidon2` table, inner scopes not counted.
    pub poseidon2: usize,
}

/// A straight-line program: fixed rows of the three tables and the order in which they execute.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) alu: Vec<AluOperation>,
    pub(crate) poseidon2: Vec<Poseidon2Row>,
    pub(crate) public: [u32; NUM_PUBLIC_BLOCKS],
    pub(crate) steps: Vec<Step>,
    pub(crate) step_scopes: Vec<u32>,
    pub(crate) scopes: Scopes,
    /// How many slots name each cell.
    pub(crate) occurrences: Vec<u32>,
    pub(crate) num_hints: usize,
}

impl Program {
    /// Operations of the `alu` table.
    pub fn alu_operations(&self) -> usize {
        self.alu.len()
    }

    /// Rows of the `alu` table: two operations to a row.
    pub fn alu_rows(&self) -> usize {
        self.alu.len().div_ceil(LANES)
    }

    /// Rows of the `poseidon2` table, that is permutations.
    pub fn poseidon2_rows(&self) -> usize {
        self.poseidon2.len()
    }

    /// Blocks the hint stream must hold, neither more nor fewer.
    pub fn num_hints(&self) -> usize {
        self.num_hints
    }

    /// Memory cells.
    pub fn num_cells(&self) -> usize {
        self.occurrences.len()
    }

    /// The lowest heights that hold the program.
    pub fn min_heights(&self) -> Heights {
        let log = |rows: usize| rows.max(1).next_power_of_two().trailing_zeros() as usize;
        Heights {
            alu: log(self.alu_rows()),
            poseidon2: log(self.poseidon2.len()),
            public: Heights::MIN_PUBLIC,
        }
    }

    /// Refuses heights that do not hold the program.
    pub fn check_fits(&self, heights: Heights) -> Result<(), DoesNotFit> {
        let tables = [
            ("alu", self.alu_rows(), heights.alu),
            ("poseidon2", self.poseidon2.len(), heights.poseidon2),
            ("public", NUM_PUBLIC_BLOCKS, heights.public),
        ];
        for (table, rows, log_height) in tables {
            if log_height >= 28 || rows > 1 << log_height {
                return Err(DoesNotFit { table, rows, log_height });
            }
        }
        Ok(())
    }

    /// Rows by scope, in the order in which scopes were first opened.
    pub fn rows_by_scope(&self) -> Vec<ScopeRows> {
        let mut report: Vec<ScopeRows> =
            self.scopes.paths().map(|scope| ScopeRows { scope, alu: 0, poseidon2: 0 }).collect();
        for (step, scope) in self.steps.iter().zip(&self.step_scopes) {
            let entry = &mut report[*scope as usize];
            match step {
                Step::Alu { .. } => entry.alu += 1,
                Step::Poseidon2 { .. } => entry.poseidon2 += 1,
                _ => {}
            }
        }
        report
    }
}
