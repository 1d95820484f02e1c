//! Where the cells of a circuit lie: a function of their numbers alone, the same for the key and every proof.
//!
//! | column | rows from the first on | then |
//! |---|---|---|
//! | `S` (and `Q` beside it) | instances, constants, one blank row, permutations | chains |
//! | `R` | range groups | chains |
//! | `V` | chains | |
//!
//! The fixed column `K` holds the 16-bit table in its last rows, where `S` has no permutation and no constant.
//! The same gate selector serves `V`, `S` and `R`, so where chains stand side by side they are of one length.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{poseidon2::ROWS, range::TABLE_ROWS};

/// Rows at the end of every column that hold blinding, with a margin.
pub(crate) const BLINDED_ROWS: usize = 32;

/// The shape of a circuit: what there is of everything. With the constraints themselves it determines the verifying key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CircuitParams {
    /// The binary logarithm of the number of rows.
    pub k: usize,
    /// Public instances.
    pub instances: usize,
    /// Distinct constants.
    pub constants: usize,
    /// Poseidon2 permutations.
    pub permutations: usize,
    /// Cells of range groups.
    pub range_cells: usize,
    /// How many chains of the vertical gate have so many cells.
    pub chains: BTreeMap<usize, usize>,
}

/// A circuit that does not fit its parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapacityError {
    /// Too few rows for the lookup table.
    #[error("2^{k} rows do not hold the 16-bit lookup table: use k = 17 or more")]
    Table {
        /// The binary logarithm of the number of rows.
        k: usize,
    },
    /// The range column is full.
    #[error("the range column needs {needed} rows, of which 2^{k} leave {available}: raise k")]
    Range {
        /// The binary logarithm of the number of rows.
        k: usize,
        /// Rows queued.
        needed: usize,
        /// Rows that can be used.
        available: usize,
    },
    /// The permutations' columns are full.
    #[error(
        "instances, constants and permutations need {needed} rows, of which 2^{k} leave {available} beside the \
         lookup table: raise k"
    )]
    Permutations {
        /// The binary logarithm of the number of rows.
        k: usize,
        /// Rows queued.
        needed: usize,
        /// Rows that can be used.
        available: usize,
    },
    /// All columns with the vertical gate are full.
    #[error("{missing} of {needed} cells of the vertical gate have no place in 2^{k} rows: raise k")]
    Vertical {
        /// The binary logarithm of the number of rows.
        k: usize,
        /// Cells queued.
        needed: usize,
        /// Cells that found no place.
        missing: usize,
    },
    /// A prover's circuit is not the one for which keys were generated.
    #[error("the circuit is not of the shape for which keys were generated")]
    Other,
}

/// The columns with the vertical gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// The vertical gate's own.
    V,
    /// That of permutations' states.
    S,
    /// The range column.
    R,
}

/// Columns in which the vertical gate is on, side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    V,
    VSR,
    VR,
    VS,
}

impl Lanes {
    pub(crate) const ALL: [Self; 4] = [Self::V, Self::VSR, Self::VR, Self::VS];

    /// The columns.
    pub(crate) const fn columns(self) -> &'static [Lane] {
        match self {
            Self::V => &[Lane::V],
            Self::VSR => &[Lane::V, Lane::S, Lane::R],
            Self::VR => &[Lane::V, Lane::R],
            Self::VS => &[Lane::V, Lane::S],
        }
    }

    /// What the fixed column `q` holds where a gate starts.
    pub(crate) const fn code(self) -> u64 {
        self as u64 + 1
    }
}

/// Chains of one length, one below the other, side by side in several columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) length: usize,
    pub(crate) chains: usize,
    pub(crate) row: usize,
    pub(crate) lanes: Lanes,
}

/// The layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// First row of the first permutation.
    pub(crate) permutations: usize,
    /// First row of the table.
    pub(crate) table: usize,
    /// Where chains stand: by length, the longest first.
    pub(crate) blocks: Vec<Block>,
}

/// Rows in which the same columns are free for chains.
struct Segment {
    row: usize,
    end: usize,
    lanes: Lanes,
}

impl Segment {
    /// Places as many of `chains` chains as there is room for.
    fn take(&mut self, length: usize, chains: usize) -> Option<Block> {
        let width = self.lanes.columns().len();
        let groups = ((self.end - self.row) / length).min(chains.div_ceil(width));
        let chains = chains.min(groups * width);
        let block = Block { length, chains, row: self.row, lanes: self.lanes };
        self.row += groups * length;
        (chains > 0).then_some(block)
    }
}

