//! Proofs of the tree.

use finial_protocol::{InnerConfig, RootConfig, Val};
use finial_public_values::{InternalVmVerifierPvs, PvsError, USER_PUBLIC_VALUES};
use p3_batch_stark::BatchProof;
use serde::{Deserialize, Serialize};

/// Which program made a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeKind {
    /// The leaf program of this shape.
    Leaf(u32),
    /// The internal program at this place of the arities.
    Internal(u32),
}

/// A leaf or internal proof.
#[derive(Serialize, Deserialize)]
pub struct NodeProof {
    /// Its program.
    pub kind: NodeKind,
    /// Its public values.
    pub public_values: Vec<Val>,
    /// The STARK.
    pub proof: BatchProof<InnerConfig>,
}

impl NodeProof {
    /// What it says.
    ///
    /// # Errors
    /// When the list has another length.
    pub fn statement(&self) -> Result<InternalVmVerifierPvs<Val>, PvsError> {
        InternalVmVerifierPvs::from_slice(&self.public_values)
    }
}

/// The STARK proof of a whole run: where no chain is involved, this is the end.
#[derive(Serialize, Deserialize)]
pub struct StarkProof {
    /// The top of the tree.
    pub node: NodeProof,
    /// The user public values: SHA-256 of what the program made public, or zeros.
    pub user_public_values: [u8; USER_PUBLIC_VALUES],
}

/// A shrink proof.
pub struct ShrinkProof {
    /// Its public values.
    pub public_values: Vec<Val>,
    /// The STARK.
    pub proof: BatchProof<InnerConfig>,
}

/// A root proof.
pub struct RootProof {
    /// Its public values.
    pub public_values: Vec<Val>,
    /// The STARK under BN254-Poseidon2.
    pub proof: BatchProof<RootConfig>,
}

/// Public values by table of the Agg VM: all are the last table's.
#[must_use]
pub fn values_by_table(values: &[Val]) -> Vec<Vec<Val>> {
    let mut tables = vec![vec![]; finial_agg_vm::NUM_TABLES - 1];
    tables.push(values.to_vec());
    tables
}
