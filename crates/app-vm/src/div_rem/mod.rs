//! The table of quotients and remainders.

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::DivRemAir;
pub use columns::{DIV_REM_WIDTH, DivRemColumns};
pub use trace::generate;