impl Plan {
    /// Lays a circuit out.
    pub(crate) fn new(params: &CircuitParams) -> Result<Self, CapacityError> {
        let k = params.k;
        let rows = (1usize << k).saturating_sub(BLINDED_ROWS);
        let Some(table) = rows.checked_sub(TABLE_ROWS) else {
            return Err(CapacityError::Table { k });
        };
        // The blank row: `[RANGE-5]` needs one with neither constant nor kind.
        let permutations = params.instances + params.constants + 1;
        let state_end = permutations + params.permutations * ROWS;
        if state_end > table {
            return Err(CapacityError::Permutations { k, needed: state_end, available: table });
        }
        let range_end = params.range_cells;
        if range_end > rows {
            return Err(CapacityError::Range { k, needed: range_end, available: rows });
        }
        let between = if range_end < state_end { Lanes::VR } else { Lanes::VS };
        let (first, last) = (range_end.min(state_end), range_end.max(state_end));
        let segments = [
            Segment { row: last, end: rows, lanes: Lanes::VSR },
            Segment { row: first, end: last, lanes: between },
            Segment { row: 0, end: first, lanes: Lanes::V },
        ];
        Ok(Self { permutations, table, blocks: place(params, segments)? })
    }
}

fn place(params: &CircuitParams, mut segments: [Segment; 3]) -> Result<Vec<Block>, CapacityError> {
    let mut blocks = vec![];
    let mut missing = 0;
    for (&length, &chains) in params.chains.iter().rev() {
        let mut left = chains;
        for segment in &mut segments {
            if let Some(block) = segment.take(length, left) {
                left -= block.chains;
                blocks.push(block);
            }
        }
        missing += left * length;
    }
    if missing > 0 {
        let needed = params.chains.iter().map(|(length, chains)| length * chains).sum();
        return Err(CapacityError::Vertical { k: params.k, needed, missing });
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn params(
        constants: usize,
        permutations: usize,
        range_cells: usize,
        chains: &[(usize, usize)],
    ) -> CircuitParams {
        let chains = chains.iter().copied().collect();
        CircuitParams { k: 17, instances: 4, constants, permutations, range_cells, chains }
    }

    /// Every cell of a plan once; how many cells the chains have.
    fn fill(params: &CircuitParams) -> usize {
        let plan = Plan::new(params).unwrap();
        let rows = (1 << params.k) - BLINDED_ROWS;
        let mut used: HashSet<(u8, usize)> = HashSet::new();
        let mut put =
            |lane: Lane, row: usize| assert!(row < rows && used.insert((lane as u8, row)), "{lane:?} {row}");
        let state_end = plan.permutations + ROWS * params.permutations;
        assert!(plan.permutations > params.instances + params.constants && state_end <= plan.table);
        (0..state_end).for_each(|row| put(Lane::S, row));
        (0..params.range_cells).for_each(|row| put(Lane::R, row));
        let mut chains = BTreeMap::new();
        let mut starts: BTreeMap<usize, (Lanes, usize)> = BTreeMap::new();
        for block in &plan.blocks {
            *chains.entry(block.length).or_insert(0) += block.chains;
            for i in 0..block.chains {
                let width = block.lanes.columns().len();
                let (row, lane) = (block.row + i / width * block.length, block.lanes.columns()[i % width]);
                (row..row + block.length).for_each(|row| put(lane, row));
                let start = starts.entry(row).or_insert((block.lanes, block.length));
                assert_eq!(*start, (block.lanes, block.length), "what starts at {row}");
            }
        }
        // Gates of neighbours start at the same rows: their selector is one.
        let mut end = 0;
        for (row, (_, length)) in starts {
            assert!(row >= end, "chains that overlap in rows are of one group");
            end = row + length;
        }
        assert_eq!(chains, params.chains);
        chains.iter().map(|(length, chains)| length * chains).sum()
    }

    #[test]
    fn every_cell_has_its_own_place() {
        // States end before the range groups, and after.
        fill(&params(100, 10, 20_000, &[(4, 30_000), (7, 2000), (16, 1001), (100, 1)]));
        fill(&params(100, 600, 20_000, &[(4, 30_000), (7, 2000), (16, 1001), (100, 1)]));
        fill(&params(0, 0, 0, &[]));
        fill(&params(0, 0, 131_040, &[(4, 10)]));
    }

    #[test]
    fn the_columns_can_be_filled_but_for_a_few_cells() {
        let (state, range) = (4 + 100 + 1 + 600 * ROWS, 20_000);
        let free = 3 * ((1 << 17) - BLINDED_ROWS) - state - range;
        let longer = 7 * 2000 + 16 * 1001 + 100;
        let fours = (free - longer) / 4 - 100;
        let cells = fill(&params(100, 600, range, &[(4, fours), (7, 2000), (16, 1001), (100, 1)]));
        assert!(free - cells < 404, "{cells} of {free}");
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let error = |params: &CircuitParams| Plan::new(params).unwrap_err();
        let small = CircuitParams { k: 16, ..CircuitParams::default() };
        assert_eq!(error(&small), CapacityError::Table { k: 16 });
        let full = error(&params(0, 0, 131_041, &[]));
        assert_eq!(full, CapacityError::Range { k: 17, needed: 131_041, available: 131_040 });
        let full = error(&params(8, 745, 0, &[]));
        assert_eq!(full, CapacityError::Permutations { k: 17, needed: 65_573, available: 65_504 });
        let full = error(&params(0, 0, 0, &[(4, 98_280)]));
        assert!(matches!(full, CapacityError::Vertical { k: 17, needed: 393_120, missing: 1.. }));
    }
}
