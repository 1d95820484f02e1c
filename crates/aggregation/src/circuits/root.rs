//! The root program: one shrink proof, complete, turned into what a chain checks.

use finial_protocol::{Digest, Ext4, InnerConfig, Val, VerifyingKey};
use finial_public_values::{USER_PUBLIC_VALUES, VERSION};
use finial_recursion::agg::{AggBackend, DigestCells};
use finial_recursion::backend::Backend;
use finial_recursion::{Statement, UnpackedProof, verify};
use p3_field::PrimeCharacteristicRing;

use super::values::{BLOCK, NodeCells, assert_digests_equal, constant_digest, read_node, zero_digest};
use super::{Made, infallible, made};

/// Bits of a byte.
const BYTE_BITS: usize = 8;

/// What the root proves.
#[derive(Clone, Debug)]
pub struct RootWitness {
    /// The shrink proof.
    pub proof: UnpackedProof<Ext4, Digest>,
    /// The user public values.
    pub public_values: [u8; USER_PUBLIC_VALUES],
}

/// The program, and the hints for `witness`.
///
/// `shrink_commit` is the shrink program's preprocessed root: no other program's proof is accepted.
#[must_use]
pub fn root_program(
    shrink: &VerifyingKey<InnerConfig>,
    shrink_commit: &[Digest],
    witness: Option<&RootWitness>,
) -> Made {
    let mut b = AggBackend::new();
    let proof = witness.map(|w| &w.proof);
    let preprocessed = shrink_commit.iter().map(|digest| constant_digest(&mut b, digest)).collect();
    let table = shrink.shape.tables.len() - 1;
    let (node, felts) = read_node(&mut b, proof.map(|p| &p.public_values[table][..]));
    let mut public_values = vec![vec![]; table];
    public_values.push(felts);
    let statement = Statement::<AggBackend> { preprocessed, public_values };
    infallible(verify(&mut b, &shrink.shape, &shrink.digest, &statement, proof));

    let initial_pc = b.scope("completion", |b| check_complete(b, &node));
    let exe_commit = b.scope("exe commit", |b| exe_commit(b, &node, initial_pc));
    let blocks =
        b.scope("public values", |b| open_public_values(b, &node, witness.map(|w| &w.public_values)));
    expose(&mut b, exe_commit, node.leaf_verifier_commit, &blocks);
    made(b)
}

/// The execution ended, and with exit code zero. Gives the first program counter.
fn check_complete(b: &mut AggBackend, node: &NodeCells) -> finial_agg_vm::Cell {
    let [is_terminate, initial_pc, _, exit_code] = b.builder.unpack(node.connector);
    let one = b.builder.one();
    b.builder.assert_eq(is_terminate, one);
    b.builder.assert_zero(exit_code);
    initial_pc
}

/// `finial_public_values::exe_commit`, in the circuit.
fn exe_commit(b: &mut AggBackend, node: &NodeCells, initial_pc: finial_agg_vm::Cell) -> DigestCells {
    let zero = b.builder.zero();
    let version = b.builder.felt(Val::from_u32(VERSION));
    let entry = b.builder.pack([initial_pc, version, zero, zero]);
    let state = b.builder.compress(node.app_commit, node.initial_root);
    b.builder.compress(state, [entry, zero])
}

/// Reads the 32 bytes, shows them to be bytes, and opens them against the last memory's subtree.
fn open_public_values(
    b: &mut AggBackend,
    node: &NodeCells,
    bytes: Option<&[u8; USER_PUBLIC_VALUES]>,
) -> Vec<finial_agg_vm::Cell> {
    let blocks: Vec<_> = (0..USER_PUBLIC_VALUES / BLOCK)
        .map(|i| {
            b.read_block(bytes.map(|bytes| core::array::from_fn(|j| Val::from_u8(bytes[BLOCK * i + j]))))
        })
        .collect();
    for block in &blocks {
        for byte in b.builder.unpack(*block) {
            b.builder.range_bits(byte, BYTE_BITS);
        }
    }
    let zero = zero_digest(b);
    let leaves: Vec<DigestCells> =
        blocks.chunks(2).map(|cells| b.builder.compress([cells[0], cells[1]], zero)).collect();
    let left = b.builder.compress(leaves[0], leaves[1]);
    let right = b.builder.compress(leaves[2], leaves[3]);
    let root = b.builder.compress(left, right);
    assert_digests_equal(b, root, node.public_values_commit);
    blocks
}

/// `RootVmVerifierPvs`, zeros behind.
fn expose(b: &mut AggBackend, exe_commit: DigestCells, leaf: DigestCells, bytes: &[finial_agg_vm::Cell]) {
    let values = exe_commit.into_iter().chain(leaf).chain(bytes.iter().copied());
    for (index, cell) in values.enumerate() {
        b.builder.set_public(index, cell);
    }
}
