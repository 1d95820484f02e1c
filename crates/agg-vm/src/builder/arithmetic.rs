//! Constants, hints and arithmetic.

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};

use super::{Builder, any};
use crate::cell::{Bit, Cell};
use crate::program::{AluCoeffs, OperandCheck, Step};
use crate::{E, F};

const K: AluCoeffs =
    AluCoeffs { ab: F::ZERO, ac: F::ZERO, a: F::ZERO, b: F::ZERO, c: F::ZERO, one: F::ZERO, x: F::ZERO };

impl Builder {
    /// A constant; the same cell each time. One operation if it has degree at most 1 in `X`, else up to
    /// five.
    pub fn constant(&mut self, value: E) -> Cell {
        if let Some(cell) = self.constants.get(&value) {
            return *cell;
        }
        let k: [F; 4] = core::array::from_fn(|i| value.as_basis_coefficients_slice()[i]);
        let low = AluCoeffs { one: k[0], x: k[1], ..K };
        let cell = if k[2] == F::ZERO && k[3] == F::ZERO {
            let out = self.reserve(1);
            self.push_alu(low, OperandCheck::default(), [None; 3], Some(out));
            out
        } else {
            let x_squared = self.power_of_x(2);
            let high = self.linear_constant(k[2], k[3]);
            let coeffs = AluCoeffs { ab: F::ONE, ..low };
            self.alu(coeffs, high, x_squared, high)
        };
        self.constants.insert(value, cell);
        cell
    }

    /// A constant of the base field.
    pub fn felt(&mut self, value: F) -> Cell {
        self.constant(E::from(value))
    }

    /// The constant 0.
    pub fn zero(&mut self) -> Cell {
        self.felt(F::ZERO)
    }

    /// The constant 1.
    pub fn one(&mut self) -> Cell {
        self.felt(F::ONE)
    }

    fn linear_constant(&mut self, k0: F, k1: F) -> Cell {
        self.constant(E::from_basis_coefficients_fn(|i| match i {
            0 => k0,
            1 => k1,
            _ => F::ZERO,
        }))
    }

    /// The constant `X^power`, for `power < 4`.
    pub fn power_of_x(&mut self, power: usize) -> Cell {
        let value = E::from_basis_coefficients_fn(|i| F::from_bool(i == power));
        if power < 2 {
            return self.constant(value);
        }
        if let Some(cell) = self.constants.get(&value) {
            return *cell;
        }
        let x = self.power_of_x(1);
        let below = self.power_of_x(power - 1);
        let cell = self.mul(x, below);
        self.constants.insert(value, cell);
        cell
    }

    /// A new cell holding what `coeffs` says of `a`, `b`, `c`. Operands whose coefficients are all
    /// zero are not read.
    pub fn alu(&mut self, coeffs: AluCoeffs, a: Cell, b: Cell, c: Cell) -> Cell {
        let out = self.reserve(1);
        self.assert_alu(coeffs, a, b, c, out);
        out
    }

    /// Demands that the existing cell `out` holds what `coeffs` says of `a`, `b`, `c`.
    pub fn assert_alu(&mut self, coeffs: AluCoeffs, a: Cell, b: Cell, c: Cell, out: Cell) {
        self.checked_alu(coeffs, OperandCheck::default(), a, b, c, out);
    }

    pub(super) fn checked_alu(
        &mut self,
        coeffs: AluCoeffs,
        check: OperandCheck,
        a: Cell,
        b: Cell,
        c: Cell,
        out: Cell,
    ) {
        let k = &coeffs;
        let reads_a = any(&[k.ab, k.ac, k.a]) || check != OperandCheck::default();
        let operands = [reads_a.then_some(a), any(&[k.ab, k.b]).then_some(b), any(&[k.ac, k.c]).then_some(c)];
        self.push_alu(coeffs, check, operands, Some(out));
    }

    /// `a + b`.
    pub fn add(&mut self, a: Cell, b: Cell) -> Cell {
        self.alu(AluCoeffs { a: F::ONE, b: F::ONE, ..K }, a, b, a)
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Cell, b: Cell) -> Cell {
        self.alu(AluCoeffs { a: F::ONE, b: F::NEG_ONE, ..K }, a, b, a)
    }

    /// `-a`.
    pub fn neg(&mut self, a: Cell) -> Cell {
        self.affine(a, F::NEG_ONE, F::ZERO)
    }

    /// `a·b`.
    pub fn mul(&mut self, a: Cell, b: Cell) -> Cell {
        self.alu(AluCoeffs { ab: F::ONE, ..K }, a, b, a)
    }

    /// `a·b + c`.
    pub fn mul_add(&mut self, a: Cell, b: Cell, c: Cell) -> Cell {
        self.alu(AluCoeffs { ab: F::ONE, c: F::ONE, ..K }, a, b, c)
    }

    /// `k·a + constant`.
    pub fn affine(&mut self, a: Cell, k: F, constant: F) -> Cell {
        self.alu(AluCoeffs { a: k, one: constant, ..K }, a, a, a)
    }

