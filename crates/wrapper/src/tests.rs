//! Tests share a checker that evaluates the circuit's own gate expressions on a builder's rows: it is exact at any size,
//! where a mock prover would need 2^21 rows.

mod curve;
mod field;
mod layout;
mod msm;
mod wrap;

use std::collections::{HashMap, HashSet};

use halo2_base::halo2_proofs::{
    halo2curves::{
        bn256::{Fq, Fr},
        ff::Field,
    },
    plonk::{ConstraintSystem, Expression},
};
use num_bigint::BigUint;

use crate::{
    builder::{Builder, Cell, INSTANCES, Tags},
    gate::{Relation, WrapperConfig},
};

/// A random element from a seed.
pub(crate) fn random_fq(seed: u64) -> Fq {
    Fq::from(seed).pow_vartime([0x1234_5678_9abc_def1, 0xfeed]) + Fq::from(seed)
}

pub(crate) fn random_fr(seed: u64) -> Fr {
    Fr::from(seed).pow_vartime([0x1234_5678_9abc_def1, 0xfeed]) + Fr::from(seed)
}

/// What is wrong with a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// A gate's polynomial, at a row.
    Gate(usize, usize),
    /// A copy.
    Copy(Cell, Cell),
}

fn evaluate(expression: &Expression<Fr>, builder: &Builder, row: usize, instances: &[Fr]) -> Fr {
    let value =
        |at: i64| usize::try_from(at).ok().and_then(|i| builder.values.get(i)).copied().unwrap_or(Fr::ZERO);
    let [t, k] = builder.tags[row].relation.code().map(Fr::from);
    let fixed = [builder.fixed_d(row), t, k];
    // Lazy: a product whose selector is zero is zero.
    expression.evaluate_lazy(
        &|constant| constant,
        &|_| unreachable!(),
        &|query| fixed[query.column_index()],
        &|advice| value(row as i64 + i64::from(advice.rotation().0)),
        &|_| instances.get(row).copied().unwrap_or(Fr::ZERO),
        &|_| unreachable!(),
        &|a: Fr| -a,
        &|a, b| a + b,
        &|a, b| a * b,
        &|a, b| a * b,
        &Fr::ZERO,
    )
}

/// All faults, for given instances.
pub(crate) fn faults_with(builder: &Builder, instances: &[Fr]) -> Vec<Fault> {
    let mut meta = ConstraintSystem::default();
    WrapperConfig::configure(&mut meta);
    let mut out = vec![];
    let polynomials: Vec<_> = meta.gates().iter().flat_map(|gate| gate.polynomials().to_vec()).collect();
    for row in 0..builder.rows() {
        let tags = builder.tags[row];
        // Without a code only the digits' polynomial can be on, as a test of the layout shows.
        let on = if tags.relation == Relation::None { 1 } else { polynomials.len() };
        if tags != Tags::default() {
            for (i, polynomial) in polynomials[..on].iter().enumerate() {
                if evaluate(polynomial, builder, row, instances) != Fr::ZERO {
                    out.push(Fault::Gate(i, row));
                }
            }
        }
    }
    let unequal = |(a, b): &&(Cell, Cell)| builder.value(*a) != builder.value(*b);
    out.extend(builder.copies.iter().filter(unequal).map(|(a, b)| Fault::Copy(*a, *b)));
    out
}

pub(crate) fn faults(builder: &Builder) -> Vec<Fault> {
    faults_with(builder, &builder.instances())
}

/// Changes a cell and all its copies, so that only gates can object.
pub(crate) fn change_class(builder: &mut Builder, cell: Cell, value: Fr) {
    let mut neighbours: HashMap<Cell, Vec<Cell>> = HashMap::new();
    for (a, b) in &builder.copies {
        neighbours.entry(*a).or_default().push(*b);
        neighbours.entry(*b).or_default().push(*a);
    }
    let (mut class, mut next) = (HashSet::from([cell]), vec![cell]);
    while let Some(cell) = next.pop() {
        builder.values[cell.0 as usize] = value;
        let others = neighbours.get(&cell).into_iter().flatten();
        next.extend(others.filter(|other| class.insert(**other)));
    }
}

/// Changes a running sum from its head down, so that the range holds if the value is in range.
pub(crate) fn change_range(builder: &mut Builder, head: Cell, value: &BigUint, digits: usize) {
    for i in 0..digits {
        let cell = Cell(head.0 + i as u32);
        change_class(builder, cell, crate::limbs::scalar(&(value >> (2 * i))));
    }
}

/// The integer that a running sum's digits make, which its head may be only modulo `r`.
pub(crate) fn range_value(builder: &Builder, head: Cell, digits: usize) -> BigUint {
    let z = |i: usize| builder.value(Cell(head.0 + i as u32));
    (0..digits)
        .rev()
        .fold(BigUint::ZERO, |sum, i| (sum << 2) + crate::limbs::integer(z(i) - z(i + 1) * Fr::from(4)))
}

#[test]
fn an_empty_builder_holds_the_instances() {
    let builder = Builder::default();
    assert_eq!(builder.rows(), INSTANCES + 1);
    assert!(faults(&builder).is_empty());
    let mut instances = builder.instances();
    instances[3] = Fr::ONE;
    assert_eq!(faults_with(&builder, &instances).len(), 1);
}
