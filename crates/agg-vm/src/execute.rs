//! Running a program: hints in, a filled memory out.

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::Permutation;

use crate::program::{AluOperation, HashMode, Poseidon2Row, Program, Step};
use crate::{E, F, NUM_PUBLIC_VALUES};

/// What went wrong in a step of a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A row computes a value its output cell does not hold.
    #[error("an assertion fails: {computed} is not {expected}")]
    Assertion {
        /// What the row computes.
        computed: E,
        /// What the cell holds.
        expected: E,
    },
    /// A value that must lie in the base field, or in fewer coordinates, does not.
    #[error("{value} has a nonzero coordinate where the program allows none")]
    Coordinates {
        /// The value.
        value: E,
    },
    /// A value that must be 0 or 1 is neither.
    #[error("{value} is not a bit")]
    NotABit {
        /// The value.
        value: E,
    },
    /// A value has no inverse.
    #[error("zero has no inverse")]
    InverseOfZero,
    /// A value does not fit the bits it is cut into.
    #[error("{value} has more than {bits} bits")]
    TooLarge {
        /// The value.
        value: u32,
        /// The number of bits.
        bits: u32,
    },
    /// The hint stream ends too early.
    #[error("the hints end before the program does")]
    HintsExhausted,
}

/// A program does not accept its hints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecutionError {
    /// A step fails.
    #[error("step {step} of the recursion program, in {scope}: {fault}")]
    Step {
        /// Position in the program.
        step: usize,
        /// Path of the scope the step was written in.
        scope: String,
        /// What is wrong.
        fault: Fault,
    },
    /// Hints remain after the last step.
    #[error("the recursion program takes {expected} hints and was given more")]
    UnusedHints {
        /// The hints the program takes.
        expected: usize,
    },
}

/// A filled memory: what the main traces are made from.
#[derive(Clone, Debug)]
pub struct Witness {
    pub(crate) memory: Vec<E>,
    /// The sixteen input elements of each permutation, siblings included.
    pub(crate) permutations: Vec<[F; 16]>,
    public_values: Vec<F>,
}

impl Witness {
    /// The values the program exposes, [`NUM_PUBLIC_VALUES`] of them.
    pub fn public_values(&self) -> &[F] {
        &self.public_values
    }

    /// The value of a cell.
    ///
    /// # Panics
    /// If the cell is not one of the program's.
    pub fn value(&self, cell: crate::Cell) -> E {
        self.memory[cell.0 as usize]
    }
}

impl Program {
    /// Runs the program on a stream of hints, which it must use up.
    ///
    /// # Errors
    /// If an assertion fails, a denominator is zero or the number of hints is wrong; the error
    /// names the scope.
    pub fn execute(&self, hints: impl IntoIterator<Item = E>) -> Result<Witness, ExecutionError> {
        let mut machine = Machine {
            program: self,
            memory: vec![E::ZERO; self.num_cells()],
            permutations: Vec::with_capacity(self.poseidon2.len()),
            hints: hints.into_iter(),
            poseidon2: default_koalabear_poseidon2_16(),
        };
        for (index, step) in self.steps.iter().enumerate() {
            machine.step(step).map_err(|fault| ExecutionError::Step {
                step: index,
                scope: self.scopes.path(self.step_scopes[index]),
                fault,
            })?;
        }
        if machine.hints.next().is_some() {
            return Err(ExecutionError::UnusedHints { expected: self.num_hints });
        }
        let mut public_values = Vec::with_capacity(NUM_PUBLIC_VALUES);
        for cell in self.public {
            let block = machine.memory[cell as usize];
            public_values.extend_from_slice(block.as_basis_coefficients_slice());
        }
        let Machine { memory, permutations, .. } = machine;
        Ok(Witness { memory, permutations, public_values })
    }
}

struct Machine<'a, H> {
    program: &'a Program,
    memory: Vec<E>,
    permutations: Vec<[F; 16]>,
    hints: H,
    poseidon2: Poseidon2KoalaBear<16>,
}

