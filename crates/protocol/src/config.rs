//! The two STARK configurations: KoalaBear-Poseidon2 (segments and tree) and BN254-Poseidon2 (root).

use finial_bn254_hash as bn254;
use p3_challenger::{CanObserve, DuplexChallenger, GrindingChallenger};
use p3_commit::{ExtensionMmcs, UnivariateStarkPcs};
use p3_dft::Radix2DitParallel;
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{BasedVectorSpace, ExtensionField, Field};
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_uni_stark::{StarkConfig, StarkGenericConfig};

use crate::fields::{Compression, DIGEST_LEN, Digest, Ext4, Ext5, Permutation, Sponge, Val, permutation};
use crate::params::LayerParams;

type Packed = <Val as Field>::Packing;
type Dft = Radix2DitParallel<Val>;

/// Merkle trees of segments and tree.
pub type InnerMmcs = MerkleTreeMmcs<Packed, Packed, Sponge, Compression, 2, DIGEST_LEN>;
/// Transcript of segments and tree.
pub type InnerChallenger = DuplexChallenger<Val, Permutation, 16, 8>;
/// Commitment scheme of segments and tree.
pub type InnerPcs = TwoAdicFriPcs<Val, Dft, InnerMmcs, ExtensionMmcs<Val, Ext4, InnerMmcs>>;
/// Segments, leaf, internal and shrink proofs.
pub type InnerConfig = StarkConfig<InnerPcs, Ext4, InnerChallenger>;

/// Merkle trees of the root proof.
pub type RootMmcs = bn254::Bn254Mmcs;
/// Transcript of the root proof.
pub type RootChallenger = bn254::Bn254Challenger;
/// Commitment scheme of the root proof.
pub type RootPcs = TwoAdicFriPcs<Val, Dft, RootMmcs, ExtensionMmcs<Val, Ext5, RootMmcs>>;
/// The root proof.
pub type RootConfig = StarkConfig<RootPcs, Ext5, RootChallenger>;

/// A configuration that can be built from a layer's parameters and the digest of its verifying key.
///
/// The digest is the first thing in the transcript: Plonky3 binds neither constraints nor bus names.
pub trait LayerConfig:
    StarkGenericConfig<
        Challenge: ExtensionField<Val> + BasedVectorSpace<Val>,
        Challenger: GrindingChallenger<Witness = Val>,
        Pcs: UnivariateStarkPcs<
            Self::Challenge,
            Self::Challenger,
            Domain = TwoAdicMultiplicativeCoset<Val>,
            ProverData: Sync,
            Commitment: Sync,
            ProverError: Send,
        > + Sync,
    >
{
    /// The configuration whose initial challenger has absorbed `vk_digest`.
    fn for_layer(params: &LayerParams, vk_digest: &Digest) -> Self;
}

/// A layer's FRI parameters over a Merkle tree scheme.
pub fn fri_parameters<M>(params: &LayerParams, mmcs: M) -> FriParameters<M> {
    FriParameters {
        log_blowup: params.log_blowup,
        log_final_poly_len: params.log_final_poly_len,
        max_log_arity: params.max_log_arity,
        num_queries: params.num_queries,
        batch_proof_of_work_bits: params.grinding.batch,
        commit_proof_of_work_bits: params.grinding.commit,
        query_proof_of_work_bits: params.grinding.query,
        mmcs,
    }
}

/// The Merkle tree scheme of an inner layer.
#[must_use]
pub fn inner_mmcs(params: &LayerParams) -> InnerMmcs {
    InnerMmcs::new(Sponge::new(permutation()), Compression::new(permutation()), params.cap_height)
}

/// The Merkle tree scheme of the root layer.
#[must_use]
pub fn root_mmcs(params: &LayerParams) -> RootMmcs {
    bn254::bn254_mmcs(params.cap_height)
}

impl LayerConfig for InnerConfig {
    fn for_layer(params: &LayerParams, vk_digest: &Digest) -> Self {
        let mmcs = inner_mmcs(params);
        let fri = fri_parameters(params, ExtensionMmcs::new(mmcs.clone()));
        let mut challenger = InnerChallenger::new(permutation());
        challenger.observe_slice(vk_digest);
        Self::new(InnerPcs::new(Dft::default(), mmcs, fri), challenger)
            .with_lookup_proof_of_work_bits(params.grinding.lookup)
            .with_ood_proof_of_work_bits(params.grinding.out_of_domain)
    }
}

impl LayerConfig for RootConfig {
    fn for_layer(params: &LayerParams, vk_digest: &Digest) -> Self {
        let mmcs = root_mmcs(params);
        let fri = fri_parameters(params, ExtensionMmcs::new(mmcs.clone()));
        let mut challenger = bn254::bn254_challenger();
        challenger.observe_slice(vk_digest);
        Self::new(RootPcs::new(Dft::default(), mmcs, fri), challenger)
            .with_lookup_proof_of_work_bits(params.grinding.lookup)
            .with_ood_proof_of_work_bits(params.grinding.out_of_domain)
    }
}
