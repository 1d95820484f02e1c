//! Merkle hashing with BN254 Poseidon2, as `finial_bn254_hash::{Bn254Sponge, Bn254Compression}` do natively.

use crate::Operand::{self, Constant, Existing};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use p3_bn254::Bn254;
use p3_field::PrimeField32;

use super::{bits::Bit, felt::Canonical};
use crate::{builder::CircuitBuilder, cell::Cell, convert::to_fr, poseidon2};

/// KoalaBear elements in one BN254 element, base 2^31.
pub(crate) const PACKED: usize = 8;
/// Rate of the sponge.
pub(crate) const RATE: usize = 2;

/// A digest: one BN254 scalar, any of which is valid.
#[derive(Clone, Copy, Debug)]
pub struct Digest(pub Cell);

/// `2^(31·i)`.
pub(crate) fn digit_weight(i: usize) -> Fr {
    Fr::from(1 << 31).pow([i as u64])
}

impl CircuitBuilder {
    /// A witness digest.
    pub fn load_digest(&mut self, value: Bn254) -> Digest {
        Digest(self.witness(to_fr(value)))
    }

    /// A constant digest.
    pub fn digest_constant(&mut self, value: Bn254) -> Digest {
        Digest(self.constant(to_fr(value)))
    }

    /// `Σ (elements[i] + shift)·2^(31·i)`; injective for canonical elements, at most eight, of a known number.
    pub(crate) fn pack_digits(&mut self, elements: &[Canonical], shift: u64) -> Operand {
        assert!(elements.len() <= PACKED, "eight 31-bit digits fit a BN254 element");
        let mut constant = Fr::ZERO;
        let mut digits = vec![];
        for (i, element) in elements.iter().enumerate() {
            constant += digit_weight(i) * Fr::from(shift);
            match element.felt().as_constant() {
                Some(value) => constant += digit_weight(i) * Fr::from(u64::from(value.as_canonical_u32())),
                None => digits.push((Existing(element.cell()), Constant(digit_weight(i)))),
            }
        }
        if digits.is_empty() { Constant(constant) } else { Existing(self.chain(Constant(constant), digits)) }
    }

    /// One permutation, outside the circuit where the whole state is constant.
    pub(crate) fn permute_state(&mut self, state: [Operand; RATE + 1]) -> [Operand; RATE + 1] {
        match state {
            [Constant(a), Constant(b), Constant(c)] => poseidon2::permute([a, b, c]).map(Constant),
            _ => self.permute(state).map(Existing),
        }
    }

    /// The leaf hash of a row of base elements.
    ///
    /// # Assumptions
    /// The number of elements is the circuit's, not the prover's; the hash does not bind it.
    pub fn hash_row(&mut self, row: &[Canonical]) -> Digest {
        let mut state: [Operand; RATE + 1] = [Constant(Fr::ZERO); RATE + 1];
        for block in row.chunks(RATE * PACKED) {
            for (slot, digits) in state.iter_mut().zip(block.chunks(PACKED)) {
                *slot = self.pack_digits(digits, 1);
            }
            state = self.permute_state(state);
        }
        Digest(match state[0] {
            Existing(cell) => cell,
            constant => self.constant(*constant.value()),
        })
    }

    /// The compression of two digests.
    pub fn compress(&mut self, left: Digest, right: Digest) -> Digest {
        let [digest, ..] = self.permute([Existing(left.0), Existing(right.0), Constant(Fr::ZERO)]);
        Digest(digest)
    }

    /// `(sibling, node)` if the bit is set, `(node, sibling)` otherwise: eleven cells.
    fn order(&mut self, bit: Bit, node: Digest, sibling: Digest) -> (Digest, Digest) {
        let (n, s) = (*node.0.value(), *sibling.0.value());
        let right = self.witness(if bit.value() { n } else { s });
        let difference = self.witness(s - n);
        let [bit, node, sibling, delta] = [bit.cell(), node.0, sibling.0, difference].map(Existing);
        // right + bit·d = sibling; sibling + (-1)·node = d; node + bit·d = left.
        self.assert_cells([Existing(right), bit, delta, sibling, Constant(-Fr::ONE), node, delta]);
        let left = self.chain(node, [(bit, delta)]);
        (Digest(left), Digest(right))
    }

    /// The digest one level up a Merkle path; the bit says whether `node` is the right child.
    pub fn merkle_step(&mut self, node: Digest, sibling: Digest, bit: Bit) -> Digest {
        let (left, right) = self.order(bit, node, sibling);
        self.compress(left, right)
    }

    /// The digest at the top of a Merkle path; index bits from the leaf up.
    ///
    /// # Panics
    /// Unless there are as many siblings as bits.
    pub fn merkle_root(&mut self, leaf: Digest, siblings: &[Digest], bits: &[Bit]) -> Digest {
        assert_eq!(siblings.len(), bits.len(), "a Merkle path has one sibling per bit");
        siblings.iter().zip(bits).fold(leaf, |node, (&sibling, &bit)| self.merkle_step(node, sibling, bit))
    }

    /// Constrains a leaf to lie under a cap: the first `siblings.len()` bits walk up the path, the rest index the cap.
    ///
    /// # Panics
    /// Unless the remaining bits address exactly the cap.
    pub fn assert_merkle_path(&mut self, leaf: Digest, siblings: &[Digest], bits: &[Bit], cap: &[Digest]) {
        let (path, index) = bits.split_at(siblings.len());
        let root = self.merkle_root(leaf, siblings, path);
        let expected = self.select_from(index, cap);
        self.assert_digests_equal(root, expected);
    }

    /// Constrains two digests to be equal.
    pub fn assert_digests_equal(&mut self, a: Digest, b: Digest) {
        self.assert_cells_equal(&a.0, &b.0);
    }
}
