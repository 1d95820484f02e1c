use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::{CryptographicHasher, PaddingFreeSponge, PseudoCompressionFunction, TruncatedPermutation};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::program::Step;
use crate::testing::{Case, Violations};
use crate::{Block, Builder, Cell, E, ExecutionError, F, Fault, Heights, Horner, Program, Witness};

fn rng() -> SmallRng {
    SmallRng::seed_from_u64(7)
}

fn ext(k: [u32; 4]) -> E {
    E::from_basis_coefficients_fn(|i| F::from_u32(k[i]))
}

fn coordinates(block: &E) -> &[F] {
    block.as_basis_coefficients_slice()
}

fn run(builder: Builder, hints: &[E]) -> Result<Witness, ExecutionError> {
    let program = builder.finish();
    let witness = program.execute(hints.iter().copied())?;
    // What executes meets every constraint, whatever the builder wrote.
    assert_eq!(Case::of(&program, hints).violations(), Violations::new());
    Ok(witness)
}

fn fault(result: Result<Witness, ExecutionError>) -> Fault {
    match result {
        Err(ExecutionError::Step { fault, .. }) => fault,
        other => panic!("a step should fail, got {:?}", other.map(|_| ())),
    }
}

#[test]
fn arithmetic_agrees_with_the_field() {
    let mut rng = rng();
    let [x, y, z]: [E; 3] = rng.random();
    let mut b = Builder::new();
    let [a, c, d] = core::array::from_fn(|_| b.hint());
    let constant = ext([1, 2, 3, 4]);
    let checks: Vec<(Cell, E)> = vec![
        (b.add(a, c), x + y),
        (b.sub(a, c), x - y),
        (b.neg(a), -x),
        (b.mul(a, c), x * y),
        (b.mul(a, a), x * x),
        (b.mul_add(a, c, d), x * y + z),
        (b.div(a, c), x / y),
        (b.inverse(d), z.inverse()),
        (b.quotient(a, c, None), x / y),
        (b.quotient(a, c, Some(d)), z + x / y),
        (b.constant(constant), constant),
        (b.constant(ext([5, 0, 0, 7])), ext([5, 0, 0, 7])),
        (b.constant(ext([0, 0, 0, 1])), ext([0, 0, 0, 1])),
        (b.exp_power_of_2(a, 3), x.exp_u64(8)),
        (b.affine(a, F::TWO, F::ONE), x.double() + F::ONE),
        (b.butterfly(a, F::from_u8(9), c, d), (y + z).halve() + x * (y - z) * F::from_u8(9)),
    ];
    let parts = b.unpack(a);
    let packed = b.pack(parts);
    b.assert_eq(packed, a);
    let witness = run(b, &[x, y, z]).unwrap();
    for (cell, expected) in checks {
        assert_eq!(witness.value(cell), expected);
    }
    for (part, k) in parts.iter().zip(coordinates(&x)) {
        assert_eq!(witness.value(*part), E::from(*k));
    }
}

#[test]
fn constants_are_written_once() {
    let mut b = Builder::new();
    let value = ext([1, 2, 3, 4]);
    let first = b.constant(value);
    let rows = b.alu_operations();
    assert_eq!(b.constant(value), first);
    assert_eq!(b.alu_operations(), rows);
}

#[test]
fn bits_select_and_powers() {
    for value in [0u32, 1, 5, (1 << 24) - 1, F::ORDER_U32 - 1, 0x7e00_1234] {
        let mut b = Builder::new();
        let felt = b.hint_felt();
        let bits = b.bits(felt, true);
        let low = b.from_bits(&bits[..10]);
        let power = b.exp_bits(F::GENERATOR, &bits[..12]);
        let [one, two] = [b.felt(F::ONE), b.felt(F::TWO)];
        let chosen = b.select(bits[0], one, two);
        let witness = run(b, &[E::from_u32(value)]).unwrap();
        for (i, bit) in bits.iter().enumerate() {
            assert_eq!(witness.value(bit.cell()), E::from_u32((value >> i) & 1));
        }
        assert_eq!(witness.value(low), E::from_u32(value & 1023));
        let expected = F::GENERATOR.exp_u64(u64::from(value & 4095));
        assert_eq!(witness.value(power), E::from(expected));
        assert_eq!(witness.value(chosen), E::from_u32(2 - (value & 1)));
    }
}

