//! Gadgets: KoalaBear, its quintic extension, bits, hashing, transcript.

pub mod bits;
pub mod challenger;
pub mod ext;
pub mod felt;
pub mod hash;

#[cfg(test)]
mod tests;

pub use bits::Bit;
pub use challenger::Challenger;
pub use ext::Ext;
pub use felt::{Canonical, Felt};
pub use hash::Digest;
