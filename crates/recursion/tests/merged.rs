//! Equations that the Agg VM checks in fewer rows than they have operations: each alone, without a transcript that would
//! refuse a forgery for another reason.

use finial_agg_vm::{ExecutionError, Fault, Program};
use finial_protocol::{Digest, Ext4, Val};
use finial_recursion::agg::AggBackend;
use finial_recursion::native::{InnerLayer, NativeLayer};
use finial_recursion::unpack::FoldOpening;
use finial_recursion::{Backend, Check};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

fn finish(b: AggBackend) -> (Program, Vec<Ext4>) {
    let (builder, hints) = b.into_parts();
    (builder.finish(), hints)
}

fn fault(result: Result<finial_agg_vm::Witness, ExecutionError>) -> Fault {
    match result {
        Err(ExecutionError::Step { fault, .. }) => fault,
        other => panic!("a step should fail, got {:?}", other.map(|_| ())),
    }
}

/// Hints and program of one opened FRI row at `index`, in a tree of which `cap_height` levels are sent.
fn fold_opening(cap_height: usize, index: usize) -> (Program, Vec<Ext4>) {
    const LEVELS: usize = 3;
    let mut rng = SmallRng::seed_from_u64(5);
    let row: Vec<Ext4> = (0..4).map(|_| rng.random()).collect();
    let flat: Vec<Val> = row.iter().flat_map(|x| x.as_basis_coefficients_slice().to_vec()).collect();
    let path: Vec<Digest> = (0..LEVELS - cap_height).map(|_| rng.random()).collect();
    let mut node = InnerLayer::hash(&flat);
    for (level, sibling) in path.iter().enumerate() {
        let right = (index >> level) & 1 == 1;
        node =
            if right { InnerLayer::compress(*sibling, node) } else { InnerLayer::compress(node, *sibling) };
    }
    let mut cap: Vec<Digest> = (0..1 << cap_height).map(|_| rng.random()).collect();
    cap[index >> path.len()] = node;

    let mut b = AggBackend::new();
    let commitment: Vec<_> = cap.iter().map(|node| b.read_digest(Some(*node))).collect();
    let place = b.read_felt(Some(Val::from_usize(index)));
    let bits = b.builder.range_bits(place, LEVELS);
    let opening = FoldOpening { row, path };
    let Ok(_) = b.open_fold(0, 2, Some(&opening), &bits, &commitment);
    finish(b)
}

