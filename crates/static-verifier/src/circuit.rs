//! The halo2 circuit: columns, assignment, public instances.

use halo2_base::{
    halo2_proofs::{
        circuit::{Cell as Place, Layouter, Region, SimpleFloorPlanner, Value},
        halo2curves::{bn256::Fr, ff::Field},
        plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Selector},
    },
    utils::halo2::{raw_assign_advice, raw_assign_fixed},
};
use snark_verifier_sdk::CircuitExt;

use crate::{
    builder::{CircuitBuilder, Permutation},
    kind::{self, Kind},
    plan::{Block, CapacityError, CircuitParams, Lane, Plan, SHORTEST, Start},
    poseidon2::{
        ROWS,
        gate::{Poseidon2Config, square_of_pinned},
        trace::FIXED_ROWS,
    },
    range::{Group, RangeConfig, TABLE_ROWS},
    vertical,
};

/// All columns of the circuit: four advice, five fixed, one instance.
#[derive(Clone, Debug)]
pub struct StaticConfig {
    /// Chains of the vertical gate.
    chains: Column<Advice>,
    /// What starts at a row of them.
    starts: Column<Fixed>,
    poseidon2: Poseidon2Config,
    range: RangeConfig,
}

impl StaticConfig {
    const fn lane(&self, lane: Lane) -> Column<Advice> {
        match lane {
            Lane::V => self.chains,
            Lane::S => self.poseidon2.state,
            Lane::Q => self.poseidon2.square,
        }
    }
}

/// A finished [`CircuitBuilder`] as a halo2 circuit.
pub struct StaticCircuit {
    builder: CircuitBuilder,
    params: CircuitParams,
    plan: Plan,
}

impl StaticCircuit {
    /// Lays a circuit out in `2^k` rows.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn with_k(builder: CircuitBuilder, k: usize) -> Result<Self, CapacityError> {
        let params = builder.params(k);
        let plan = Plan::new(&params)?;
        Ok(Self { builder, params, plan })
    }

    /// A circuit of the shape for which keys were generated.
    ///
    /// # Errors
    /// If it is of another.
    pub fn prover(builder: CircuitBuilder, params: &CircuitParams) -> Result<Self, CapacityError> {
        let circuit = Self::with_k(builder, params.k)?;
        if circuit.params == *params { Ok(circuit) } else { Err(CapacityError::Other) }
    }

    /// The circuit's shape.
    #[must_use]
    pub const fn circuit_params(&self) -> &CircuitParams {
        &self.params
    }

    /// For every value the number that stands for its class of equal ones.
    fn classes(&self) -> Vec<u32> {
        let mut parents: Vec<u32> = (0..).take(self.builder.values.len()).collect();
        let find = |parents: &mut [u32], mut i: u32| {
            while parents[i as usize] != i {
                parents[i as usize] = parents[parents[i as usize] as usize];
                i = parents[i as usize];
            }
            i
        };
        for pair in &self.builder.equalities {
            let [a, b] = pair.map(|i| find(&mut parents, i));
            parents[a as usize] = b;
        }
        for i in (0..).take(parents.len()) {
            parents[i as usize] = find(&mut parents, i);
        }
        parents
    }
}

/// Assigns cells; binds each to the first one that holds the same value.
struct Assigner<'a, 'r> {
    circuit: &'a StaticCircuit,
    region: Region<'r, Fr>,
    config: StaticConfig,
    classes: Vec<u32>,
    places: Vec<Option<Place>>,
}

impl Assigner<'_, '_> {
    fn advice(&mut self, column: Column<Advice>, row: usize, value: Fr) -> Place {
        raw_assign_advice(&mut self.region, column, row, Value::known(value)).cell()
    }

    fn fixed(&mut self, column: Column<Fixed>, row: usize, value: Fr) {
        raw_assign_fixed(&mut self.region, column, row, value);
    }

    /// A cell that holds a value of the circuit.
    fn put(&mut self, column: Column<Advice>, row: usize, index: u32) {
        let place = self.advice(column, row, self.circuit.builder.values[index as usize]);
        match &mut self.places[self.classes[index as usize] as usize] {
            Some(first) => self.region.constrain_equal(*first, place),
            none => *none = Some(place),
        }
    }

    fn table(&mut self) {
        for i in 0..TABLE_ROWS {
            let row = self.circuit.plan.table + i;
            self.fixed(self.config.poseidon2.constant, row, Fr::from(i as u64));
            self.fixed(self.config.poseidon2.kind, row, Kind::Table.code());
        }
    }

    fn pinned(&mut self) {
        let builder = &self.circuit.builder;
        let instances = builder.instances.iter().map(|&index| (index, Fr::ZERO));
        let constants = builder.constants.iter().map(|cell| (cell.index, cell.value));
        for (row, (index, constant)) in instances.chain(constants).enumerate() {
            self.put(self.config.poseidon2.state, row, index);
            let square = square_of_pinned(builder.values[index as usize]);
            self.advice(self.config.poseidon2.square, row, square);
            self.fixed(self.config.poseidon2.constant, row, constant);
            self.fixed(self.config.poseidon2.kind, row, Kind::Pinned.code());
        }
    }

