#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

use p3_field::extension::BinomialExtensionField;
use p3_koala_bear::KoalaBear;

mod builder;
mod cell;
mod execute;
mod program;

pub use builder::{Absorbed, Block, Builder, Horner};
pub use cell::{Bit, Cell};
pub use execute::{ExecutionError, Fault, Witness};
pub use program::{AluCoeffs, DoesNotFit, Heights, Program, ScopeRows};

/// The base field.
pub type F = KoalaBear;
/// The field of a block, `F[X]/(X⁴ - 3)`: four base elements.
pub type E = BinomialExtensionField<F, 4>;

/// Blocks a program exposes.
pub const NUM_PUBLIC_BLOCKS: usize = 13;
/// Public values a program exposes: the coordinates of its public blocks.
pub const NUM_PUBLIC_VALUES: usize = 4 * NUM_PUBLIC_BLOCKS;