#[test]
fn range_checks_bound_their_operand() {
    let program = |count| {
        let mut b = Builder::new();
        let felt = b.hint_felt();
        b.range_bits(felt, count);
        b.finish()
    };
    for count in [1, 2, 30] {
        let limit = 1u32 << count;
        assert!(program(count).execute([E::from_u32(limit - 1)]).is_ok());
        let result = program(count).execute([E::from_u32(limit)]);
        assert_eq!(fault(result), Fault::TooLarge { value: limit, bits: count as u32 });
    }
}

fn digest(cells: &[E]) -> [F; 8] {
    core::array::from_fn(|i| coordinates(&cells[i / 4])[i % 4])
}

fn blocks(values: &[F]) -> Vec<E> {
    values.chunks(4).map(|c| E::from_basis_coefficients_fn(|i| c[i])).collect()
}

#[test]
fn merkle_path_agrees_with_the_native_compression() {
    let mut rng = rng();
    let compress = TruncatedPermutation::<_, 2, 8, 16>::new(default_koalabear_poseidon2_16());
    let leaf: [F; 8] = rng.random();
    let siblings: [[F; 8]; 3] = rng.random();
    let index = 0b101;

    let mut b = Builder::new();
    let mut node = [b.hint(), b.hint()];
    let bits: Vec<_> = (0..3).map(|_| b.hint_bit()).collect();
    for bit in &bits {
        node = b.merkle_step(node, *bit);
    }

    let mut hints = blocks(&leaf);
    hints.extend((0..3).map(|i| E::from_u32((index >> i) & 1)));
    let mut expected = leaf;
    for (i, sibling) in siblings.into_iter().enumerate() {
        let right = (index >> i) & 1 == 1;
        let pair = if right { [sibling, expected] } else { [expected, sibling] };
        expected = compress.compress(pair);
        hints.extend(blocks(&sibling));
    }
    let witness = run(b, &hints).unwrap();
    assert_eq!(digest(&node.map(|cell| witness.value(cell))), expected);
}

#[test]
fn sponge_rows_hash_and_evaluate() {
    type Perm = Poseidon2KoalaBear<16>;
    let mut rng = rng();
    let sponge = PaddingFreeSponge::<Perm, 16, 8, 8>::new(default_koalabear_poseidon2_16());
    let values: [F; 16] = rng.random();
    let gamma: E = rng.random();

    let mut b = Builder::new();
    let point = b.hint();
    let zero = b.zero();
    let row = |acc_in, split| Some(Horner { gamma: point, acc_in, split });
    let first = b.absorb([Block::Hint, Block::Hint], [zero; 2], row(zero, true));
    let capacity = [first.out[2], first.out[3]];
    let known = b.hint();
    let second = b.absorb([known.into(), Block::Hint], capacity, row(first.acc_out, false));

    let mut hints = vec![gamma];
    hints.extend(blocks(&values));
    let witness = run(b, &hints).unwrap();
    let hash = digest(&[witness.value(second.out[0]), witness.value(second.out[1])]);
    assert_eq!(hash, sponge.hash_iter(values));
    let evaluate = |values: &[F]| values.iter().fold(E::ZERO, |acc, value| acc * gamma + *value);
    assert_eq!(witness.value(first.acc_mid), evaluate(&values[..4]));
    assert_eq!(witness.value(first.acc_out), evaluate(&values[4..8]));
    assert_eq!(witness.value(second.acc_mid), evaluate(&values[4..12]));
    assert_eq!(witness.value(second.acc_out), evaluate(&values[4..]));
}

