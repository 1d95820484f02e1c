//! What a circuit is written on: chains of the vertical gate, permutations and the range column.

use std::collections::{BTreeMap, HashMap};

use finial_bn254_hash::constants::WIDTH;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use p3_koala_bear::KoalaBear;

use crate::cell::{Cell, Operand};
use crate::{
    gadgets::{Felt, felt::Memo},
    plan::CircuitParams,
    poseidon2::{
        OUTPUT_ROWS,
        trace::{self, output, rows},
    },
    range::RangeCells,
};

/// A permutation: its cells, and the values that its first and last rows hold.
pub(crate) struct Permutation {
    pub(crate) cells: Box<trace::Cells>,
    pub(crate) input: [u32; WIDTH],
    pub(crate) output: [u32; WIDTH],
}

impl Permutation {
    /// The value of the circuit that a row's state is, if it is one.
    pub(crate) fn value_at(&self, row: usize) -> Option<u32> {
        let output = OUTPUT_ROWS.iter().position(|&output| output == row);
        self.input.get(row).or(output.map(|i| &self.output[i])).copied()
    }
}

/// Chains `start + Σ bᵢ·cᵢ`: consecutive cells, the numbers of the values they hold.
#[derive(Default)]
pub(crate) struct Chains {
    cells: Vec<u32>,
    ends: Vec<usize>,
}

impl Chains {
    /// The chains in order of creation.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = core::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.cells[start..end])
    }
}

/// Collects a circuit's values and constraints; becomes a halo2 circuit by [`StaticCircuit`](crate::StaticCircuit).
///
/// Control flow must not depend on witness values: the key generator, the mock prover and the prover run the same code
/// on different values, and [`CircuitParams`] says where the cells lie.
#[derive(Default)]
pub struct CircuitBuilder {
    pub(crate) values: Vec<Fr>,
    pub(crate) chains: Chains,
    pub(crate) permutations: Vec<Permutation>,
    pub(crate) range: RangeCells,
    /// Values that are constants, in order.
    pub(crate) constants: Vec<Cell>,
    constant_cells: HashMap<[u64; 4], Cell>,
    pub(crate) equalities: Vec<[u32; 2]>,
    pub(crate) instances: Vec<u32>,
    pub(crate) memo: Memo,
}

impl CircuitBuilder {
    /// An empty circuit.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a value the next public instance.
    pub fn expose(&mut self, cell: Cell) {
        self.instances.push(cell.index);
    }

    /// A constant; equal constants are one value.
    pub fn constant(&mut self, value: Fr) -> Cell {
        let key = crate::convert::to_words(value);
        if let Some(cell) = self.constant_cells.get(&key) {
            return *cell;
        }
        let cell = self.witness(value);
        self.constants.push(cell);
        self.constant_cells.insert(key, cell);
        cell
    }

    /// A new value, any; nothing is constrained.
    pub fn witness(&mut self, value: Fr) -> Cell {
        let index = u32::try_from(self.values.len()).expect("a circuit of 2^28 rows has fewer values");
        self.values.push(value);
        Cell { value, index }
    }

    /// Constrains two values to be equal.
    pub fn assert_cells_equal(&mut self, a: &Cell, b: &Cell) {
        self.equalities.push([a.index, b.index]);
    }

    /// Constrains a value to a constant.
    pub(crate) fn assert_cell_is(&mut self, cell: &Cell, value: Fr) {
        let constant = self.constant(value);
        self.assert_cells_equal(cell, &constant);
    }

    fn resolve(&mut self, operand: Operand) -> Cell {
        match operand {
            Operand::Constant(value) => self.constant(value),
            Operand::Existing(cell) => cell,
            Operand::Witness(value) => self.witness(value),
        }
    }

    fn push(&mut self, operand: Operand) -> Cell {
        let cell = self.resolve(operand);
        self.chains.cells.push(cell.index);
        cell
    }

