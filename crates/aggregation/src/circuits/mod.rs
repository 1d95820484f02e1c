//! The four kinds of recursion programs.

mod children;
mod internal;
mod leaf;
mod root;
mod shrink;
mod values;

pub use children::{ChildWitness, Membership};
pub use internal::internal_program;
pub use leaf::{LeafWitness, leaf_program};
pub use root::{RootWitness, root_program};
pub use shrink::shrink_program;

use finial_agg_vm::Program;
use finial_protocol::Ext4;

/// A program being made, or the hints for one run of it: the same code gives either.
pub struct Made {
    /// The program.
    pub program: Program,
    /// Its hints; empty without a witness.
    pub hints: Vec<Ext4>,
}

pub(crate) fn made(backend: finial_recursion::agg::AggBackend) -> Made {
    let (builder, hints) = backend.into_parts();
    Made { program: builder.finish(), hints }
}

/// The Agg VM's builder cannot fail: checks become rows.
pub(crate) fn infallible<T>(result: Result<T, core::convert::Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}
