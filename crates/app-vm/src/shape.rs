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

/// The shapes that have keys, the cheapest first: at most eight.
#[must_use]
pub fn catalogue() -> Vec<Shape> {
    vec![Shape { name: "S", log_heights: [16; TABLES] }]
}

/// When to cut a run into segments: no segment exceeds the last shapes of the catalogue.
#[must_use]
pub fn segment_policy(catalogue: &[Shape]) -> SegmentPolicy {
    SegmentPolicy { capacities: catalogue.iter().map(Shape::capacity).collect() }
}

const _: () = assert!(LOOKUP_LOG_HEIGHT == DEFAULT_LOG_PROGRAM_HEIGHT);
