//! Binary decomposition of base elements.

use p3_field::PrimeCharacteristicRing;

use super::Builder;
use crate::F;
use crate::cell::{Bit, Cell};
use crate::program::{AluCoeffs, OperandCheck, Step};

/// Bits of a KoalaBear element: the modulus is `2^31 - 2^24 + 1`.
const FELT_BITS: usize = 31;
/// Bits below the run of ones at the modulus' top.
const LOW_BITS: usize = 24;
/// The value of those ones.
const HIGH_ONES: u32 = (1 << (FELT_BITS - LOW_BITS)) - 1;

impl Builder {
    /// The 31 bits of a base element, little-endian. 31 operations, 33 if `canonical`.
    ///
    /// Without `canonical` a prover may choose the bits of `value + p` where that is below 2^31.
    /// No proof exists where the cell is not a base element.
    pub fn bits(&mut self, felt: Cell, canonical: bool) -> [Bit; FELT_BITS] {
        let (bits, high) = self.decompose(felt, FELT_BITS, FELT_BITS - LOW_BITS);
        if canonical {
            self.assert_canonical(felt, high);
        }
        core::array::from_fn(|i| bits[i])
    }

    /// The `count` bits of a base element below `2^count`, little-endian: a range check.
    /// `count` operations.
    ///
    /// # Panics
    /// If `count` is 0 or above 30, where the bits would not be unique.
    pub fn range_bits(&mut self, felt: Cell, count: usize) -> Vec<Bit> {
        assert!((1..FELT_BITS).contains(&count), "a range check takes 1 to 30 bits");
        self.decompose(felt, count, count).0
    }

    /// `Σ bit_i·2^i` of little-endian bits. One operation less than there are bits.
    pub fn from_bits(&mut self, bits: &[Bit]) -> Cell {
        let Some((last, rest)) = bits.split_last() else {
            return self.zero();
        };
        rest.iter().rev().fold(last.0, |sum, bit| {
            let coeffs = AluCoeffs { a: F::ONE, c: F::TWO, ..AluCoeffs::default() };
            self.alu(coeffs, bit.0, sum, sum)
        })
    }

    /// Advises the bits, checks each to be one and that they recompose `felt`. Also gives the
    /// value of the `top` highest bits.
    fn decompose(&mut self, felt: Cell, count: usize, top: usize) -> (Vec<Bit>, Cell) {
        let first = self.reserve(count as u32);
        self.step(Step::Bits { of: felt.0, first: first.0, count: count as u32 });
        let bits: Vec<Bit> = (0..count as u32).map(|i| Bit(Cell(first.0 + i))).collect();

        let mut sum = bits[count - 1].0;
        let mut high = sum;
        if count == 1 {
            let coeffs = AluCoeffs { a: F::ONE, ..AluCoeffs::default() };
            self.checked_alu(coeffs, OperandCheck::BIT, sum, sum, sum, felt);
            return (bits, high);
        }
        self.check_operand(sum, OperandCheck::BIT);
        for i in (0..count - 1).rev() {
            let out = if i == 0 { felt } else { self.reserve(1) };
            let coeffs = AluCoeffs { a: F::ONE, c: F::TWO, ..AluCoeffs::default() };
            self.checked_alu(coeffs, OperandCheck::BIT, bits[i].0, sum, sum, out);
            sum = out;
            if count - i == top {
                high = sum;
            }
        }
        (bits, high)
    }

    /// Demands that 31 bits stand for a number below the modulus: where the top seven are all
    /// ones, the others are zero. Two operations.
    fn assert_canonical(&mut self, felt: Cell, high: Cell) {
        let ones = F::from_u32(HIGH_ONES);
        let advice = self.reserve(1);
        self.step(Step::Inverse { of: high.0, minus: ones, out: advice.0, or_zero: true });
        // open = advice·(high - 127) - 1: it is -1 where high = 127, whatever the advice; elsewhere
        // the honest advice makes it 0.
        let coeffs = AluCoeffs { ab: F::ONE, a: -ones, one: F::NEG_ONE, ..AluCoeffs::default() };
        let open = self.alu(coeffs, advice, high, high);
        // open·(felt - high·2^24) = 0: the low bits are 0 unless `open` is.
        let zero = self.zero();
        let shift = F::from_u32(1 << LOW_BITS);
        let coeffs = AluCoeffs { ab: F::ONE, ac: -shift, ..AluCoeffs::default() };
        self.assert_alu(coeffs, open, felt, high, zero);
    }
}
