//! The verifier: one order of stages for every machine.

mod constraints;
mod openings;
mod queries;
mod transcript;

use finial_protocol::transcript::Seeds;
use finial_protocol::{Digest as KeyDigest, ProofShape};

use crate::backend::{Backend, Check};
use crate::layout::Layout;
use crate::unpack::UnpackedProof;

/// What a proof is about: the program's commitment and the public values, as the machine's own values, so that the
/// caller can bind them.
pub struct Statement<B: Backend> {
    /// Cap of the preprocessed commitment; empty where no table has preprocessed columns.
    pub preprocessed: Vec<B::Digest>,
    /// Public values of each table.
    pub public_values: Vec<Vec<B::Felt>>,
}

/// A proof as the machine's own values.
struct Proof<B: Backend> {
    main: Vec<B::Digest>,
    quotient: Vec<B::Digest>,
    permutation: Vec<B::Digest>,
    terminals: Vec<Option<B::Ext>>,
    /// `[round][matrix][point][column]`
    openings: Vec<Vec<Vec<Vec<B::Ext>>>>,
    fold_commitments: Vec<Vec<B::Digest>>,
    final_polynomial: Vec<B::Ext>,
}

/// The public inputs of verification, all of them from the verifying key.
struct Key<'a> {
    shape: &'a ProofShape,
    layout: Layout,
    seeds: Seeds,
    schedule: Vec<usize>,
}

/// Verifies a proof of shape `shape` about `statement`.
///
/// `proof` is `None` while a program is being made.
///
/// # Errors
/// The machine's failure at the first check that does not hold.
///
/// # Panics
/// When a table is no higher than FRI's final polynomial is long, or the proof's lists are not of the shape
/// ([`crate::unpack`] makes only such that are).
pub fn verify<B: Backend>(
    b: &mut B,
    shape: &ProofShape,
    vk_digest: &KeyDigest,
    statement: &Statement<B>,
    proof: Option<&UnpackedProof<B::NativeExt, B::NativeDigest>>,
) -> Result<(), B::Failure> {
    let lowest = shape.tables.iter().map(|t| t.log_height).min().unwrap_or(0);
    assert!(
        lowest > shape.params.log_final_poly_len,
        "every table is higher than the final polynomial is long"
    );
    // A matrix below a cap would be hashed and compared with nothing.
    let log_lowest = lowest + shape.params.log_blowup;
    assert!(log_lowest >= shape.params.cap_height, "every matrix reaches its Merkle tree's cap");
    let key =
        Key { shape, layout: Layout::new(shape), seeds: Seeds::of(shape), schedule: shape.fold_schedule() };
    let (read, challenges) =
        b.scope("transcript", |b| transcript::replay(b, &key, vk_digest, statement, proof))?;
    let points = openings::Points::new(b, &key, &challenges.zeta);
    b.scope("constraints", |b| constraints::check(b, &key, statement, &read, &challenges, &points))?;
    let claims = b.scope("claims", |b| openings::reduce_claims(b, &key, &read, &challenges))?;
    queries::check_all(b, &key, statement, &read, &challenges, &points, &claims, proof)?;
    let sum = read.terminals.iter().flatten().cloned().reduce(|a, t| b.add(&a, &t));
    if let Some(sum) = sum {
        // Messages cancel over all tables or the execution did not happen.
        let zero = b.constant(p3_field::PrimeCharacteristicRing::ZERO);
        b.assert_equal(&sum, &zero, Check::Buses)?;
    }
    Ok(())
}

/// a^(2^log).
fn exp_power_of_2<B: Backend>(b: &mut B, a: &B::Ext, log: usize) -> B::Ext {
    (0..log).fold(a.clone(), |x, _| b.mul(&x, &x))
}
