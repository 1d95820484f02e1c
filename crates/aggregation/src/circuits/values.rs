//! Public values in a program: blocks of four.

use finial_agg_vm::Cell;
use finial_protocol::{Digest, Val};
use finial_public_values::NODE_PVS;
use finial_recursion::agg::{AggBackend, DigestCells};
use finial_recursion::backend::Backend;

/// Elements of a block.
pub const BLOCK: usize = 4;

/// The public values of a node as blocks: `finial_public_values::InternalVmVerifierPvs`.
#[derive(Clone, Copy)]
pub struct NodeCells {
    pub app_commit: DigestCells,
    /// is_terminate, initial_pc, final_pc, exit_code.
    pub connector: Cell,
    pub initial_root: DigestCells,
    pub final_root: DigestCells,
    pub public_values_commit: DigestCells,
    pub leaf_verifier_commit: DigestCells,
    pub internal_program_commit: DigestCells,
}

impl NodeCells {
    /// From the blocks of a list of 52 values.
    pub fn from_blocks(blocks: &[Cell]) -> Self {
        let digest = |i: usize| [blocks[i], blocks[i + 1]];
        Self {
            app_commit: digest(0),
            connector: blocks[2],
            initial_root: digest(3),
            final_root: digest(5),
            public_values_commit: digest(7),
            leaf_verifier_commit: digest(9),
            internal_program_commit: digest(11),
        }
    }

    /// Exposes them as the program's public values.
    pub fn expose(&self, b: &mut AggBackend) {
        let digests = [
            (0, self.app_commit),
            (3, self.initial_root),
            (5, self.final_root),
            (7, self.public_values_commit),
            (9, self.leaf_verifier_commit),
            (11, self.internal_program_commit),
        ];
        for (index, [low, high]) in digests {
            b.builder.set_public(index, low);
            b.builder.set_public(index + 1, high);
        }
        b.builder.set_public(2, self.connector);
    }
}

/// Reads a list of public values: its blocks, and its single elements for a transcript.
pub fn read_values(b: &mut AggBackend, len: usize, values: Option<&[Val]>) -> (Vec<Cell>, Vec<Cell>) {
    assert_eq!(len % BLOCK, 0, "public values come in blocks");
    let blocks: Vec<Cell> = (0..len / BLOCK)
        .map(|i| b.read_block(values.map(|values| core::array::from_fn(|j| values[BLOCK * i + j]))))
        .collect();
    let felts = blocks.iter().flat_map(|block| b.builder.unpack(*block)).collect();
    (blocks, felts)
}

/// Reads the 52 public values of an Agg VM proof.
pub fn read_node(b: &mut AggBackend, values: Option<&[Val]>) -> (NodeCells, Vec<Cell>) {
    let (blocks, felts) = read_values(b, NODE_PVS, values);
    (NodeCells::from_blocks(&blocks), felts)
}

/// Demands that two digests are one.
pub fn assert_digests_equal(b: &mut AggBackend, left: DigestCells, right: DigestCells) {
    for (left, right) in left.into_iter().zip(right) {
        b.builder.assert_eq(left, right);
    }
}

/// A digest as a constant of the program.
pub fn constant_digest(b: &mut AggBackend, digest: &Digest) -> DigestCells {
    [0, BLOCK].map(|start| {
        let value = p3_field::BasedVectorSpace::from_basis_coefficients_fn(|i| digest[start + i]);
        b.constant(value)
    })
}

/// The zero digest.
pub fn zero_digest(b: &mut AggBackend) -> DigestCells {
    [b.builder.zero(); 2]
}
