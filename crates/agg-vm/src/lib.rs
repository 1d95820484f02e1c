#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

use finial_protocol::fields::{Ext4, Val};

mod air;
mod alu;
mod builder;
mod bus;
mod cell;
mod execute;
mod extension;
mod poseidon2;
mod program;
mod public;
#[cfg(test)]
mod testing;

pub use air::{AggAir, MAX_CONSTRAINT_DEGREE, NUM_TABLES};
pub use alu::AluAir;
pub use builder::{Absorbed, Block, Builder, Horner};
pub use bus::MEMORY;
pub use cell::{Bit, Cell};
pub use execute::{ExecutionError, Fault, Witness};
pub use poseidon2::Poseidon2Air;
pub use program::{AluCoeffs, DoesNotFit, Heights, Program, ScopeRows};
pub use public::PublicAir;

/// The base field.
pub type F = Val;
/// The field of a block, `F[X]/(X⁴ - 3)`: four base elements.
pub type E = Ext4;

/// Blocks a program exposes.
pub const NUM_PUBLIC_BLOCKS: usize = 13;
/// Public values a program exposes: the coordinates of its public blocks.
pub const NUM_PUBLIC_VALUES: usize = 4 * NUM_PUBLIC_BLOCKS;
