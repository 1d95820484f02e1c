//! Shapes of a segment's proof: the height of every table, and the catalogue of those that have keys.

use finial_executor::{Counts, Resource, SegmentPolicy, SegmentRecord};
use thiserror::Error;

use crate::air::{TABLES, Table};
use crate::chips::Requests;
use crate::lookup::LOOKUP_LOG_HEIGHT;
use crate::merkle::MemoryWitness;

/// log2 of the default height of the program table.
pub const DEFAULT_LOG_PROGRAM_HEIGHT: usize = 16;

/// The heights of all tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Name.
    pub name: &'static str,
    /// log2 of the heights, by table.
    pub log_heights: [usize; TABLES],
}

/// A segment does not fit a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the segment fills {rows} rows of table {table:?}, of which shape {shape} has {capacity}")]
pub struct DoesNotFit {
    /// The shape.
    pub shape: &'static str,
    /// The table.
    pub table: Table,
    /// Rows that the segment fills.
    pub rows: usize,
    /// Rows that the table has.
    pub capacity: usize,
}

impl Shape {
    /// log2 of the height of a table.
    #[must_use]
    pub const fn log_height(&self, table: Table) -> usize {
        self.log_heights[table as usize]
    }

    /// Rows of a table.
    #[must_use]
    pub const fn height(&self, table: Table) -> usize {
        1 << self.log_height(table)
    }

    /// Checks rows, by table, against the heights.
    ///
    /// # Errors
    /// [`DoesNotFit`] for the first table that is too small.
    pub fn check(&self, rows: &[usize; TABLES]) -> Result<(), DoesNotFit> {
        for (table, &rows) in Table::ALL.into_iter().zip(rows) {
            let capacity = self.height(table);
            if rows > capacity {
                return Err(DoesNotFit { shape: self.name, table, rows, capacity });
            }
        }
        Ok(())
    }

    /// What a segment of this shape may consume: within it, every table is large enough.
    #[must_use]
    pub fn capacity(&self) -> Counts {
        let rows = |table| u32::try_from(self.height(table)).unwrap_or(u32::MAX);
        // A leaf or node is a row and a compression in either direction.
        let compressions = rows(Table::Poseidon2) / 2;
        let leaves = (rows(Table::Boundary) / 2).min(compressions / LEAF_SHARE);
        let nodes = (rows(Table::Merkle) / 2).min(compressions - leaves);
        Resource::ALL.map(|resource| match resource {
            Resource::Cycles => rows(Table::Cpu),
            Resource::Bitwise => rows(Table::Bitwise),
            Resource::Shift => rows(Table::Shift),
            Resource::Mul => rows(Table::Mul),
            Resource::DivRem => rows(Table::DivRem),
            Resource::SubWord => rows(Table::SubWord),
            // The Cpu itself.
            Resource::Compare | Resource::Branch => u32::MAX,
            Resource::Ecall => rows(Table::Ecall),
            Resource::Leaf => leaves,
            Resource::Node => nodes,
        })
    }
}

/// Part of the compressions that leaves may take.
const LEAF_SHARE: u32 = 3;

/// Rows that a segment fills, by table.
#[must_use]
pub fn rows_of(
    record: &SegmentRecord,
    requests: &Requests,
    memory: &MemoryWitness,
    compressions: usize,
) -> [usize; TABLES] {
    Table::ALL.map(|table| match table {
        Table::Cpu => record.cycles.len() - record.ecalls.len(),
        // Their heights are the program's and 2^16; what does not fit the program table has no key.
        Table::Program | Table::Lookup => 0,
        Table::Ecall => record.ecalls.len(),
        Table::SubWord => requests.sub_word.len(),
        Table::Bitwise => requests.bitwise.len(),
        Table::Shift => requests.shift.len(),
        Table::Mul => requests.mul.len(),
        Table::DivRem => requests.div_rem.len(),
        Table::Boundary => crate::boundary::trace::rows(memory),
        Table::Merkle => crate::merkle::trace::rows(memory),
        Table::Poseidon2 => compressions,
    })
}

/// Heights by purpose, for [`Heights::shape`]; the program and lookup tables have the same in every shape.
struct Heights {
    cpu: usize,
    sub_word: usize,
    /// Bitwise and shift tables.
    bits: usize,
    mul: usize,
    /// System calls and divisions.
    rare: usize,
    /// Boundary, Merkle and Poseidon2 tables.
    memory: usize,
}

