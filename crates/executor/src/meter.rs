//! What the current segment has consumed, and whether it may consume more.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

use crate::{Counts, Resource, SegmentPolicy, TREE_HEIGHT, holds, leaf_label, record::MAX_SEGMENT_CYCLES};

/// A leaf the segment touched, with its words before the segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstTouch {
    pub(crate) space: u8,
    pub(crate) leaf: u32,
    pub(crate) initial: [u32; 4],
}

/// Meter of one segment.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) counts: Counts,
    pub(crate) touched: Vec<FirstTouch>,
    rows: Vec<Counts>,
    nodes: HashSet<u32, BuildHasherDefault<NodeHasher>>,
}

impl Meter {
    pub(crate) fn new(policy: &SegmentPolicy) -> Self {
        let mut rows = policy.capacities.clone();
        for row in &mut rows {
            let cycles = &mut row[Resource::Cycles as usize];
            *cycles = (*cycles).min(MAX_SEGMENT_CYCLES);
        }
        Self { counts: [0; Resource::COUNT], touched: Vec::new(), rows, nodes: HashSet::default() }
    }

    /// Begins the next segment.
    pub(crate) fn reset(&mut self) {
        self.counts = [0; Resource::COUNT];
        self.touched.clear();
        self.nodes.clear();
    }

    /// Number of cycles that fit whatever they do, as long as they touch no new leaf.
    pub(crate) fn slack(&self) -> u32 {
        let room = |row: &Counts| {
            let own = &row[..Resource::Leaf as usize];
            own.iter().zip(&self.counts).map(|(capacity, count)| capacity - count).min().unwrap_or(0)
        };
        self.rows.iter().filter(|row| holds(row, &self.counts)).map(room).max().unwrap_or(0)
    }

    /// Whether one more cycle of this resource fits.
    pub(crate) fn fits(&self, resource: Option<Resource>) -> bool {
        self.fits_with(resource, 0, 0)
    }

    fn fits_with(&self, resource: Option<Resource>, leaves: u32, nodes: u32) -> bool {
        let mut after = self.counts;
        after[Resource::Cycles as usize] += 1;
        after[Resource::Leaf as usize] += leaves;
        after[Resource::Node as usize] += nodes;
        if let Some(resource) = resource {
            after[resource as usize] += 1;
        }
        self.rows.iter().any(|row| holds(row, &after))
    }

    /// Admits leaves that a cycle of this resource touches first. If the cycle does not fit, the segment
    /// ends before it and the meter has to be reset.
    pub(crate) fn admit(&mut self, resource: Option<Resource>, fresh: &[FirstTouch]) -> bool {
        let leaves = fresh.len() as u32;
        let nodes = fresh.iter().map(|touch| self.climb(leaf_label(touch.space, touch.leaf))).sum();
        if !self.fits_with(resource, leaves, nodes) {
            return false;
        }
        self.counts[Resource::Leaf as usize] += leaves;
        self.counts[Resource::Node as usize] += nodes;
        self.touched.extend_from_slice(fresh);
        true
    }

    /// Marks the nodes above a leaf and returns how many were not marked yet. A node is named by its
    /// heap index.
    fn climb(&mut self, label: u32) -> u32 {
        let mut node = ((1 << TREE_HEIGHT) | label) >> 1;
        let mut new = 0;
        while node > 0 && self.nodes.insert(node) {
            new += 1;
            node >>= 1;
        }
        new
    }
}

/// Multiplicative hash of a node index; nothing adversarial depends on it but speed.
#[derive(Default, Debug)]
pub(crate) struct NodeHasher(u64);

impl Hasher for NodeHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        let mixed = (self.0 ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
