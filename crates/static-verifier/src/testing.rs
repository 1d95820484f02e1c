//! Running circuits under the mock prover.

use halo2_base::{
    gates::circuit::CircuitBuilderStage,
    halo2_proofs::dev::{MockProver, VerifyFailure},
};
use snark_verifier_sdk::CircuitExt;

use crate::{CircuitBuilder, StaticCircuit};

/// Rows of test circuits: the least that holds the lookup table.
pub(crate) const K: usize = 17;

/// What a circuit violates.
pub(crate) fn failures(build: impl FnOnce(&mut CircuitBuilder)) -> Vec<VerifyFailure> {
    let mut builder = CircuitBuilder::new(CircuitBuilderStage::Mock);
    build(&mut builder);
    let circuit = StaticCircuit::with_k(builder, K).expect("a test circuit fits");
    let instances = circuit.instances();
    // Not `verify_par`: it still asks that every cell a gate reads was assigned, which halo2-base does not heed.
    let prover = MockProver::run(K as u32, &circuit, instances).expect("the circuit can be synthesized");
    prover.verify().err().unwrap_or_default()
}

/// Asserts that a circuit is satisfied.
pub(crate) fn accepts(build: impl FnOnce(&mut CircuitBuilder)) {
    let failures = failures(build);
    assert!(failures.is_empty(), "{} violations, the first: {}", failures.len(), failures[0]);
}

/// Asserts that a circuit is violated, by something whose description holds `what`.
pub(crate) fn rejects(what: &str, build: impl FnOnce(&mut CircuitBuilder)) {
    let failures: Vec<_> = failures(build).iter().map(ToString::to_string).collect();
    assert!(failures.iter().any(|f| f.contains(what)), "no violation of {what}: {failures:?}");
}
