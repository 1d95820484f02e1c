//! Where points and scalars lie in a proof.

use halo2_base::halo2_proofs::{halo2curves::bn256::G1Affine, plonk::VerifyingKey, poly::commitment::Params};
use serde::{Deserialize, Serialize};
use snark_verifier::{
    system::halo2::{Config, compile},
    verifier::plonk::PlonkProtocol,
};

use crate::{circuit::Circuit, params::Parameters};

/// The multi-opening's last two points (SHPLONK: `W` and `W'`).
const TRAILING_POINTS: usize = 2;

/// The parts of a Halo2 proof, in order; points are two words (x, y), a word is 32 bytes, big-endian. In a
/// wrapped proof's `proofData` the accumulator's limbs stand before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofLayout {
    /// Commitments: advice, lookups, permutation, quotient.
    pub leading_points: usize,
    /// Evaluations.
    pub scalars: usize,
    /// The opening proof.
    pub trailing_points: usize,
}

impl ProofLayout {
    /// The layout that a verifying key's proofs have.
    pub fn of(circuit: Circuit, parameters: &Parameters, vk: &VerifyingKey<G1Affine>) -> Self {
        Self::of_protocol(&protocol(circuit, parameters, vk))
    }

    pub(crate) fn of_protocol(protocol: &PlonkProtocol<G1Affine>) -> Self {
        Self {
            leading_points: protocol.num_witness.iter().sum::<usize>() + protocol.quotient.num_chunk(),
            scalars: protocol.evaluations.len(),
            trailing_points: TRAILING_POINTS,
        }
    }

    /// Words in a proof.
    pub fn words(&self) -> usize {
        2 * (self.leading_points + self.trailing_points) + self.scalars
    }

    /// Bytes in a proof.
    pub fn bytes(&self) -> usize {
        32 * self.words()
    }

    /// Whether the word at `index` is a scalar; a coordinate otherwise.
    pub fn is_scalar(&self, index: usize) -> bool {
        let start = 2 * self.leading_points;
        (start..start + self.scalars).contains(&index)
    }
}

/// The verifier's description for one instance column, with the circuit's accumulator in it.
pub(crate) fn protocol(
    circuit: Circuit,
    parameters: &Parameters,
    vk: &VerifyingKey<G1Affine>,
) -> PlonkProtocol<G1Affine> {
    debug_assert_eq!(parameters.kzg.k(), vk.get_domain().k());
    let config = Config::kzg()
        .with_num_instance(vec![circuit.instances()])
        .with_accumulator_indices(circuit.accumulator_indices());
    compile(&parameters.kzg, vk, config)
}
