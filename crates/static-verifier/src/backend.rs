//! The STARK verifier's machine as a Halo2 circuit.

use finial_protocol::{Digest as KeyDigest, Ext5, Val};
use finial_recursion::{
    Backend, Check,
    layout::RoundLayout,
    unpack::{FoldOpening, RowOpening},
};
use p3_bn254::Bn254;
use p3_field::{Field, PrimeCharacteristicRing};

use crate::{
    builder::{CircuitBuilder, Usage},
    gadgets::{Bit, Canonical, Challenger, Digest, Ext, Felt},
};

/// A root proof's Merkle node.
type Node = [Bn254; 1];

/// Cells of one part of the verifier.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The part.
    pub name: &'static str,
    /// Its cells.
    pub usage: Usage,
}

/// Writes the verifier into a circuit.
///
/// A check that a witness does not satisfy is no error here, since the constraint stands either way and no proof can be
/// made; but the first such check is remembered, so that a caller can say so before it spends a minute on proving.
pub struct Halo2Backend<'a> {
    builder: &'a mut CircuitBuilder,
    /// Powers of the batching challenge's inverse, made as far as they were needed.
    gamma_powers: Vec<Ext>,
    violated: Option<Check>,
    profile: Vec<Scope>,
}

impl<'a> Halo2Backend<'a> {
    /// A machine on a circuit.
    pub const fn new(builder: &'a mut CircuitBuilder) -> Self {
        Self { builder, gamma_powers: vec![], violated: None, profile: vec![] }
    }

    /// The circuit, for what stands around the verifier.
    pub const fn builder(&mut self) -> &mut CircuitBuilder {
        self.builder
    }

    /// The first check that the witness given so far does not satisfy. Without meaning while keys are made.
    #[must_use]
    pub const fn violated(&self) -> Option<Check> {
        self.violated
    }

    /// Cells of every scope of the verifier, in order of first appearance.
    #[must_use]
    pub fn profile(&self) -> Vec<Scope> {
        self.profile.clone()
    }

    fn note(&mut self, holds: bool, check: Check) {
        if !holds && self.violated.is_none() {
            self.violated = Some(check);
        }
    }

    /// The first `n` powers of gamma, which is the same in every call of one verification.
    fn gamma_powers(&mut self, gamma: Ext, n: usize) -> &[Ext] {
        if self.gamma_powers.is_empty() {
            self.gamma_powers.push(Ext::ONE);
        }
        while self.gamma_powers.len() < n {
            let last = self.gamma_powers[self.gamma_powers.len() - 1];
            let next = self.builder.ext_mul(last, gamma);
            let next = self.builder.ext_reduce(next);
            self.gamma_powers.push(next);
        }
        &self.gamma_powers[..n]
    }

    fn load_row(&mut self, width: usize, values: Option<&[Val]>) -> Vec<Canonical> {
        (0..width)
            .map(|i| self.builder.load_felt(values.and_then(|v| v.get(i)).copied().unwrap_or(Val::ZERO)))
            .collect()
    }

    /// Walks a path up to the cap and demands that it ends there; `lower` holds the hashes that join on the way.
    fn climb(
        &mut self,
        leaf: Digest,
        index: &[Bit],
        path: Option<&[Node]>,
        commitment: &[Digest],
        lower: &[(usize, Digest)],
        check: Check,
    ) {
        let levels = index.len() - commitment.len().trailing_zeros() as usize;
        let mut node = leaf;
        for level in 0..levels {
            let hint_sibling = path.and_then(|p| p.get(level)).map_or(Bn254::ZERO, |node| node[0]);
            let sibling = self.builder.load_digest(hint_sibling);
            node = self.builder.merkle_step(node, sibling, index[level]);
            for &(log_height, row) in lower {
                if log_height == index.len() - level - 1 {
                    node = self.builder.compress(node, row);
                }
            }
        }
        let expected = self.builder.select_from(&index[levels..], commitment);
        self.note(node.0.value() == expected.0.value(), check);
        self.builder.assert_digests_equal(node, expected);
    }
}