#[test]
fn a_path_that_misses_the_commitment_is_refused() {
    for cap_height in [0, 1, 3] {
        for index in 0..8 {
            let (program, hints) = fold_opening(cap_height, index);
            program.execute(hints.iter().copied()).unwrap();
            let entry = index >> (3 - cap_height);
            for i in 0..hints.len() {
                // The cap's other entries stand for other rows.
                if i < 2 << cap_height && i / 2 != entry {
                    continue;
                }
                for coordinate in 0..4 {
                    let mut forged = hints.clone();
                    forged[i] += Ext4::from_basis_coefficients_fn(|j| Val::from_bool(j == coordinate));
                    assert!(
                        program.execute(forged).is_err(),
                        "cap {cap_height}, index {index}, hint {i}, coordinate {coordinate}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_point_in_the_base_field_is_refused() {
    let mut b = AggBackend::new();
    let z = b.read_ext(Some(Ext4::ZERO));
    let Ok(()) = b.assert_outside_base_field(&z);
    let (program, _) = finish(b);
    for coordinate in 1..4 {
        let z = Ext4::from_basis_coefficients_fn(|i| Val::from_bool(i == coordinate || i == 0));
        program.execute([z]).unwrap();
    }
    for z in [0, 1, 2, 0x7eff_ffff] {
        assert_eq!(fault(program.execute([Ext4::from(Val::from_u32(z))])), Fault::InverseOfZero);
    }
}

/// The reduced opening's quotients, the fold's t and the two assertions that a row makes in passing.
#[test]
fn merged_equations_are_the_fields() {
    let mut rng = SmallRng::seed_from_u64(6);
    let [sum, numerator, z, one, zero]: [Ext4; 5] = rng.random();
    let [y, k]: [Val; 2] = rng.random();
    let denominator = z - y * k;
    let expected = [
        denominator,
        sum + numerator * denominator.inverse(),
        numerator * denominator.inverse(),
        numerator * y.inverse(),
    ];
    let mut b = AggBackend::new();
    let cells = [sum, numerator, z, one, zero].map(|value| b.read_ext(Some(value)));
    let [sum_cell, numerator_cell, z_cell, one_cell, zero_cell] = cells;
    let y_cell = b.read_felt(Some(y));
    let d = b.sub_scaled_felt(&z_cell, &y_cell, k);
    let Ok(with_sum) = b.add_quotient(Some(&sum_cell), &numerator_cell, &d);
    let Ok(alone) = b.add_quotient(None, &numerator_cell, &d);
    let Ok(t) = b.divide_by_felt(&numerator_cell, &y_cell);
    for (cell, value) in [d, with_sum, alone, t].into_iter().zip(expected) {
        let value = b.constant(value);
        let Ok(()) = b.assert_equal(&cell, &value, Check::Inverse);
    }
    let place = b.read_felt(Some(Val::ONE));
    let bit = b.builder.range_bits(place, 1)[0];
    let chosen = b.constant(one);
    let Ok(()) = b.assert_select(&bit, &one_cell, &zero_cell, &chosen, Check::FoldValue(0));
    let value = b.constant(one * z + sum);
    let Ok(()) = b.assert_mul_add(&one_cell, &z_cell, &sum_cell, &value, Check::FinalPolynomial);
    let (program, hints) = finish(b);
    program.execute(hints.iter().copied()).unwrap();
    for i in (0..hints.len()).filter(|i| *i != 4) {
        let mut forged = hints.clone();
        forged[i] += Ext4::ONE;
        assert!(program.execute(forged).is_err(), "hint {i}");
    }
    // The entry that the bit does not choose.
    let mut other = hints.clone();
    other[4] += Ext4::ONE;
    program.execute(other).unwrap();

    // A zero denominator has no quotient, be the numerator zero or not.
    for numerator in [Ext4::ZERO, Ext4::ONE] {
        let mut forged = hints.clone();
        (forged[1], forged[2]) = (numerator, Ext4::from(y * k));
        assert!(program.execute(forged).is_err());
    }
}

/// Whoever does not use the machine's own path gives the digest in cells of any addresses.
#[test]
fn a_digest_in_scattered_cells_is_compared_too() {
    let mut rng = SmallRng::seed_from_u64(7);
    let row: Vec<Ext4> = (0..2).map(|_| rng.random()).collect();
    let flat: Vec<Val> = row.iter().flat_map(|x| x.as_basis_coefficients_slice().to_vec()).collect();
    let sibling: Digest = rng.random();
    let root = InnerLayer::compress(InnerLayer::hash(&flat), sibling);
    let block = |i: usize| Ext4::from_basis_coefficients_slice(&root[4 * i..4 * i + 4]).unwrap();
    let mut b = AggBackend::new();
    let high = b.read_ext(Some(block(1)));
    let low = b.read_ext(Some(block(0)));
    let place = b.read_felt(Some(Val::ZERO));
    let bits = b.builder.range_bits(place, 1);
    let opening = FoldOpening { row, path: vec![sibling] };
    let Ok(_) = b.open_fold(0, 1, Some(&opening), &bits, &[[low, high]]);
    let (program, hints) = finish(b);
    program.execute(hints.iter().copied()).unwrap();
    for i in 0..2 {
        let mut forged = hints.clone();
        forged[i] += Ext4::ONE;
        assert!(matches!(fault(program.execute(forged)), Fault::Assertion { .. }));
    }
}
