//! `prove app`, `prove stark`, `prove evm`.

use std::sync::Arc;

use finial_aggregation::{AggregationError, AggregationKeys, StarkProof, VerifiedExecution};
use finial_evm::prover::prove as prove_halo2;
use finial_evm::statement::scalar_from_word;
use finial_evm::{Calldata, Circuit, ProofFile as EvmProofFile, Statement};
use finial_executor::frame_input;
use finial_public_values::digest_to_scalar;
use finial_riscv::Program;
use finial_segment_prover::{Progress, ProveOptions, prove_program};
use finial_static_verifier::StaticCircuit;
use finial_static_verifier::root::{RootProof, prover_circuit};
use sha2::{Digest as _, Sha256};

use crate::error::SdkError;
use crate::files::{AppProofFile, ProofFile, StarkProofFile};
use crate::keys::{FinalKeys, log_rows, parameters};
use crate::meter::{Meter, Report};
use crate::outcome::{Hex, ProveOutcome};
use crate::pipeline::{Rehearsal, Stream, rehearse, require_success, segment_weight, stage};
use crate::progress::{Work, weight};
use crate::verify::gas_under_osaka;
use crate::wrap::{inner_proof, wrapper_proof};
use crate::{Sdk, exe_commit_of, word};

/// A STARK proof with what was learned on the way.
struct Proven {
    tree: Arc<AggregationKeys>,
    stark: StarkProof,
    verified: VerifiedExecution,
    public_output: Vec<u8>,
}

impl Sdk {
    /// Proves the segments of a run; `workers` of them at the same time, each at the memory of one segment.
    ///
    /// # Errors
    /// When the program fails, or a segment is not proven.
    pub fn prove_app(
        &self,
        program: &Program,
        input: &[u8],
        workers: usize,
    ) -> Result<(ProofFile, ProveOutcome), SdkError> {
        let (mut meter, app_vm) = (Meter::new(), self.options.app_vm);
        let work = Work::new(&*self.observer, weight::KEYS);
        let rehearsal = self.rehearse(&mut meter, program, input)?;
        work.begin("keys");
        let app = meter.stage(stage::KEYS, || self.app_key(program, app_vm))?;
        let mut weights = Vec::new();
        for &(shape, _) in &rehearsal.segments {
            let (rows, cells) = app.size(shape).map_err(SdkError::Segment)?;
            meter.size(stage::SEGMENT, rows, cells);
            weights.push(segment_weight(cells));
            work.plan(segment_weight(cells));
        }
        work.done(weight::KEYS);

        let options = ProveOptions { workers, max_cycles: self.options.max_cycles };
        let total = weights.len();
        let progress = |progress| match progress {
            Progress::Started { segment, .. } => work.begin(&format!("segment {} of {total}", segment + 1)),
            Progress::Proven { segment, .. } => {
                work.done(weights.get(segment as usize).copied().unwrap_or_default());
            }
            Progress::Executed { .. } => {}
        };
        let run = meter
            .stage(stage::SEGMENT, || prove_program(&app, &frame_input(input), &options, &progress))
            .map_err(SdkError::Segment)?;
        let executable = app.executable();
        let exe = word(&exe_commit_of(executable));
        let file = ProofFile::App(Box::new(AppProofFile {
            config: app_vm.name().to_owned(),
            app_commit: executable.app_commit,
            initial_root: executable.initial_root,
            pc_start: executable.pc_start,
            public_values: run.public_output,
            proof: run.proof,
        }));
        let leaf = word(&self.tree(app_vm)?.leaf_commit());
        let outcome =
            self.outcome("app", exe, leaf, rehearsal.summary.public_output, &file, meter.finish())?;
        Ok((file, outcome))
    }

    /// Proves a run by one STARK, the top of the tree; memory holds one segment at a time.
    ///
    /// # Errors
    /// When the program fails, or a stage does not prove.
    pub fn prove_stark(
        &self,
        program: &Program,
        input: &[u8],
    ) -> Result<(ProofFile, ProveOutcome), SdkError> {
        let mut meter = Meter::new();
        let work = Work::new(&*self.observer, 2.0 * weight::KEYS);
        let rehearsal = self.rehearse(&mut meter, program, input)?;
        let Proven { stark, verified, public_output, .. } =
            self.stark(&mut meter, &work, program, input, rehearsal)?;
        let file = ProofFile::Stark(Box::new(StarkProofFile {
            config: self.options.app_vm.name().to_owned(),
            public_values: public_output.clone(),
            proof: stark,
        }));
        let (exe, leaf) = (word(&verified.exe_commit), word(&verified.leaf_commit));
        let outcome = self.outcome("stark", exe, leaf, public_output, &file, meter.finish())?;
        Ok((file, outcome))
    }

