//! The table of system calls.

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::EcallAir;
pub use columns::{ECALL_WIDTH, EcallColumns};
pub use trace::generate;
