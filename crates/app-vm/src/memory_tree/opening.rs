//! The Merkle proof of a run's public values against the last memory root.

use finial_executor::{PUBLIC_VALUES, TREE_HEIGHT, leaf_label};
use finial_protocol::Digest;
use serde::{Deserialize, Serialize};

use super::{MemoryTree, leaf_hash, node_hash};

/// Height of the subtree that holds the 32 public-value cells: four leaves.
pub const PUBLIC_VALUES_HEIGHT: u32 = 2;
/// Siblings above that subtree.
pub const PUBLIC_VALUES_PATH: usize = (TREE_HEIGHT - PUBLIC_VALUES_HEIGHT) as usize;

const PUBLIC_VALUES_LABEL: u32 = leaf_label(PUBLIC_VALUES, 0) >> PUBLIC_VALUES_HEIGHT;

/// The 32 public-value bytes of a memory, and the siblings from their subtree up to the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicValuesOpening {
    /// The bytes, one to a cell.
    pub values: [u8; 32],
    /// Siblings, the lowest first.
    pub siblings: [Digest; PUBLIC_VALUES_PATH],
}

impl PublicValuesOpening {
    /// The root of the public values' subtree: `public_values_commit`.
    pub fn commitment(&self) -> Digest {
        let (leaves, _) = self.values.as_chunks::<8>();
        let mut hashes = leaves.iter().map(|bytes| leaf_hash(&bytes.map(u16::from)));
        let mut next = || hashes.next().unwrap_or_default();
        let left = node_hash(next(), next());
        let right = node_hash(next(), next());
        node_hash(left, right)
    }

    /// The memory root that this opening leads to.
    pub fn root(&self) -> Digest {
        let start = (self.commitment(), PUBLIC_VALUES_LABEL);
        let (root, _) = self.siblings.iter().fold(start, |(hash, label), &sibling| {
            let parent = if label & 1 == 0 { node_hash(hash, sibling) } else { node_hash(sibling, hash) };
            (parent, label >> 1)
        });
        root
    }
}

impl MemoryTree {
    /// Opens the public values; `None` if a cell is not a byte, which no proven execution leaves behind.
    #[must_use]
    pub fn open_public_values(&self) -> Option<PublicValuesOpening> {
        let mut values = [0; 32];
        for (i, value) in values.iter_mut().enumerate() {
            let cells = self.leaf(leaf_label(PUBLIC_VALUES, (i / 8) as u32));
            *value = u8::try_from(*cells.get(i % 8)?).ok()?;
        }
        let siblings = self.open(PUBLIC_VALUES_HEIGHT, PUBLIC_VALUES_LABEL).try_into().ok()?;
        Some(PublicValuesOpening { values, siblings })
    }
}