impl<H: Iterator<Item = E>> Machine<'_, H> {
    fn step(&mut self, step: &Step) -> Result<(), Fault> {
        match *step {
            Step::Hint { out } => self.memory[out as usize] = self.hint()?,
            Step::Alu { row } => {
                let row = &self.program.alu[row as usize];
                self.alu(row)?;
            }
            Step::Poseidon2 { row } => {
                let row = &self.program.poseidon2[row as usize];
                self.poseidon2(row)?;
            }
            Step::Inverse { of, minus, out, or_zero } => {
                let inverse = (self.memory[of as usize] - minus).try_inverse();
                let value = match inverse {
                    None if !or_zero => return Err(Fault::InverseOfZero),
                    inverse => inverse.unwrap_or(E::ZERO),
                };
                self.memory[out as usize] = value;
            }
            Step::Quotient { numerator, denominator, plus, out } => {
                let inverse = self.memory[denominator as usize].try_inverse();
                let inverse = inverse.ok_or(Fault::InverseOfZero)?;
                let plus = self.slot(plus.map(|cell| cell as usize));
                self.memory[out as usize] = plus + self.memory[numerator as usize] * inverse;
            }
            Step::Bits { of, first, count } => self.bits(of, first, count)?,
            Step::Coordinates { of, first } => {
                let block = self.memory[of as usize];
                for (i, value) in coordinates(&block).iter().enumerate() {
                    self.memory[first as usize + i] = E::from(*value);
                }
            }
            Step::Split { of, at, first } => {
                let block = self.memory[of as usize];
                let parts = coordinates(&block);
                let at = at as usize;
                let part = |i: usize, taken: bool| if taken { parts[i] } else { F::ZERO };
                self.memory[first as usize] = E::from_basis_coefficients_fn(|i| part(i, i < at));
                self.memory[first as usize + 1] =
                    E::from_basis_coefficients_fn(|i| part((i + at) % 4, i + at < 4));
            }
        }
        Ok(())
    }

    fn hint(&mut self) -> Result<E, Fault> {
        self.hints.next().ok_or(Fault::HintsExhausted)
    }

    fn alu(&mut self, row: &AluOperation) -> Result<(), Fault> {
        let [a, b, c] = core::array::from_fn(|i| self.slot(row.slots[i].cell()));
        let k = &row.coeffs;
        if row.check.zero.iter().zip(&coordinates(&a)[1..]).any(|(zero, x)| *zero && *x != F::ZERO) {
            return Err(Fault::Coordinates { value: a });
        }
        if row.check.boolean && coordinates(&a)[0].bool_check() != F::ZERO {
            return Err(Fault::NotABit { value: a });
        }
        let Some(out) = row.slots[3].cell() else { return Ok(()) };
        let computed = evaluate_alu(k, a, b, c);
        if row.asserts_out {
            let expected = self.memory[out];
            if computed != expected {
                return Err(Fault::Assertion { computed, expected });
            }
        }
        self.memory[out] = computed;
        Ok(())
    }

    fn slot(&self, cell: Option<usize>) -> E {
        cell.map_or(E::ZERO, |cell| self.memory[cell])
    }

    fn poseidon2(&mut self, row: &Poseidon2Row) -> Result<(), Fault> {
        let mut blocks = row.inputs.map(|slot| self.slot(slot.cell()));
        if let HashMode::Merkle { current, bit } = row.mode {
            let current = current.map(|cell| self.memory[cell as usize]);
            let sibling = [self.hint()?, self.hint()?];
            let bit = self.memory[bit as usize] == E::ONE;
            let [left, right] = if bit { [sibling, current] } else { [current, sibling] };
            blocks = [left[0], left[1], right[0], right[1]];
        }
        let input: [F; 16] = core::array::from_fn(|i| coordinates(&blocks[i / 4])[i % 4]);
        let output = self.poseidon2.permute(input);
        let base = row.out_base as usize;
        if row.asserts_digest {
            for (i, block) in output[..8].chunks_exact(4).enumerate() {
                let (computed, expected) = (block_of(block), self.memory[base + i]);
                if computed != expected {
                    return Err(Fault::Assertion { computed, expected });
                }
            }
            self.permutations.push(input);
            return Ok(());
        }
        for (i, block) in output.chunks_exact(4).enumerate() {
            self.memory[base + i] = block_of(block);
        }
        if let HashMode::Horner { acc_in, gamma, split } = row.mode {
            let (acc_in, gamma) = (self.memory[acc_in as usize], self.memory[gamma as usize]);
            let [acc_mid, acc_out] = evaluate_horner(&input, acc_in, gamma, split);
            self.memory[base + 4] = acc_mid;
            self.memory[base + 5] = acc_out;
        }
        self.permutations.push(input);
        Ok(())
    }

    fn bits(&mut self, of: u32, first: u32, count: u32) -> Result<(), Fault> {
        let block = self.memory[of as usize];
        if coordinates(&block)[1..].iter().any(|x| *x != F::ZERO) {
            return Err(Fault::Coordinates { value: block });
        }
        let value = coordinates(&block)[0].as_canonical_u32();
        if value >> count != 0 {
            return Err(Fault::TooLarge { value, bits: count });
        }
        for i in 0..count {
            self.memory[(first + i) as usize] = E::from_bool((value >> i) & 1 == 1);
        }
        Ok(())
    }
}

fn coordinates(block: &E) -> &[F] {
    block.as_basis_coefficients_slice()
}

/// The block whose coordinates are the four given elements.
pub(crate) fn block_of(coordinates: &[F]) -> E {
    E::from_basis_coefficients_fn(|i| coordinates[i])
}

/// The right-hand side of an `alu` row.
pub(crate) fn evaluate_alu(k: &crate::AluCoeffs, a: E, b: E, c: E) -> E {
    let mut factor = E::from(k.a);
    let mut rest = E::from_basis_coefficients_fn(|i| match i {
        0 => k.one,
        1 => k.x,
        _ => F::ZERO,
    });
    if k.ab != F::ZERO {
        factor += b * k.ab;
    }
    if k.ac != F::ZERO {
        factor += c * k.ac;
    }
    if k.b != F::ZERO {
        rest += b * k.b;
    }
    if k.c != F::ZERO {
        rest += c * k.c;
    }
    a * factor + rest
}

/// The running evaluations after the first and the second rate block of a permutation's input.
pub(crate) fn evaluate_horner(input: &[F; 16], acc_in: E, gamma: E, split: bool) -> [E; 2] {
    let fold = |start: E, values: &[F]| values.iter().fold(start, |acc, v| acc * gamma + *v);
    let acc_mid = fold(acc_in, &input[..4]);
    let acc_out = fold(if split { E::ZERO } else { acc_mid }, &input[4..8]);
    [acc_mid, acc_out]
}
