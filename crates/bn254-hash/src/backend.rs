//! The choice between the scalar and the vector path, made at run time.

use std::sync::{Arc, LazyLock};

use p3_bn254::Bn254;
use p3_symmetric::Permutation;

use crate::constants::{WIDTH, poseidon2};
use crate::ifma::Ifma;

/// Environment variable that keeps batches on the scalar path when it is set to `1`.
pub const NO_IFMA_VARIABLE: &str = "FINIAL_NO_IFMA";

/// How a batch of permutations is computed. The results are the same, bit for bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Plonky3's permutation, one state at a time, on any processor.
    Scalar,
    /// AVX-512-IFMA, eight states in a vector.
    Ifma,
}

/// The vector path was asked for on a processor without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this processor has no AVX-512-IFMA: use the scalar backend")]
pub struct BackendUnavailable;

/// One copy of the vector constants for the whole process.
static LANES: LazyLock<Option<Arc<Ifma>>> = LazyLock::new(|| Ifma::detect().map(Arc::new));

impl Backend {
    /// [`Backend::Ifma`] if the processor has it and `FINIAL_NO_IFMA` is not `1`, else [`Backend::Scalar`].
    #[must_use]
    pub fn detect() -> Self {
        let refused = std::env::var_os(NO_IFMA_VARIABLE).is_some_and(|value| value == "1");
        if !refused && LANES.is_some() { Self::Ifma } else { Self::Scalar }
    }

    /// Whether this processor can take the path.
    ///
    /// # Errors
    ///
    /// [`BackendUnavailable`] for [`Backend::Ifma`] on a processor without it.
    pub fn require(self) -> Result<(), BackendUnavailable> {
        match self {
            Self::Ifma if LANES.is_none() => Err(BackendUnavailable),
            _ => Ok(()),
        }
    }

    /// Permute every state.
    ///
    /// # Errors
    ///
    /// [`BackendUnavailable`] for [`Backend::Ifma`] on a processor without it.
    pub fn permute_many(self, states: &mut [[Bn254; WIDTH]]) -> Result<(), BackendUnavailable> {
        self.require()?;
        if let Some(lanes) = self.lanes() {
            lanes.permute_many(states);
        } else {
            let permutation = poseidon2();
            for state in states {
                permutation.permute_mut(state);
            }
        }
        Ok(())
    }

    /// The vector implementation, if this is the vector path and it is there.
    pub(crate) fn lanes(self) -> Option<Arc<Ifma>> {
        match self {
            Self::Scalar => None,
            Self::Ifma => LANES.clone(),
        }
    }

    pub(crate) const fn of(lanes: bool) -> Self {
        if lanes { Self::Ifma } else { Self::Scalar }
    }
}
