//! The column as a halo2 circuit.

use halo2_base::{
    halo2_proofs::{
        circuit::{Layouter, Region, SimpleFloorPlanner, Value},
        halo2curves::bn256::Fr,
        plonk::{Circuit, ConstraintSystem, Error},
    },
    utils::halo2::{raw_assign_advice, raw_assign_fixed},
};

use crate::{
    builder::Builder,
    gate::WrapperConfig,
    wrap::{K, WrapError},
};

/// What a circuit is assigned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Fixed columns and copies.
    Keygen,
    /// Values only.
    Prover,
}

/// A wrapper that fits 2^[`K`] rows.
#[derive(Debug)]
pub struct WrapperCircuit {
    builder: Builder,
    stage: Stage,
}

/// Rows that hold no blinding.
fn usable_rows() -> usize {
    let mut meta = ConstraintSystem::default();
    WrapperConfig::configure(&mut meta);
    (1 << K) - meta.blinding_factors() - 1
}

impl WrapperCircuit {
    /// # Errors
    /// If the rows do not fit.
    pub(crate) fn new(builder: Builder, stage: Stage) -> Result<Self, WrapError> {
        let (needed, available) = (builder.rows(), usable_rows());
        if needed > available {
            return Err(WrapError::Rows { needed, available });
        }
        Ok(Self { builder, stage })
    }

    /// The instances: the accumulator's limbs, then the inner proof's instances.
    #[must_use]
    pub fn instances(&self) -> Vec<Fr> {
        self.builder.instances()
    }

    /// What was laid out, with its rows by part.
    #[must_use]
    pub const fn builder(&self) -> &Builder {
        &self.builder
    }

    fn assign_fixed(&self, config: &WrapperConfig, region: &mut Region<'_, Fr>) {
        for (row, tags) in self.builder.tags.iter().enumerate() {
            let [t, k] = tags.relation.code().map(Fr::from);
            let columns = [(config.d, self.builder.fixed_d(row)), (config.t, t), (config.k, k)];
            for (column, value) in columns {
                if value != Fr::zero() {
                    raw_assign_fixed(region, column, row, value);
                }
            }
        }
    }

    fn assign_advice(&self, config: &WrapperConfig, region: &mut Region<'_, Fr>) {
        let mut cells = Vec::with_capacity(self.builder.rows());
        for (row, value) in self.builder.values.iter().enumerate() {
            let value = if self.stage == Stage::Keygen { Value::unknown() } else { Value::known(*value) };
            let cell = raw_assign_advice(region, config.advice, row, value);
            if self.stage != Stage::Prover {
                cells.push(cell.cell());
            }
        }
        if self.stage != Stage::Prover {
            for (a, b) in &self.builder.copies {
                region.constrain_equal(cells[a.0 as usize], cells[b.0 as usize]);
            }
        }
    }
}

impl Circuit<Fr> for WrapperCircuit {
    type Config = WrapperConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        unreachable!("halo2-axiom builds keys from a circuit at the key generation stage")
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> WrapperConfig {
        WrapperConfig::configure(meta)
    }

    fn synthesize(&self, config: WrapperConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "wrapper",
            |mut region| {
                if self.stage != Stage::Prover {
                    self.assign_fixed(&config, &mut region);
                }
                self.assign_advice(&config, &mut region);
                Ok(())
            },
        )
    }
}