impl Heights {
    const fn shape(&self, name: &'static str) -> Shape {
        let mut log_heights = [0; TABLES];
        log_heights[Table::Cpu as usize] = self.cpu;
        log_heights[Table::Program as usize] = DEFAULT_LOG_PROGRAM_HEIGHT;
        log_heights[Table::Lookup as usize] = LOOKUP_LOG_HEIGHT;
        log_heights[Table::Ecall as usize] = self.rare;
        log_heights[Table::SubWord as usize] = self.sub_word;
        log_heights[Table::Bitwise as usize] = self.bits;
        log_heights[Table::Shift as usize] = self.bits;
        log_heights[Table::Mul as usize] = self.mul;
        log_heights[Table::DivRem as usize] = self.rare;
        log_heights[Table::Boundary as usize] = self.memory;
        log_heights[Table::Merkle as usize] = self.memory;
        log_heights[Table::Poseidon2 as usize] = self.memory;
        Shape { name, log_heights }
    }
}

/// The shapes that have keys, the cheapest first: eight, the most that a set of leaf programs holds.
///
/// - `S`: a short run of any kind of hashing or bookkeeping.
/// - `M`: a quarter of a million cycles; `M-bits` with as many bit operations as cycles.
/// - `H`: half a million cycles, for the ends of long runs.
/// - `L-plain`: a million cycles of additions, comparisons and words; `L` with a quarter of bit operations and of products;
///   `L-bits` with bit operations in every second; `L-memory` with large working sets.
///
/// Memory tables stand on a height of their own, the fourth: a million cycles touch a few hundred leaves, and at 2^16 the
/// compressions alone would be a tenth of all cells.
#[must_use]
pub fn catalogue() -> Vec<Shape> {
    vec![
        Heights { cpu: 16, sub_word: 12, bits: 16, mul: 12, rare: 12, memory: 12 }.shape("S"),
        Heights { cpu: 18, sub_word: 16, bits: 16, mul: 16, rare: 13, memory: 13 }.shape("M"),
        Heights { cpu: 18, sub_word: 16, bits: 18, mul: 16, rare: 13, memory: 13 }.shape("M-bits"),
        Heights { cpu: 19, sub_word: 16, bits: 18, mul: 18, rare: 13, memory: 13 }.shape("H"),
        Heights { cpu: 20, sub_word: 16, bits: 16, mul: 16, rare: 13, memory: 13 }.shape("L-plain"),
        Heights { cpu: 20, sub_word: 16, bits: 18, mul: 18, rare: 13, memory: 13 }.shape("L"),
        Heights { cpu: 20, sub_word: 16, bits: 19, mul: 16, rare: 13, memory: 13 }.shape("L-bits"),
        Heights { cpu: 20, sub_word: 18, bits: 18, mul: 18, rare: 16, memory: 18 }.shape("L-memory"),
    ]
}

/// The shape of this name in the catalogue.
#[must_use]
pub fn shape_named(name: &str) -> Option<Shape> {
    catalogue().into_iter().find(|shape| shape.name == name)
}

/// When to cut a run into segments: before the cycle with which no shape would hold the segment. The shape of a
/// segment is the first that holds it, [`SegmentPolicy::first_fit`].
#[must_use]
pub fn segment_policy(catalogue: &[Shape]) -> SegmentPolicy {
    SegmentPolicy { capacities: catalogue.iter().map(Shape::capacity).collect() }
}

const _: () = assert!(LOOKUP_LOG_HEIGHT == DEFAULT_LOG_PROGRAM_HEIGHT);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_tables_have_one_height() {
        for shape in catalogue() {
            // One program commitment an ELF: preprocessed heights are the configuration's, not the shape's.
            assert_eq!(shape.log_height(Table::Program), DEFAULT_LOG_PROGRAM_HEIGHT, "{}", shape.name);
            assert_eq!(shape.log_height(Table::Lookup), LOOKUP_LOG_HEIGHT, "{}", shape.name);
        }
    }

    #[test]
    fn shapes_are_few_and_flat() {
        assert!(catalogue().len() <= 8);
        for shape in catalogue() {
            let mut heights = shape.log_heights.to_vec();
            heights.sort_unstable();
            heights.dedup();
            // Each height is one more hash and compression a tree and query in recursion.
            assert!(heights.len() <= 4, "{}", shape.name);
        }
    }

    #[test]
    fn capacities_fit_the_tables() {
        for shape in catalogue() {
            let capacity = shape.capacity();
            let of = |resource: Resource| capacity[resource as usize] as usize;
            assert!(2 * of(Resource::Leaf) <= shape.height(Table::Boundary));
            assert!(2 * of(Resource::Node) <= shape.height(Table::Merkle));
            assert!(2 * (of(Resource::Leaf) + of(Resource::Node)) <= shape.height(Table::Poseidon2));
        }
    }
}