impl Backend for Halo2Backend<'_> {
    type Felt = Felt;
    type Ext = Ext;
    type Bit = Bit;
    type Digest = Digest;
    type Challenger = Challenger;
    type Gamma = Ext;
    type NativeExt = Ext5;
    type NativeDigest = Node;
    type Failure = core::convert::Infallible;

    fn scope<R>(&mut self, name: &'static str, body: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.builder.usage();
        let result = body(self);
        let usage = self.builder.usage() - before;
        match self.profile.iter_mut().find(|scope| scope.name == name) {
            Some(scope) => scope.usage = scope.usage + usage,
            None => self.profile.push(Scope { name, usage }),
        }
        result
    }

    fn read_felt(&mut self, value: Option<Val>) -> Felt {
        self.builder.load_felt(value.unwrap_or(Val::ZERO)).felt()
    }

    fn read_ext(&mut self, value: Option<Ext5>) -> Ext {
        self.builder.load_ext(value.unwrap_or(Ext5::ZERO))
    }

    fn read_digest(&mut self, value: Option<Node>) -> Digest {
        self.builder.load_digest(value.map_or(Bn254::ZERO, |node| node[0]))
    }

    fn felt_constant(&mut self, value: Val) -> Felt {
        Felt::constant(value)
    }

    fn felt_mul(&mut self, a: &Felt, b: &Felt) -> Felt {
        self.builder.mul(*a, *b)
    }

    fn felt_scale(&mut self, a: &Felt, k: Val) -> Felt {
        self.builder.mul(*a, Felt::constant(k))
    }

    fn felt_scale_if(&mut self, a: &Felt, bit: &Bit, k: Val) -> Felt {
        let factor = self.builder.inner_product(Felt::ONE, &[(bit.felt(), Felt::constant(k - Val::ONE))]);
        self.builder.mul(*a, factor)
    }

    fn felt_inverse(&mut self, a: &Felt) -> Result<Felt, Self::Failure> {
        self.note(a.value() != Val::ZERO, Check::Inverse);
        Ok(self.builder.inverse(*a))
    }

    fn constant(&mut self, value: Ext5) -> Ext {
        Ext::constant(value)
    }

    fn lift(&mut self, a: &Felt) -> Ext {
        Ext::from(*a)
    }

    fn add(&mut self, a: &Ext, b: &Ext) -> Ext {
        self.builder.ext_add(*a, *b)
    }

    fn sub(&mut self, a: &Ext, b: &Ext) -> Ext {
        self.builder.ext_sub(*a, *b)
    }

    fn mul(&mut self, a: &Ext, b: &Ext) -> Ext {
        self.builder.ext_mul(*a, *b)
    }

    fn mul_add(&mut self, a: &Ext, b: &Ext, c: &Ext) -> Ext {
        self.builder.ext_mul_add(*a, *b, *c)
    }

    fn affine(&mut self, a: &Ext, k: Val, c: Val) -> Ext {
        let start = Ext::from(Felt::constant(c));
        self.builder.ext_mul_base_add(*a, Felt::constant(k), start)
    }

    fn mul_felt(&mut self, a: &Ext, f: &Felt) -> Ext {
        self.builder.ext_mul_base(*a, *f)
    }

    fn inverse(&mut self, a: &Ext) -> Result<Ext, Self::Failure> {
        self.note(a.value() != Ext5::ZERO, Check::Inverse);
        Ok(self.builder.ext_inverse(*a))
    }

    fn assert_outside_base_field(&mut self, _: &Ext) -> Result<(), Self::Failure> {
        // `add_quotient` inverts each denominator.
        Ok(())
    }
    fn select(&mut self, bit: &Bit, one: &Ext, zero: &Ext) -> Ext {
        self.builder.select(*bit, *one, *zero)
    }

    fn butterfly(&mut self, t: &Ext, k: Val, x0: &Ext, x1: &Ext) -> Ext {
        self.builder.butterfly(*t, k, *x0, *x1)
    }

    fn combine_basis(&mut self, parts: &[Ext]) -> Ext {
        let mut power = Ext5::ONE;
        let x = <Ext5 as p3_field::BasedVectorSpace<Val>>::from_basis_coefficients_fn(|i| {
            if i == 1 { Val::ONE } else { Val::ZERO }
        });
        let mut terms = vec![];
        for part in parts {
            terms.push((*part, Ext::constant(power)));
            power *= x;
        }
        self.builder.ext_inner_product(Ext::ZERO, &terms)
    }

    fn assert_equal(&mut self, a: &Ext, b: &Ext, check: Check) -> Result<(), Self::Failure> {
        self.note(a.value() == b.value(), check);
        self.builder.ext_assert_equal(*a, *b);
        Ok(())
    }

    fn challenger(&mut self, vk_digest: &KeyDigest) -> Challenger {
        let mut challenger = Challenger::new();
        self.observe_constants(&mut challenger, vk_digest);
        challenger
    }

    fn observe_constants(&mut self, challenger: &mut Challenger, values: &[Val]) {
        for &value in values {
            self.observe_felt(challenger, &Felt::constant(value));
        }
    }

    fn observe_felt(&mut self, challenger: &mut Challenger, value: &Felt) {
        let canonical = self.builder.canonical(*value);
        challenger.observe(self.builder, canonical);
    }

    fn observe_ext(&mut self, challenger: &mut Challenger, value: &Ext) {
        challenger.observe_ext(self.builder, *value);
    }

    fn observe_digest(&mut self, challenger: &mut Challenger, value: &Digest) {
        challenger.observe_digest(self.builder, *value);
    }

    fn sample_ext(&mut self, challenger: &mut Challenger) -> Ext {
        challenger.sample_ext(self.builder)
    }

    fn sample_bits(&mut self, challenger: &mut Challenger, count: usize) -> Vec<Bit> {
        challenger.sample_bits(self.builder, count)
    }

    fn check_proof_of_work(
        &mut self,
        challenger: &mut Challenger,
        bits: usize,
        witness: &Felt,
        site: &'static str,
    ) -> Result<(), Self::Failure> {
        let witness = self.builder.canonical(*witness);
        let holds = challenger.check_witness(self.builder, bits, witness);
        self.note(holds, Check::ProofOfWork(site));
        Ok(())
    }

    fn gamma(&mut self, gamma: &Ext) -> Ext {
        let gamma = self.builder.ext_reduce(*gamma);
        self.gamma_powers.clear();
        gamma
    }

    fn open_rows(
        &mut self,
        round: usize,
        layout: &RoundLayout,
        opening: Option<&RowOpening<Node>>,
        index: &[Bit],
        commitment: &[Digest],
        gamma: &Ext,
    ) -> Result<Vec<Ext>, Self::Failure> {
        let mut sums = vec![];
        let mut nodes = vec![];
        for height in &layout.heights {
            let mut row = vec![];
            for &matrix in &height.matrices {
                let values = opening.and_then(|o| o.rows.get(matrix)).map(Vec::as_slice);
                row.extend(self.load_row(layout.widths[matrix], values));
            }
            for group in &height.groups {
                let values = &row[group.start..group.start + group.len];
                let powers = self.gamma_powers(*gamma, group.len).iter().rev();
                let terms: Vec<_> = powers.copied().zip(values.iter().map(Canonical::felt)).collect();
                sums.push(self.builder.ext_base_inner_product(&terms));
            }
            nodes.push((height.log_height, self.builder.hash_row(&row)));
        }
        if let Some((&(_, leaf), lower)) = nodes.split_first() {
            let path = opening.map(|o| o.path.as_slice());
            self.climb(leaf, index, path, commitment, lower, Check::InputOpening(round));
        }
        Ok(sums)
    }

    fn open_fold(
        &mut self,
        fold: usize,
        log_arity: usize,
        opening: Option<&FoldOpening<Ext5, Node>>,
        index: &[Bit],
        commitment: &[Digest],
    ) -> Result<Vec<Ext>, Self::Failure> {
        let row: Vec<Ext> = (0..1usize << log_arity)
            .map(|i| self.read_ext(opening.and_then(|o| o.row.get(i)).copied()))
            .collect();
        let flat: Vec<Canonical> =
            row.iter().flat_map(|e| e.0).map(|coefficient| self.builder.canonical(coefficient)).collect();
        let leaf = self.builder.hash_row(&flat);
        let path = opening.map(|o| o.path.as_slice());
        self.climb(leaf, index, path, commitment, &[], Check::FoldOpening(fold));
        Ok(row)
    }
}

impl CircuitBuilder {
    /// `(x0 + x1)/2 + k·t·(x0 - x1)`.
    fn butterfly(&mut self, t: Ext, k: Val, x0: Ext, x1: Ext) -> Ext {
        let half = Ext::from(Felt::constant(Val::TWO.inverse()));
        let scaled = self.ext_mul_base(t, Felt::constant(k));
        let difference = self.ext_sub(x0, x1);
        self.ext_inner_product(Ext::ZERO, &[(x0, half), (x1, half), (difference, scaled)])
    }
}

#[cfg(test)]
pub(crate) mod tests;