    fn permutation(&mut self, permutation: &Permutation, offset: usize) {
        let Poseidon2Config { state, square, .. } = self.config.poseidon2;
        for (row, &[x, y]) in permutation.cells.iter().enumerate() {
            match permutation.value_at(row) {
                Some(index) => self.put(state, offset + row, index),
                None => {
                    self.advice(state, offset + row, x);
                }
            }
            self.advice(square, offset + row, y);
        }
        for (row, fixed) in FIXED_ROWS.iter().enumerate() {
            let Poseidon2Config { code, constant, kind, .. } = self.config.poseidon2;
            let columns = code.into_iter().zip(fixed.code);
            for (column, value) in columns.chain([(constant, fixed.constant), (kind, fixed.kind)]) {
                self.fixed(column, offset + row, value);
            }
        }
    }

    /// A range group, and the chain before it.
    fn group(&mut self, group: Group, cells: &[u32], chain: Option<&[u32]>, row: usize) {
        if let Some(chain) = chain {
            self.chain(Lane::V, chain, row);
        }
        let (values, limbs) = cells.split_at(group.values());
        for (i, &index) in values.iter().enumerate() {
            self.put(self.config.chains, row + SHORTEST + i, index);
        }
        for (i, &index) in group.limbs().zip(limbs) {
            // No other gate has use for a limb: its column is outside the permutation argument.
            self.advice(self.config.range.limb, row + i, self.circuit.builder.values[index as usize]);
        }
        for &(i, start) in group.relations() {
            self.fixed(self.config.starts, row + i, start.code());
        }
    }

    /// All range groups, the first of them behind chains.
    fn range<'c>(&mut self, chains: &mut impl Iterator<Item = &'c [u32]>) {
        let StaticCircuit { builder, plan, .. } = self.circuit;
        let mut chains = chains.take(plan.grouped);
        let mut row = plan.permutations;
        for (group, cells) in builder.range.iter() {
            self.group(group, cells, chains.next(), row);
            row += group.rows();
        }
    }

    /// A chain; the starts of its gates stand beside `V`'s.
    fn chain(&mut self, lane: Lane, chain: &[u32], row: usize) {
        let column = self.config.lane(lane);
        for (offset, &index) in chain.iter().enumerate() {
            self.put(column, row + offset, index);
        }
        if lane == Lane::V {
            for gate in (0..chain.len() - 1).step_by(3) {
                self.fixed(self.config.starts, row + gate, Start::Chain.code());
            }
        }
    }

    fn block<'c>(&mut self, block: &Block, chains: impl Iterator<Item = &'c [u32]>) {
        let columns = block.lanes.columns();
        for (i, chain) in chains.take(block.chains).enumerate() {
            let row = block.row + i / columns.len() * block.length;
            self.chain(columns[i % columns.len()], chain, row);
        }
    }

    fn all(&mut self) {
        let StaticCircuit { builder, plan, .. } = self.circuit;
        self.table();
        self.pinned();
        for (i, permutation) in builder.permutations.iter().enumerate() {
            self.permutation(permutation, plan.permutations + i * ROWS);
        }
        let mut chains: Vec<&[u32]> = builder.chains.iter().collect();
        // Stable: chains of one length keep their order. Blocks go by length too, behind those of range groups.
        chains.sort_by_key(|chain| chain.len());
        let mut chains = chains.into_iter();
        self.range(&mut chains);
        for block in &plan.blocks {
            self.block(block, chains.by_ref());
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
        unreachable!("halo2-axiom builds keys from the circuit itself")
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let instance = meta.instance_column();
        let chains = meta.advice_column();
        let starts = meta.fixed_column();
        let poseidon2 = Poseidon2Config::configure(meta);
        let (constant, kind) = (poseidon2.constant, poseidon2.kind);
        let range = RangeConfig::configure(meta, chains, starts, [kind, constant]);
        let config = StaticConfig { chains, starts, poseidon2, range };
        let lanes = [Lane::V, Lane::S, Lane::Q].map(|lane| (lane, config.lane(lane)));
        for (_, column) in lanes {
            meta.enable_equality(column);
        }
        vertical::configure(meta, [starts, kind], lanes);
        kind::configure(meta, config.poseidon2.state, [kind, constant], instance);
        config
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, _: Self::Params) -> Self::Config {
        Self::configure(meta)
    }

    fn synthesize(&self, config: Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let (classes, places) = (self.classes(), vec![None; self.builder.values.len()]);
        let assign = |region: Region<'_, Fr>| {
            Assigner { circuit: self, region, config, classes, places }.all();
            Ok(())
        };
        layouter.assign_region(|| "all", assign)
    }
}

impl CircuitExt<Fr> for StaticCircuit {
    fn num_instance(&self) -> Vec<usize> {
        vec![self.builder.instances.len()]
    }

    fn instances(&self) -> Vec<Vec<Fr>> {
        vec![self.builder.instances.iter().map(|&index| self.builder.values[index as usize]).collect()]
    }

    fn selectors(_: &Self::Config) -> Vec<Selector> {
        vec![]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Halo2 caps the degree it says, and makes the domain by that: a gate above it would prove nothing.
    #[test]
    fn no_gate_is_above_degree_five_and_one_product_permutes() {
        let mut meta = ConstraintSystem::default();
        StaticCircuit::configure(&mut meta);
        let degrees = meta.gates().iter().flat_map(|gate| gate.polynomials()).map(|p| p.degree());
        assert_eq!(degrees.max(), Some(5));
        assert_eq!(meta.permutation().get_columns().len(), 3);
        assert!(
            meta.lookups().iter().all(|lookup| lookup.input_expressions().iter().all(|e| e.degree() <= 1))
        );
    }
}