    /// Proves a run up to calldata, and sends that to the circuit's contract in an EVM of its own.
    ///
    /// # Errors
    /// When the program fails or makes nothing public, a stage does not prove, or the contract does not accept.
    pub fn prove_evm(
        &self,
        program: &Program,
        input: &[u8],
        circuit: Circuit,
    ) -> Result<(ProofFile, ProveOutcome), SdkError> {
        let mut meter = Meter::new();
        let last = match circuit {
            Circuit::Direct => weight::FINAL,
            Circuit::Wrapped => weight::FINAL + weight::WRAPPER,
        };
        let work = Work::new(&*self.observer, 2.0 * weight::KEYS + weight::SHRINK + weight::ROOT + last);
        let rehearsal = self.rehearse(&mut meter, program, input)?;
        // The contract hashes the public values it is given; 32 zero bytes are the hash of nothing.
        if rehearsal.summary.public_digest
            != <[u8; 32]>::from(Sha256::digest(&rehearsal.summary.public_output))
        {
            return Err(SdkError::NothingPublic);
        }
        // Before hours of work: can the parameters be had?
        for needed in Circuit::ALL.into_iter().filter(|needed| circuit.needs(*needed)) {
            drop(parameters(&self.options, log_rows(needed))?);
        }
        let proven = self.stark(&mut meter, &work, program, input, rehearsal)?;
        let root = Self::root(&mut meter, &work, &proven)?;
        let statement = statement(&proven)?;
        drop(proven);

        let proof_data = match circuit {
            Circuit::Direct => self.direct(&mut meter, &work, &root, &statement)?,
            Circuit::Wrapped => self.wrapped(&mut meter, &work, &root, &statement)?,
        };
        work.begin("EVM");
        let (file, gas_osaka) =
            meter.stage(stage::EVM, || self.in_the_evm(circuit, &statement, proof_data))?;
        self.keys.release_last();

        let (gas, calldata_bytes, insecure) = (file.gas, file.calldata.len(), file.params.insecure);
        let (exe, leaf) = (file.exe_commit.into(), file.leaf_commit.into());
        let file = ProofFile::Evm(Box::new(file));
        let outcome = self.outcome("evm", exe, leaf, statement.public_values, &file, meter.finish())?;
        let outcome = ProveOutcome {
            circuit: Some(circuit),
            gas: Some(gas),
            gas_osaka: Some(gas_osaka),
            calldata_bytes: Some(calldata_bytes),
            insecure_params: Some(insecure),
            ..outcome
        };
        Ok((file, outcome))
    }

    fn rehearse(&self, meter: &mut Meter, program: &Program, input: &[u8]) -> Result<Rehearsal, SdkError> {
        self.observer.progress("execution", 0.0);
        let rehearsal =
            meter.stage(stage::EXECUTION, || rehearse(program, self.options.app_vm, input, &self.options))?;
        require_success(&rehearsal.summary)?;
        meter.run(rehearsal.summary.total_cycles, rehearsal.summary.segments);
        Ok(rehearsal)
    }

    fn stark(
        &self,
        meter: &mut Meter,
        work: &Work<'_>,
        program: &Program,
        input: &[u8],
        rehearsal: Rehearsal,
    ) -> Result<Proven, SdkError> {
        let app_vm = self.options.app_vm;
        work.begin("keys");
        let tree = meter.stage(stage::KEYS, || self.tree(app_vm))?;
        Stream::plan(work, &tree, &rehearsal);
        work.done(weight::KEYS);
        let app = meter.stage(stage::KEYS, || self.app_key(program, app_vm))?;
        work.done(weight::KEYS);
        let segments = rehearsal.segments.len();
        let stream = Stream { program, app: &app, tree: &tree, app_vm, work, meter, segments };
        let stark = stream.prove(input, &self.options)?;
        drop(app);
        for key in tree.leaf.iter().chain(&tree.continuation.internal) {
            key.release();
        }
        // What leaves this function is what any verifier accepts.
        let verified = tree.verify_stark(&stark, None).map_err(SdkError::StarkProof)?;
        Ok(Proven { tree, stark, verified, public_output: rehearsal.summary.public_output })
    }

