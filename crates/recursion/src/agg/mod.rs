//! The verifier on the Agg VM's builder.

mod challenger;
mod hashing;

use std::collections::HashMap;

use finial_agg_vm::{AluCoeffs, Bit, Builder, Cell};
use finial_protocol::{Digest as KeyDigest, Ext4, Val};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

pub use challenger::Challenger;

use crate::backend::{Backend, Check};
use crate::layout::RoundLayout;
use crate::unpack::{FoldOpening, RowOpening};

/// A digest: two blocks.
pub type DigestCells = [Cell; 2];

/// The Agg VM's builder as the verifier's machine.
///
/// The same code makes a program and its hints: where a proof is given, each value read is appended to the hint
/// stream, in the order in which the program draws them.
#[derive(Default)]
pub struct AggBackend {
    /// The program so far.
    pub builder: Builder,
    hints: Vec<Ext4>,
    /// Powers that were computed, by base and exponent.
    powers: HashMap<(Cell, usize), Cell>,
}

/// Gamma and its powers as far as they are needed for columns that are not aligned to blocks.
pub struct Gamma {
    base: Cell,
}

impl AggBackend {
    /// An empty program.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The hints that were read, in program order.
    #[must_use]
    pub fn into_parts(self) -> (Builder, Vec<Ext4>) {
        (self.builder, self.hints)
    }

    /// Records a hint for the program's next draw.
    fn push_hint(&mut self, value: Option<Ext4>) {
        self.hints.extend(value);
    }

    /// Reads a block of base elements.
    pub fn read_block(&mut self, value: Option<[Val; 4]>) -> Cell {
        self.push_hint(value.map(block));
        self.builder.hint()
    }

    fn one(&mut self) -> Cell {
        self.builder.one()
    }
}

/// Four base elements as a block.
fn block(values: [Val; 4]) -> Ext4 {
    Ext4::from_basis_coefficients_fn(|i| values[i])
}

impl Backend for AggBackend {
    type Felt = Cell;
    type Ext = Cell;
    type Bit = Bit;
    type Digest = DigestCells;
    type Challenger = Challenger;
    type Gamma = Gamma;
    type NativeExt = Ext4;
    type NativeDigest = KeyDigest;
    type Failure = core::convert::Infallible;

    fn scope<R>(&mut self, name: &'static str, body: impl FnOnce(&mut Self) -> R) -> R {
        let parent = self.builder.enter_scope(name);
        let result = body(self);
        self.builder.leave_scope(parent);
        result
    }

    fn read_felt(&mut self, value: Option<Val>) -> Cell {
        self.push_hint(value.map(Into::into));
        self.builder.hint_felt()
    }
    fn read_ext(&mut self, value: Option<Ext4>) -> Cell {
        self.push_hint(value);
        self.builder.hint()
    }
    fn read_digest(&mut self, value: Option<KeyDigest>) -> DigestCells {
        [0, 4].map(|i| self.read_block(value.map(|d| core::array::from_fn(|j| d[i + j]))))
    }

    fn felt_constant(&mut self, value: Val) -> Cell {
        self.builder.felt(value)
    }
    fn felt_mul(&mut self, a: &Cell, b: &Cell) -> Cell {
        self.builder.mul(*a, *b)
    }
    fn felt_scale(&mut self, a: &Cell, k: Val) -> Cell {
        self.builder.affine(*a, k, Val::ZERO)
    }
    fn felt_scale_if(&mut self, a: &Cell, bit: &Bit, k: Val) -> Cell {
        // a + bit · (k − 1) · a
        let one = self.one();
        let coeffs = AluCoeffs { ab: k - Val::ONE, b: Val::ONE, ..AluCoeffs::default() };
        self.builder.alu(coeffs, bit.cell(), *a, one)
    }
    fn felt_inverse(&mut self, a: &Cell) -> Result<Cell, Self::Failure> {
        Ok(self.builder.inverse(*a))
    }

    fn constant(&mut self, value: Ext4) -> Cell {
        self.builder.constant(value)
    }
    fn lift(&mut self, a: &Cell) -> Cell {
        *a
    }
    fn add(&mut self, a: &Cell, b: &Cell) -> Cell {
        self.builder.add(*a, *b)
    }
    fn sub(&mut self, a: &Cell, b: &Cell) -> Cell {
        self.builder.sub(*a, *b)
    }
    fn mul(&mut self, a: &Cell, b: &Cell) -> Cell {
        self.builder.mul(*a, *b)
    }
    fn mul_add(&mut self, a: &Cell, b: &Cell, c: &Cell) -> Cell {
        self.builder.mul_add(*a, *b, *c)
    }
    fn affine(&mut self, a: &Cell, k: Val, c: Val) -> Cell {
        self.builder.affine(*a, k, c)
    }
    fn mul_felt(&mut self, a: &Cell, f: &Cell) -> Cell {
        self.builder.mul(*a, *f)
    }
    fn inverse(&mut self, a: &Cell) -> Result<Cell, Self::Failure> {
        Ok(self.builder.inverse(*a))
    }
    fn select(&mut self, bit: &Bit, one: &Cell, zero: &Cell) -> Cell {
        self.builder.select(*bit, *one, *zero)
    }
    fn butterfly(&mut self, t: &Cell, k: Val, x0: &Cell, x1: &Cell) -> Cell {
        self.builder.butterfly(*t, k, *x0, *x1)
    }
    fn combine_basis(&mut self, parts: &[Cell]) -> Cell {
        // Parts are elements of the extension, not of the base field: Σ parts[i] · X^i by Horner.
        let x = self.builder.power_of_x(1);
        let (last, rest) = parts.split_last().expect("one part a coefficient");
        rest.iter().rev().fold(*last, |sum, part| self.builder.mul_add(sum, x, *part))
    }
    fn assert_equal(&mut self, a: &Cell, b: &Cell, _: Check) -> Result<(), Self::Failure> {
        self.builder.assert_eq(*a, *b);
        Ok(())
    }

