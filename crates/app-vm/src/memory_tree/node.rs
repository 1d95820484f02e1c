//! Nodes of the memory tree and their hashes.

use std::sync::{Arc, LazyLock};

use finial_executor::TREE_HEIGHT;
use finial_protocol::fields::{Compression, permutation};
use finial_protocol::{Digest, Val};
use p3_field::PrimeCharacteristicRing;
use p3_symmetric::PseudoCompressionFunction;

use super::Cells;

/// Below this many leaves an update runs on one thread.
const PARALLEL_LEAVES: usize = 128;

static COMPRESSION: LazyLock<Compression> = LazyLock::new(|| Compression::new(permutation()));

/// Hash of the all-zero subtree of each height.
static ZERO_HASHES: LazyLock<Vec<Digest>> = LazyLock::new(|| {
    let mut hashes = vec![leaf_hash(&[0; 8])];
    for height in 0..TREE_HEIGHT as usize {
        hashes.push(node_hash(hashes[height], hashes[height]));
    }
    hashes
});

/// The hash of a leaf: its cells compressed with eight zeros.
pub fn leaf_hash(cells: &Cells) -> Digest {
    node_hash(cells.map(Val::from_u16), [Val::ZERO; 8])
}

/// The hash of a node from those of its children.
pub fn node_hash(left: Digest, right: Digest) -> Digest {
    COMPRESSION.compress([left, right])
}

#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) cells: Cells,
    hash: Digest,
}

#[derive(Debug)]
pub(crate) struct Inner {
    hash: Digest,
    left: Node,
    right: Node,
}

/// A subtree; its height is known from where it hangs.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// All cells are zero.
    Zero,
    Leaf(Arc<Leaf>),
    Inner(Arc<Inner>),
}

static ZERO: Node = Node::Zero;

impl Node {
    pub(crate) fn hash(&self, height: u32) -> Digest {
        match self {
            Self::Zero => ZERO_HASHES[height as usize],
            Self::Leaf(leaf) => leaf.hash,
            Self::Inner(inner) => inner.hash,
        }
    }

    pub(crate) fn children(&self) -> (&Self, &Self) {
        match self {
            Self::Inner(inner) => (&inner.left, &inner.right),
            _ => (&ZERO, &ZERO),
        }
    }

    /// This subtree, of `height` and `label`, with `leaves` (ascending, all inside it) replaced.
    pub(crate) fn update(&self, height: u32, label: u32, leaves: &[(u32, Cells)]) -> Self {
        let Some(&(_, cells)) = leaves.first() else {
            return self.clone();
        };
        if height == 0 {
            return Self::Leaf(Arc::new(Leaf { cells, hash: leaf_hash(&cells) }));
        }
        let first_of_right = (2 * label + 1) << (height - 1);
        let (lower, upper) = leaves.split_at(leaves.partition_point(|leaf| leaf.0 < first_of_right));
        let (old_left, old_right) = self.children();
        let update_left = || old_left.update(height - 1, 2 * label, lower);
        let update_right = || old_right.update(height - 1, 2 * label + 1, upper);
        let (left, right) = if leaves.len() < PARALLEL_LEAVES {
            (update_left(), update_right())
        } else {
            rayon::join(update_left, update_right)
        };
        let hash = node_hash(left.hash(height - 1), right.hash(height - 1));
        Self::Inner(Arc::new(Inner { hash, left, right }))
    }
}