    /// `x1` if the bit is 1, `x0` if it is 0.
    pub fn select(&mut self, bit: Bit, x1: Cell, x0: Cell) -> Cell {
        let coeffs = AluCoeffs { ab: F::ONE, ac: F::NEG_ONE, c: F::ONE, ..K };
        self.alu(coeffs, bit.0, x1, x0)
    }

    /// `1/a`. No proof exists where `a` is 0. Two steps, one operation.
    pub fn inverse(&mut self, a: Cell) -> Cell {
        let out = self.reserve(1);
        self.step(Step::Inverse { of: a.0, minus: F::ZERO, out: out.0, or_zero: false });
        let one = self.one();
        // The product is 1, so neither factor is 0 and `out` is the only such element.
        self.assert_alu(AluCoeffs { ab: F::ONE, ..K }, out, a, a, one);
        out
    }

    /// `a/b`. No proof exists where `b` is 0, even if `a` is 0 too: the quotient comes from
    /// [`Self::inverse`]. Two operations.
    pub fn div(&mut self, a: Cell, b: Cell) -> Cell {
        let inverse = self.inverse(b);
        self.mul(a, inverse)
    }

    /// `plus + numerator/denominator`, for a denominator that the program has shown to be nonzero. One
    /// operation.
    ///
    /// The operation demands `(out - plus)·denominator = numerator`, of which `out` is the only solution
    /// where the denominator is not zero. Where it may be, use [`Self::inverse`]: here a prover who made
    /// both numerator and denominator zero would choose `out`.
    pub fn quotient(&mut self, numerator: Cell, denominator: Cell, plus: Option<Cell>) -> Cell {
        let out = self.reserve(1);
        self.step(Step::Quotient {
            numerator: numerator.0,
            denominator: denominator.0,
            plus: plus.map(|cell| cell.0),
            out: out.0,
        });
        let ac = if plus.is_some() { F::NEG_ONE } else { F::ZERO };
        let coeffs = AluCoeffs { ab: F::ONE, ac, ..K };
        self.assert_alu(coeffs, denominator, out, plus.unwrap_or(out), numerator);
        out
    }

    /// Demands `a = b`. One operation.
    pub fn assert_eq(&mut self, a: Cell, b: Cell) {
        if a != b {
            self.assert_alu(AluCoeffs { a: F::ONE, ..K }, a, a, a, b);
        }
    }

    /// Demands `a = 0`. One operation.
    pub fn assert_zero(&mut self, a: Cell) {
        let zero = self.zero();
        self.assert_eq(a, zero);
    }

    /// The next block of the hint stream, unconstrained.
    pub fn hint(&mut self) -> Cell {
        let out = self.reserve(1);
        self.push_hint(out);
        out
    }

    /// The next block of the hint stream, constrained to the base field. One operation.
    pub fn hint_felt(&mut self) -> Cell {
        self.hint_partial(1)
    }

    /// The next block of the hint stream, its coordinates from `free` on constrained to zero. One
    /// operation unless `free` is 4.
    ///
    /// # Panics
    /// If `free` is 0 or above 4.
    pub fn hint_partial(&mut self, free: usize) -> Cell {
        assert!((1..=4).contains(&free), "between one and four coordinates of a hint are free");
        let cell = self.hint();
        if free < 4 {
            let zero = core::array::from_fn(|j| j + 1 >= free);
            self.check_operand(cell, OperandCheck { zero, boolean: false });
        }
        cell
    }

    /// The next block of the hint stream, constrained to 0 or 1. One operation.
    pub fn hint_bit(&mut self) -> Bit {
        let cell = self.hint();
        self.assert_bit(cell)
    }

    /// Demands that a cell is 0 or 1. One operation.
    pub fn assert_bit(&mut self, cell: Cell) -> Bit {
        self.check_operand(cell, OperandCheck::BIT);
        Bit(cell)
    }

    /// Demands that a cell is in the base field. One operation.
    pub fn assert_felt(&mut self, cell: Cell) {
        self.check_operand(cell, OperandCheck::FELT);
    }

    /// The coordinates of a block, each in a cell of its own. Four operations.
    pub fn unpack(&mut self, cell: Cell) -> [Cell; 4] {
        let first = self.reserve(4);
        self.step(Step::Coordinates { of: cell.0, first: first.0 });
        let parts: [Cell; 4] = core::array::from_fn(|i| Cell(first.0 + i as u32));
        // Each part is a base element and they recompose the block, so they are its coordinates.
        let mut sum = None;
        for j in (1..4).rev() {
            let power = self.power_of_x(j);
            let out = self.reserve(1);
            let coeffs = AluCoeffs { ab: F::ONE, c: F::from_bool(sum.is_some()), ..K };
            let rest = sum.unwrap_or(power);
            self.checked_alu(coeffs, OperandCheck::FELT, parts[j], power, rest, out);
            sum = Some(out);
        }
        let rest = sum.expect("three terms were added");
        let coeffs = AluCoeffs { a: F::ONE, c: F::ONE, ..K };
        self.checked_alu(coeffs, OperandCheck::FELT, parts[0], rest, rest, cell);
        parts
    }