#[test]
fn wrong_hints_are_refused_by_name() {
    let square_is_four = || -> Program {
        let mut b = Builder::new();
        b.scope("outer", |b| {
            b.scope("square", |b| {
                let root = b.hint();
                let square = b.mul(root, root);
                let four = b.felt(F::from_u8(4));
                b.assert_eq(square, four);
            });
        });
        b.finish()
    };
    assert!(square_is_four().execute([E::TWO]).is_ok());
    let error = square_is_four().execute([E::ONE]).unwrap_err();
    assert!(error.to_string().contains("program/outer/square"), "{error}");
    let (computed, expected) = (E::ONE, E::from_u8(4));
    assert_eq!(fault(Err(error)), Fault::Assertion { computed, expected });

    assert_eq!(fault(square_is_four().execute([])), Fault::HintsExhausted);
    let unused = square_is_four().execute([E::TWO, E::TWO]).unwrap_err();
    assert_eq!(unused, ExecutionError::UnusedHints { expected: 1 });

    let mut b = Builder::new();
    b.hint_bit();
    assert_eq!(fault(run(b, &[E::TWO])), Fault::NotABit { value: E::TWO });

    let mut b = Builder::new();
    b.hint_partial(2);
    let value = ext([1, 1, 1, 0]);
    assert_eq!(fault(run(b, &[value])), Fault::Coordinates { value });

    let mut b = Builder::new();
    let zero = b.hint();
    b.inverse(zero);
    assert_eq!(fault(run(b, &[E::ZERO])), Fault::InverseOfZero);
}

/// The program of a prover who takes all advice from the hint stream.
fn dishonest(mut program: Program) -> Program {
    let steps = program.steps.iter().zip(&program.step_scopes);
    let hints = steps.flat_map(|(step, scope)| {
        let (first, count) = match *step {
            Step::Inverse { out, .. } | Step::Quotient { out, .. } => (out, 1),
            Step::Bits { first, count, .. } => (first, count),
            Step::Coordinates { first, .. } => (first, 4),
            Step::Split { first, .. } => (first, 2),
            _ => return vec![(*step, *scope)],
        };
        (first..first + count).map(|out| (Step::Hint { out }, *scope)).collect()
    });
    (program.steps, program.step_scopes) = hints.unzip();
    program
}

#[test]
fn bits_above_the_modulus_pass_only_where_allowed() {
    // 5 and 5 + p have 31 bits, and are one field element.
    let alias = 5 + F::ORDER_U32;
    for canonical in [false, true] {
        let mut b = Builder::new();
        let felt = b.hint_felt();
        b.bits(felt, canonical);
        let program = dishonest(b.finish());
        let mut rng = rng();
        for (value, advices) in [(5, 1), (alias, 20)] {
            for _ in 0..advices {
                let mut hints = vec![E::from_u8(5)];
                hints.extend((0..31).map(|i| E::from_u32((value >> i) & 1)));
                // The advice on `high - 127`: right for 5, anything for the alias.
                let right = (E::ZERO - F::from_u8(127)).inverse();
                hints.extend(canonical.then(|| if value == 5 { right } else { rng.random() }));
                let accepted = program.execute(hints).is_ok();
                assert_eq!(accepted, value == 5 || !canonical);
            }
        }
    }
}

#[test]
fn wrong_advice_is_refused() {
    let mut rng = rng();
    let x: E = rng.random();
    let inverse = |b: &mut Builder, x| {
        b.inverse(x);
    };
    let unpack = |b: &mut Builder, x| {
        b.unpack(x);
    };
    let bits = |b: &mut Builder, x| {
        b.range_bits(x, 3);
    };
    let coordinates: Vec<E> = coordinates(&x).iter().map(|k| E::from(*k)).collect();
    type Body = fn(&mut Builder, Cell);
    let quotient = |b: &mut Builder, x| {
        let seven = b.felt(F::from_u8(7));
        b.quotient(seven, x, Some(x));
    };
    let cases: [(Body, E, Vec<E>); 4] = [
        (quotient, x, vec![x + x.inverse() * F::from_u8(7)]),
        (inverse, x, vec![x.inverse()]),
        (unpack, x, coordinates),
        (bits, E::from_u8(6), vec![E::ZERO, E::ONE, E::ONE]),
    ];
    for (body, x, advice) in cases {
        let mut b = Builder::new();
        let cell = b.hint();
        body(&mut b, cell);
        let program = dishonest(b.finish());
        let hints = |advice: &[E]| [&[x], advice].concat();
        assert!(program.execute(hints(&advice)).is_ok());
        for i in 0..advice.len() {
            for wrong in [advice[i] + E::ONE, rng.random()] {
                let mut advice = advice.clone();
                advice[i] = wrong;
                assert!(program.execute(hints(&advice)).is_err());
            }
        }
    }
}

