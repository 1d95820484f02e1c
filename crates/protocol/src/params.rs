//! Every security parameter of the system, one constant a layer.
//!
//! The numbers are the smallest ones with which each layer keeps [`TARGET_BITS`] *proven* bits on its real tables:
//! [`crate::security`] computes the bits, and a test of each layer's crate fails below the target.

use serde::{Deserialize, Serialize};

/// Proven bits that every STARK layer has at least.
pub const TARGET_BITS: f64 = 100.0;

/// Proof-of-work bits at each of the protocol's grinding sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grinding {
    /// Before the LogUp challenges.
    pub lookup: usize,
    /// Before the out-of-domain point.
    pub out_of_domain: usize,
    /// Before the challenge that batches openings.
    pub batch: usize,
    /// Before each FRI folding challenge.
    pub commit: usize,
    /// Before the query indices.
    pub query: usize,
}

impl Grinding {
    /// The same difficulty everywhere.
    #[must_use]
    pub const fn uniform(bits: usize) -> Self {
        Self { lookup: bits, out_of_domain: bits, batch: bits, commit: bits, query: bits }
    }
}

/// The parameters of one STARK layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerParams {
    /// Degree of the challenge field over KoalaBear: 4 or 5.
    pub extension_degree: usize,
    /// log2 of the inverse rate of the Reed–Solomon code.
    pub log_blowup: usize,
    /// FRI queries.
    pub num_queries: usize,
    /// log2 of the length of FRI's final polynomial.
    pub log_final_poly_len: usize,
    /// log2 of the largest folding arity.
    pub max_log_arity: usize,
    /// Levels of each Merkle tree that are sent whole instead of being opened.
    pub cap_height: usize,
    /// Proof of work.
    pub grinding: Grinding,
}

/// Segment proofs of the App VM.
pub const APP: LayerParams = LayerParams {
    extension_degree: 4,
    log_blowup: 1,
    num_queries: 193,
    log_final_poly_len: 4,
    max_log_arity: 4,
    cap_height: 0,
    grinding: Grinding::uniform(20),
};

/// Leaf and internal proofs: the universal proof shape U.
pub const TREE: LayerParams = LayerParams {
    extension_degree: 4,
    log_blowup: 2,
    num_queries: 84,
    log_final_poly_len: 4,
    max_log_arity: 4,
    cap_height: 0,
    grinding: Grinding::uniform(20),
};

/// The shrink proof: few queries, so that the root program is small.
pub const SHRINK: LayerParams = LayerParams {
    extension_degree: 4,
    log_blowup: 4,
    num_queries: 42,
    log_final_poly_len: 4,
    max_log_arity: 4,
    cap_height: 0,
    grinding: Grinding::uniform(20),
};

/// The root proof, under BN254-Poseidon2; grinding is dear there.
pub const ROOT: LayerParams = LayerParams {
    extension_degree: 5,
    log_blowup: 5,
    num_queries: 32,
    log_final_poly_len: 5,
    max_log_arity: 4,
    cap_height: 4,
    grinding: Grinding { lookup: 0, out_of_domain: 0, batch: 6, commit: 0, query: 21 },
};
