//! Keys, proof and verification of the wrapper at its real size: rows by part, CPU-seconds, peak memory.
//!
//! `wrap [advice columns of the inner circuit]`: the inner circuit is a small one of as many commitments as a real one.

use std::time::Instant;

use finial_wrapper::{InnerKey, K, keygen_circuit, prove_inner, prover_circuit};
use halo2_base::{
    gates::{
        GateInstructions, RangeInstructions,
        circuit::{BaseCircuitParams, CircuitBuilderStage, builder::BaseCircuitBuilder},
    },
    halo2_proofs::{
        halo2curves::{
            bn256::{Bn256, Fr, G1Affine},
            ff::Field,
        },
        plonk::{create_proof, keygen_pk2, verify_proof},
        poly::{
            VerificationStrategy,
            commitment::ParamsProver,
            kzg::{
                commitment::{KZGCommitmentScheme, ParamsKZG},
                multiopen::{ProverSHPLONK, VerifierSHPLONK},
                strategy::AccumulatorStrategy,
            },
        },
        transcript::{TranscriptReadBuffer, TranscriptWriterBuffer},
    },
};
use snark_verifier::{loader::native::NativeLoader, system::halo2::transcript::evm::EvmTranscript};

type Transcript<S> = EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;

const INNER_K: u32 = 10;

fn inner(stage: CircuitBuilderStage, columns: usize) -> BaseCircuitBuilder<Fr> {
    let params = BaseCircuitParams {
        k: INNER_K as usize,
        num_advice_per_phase: vec![columns],
        num_fixed: 1,
        num_lookup_advice_per_phase: vec![1],
        lookup_bits: Some(8),
        num_instance_columns: 1,
    };
    let mut builder = BaseCircuitBuilder::from_stage(stage).use_params(params);
    let range = builder.range_chip();
    let ctx = builder.main(0);
    let cells = [5_u64, 25 + 7, 7, 0].map(|v| ctx.load_witness(Fr::from(v)));
    let expected = range.gate().mul_add(ctx, cells[0], cells[0], cells[2]);
    ctx.constrain_equal(&expected, &cells[1]);
    range.range_check(ctx, cells[3], 128);
    builder.assigned_instances[0] = cells.to_vec();
    if stage == CircuitBuilderStage::Prover {
        builder.set_break_points(vec![vec![]]);
    }
    builder
}

fn cpu_seconds() -> f64 {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    usage.tv_sec as f64 + usage.tv_nsec as f64 * 1e-9
}

fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let out = work();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{name}: {:.1} CPU-s, {:.1} s, {peak}", cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    out
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let columns = std::env::args().nth(1).map_or(Ok(1), |n| n.parse())?;
    // A toy secret: this example measures.
    let params = ParamsKZG::<Bn256>::setup(INNER_K, rand_core::OsRng);
    let pk = keygen_pk2(&params, &inner(CircuitBuilderStage::Keygen, columns), false)?;
    let key = InnerKey::new(&params, pk.get_vk());
    let instances = [5_u64, 25 + 7, 7, 0].map(Fr::from);
    let proof = prove_inner(&params, &pk, inner(CircuitBuilderStage::Prover, columns), &instances)?;
    println!("inner proof: {} bytes", proof.len());
    let circuit = timed("layout", || keygen_circuit(&key))?;
    println!("rows: {} of {}, {:#?}", circuit.builder().rows(), 1 << K, circuit.builder().usage());
    if std::env::args().any(|arg| arg == "--rows") {
        return Ok(());
    }
    // The inner setup's secret must also be the outer one's for the final pairing; here each is checked by itself.
    let outer = timed("parameters", || match std::env::var("WRAP_PARAMS") {
        Ok(path) => std::fs::File::open(path).and_then(|mut f| {
            ParamsKZG::<Bn256>::read_custom(&mut f, halo2_base::halo2_proofs::SerdeFormat::RawBytesUnchecked)
        }),
        Err(_) => Ok(ParamsKZG::<Bn256>::setup(K, rand_core::OsRng)),
    })?;
    if let Ok(path) = std::env::var("WRAP_PARAMS_OUT") {
        outer.write_custom(
            &mut std::fs::File::create(path)?,
            halo2_base::halo2_proofs::SerdeFormat::RawBytesUnchecked,
        )?;
    }
    let pk = timed("keys", || keygen_pk2(&outer, &circuit, false))?;
    drop(circuit);
    let circuit = timed("witness", || prover_circuit(&key, &instances, &proof))?;
    let public = circuit.instances();
    let proof = timed("proof", || {
        let mut transcript: Transcript<Vec<u8>> = TranscriptWriterBuffer::<_, G1Affine, _>::init(Vec::new());
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, _>, _, _, _, _>(
            &outer,
            &pk,
            &[circuit],
            &[&[&public]],
            rand_core::OsRng,
            &mut transcript,
        )
        .map(|()| transcript.finalize())
    })?;
    println!("proof: {} bytes", proof.len());
    let verify = |public: &[Fr]| {
        let mut transcript: Transcript<&[u8]> = TranscriptReadBuffer::<_, G1Affine, _>::init(&proof[..]);
        let strategy = AccumulatorStrategy::new(outer.verifier_params());
        verify_proof::<_, VerifierSHPLONK<'_, Bn256>, _, _, _>(
            outer.verifier_params(),
            pk.get_vk(),
            strategy,
            &[&[public]],
            &mut transcript,
        )
        .is_ok_and(VerificationStrategy::<_, VerifierSHPLONK<'_, Bn256>>::finalize)
    };
    assert!(verify(&public), "the proof is accepted");
    let mut wrong = public.clone();
    wrong[15] += Fr::ONE;
    assert!(!verify(&wrong), "and for other instances it is not");
    println!("verified");
    Ok(())
}
