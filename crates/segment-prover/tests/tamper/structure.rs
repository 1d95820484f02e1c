//! Every field of a segment's STARK: missing, of another length, or with another value. None may verify, none may panic.

use finial_protocol::{Ext4, InnerConfig, Val};
use finial_segment_verifier::VerifyError;
use p3_batch_stark::BatchProof;
use p3_field::PrimeCharacteristicRing;

use crate::FIXTURE;

type Proof = BatchProof<InnerConfig>;
type Edit = fn(&mut Proof);

/// Table with preprocessed columns (the program), and one without.
const PROGRAM: usize = 1;
const CPU: usize = 0;

const COMMITMENTS: &[(&str, Edit)] = &[
    ("main commitment changed", |p| p.commitments.main = another(&p.commitments.main)),
    ("main commitment of two roots", |p| p.commitments.main = doubled(&p.commitments.main)),
    ("permutation commitment gone", |p| p.commitments.permutation = None),
    ("permutation commitment changed", |p| p.commitments.permutation = Some(p.commitments.main.clone())),
    ("quotient commitment changed", |p| p.commitments.quotient_chunks = p.commitments.main.clone()),
    ("random commitment there", |p| p.commitments.random = Some(p.commitments.main.clone())),
];

const OPENED: &[(&str, Edit)] = &[
    ("no tables", |p| p.opened_values.instances.clear()),
    ("a table less", |p| pop(&mut p.opened_values.instances)),
    ("main columns gone", |p| values(p, CPU).trace_local.clear()),
    ("a main column less", |p| pop(&mut values(p, CPU).trace_local)),
    ("a main column more", |p| values(p, CPU).trace_local.push(Ext4::ZERO)),
    ("a main value changed", |p| values(p, CPU).trace_local[5] += Ext4::ONE),
    ("next row there", |p| values(p, CPU).trace_next = Some(vec![])),
    ("next row copied", |p| values(p, CPU).trace_next = Some(values(p, CPU).trace_local.clone())),
    ("preprocessed gone", |p| values(p, PROGRAM).preprocessed = None),
    ("preprocessed there", |p| {
        values(p, CPU).preprocessed = values(p, PROGRAM).preprocessed.take();
    }),
    ("a preprocessed column less", |p| {
        if let Some(opened) = &mut values(p, PROGRAM).preprocessed {
            opened.local.pop();
        }
    }),
    ("a preprocessed value changed", |p| {
        if let Some(opened) = &mut values(p, PROGRAM).preprocessed {
            opened.local[0] += Ext4::ONE;
        }
    }),
    ("quotient gone", |p| values(p, CPU).quotient_chunks.clear()),
    ("a chunk less", |p| pop(&mut values(p, CPU).quotient_chunks)),
    ("a chunk more", |p| values(p, CPU).quotient_chunks.push(vec![Ext4::ZERO; 4])),
    ("a chunk shorter", |p| pop(&mut values(p, CPU).quotient_chunks[0])),
    ("a quotient value changed", |p| values(p, CPU).quotient_chunks[1][2] += Ext4::ONE),
    ("randomisation there", |p| values(p, CPU).random = Some(vec![Ext4::ZERO; 4])),
    ("permutation columns gone", |p| p.opened_values.instances[CPU].permutation_local.clear()),
    ("a permutation column less", |p| pop(&mut p.opened_values.instances[CPU].permutation_local)),
    ("permutation's next row gone", |p| p.opened_values.instances[CPU].permutation_next.clear()),
    ("a permutation value changed", |p| p.opened_values.instances[CPU].permutation_local[0] += Ext4::ONE),
    ("a next permutation value changed", |p| p.opened_values.instances[CPU].permutation_next[3] += Ext4::ONE),
];

const LOOKUPS: &[(&str, Edit)] = &[
    ("no terminals", |p| p.lookup_terminals.clear()),
    ("a terminal less", |p| pop(&mut p.lookup_terminals)),
    ("a terminal gone", |p| p.lookup_terminals[CPU] = None),
    ("a terminal changed", |p| shift_terminal(p, CPU, Ext4::ONE)),
    ("two terminals changed, their sum kept", |p| {
        shift_terminal(p, CPU, Ext4::ONE);
        shift_terminal(p, PROGRAM, Ext4::NEG_ONE);
    }),
    ("no heights", |p| p.degree_bits.clear()),
    ("a height less", |p| pop(&mut p.degree_bits)),
    ("a height more", |p| p.degree_bits.push(11)),
    ("a height changed", |p| p.degree_bits[CPU] += 1),
    ("a giant height", |p| p.degree_bits[CPU] = 63),
    ("work of the lookups gone", |p| p.lookup_pow_witness = None),
    ("work of the lookups changed", |p| p.lookup_pow_witness = p.lookup_pow_witness.map(|w| w + Val::ONE)),
    ("work of the point changed", |p| p.ood_pow_witness += Val::ONE),
];

