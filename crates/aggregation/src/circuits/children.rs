//! A child of the tree: a proof of shape U whose program is in the leaf set or in the internal set.

use finial_agg_vm::Bit;
use finial_protocol::{Digest, Ext4, InnerConfig, VerifyingKey};
use finial_recursion::agg::{AggBackend, DigestCells};
use finial_recursion::backend::Backend;
use finial_recursion::{Statement, UnpackedProof, verify};
use p3_field::PrimeCharacteristicRing;

use super::infallible;
use super::values::{NodeCells, read_node};
use crate::sets::SET_DEPTH;

/// Where a program stands in its set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Position in the set.
    pub index: usize,
    /// Siblings from the leaf up.
    pub path: [Digest; SET_DEPTH],
}

/// A child's proof, with what it takes to place it.
#[derive(Clone, Debug)]
pub struct ChildWitness {
    /// A leaf proof, not an internal one.
    pub is_leaf: bool,
    /// Its program's place in the set of its kind.
    pub membership: Membership,
    /// The proof.
    pub proof: UnpackedProof<Ext4, Digest>,
}

/// Verifies a child against the sets of its parent and gives its public values.
///
/// An attacker would want a program of his own below: so the preprocessed root that the child's transcript absorbs is
/// shown to be in a set; and an internal child that believed in other sets: so its own sets are the parent's.
pub fn verify_child(
    b: &mut AggBackend,
    u: &VerifyingKey<InnerConfig>,
    leaf_set: DigestCells,
    internal_set: DigestCells,
    witness: Option<&ChildWitness>,
) -> NodeCells {
    let proof = witness.map(|w| &w.proof);
    let preprocessed = b.read_digest(proof.map(|p| p.preprocessed[0]));
    let public_table = u.shape.tables.len() - 1;
    let (node, felts) = read_node(b, proof.map(|p| &p.public_values[public_table][..]));
    let mut public_values = vec![vec![]; public_table];
    public_values.push(felts);
    let statement = Statement::<AggBackend> { preprocessed: vec![preprocessed], public_values };
    infallible(verify(b, &u.shape, &u.digest, &statement, proof));

    b.scope("membership", |b| {
        let is_leaf = read_bit(b, witness.map(|w| w.is_leaf));
        let set = climb(b, preprocessed, witness.map(|w| &w.membership));
        for i in 0..2 {
            let expected = b.builder.select(is_leaf, leaf_set[i], internal_set[i]);
            b.builder.assert_eq(set[i], expected);
        }
        // An internal child's own sets are the parent's; a leaf has none.
        let pairs = [(node.leaf_verifier_commit, leaf_set), (node.internal_program_commit, internal_set)];
        for (own, parents) in pairs {
            for i in 0..2 {
                let expected = b.builder.select(is_leaf, own[i], parents[i]);
                b.builder.assert_eq(own[i], expected);
            }
        }
    });
    node
}

fn read_bit(b: &mut AggBackend, value: Option<bool>) -> Bit {
    let cell = b.read_ext(value.map(Ext4::from_bool));
    b.builder.assert_bit(cell)
}

/// The root of the set in which a program stands at the hinted place.
fn climb(b: &mut AggBackend, program: DigestCells, membership: Option<&Membership>) -> DigestCells {
    (0..SET_DEPTH).fold(program, |node, level| {
        let right = read_bit(b, membership.map(|m| (m.index >> level) & 1 == 1));
        let sibling = b.read_digest(membership.map(|m| m.path[level]));
        let order = |b: &mut AggBackend, one: DigestCells, zero: DigestCells| {
            [0, 1].map(|i| b.builder.select(right, one[i], zero[i]))
        };
        let left = order(b, sibling, node);
        let right = order(b, node, sibling);
        b.builder.compress(left, right)
    })
}

/// Demands that `left` ends where `right` begins, in one program, and that `left` is not the end.
pub fn chain(b: &mut AggBackend, left: &NodeCells, right: &NodeCells) {
    super::values::assert_digests_equal(b, left.app_commit, right.app_commit);
    super::values::assert_digests_equal(b, left.final_root, right.initial_root);
    let [is_terminate, _, final_pc, exit_code] = b.builder.unpack(left.connector);
    let [_, initial_pc, _, _] = b.builder.unpack(right.connector);
    b.builder.assert_eq(final_pc, initial_pc);
    // Only the last stretch may end the execution: what follows an exit is not part of it.
    b.builder.assert_zero(is_terminate);
    b.builder.assert_zero(exit_code);
}
