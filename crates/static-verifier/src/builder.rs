//! What a circuit is written on: halo2-base's vertical gate, permutations and the range column.

use std::collections::HashMap;

use finial_bn254_hash::constants::WIDTH;
use halo2_base::{
    AssignedValue, Context, ContextCell,
    QuantumCell::{self, Constant, Existing},
    gates::{
        circuit::{CircuitBuilderStage, builder::BaseCircuitBuilder},
        flex_gate::MultiPhaseThreadBreakPoints,
    },
    halo2_proofs::{halo2curves::bn256::Fr, plonk::Assigned},
};
use p3_koala_bear::KoalaBear;

use crate::{
    circuit::CircuitParams,
    gadgets::{Felt, felt::Memo},
    poseidon2::{
        OUTPUT_ROWS, ROWS,
        trace::{self, output, rows},
    },
    range::{self, RangeCells},
};

/// A cell of the circuit, holding a BN254 scalar.
pub type Cell = AssignedValue<Fr>;

const PERMUTATIONS: &str = "finial-static-verifier:poseidon2";

/// The virtual name of a cell in a permutation's first column.
pub(crate) fn permutation_cell(permutation: usize, row: usize) -> ContextCell {
    ContextCell::new(PERMUTATIONS, 0, permutation * ROWS + row)
}

/// Collects a circuit's cells and constraints; becomes a halo2 circuit by [`StaticCircuit`](crate::StaticCircuit).
///
/// Control flow must not depend on witness values: the key generator, the mock prover and the prover run the same code
/// on different values, and cells are laid out in the order of the calls.
pub struct CircuitBuilder {
    pub(crate) base: BaseCircuitBuilder<Fr>,
    pub(crate) permutations: Vec<Box<trace::Cells>>,
    pub(crate) range: RangeCells,
    pub(crate) memo: Memo,
    pub(crate) constant_cells: HashMap<[u64; 4], Cell>,
    pub(crate) stage: CircuitBuilderStage,
    pub(crate) params: Option<CircuitParams>,
}

impl CircuitBuilder {
    /// An empty circuit for key generation or the mock prover.
    #[must_use]
    pub fn new(stage: CircuitBuilderStage) -> Self {
        Self {
            base: BaseCircuitBuilder::from_stage(stage).use_instance_columns(1),
            permutations: vec![],
            range: RangeCells::default(),
            memo: Memo::default(),
            constant_cells: HashMap::new(),
            stage,
            params: None,
        }
    }

    /// An empty circuit for the prover, of the shape key generation found.
    #[must_use]
    pub fn prover(params: CircuitParams, break_points: MultiPhaseThreadBreakPoints) -> Self {
        let mut builder = Self::new(CircuitBuilderStage::Prover);
        builder.base.set_params(params.base.clone());
        builder.base.set_break_points(break_points);
        builder.params = Some(params);
        builder
    }

    /// Whether only witness values are wanted: no copy constraints, no cell addresses.
    #[must_use]
    pub fn witness_only(&self) -> bool {
        self.base.witness_gen_only()
    }

    pub(crate) fn ctx(&mut self) -> &mut Context<Fr> {
        self.base.main(0)
    }

    /// Makes a cell the next public instance.
    pub fn expose(&mut self, cell: Cell) {
        self.base.assigned_instances[0].push(cell);
    }

    /// A cell holding a constant; equal constants share one.
    pub fn constant(&mut self, value: Fr) -> Cell {
        let key = crate::convert::to_words(value);
        if let Some(cell) = self.constant_cells.get(&key) {
            return *cell;
        }
        let cell = self.ctx().load_constant(value);
        self.constant_cells.insert(key, cell);
        cell
    }

    /// A new cell with any value; nothing is constrained.
    pub fn witness(&mut self, value: Fr) -> Cell {
        self.ctx().load_witness(value)
    }

    /// Constrains two cells to be equal.
    pub fn assert_cells_equal(&mut self, a: &Cell, b: &Cell) {
        self.ctx().constrain_equal(a, b);
    }

    /// Constrains a cell to a constant.
    pub(crate) fn assert_cell_is(&mut self, cell: &Cell, value: Fr) {
        if let (false, Some(address)) = (self.witness_only(), cell.cell) {
            let copies = self.ctx().copy_manager.clone();
            copies
                .lock()
                .expect("no thread holds this lock while panicking")
                .constant_equalities
                .push((value, address));
        }
    }

