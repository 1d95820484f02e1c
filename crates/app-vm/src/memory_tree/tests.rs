use std::collections::BTreeMap;

use finial_executor::{GUEST_MEMORY, PUBLIC_VALUES, REGISTERS, TREE_HEIGHT, TouchedLeaf, leaf_label};
use finial_riscv::Program;

use super::*;

/// The root of a sparse memory, level by level, without any tree.
fn reference_root(leaves: &BTreeMap<u32, Cells>) -> Digest {
    let mut zero = leaf_hash(&[0; 8]);
    let mut level: BTreeMap<u32, Digest> =
        leaves.iter().map(|(&label, cells)| (label, leaf_hash(cells))).collect();
    for _ in 0..TREE_HEIGHT {
        let parents: BTreeMap<u32, Digest> = level
            .keys()
            .map(|label| {
                let child = |x: u32| level.get(&x).copied().unwrap_or(zero);
                (label / 2, node_hash(child(label & !1), child(label | 1)))
            })
            .collect();
        level = parents;
        zero = node_hash(zero, zero);
    }
    level.get(&0).copied().unwrap_or(zero)
}

fn scattered(count: u32, salt: u32) -> BTreeMap<u32, Cells> {
    (0..count)
        .map(|i| {
            let label = i.wrapping_mul(0x9e37_79b9).wrapping_add(salt) >> (32 - TREE_HEIGHT);
            (label, core::array::from_fn(|j| (i + salt) as u16 ^ ((j as u16) << 9)))
        })
        .collect()
}

fn list(map: &BTreeMap<u32, Cells>) -> Vec<(u32, Cells)> {
    map.iter().map(|(&label, &cells)| (label, cells)).collect()
}

#[test]
fn root_is_that_of_the_plain_tree() {
    assert_eq!(MemoryTree::zero().root(), reference_root(&BTreeMap::new()));
    let leaves = scattered(300, 7);
    assert_eq!(MemoryTree::zero().update(&list(&leaves)).root(), reference_root(&leaves));
}

#[test]
fn update_keeps_the_snapshot() {
    let mut leaves = scattered(200, 1);
    let before = MemoryTree::zero().update(&list(&leaves));
    let root = before.root();
    let changes = scattered(50, 99);
    let after = before.update(&list(&changes));
    leaves.extend(changes);
    assert_eq!(after.root(), reference_root(&leaves));
    assert_eq!(before.root(), root);
    for (&label, cells) in &leaves {
        assert_eq!(after.leaf(label), *cells);
    }
}

#[test]
fn image_lands_in_guest_memory() {
    let image = BTreeMap::from([(0x1000, 0xdead_beef), (0x1004, 0x1_0000), (0x100c, 5), (0x1010, 6)]);
    let program = Program { entry: 0x1000, pc_base: 0x1000, instructions: vec![], image };
    let tree = MemoryTree::of_program(&program);
    assert_eq!(tree.leaf(leaf_label(GUEST_MEMORY, 0x100)), [0xbeef, 0xdead, 0, 1, 0, 0, 5, 0]);
    assert_eq!(tree.leaf(leaf_label(GUEST_MEMORY, 0x101)), [6, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(tree.leaf(leaf_label(REGISTERS, 0x100)), [0; 8]);
}

#[test]
fn public_values_open_to_the_root() {
    let bytes: [u8; 32] = core::array::from_fn(|i| (7 * i + 1) as u8);
    let mut leaves = scattered(40, 3);
    for i in 0..4 {
        let cells = core::array::from_fn(|j| u16::from(bytes[8 * i + j]));
        leaves.insert(leaf_label(PUBLIC_VALUES, i as u32), cells);
    }
    let tree = MemoryTree::zero().update(&list(&leaves));
    let opening = tree.open_public_values().unwrap();
    assert_eq!(opening.values, bytes);
    assert_eq!(opening.root(), tree.root());
    assert_eq!(opening.commitment(), tree.hash(2, leaf_label(PUBLIC_VALUES, 0) >> 2));

    let mut forged = opening.clone();
    forged.values[31] ^= 1;
    assert_ne!(forged.root(), tree.root());
    let mut forged = opening;
    forged.siblings[24][0] += forged.siblings[0][1];
    assert_ne!(forged.root(), tree.root());
}

#[test]
fn cells_that_are_no_bytes_do_not_open() {
    let tree = MemoryTree::zero().update(&[(leaf_label(PUBLIC_VALUES, 3), [0, 0, 0, 0, 0, 0, 0, 256])]);
    assert!(tree.open_public_values().is_none());
}

#[test]
fn a_record_of_another_memory_is_refused() {
    let touch = |leaf, initial| TouchedLeaf {
        space: GUEST_MEMORY,
        leaf,
        initial: [initial, 0, 0, 0],
        final_: [9, 0, 0, 0],
        final_ts: [10, 0, 0, 0],
    };
    let tree = MemoryTree::zero();
    assert!(tree.after(&[touch(1, 0), touch(2, 0)]).is_ok());
    assert_eq!(tree.after(&[touch(2, 0), touch(1, 0)]).unwrap_err(), TreeError::Order(1));
    assert_eq!(tree.after(&[touch(1 << 25, 0)]).unwrap_err(), TreeError::Order(0));
    let label = leaf_label(GUEST_MEMORY, 1);
    assert_eq!(tree.after(&[touch(1, 4)]).unwrap_err(), TreeError::Initial { label });
}