    fn sub_scaled_felt(&mut self, z: &Cell, f: &Cell, k: Val) -> Cell {
        let coeffs = AluCoeffs { a: Val::ONE, b: -k, ..AluCoeffs::default() };
        self.builder.alu(coeffs, *z, *f, *z)
    }
    fn divide_by_felt(&mut self, a: &Cell, f: &Cell) -> Result<Cell, Self::Failure> {
        // q · f = a, and f is not zero by the caller's guarantee, so q is a / f: one operation, and no inverse.
        Ok(self.builder.quotient(*a, *f, None))
    }
    fn assert_outside_base_field(&mut self, z: &Cell) -> Result<(), Self::Failure> {
        // z = z₀ + X · tail, with z₀ in the base field and three coordinates in the tail, both checked, so the tail
        // holds exactly the coordinates of z above the first: it has an inverse iff z is not in the base field.
        let [_, tail] = self.builder.split_block(*z, 1);
        self.builder.inverse(tail);
        Ok(())
    }
    fn add_quotient(
        &mut self,
        sum: Option<&Cell>,
        numerator: &Cell,
        denominator: &Cell,
    ) -> Result<Cell, Self::Failure> {
        // (out − sum) · denominator = numerator in one operation. The denominator k · z − x is not zero: else z = x / k
        // would be in the base field, which `assert_outside_base_field` excludes. So out is sum + numerator / denominator
        // and nothing else; without that a prover with denominator = numerator = 0 could take any out.
        Ok(self.builder.quotient(*numerator, *denominator, sum.copied()))
    }
    fn assert_select(
        &mut self,
        bit: &Bit,
        one: &Cell,
        zero: &Cell,
        expected: &Cell,
        _: Check,
    ) -> Result<(), Self::Failure> {
        self.builder.assert_select(*bit, *one, *zero, *expected);
        Ok(())
    }
    fn assert_mul_add(
        &mut self,
        a: &Cell,
        b: &Cell,
        c: &Cell,
        expected: &Cell,
        _: Check,
    ) -> Result<(), Self::Failure> {
        self.builder.assert_mul_add(*a, *b, *c, *expected);
        Ok(())
    }

    fn challenger(&mut self, vk_digest: &KeyDigest) -> Challenger {
        let mut challenger = Challenger::new(&mut self.builder);
        challenger.observe_constants(&mut self.builder, vk_digest);
        challenger
    }
    fn observe_constants(&mut self, challenger: &mut Challenger, values: &[Val]) {
        challenger.observe_constants(&mut self.builder, values);
    }
    fn observe_felt(&mut self, challenger: &mut Challenger, value: &Cell) {
        challenger.observe_felt(&mut self.builder, *value);
    }
    fn observe_ext(&mut self, challenger: &mut Challenger, value: &Cell) {
        challenger.observe_block(&mut self.builder, *value);
    }
    fn observe_digest(&mut self, challenger: &mut Challenger, value: &DigestCells) {
        for cell in value {
            challenger.observe_block(&mut self.builder, *cell);
        }
    }
    fn sample_ext(&mut self, challenger: &mut Challenger) -> Cell {
        let felts = [0; 4].map(|_| challenger.sample_felt(&mut self.builder));
        self.builder.pack(felts)
    }
    fn sample_bits(&mut self, challenger: &mut Challenger, count: usize) -> Vec<Bit> {
        let felt = challenger.sample_felt(&mut self.builder);
        // Canonical: else the bits of value + p would be a second index for one transcript.
        self.builder.bits(felt, true)[..count].to_vec()
    }
    fn check_proof_of_work(
        &mut self,
        challenger: &mut Challenger,
        bits: usize,
        witness: &Cell,
        _: &'static str,
    ) -> Result<(), Self::Failure> {
        challenger.observe_felt(&mut self.builder, *witness);
        for bit in self.sample_bits(challenger, bits) {
            self.builder.assert_zero(bit.cell());
        }
        Ok(())
    }

    fn gamma(&mut self, gamma: &Cell) -> Gamma {
        Gamma { base: *gamma }
    }
    fn open_rows(
        &mut self,
        _: usize,
        layout: &RoundLayout,
        opening: Option<&RowOpening<KeyDigest>>,
        index: &[Bit],
        commitment: &[DigestCells],
        gamma: &Gamma,
    ) -> Result<Vec<Cell>, Self::Failure> {
        Ok(self.open_input_rows(layout, opening, index, commitment, gamma))
    }
    fn open_fold(
        &mut self,
        _: usize,
        log_arity: usize,
        opening: Option<&FoldOpening<Ext4, KeyDigest>>,
        index: &[Bit],
        commitment: &[DigestCells],
    ) -> Result<Vec<Cell>, Self::Failure> {
        Ok(self.open_fold_row(log_arity, opening, index, commitment))
    }
}
