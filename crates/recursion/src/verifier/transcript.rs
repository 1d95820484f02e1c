//! Stage 1: every prover message is absorbed, in order, before any challenge that depends on it.
//!
//! Source: `p3-batch-stark`, `p3-fri` 0.8.0 transcripts. An attacker wants a message that can still be chosen when a
//! challenge is known: so each value is absorbed here, once, in the same statement list for all machines.

use finial_protocol::Digest as KeyDigest;
use finial_protocol::Val;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use super::{Key, Proof, Statement};
use crate::backend::Backend;
use crate::unpack::UnpackedProof;

/// All challenges of a proof.
pub struct Challenges<B: Backend> {
    pub lookup_alpha: B::Ext,
    pub lookup_beta: B::Ext,
    pub alpha: B::Ext,
    pub zeta: B::Ext,
    pub batch_alpha: B::Ext,
    pub fold: Vec<B::Ext>,
    pub indices: Vec<Vec<B::Bit>>,
}

type Native<'a, B> = Option<&'a UnpackedProof<<B as Backend>::NativeExt, <B as Backend>::NativeDigest>>;

/// Replays the transcript, reading the proof as it goes.
pub fn replay<B: Backend>(
    b: &mut B,
    key: &Key<'_>,
    vk_digest: &KeyDigest,
    statement: &Statement<B>,
    proof: Native<'_, B>,
) -> Result<(Proof<B>, Challenges<B>), B::Failure> {
    let grinding = key.shape.params.grinding;
    let mut t = b.challenger(vk_digest);
    b.observe_constants(&mut t, &key.seeds.batch);
    b.observe_constants(&mut t, &degree_bits::<B>(key));
    let main = read_cap(b, key, key.shape.log_max_height(), proof.map(|p| &p.main[..]));
    observe_cap(b, &mut t, &main);
    for value in statement.public_values.iter().flatten() {
        b.observe_felt(&mut t, value);
    }
    observe_cap(b, &mut t, &statement.preprocessed);

    grind(b, &mut t, grinding.lookup, proof.map(|p| p.lookup_witness), "lookup")?;
    let lookup_alpha = b.sample_ext(&mut t);
    let lookup_beta = b.sample_ext(&mut t);
    let permutation = read_cap(b, key, log_permutation_height(key), proof.map(|p| &p.permutation[..]));
    observe_cap(b, &mut t, &permutation);
    let terminals = read_terminals(b, key, proof);
    for terminal in terminals.iter().flatten() {
        b.observe_ext(&mut t, terminal);
    }
    let alpha = b.sample_ext(&mut t);

    let quotient = read_cap(b, key, key.shape.log_max_height(), proof.map(|p| &p.quotient[..]));
    observe_cap(b, &mut t, &quotient);
    grind(b, &mut t, grinding.out_of_domain, proof.map(|p| p.ood_witness), "out-of-domain")?;
    let zeta = b.sample_ext(&mut t);

    b.observe_constants(&mut t, &key.seeds.pcs);
    let openings = read_openings(b, key, proof);
    for value in openings.iter().flatten().flatten().flatten() {
        b.observe_ext(&mut t, value);
    }
    grind(b, &mut t, grinding.batch, proof.map(|p| p.batch_witness), "batch")?;
    let batch_alpha = b.sample_ext(&mut t);

    b.observe_constants(&mut t, &key.seeds.fri);
    let mut fold = Vec::new();
    let mut fold_commitments = Vec::new();
    let mut log_height = key.shape.log_max_height();
    for (round, log_arity) in key.schedule.iter().enumerate() {
        log_height -= log_arity;
        let cap = read_cap(b, key, log_height, proof.map(|p| &p.fold_commitments[round][..]));
        observe_cap(b, &mut t, &cap);
        grind(b, &mut t, grinding.commit, proof.map(|p| p.fold_witnesses[round]), "fold")?;
        fold.push(b.sample_ext(&mut t));
        fold_commitments.push(cap);
    }
    let final_polynomial: Vec<B::Ext> = (0..1usize << key.shape.params.log_final_poly_len)
        .map(|i| b.read_ext(proof.map(|p| p.final_polynomial[i])))
        .collect();
    for coefficient in &final_polynomial {
        b.observe_ext(&mut t, coefficient);
    }
    grind(b, &mut t, grinding.query, proof.map(|p| p.query_witness), "query")?;
    let bits = key.shape.log_max_height();
    let indices = (0..key.shape.params.num_queries).map(|_| b.sample_bits(&mut t, bits)).collect();

    let read = Proof { main, quotient, permutation, terminals, openings, fold_commitments, final_polynomial };
    Ok((read, Challenges { lookup_alpha, lookup_beta, alpha, zeta, batch_alpha, fold, indices }))
}

/// The heights, as the extension elements that Plonky3 absorbs. They are the key's.
fn degree_bits<B: Backend>(key: &Key<'_>) -> Vec<Val> {
    let mut values = Vec::new();
    for table in &key.shape.tables {
        values.push(Val::from_usize(table.log_height));
        values.resize(values.len() + B::NativeExt::DIMENSION - 1, Val::ZERO);
    }
    values
}

fn log_permutation_height(key: &Key<'_>) -> usize {
    let speaking = key.shape.tables.iter().filter(|t| t.has_lookups());
    speaking.map(|t| t.log_height).max().unwrap_or(0) + key.shape.params.log_blowup
}

fn grind<B: Backend>(
    b: &mut B,
    t: &mut B::Challenger,
    bits: usize,
    witness: Option<Val>,
    site: &'static str,
) -> Result<(), B::Failure> {
    // Plonky3 absorbs nothing at zero difficulty.
    if bits == 0 {
        return Ok(());
    }
    let witness = b.read_felt(witness);
    b.check_proof_of_work(t, bits, &witness, site)
}

/// Reads a Merkle cap: `2^cap_height` nodes, or the whole top of a lower tree.
fn read_cap<B: Backend>(
    b: &mut B,
    key: &Key<'_>,
    log_height: usize,
    cap: Option<&[B::NativeDigest]>,
) -> Vec<B::Digest> {
    let len = 1usize << key.shape.params.cap_height.min(log_height);
    (0..len).map(|i| b.read_digest(cap.map(|cap| cap[i].clone()))).collect()
}

fn observe_cap<B: Backend>(b: &mut B, t: &mut B::Challenger, cap: &[B::Digest]) {
    for digest in cap {
        b.observe_digest(t, digest);
    }
}

fn read_terminals<B: Backend>(b: &mut B, key: &Key<'_>, proof: Native<'_, B>) -> Vec<Option<B::Ext>> {
    let tables = key.shape.tables.iter().enumerate();
    tables.map(|(i, table)| table.has_lookups().then(|| b.read_ext(proof.map(|p| p.terminals[i])))).collect()
}

fn read_openings<B: Backend>(b: &mut B, key: &Key<'_>, proof: Native<'_, B>) -> Vec<Vec<Vec<Vec<B::Ext>>>> {
    let mut rounds = Vec::new();
    for (r, round) in key.shape.rounds().iter().enumerate() {
        let mut matrices = Vec::new();
        for (m, matrix) in round.matrices.iter().enumerate() {
            let points = (0..matrix.points.len()).map(|p| {
                (0..matrix.width).map(|c| b.read_ext(proof.map(|proof| proof.openings[r][m][p][c]))).collect()
            });
            matrices.push(points.collect());
        }
        rounds.push(matrices);
    }
    rounds
}