    fn copy(&mut self, from: &Cell, to: ContextCell) {
        if let (false, Some(address)) = (self.witness_only(), from.cell) {
            let copies = self.ctx().copy_manager.clone();
            copies
                .lock()
                .expect("no thread holds this lock while panicking")
                .advice_equalities
                .push((to, address));
        }
    }

    /// `start + Σ bᵢ·cᵢ` on the vertical gate: 1 + 3n cells.
    pub(crate) fn chain(
        &mut self,
        start: QuantumCell<Fr>,
        terms: impl IntoIterator<Item = (QuantumCell<Fr>, QuantumCell<Fr>)>,
    ) -> Cell {
        let (cells, sum) = chain_cells(start, terms);
        if cells.len() == 1 {
            return match start {
                Existing(cell) => cell,
                Constant(value) => self.constant(value),
                _ => self.witness(sum),
            };
        }
        let gates = (0..cells.len() as isize - 1).step_by(3);
        self.ctx().assign_region_last(cells, gates)
    }

    /// Constrains `start + Σ bᵢ·cᵢ = result`; at least one term.
    pub(crate) fn assert_chain(
        &mut self,
        start: QuantumCell<Fr>,
        terms: impl IntoIterator<Item = (QuantumCell<Fr>, QuantumCell<Fr>)>,
        result: QuantumCell<Fr>,
    ) {
        let (mut cells, _) = chain_cells(start, terms);
        assert!(cells.len() > 1, "a chain that is compared has a term");
        cells.pop();
        cells.push(result);
        let gates = (0..cells.len() as isize - 1).step_by(3);
        self.ctx().assign_region(cells, gates);
    }

    /// One Poseidon2 permutation of `[s₀, s₁, s₂]`, each a cell or a constant.
    ///
    /// # Panics
    /// If an input is neither: a permutation's inputs have an origin.
    pub fn permute(&mut self, input: [QuantumCell<Fr>; WIDTH]) -> [Cell; WIDTH] {
        let cells = rows(input.map(|q| *q.value()));
        let index = self.permutations.len();
        for (row, q) in input.into_iter().enumerate() {
            let address = permutation_cell(index, row);
            match q {
                Existing(cell) => self.copy(&cell, address),
                Constant(value) => {
                    let cell = Cell { value: Assigned::Trivial(value), cell: Some(address) };
                    self.assert_cell_is(&cell, value);
                }
                _ => panic!("a permutation's input is a cell or a constant"),
            }
        }
        let state = output(&cells);
        self.permutations.push(cells);
        let witness_only = self.witness_only();
        core::array::from_fn(|i| Cell {
            value: Assigned::Trivial(state[i]),
            cell: (!witness_only).then(|| permutation_cell(index, OUTPUT_ROWS[i])),
        })
    }

    /// A new cell in `[0, 2^16)`.
    pub(crate) fn load_limb(&mut self, value: u16) -> Cell {
        let row = self.range.limb(Fr::from(u64::from(value)));
        self.range.cell(row, self.witness_only())
    }

    /// A new cell with a canonical KoalaBear value.
    pub(crate) fn range_canonical(&mut self, value: u32) -> Cell {
        let row = self.range.canonical(value);
        self.range.cell(row, self.witness_only())
    }

    /// The remainder, below 2^32, of the integer `v` modulo `p`; `cell` holds `v`.
    pub(crate) fn range_reduce(&mut self, cell: &Cell, v: i128) -> Cell {
        let (remainder, dividend) = self.range.reduction(v);
        self.copy(cell, range::context_cell(dividend));
        self.range.cell(remainder, self.witness_only())
    }

    /// Cells used so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage {
            generic_cells: self.base.core().phase_manager[0].total_advice(),
            range_cells: self.range.values.len(),
            permutations: self.permutations.len(),
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
    /// Cells of the range column.
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

fn chain_cells(
    start: QuantumCell<Fr>,
    terms: impl IntoIterator<Item = (QuantumCell<Fr>, QuantumCell<Fr>)>,
) -> (Vec<QuantumCell<Fr>>, Fr) {
    let mut sum = *start.value();
    let mut cells = vec![start];
    for (b, c) in terms {
        sum += b.value() * c.value();
        cells.extend([b, c, QuantumCell::Witness(sum)]);
    }
    (cells, sum)
}
