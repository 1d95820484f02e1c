//! Where the cells of a circuit lie: a function of their numbers alone, the same for the key and every proof.
//!
//! | column | rows from the first on | then |
//! |---|---|---|
//! | `S` and `Q` | instances and constants; permutations | chains |
//! | `V` | nothing; range groups, each behind a chain of four cells | chains |
//! | `R` | nothing; the groups' limbs | |
//!
//! The fixed column `K` holds the 16-bit table in its last rows, where `S` has no permutation and no constant.
//! One fixed column, `u`, says where chains and range relations start. `S` and `Q` have chains exactly in rows of other
//! kinds than a permutation's, beside those of `V`, which are of the same length.

use std::collections::BTreeMap;

use halo2_base::halo2_proofs::{halo2curves::bn256::Fr, plonk::Expression};
use serde::{Deserialize, Serialize};

use crate::{
    poseidon2::ROWS,
    range::{Group, SPILL, TABLE_ROWS},
};

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
    /// Reductions modulo `p`.
    pub reductions: usize,
    /// Canonical KoalaBear values.
    pub canonicals: usize,
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
    #[error("range groups need {needed} rows, of which 2^{k} leave {available}: raise k")]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// The vertical gate's own.
    V,
    /// That of permutations' states.
    S,
    /// That of their squares.
    Q,
}

/// Columns in which the vertical gate is on, side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    One,
    All,
}

impl Lanes {
    /// The columns.
    pub(crate) const fn columns(self) -> &'static [Lane] {
        match self {
            Self::One => &[Lane::V],
            Self::All => &[Lane::V, Lane::S, Lane::Q],
        }
    }
}

/// What starts at a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The gate of a chain.
    Chain,
    /// A reduction's relation.
    Quotient,
    /// The relations of a canonical value.
    Canonical,
}

impl Start {
    pub(crate) const ALL: [Self; 3] = [Self::Chain, Self::Quotient, Self::Canonical];

    /// The value in the fixed column `u`, which is zero where nothing starts.
    pub(crate) fn code(self) -> Fr {
        Fr::from(self as u64 + 1)
    }

    /// Vanishes wherever nothing or another thing starts.
    pub(crate) fn selector(self, u: &Expression<Fr>) -> Expression<Fr> {
        let others = Self::ALL.into_iter().filter(|other| *other != self);
        others.fold(u.clone(), |product, other| product * (u.clone() - Expression::Constant(other.code())))
    }
}

/// The shortest chain, of one product: one precedes each range group, as long as there are any.
pub(crate) const SHORTEST: usize = 4;

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
    /// How many range groups, counted from the first, have a chain before them.
    pub(crate) grouped: usize,
    /// Where the other chains stand: by length, the shortest first.
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
        let permutations = params.instances + params.constants;
        let state_end = permutations + params.permutations * ROWS;
        if state_end > table {
            return Err(CapacityError::Permutations { k, needed: state_end, available: table });
        }
        let groups: usize = params.groups().iter().map(|(_, count)| count).sum();
        let mut chains = params.chains.clone();
        let grouped = chains.get(&SHORTEST).copied().unwrap_or(0).min(groups);
        if let Some(left) = chains.get_mut(&SHORTEST) {
            *left -= grouped;
        }
        // Beside pinned cells nothing starts: there the gate of `S` is not off by their kind.
        let range_end =
            permutations + params.groups().iter().map(|(group, count)| group.rows() * count).sum::<usize>();
        if range_end + SPILL > rows {
            return Err(CapacityError::Range { k, needed: range_end + SPILL, available: rows });
        }
        // Where a group's relation starts behind the permutations, the gates of `S` and `Q` read the next rows too.
        let all = (range_end + SPILL).max(state_end);
        let segments = [
            Segment { row: all, end: rows, lanes: Lanes::All },
            Segment { row: range_end, end: all, lanes: Lanes::One },
        ];
        let blocks = place(&chains, segments).map_err(|missing| {
            let needed = params.chains.iter().map(|(length, chains)| length * chains).sum();
            CapacityError::Vertical { k, needed, missing }
        })?;
        Ok(Self { permutations, table, grouped, blocks })
    }
}

impl CircuitParams {
    /// Range groups by kind, in the order in which they stand.
    const fn groups(&self) -> [(Group, usize); 2] {
        [(Group::Reduction, self.reductions), (Group::Canonical, self.canonicals)]
    }
}

