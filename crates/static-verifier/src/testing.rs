//! Running circuits under the mock prover.

use std::collections::{BTreeMap, BTreeSet};

use halo2_base::{
    ContextCell,
    gates::circuit::CircuitBuilderStage,
    halo2_proofs::{
        dev::{FailureLocation, MockProver, VerifyFailure},
        halo2curves::bn256::Fr,
        plonk::Assigned,
    },
};
use snark_verifier_sdk::CircuitExt;

use crate::{CircuitBuilder, StaticCircuit, builder::permutation_cell, poseidon2::ROWS, range};

/// Rows of test circuits: the least that holds the lookup table.
pub(crate) const K: usize = 17;

/// What a circuit violates.
pub(crate) fn failures(build: impl FnOnce(&mut CircuitBuilder)) -> Vec<VerifyFailure> {
    let mut builder = CircuitBuilder::new(CircuitBuilderStage::Mock);
    build(&mut builder);
    let circuit = StaticCircuit::with_k(builder, K).expect("a test circuit fits");
    let instances = circuit.instances();
    // Not `verify_par`: it still asks that every cell a gate reads was assigned, which halo2-base does not heed.
    let prover = MockProver::run(K as u32, &circuit, instances).expect("the circuit can be synthesized");
    prover.verify().err().unwrap_or_default()
}

/// Asserts that a circuit is satisfied.
pub(crate) fn accepts(build: impl FnOnce(&mut CircuitBuilder)) {
    let failures = failures(build);
    assert!(failures.is_empty(), "{} violations, the first: {}", failures.len(), failures[0]);
}

/// Asserts that a circuit is violated, by something whose description holds `what`.
pub(crate) fn rejects(what: &str, build: impl FnOnce(&mut CircuitBuilder)) {
    let failures: Vec<_> = failures(build).iter().map(ToString::to_string).collect();
    assert!(failures.iter().any(|f| f.contains(what)), "no violation of {what}: {failures:?}");
}

/// Rows at which a gate of this name is violated.
pub(crate) fn failing_rows(gate: &str, build: impl FnOnce(&mut CircuitBuilder)) -> BTreeSet<usize> {
    let mut rows = BTreeSet::new();
    for failure in failures(build) {
        if let VerifyFailure::ConstraintNotSatisfied { location, .. } = &failure
            && failure.to_string().contains(gate)
        {
            rows.insert(match location {
                FailureLocation::InRegion { offset, .. } => *offset,
                FailureLocation::OutsideRegion { row } => *row,
            });
        }
    }
    rows
}

/// Asserts that no cell of a circuit can be changed, together with all its copies, without violating a gate.
///
/// Cells copied from constants are left out; every `stride`-th class of equal cells is tried.
pub(crate) fn every_cell_is_constrained(stride: usize, build: impl Fn(&mut CircuitBuilder)) {
    accepts(&build);
    let mut builder = CircuitBuilder::new(CircuitBuilderStage::Mock);
    build(&mut builder);
    for class in classes(&mut builder).into_iter().step_by(stride) {
        let failures = failures(|builder| {
            build(builder);
            for cell in &class {
                change(builder, cell, |value| value + Fr::one());
            }
        });
        assert!(!failures.is_empty(), "the cells {class:?} can be changed");
    }
}

/// Classes of cells bound to be equal, without those bound to constants.
fn classes(builder: &mut CircuitBuilder) -> Vec<Vec<ContextCell>> {
    let copies = builder.ctx().copy_manager.clone();
    let copies = copies.lock().expect("no thread panicked");
    let mut neighbours: BTreeMap<ContextCell, Vec<ContextCell>> = BTreeMap::new();
    for cell in all_cells(builder) {
        neighbours.entry(cell).or_default();
    }
    for (a, b) in &copies.advice_equalities {
        neighbours.entry(*a).or_default().push(*b);
        neighbours.entry(*b).or_default().push(*a);
    }
    let constants: BTreeSet<_> = copies.constant_equalities.iter().map(|(_, cell)| *cell).collect();
    let mut seen = BTreeSet::new();
    let mut classes = vec![];
    for &start in neighbours.keys() {
        let (mut class, mut stack) = (vec![], vec![start]);
        while let Some(cell) = stack.pop() {
            if seen.insert(cell) {
                class.push(cell);
                stack.extend(&neighbours[&cell]);
            }
        }
        if !class.is_empty() && !class.iter().any(|cell| constants.contains(cell)) {
            classes.push(class);
        }
    }
    classes
}

fn all_cells(builder: &CircuitBuilder) -> Vec<ContextCell> {
    let generic = builder.base.core().phase_manager[0].threads.iter().flat_map(|ctx| {
        (0..ctx.advice.len()).map(|offset| ContextCell::new(ctx.type_id(), ctx.id(), offset))
    });
    let range = (0..builder.range.values.len()).map(range::context_cell);
    let outputs = (0..builder.permutations.len())
        .flat_map(|p| (ROWS - 3..ROWS).map(move |row| permutation_cell(p, row)));
    generic.chain(range).chain(outputs).collect()
}

fn change(builder: &mut CircuitBuilder, cell: &ContextCell, f: impl Fn(Fr) -> Fr) {
    if *cell == range::context_cell(cell.offset) {
        let value = &mut builder.range.values[cell.offset];
        *value = f(*value);
    } else if *cell == permutation_cell(0, cell.offset) {
        let value = &mut builder.permutations[cell.offset / ROWS][cell.offset % ROWS][0];
        *value = f(*value);
    } else {
        let value = &mut builder.ctx().advice[cell.offset];
        *value = Assigned::Trivial(f(value.evaluate()));
    }
}
