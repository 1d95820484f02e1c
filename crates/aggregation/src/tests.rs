//! Attacks on the tree: each changes one thing that a cheating prover would change, and says who refuses it.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use finial_app_vm::air::{TABLES, Table};
use finial_app_vm::memory_tree::PublicValuesOpening;
use finial_app_vm::shape::Shape;
use finial_executor::{Executor, frame_input, trace};
use finial_protocol::params::TARGET_BITS;
use finial_protocol::{Val, security};
use finial_segment_prover::{AppConfig, AppProvingKey, prove_segment};
use finial_segment_verifier::{AppVerifyingKey, SegmentProof};
use p3_field::PrimeCharacteristicRing;

use crate::circuits::{ChildWitness, Made, RootWitness, internal_program, root_program};
use crate::{AggregationError, AggregationKeys, ContinuationKeys, NodeKind, NodeProof, StarkProof, sets};

/// A run of three segments and its leaves, proven once for all tests.
struct Fixture {
    keys: AggregationKeys,
    app: AppProvingKey,
    segments: Vec<(SegmentProof, PublicValuesOpening)>,
    leaves: Vec<NodeProof>,
    public_values: [u8; 32],
}

/// Low tables, so that a short run has several segments.
fn small_config() -> AppConfig {
    let log_heights: [usize; TABLES] = Table::ALL.map(|table| match table {
        Table::Program | Table::Lookup => 16,
        _ => 11,
    });
    AppConfig::new(vec![Shape { name: "tiny", log_heights }]).unwrap()
}

fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| Fixture::of(&10u32.to_le_bytes()))
}

impl Fixture {
    /// The whole run on an input, every segment of it, however it ends.
    fn of(input: &[u8]) -> Self {
        let elf = include_bytes!("../../../tests/guests/elf/fibonacci.elf");
        let program = finial_riscv::Program::from_elf(elf).unwrap();
        let input = frame_input(input);
        let config = small_config();
        let continuation = Arc::new(ContinuationKeys::new().unwrap());
        let keys = AggregationKeys::new(continuation, AppVerifyingKey::new(&config).unwrap()).unwrap();
        let app = AppProvingKey::new(&program, config).unwrap();
        let mut plans = Vec::new();
        let executor = Executor::new(&program, input.clone());
        let collect = |plan| {
            plans.push(plan);
            ControlFlow::Continue(())
        };
        executor.execute_streaming(&app.policy(), 1 << 20, collect).unwrap();
        let mut memory = app.initial_memory().clone();
        let mut segments = Vec::new();
        let mut leaves = Vec::new();
        for plan in plans {
            let record = trace(&program, &plan.checkpoint, &input, plan.cycles).unwrap();
            let segment = prove_segment(&app, 0, &record, &memory).unwrap();
            memory = memory.after(&record.touched).unwrap();
            let opening = memory.open_public_values().unwrap();
            leaves.push(keys.prove_leaf(&app.executable().app_commit, &segment, &opening).unwrap());
            segments.push((segment, opening));
        }
        let public_values = memory.open_public_values().unwrap().values;
        Self { keys, app, segments, leaves, public_values }
    }
}

/// Whether an internal program over these children executes.
fn internal_accepts(f: &Fixture, children: &[ChildWitness]) -> bool {
    let sets = &f.keys.sets;
    let Made { program, hints } =
        internal_program(&f.keys.continuation.u, children.len(), Some((sets, children)));
    program.execute(hints).is_ok()
}

fn children(f: &Fixture, places: &[usize]) -> Vec<ChildWitness> {
    places.iter().map(|&i| f.keys.child_witness(&f.leaves[i]).unwrap()).collect()
}

#[test]
fn consecutive_leaves_join_and_no_others() {
    let f = fixture();
    assert!(f.leaves.len() >= 3, "the run has several segments");
    assert!(internal_accepts(f, &children(f, &[0, 1])));
    for (places, what) in [
        (vec![0, 2], "a segment dropped"),
        (vec![0, 0], "a segment repeated"),
        (vec![1, 0], "segments reordered"),
        (vec![0, 2, 1], "segments reordered"),
    ] {
        assert!(!internal_accepts(f, &children(f, &places)), "{what}");
    }
    // The last segment ends the run: nothing may follow it.
    let last = f.leaves.len() - 1;
    assert!(!internal_accepts(f, &children(f, &[last, 0])), "a segment after the exit");
}

