//! The circuit for the root program: one root proof in, four instances out.
//!
//! The instance column is that of the contract: `exe_commit`, `leaf_commit`, and the two halves of the 32 user public
//! values as big-endian integers.

use crate::Operand::{Constant, Existing};
use finial_protocol::{
    Digest as KeyDigest, Ext5, ProofShape, Val,
    shape::{RoundKind, RoundShape},
};
use finial_public_values::{NODE_PVS, RootVmVerifierPvs, USER_PUBLIC_VALUES};
use finial_recursion::{Backend, Check, Statement, UnpackedProof, verify};
use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use p3_bn254::Bn254;
use serde::{Deserialize, Serialize};

use crate::{
    CapacityError, CircuitBuilder, CircuitParams, Halo2Backend, StaticCircuit,
    backend::Scope,
    cell::Cell,
    convert::P,
    gadgets::{Canonical, Felt},
};

/// log2 of the circuit's rows.
pub const K: usize = 19;

/// A root proof, taken apart.
pub type RootProof = UnpackedProof<Ext5, [Bn254; 1]>;

/// What the circuit pins: the root program, the shape of its proofs, their parameters.
#[derive(Clone, Debug)]
pub struct RootKey {
    /// Tables, heights and parameters.
    pub shape: ProofShape,
    /// The verifying key's digest.
    pub digest: KeyDigest,
    /// The root program's preprocessed commitment.
    pub preprocessed: Vec<[Bn254; 1]>,
}

