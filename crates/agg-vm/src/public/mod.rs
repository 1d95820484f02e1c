//! The `public` table: binds cells to the public values, one block a row.

mod air;
pub(crate) mod columns;
#[cfg(test)]
mod tests;
pub(crate) mod trace;

pub use air::PublicAir;
