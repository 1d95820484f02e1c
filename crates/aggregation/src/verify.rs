//! Native verification of the tree's top and of root proofs: the same completion checks as the root program's.

use finial_agg_vm::AggAir;
use finial_protocol::{Digest, Val};
use finial_public_values::{InternalVmVerifierPvs, RootVmVerifierPvs, exe_commit, public_values_root};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::error::AggregationError;
use crate::keys::{AggregationKeys, ContinuationKeys};
use crate::proof::{NodeKind, RootProof, ShrinkProof, StarkProof, values_by_table};

/// What a verified proof says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedExecution {
    /// Which executable ran.
    pub exe_commit: Digest,
    /// Under which leaf programs.
    pub leaf_commit: Digest,
    /// The user public values.
    pub user_public_values: [u8; 32],
}

impl AggregationKeys {
    /// Verifies the STARK proof of a run, and that it is of `exe_commit` where one is given.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_stark(
        &self,
        proof: &StarkProof,
        expected: Option<&Digest>,
    ) -> Result<VerifiedExecution, AggregationError> {
        let node = &proof.node;
        let statement = node.statement()?;
        let execution = check_complete(&statement, &proof.user_public_values, self.leaf_commit())?;
        if expected.is_some_and(|expected| *expected != execution.exe_commit) {
            return Err(AggregationError::ExeCommit);
        }
        let program = match node.kind {
            NodeKind::Leaf(shape) => {
                let program = self.sets.leaf.members().get(shape as usize);
                program.ok_or(AggregationError::UnknownShape(shape as usize))?
            }
            NodeKind::Internal(place) => {
                // A leaf carries no sets; an internal node's own are checked here, as a parent would.
                if statement.extra_pvs.leaf_verifier_commit != self.leaf_commit() {
                    return Err(AggregationError::LeafCommit);
                }
                if statement.extra_pvs.internal_program_commit != self.sets.internal.root() {
                    return Err(AggregationError::InternalCommit);
                }
                let program = self.sets.internal.members().get(place as usize);
                program.ok_or(AggregationError::UnknownArity(place as usize))?
            }
        };
        let values = values_by_table(&node.public_values);
        self.continuation
            .u
            .verify(&AggAir::verifier_tables(), Some(vec![*program].into()), &node.proof, &values)
            .map_err(|source| AggregationError::Machine { program: "tree".into(), source })?;
        Ok(execution)
    }
}

impl ContinuationKeys {
    /// Verifies a shrink proof.
    ///
    /// # Errors
    /// When the STARK does not verify.
    pub fn verify_shrink(&self, shrink: &ShrinkProof) -> Result<(), AggregationError> {
        let values = values_by_table(&shrink.public_values);
        let commitment = self.shrink.commitment().clone();
        self.shrink_vk
            .verify(&AggAir::verifier_tables(), Some(commitment), &shrink.proof, &values)
            .map_err(|source| AggregationError::Machine { program: "shrink".into(), source })
    }

    /// Verifies a root proof and gives what it says.
    ///
    /// # Errors
    /// When the STARK does not verify or its public values are not bytes.
    pub fn verify_root(&self, root: &RootProof) -> Result<VerifiedExecution, AggregationError> {
        let (pvs, _) = RootVmVerifierPvs::from_slice(&root.public_values)?;
        let values = values_by_table(&root.public_values);
        let commitment = self.root.commitment().clone();
        self.root_vk
            .verify(&AggAir::verifier_tables(), Some(commitment), &root.proof, &values)
            .map_err(|source| AggregationError::Machine { program: "root".into(), source })?;
        let mut user_public_values = [0; 32];
        for (byte, value) in user_public_values.iter_mut().zip(&pvs.public_values) {
            *byte = u8::try_from(value.as_canonical_u32()).map_err(|_| AggregationError::UserPublicValues)?;
        }
        Ok(VerifiedExecution {
            exe_commit: pvs.exe_commit,
            leaf_commit: pvs.leaf_verifier_commit,
            user_public_values,
        })
    }
}

/// The execution ended with exit code zero and left these public values in memory (DESIGN §3.4).
///
/// # Errors
/// The first condition that does not hold.
pub fn check_complete(
    statement: &InternalVmVerifierPvs<Val>,
    user_public_values: &[u8; 32],
    leaf_commit: Digest,
) -> Result<VerifiedExecution, AggregationError> {
    let vm = &statement.vm_verifier_pvs;
    if vm.connector.is_terminate != Val::ONE {
        return Err(AggregationError::NotTerminated);
    }
    if vm.connector.exit_code != Val::ZERO {
        return Err(AggregationError::ExitCode(vm.connector.exit_code.as_canonical_u32()));
    }
    if public_values_root(user_public_values) != vm.public_values_commit {
        return Err(AggregationError::UserPublicValues);
    }
    let initial_pc = vm.connector.initial_pc.as_canonical_u32();
    Ok(VerifiedExecution {
        exe_commit: exe_commit(&vm.app_commit, &vm.memory.initial_root, initial_pc),
        leaf_commit,
        user_public_values: *user_public_values,
    })
}