    /// `start + Σ bᵢ·cᵢ` on the vertical gate: 1 + 3n cells.
    pub(crate) fn chain(
        &mut self,
        start: Operand,
        terms: impl IntoIterator<Item = (Operand, Operand)>,
    ) -> Cell {
        let mut terms = terms.into_iter().peekable();
        if terms.peek().is_none() {
            return self.resolve(start);
        }
        let mut sum = self.push(start);
        for (b, c) in terms {
            let value = sum.value + b.value() * c.value();
            self.push(b);
            self.push(c);
            sum = self.push(Operand::Witness(value));
        }
        self.chains.ends.push(self.chains.cells.len());
        sum
    }

    /// Constrains `start + Σ bᵢ·cᵢ = result`; at least one term.
    pub(crate) fn assert_chain(
        &mut self,
        start: Operand,
        terms: impl IntoIterator<Item = (Operand, Operand)>,
        result: Operand,
    ) {
        let mut terms = terms.into_iter().peekable();
        assert!(terms.peek().is_some(), "a chain that is compared has a term");
        let mut sum = *self.push(start).value();
        while let Some((b, c)) = terms.next() {
            sum += b.value() * c.value();
            self.push(b);
            self.push(c);
            self.push(if terms.peek().is_some() { Operand::Witness(sum) } else { result });
        }
        self.chains.ends.push(self.chains.cells.len());
    }

    /// The chain of these cells: `cells[i] + cells[i+1]·cells[i+2] = cells[i+3]` for every third `i`.
    pub(crate) fn assert_cells<const N: usize>(&mut self, cells: [Operand; N]) {
        const { assert!(N % 3 == 1 && N > 1, "a chain of n terms has 1 + 3n cells") };
        for cell in cells {
            self.push(cell);
        }
        self.chains.ends.push(self.chains.cells.len());
    }

    /// One Poseidon2 permutation of `[s₀, s₁, s₂]`, each a value or a constant.
    pub fn permute(&mut self, input: [Operand; WIDTH]) -> [Cell; WIDTH] {
        let input = input.map(|operand| self.resolve(operand));
        let cells = rows(input.map(|cell| cell.value));
        let output = output(&cells).map(|value| self.witness(value));
        let [input, numbers] = [input, output].map(|state| state.map(|cell| cell.index));
        self.permutations.push(Permutation { cells, input, output: numbers });
        output
    }

    /// Cells used so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage {
            generic_cells: self.chains.cells.len(),
            range_cells: self.range.iter().map(|(_, cells)| cells.len()).sum(),
            permutations: self.permutations.len(),
        }
    }

    /// The shape of a circuit of `2^k` rows with these cells.
    pub(crate) fn params(&self, k: usize) -> CircuitParams {
        let mut chains = BTreeMap::new();
        for chain in self.chains.iter() {
            *chains.entry(chain.len()).or_default() += 1;
        }
        CircuitParams {
            k,
            instances: self.instances.len(),
            constants: self.constants.len(),
            permutations: self.permutations.len(),
            reductions: self.range.reductions.len(),
            canonicals: self.range.canonicals.len(),
            chains,
        }
    }

    /// A value of the KoalaBear field as a constant of the circuit.
    #[must_use]
    pub fn felt_constant(&self, value: KoalaBear) -> Felt {
        Felt::constant(value)
    }
}

/// What a circuit fills of each kind of column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Cells of the vertical gate.
    pub generic_cells: usize,
    /// Cells of range groups.
    pub range_cells: usize,
    /// Poseidon2 permutations.
    pub permutations: usize,
}

impl core::ops::Sub for Usage {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            generic_cells: self.generic_cells - other.generic_cells,
            range_cells: self.range_cells - other.range_cells,
            permutations: self.permutations - other.permutations,
        }
    }
}

impl core::ops::Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            generic_cells: self.generic_cells + other.generic_cells,
            range_cells: self.range_cells + other.range_cells,
            permutations: self.permutations + other.permutations,
        }
    }
}
