//! Values of a circuit, and what gates are fed.

use halo2_base::halo2_proofs::halo2curves::bn256::Fr;

/// A value of the circuit. It fills as many cells as gates use it in, all bound to be equal.
///
/// A value that no gate uses fills none: nothing is constrained, and nothing depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub(crate) value: Fr,
    /// Its number among all values, in order of creation.
    pub(crate) index: u32,
}

impl Cell {
    /// The witness value.
    #[must_use]
    pub const fn value(&self) -> &Fr {
        &self.value
    }
}

/// What a cell of a gate holds.
#[derive(Clone, Copy, Debug)]
pub enum Operand {
    /// A constant of the circuit.
    Constant(Fr),
    /// A value that is there already.
    Existing(Cell),
    /// A new value of the prover's choice.
    Witness(Fr),
}

impl Operand {
    /// The witness value.
    #[must_use]
    pub const fn value(&self) -> &Fr {
        match self {
            Self::Constant(value) | Self::Witness(value) => value,
            Self::Existing(cell) => cell.value(),
        }
    }
}
