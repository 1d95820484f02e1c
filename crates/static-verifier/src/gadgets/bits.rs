//! Bits, selection, exponentiation by bits.

use crate::Operand::{self, Constant, Existing};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field as _};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

use super::{
    ext::Ext,
    felt::{Canonical, Felt},
    hash::Digest,
};
use crate::{builder::CircuitBuilder, cell::Cell};

/// Bits of a canonical KoalaBear value.
pub const FELT_BITS: usize = 31;

/// A cell constrained to be zero or one.
#[derive(Clone, Copy, Debug)]
pub struct Bit {
    cell: Cell,
    felt: Felt,
}

impl Bit {
    /// The cell.
    #[must_use]
    pub const fn cell(&self) -> Cell {
        self.cell
    }

    /// The bit as a field element.
    #[must_use]
    pub const fn felt(&self) -> Felt {
        self.felt
    }

    /// The witness value.
    #[must_use]
    pub fn value(&self) -> bool {
        self.cell.value() == &Fr::ONE
    }
}

/// What a bit can choose between.
pub trait Select: Copy {
    /// `if bit { a } else { b }`.
    fn select(builder: &mut CircuitBuilder, bit: Bit, a: Self, b: Self) -> Self;
}

impl CircuitBuilder {
    /// A witness bit.
    pub fn load_bit(&mut self, value: bool) -> Bit {
        let cell = self.witness(Fr::from(u64::from(value)));
        self.bit_from_cell(cell, value)
    }

    fn bit_from_cell(&mut self, cell: Cell, value: bool) -> Bit {
        // b·b = b has the solutions zero and one only.
        self.assert_chain(Constant(Fr::ZERO), [(Existing(cell), Existing(cell))], Existing(cell));
        let felt = self.felt_from_cell_unchecked(cell, i128::from(value), 1);
        Bit { cell, felt }
    }

    /// The 31 bits of a canonical value, least significant first.
    ///
    /// The sum of 31 weighted bits is an integer below 2^31 that equals the canonical integer, so the bits are unique.
    pub fn bits(&mut self, x: Canonical) -> [Bit; FELT_BITS] {
        let value = x.value().as_canonical_u32();
        let bits: [Bit; FELT_BITS] = core::array::from_fn(|i| self.load_bit((value >> i) & 1 == 1));
        let weighted = (1..FELT_BITS).map(|i| (Existing(bits[i].cell), Constant(Fr::from(1 << i))));
        self.assert_chain(Existing(bits[0].cell), weighted.collect::<Vec<_>>(), Existing(x.cell()));
        bits
    }

    /// `Σ bits[i]·2^i` as a felt.
    ///
    /// # Panics
    /// For more than 31 bits.
    pub fn bits_to_felt(&mut self, bits: &[Bit]) -> Felt {
        assert!(bits.len() <= FELT_BITS, "an integer of more than 31 bits is not below p");
        let terms: Vec<_> = bits
            .iter()
            .enumerate()
            .map(|(i, bit)| (bit.felt, Felt::constant(KoalaBear::TWO.exp_u64(i as u64))))
            .collect();
        self.inner_product(Felt::ZERO, &terms)
    }

    /// `if bit { a } else { b }`.
    pub fn select<T: Select>(&mut self, bit: Bit, a: T, b: T) -> T {
        T::select(self, bit, a, b)
    }

    /// The element of a list at an index in bits, least significant first.
    ///
    /// # Panics
    /// Unless the list has exactly `2^bits.len()` elements.
    pub fn select_from<T: Select>(&mut self, bits: &[Bit], list: &[T]) -> T {
        assert_eq!(list.len(), 1 << bits.len(), "as many elements as the bits address");
        let mut layer = list.to_vec();
        for &bit in bits {
            layer = layer.chunks_exact(2).map(|pair| self.select(bit, pair[1], pair[0])).collect();
        }
        layer[0]
    }

    /// `Π base^(bits[i]·2^i)` for a constant base.
    pub fn exp_bits(&mut self, base: KoalaBear, bits: &[Bit]) -> Felt {
        let mut product = Felt::ONE;
        let mut power = base;
        for &bit in bits {
            // 1 + bit·(power - 1)
            let factor = self.inner_product(Felt::ONE, &[(bit.felt, Felt::constant(power - KoalaBear::ONE))]);
            product = self.mul(product, factor);
            power = power.square();
        }
        product
    }
}

impl Select for Felt {
    fn select(builder: &mut CircuitBuilder, bit: Bit, a: Self, b: Self) -> Self {
        if let (Some(a), Some(b)) = (a.as_constant(), b.as_constant()) {
            return builder.inner_product(Self::constant(b), &[(bit.felt, Self::constant(a - b))]);
        }
        // One of the two integers, not a sum: the larger bound holds.
        let magnitude = a.magnitude().max(b.magnitude());
        let cell = select_cells(builder, bit, a.quantum(), b.quantum());
        let int = if bit.value() { a.int() } else { b.int() };
        builder.felt_from_cell_unchecked(cell, int, magnitude)
    }
}

impl Select for Ext {
    fn select(builder: &mut CircuitBuilder, bit: Bit, a: Self, b: Self) -> Self {
        Self(core::array::from_fn(|i| builder.select(bit, a.0[i], b.0[i])))
    }
}

impl Select for Digest {
    fn select(builder: &mut CircuitBuilder, bit: Bit, a: Self, b: Self) -> Self {
        Self(select_cells(builder, bit, Existing(a.0), Existing(b.0)))
    }
}

/// `b + bit·(a - b)`: eight cells.
fn select_cells(builder: &mut CircuitBuilder, bit: Bit, a: Operand, b: Operand) -> Cell {
    // difference + 1·b = a, then b + bit·difference.
    let difference = builder.witness(*a.value() - b.value());
    builder.assert_chain(Existing(difference), [(Constant(Fr::ONE), b)], a);
    builder.chain(b, [(Existing(bit.cell()), Existing(difference))])
}
