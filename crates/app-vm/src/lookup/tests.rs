use super::*;
use crate::check::{Table, Violation, check};

#[test]
fn counts_without_lookups_unbalance_every_bus() {
    let counts = LookupCounts::default();
    counts.range16(7);
    counts.range12(4095);
    counts.bytes(1, 2);
    counts.and(3, 1);
    let (trace, fixed) = (generate(&counts), preprocessed());
    let table = Table { air: &LookupAir, trace: &trace, preprocessed: Some(&fixed), public_values: &[] };
    let excess: Vec<_> = check(&[table], 10)
        .into_iter()
        .map(|violation| match violation {
            Violation::Bus { bus, message, excess, .. } => (bus, message, excess),
            Violation::Constraint { tag, .. } => panic!("{tag}"),
        })
        .collect();
    let expected =
        [("and", vec![3, 1, 1]), ("bytes", vec![1, 2]), ("range12", vec![4095]), ("range16", vec![7])];
    assert_eq!(excess, expected.map(|(bus, message)| (bus.to_owned(), message, -1)));
}

#[test]
fn twelve_bits_end_at_4096() {
    let counts = LookupCounts::default();
    counts.range12(4096);
    let (trace, fixed) = (generate(&counts), preprocessed());
    let table = Table { air: &LookupAir, trace: &trace, preprocessed: Some(&fixed), public_values: &[] };
    assert_eq!(check(&[table], 10), []);
}
