//! The memory argument as a whole: Boundary, Merkle and Poseidon2 against a stand-in for the other tables.

use finial_executor::{GUEST_MEMORY, PUBLIC_VALUES, REGISTERS, TouchedLeaf};
use finial_protocol::machine::NamedTable;
use finial_protocol::{Digest, InnerConfig, ProvingKey, Val, params};
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;

use super::{MERKLE_WIDTH, MemoryWitness, MerkleAir, MerkleColumns, push_root_messages, trace};
use crate::boundary::{self, BOUNDARY_WIDTH, BoundaryAir, BoundaryColumns};
use crate::buses;
use crate::check::{Table, Violation, check};
use crate::memory_tree::{MemoryTree, cells_of_words, node_hash};
use crate::poseidon2::{self, Poseidon2Air};

/// The tables under test, and what stands for the others: the Connector's roots, and messages posted by hand.
#[derive(Clone, Copy)]
enum TestAir {
    Boundary(BoundaryAir),
    Merkle(MerkleAir),
    Poseidon2(Poseidon2Air),
    Roots,
    Post { bus: &'static str, width: usize },
}

impl BaseAir<Val> for TestAir {
    fn width(&self) -> usize {
        match self {
            Self::Boundary(air) => air.width(),
            Self::Merkle(air) => air.width(),
            Self::Poseidon2(air) => air.width(),
            Self::Roots => 1,
            Self::Post { width, .. } => width + 1,
        }
    }