    fn root(meter: &mut Meter, work: &Work<'_>, proven: &Proven) -> Result<RootProof, SdkError> {
        let continuation = &proven.tree.continuation;
        let failed = |stage| move |source: AggregationError| SdkError::Tree { stage, source };
        work.begin("shrink");
        let shrink = meter
            .stage(stage::SHRINK, || proven.tree.prove_shrink(&proven.stark.node))
            .map_err(failed("the shrink proof"))?;
        let shape = &continuation.shrink_vk.shape;
        meter.size(stage::SHRINK, shape.rows(), shape.main_cells());
        continuation.shrink.release();
        work.done(weight::SHRINK);

        work.begin("root");
        let root = meter
            .stage(stage::ROOT, || continuation.prove_root(&shrink, &proven.stark.user_public_values))
            .map_err(failed("the root proof"))?;
        let shape = &continuation.root_vk.shape;
        meter.size(stage::ROOT, shape.rows(), shape.main_cells());
        continuation.root.release();
        work.done(weight::ROOT);
        continuation.unpack_root(&root).map_err(failed("the root proof"))
    }

    /// The static verifier's proof, by `prove`.
    fn last(
        &self,
        meter: &mut Meter,
        work: &Work<'_>,
        root: &RootProof,
        prove: impl FnOnce(&FinalKeys, StaticCircuit) -> Result<Vec<u8>, SdkError>,
    ) -> Result<Vec<u8>, SdkError> {
        work.begin("keys of the final circuit");
        let keys = meter.stage(stage::FINAL_KEYS, || self.keys.last(&self.options))?;
        work.begin("final proof");
        let proof = meter.stage(stage::FINAL, || {
            let circuit = prover_circuit(&keys.root, &keys.pinning, root)
                .map_err(|error| SdkError::Circuit(error.to_string()))?;
            prove(&keys, circuit)
        })?;
        work.done(weight::FINAL);
        Ok(proof)
    }

    /// The direct circuit's proof.
    fn direct(
        &self,
        meter: &mut Meter,
        work: &Work<'_>,
        root: &RootProof,
        statement: &Statement,
    ) -> Result<Vec<u8>, SdkError> {
        self.last(meter, work, root, |keys, circuit| {
            Ok(prove_halo2(&keys.parameters, &keys.key.pk, circuit, &statement.instances())?)
        })
    }

    /// The wrapper's proof of the direct circuit's, with the accumulator before it.
    fn wrapped(
        &self,
        meter: &mut Meter,
        work: &Work<'_>,
        root: &RootProof,
        statement: &Statement,
    ) -> Result<Vec<u8>, SdkError> {
        let inner = self.last(meter, work, root, |keys, circuit| inner_proof(keys, circuit, statement))?;
        // The wrapper needs the memory.
        self.keys.release_last();

        work.begin("keys of the wrapper");
        let keys = meter.stage(stage::WRAPPER_KEYS, || self.keys.wrapper(&self.options))?;
        work.begin("wrapper");
        let proof = meter.stage(stage::WRAPPER, || wrapper_proof(&keys, statement, &inner))?;
        work.done(weight::WRAPPER);
        Ok(proof)
    }

    /// The contract accepts: the file that says so, with the gas it took, and the gas by Osaka's rules.
    fn in_the_evm(
        &self,
        circuit: Circuit,
        statement: &Statement,
        proof_data: Vec<u8>,
    ) -> Result<(EvmProofFile, u64), SdkError> {
        let contract = self.keys.contract(&self.options, circuit)?;
        let file = EvmProofFile::accepted(&contract, statement, proof_data)?;
        let gas_osaka = gas_under_osaka(&contract, &Calldata::new(statement, &file.proof_data))?;
        Ok((file, gas_osaka))
    }

    fn outcome(
        &self,
        kind: &'static str,
        exe_commit: Hex,
        leaf_commit: Hex,
        public_values: Vec<u8>,
        file: &ProofFile,
        report: Report,
    ) -> Result<ProveOutcome, SdkError> {
        self.observer.progress("done", 1.0);
        Ok(ProveOutcome {
            kind,
            exe_commit,
            leaf_commit,
            public_values: Hex(public_values),
            file_bytes: file.to_bytes()?.len(),
            circuit: None,
            gas: None,
            gas_osaka: None,
            calldata_bytes: None,
            insecure_params: None,
            report,
        })
    }
}

fn statement(proven: &Proven) -> Result<Statement, SdkError> {
    let scalar =
        |what, digest| scalar_from_word(&digest_to_scalar(digest)).ok_or(SdkError::Commitment { what });
    Ok(Statement {
        exe_commit: scalar("exe_commit", &proven.verified.exe_commit)?,
        leaf_commit: scalar("leaf_commit", &proven.verified.leaf_commit)?,
        public_values: proven.public_output.clone(),
    })
}