/// Why a circuit for a root proof cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// It does not fit its rows.
    #[error(transparent)]
    Capacity(#[from] CapacityError),
    /// The key is not of a root program.
    #[error("the key is not that of a root program: {0}")]
    Key(&'static str),
    /// The proof has not the shape of the key.
    #[error("the root proof is not of its key's shape: {0}")]
    Shape(&'static str),
    /// The proof does not verify.
    #[error("the root proof does not verify: {0:?}")]
    Rejected(Check),
    /// The padding of the public values is not zero.
    #[error("the root proof's public values end in values other than zero")]
    Padding,
}

/// What key generation found, and the prover needs beside the proving key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinning {
    /// The circuit's shape, which says where its cells lie.
    pub params: CircuitParams,
}

impl Pinning {
    /// Of a circuit for which keys were generated.
    #[must_use]
    pub fn of(circuit: &StaticCircuit) -> Self {
        Self { params: circuit.circuit_params().clone() }
    }
}

/// The circuit from which keys are generated: `2^`[`K`] rows, zeros for a witness.
///
/// # Errors
/// When the key is not of a root program or the circuit does not fit.
pub fn keygen_circuit(key: &RootKey) -> Result<StaticCircuit, RootError> {
    let mut builder = CircuitBuilder::new();
    write(&mut builder, key, None)?;
    Ok(StaticCircuit::with_k(builder, K)?)
}

/// The circuit that proves a root proof.
///
/// # Errors
/// When the proof is not of the key's shape or does not verify, with the check that fails.
pub fn prover_circuit(
    key: &RootKey,
    pinning: &Pinning,
    proof: &RootProof,
) -> Result<StaticCircuit, RootError> {
    // The verifying key fixes the size; a pinning of another could only make a proof of no use.
    if pinning.params.k != K {
        return Err(CapacityError::Other.into());
    }
    prover_circuit_of_any_size(key, pinning, proof)
}

fn prover_circuit_of_any_size(
    key: &RootKey,
    pinning: &Pinning,
    proof: &RootProof,
) -> Result<StaticCircuit, RootError> {
    require_shape(key, proof)?;
    let mut builder = CircuitBuilder::new();
    let written = write(&mut builder, key, Some(proof))?;
    if let Some(check) = written.violated {
        return Err(RootError::Rejected(check));
    }
    Ok(StaticCircuit::prover(builder, &pinning.params)?)
}

/// Every list of the proof has the length that the key's shape gives it. The verifier reads rows and paths as hints of fixed
/// number, but the other lists by index.
fn require_shape(key: &RootKey, proof: &RootProof) -> Result<(), RootError> {
    let shape = &key.shape;
    let require = |holds: bool, what| if holds { Ok(()) } else { Err(RootError::Shape(what)) };
    let cap = |roots: &[_], log_height: usize| roots.len() == 1 << shape.params.cap_height.min(log_height);
    let log_max = shape.log_max_height();
    require(cap(&proof.main, log_max) && cap(&proof.quotient, log_max), "main or quotient commitment")?;
    let rounds = shape.rounds();
    let permutation = rounds.iter().find(|round| round.kind == RoundKind::Permutation);
    let log_permutation = permutation.map_or(0, RoundShape::log_max_height);
    require(permutation.is_none() || cap(&proof.permutation, log_permutation), "permutation commitment")?;
    require(proof.terminals.len() == shape.tables.len(), "bus terminals")?;
    let opened = |round: &RoundShape, opened: &Vec<Vec<Vec<Ext5>>>| {
        opened.len() == round.matrices.len()
            && round.matrices.iter().zip(opened).all(|(matrix, points)| {
                points.len() == matrix.points.len() && points.iter().all(|row| row.len() == matrix.width)
            })
    };
    let all_opened = rounds.iter().zip(&proof.openings).all(|(round, values)| opened(round, values));
    require(proof.openings.len() == rounds.len() && all_opened, "claimed evaluations")?;
    let mut log_height = log_max;
    let schedule = shape.fold_schedule();
    let caps = schedule.iter().zip(&proof.fold_commitments).all(|(log_arity, roots)| {
        log_height -= log_arity;
        cap(roots, log_height)
    });
    let folds = [proof.fold_commitments.len(), proof.fold_witnesses.len()];
    require(caps && folds == [schedule.len(); 2], "folds")?;
    require(proof.final_polynomial.len() == 1 << shape.params.log_final_poly_len, "final polynomial")?;
    let queries =
        proof.queries.iter().all(|q| q.rounds.len() == rounds.len() && q.folds.len() == schedule.len());
    require(proof.queries.len() == shape.params.num_queries && queries, "queries")?;
    let Some(values) = proof.public_values.last().filter(|values| values.len() == NODE_PVS) else {
        return Err(RootError::Shape("public values"));
    };
    if values[NODE_PVS - PADDING..].iter().any(|value| *value != Val::default()) {
        return Err(RootError::Padding);
    }
    Ok(())
}

/// What came of writing a circuit.
#[derive(Clone, Debug)]
pub struct Written {
    /// The first check the witness does not satisfy.
    pub violated: Option<Check>,
    /// Cells by part of the verifier.
    pub profile: Vec<Scope>,
}

/// Zeros behind the root's public values.
const PADDING: usize = NODE_PVS - 2 * finial_public_values::DIGEST_LEN - USER_PUBLIC_VALUES;

/// Writes the whole circuit: the verifier, with the root program pinned, and the instances.
///
/// # Errors
/// When the key is not of a root program.
pub fn write(
    builder: &mut CircuitBuilder,
    key: &RootKey,
    proof: Option<&RootProof>,
) -> Result<Written, RootError> {
    let Some((public, silent)) = key.shape.tables.split_last() else {
        return Err(RootError::Key("it has no tables"));
    };
    if public.num_public_values != NODE_PVS || silent.iter().any(|table| table.num_public_values != 0) {
        return Err(RootError::Key("only the last table has public values, one for each of the layout"));
    }
    if key.preprocessed.len() != 1 << key.shape.params.cap_height {
        return Err(RootError::Key("its preprocessed commitment is not a whole cap"));
    }
    let mut b = Halo2Backend::new(builder);
    // Constants of the circuit: another program has another verifying key.
    let preprocessed = key.preprocessed.iter().map(|node| b.builder().digest_constant(node[0])).collect();
    let hints = proof.and_then(|p| p.public_values.last());
    let mut values: Vec<Felt> =
        (0..NODE_PVS - PADDING).map(|i| b.read_felt(hints.and_then(|hints| hints.get(i)).copied())).collect();
    // The padding is not the prover's: it is absorbed as zeros.
    values.extend([Felt::ZERO; PADDING]);
    let mut public_values = vec![vec![]; silent.len()];
    public_values.push(values.clone());
    let statement = Statement::<Halo2Backend<'_>> { preprocessed, public_values };
    match verify(&mut b, &key.shape, &key.digest, &statement, proof) {
        Ok(()) => {}
        Err(never) => match never {},
    }
    let written = Written { violated: b.violated(), profile: b.profile() };
    expose(builder, &values)?;
    Ok(written)
}

fn expose(builder: &mut CircuitBuilder, values: &[Felt]) -> Result<(), RootError> {
    let canonical: Vec<Canonical> = values.iter().map(|&value| builder.canonical(value)).collect();
    let (pvs, _) = RootVmVerifierPvs::from_slice(&canonical)
        .map_err(|_| RootError::Key("its public values have not the layout's length"))?;
    let exe_commit = builder.digest_to_scalar(&pvs.exe_commit);
    let leaf_commit = builder.digest_to_scalar(&pvs.leaf_verifier_commit);
    let (high, low) = pvs.public_values.split_at(USER_PUBLIC_VALUES / 2);
    let halves = [builder.bytes_to_scalar(high), builder.bytes_to_scalar(low)];
    for cell in [exe_commit, leaf_commit].into_iter().chain(halves) {
        builder.expose(cell);
    }
    Ok(())
}

impl CircuitBuilder {
    /// `Σ dᵢ·pⁱ` of canonical elements: below 2^248, so one scalar for one digest.
    fn digest_to_scalar(&mut self, digest: &[Canonical]) -> Cell {
        self.weighted_sum(digest, Fr::from(P))
    }

    /// The big-endian integer of sixteen bytes.
    ///
    /// # Assumptions
    /// The values are bytes: the root program proves it.
    fn bytes_to_scalar(&mut self, bytes: &[Canonical]) -> Cell {
        let reversed: Vec<_> = bytes.iter().rev().copied().collect();
        self.weighted_sum(&reversed, Fr::from(256))
    }

    fn weighted_sum(&mut self, values: &[Canonical], base: Fr) -> Cell {
        let terms: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(i, value)| (Existing(value.cell()), Constant(base.pow([i as u64]))))
            .collect();
        self.chain(Constant(Fr::ZERO), terms)
    }
}

#[cfg(test)]
mod tests;