    fn num_public_values(&self) -> usize {
        if matches!(self, Self::Roots) { 16 } else { 0 }
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }
}

impl NamedTable for TestAir {
    fn name(&self) -> String {
        match self {
            Self::Boundary(_) => "boundary".into(),
            Self::Merkle(_) => "merkle".into(),
            Self::Poseidon2(_) => "poseidon2".into(),
            Self::Roots => "roots".into(),
            Self::Post { bus, .. } => format!("post {bus}"),
        }
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for TestAir {
    fn eval(&self, builder: &mut AB) {
        match self {
            Self::Boundary(air) => air.eval(builder),
            Self::Merkle(air) => air.eval(builder),
            Self::Poseidon2(air) => air.eval(builder),
            Self::Roots => {
                let flag = builder.main().current_slice()[0].into();
                let roots: Vec<AB::Expr> = builder.public_values().iter().map(|&x| x.into()).collect();
                let root = |from: usize| core::array::from_fn(|i| roots[from + i].clone());
                push_root_messages(builder, flag, root(0), root(8));
            }
            Self::Post { bus, .. } => {
                let main = builder.main();
                let (count, message) = main.current_slice().split_first().unwrap();
                let message: Vec<AB::Var> = message.to_vec();
                builder.push_interaction(bus, message, Count::bounded((*count).into(), 1));
            }
        }
    }
}

const AIRS: [TestAir; 6] = [
    TestAir::Boundary(BoundaryAir),
    TestAir::Merkle(MerkleAir),
    TestAir::Poseidon2(Poseidon2Air),
    TestAir::Roots,
    TestAir::Post { bus: buses::MEMORY, width: 5 },
    TestAir::Post { bus: buses::RANGE12, width: 1 },
];

/// Traces of a segment's memory argument; tests tamper with them.
struct Segment {
    boundary: RowMajorMatrix<Val>,
    merkle: RowMajorMatrix<Val>,
    poseidon2: Vec<poseidon2::trace::Request>,
    memory: Vec<Val>,
    range12: Vec<Val>,
    roots: Vec<Val>,
}

fn touched() -> Vec<TouchedLeaf> {
    let leaf =
        |space, leaf, initial, final_, final_ts| TouchedLeaf { space, leaf, initial, final_, final_ts };
    vec![
        leaf(REGISTERS, 0, [0; 4], [0, 5, 0x1_0000, 0], [0, 9, 17, 12]),
        leaf(REGISTERS, 2, [0; 4], [0, 0, 0, 0], [8, 0, 0, 0]),
        leaf(GUEST_MEMORY, 0x100, [1, 2, 3, 0xffff_ffff], [1, 2, 4, 0xffff_ffff], [0, 0, 26, 0]),
        leaf(GUEST_MEMORY, 0x101, [7, 0, 0, 0], [7, 0, 0, 0], [34, 0, 0, 0]),
        leaf(PUBLIC_VALUES, 1, [0; 4], [0x00ab_0001, 0, 0, 0], [44, 0, 0, 0]),
    ]
}

fn before() -> MemoryTree {
    let mut leaves: Vec<_> = touched()
        .iter()
        .map(|t| (finial_executor::leaf_label(t.space, t.leaf), cells_of_words(&t.initial)))
        .collect();
    leaves.push((finial_executor::leaf_label(GUEST_MEMORY, 0x102), [9; 8]));
    leaves.sort_unstable();
    MemoryTree::zero().update(&leaves)
}

impl Segment {
    fn new() -> Self {
        Self::of(&MemoryWitness::new(&before(), &touched()).unwrap())
    }

    fn of(witness: &MemoryWitness) -> Self {
        let mut memory = vec![];
        for leaf in witness.leaves() {
            memory.extend(accesses(&leaf.touched));
        }
        let range12 = witness.range12_values().flat_map(|x| [Val::NEG_ONE, Val::from_u32(x)]).collect();
        Self {
            boundary: boundary::trace::generate(witness, 4),
            merkle: trace::generate(witness, 8),
            poseidon2: poseidon2::trace::requests(witness),
            memory,
            range12,
            roots: [witness.initial_root(), witness.final_root()].concat(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let poseidon2 = poseidon2::trace::generate(&self.poseidon2, 8);
        let airs = AIRS;
        let roots_trace = RowMajorMatrix::new(vec![Val::ONE, Val::ZERO], 1);
        let memory = RowMajorMatrix::new(self.memory.clone(), 6);
        let range12 = RowMajorMatrix::new(self.range12.clone(), 2);
        let traces = [&self.boundary, &self.merkle, &poseidon2, &roots_trace, &memory, &range12];
        let tables: Vec<_> = airs
            .iter()
            .zip(traces)
            .map(|(air, trace)| Table { air, trace, preprocessed: None, public_values: &self.roots })
            .collect();
        check(&tables, 1000)
    }

    fn unbalanced(&self) -> Vec<String> {
        let mut buses: Vec<String> = self
            .violations()
            .into_iter()
            .filter_map(|violation| if let Violation::Bus { bus, .. } = violation { Some(bus) } else { None })
            .collect();
        buses.dedup();
        buses
    }

    fn failed(&self, tag: &str) -> bool {
        self.violations().iter().any(|v| matches!(v, Violation::Constraint { tag: t, .. } if t == tag))
    }

    fn edit_boundary(&mut self, row: usize, edit: impl FnOnce(&mut BoundaryColumns<Val>)) {
        let slice = &mut self.boundary.values[row * BOUNDARY_WIDTH..(row + 1) * BOUNDARY_WIDTH];
        let mut columns = BoundaryColumns::from_row(slice);
        edit(&mut columns);
        columns.write(slice);
    }

    fn merkle_row(&self, row: usize) -> MerkleColumns<Val> {
        MerkleColumns::from_row(&self.merkle.values[row * MERKLE_WIDTH..(row + 1) * MERKLE_WIDTH])
    }

    fn edit_merkle(&mut self, row: usize, edit: impl FnOnce(&mut MerkleColumns<Val>)) {
        let mut columns = self.merkle_row(row);
        edit(&mut columns);
        columns.write(&mut self.merkle.values[row * MERKLE_WIDTH..(row + 1) * MERKLE_WIDTH]);
    }

    /// A prover who adds a Merkle row with all the hashes and ranges it asks for.
    fn add_merkle_row(&mut self, mut row: MerkleColumns<Val>) {
        row.parent = node_hash(row.left, row.right);
        let free = (0..self.merkle.values.len() / MERKLE_WIDTH)
            .find(|&i| self.merkle_row(i).direction == Val::ZERO)
            .unwrap();
        row.write(&mut self.merkle.values[free * MERKLE_WIDTH..(free + 1) * MERKLE_WIDTH]);
        self.ask(row.left, row.right);
        self.range12.extend([Val::NEG_ONE, row.height]);
    }

    fn ask(&mut self, left: Digest, right: Digest) {
        let input = [left, right].concat().try_into().unwrap();
        self.poseidon2.push(poseidon2::trace::Request { input, multiplicity: 1 });
    }
}

/// What the Cpu would do with a leaf: take each accessed word at timestamp 0, leave it at its last timestamp.
fn accesses(leaf: &TouchedLeaf) -> Vec<Val> {
    let mut rows = vec![];
    for i in (0..4).filter(|&i| leaf.final_ts[i] > 0) {
        let word = 4 * leaf.leaf + i as u32;
        let mut push = |count: Val, value: u32, ts: u32| {
            let fields = [u32::from(leaf.space), word, value & 0xffff, value >> 16, ts];
            rows.push(count);
            rows.extend(fields.map(Val::from_u32));
        };
        push(Val::NEG_ONE, leaf.initial[i], 0);
        push(Val::ONE, leaf.final_[i], leaf.final_ts[i]);
    }
    rows
}

#[test]
fn honest_segment_is_clean() {
    assert_eq!(Segment::new().violations(), vec![]);
}

#[test]
fn segment_that_touches_nothing_is_clean() {
    let witness = MemoryWitness::new(&before(), &[]).unwrap();
    let mut segment = Segment::of(&witness);
    segment.memory = vec![Val::ZERO; 6];
    assert_eq!(segment.violations(), vec![]);
    assert_eq!(witness.initial_root(), witness.final_root());
}

#[test]
fn another_root_does_not_balance() {
    for i in 0..16 {
        let mut segment = Segment::new();
        segment.roots[i] += Val::ONE;
        assert_eq!(segment.unbalanced(), [buses::MERKLE]);
    }
}

/// A second root row, with a tree of its own below it, would allow a second initial memory.
#[test]
fn two_root_rows_do_not_balance() {
    for row in [0, 1] {
        let mut segment = Segment::new();
        let mut root = segment.merkle_row(row);
        (root.left_direction, root.right_direction) = (Val::ZERO, Val::ZERO);
        segment.add_merkle_row(root);
        assert_eq!(segment.unbalanced(), [buses::MERKLE]);
    }
}

/// A row above the root could give the root's hash another place.
#[test]
fn row_above_the_root_does_not_balance() {
    let mut segment = Segment::new();
    let root = segment.merkle_row(0);
    segment.add_merkle_row(MerkleColumns {
        height: Val::from_u8(27),
        left: root.parent,
        left_direction: Val::ONE,
        right_direction: Val::ZERO,
        ..root
    });
    assert_eq!(segment.unbalanced(), [buses::MERKLE]);
}

/// A row below leaf level would send a node in place of a leaf. It balances MERKLE if the boundary leaves it the slot, and its
/// children are marked as equal in both directions; the height −1 is what stops it.
#[test]
fn row_below_leaf_level_fails_the_range() {
    let mut segment = Segment::new();
    let leaf = segment.merkle_row(2);
    segment.add_merkle_row(MerkleColumns {
        height: Val::NEG_ONE,
        left_direction: Val::ZERO,
        right_direction: Val::ZERO,
        ..leaf
    });
    // The Lookup table holds no entry −1: take the one away that the helper posted.
    segment.range12.truncate(segment.range12.len() - 2);
    assert!(segment.unbalanced().contains(&buses::RANGE12.to_owned()));
}

#[test]
fn leaf_dropped_in_one_direction_does_not_balance() {
    for direction in [0, 1] {
        let mut segment = Segment::new();
        segment.edit_boundary(4 + direction, |row| {
            row.direction = Val::ZERO;
        });
        assert!(segment.unbalanced().contains(&buses::MERKLE.to_owned()));
    }
    // With the tree treating it as untouched in that direction, and no access at all to it.
    let mut touched = touched();
    touched[2].final_ = touched[2].initial;
    touched[2].final_ts = [0; 4];
    let mut segment = Segment::of(&MemoryWitness::new(&before(), &touched).unwrap());
    segment.edit_boundary(5, |row| row.direction = Val::ZERO);
    let parent = (0..200)
        .find(|&i| {
            let row = segment.merkle_row(i);
            row.direction == Val::NEG_ONE
                && row.height == Val::ZERO
                && row.label == Val::from_u32((1 << 24) | 0x80)
        })
        .unwrap();
    segment.edit_merkle(parent, |row| row.left_direction = Val::ZERO);
    assert!(segment.unbalanced().contains(&buses::MERKLE.to_owned()));
    assert!(!segment.failed("MERKLE-2"));
}

#[test]
fn untouched_sibling_that_changes_does_not_balance() {
    let mut segment = Segment::new();
    // Row 1 is the final root row; row of height 1 above leaves 0x100..0x103 has an untouched right child (leaf 0x102).
    let at = (0..200)
        .find(|&i| {
            let row = segment.merkle_row(i);
            row.direction == Val::NEG_ONE
                && row.height == Val::ONE
                && row.label == Val::from_u32((1 << 23) | 0x40)
        })
        .unwrap();
    assert_eq!(segment.merkle_row(at).right_direction, Val::ZERO);
    // Rehash everything above consistently with a changed sibling, as a cheating prover would.
    segment.edit_merkle(at, |row| row.right[0] += Val::ONE);
    let mut row = at;
    loop {
        let (left, right) = (segment.merkle_row(row).left, segment.merkle_row(row).right);
        segment.ask(left, right);
        let parent = node_hash(left, right);
        segment.edit_merkle(row, |row| row.parent = parent);
        let MerkleColumns { height, label, .. } = segment.merkle_row(row);
        let half = Val::TWO.inverse();
        let up = (0..200).find(|&i| {
            let other = segment.merkle_row(i);
            let is_parent = other.label == label * half || other.label == (label - Val::ONE) * half;
            other.direction == Val::NEG_ONE && other.height == height + Val::ONE && is_parent
        });
        let Some(up) = up else { break };
        let is_left = segment.merkle_row(up).label * Val::TWO == label;
        segment.edit_merkle(up, |row| if is_left { row.left = parent } else { row.right = parent });
        row = up;
    }
    let root = segment.merkle_row(1).parent;
    segment.roots[8..].copy_from_slice(&root);
    let unbalanced = segment.violations();
    let merkle: Vec<_> = unbalanced
        .iter()
        .filter(
            |v| matches!(v, Violation::Bus { bus, message, .. } if bus == buses::MERKLE && message[0] == 0),
        )
        .collect();
    // Exactly the two versions of the sibling are left over.
    assert_eq!(merkle.len(), 2);
    assert!(!unbalanced.iter().any(
        |v| matches!(v, Violation::Bus { bus, message, .. } if bus == buses::MERKLE && message[0] != 0)
    ));
}

#[test]
fn child_direction_is_none_or_the_rows() {
    for forged in [Val::TWO, Val::NEG_ONE] {
        let mut segment = Segment::new();
        segment.edit_merkle(0, |row| row.left_direction = forged);
        assert!(segment.failed("MERKLE-2"));
    }
    let mut segment = Segment::new();
    segment.edit_merkle(0, |row| row.direction = Val::TWO);
    assert!(segment.failed("MERKLE-1"));
}

#[test]
fn wrong_label_does_not_balance() {
    // A leaf under its sibling's label, and a node with its neighbour's.
    let mut segment = Segment::new();
    segment.edit_boundary(4, |row| row.leaf += Val::ONE);
    assert!(segment.unbalanced().contains(&buses::MERKLE.to_owned()));
    let mut segment = Segment::new();
    segment.edit_merkle(2, |row| row.label += Val::ONE);
    assert!(segment.unbalanced().contains(&buses::MERKLE.to_owned()));
}

/// The same leaf twice would be two initial values of a word: a stale read.
#[test]
fn leaf_that_appears_twice_does_not_balance() {
    let mut segment = Segment::new();
    let pair = segment.boundary.values[4 * BOUNDARY_WIDTH..6 * BOUNDARY_WIDTH].to_vec();
    segment.boundary.values[10 * BOUNDARY_WIDTH..12 * BOUNDARY_WIDTH].copy_from_slice(&pair);
    let leaf = touched()[2];
    segment.memory.extend(accesses(&leaf));
    segment.ask(cells_of_words(&leaf.initial).map(Val::from_u16), [Val::ZERO; 8]);
    segment.ask(cells_of_words(&leaf.final_).map(Val::from_u16), [Val::ZERO; 8]);
    assert_eq!(segment.unbalanced(), [buses::MERKLE]);
}

/// A memory leaf under the registers' space number plus 2^25 has the right label; nobody accesses those words, so they stay.
#[test]
fn alias_of_a_leaf_cannot_be_written() {
    let mut segment = Segment::new();
    for row in [4, 5] {
        segment.edit_boundary(row, |row| {
            row.space = Val::ONE;
            row.leaf += Val::from_u32(1 << 25);
        });
    }
    assert_eq!(segment.unbalanced(), [buses::MEMORY]);
}

#[test]
fn boundary_cells_are_bound() {
    // Initial and final cells, by one and out of the 16-bit range with the word unchanged.
    for row in [4, 5] {
        let mut segment = Segment::new();
        segment.edit_boundary(row, |row| row.cells[4] += Val::ONE);
        assert_eq!(segment.unbalanced(), [buses::MEMORY, buses::POSEIDON2_DIRECT]);
        let mut segment = Segment::new();
        segment.edit_boundary(row, |row| {
            row.cells[6] += Val::from_u32(1 << 16);
            row.cells[7] -= Val::ONE;
        });
        // With the hash recomputed it is the Merkle tree that disagrees.
        let cells = BoundaryColumns::from_row(&segment.boundary.values[row * BOUNDARY_WIDTH..]).cells;
        let hash = node_hash(cells, [Val::ZERO; 8]);
        segment.ask(cells, [Val::ZERO; 8]);
        segment.edit_boundary(row, |row| row.hash = hash);
        let unbalanced = segment.unbalanced();
        assert!(
            unbalanced.contains(&buses::MERKLE.to_owned()) && unbalanced.contains(&buses::MEMORY.to_owned())
        );
    }
}

#[test]
fn boundary_timestamps_are_bound() {
    let mut segment = Segment::new();
    segment.edit_boundary(0, |row| row.timestamps[1] = Val::ONE);
    assert!(segment.failed("BOUNDARY-3"));
    let mut segment = Segment::new();
    segment.edit_boundary(1, |row| row.timestamps.swap(1, 2));
    assert_eq!(segment.unbalanced(), [buses::MEMORY]);
}

#[test]
fn boundary_flags_are_bound() {
    let mut segment = Segment::new();
    segment.edit_boundary(0, |row| row.space = Val::from_u8(4));
    assert!(segment.failed("BOUNDARY-2"));
    let mut segment = Segment::new();
    segment.edit_boundary(0, |row| row.direction = Val::TWO);
    assert!(segment.failed("BOUNDARY-1"));
}

/// The columns that recursion pays for, the degree, and a proof of the memory argument alone.
#[test]
fn tables_prove_within_their_budget() {
    let witness = MemoryWitness::new(&before(), &touched()).unwrap();
    let segment = Segment::of(&witness);
    let pad = |values: &[Val], width: usize, log_height: usize| {
        let mut values = values.to_vec();
        values.resize(width << log_height, Val::ZERO);
        RowMajorMatrix::new(values, width)
    };
    let traces = [
        boundary::trace::generate(&witness, 6),
        trace::generate(&witness, 8),
        poseidon2::trace::generate(&segment.poseidon2, 8),
        pad(&[Val::ONE], 1, 6),
        pad(&segment.memory, 6, 6),
        pad(&segment.range12, 2, 8),
    ];
    let log_heights: Vec<usize> =
        traces.iter().map(|trace| p3_matrix::Matrix::height(trace).ilog2() as usize).collect();
    let mut quick = params::APP;
    quick.grinding = params::Grinding::uniform(1);
    quick.num_queries = 10;
    let key = ProvingKey::<InnerConfig, TestAir>::new(quick, AIRS.to_vec(), &log_heights).unwrap();
    let columns: Vec<_> =
        key.vk.shape.tables.iter().take(3).map(|t| (t.width, t.permutation_width(4), t.main_next)).collect();
    assert_eq!(columns, [(23, 20, false), (29, 20, false), (157, 8, false)]);

    let mut public_values = vec![vec![]; 6];
    public_values[3] = segment.roots.clone();
    let proof = key.prove(&traces, &public_values).unwrap();
    key.vk.verify(&AIRS, None, &proof, &public_values).unwrap();
    public_values[3][9] += Val::ONE;
    assert!(key.vk.verify(&AIRS, None, &proof, &public_values).is_err());
}