/// Where the chains stand, or how many of their cells have no place.
fn place(chains: &BTreeMap<usize, usize>, mut segments: [Segment; 2]) -> Result<Vec<Block>, usize> {
    let mut blocks = vec![];
    let mut missing = 0;
    for (&length, &chains) in chains.iter().rev() {
        let mut left = chains;
        for segment in &mut segments {
            if let Some(block) = segment.take(length, left) {
                left -= block.chains;
                blocks.push(block);
            }
        }
        missing += left * length;
    }
    blocks.reverse();
    if missing == 0 { Ok(blocks) } else { Err(missing) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn params(
        constants: usize,
        permutations: usize,
        [reductions, canonicals]: [usize; 2],
        chains: &[(usize, usize)],
    ) -> CircuitParams {
        let chains = chains.iter().copied().collect();
        CircuitParams { k: 17, instances: 4, constants, permutations, reductions, canonicals, chains }
    }

    /// Checks that every cell of a plan is filled once; how many cells of the columns with chains are in use.
    fn fill(params: &CircuitParams) -> usize {
        let plan = Plan::new(params).unwrap();
        let rows = (1 << params.k) - BLINDED_ROWS;
        let mut used: HashSet<(Option<Lane>, usize)> = HashSet::new();
        let mut put = |lane: Option<Lane>, row: usize| {
            assert!(row < rows && used.insert((lane, row)), "{lane:?} {row}");
        };
        let state_end = plan.permutations + ROWS * params.permutations;
        assert!(plan.permutations == params.instances + params.constants && state_end <= plan.table);
        for row in 0..state_end {
            [Lane::S, Lane::Q].into_iter().for_each(|lane| put(Some(lane), row));
        }
        let groups = params.groups().into_iter().flat_map(|(group, count)| std::iter::repeat_n(group, count));
        let mut end = plan.permutations;
        for (i, group) in groups.enumerate() {
            let chain = if i < plan.grouped { SHORTEST } else { 0 };
            (end..end + chain).for_each(|row| put(Some(Lane::V), row));
            (0..group.values()).for_each(|row| put(Some(Lane::V), end + SHORTEST + row));
            group.limbs().for_each(|row| put(None, end + row));
            assert!(group.relations().iter().all(|(row, _)| *row > 0 && *row < group.rows()));
            assert!(group.limbs().end <= group.rows() + SPILL);
            end += group.rows();
        }
        let mut chains = BTreeMap::from([(SHORTEST, plan.grouped)]);
        let mut starts: BTreeMap<usize, (Lanes, usize)> = BTreeMap::new();
        for block in &plan.blocks {
            *chains.entry(block.length).or_insert(0) += block.chains;
            for i in 0..block.chains {
                let width = block.lanes.columns().len();
                let (row, lane) = (block.row + i / width * block.length, block.lanes.columns()[i % width]);
                (row..row + block.length).for_each(|row| put(Some(lane), row));
                let start = starts.entry(row).or_insert((block.lanes, block.length));
                assert_eq!(*start, (block.lanes, block.length), "what starts at {row}");
            }
        }
        // Gates of neighbours start at the same rows: their selector is one.
        for (row, (_, length)) in starts {
            assert!(row >= end, "chains that overlap in rows are of one group");
            end = row + length;
        }
        chains.retain(|_, count| *count > 0);
        assert_eq!(chains, params.chains);
        used.iter().filter(|(lane, _)| lane.is_some()).count()
    }

    #[test]
    fn every_cell_has_its_own_place() {
        // Range groups end before the permutations, and after; more of them than short chains.
        let chains = [(4, 30_000), (7, 2000), (16, 1001), (100, 1)];
        fill(&params(100, 600, [4000, 3000], &chains));
        fill(&params(100, 10, [4000, 3000], &chains));
        fill(&params(100, 10, [4000, 3000], &[(4, 10), (7, 2)]));
        fill(&params(0, 0, [0; 2], &[]));
        fill(&params(0, 0, [1, 26_205], &[]));
    }

    #[test]
    fn the_columns_can_be_filled_but_for_a_few_cells() {
        // Idle: the fifth row behind each reduction's values, and `V` beside pinned cells.
        let (groups, idle) = (4000 * 2 + 3000, 4000 + 104);
        let all = 3 * ((1 << 17) - BLINDED_ROWS) - idle;
        let longer = 7 * 2000 + 16 * 1001 + 100;
        let fours = (all - 2 * (4 + 100 + 600 * ROWS) - groups - longer) / 4 - 100;
        let cells = fill(&params(100, 600, [4000, 3000], &[(4, fours), (7, 2000), (16, 1001), (100, 1)]));
        assert!(all - cells < 404, "{cells} of {all}");
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let error = |params: &CircuitParams| Plan::new(params).unwrap_err();
        let small = CircuitParams { k: 16, ..CircuitParams::default() };
        assert_eq!(error(&small), CapacityError::Table { k: 16 });
        let full = error(&params(0, 0, [1, 26_206], &[]));
        assert_eq!(full, CapacityError::Range { k: 17, needed: 131_044, available: 131_040 });
        let full = error(&params(8, 745, [0; 2], &[]));
        assert_eq!(full, CapacityError::Permutations { k: 17, needed: 65_572, available: 65_504 });
        let full = error(&params(0, 0, [0; 2], &[(4, 98_280)]));
        assert!(matches!(full, CapacityError::Vertical { k: 17, needed: 393_120, missing: 1.. }));
    }
}
