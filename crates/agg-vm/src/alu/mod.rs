//! The `alu` table: one bilinear equation over the extension field a row.

mod air;
pub(crate) mod columns;

pub use air::AluAir;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod trace;
