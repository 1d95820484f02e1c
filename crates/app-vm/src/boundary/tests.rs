//! The table alone; the attacks on the memory argument as a whole are in `merkle/tests.rs`.

use finial_executor::{REGISTERS, TouchedLeaf};
use finial_protocol::Val;
use p3_field::PrimeCharacteristicRing;

use super::{BOUNDARY_WIDTH, BoundaryColumns, trace};
use crate::memory_tree::{MemoryTree, leaf_hash};
use crate::merkle::MemoryWitness;

#[test]
fn rows_hold_the_leaf_in_both_directions() {
    let leaf = TouchedLeaf {
        space: REGISTERS,
        leaf: 3,
        initial: [0; 4],
        final_: [1, 0x2_0003, 0, 0],
        final_ts: [8, 9, 0, 16],
    };
    let witness = MemoryWitness::new(&MemoryTree::zero(), &[leaf]).unwrap();
    assert_eq!(trace::rows(&witness), 2);
    let trace = trace::generate(&witness, 2);
    let row =
        |i: usize| BoundaryColumns::from_row(&trace.values[i * BOUNDARY_WIDTH..(i + 1) * BOUNDARY_WIDTH]);
    assert_eq!(row(0).direction, Val::ONE);
    assert_eq!(row(0).timestamps, [Val::ZERO; 4]);
    assert_eq!(row(0).hash, leaf_hash(&[0; 8]));
    assert_eq!(row(1).direction, Val::NEG_ONE);
    assert_eq!(row(1).cells, [1, 0, 3, 2, 0, 0, 0, 0].map(Val::from_u8));
    assert_eq!(row(1).timestamps, [8, 9, 0, 16].map(Val::from_u8));
    assert_eq!((row(2).direction, row(2).space), (Val::ZERO, Val::ONE));
}
