//! What the boundary, Merkle and Poseidon2 tables of a segment are made from.

use finial_executor::{TREE_HEIGHT, TouchedLeaf, leaf_label};
use finial_protocol::Digest;

use crate::memory_tree::{MemoryTree, Node, TreeError};

/// A touched leaf and its hashes.
#[derive(Clone, Debug)]
pub struct LeafWitness {
    /// The leaf.
    pub touched: TouchedLeaf,
    /// Its hash before the segment.
    pub initial_hash: Digest,
    /// Its hash after the segment.
    pub final_hash: Digest,
}

/// A node's hash and those of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeHashes {
    /// The node.
    pub parent: Digest,
    /// Its left child.
    pub left: Digest,
    /// Its right child.
    pub right: Digest,
}

/// A node above a touched leaf.
#[derive(Clone, Debug)]
pub struct NodeWitness {
    /// Height of its children.
    pub height: u32,
    /// Label of the node.
    pub label: u32,
    /// Whether a leaf below the left child was touched.
    pub left_touched: bool,
    /// Whether a leaf below the right child was touched.
    pub right_touched: bool,
    /// Hashes before the segment.
    pub initial: NodeHashes,
    /// Hashes after the segment.
    pub last: NodeHashes,
}

/// The memory argument of one segment.
#[derive(Clone, Debug)]
pub struct MemoryWitness {
    leaves: Vec<LeafWitness>,
    nodes: Vec<NodeWitness>,
    before: MemoryTree,
    after: MemoryTree,
}

impl MemoryWitness {
    /// From the memory before the segment and the leaves it touched (ascending, as a record lists them).
    ///
    /// # Errors
    /// [`TreeError`] if the leaves do not fit the memory.
    pub fn new(before: &MemoryTree, touched: &[TouchedLeaf]) -> Result<Self, TreeError> {
        let after = before.after(touched)?;
        let mut witness =
            Self { leaves: vec![], nodes: vec![], before: before.clone(), after: after.clone() };
        witness.leaves.reserve_exact(touched.len());
        witness.visit(before.root_node(), after.root_node(), TREE_HEIGHT, 0, touched);
        Ok(witness)
    }

    /// Adds the node of this height and label, whose touched leaves are given, and everything touched below it.
    fn visit(&mut self, before: &Node, after: &Node, height: u32, label: u32, touched: &[TouchedLeaf]) {
        if height == 0 {
            self.leaves.extend(touched.first().map(|&touched| LeafWitness {
                touched,
                initial_hash: before.hash(0),
                final_hash: after.hash(0),
            }));
            return;
        }
        let below = height - 1;
        let first_of_right = (2 * label + 1) << below;
        let split = touched.partition_point(|leaf| leaf_label(leaf.space, leaf.leaf) < first_of_right);
        let (lower, upper) = touched.split_at(split);
        self.nodes.push(NodeWitness {
            height: below,
            label,
            left_touched: !lower.is_empty(),
            right_touched: !upper.is_empty(),
            initial: node_hashes(before, height),
            last: node_hashes(after, height),
        });
        let ((left_before, right_before), (left_after, right_after)) = (before.children(), after.children());
        if !lower.is_empty() {
            self.visit(left_before, left_after, below, 2 * label, lower);
        }
        if !upper.is_empty() {
            self.visit(right_before, right_after, below, 2 * label + 1, upper);
        }
    }

    /// The touched leaves, ascending.
    #[must_use]
    pub const fn leaves(&self) -> &Vec<LeafWitness> {
        &self.leaves
    }

    /// The nodes above them; the root is always the first.
    #[must_use]
    pub const fn nodes(&self) -> &Vec<NodeWitness> {
        &self.nodes
    }

    /// The root before the segment.
    pub fn initial_root(&self) -> Digest {
        self.before.root()
    }

    /// The root after the segment.
    pub fn final_root(&self) -> Digest {
        self.after.root()
    }

    /// The memory after the segment.
    #[must_use]
    pub const fn after(&self) -> &MemoryTree {
        &self.after
    }

    /// The values that the Merkle table looks up on RANGE12: a height for each node and direction.
    pub fn range12_values(&self) -> impl Iterator<Item = u32> + '_ {
        self.nodes.iter().flat_map(|node| [node.height; 2])
    }
}

fn node_hashes(node: &Node, height: u32) -> NodeHashes {
    let (left, right) = node.children();
    NodeHashes { parent: node.hash(height), left: left.hash(height - 1), right: right.hash(height - 1) }
}