#[test]
fn programs_that_do_not_fit_are_refused() {
    let (program, _) = crate::testing::sample();
    let heights = program.min_heights();
    assert!(program.preprocessed(heights).is_ok());
    for (table, too_low) in [
        ("alu", Heights { alu: heights.alu - 1, ..heights }),
        ("poseidon2", Heights { poseidon2: heights.poseidon2 - 1, ..heights }),
        ("public", Heights { public: heights.public - 1, ..heights }),
    ] {
        assert_eq!(program.airs(too_low).unwrap_err().table, table);
    }
}

#[test]
fn rows_are_counted_by_scope() {
    let mut b = Builder::new();
    let a = b.hint();
    for _ in 0..3 {
        b.scope("loop", |b| {
            b.mul(a, a);
            b.poseidon2([a; 4]);
        });
    }
    let report = b.finish().rows_by_scope();
    assert_eq!(report.len(), 2);
    assert_eq!((report[1].scope.as_str(), report[1].alu, report[1].poseidon2), ("program/loop", 3, 3));
}

#[test]
#[should_panic(expected = "without a `Horner`")]
fn a_meaningless_evaluation_cannot_be_read() {
    let mut b = Builder::new();
    let zero = b.zero();
    let absorbed = b.absorb([zero.into(), zero.into()], [zero; 2], None);
    b.assert_zero(absorbed.acc_out);
    b.finish();
}

#[test]
fn a_path_must_end_in_the_parent_it_is_given() {
    let mut rng = rng();
    let compress = TruncatedPermutation::<_, 2, 8, 16>::new(default_koalabear_poseidon2_16());
    let [leaf, sibling]: [[F; 8]; 2] = rng.random();
    let root = compress.compress([leaf, sibling]);
    // Cells of consecutive addresses, which the row compares, and others.
    for gap in [false, true] {
        let mut b = Builder::new();
        let node = [b.hint(), b.hint()];
        let first = b.hint();
        if gap {
            b.hint();
        }
        let parent = [first, b.hint()];
        let side = b.hint_bit();
        b.merkle_step_into(node, side, parent);
        let program = b.finish();
        let hints = |root: &[F; 8]| {
            let mut hints = blocks(&leaf);
            hints.extend(blocks(root));
            if gap {
                hints.insert(3, E::ZERO);
            }
            hints.push(E::ZERO);
            hints.extend(blocks(&sibling));
            hints
        };
        program.execute(hints(&root)).unwrap();
        assert_eq!(Case::of(&program, &hints(&root)).violations(), Violations::new());
        for i in 0..8 {
            let mut forged = root;
            forged[i] += F::ONE;
            let fault = fault(program.execute(hints(&forged)));
            assert!(matches!(fault, Fault::Assertion { .. }), "element {i}: {fault}");
        }
    }
}

/// `z = head + X·tail` with an invertible tail is impossible for a `z` in the base field, whatever the advice: what
/// recursion relies on where it divides by `z - x`.
#[test]
fn a_base_element_has_no_invertible_tail() {
    let mut b = Builder::new();
    let z = b.hint();
    let [_, tail] = b.split_block(z, 1);
    b.inverse(tail);
    let program = dishonest(b.finish());
    let mut rng = rng();
    let x = ext([0, 1, 0, 0]);
    let good = ext([5, 1, 2, 3]);
    let tail = ext([1, 2, 3, 0]);
    program.execute([good, E::from_u8(5), tail, tail.inverse()]).unwrap();

    let z = E::from_u8(5);
    let tails = [E::ZERO, E::ONE, ext([0, 0, 0, 1]), ext([1, 2, 3, 0]), rng.random()];
    for tail in tails {
        for head in [z, z - x * tail, rng.random()] {
            for inverse in [tail.try_inverse().unwrap_or(E::ZERO), rng.random()] {
                assert!(program.execute([z, head, tail, inverse]).is_err());
            }
        }
    }
}
