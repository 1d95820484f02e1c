//! Prints the rows of every recursion program by stage: what a change of parameters or tables costs.

use finial_agg_vm::{AggAir, Program};
use finial_aggregation::circuits::{internal_program, leaf_program, root_program, shrink_program};
use finial_protocol::params::{APP, ROOT, SHRINK, TREE};
use finial_protocol::{InnerConfig, LayerParams, ProofShape, Val, VerifyingKey, security};
use p3_field::PrimeCharacteristicRing;

fn key(params: LayerParams, heights: &[usize]) -> VerifyingKey<InnerConfig> {
    VerifyingKey::new(params, &AggAir::verifier_tables(), heights).unwrap()
}

fn describe(name: &str, program: &Program) {
    let heights = program.min_heights();
    println!("{name}: alu 2^{} poseidon2 2^{}", heights.alu, heights.poseidon2);
    for scope in program.rows_by_scope() {
        println!("   {scope:?}");
    }
}

fn bits(name: &str, shape: &ProofShape) {
    let report = security::report(name, shape);
    println!(
        "{name}: {:.2} bits, {}; columns main {} pre {} perm {}",
        report.bits,
        report.regime,
        shape.tables.iter().map(|t| t.width).sum::<usize>(),
        shape.tables.iter().map(|t| t.preprocessed_width).sum::<usize>(),
        shape.tables.iter().map(|t| t.permutation_width(shape.params.extension_degree)).sum::<usize>()
    );
    for term in &report.terms {
        println!("   {} {:.2}", term.label, term.bits);
    }
}

fn main() {
    let u = key(TREE, &[16, 16, 8]);
    bits("tree", &u.shape);
    for shape in finial_app_vm::shape::catalogue() {
        let vk: VerifyingKey<InnerConfig> =
            VerifyingKey::new(APP, &finial_app_vm::air::verifier_airs(), &shape.log_heights).unwrap();
        bits(shape.name, &vk.shape);
        for t in &vk.shape.tables {
            println!(
                "   {} 2^{} main {} next {} pre {} perm {} constraints {}",
                t.name,
                t.log_height,
                t.width,
                t.main_next,
                t.preprocessed_width,
                t.permutation_width(4),
                t.constraints.constraints.len()
            );
        }
        describe("leaf", &leaf_program(&vk, None).program);
    }
    describe("internal 3", &internal_program(&u, 3, None).program);
    let shrink = key(SHRINK, &[14, 14, 7]);
    bits("shrink", &shrink.shape);
    describe("shrink program", &shrink_program(&u, &[Val::ZERO; 8], None).program);
    describe("root program", &root_program(&shrink, &[[Val::ZERO; 8]], None).program);
    let root = ProofShape::new::<finial_protocol::Ext5, _>(
        ROOT,
        &AggAir::verifier_tables(),
        &["a".into(), "p".into(), "u".into()],
        &[13, 13, 6],
    );
    bits("root", &root);
}