#[test]
fn a_child_is_of_its_kind_and_in_its_set() {
    let f = fixture();
    let honest = children(f, &[0, 1]);
    let attack = |what: &str, edit: &dyn Fn(&mut ChildWitness)| {
        let mut witnesses = honest.clone();
        edit(&mut witnesses[0]);
        assert!(!internal_accepts(f, &witnesses), "{what}");
    };
    attack("a leaf passed off as internal", &|w| w.is_leaf = false);
    attack("another place in the set", &|w| w.membership.index ^= 1);
    attack("another sibling", &|w| w.membership.path[1][3] += Val::ONE);
    attack("a program that is not in the set", &|w| w.proof.preprocessed[0][0] += Val::ONE);
    attack("a changed public value", &|w| w.proof.public_values.last_mut().unwrap()[20] += Val::ONE);
    attack("an exit that the segment did not make", &|w| {
        w.proof.public_values.last_mut().unwrap()[8] = Val::ONE;
    });
}

#[test]
fn an_internal_child_believes_in_its_parents_sets() {
    let f = fixture();
    let node = f.keys.prove_internal(&[copy(&f.leaves[0]), copy(&f.leaves[1])]).unwrap();
    let internal = f.keys.child_witness(&node).unwrap();
    let next = children(f, &[2]).remove(0);
    assert!(internal_accepts(f, &[internal.clone(), next.clone()]));
    let mut as_leaf = internal.clone();
    as_leaf.is_leaf = true;
    assert!(!internal_accepts(f, &[as_leaf, next.clone()]), "an internal proof passed off as a leaf");

    // A parent with another leaf set: the child's own is no longer the parent's.
    let mut other = f.keys.sets.clone();
    other.leaf = sets::ProgramSet::new(vec![other.leaf.members()[0], [Val::ONE; 8]]);
    let u = &f.keys.continuation.u;
    let made = internal_program(u, 2, Some((&other, &[internal, next])));
    assert!(made.program.execute(made.hints).is_err(), "a child of other sets");
}

#[test]
fn a_leaf_opens_the_public_values_of_its_own_memory() {
    let f = fixture();
    let (segment, opening) = &f.segments[0];
    let commit = f.app.executable().app_commit;
    let mut other = opening.clone();
    other.values[3] ^= 1;
    assert!(f.keys.prove_leaf(&commit, segment, &other).is_err());
    let mut other = opening.clone();
    other.siblings[7][0] += Val::ONE;
    assert!(f.keys.prove_leaf(&commit, segment, &other).is_err());
    let mut other_commit = commit;
    other_commit[0] += Val::ONE;
    assert!(f.keys.prove_leaf(&other_commit, segment, opening).is_err());
    let unknown = SegmentProof { shape: 7, ..copy(segment) };
    let refused = f.keys.prove_leaf(&commit, &unknown, opening);
    assert!(matches!(refused, Err(AggregationError::UnknownShape(7))));
}

