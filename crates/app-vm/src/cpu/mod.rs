//! The Cpu table: one executed instruction a row.

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::CpuAir;
pub use columns::{CPU_WIDTH, CpuColumns};
pub use trace::{generate, requests};
