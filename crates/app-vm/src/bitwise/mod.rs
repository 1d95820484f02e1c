//! The table of conjunction, disjunction and exclusive disjunction.

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::BitwiseAir;
pub use columns::{BITWISE_WIDTH, BitwiseColumns};
pub use trace::generate;
