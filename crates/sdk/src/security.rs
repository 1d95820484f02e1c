//! The proven bits of every STARK layer, from its real tables.

use finial_protocol::params::TARGET_BITS;
use finial_protocol::security::{LayerSecurity, report};
use serde::Serialize;

use crate::Sdk;
use crate::config::AppVm;
use crate::error::SdkError;

/// The report of all layers.
#[derive(Clone, Debug, Serialize)]
pub struct SecurityOutcome {
    /// Bits that each layer has at least.
    pub target_bits: f64,
    /// Bits of the weakest layer.
    pub bits: f64,
    /// The layers, in the order of the data.
    pub layers: Vec<LayerSecurity>,
}

impl SecurityOutcome {
    /// Whether every layer reaches the target.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.bits >= self.target_bits
    }
}

impl Sdk {
    /// Computes the proven bits of every shape of every configuration, of the tree, shrink and root.
    ///
    /// # Errors
    /// When keys cannot be made.
    pub fn security(&self) -> Result<SecurityOutcome, SdkError> {
        let mut layers = Vec::new();
        for app_vm in AppVm::ALL {
            let config = app_vm.config().map_err(SdkError::AppKeys)?;
            let keys = finial_segment_verifier::AppVerifyingKey::new(&config).map_err(SdkError::AppKeys)?;
            for (shape, key) in config.shapes().iter().zip(keys.keys()) {
                layers.push(report(&format!("segment {} {}", app_vm.name(), shape.name), &key.shape));
            }
        }
        use finial_aggregation::layers::{root_key, shrink_key, u_key};
        let failed = |program: &'static str| {
            move |source| {
                SdkError::TreeKeys(finial_aggregation::AggregationError::Machine {
                    program: program.to_owned(),
                    source,
                })
            }
        };
        layers.push(report("leaf and internal", &u_key().map_err(failed("U"))?.shape));
        layers.push(report("shrink", &shrink_key().map_err(failed("shrink"))?.shape));
        layers.push(report("root", &root_key().map_err(failed("root"))?.shape));
        let bits = layers.iter().map(|layer| layer.bits).fold(f64::INFINITY, f64::min);
        Ok(SecurityOutcome { target_bits: TARGET_BITS, bits, layers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn every_layer_has_a_hundred_proven_bits() {
        let options = Options::new().unwrap();
        let outcome = Sdk::new(options).security().unwrap();
        for layer in &outcome.layers {
            assert!(layer.bits >= 100.0, "{} has {:.1} bits: {:?}", layer.layer, layer.bits, layer.terms);
            let smallest = layer.terms.iter().map(|term| term.bits).fold(f64::INFINITY, f64::min);
            assert!(smallest >= 100.0 && !layer.terms.is_empty(), "{}", layer.layer);
        }
        assert!(outcome.is_met());
    }
}
