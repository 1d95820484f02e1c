//! The halo2 circuit: columns, assignment, public instances.

use halo2_base::{
    gates::{
        circuit::{BaseCircuitParams, BaseConfig, CircuitBuilderStage},
        flex_gate::MultiPhaseThreadBreakPoints,
    },
    halo2_proofs::{
        circuit::{Layouter, Region, SimpleFloorPlanner, Value},
        halo2curves::{bn256::Fr, ff::Field},
        plonk::{Circuit, ConstraintSystem, Error, Selector},
    },
    utils::halo2::{raw_assign_advice, raw_assign_fixed},
    virtual_region::copy_constraints::CopyConstraintManager,
};
use serde::{Deserialize, Serialize};
use snark_verifier_sdk::CircuitExt;

use crate::{
    builder::{CircuitBuilder, permutation_cell},
    poseidon2::{
        ROWS,
        gate::Poseidon2Config,
        trace::{FIXED_ROWS, rows},
    },
    range::{self, LIMB_BITS, RangeConfig, Relation},
};

/// Rows at the end of every column that hold blinding, with a margin.
const BLINDED_ROWS: usize = 32;

/// Rows before the first permutation: there the column of round constants holds the constants of the vertical gate.
pub(crate) const CONSTANT_ROWS: usize = 4096;

/// Permutations that a pair of columns of `2^k` rows holds.
fn permutations_per_pair(k: usize) -> usize {
    ((1usize << k) - BLINDED_ROWS).saturating_sub(CONSTANT_ROWS) / ROWS
}

/// The shape of a circuit; with the constraints themselves it determines the verifying key.
#[derive(Clone, Debug, Default, Hash, Serialize, Deserialize)]
pub struct CircuitParams {
    /// Shape of the vertical gate's columns, no lookup among them, and the one instance column.
    pub base: BaseCircuitParams,
    /// Pairs of columns of Poseidon2 permutations.
    pub poseidon2_pairs: usize,
}

/// A circuit that does not fit its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapacityError {
    /// Too few rows for the lookup table.
    #[error("2^{k} rows do not hold the 16-bit lookup table: use k = 17 or more")]
    Table {
        /// The binary logarithm of the number of rows.
        k: usize,
    },
    /// The range column is full.
    #[error("the range column needs {needed} rows, of which 2^{k} leave {available}: raise k")]
    Range {
        /// The binary logarithm of the number of rows.
        k: usize,
        /// Rows queued.
        needed: usize,
        /// Rows that can be used.
        available: usize,
    },
    /// Too many constants.
    #[error("the circuit has {constants} distinct constants, for which there are {CONSTANT_ROWS} rows")]
    Constants {
        /// Distinct constants.
        constants: usize,
    },
    /// The permutation columns are full.
    #[error(
        "{needed} permutations do not fit the {available} that {pairs} pairs of Poseidon2 columns of 2^{k} rows hold"
    )]
    Permutations {
        /// The binary logarithm of the number of rows.
        k: usize,
        /// Pairs of permutation columns.
        pairs: usize,
        /// Permutations queued.
        needed: usize,
        /// Permutations the columns hold.
        available: usize,
    },
}

/// All columns of the circuit.
#[derive(Clone, Debug)]
pub struct StaticConfig {
    base: BaseConfig<Fr>,
    poseidon2: Option<Poseidon2Config>,
    range: RangeConfig,
}

/// A finished [`CircuitBuilder`] as a halo2 circuit.
pub struct StaticCircuit {
    builder: CircuitBuilder,
    params: CircuitParams,
}

impl StaticCircuit {
    /// Sizes a circuit for `2^k` rows: as many columns as it needs, at least one of the vertical gate.
    ///
    /// # Errors
    /// If the range column or the lookup table does not fit.
    pub fn with_k(mut builder: CircuitBuilder, k: usize) -> Result<Self, CapacityError> {
        if k <= LIMB_BITS {
            return Err(CapacityError::Table { k });
        }
        let available = (1 << k) - BLINDED_ROWS;
        let needed = builder.range.values.len();
        if needed > available {
            return Err(CapacityError::Range { k, needed, available });
        }
        builder.base.set_k(k);
        let mut base = builder.base.calculate_params(Some(BLINDED_ROWS));
        base.num_advice_per_phase = vec![base.num_advice_per_phase.iter().sum::<usize>().max(1)];
        base.num_lookup_advice_per_phase = vec![];
        let constants = builder.base.core().statistics().total_fixed;
        if constants > CONSTANT_ROWS {
            return Err(CapacityError::Constants { constants });
        }
        base.num_fixed = 1;
        let poseidon2_pairs = builder.permutations.len().div_ceil(permutations_per_pair(k));
        let params = CircuitParams { base: base.clone(), poseidon2_pairs };
        builder.base.set_params(base);
        Ok(Self { builder, params })
    }

    /// A circuit of given parameters: a builder made by [`CircuitBuilder::prover`].
    ///
    /// # Errors
    /// If the range column does not fit.
    pub fn prover(mut builder: CircuitBuilder) -> Result<Self, CapacityError> {
        let params = builder.params.take().unwrap_or_default();
        let k = params.base.k;
        let available = (1usize << k).saturating_sub(BLINDED_ROWS);
        let needed = builder.range.values.len();
        if needed > available {
            return Err(CapacityError::Range { k, needed, available });
        }
        let (pairs, needed) = (params.poseidon2_pairs, builder.permutations.len());
        let available = pairs * permutations_per_pair(k);
        if needed > available {
            return Err(CapacityError::Permutations { k, pairs, needed, available });
        }
        Ok(Self { builder, params })
    }

