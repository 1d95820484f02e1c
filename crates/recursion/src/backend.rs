//! What a machine must offer so that the STARK verifier can be written for it.

use std::fmt::Debug;

use finial_protocol::{Digest as KeyDigest, Val};
use p3_field::ExtensionField;

use crate::layout::RoundLayout;
use crate::unpack::{FoldOpening, RowOpening};

/// Which equation of the verifier a failure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// A proof-of-work witness misses its difficulty.
    ProofOfWork(&'static str),
    /// Opened rows do not hash to the commitment of this round (index into the rounds).
    InputOpening(usize),
    /// An opened FRI row does not hash to the commitment of this fold.
    FoldOpening(usize),
    /// The folded value is not in the opened FRI row of this fold.
    FoldValue(usize),
    /// The last fold is not the final polynomial's value.
    FinalPolynomial,
    /// The constraints of this table at zeta are not its quotient times the vanishing polynomial.
    Constraints(usize),
    /// The bus terminals do not sum to zero.
    Buses,
    /// A value that must be invertible is zero.
    Inverse,
}

/// A machine: native arithmetic, the Agg VM's builder, a Halo2 circuit.
///
/// Methods named `read_*` bring in a value that the prover chooses; it is `None` while a program is being made.
/// `sample_*` and `observe_*` follow the transcript of the layer's challenger exactly.
pub trait Backend {
    /// An element of the base field.
    type Felt: Clone;
    /// An element of the challenge field.
    type Ext: Clone;
    /// A value constrained to be zero or one.
    type Bit: Clone;
    /// A Merkle node.
    type Digest: Clone;
    /// The transcript's state.
    type Challenger;
    /// Powers of a batching challenge, prepared for [`Self::open_rows`].
    type Gamma;
    /// The challenge field outside the machine.
    type NativeExt: ExtensionField<Val>;
    /// A Merkle node outside the machine.
    type NativeDigest: Clone + Debug;
    /// What a failed check gives.
    type Failure;

    /// Names the rows or cells that follow, for profiles; default: nothing.
    fn scope<R>(&mut self, _name: &'static str, body: impl FnOnce(&mut Self) -> R) -> R {
        body(self)
    }

    /// A base element of the proof, constrained to be one.
    fn read_felt(&mut self, value: Option<Val>) -> Self::Felt;
    /// A challenge-field element of the proof, constrained to be one.
    fn read_ext(&mut self, value: Option<Self::NativeExt>) -> Self::Ext;
    /// A Merkle node of the proof.
    fn read_digest(&mut self, value: Option<Self::NativeDigest>) -> Self::Digest;

    /// A base constant.
    fn felt_constant(&mut self, value: Val) -> Self::Felt;
    /// a · b.
    fn felt_mul(&mut self, a: &Self::Felt, b: &Self::Felt) -> Self::Felt;
    /// a · k.
    fn felt_scale(&mut self, a: &Self::Felt, k: Val) -> Self::Felt;
    /// a · k where the bit is one, else a.
    fn felt_scale_if(&mut self, a: &Self::Felt, bit: &Self::Bit, k: Val) -> Self::Felt;
    /// 1 / a; fails where a is zero.
    fn felt_inverse(&mut self, a: &Self::Felt) -> Result<Self::Felt, Self::Failure>;

    /// A constant.
    fn constant(&mut self, value: Self::NativeExt) -> Self::Ext;
    /// A base element as an element of the extension.
    fn lift(&mut self, a: &Self::Felt) -> Self::Ext;
    /// a + b.
    fn add(&mut self, a: &Self::Ext, b: &Self::Ext) -> Self::Ext;
    /// a − b.
    fn sub(&mut self, a: &Self::Ext, b: &Self::Ext) -> Self::Ext;
    /// a · b.
    fn mul(&mut self, a: &Self::Ext, b: &Self::Ext) -> Self::Ext;
    /// a · b + c.
    fn mul_add(&mut self, a: &Self::Ext, b: &Self::Ext, c: &Self::Ext) -> Self::Ext;
    /// k · a + c, both constants of the base field.
    fn affine(&mut self, a: &Self::Ext, k: Val, c: Val) -> Self::Ext;
    /// a · f for a base element f.
    fn mul_felt(&mut self, a: &Self::Ext, f: &Self::Felt) -> Self::Ext;
    /// 1 / a; fails where a is zero.
    fn inverse(&mut self, a: &Self::Ext) -> Result<Self::Ext, Self::Failure>;
    /// The bit's choice: `one` or `zero`.
    fn select(&mut self, bit: &Self::Bit, one: &Self::Ext, zero: &Self::Ext) -> Self::Ext;
    /// (x0 + x1) / 2 + k · t · (x0 − x1): one step of a FRI fold.
    fn butterfly(&mut self, t: &Self::Ext, k: Val, x0: &Self::Ext, x1: &Self::Ext) -> Self::Ext;
    /// Σ parts\[i\] · X^i.
    fn combine_basis(&mut self, parts: &[Self::Ext]) -> Self::Ext;
    /// Demands a = b.
    fn assert_equal(&mut self, a: &Self::Ext, b: &Self::Ext, check: Check) -> Result<(), Self::Failure>;

