//! The memory of a run as a Merkle tree: 2^27 leaves of eight 16-bit cells.
//!
//! The label of a leaf is `(space − 1) · 2^25 + leaf` ([`finial_executor::leaf_label`]); the children of node `x` are
//! `2x` and `2x + 1`; the root has label 0 and height 27. A leaf's hash is `compress(cells, 0)`, a node's is
//! `compress(left, right)`. Trees are persistent: an update copies the paths that changed and shares all else, so a
//! clone is a snapshot and costs nothing.

mod node;
mod opening;
#[cfg(test)]
mod tests;

use finial_executor::{GUEST_MEMORY, LEAF_WORDS, TREE_HEIGHT, TouchedLeaf, leaf_label};
use finial_protocol::Digest;
use finial_riscv::Program;
use thiserror::Error;

pub(crate) use node::Node;
pub use node::{leaf_hash, node_hash};
pub use opening::{PUBLIC_VALUES_HEIGHT, PUBLIC_VALUES_PATH, PublicValuesOpening};

/// Eight 16-bit cells: four words, the low limb first.
pub type Cells = [u16; 8];

/// The cells of four words.
#[must_use]
pub fn cells_of_words(words: &[u32; 4]) -> Cells {
    core::array::from_fn(|i| {
        let word = words[i / 2];
        if i % 2 == 0 { (word & 0xffff) as u16 } else { (word >> 16) as u16 }
    })
}

/// A record that does not fit the tree it is applied to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    /// The leaves are not strictly ascending, or a label is outside the tree.
    #[error("touched leaf {0} of the record is out of order or outside the memory tree")]
    Order(usize),
    /// The record starts from other cells than the tree holds.
    #[error("the record's initial cells of leaf {label:#x} differ from the memory before the segment")]
    Initial {
        /// Label of the leaf.
        label: u32,
    },
}

/// A memory state.
#[derive(Clone, Debug)]
pub struct MemoryTree {
    root: Node,
}

impl Default for MemoryTree {
    fn default() -> Self {
        Self::zero()
    }
}

impl MemoryTree {
    /// The memory whose cells are all zero.
    #[must_use]
    pub const fn zero() -> Self {
        Self { root: Node::Zero }
    }

    /// The memory before the first segment of a program: its image; registers and public values are zero.
    #[must_use]
    pub fn of_program(program: &Program) -> Self {
        let mut leaves: Vec<(u32, Cells)> = Vec::new();
        for (&address, &word) in &program.image {
            let index = address / 4;
            let label = leaf_label(GUEST_MEMORY, index / LEAF_WORDS);
            if leaves.last().is_none_or(|&(last, _)| last != label) {
                leaves.push((label, [0; 8]));
            }
            if let Some((_, cells)) = leaves.last_mut() {
                let at = 2 * (index % LEAF_WORDS) as usize;
                cells[at] = (word & 0xffff) as u16;
                cells[at + 1] = (word >> 16) as u16;
            }
        }
        Self::zero().update(&leaves)
    }

    /// The Merkle root.
    pub fn root(&self) -> Digest {
        self.root.hash(TREE_HEIGHT)
    }

    /// The cells of a leaf.
    #[must_use]
    pub fn leaf(&self, label: u32) -> Cells {
        match self.node(0, label) {
            Node::Leaf(leaf) => leaf.cells,
            _ => [0; 8],
        }
    }

    /// The hash of the node of this height and label.
    pub fn hash(&self, height: u32, label: u32) -> Digest {
        self.node(height, label).hash(height)
    }

    /// The siblings on the way from the node of this height and label to the root, the lowest first.
    #[must_use]
    pub fn open(&self, height: u32, label: u32) -> Vec<Digest> {
        (height..TREE_HEIGHT).map(|level| self.hash(level, (label >> (level - height)) ^ 1)).collect()
    }

    /// The tree with `leaves` replaced; they are strictly ascending by label, labels below 2^27.
    ///
    /// # Panics
    /// If they are not: the callers in this crate build or check the list.
    #[must_use]
    pub fn update(&self, leaves: &[(u32, Cells)]) -> Self {
        assert!(leaves.windows(2).all(|pair| pair[0].0 < pair[1].0), "leaves must ascend");
        assert!(leaves.last().is_none_or(|last| last.0 >> TREE_HEIGHT == 0), "label outside the tree");
        Self { root: self.root.update(TREE_HEIGHT, 0, leaves) }
    }

    /// The memory after a segment that touched these leaves.
    ///
    /// # Errors
    /// [`TreeError`] if the leaves are out of order or start from other cells than this tree has.
    pub fn after(&self, touched: &[TouchedLeaf]) -> Result<Self, TreeError> {
        let mut leaves = Vec::with_capacity(touched.len());
        for (i, leaf) in touched.iter().enumerate() {
            let label = checked_label(leaf).ok_or(TreeError::Order(i))?;
            if leaves.last().is_some_and(|&(last, _)| last >= label) {
                return Err(TreeError::Order(i));
            }
            if self.leaf(label) != cells_of_words(&leaf.initial) {
                return Err(TreeError::Initial { label });
            }
            leaves.push((label, cells_of_words(&leaf.final_)));
        }
        // Leaves that were only read need no new node.
        leaves.retain(|(label, cells)| self.leaf(*label) != *cells);
        Ok(self.update(&leaves))
    }

    pub(crate) const fn root_node(&self) -> &Node {
        &self.root
    }

    fn node(&self, height: u32, label: u32) -> &Node {
        (height..TREE_HEIGHT).rev().fold(&self.root, |node, level| {
            let (left, right) = node.children();
            if (label >> (level - height)) & 1 == 0 { left } else { right }
        })
    }
}

fn checked_label(leaf: &TouchedLeaf) -> Option<u32> {
    let in_range = (1..=3).contains(&leaf.space) && leaf.leaf < 1 << 25;
    in_range.then(|| leaf_label(leaf.space, leaf.leaf))
}
