//! Heights of the Agg VM's tables in each layer, and the keys that follow from them alone.

use finial_agg_vm::{AggAir, Heights};
use finial_protocol::params::{ROOT, SHRINK, TREE};
use finial_protocol::{InnerConfig, LayerConfig, LayerParams, MachineError, RootConfig, VerifyingKey};

/// The universal shape U of leaf and internal proofs. A program that exceeds it has no key.
pub const U: Heights = Heights { alu: 16, poseidon2: 16, public: 8 };
/// Shrink proofs.
pub const SHRINK_HEIGHTS: Heights = Heights { alu: 14, poseidon2: 14, public: 7 };
/// Root proofs.
pub const ROOT_HEIGHTS: Heights = Heights { alu: 13, poseidon2: 13, public: 9 };
/// Numbers of children for which there is an internal program.
pub const ARITIES: [usize; 2] = [2, 3];

fn verifying_key<SC: LayerConfig>(
    params: LayerParams,
    heights: Heights,
) -> Result<VerifyingKey<SC>, MachineError>
where
    AggAir: finial_protocol::TableAir<SC>,
    p3_air::symbolic::SymbolicExpressionExt<finial_protocol::Val, SC::Challenge>:
        p3_field::Algebra<SC::Challenge>,
{
    VerifyingKey::new(params, &AggAir::verifier_tables(), &heights.to_array())
}

/// The key of leaf and internal proofs.
///
/// # Errors
/// When the tables do not make a key: a fault of this project.
pub fn u_key() -> Result<VerifyingKey<InnerConfig>, MachineError> {
    verifying_key(TREE, U)
}

/// The key of shrink proofs.
///
/// # Errors
/// As [`u_key`].
pub fn shrink_key() -> Result<VerifyingKey<InnerConfig>, MachineError> {
    verifying_key(SHRINK, SHRINK_HEIGHTS)
}

/// The key of root proofs.
///
/// # Errors
/// As [`u_key`].
pub fn root_key() -> Result<VerifyingKey<RootConfig>, MachineError> {
    verifying_key(ROOT, ROOT_HEIGHTS)
}