    /// z − k · f.
    fn sub_scaled_felt(&mut self, z: &Self::Ext, f: &Self::Felt, k: Val) -> Self::Ext {
        let scaled = self.felt_scale(f, k);
        let lifted = self.lift(&scaled);
        self.sub(z, &lifted)
    }
    /// a / f; fails where f is zero.
    ///
    /// The caller guarantees that f is a product of nonzero constants, so a machine may leave out the failure: then
    /// q · f = a has one solution anyway.
    fn divide_by_felt(&mut self, a: &Self::Ext, f: &Self::Felt) -> Result<Self::Ext, Self::Failure> {
        let inverse = self.felt_inverse(f)?;
        Ok(self.mul_felt(a, &inverse))
    }
    /// Demands that z is not in the base field.
    ///
    /// A machine that keeps the default of [`Self::add_quotient`], which checks its denominators itself, may do nothing
    /// here; without a default, one that overrides that method cannot forget this one.
    fn assert_outside_base_field(&mut self, z: &Self::Ext) -> Result<(), Self::Failure>;
    /// sum + numerator / denominator, an absent sum being zero; fails where the denominator is zero.
    ///
    /// The caller guarantees that the denominator is k · z − x with base elements k ≠ 0 and x, and a z that was given to
    /// [`Self::assert_outside_base_field`]; so a machine that enforces the latter may leave out the failure here.
    fn add_quotient(
        &mut self,
        sum: Option<&Self::Ext>,
        numerator: &Self::Ext,
        denominator: &Self::Ext,
    ) -> Result<Self::Ext, Self::Failure> {
        let inverse = self.inverse(denominator)?;
        Ok(match sum {
            None => self.mul(numerator, &inverse),
            Some(sum) => self.mul_add(numerator, &inverse, sum),
        })
    }
    /// Demands that the bit's choice, `one` or `zero`, is `expected`.
    fn assert_select(
        &mut self,
        bit: &Self::Bit,
        one: &Self::Ext,
        zero: &Self::Ext,
        expected: &Self::Ext,
        check: Check,
    ) -> Result<(), Self::Failure> {
        let chosen = self.select(bit, one, zero);
        self.assert_equal(&chosen, expected, check)
    }
    /// Demands a · b + c = expected.
    fn assert_mul_add(
        &mut self,
        a: &Self::Ext,
        b: &Self::Ext,
        c: &Self::Ext,
        expected: &Self::Ext,
        check: Check,
    ) -> Result<(), Self::Failure> {
        let value = self.mul_add(a, b, c);
        self.assert_equal(&value, expected, check)
    }

    /// A transcript that has absorbed a verifying key's digest.
    fn challenger(&mut self, vk_digest: &KeyDigest) -> Self::Challenger;
    /// Absorbs constants.
    fn observe_constants(&mut self, challenger: &mut Self::Challenger, values: &[Val]);
    /// Absorbs a base element.
    fn observe_felt(&mut self, challenger: &mut Self::Challenger, value: &Self::Felt);
    /// Absorbs the coefficients of a challenge-field element.
    fn observe_ext(&mut self, challenger: &mut Self::Challenger, value: &Self::Ext);
    /// Absorbs a Merkle node.
    fn observe_digest(&mut self, challenger: &mut Self::Challenger, value: &Self::Digest);
    /// Draws a challenge.
    fn sample_ext(&mut self, challenger: &mut Self::Challenger) -> Self::Ext;
    /// Draws the low `count` bits of a canonical base element, least significant first.
    fn sample_bits(&mut self, challenger: &mut Self::Challenger, count: usize) -> Vec<Self::Bit>;
    /// Absorbs a proof-of-work witness and demands `bits` zero bits of the next base element.
    fn check_proof_of_work(
        &mut self,
        challenger: &mut Self::Challenger,
        bits: usize,
        witness: &Self::Felt,
        site: &'static str,
    ) -> Result<(), Self::Failure>;

    /// Prepares the powers of gamma.
    fn gamma(&mut self, gamma: &Self::Ext) -> Self::Gamma;
    /// Opens one leaf of a round's Merkle tree: reads its rows and path, demands that they hash to `commitment` at the
    /// position given by `index` (least significant bit first, of the round's tallest matrix), and gives for each group
    /// of the layout, in order, Σ_j γ^(w−1−j) v_j over the group's w values.
    fn open_rows(
        &mut self,
        round: usize,
        layout: &RoundLayout,
        opening: Option<&RowOpening<Self::NativeDigest>>,
        index: &[Self::Bit],
        commitment: &[Self::Digest],
        gamma: &Self::Gamma,
    ) -> Result<Vec<Self::Ext>, Self::Failure>;
    /// Opens one row of `2^log_arity` challenge-field elements of a FRI fold, likewise.
    fn open_fold(
        &mut self,
        fold: usize,
        log_arity: usize,
        opening: Option<&FoldOpening<Self::NativeExt, Self::NativeDigest>>,
        index: &[Self::Bit],
        commitment: &[Self::Digest],
    ) -> Result<Vec<Self::Ext>, Self::Failure>;
}
