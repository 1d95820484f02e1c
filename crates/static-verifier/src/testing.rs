//! Running circuits under the mock prover.

use std::collections::{BTreeMap, BTreeSet};

use halo2_base::halo2_proofs::{
    dev::{FailureLocation, MockProver, VerifyFailure},
    halo2curves::bn256::Fr,
    plonk::Expression,
};
use snark_verifier_sdk::CircuitExt;

use crate::{CircuitBuilder, StaticCircuit, plan::Plan};

/// Rows of test circuits: the least that holds the lookup table.
pub(crate) const K: usize = 17;

/// The least size that holds a circuit.
pub(crate) fn least_k(builder: &CircuitBuilder) -> usize {
    (K..K + 2).find(|&k| Plan::new(&builder.params(k)).is_ok()).expect("a test circuit fits")
}

/// What an expression of constants is.
pub(crate) fn constant_value(expression: Expression<Fr>) -> Fr {
    let never = |_: &str| unreachable!("a constant expression");
    expression.evaluate(
        &|constant| constant,
        &|_| never("selector"),
        &|_| never("fixed"),
        &|_| never("advice"),
        &|_| never("instance"),
        &|_| never("challenge"),
        &|a: Fr| -a,
        &|a, b| a + b,
        &|a, b| a * b,
        &|a, scale| a * scale,
    )
}

/// What a circuit violates.
pub(crate) fn failures(build: impl FnOnce(&mut CircuitBuilder)) -> Vec<VerifyFailure> {
    failures_with(build, None)
}

/// What a circuit violates, with other instances than its own.
pub(crate) fn failures_with(
    build: impl FnOnce(&mut CircuitBuilder),
    instances: Option<Vec<Fr>>,
) -> Vec<VerifyFailure> {
    let mut builder = CircuitBuilder::new();
    build(&mut builder);
    let k = least_k(&builder);
    let circuit = StaticCircuit::with_k(builder, k).expect("a test circuit fits");
    let instances = instances.map_or_else(|| circuit.instances(), |instances| vec![instances]);
    let prover = MockProver::run(k as u32, &circuit, instances).expect("the circuit can be synthesized");
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
    let mut builder = CircuitBuilder::new();
    build(&mut builder);
    for class in classes(&builder).into_iter().step_by(stride) {
        let failures = failures(|builder| {
            build(builder);
            for &index in &class {
                builder.values[index as usize] += Fr::one();
            }
        });
        assert!(!failures.is_empty(), "the values {class:?} can be changed");
    }
}

/// Classes of values in cells, bound to be equal, without those bound to constants.
fn classes(builder: &CircuitBuilder) -> Vec<Vec<u32>> {
    let states = builder.permutations.iter().flat_map(|p| p.input.iter().chain(&p.output));
    let groups = builder.range.iter().flat_map(|(_, cells)| cells);
    let cells = builder.chains.iter().flatten().chain(groups).chain(states);
    let mut neighbours: BTreeMap<u32, Vec<u32>> = cells.map(|&index| (index, vec![])).collect();
    for &[a, b] in &builder.equalities {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let constants: BTreeSet<u32> = builder.constants.iter().map(|cell| cell.index).collect();
    let mut seen = BTreeSet::new();
    let mut classes = vec![];
    for &start in neighbours.keys() {
        let (mut class, mut stack) = (vec![], vec![start]);
        while let Some(index) = stack.pop() {
            if seen.insert(index) {
                class.push(index);
                stack.extend(&neighbours[&index]);
            }
        }
        if !class.is_empty() && !class.iter().any(|index| constants.contains(index)) {
            classes.push(class);
        }
    }
    classes
}
