//! The verifier's machine as plain arithmetic: the reference against which the circuits are tested.

use core::fmt::Debug;

use finial_protocol::config::{InnerChallenger, RootChallenger};
use finial_protocol::fields::{Bn254, Compression, Sponge, permutation};
use finial_protocol::{Digest, Ext4, Ext5, InnerConfig, LayerConfig, LayerParams, RootConfig, Val};
use p3_challenger::{CanObserve, CanSample, CanSampleBits, FieldChallenger, GrindingChallenger};
use p3_field::{BasedVectorSpace, ExtensionField, Field, PrimeCharacteristicRing};
use p3_symmetric::{CryptographicHasher, Hash, PseudoCompressionFunction};
use p3_uni_stark::StarkGenericConfig;

use crate::backend::{Backend, Check};
use crate::layout::RoundLayout;
use crate::unpack::{FoldOpening, RowOpening};

/// What native verification needs of a layer: its hashes and transcript.
pub trait NativeLayer {
    /// Challenge field.
    type Ext: ExtensionField<Val>;
    /// Merkle node.
    type Node: Copy + Debug + Eq;
    /// Transcript.
    type Challenger: FieldChallenger<Val> + GrindingChallenger<Witness = Val> + CanSample<Self::Ext>;
    /// A transcript that has absorbed a key's digest.
    fn challenger(params: &LayerParams, vk_digest: &Digest) -> Self::Challenger;
    /// Absorbs a node.
    fn observe_node(challenger: &mut Self::Challenger, node: Self::Node);
    /// Hashes a leaf.
    fn hash(values: &[Val]) -> Self::Node;
    /// Hashes two nodes.
    fn compress(left: Self::Node, right: Self::Node) -> Self::Node;
}

/// Segments and tree.
pub struct InnerLayer;

impl NativeLayer for InnerLayer {
    type Ext = Ext4;
    type Node = Digest;
    type Challenger = InnerChallenger;

    fn challenger(params: &LayerParams, vk_digest: &Digest) -> InnerChallenger {
        InnerConfig::for_layer(params, vk_digest).initialise_challenger()
    }

    fn observe_node(challenger: &mut InnerChallenger, node: Digest) {
        challenger.observe_slice(&node);
    }

    fn hash(values: &[Val]) -> Digest {
        Sponge::new(permutation()).hash_iter(values.iter().copied())
    }

    fn compress(left: Digest, right: Digest) -> Digest {
        Compression::new(permutation()).compress([left, right])
    }
}

/// The root.
pub struct RootLayer;

impl NativeLayer for RootLayer {
    type Ext = Ext5;
    type Node = [Bn254; 1];
    type Challenger = RootChallenger;

    fn challenger(params: &LayerParams, vk_digest: &Digest) -> RootChallenger {
        RootConfig::for_layer(params, vk_digest).initialise_challenger()
    }

    fn observe_node(challenger: &mut RootChallenger, node: [Bn254; 1]) {
        challenger.observe(Hash::<Val, Bn254, 1>::from(node));
    }

    fn hash(values: &[Val]) -> [Bn254; 1] {
        finial_protocol::fields::bn254_hash(values)
    }

    fn compress(left: [Bn254; 1], right: [Bn254; 1]) -> [Bn254; 1] {
        finial_protocol::fields::bn254_compress(left, right)
    }
}

/// Plain arithmetic.
pub struct Native<L: NativeLayer> {
    params: LayerParams,
    layer: core::marker::PhantomData<L>,
}

impl<L: NativeLayer> Native<L> {
    /// A machine for proofs with these parameters.
    #[must_use]
    pub const fn new(params: LayerParams) -> Self {
        Self { params, layer: core::marker::PhantomData }
    }

    /// Walks a path up to the cap.
    fn climb(
        mut node: L::Node,
        log_height: usize,
        index: &[bool],
        path: &[L::Node],
        commitment: &[L::Node],
        mut inject: impl FnMut(usize) -> Option<L::Node>,
    ) -> bool {
        let levels = log_height - commitment.len().trailing_zeros() as usize;
        if path.len() != levels {
            return false;
        }
        for level in 0..levels {
            let (left, right) = if index[level] { (path[level], node) } else { (node, path[level]) };
            node = L::compress(left, right);
            if let Some(rows) = inject(log_height - level - 1) {
                node = L::compress(node, rows);
            }
        }
        let top = index[levels..].iter().rev().fold(0, |top, &bit| 2 * top + usize::from(bit));
        commitment.get(top) == Some(&node)
    }
}

impl<L: NativeLayer> Backend for Native<L> {
    type Felt = Val;
    type Ext = L::Ext;
    type Bit = bool;
    type Digest = L::Node;
    type Challenger = L::Challenger;
    type Gamma = L::Ext;
    type NativeExt = L::Ext;
    type NativeDigest = L::Node;
    type Failure = Check;

    fn read_felt(&mut self, value: Option<Val>) -> Val {
        value.expect("native verification has a proof")
    }
    fn read_ext(&mut self, value: Option<L::Ext>) -> L::Ext {
        value.expect("native verification has a proof")
    }
    fn read_digest(&mut self, value: Option<L::Node>) -> L::Node {
        value.expect("native verification has a proof")
    }

    fn felt_constant(&mut self, value: Val) -> Val {
        value
    }
    fn felt_mul(&mut self, a: &Val, b: &Val) -> Val {
        *a * *b
    }
    fn felt_scale(&mut self, a: &Val, k: Val) -> Val {
        *a * k
    }
    fn felt_scale_if(&mut self, a: &Val, bit: &bool, k: Val) -> Val {
        if *bit { *a * k } else { *a }
    }
    fn felt_inverse(&mut self, a: &Val) -> Result<Val, Check> {
        a.try_inverse().ok_or(Check::Inverse)
    }

