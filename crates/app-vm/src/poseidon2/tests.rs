use finial_protocol::{Val, compress};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::trace::{Request, generate};
use super::{POSEIDON2_WIDTH, Poseidon2Air, Poseidon2Columns};
use crate::check::{Table, Violation, check};

fn requests() -> Vec<Request> {
    (0..21)
        .map(|i| Request {
            input: core::array::from_fn(|j| Val::from_usize(1000 * i * i + 77 * j)),
            multiplicity: 1,
        })
        .collect()
}

fn constraint_tags(trace: &RowMajorMatrix<Val>) -> Vec<String> {
    let table = Table { air: &Poseidon2Air, trace, preprocessed: None, public_values: &[] };
    let violations = check(&[table], 10_000);
    violations
        .into_iter()
        .filter_map(|v| if let Violation::Constraint { tag, .. } = v { Some(tag) } else { None })
        .collect()
}

#[test]
fn rows_are_the_compression_of_the_tree() {
    let requests = requests();
    let trace = generate(&requests, 5);
    assert!(constraint_tags(&trace).is_empty());
    for (request, row) in requests.iter().zip(trace.values.chunks(POSEIDON2_WIDTH)) {
        let row = Poseidon2Columns::from_row(row);
        let (left, right) = request.input.split_at(8);
        assert_eq!(row.output, compress(left.try_into().unwrap(), right.try_into().unwrap()));
    }
    assert!(trace.values.chunks(POSEIDON2_WIDTH).skip(requests.len()).all(|row| row[0] == Val::ZERO));
}

/// Every column but the multiplicity is fixed by the input.
#[test]
fn every_column_is_constrained() {
    let honest = generate(&requests(), 5);
    for column in 1..POSEIDON2_WIDTH {
        let mut trace = honest.clone();
        trace.values[3 * POSEIDON2_WIDTH + column] += Val::ONE;
        assert!(!constraint_tags(&trace).is_empty(), "column {column}");
    }
}
