//! The shrink program: one proof of the tree, of either kind, under the pinned set of internal programs.

use finial_protocol::{Digest, InnerConfig, VerifyingKey};
use finial_recursion::agg::AggBackend;
use finial_recursion::backend::Backend;

use super::children::ChildWitness;
use super::internal::aggregate;
use super::values::constant_digest;
use super::{Made, made};
use crate::sets::ProgramSets;

/// The program, and the hints for `witness`.
///
/// A run of one segment needs no internal node: the shrink program takes its leaf.
#[must_use]
pub fn shrink_program(
    u: &VerifyingKey<InnerConfig>,
    internal_program_commit: &Digest,
    witness: Option<(&ProgramSets, &ChildWitness)>,
) -> Made {
    let mut b = AggBackend::new();
    let leaf_set = b.read_digest(witness.map(|(sets, _)| sets.leaf.root()));
    // Here the value that was carried upward becomes a constant.
    let internal_set = constant_digest(&mut b, internal_program_commit);
    let child = witness.map(|(_, child)| core::slice::from_ref(child));
    let node = aggregate(&mut b, u, 1, leaf_set, internal_set, child);
    node.expose(&mut b);
    made(b)
}
