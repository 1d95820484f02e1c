//! The table of shifts.

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::ShiftAir;
pub use columns::{SHIFT_WIDTH, ShiftColumns};
pub use trace::generate;
