//! The table of loads and stores of bytes and half words.

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::SubWordAir;
pub use columns::{SUB_WORD_WIDTH, SubWordColumns};
pub use trace::generate;