#[test]
fn the_root_takes_complete_runs_and_their_bytes() {
    let f = fixture();
    let continuation = &f.keys.continuation;
    let whole = f.keys.prove_tree(f.leaves.iter().map(copy).collect()).unwrap();
    let shrink = f.keys.prove_shrink(&whole).unwrap();
    continuation.verify_shrink(&shrink).unwrap();
    let root = continuation.prove_root(&shrink, &f.public_values).unwrap();
    let said = continuation.verify_root(&root).unwrap();
    assert_eq!(said.user_public_values, f.public_values);

    let mut other = f.public_values;
    other[31] ^= 1;
    assert!(continuation.prove_root(&shrink, &other).is_err(), "other public values");
    // The run without its last segment, and a shrink proof of a program that is not the pinned one.
    let part = f.keys.prove_tree(f.leaves[..2].iter().map(copy).collect()).unwrap();
    let incomplete = f.keys.prove_shrink(&part).unwrap();
    assert!(continuation.prove_root(&incomplete, &f.public_values).is_err(), "a run that does not end");
    let values = crate::proof::values_by_table(&shrink.public_values);
    let proof = finial_recursion::unpack_inner(
        &continuation.shrink_vk,
        continuation.shrink.commitment(),
        &shrink.proof,
        &values,
    )
    .unwrap();
    let witness = RootWitness { proof, public_values: f.public_values };
    let other_program = [[Val::ONE; 8]];
    let made = root_program(&continuation.shrink_vk, &other_program, Some(&witness));
    assert!(made.program.execute(made.hints).is_err(), "a shrink proof of another program");

    // The native verifier draws the same lines.
    let stark = |node: NodeProof| StarkProof { node, user_public_values: f.public_values };
    let executed = f.keys.verify_stark(&stark(copy(&whole)), None).unwrap();
    assert_eq!(executed, said);
    let verdict = |proof: StarkProof| f.keys.verify_stark(&proof, Some(&said.exe_commit));
    assert!(matches!(verdict(stark(part)), Err(AggregationError::NotTerminated)));
    let mut other = stark(copy(&whole));
    other.user_public_values[0] ^= 1;
    assert!(matches!(verdict(other), Err(AggregationError::UserPublicValues)));
    let mut other = stark(copy(&whole));
    other.node.public_values[0] += Val::ONE;
    assert!(matches!(verdict(other), Err(AggregationError::ExeCommit)));
    let mut other = stark(copy(&whole));
    other.node.public_values[36] += Val::ONE;
    assert!(matches!(verdict(other), Err(AggregationError::LeafCommit)));
    let mut other = stark(copy(&whole));
    other.node.public_values[44] += Val::ONE;
    assert!(matches!(verdict(other), Err(AggregationError::InternalCommit)));
    let mut other = stark(copy(&whole));
    other.node.public_values[20] += Val::ONE;
    assert!(matches!(verdict(other), Err(AggregationError::Machine { .. })));
    let mut other = stark(copy(&whole));
    other.node.kind = NodeKind::Internal(1 - place(&whole));
    assert!(matches!(verdict(other), Err(AggregationError::Machine { .. })), "another program of the set");
}

#[test]
fn a_run_that_fails_has_no_root_proof() {
    // Without an input the guest panics, which is exit code 101: its segments are provable, the run is not a success.
    let f = Fixture::of(&[]);
    let whole = f.keys.prove_tree(f.leaves.iter().map(copy).collect()).unwrap();
    let shrink = f.keys.prove_shrink(&whole).unwrap();
    let refused = f.keys.continuation.prove_root(&shrink, &f.public_values);
    assert!(matches!(refused, Err(AggregationError::Rejected { .. })));
    let stark = StarkProof { node: whole, user_public_values: f.public_values };
    assert!(matches!(f.keys.verify_stark(&stark, None), Err(AggregationError::ExitCode(101))));
}

#[test]
fn segments_of_another_run_do_not_join() {
    let (f, other) = (fixture(), Fixture::of(&11u32.to_le_bytes()));
    let mut mixed = children(f, &[0, 1]);
    mixed[1] = other.keys.child_witness(&other.leaves[1]).unwrap();
    assert!(!internal_accepts(f, &mixed));
}

fn place(node: &NodeProof) -> u32 {
    match node.kind {
        NodeKind::Internal(place) => place,
        NodeKind::Leaf(_) => panic!("the top of three segments is internal"),
    }
}

/// Proofs are not `Clone`; their bytes are.
fn copy<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    postcard::from_bytes(&postcard::to_allocvec(value).unwrap()).unwrap()
}

#[test]
fn every_layer_above_segments_has_its_proven_bits() {
    let continuation = &fixture().keys.continuation;
    for (layer, shape) in [
        ("tree", &continuation.u.shape),
        ("shrink", &continuation.shrink_vk.shape),
        ("root", &continuation.root_vk.shape),
    ] {
        let report = security::report(layer, shape);
        assert!(report.bits >= TARGET_BITS, "{report:?}");
    }
}
