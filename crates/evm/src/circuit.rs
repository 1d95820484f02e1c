//! The two circuits whose proofs go on chain.

use crate::accumulator;
use crate::statement::INSTANCES;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which circuit a key, a contract or a proof belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Circuit {
    /// The static verifier's own proof. Instances: the statement.
    #[default]
    Direct,
    /// A proof that such a proof verifies, up to one pairing. Instances: the limbs of the accumulator
    /// that this pairing is to be checked on, then the statement.
    Wrapped,
}

impl Circuit {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Direct, Self::Wrapped];

    /// Its name in paths and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Wrapped => "wrapped",
        }
    }

    /// Name of the contract in front of its generated verifier.
    pub fn front(self) -> &'static str {
        match self {
            Self::Direct => "FinialVerifier",
            Self::Wrapped => "FinialVerifierWrapped",
        }
    }

    /// Words of the accumulator at the start of the instance column and of `proofData`.
    pub fn accumulator_words(self) -> usize {
        match self {
            Self::Direct => 0,
            Self::Wrapped => accumulator::WORDS,
        }
    }

    /// Rows of the instance column.
    pub fn instances(self) -> usize {
        self.accumulator_words() + INSTANCES
    }

    /// The circuit with an instance column of this many rows.
    pub fn with_instances(rows: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|circuit| circuit.instances() == rows)
    }

    /// Whether a proof of this circuit takes keys and parameters of the other: a wrapped proof wraps a direct one.
    pub fn needs(self, other: Self) -> bool {
        self == other || other == Self::Direct
    }

    /// Where in the instances the accumulator's limbs stand (column, row), as `snark-verifier` wants it.
    pub(crate) fn accumulator_indices(self) -> Option<Vec<(usize, usize)>> {
        match self {
            Self::Direct => None,
            Self::Wrapped => Some((0..accumulator::WORDS).map(|row| (0, row)).collect()),
        }
    }
}

impl fmt::Display for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circuits_are_told_apart_by_their_instances() {
        for circuit in Circuit::ALL {
            assert_eq!(Circuit::with_instances(circuit.instances()), Some(circuit));
            let json = serde_json::to_string(&circuit).unwrap();
            assert_eq!(json, format!("\"{circuit}\""));
        }
        assert_eq!(Circuit::with_instances(5), None);
        assert_eq!(Circuit::Wrapped.instances(), 16);
    }
}