const OPENINGS: &[(&str, Edit)] = &[
    ("work of the batch changed", |p| p.opening_proof.batch_pow_witness += Val::ONE),
    ("work of the queries changed", |p| p.opening_proof.query_pow_witness += Val::ONE),
    ("no FRI rounds", |p| p.opening_proof.commit_phase_commits.clear()),
    ("a FRI round less", |p| pop(&mut p.opening_proof.commit_phase_commits)),
    ("FRI rounds swapped", |p| p.opening_proof.commit_phase_commits.swap(0, 1)),
    ("a round's work less", |p| pop(&mut p.opening_proof.commit_pow_witnesses)),
    ("a round's work changed", |p| p.opening_proof.commit_pow_witnesses[0] += Val::ONE),
    ("no input openings", |p| p.opening_proof.input_openings.clear()),
    ("a commitment's openings less", |p| pop(&mut p.opening_proof.input_openings)),
    ("a query less", |p| pop(&mut p.opening_proof.input_openings[0].opened_values)),
    ("no queries", |p| p.opening_proof.input_openings.iter_mut().for_each(|o| o.opened_values.clear())),
    ("a matrix less", |p| pop(&mut p.opening_proof.input_openings[0].opened_values[0])),
    ("a row shorter", |p| pop(&mut p.opening_proof.input_openings[0].opened_values[0][0])),
    ("a row longer", |p| p.opening_proof.input_openings[0].opened_values[0][0].push(Val::ZERO)),
    ("a value of a query changed", |p| p.opening_proof.input_openings[2].opened_values[7][1][0] += Val::ONE),
    ("queries swapped", |p| p.opening_proof.input_openings[0].opened_values.swap(0, 1)),
    ("no folding steps", |p| p.opening_proof.commit_phase_openings.clear()),
    ("a folding step less", |p| pop(&mut p.opening_proof.commit_phase_openings)),
    ("a folding step of no queries", |p| p.opening_proof.commit_phase_openings[0].sibling_values.clear()),
    ("a sibling less", |p| pop(&mut p.opening_proof.commit_phase_openings[0].sibling_values[0])),
    ("a sibling changed", |p| p.opening_proof.commit_phase_openings[1].sibling_values[3][0] += Ext4::ONE),
    ("other paths", |p| {
        p.opening_proof.input_openings[0].opening_proof =
            p.opening_proof.input_openings[1].opening_proof.clone();
    }),
    ("other folding paths", |p| {
        let paths = p.opening_proof.commit_phase_openings[1].opening_proof.clone();
        p.opening_proof.commit_phase_openings[0].opening_proof = paths;
    }),
    ("a Merkle sibling less", |p| pop(&mut p.opening_proof.input_openings[0].opening_proof.sibling_hashes)),
    ("a Merkle sibling more", |p| {
        let siblings = &mut p.opening_proof.input_openings[3].opening_proof.sibling_hashes;
        siblings.push(siblings[0]);
    }),
    ("a Merkle sibling changed", |p| {
        p.opening_proof.commit_phase_openings[0].opening_proof.sibling_hashes[9][0] += Val::ONE;
    }),
    ("no final polynomial", |p| p.opening_proof.final_poly.clear()),
    ("a longer final polynomial", |p| p.opening_proof.final_poly.push(Ext4::ZERO)),
    ("a shorter final polynomial", |p| pop(&mut p.opening_proof.final_poly)),
    ("a changed final polynomial", |p| p.opening_proof.final_poly[0] += Ext4::ONE),
];

fn pop<T>(list: &mut Vec<T>) {
    list.pop();
}

fn values(proof: &mut Proof, table: usize) -> &mut p3_uni_stark::OpenedValues<Ext4> {
    &mut proof.opened_values.instances[table].base_opened_values
}

fn shift_terminal(proof: &mut Proof, table: usize, by: Ext4) {
    if let Some(terminal) = &mut proof.lookup_terminals[table] {
        terminal.0 += by;
    }
}

type Cap = p3_batch_stark::Commitment<InnerConfig>;

fn another(cap: &Cap) -> Cap {
    cap.as_ref().iter().map(|root| root.map(|x| x + Val::ONE)).collect::<Vec<_>>().into()
}

fn doubled(cap: &Cap) -> Cap {
    [cap.as_ref(), cap.as_ref()].concat().into()
}

#[test]
fn every_field_is_checked() {
    let fixture = &*FIXTURE;
    let commit = fixture.key.executable().app_commit;
    for (what, edit) in [COMMITMENTS, OPENED, LOOKUPS, OPENINGS].concat() {
        let mut proof = fixture.proof();
        let segment = &mut proof.per_segment[0];
        edit(&mut segment.proof);
        let verdict = fixture.verifier.verify_segment(&commit, 0, segment);
        assert!(matches!(verdict, Err(VerifyError::Segment { segment: 0, .. })), "{what}");
    }
}