    fn constant(&mut self, value: L::Ext) -> L::Ext {
        value
    }
    fn lift(&mut self, a: &Val) -> L::Ext {
        (*a).into()
    }
    fn add(&mut self, a: &L::Ext, b: &L::Ext) -> L::Ext {
        *a + *b
    }
    fn sub(&mut self, a: &L::Ext, b: &L::Ext) -> L::Ext {
        *a - *b
    }
    fn mul(&mut self, a: &L::Ext, b: &L::Ext) -> L::Ext {
        *a * *b
    }
    fn mul_add(&mut self, a: &L::Ext, b: &L::Ext, c: &L::Ext) -> L::Ext {
        *a * *b + *c
    }
    fn affine(&mut self, a: &L::Ext, k: Val, c: Val) -> L::Ext {
        *a * k + c
    }
    fn mul_felt(&mut self, a: &L::Ext, f: &Val) -> L::Ext {
        *a * *f
    }
    fn inverse(&mut self, a: &L::Ext) -> Result<L::Ext, Check> {
        a.try_inverse().ok_or(Check::Inverse)
    }
    fn assert_outside_base_field(&mut self, _: &L::Ext) -> Result<(), Check> {
        // `add_quotient` inverts each denominator.
        Ok(())
    }
    fn select(&mut self, bit: &bool, one: &L::Ext, zero: &L::Ext) -> L::Ext {
        if *bit { *one } else { *zero }
    }
    fn butterfly(&mut self, t: &L::Ext, k: Val, x0: &L::Ext, x1: &L::Ext) -> L::Ext {
        (*x0 + *x1).halve() + *t * (*x0 - *x1) * k
    }
    fn combine_basis(&mut self, parts: &[L::Ext]) -> L::Ext {
        L::Ext::from_ext_basis_coefficients(parts).expect("one part a coefficient")
    }
    fn assert_equal(&mut self, a: &L::Ext, b: &L::Ext, check: Check) -> Result<(), Check> {
        if a == b { Ok(()) } else { Err(check) }
    }

    fn challenger(&mut self, vk_digest: &Digest) -> L::Challenger {
        L::challenger(&self.params, vk_digest)
    }
    fn observe_constants(&mut self, challenger: &mut L::Challenger, values: &[Val]) {
        challenger.observe_slice(values);
    }
    fn observe_felt(&mut self, challenger: &mut L::Challenger, value: &Val) {
        challenger.observe(*value);
    }
    fn observe_ext(&mut self, challenger: &mut L::Challenger, value: &L::Ext) {
        challenger.observe_algebra_element(*value);
    }
    fn observe_digest(&mut self, challenger: &mut L::Challenger, value: &L::Node) {
        L::observe_node(challenger, *value);
    }
    fn sample_ext(&mut self, challenger: &mut L::Challenger) -> L::Ext {
        challenger.sample_algebra_element()
    }
    fn sample_bits(&mut self, challenger: &mut L::Challenger, count: usize) -> Vec<bool> {
        let value = challenger.sample_bits(count);
        (0..count).map(|i| (value >> i) & 1 == 1).collect()
    }
    fn check_proof_of_work(
        &mut self,
        challenger: &mut L::Challenger,
        bits: usize,
        witness: &Val,
        site: &'static str,
    ) -> Result<(), Check> {
        if challenger.check_witness(bits, *witness) { Ok(()) } else { Err(Check::ProofOfWork(site)) }
    }

    fn gamma(&mut self, gamma: &L::Ext) -> L::Ext {
        *gamma
    }

    fn open_rows(
        &mut self,
        round: usize,
        layout: &RoundLayout,
        opening: Option<&RowOpening<L::Node>>,
        index: &[bool],
        commitment: &[L::Node],
        gamma: &L::Ext,
    ) -> Result<Vec<L::Ext>, Check> {
        let opening = opening.expect("native verification has a proof");
        let mut sums = Vec::new();
        let mut nodes = Vec::new();
        for height in &layout.heights {
            let row: Vec<Val> =
                height.matrices.iter().flat_map(|&m| opening.rows[m].iter().copied()).collect();
            if row.len() != height.width {
                return Err(Check::InputOpening(round));
            }
            for group in &height.groups {
                let values = &row[group.start..group.start + group.len];
                sums.push(values.iter().fold(L::Ext::ZERO, |sum, &v| sum * *gamma + v));
            }
            nodes.push((height.log_height, L::hash(&row)));
        }
        let (log_height, leaf) = nodes[0];
        let lower = &nodes[1..];
        let inject =
            |at: usize| lower.iter().find(|(log_height, _)| *log_height == at).map(|(_, node)| *node);
        if Self::climb(leaf, log_height, index, &opening.path, commitment, inject) {
            Ok(sums)
        } else {
            Err(Check::InputOpening(round))
        }
    }

    fn open_fold(
        &mut self,
        fold: usize,
        log_arity: usize,
        opening: Option<&FoldOpening<L::Ext, L::Node>>,
        index: &[bool],
        commitment: &[L::Node],
    ) -> Result<Vec<L::Ext>, Check> {
        let opening = opening.expect("native verification has a proof");
        let flat: Vec<Val> =
            opening.row.iter().flat_map(|x| x.as_basis_coefficients_slice().to_vec()).collect();
        let leaf = L::hash(&flat);
        let sound = opening.row.len() == 1 << log_arity
            && Self::climb(leaf, index.len(), index, &opening.path, commitment, |_| None);
        if sound { Ok(opening.row.clone()) } else { Err(Check::FoldOpening(fold)) }
    }
}