    /// Where the vertical gate's cells wrap into the next column; known once keys were generated.
    #[must_use]
    pub fn break_points(&self) -> MultiPhaseThreadBreakPoints {
        self.builder.base.break_points()
    }

    /// The circuit's shape.
    #[must_use]
    pub const fn circuit_params(&self) -> &CircuitParams {
        &self.params
    }

    fn value(&self, value: Fr) -> Value<Fr> {
        if self.builder.stage == CircuitBuilderStage::Keygen { Value::unknown() } else { Value::known(value) }
    }

    fn assign_permutations(&self, config: &Poseidon2Config, region: &mut Region<'_, Fr>) {
        let pairs = config.pairs.len();
        let slots = self.builder.permutations.len().div_ceil(pairs);
        if !self.builder.witness_only() {
            for slot in 0..slots {
                assign_fixed_rows(config, region, CONSTANT_ROWS + slot * ROWS);
            }
        }
        // Fixed columns are shared, so a slot without a permutation of its own holds that of zeros.
        let idle = rows([Fr::ZERO; 3]);
        for index in 0..slots * pairs {
            let cells = self.builder.permutations.get(index).unwrap_or(&idle);
            let ([states, squares], offset) =
                (config.pairs[index % pairs], CONSTANT_ROWS + index / pairs * ROWS);
            for (row, &[state, square]) in cells.iter().enumerate() {
                let cell = raw_assign_advice(region, states, offset + row, self.value(state)).cell();
                raw_assign_advice(region, squares, offset + row, self.value(square));
                if !self.builder.witness_only() {
                    self.copies(|copies| copies.assigned_advices.insert(permutation_cell(index, row), cell));
                }
            }
        }
    }

    fn assign_range(&self, config: &RangeConfig, region: &mut Region<'_, Fr>) {
        let cells = &self.builder.range;
        for (row, (&value, &tag)) in cells.values.iter().zip(&cells.tags).enumerate() {
            let cell = raw_assign_advice(region, config.value, row, self.value(value)).cell();
            if !self.builder.witness_only() {
                if tag.lookup {
                    raw_assign_fixed(region, config.lookup, row, Fr::ONE);
                }
                if tag.relation != Relation::None {
                    raw_assign_fixed(region, config.relation, row, tag.relation.code());
                }
                self.copies(|copies| copies.assigned_advices.insert(range::context_cell(row), cell));
            }
        }
    }

    fn copies<T>(&self, f: impl FnOnce(&mut CopyConstraintManager<Fr>) -> T) -> T {
        f(&mut self
            .builder
            .base
            .core()
            .copy_manager
            .lock()
            .expect("no thread holds this lock while panicking"))
    }
}

fn assign_fixed_rows(config: &Poseidon2Config, region: &mut Region<'_, Fr>, offset: usize) {
    for (row, fixed) in FIXED_ROWS.iter().enumerate() {
        let code = config.code.iter().zip(&fixed.code);
        let others = [(&config.constant, &fixed.constant), (&config.kind, &fixed.kind)];
        for (column, value) in code.chain(others) {
            raw_assign_fixed(region, *column, offset + row, *value);
        }
    }
}

impl Circuit<Fr> for StaticCircuit {
    type Config = StaticConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = CircuitParams;

    fn params(&self) -> Self::Params {
        self.params.clone()
    }

    fn without_witnesses(&self) -> Self {
        unreachable!("halo2-axiom builds keys from a circuit at the key generation stage")
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {
        unreachable!("halo2-axiom configures with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, params: Self::Params) -> Self::Config {
        let k = params.base.k;
        let mut base = BaseConfig::configure(meta, params.base);
        let constant = base.constants()[0];
        let poseidon2 = (params.poseidon2_pairs > 0)
            .then(|| Poseidon2Config::configure(meta, params.poseidon2_pairs, constant));
        let range = RangeConfig::configure(meta);
        // Later columns and rotations raise the number of blinded rows.
        base.set_usable_rows((1 << k) - meta.minimum_rows());
        StaticConfig { base, poseidon2, range }
    }

    fn synthesize(&self, config: Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        config.range.load_table(&mut layouter)?;
        layouter.assign_region(
            || "permutations and range checks",
            |mut region| {
                if let Some(poseidon2) = &config.poseidon2 {
                    self.assign_permutations(poseidon2, &mut region);
                }
                self.assign_range(&config.range, &mut region);
                Ok(())
            },
        )?;
        // Last, since it imposes the copy constraints among the cells of all columns.
        self.builder.base.synthesize(config.base, layouter)
    }
}

impl CircuitExt<Fr> for StaticCircuit {
    fn num_instance(&self) -> Vec<usize> {
        self.builder.base.assigned_instances.iter().map(Vec::len).collect()
    }

    fn instances(&self) -> Vec<Vec<Fr>> {
        self.builder
            .base
            .assigned_instances
            .iter()
            .map(|column| column.iter().map(|c| *c.value()).collect())
            .collect()
    }

    fn selectors(config: &Self::Config) -> Vec<Selector> {
        config.base.gate().basic_gates.iter().flatten().map(|gate| gate.q_enable).collect()
    }
}
