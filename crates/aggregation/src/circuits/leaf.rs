//! The leaf program of one segment shape: one segment proof, and the public values' subtree in its final memory.

use finial_protocol::{Digest, Ext4, InnerConfig, VerifyingKey};
use finial_public_values::SEGMENT_PVS;
use finial_recursion::agg::AggBackend;
use finial_recursion::backend::Backend;
use finial_recursion::{Statement, UnpackedProof, verify};

use super::values::{NodeCells, assert_digests_equal, read_values, zero_digest};
use super::{Made, infallible, made};

/// Levels between the public values' subtree and the memory root.
const PATH: usize = finial_app_vm::memory_tree::PUBLIC_VALUES_PATH;
/// Whether the node is a right child, from the subtree up: the subtree stands at leaf 0 of address space 3, whose label
/// is 3 − 1 = 0b10 in the top two levels.
const fn is_right_child(level: usize) -> bool {
    level == PATH - 1
}

/// What a leaf proves.
#[derive(Clone, Debug)]
pub struct LeafWitness {
    /// The segment's proof.
    pub proof: UnpackedProof<Ext4, Digest>,
    /// Root of the public values' subtree in the segment's final memory.
    pub public_values_commit: Digest,
    /// Siblings from the subtree up.
    pub path: Vec<Digest>,
}

/// The program for segments of the shape of `segment`, and the hints for `witness`.
#[must_use]
pub fn leaf_program(segment: &VerifyingKey<InnerConfig>, witness: Option<&LeafWitness>) -> Made {
    let mut b = AggBackend::new();
    let proof = witness.map(|w| &w.proof);
    let speaking = segment.shape.tables.iter().position(|t| t.num_public_values > 0);
    let table = speaking.expect("a segment proof has public values");
    assert_eq!(segment.shape.tables[table].num_public_values, SEGMENT_PVS, "one table carries them all");

    // Whatever program the segment ran: its commitment goes upward.
    let app_commit = b.read_digest(proof.map(|p| p.preprocessed[0]));
    let (blocks, felts) = read_values(&mut b, SEGMENT_PVS, proof.map(|p| &p.public_values[table][..]));
    let mut public_values = vec![vec![]; segment.shape.tables.len()];
    public_values[table] = felts;
    let statement = Statement::<AggBackend> { preprocessed: vec![app_commit], public_values };
    infallible(verify(&mut b, &segment.shape, &segment.digest, &statement, proof));

    let final_root = [blocks[3], blocks[4]];
    let public_values_commit = b.read_digest(witness.map(|w| w.public_values_commit));
    let root = b.scope("public values", |b| {
        (0..PATH).fold(public_values_commit, |node, level| {
            let sibling = b.read_digest(witness.map(|w| w.path[level]));
            let (left, right) = if is_right_child(level) { (sibling, node) } else { (node, sibling) };
            b.builder.compress(left, right)
        })
    });
    assert_digests_equal(&mut b, root, final_root);

    let zero = zero_digest(&mut b);
    let node = NodeCells {
        app_commit,
        connector: blocks[0],
        initial_root: [blocks[1], blocks[2]],
        final_root,
        public_values_commit,
        leaf_verifier_commit: zero,
        internal_program_commit: zero,
    };
    node.expose(&mut b);
    made(b)
}
