//! Internal programs: several children, chained into one.

use finial_protocol::{InnerConfig, VerifyingKey};
use finial_recursion::agg::{AggBackend, DigestCells};
use finial_recursion::backend::Backend;

use super::children::{ChildWitness, chain, verify_child};
use super::values::NodeCells;
use super::{Made, made};
use crate::sets::ProgramSets;

/// The program over `arity` children, and the hints for `witness`.
///
/// # Panics
/// When `arity` is zero or the witness has another number of children.
#[must_use]
pub fn internal_program(
    u: &VerifyingKey<InnerConfig>,
    arity: usize,
    witness: Option<(&ProgramSets, &[ChildWitness])>,
) -> Made {
    let mut b = AggBackend::new();
    let leaf_set = b.read_digest(witness.map(|(sets, _)| sets.leaf.root()));
    let internal_set = b.read_digest(witness.map(|(sets, _)| sets.internal.root()));
    let node = aggregate(&mut b, u, arity, leaf_set, internal_set, witness.map(|(_, children)| children));
    node.expose(&mut b);
    made(b)
}

/// Verifies children and chains them.
pub fn aggregate(
    b: &mut AggBackend,
    u: &VerifyingKey<InnerConfig>,
    arity: usize,
    leaf_set: DigestCells,
    internal_set: DigestCells,
    witnesses: Option<&[ChildWitness]>,
) -> NodeCells {
    assert!(arity > 0, "a node has children");
    if let Some(witnesses) = witnesses {
        assert_eq!(witnesses.len(), arity, "one witness a child");
    }
    let children: Vec<NodeCells> = (0..arity)
        .map(|i| b.scope("child", |b| verify_child(b, u, leaf_set, internal_set, witnesses.map(|w| &w[i]))))
        .collect();
    for pair in children.windows(2) {
        chain(b, &pair[0], &pair[1]);
    }
    let (first, last) = (children[0], children[arity - 1]);
    NodeCells {
        connector: join_connectors(b, &first, &last),
        initial_root: first.initial_root,
        final_root: last.final_root,
        public_values_commit: last.public_values_commit,
        app_commit: first.app_commit,
        leaf_verifier_commit: leaf_set,
        internal_program_commit: internal_set,
    }
}

/// The first stretch's start with the last stretch's end and flags.
fn join_connectors(b: &mut AggBackend, first: &NodeCells, last: &NodeCells) -> finial_agg_vm::Cell {
    let [_, initial_pc, _, _] = b.builder.unpack(first.connector);
    let [is_terminate, _, final_pc, exit_code] = b.builder.unpack(last.connector);
    b.builder.pack([is_terminate, initial_pc, final_pc, exit_code])
}
