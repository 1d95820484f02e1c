//! The program table, and the connector: the program's instructions and the segment's public values.

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::{PROGRAM_PUBLIC_VALUES, ProgramAir, SegmentPublicValues};
pub use columns::{PROGRAM_PREPROCESSED_WIDTH, PROGRAM_WIDTH, ProgramColumns, ProgramPreprocessedColumns};
pub use trace::{ProgramTooLong, generate, preprocessed};
