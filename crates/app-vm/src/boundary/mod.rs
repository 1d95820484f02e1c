//! `PersistentBoundary`: the memory before and after a segment, leaf by leaf.

mod air;
mod columns;
#[cfg(test)]
mod tests;
pub mod trace;

pub use air::BoundaryAir;
pub use columns::{BOUNDARY_WIDTH, BoundaryColumns};