    /// The block `Σ parts[i]·X^i`: its coordinates are the parts, where those are base elements.
    /// Three operations.
    pub fn pack(&mut self, parts: [Cell; 4]) -> Cell {
        let mut block = parts[0];
        for (j, part) in parts.into_iter().enumerate().skip(1) {
            let power = self.power_of_x(j);
            block = self.mul_add(part, power, block);
        }
        block
    }

    /// Cuts a block in two: its first `at` coordinates, and the rest moved to the front. Two operations.
    ///
    /// # Panics
    /// If `at` is 0 or above 3.
    pub fn split_block(&mut self, block: Cell, at: usize) -> [Cell; 2] {
        let [head, tail] = self.cut(block, at);
        self.check_operand(
            head,
            OperandCheck { zero: core::array::from_fn(|j| j + 1 >= at), boolean: false },
        );
        [head, tail]
    }

    /// Joins a begun block, of which the first `filled` coordinates are taken and the others zero, with the next one:
    /// the completed block, and what is left of the next as a begun block with `filled` coordinates. Two operations.
    ///
    /// # Panics
    /// If `filled` is 0 or above 3.
    pub fn realign(&mut self, begun: Cell, next: Cell, filled: usize) -> [Cell; 2] {
        let free = 4 - filled;
        let [head, tail] = self.cut(next, free);
        let shift = self.power_of_x(filled);
        let complete = self.reserve(1);
        let check = OperandCheck { zero: core::array::from_fn(|j| j + 1 >= free), boolean: false };
        let coeffs = AluCoeffs { ab: F::ONE, c: F::ONE, ..K };
        self.checked_alu(coeffs, check, head, shift, begun, complete);
        [complete, tail]
    }

    /// `block = head + X^at·tail` with a tail of `4 - at` coordinates; the head's upper coordinates are left to the
    /// caller to check, with which both are the block's own. One operation.
    fn cut(&mut self, block: Cell, at: usize) -> [Cell; 2] {
        assert!((1..4).contains(&at), "a block is cut after one, two or three coordinates");
        let first = self.reserve(2);
        self.step(Step::Split { of: block.0, at: at as u32, first: first.0 });
        let [head, tail] = [first, Cell(first.0 + 1)];
        let shift = self.power_of_x(at);
        let check = OperandCheck { zero: core::array::from_fn(|j| j + 1 >= 4 - at), boolean: false };
        let coeffs = AluCoeffs { ab: F::ONE, c: F::ONE, ..K };
        self.checked_alu(coeffs, check, tail, shift, head, block);
        [head, tail]
    }

    /// `a^(2^log_power)`. One operation per squaring.
    pub fn exp_power_of_2(&mut self, a: Cell, log_power: usize) -> Cell {
        (0..log_power).fold(a, |power, _| self.mul(power, power))
    }

    /// `Π base^(2^i)` over the bits that are 1, that is `base^(Σ bit_i·2^i)`. One operation per bit.
    pub fn exp_bits(&mut self, base: F, bits: &[Bit]) -> Cell {
        let mut power = base;
        let mut product = None;
        for bit in bits {
            // out = (1 + bit·(power - 1))·product
            let out = match product {
                None => self.affine(bit.0, power - F::ONE, F::ONE),
                Some(product) => {
                    let coeffs = AluCoeffs { ab: power - F::ONE, a: F::ONE, ..K };
                    self.alu(coeffs, product, bit.0, product)
                }
            };
            product = Some(out);
            power = power.square();
        }
        product.unwrap_or_else(|| self.one())
    }

    /// Demands that the bit's choice, `x1` or `x0`, is `out`. One operation.
    pub fn assert_select(&mut self, bit: Bit, x1: Cell, x0: Cell, out: Cell) {
        let coeffs = AluCoeffs { ab: F::ONE, ac: F::NEG_ONE, c: F::ONE, ..K };
        self.assert_alu(coeffs, bit.0, x1, x0, out);
    }

    /// Demands `a·b + c = out`. One operation.
    pub fn assert_mul_add(&mut self, a: Cell, b: Cell, c: Cell, out: Cell) {
        self.assert_alu(AluCoeffs { ab: F::ONE, c: F::ONE, ..K }, a, b, c, out);
    }

    /// One butterfly of a FRI fold: `(x0 + x1)/2 + k·t·(x0 - x1)`. One operation.
    pub fn butterfly(&mut self, t: Cell, k: F, x0: Cell, x1: Cell) -> Cell {
        let half = F::TWO.inverse();
        self.alu(AluCoeffs { ab: k, ac: -k, b: half, c: half, ..K }, t, x0, x1)
    }
}
