//! The table of products.

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::MulAir;
pub use columns::{MUL_WIDTH, MulColumns};
pub use trace::generate;
