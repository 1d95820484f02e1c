//! The queries that 100 proven bits take for the Agg VM's tables, by height and by layer.

use finial_agg_vm::AggAir;
use finial_protocol::machine::NamedTable;
use finial_protocol::params::{ROOT, SHRINK, TARGET_BITS, TREE};
use finial_protocol::security::report;
use finial_protocol::{Ext4, Ext5, LayerParams, ProofShape};

fn shape(params: LayerParams, log_heights: &[usize]) -> ProofShape {
    let airs = AggAir::verifier_tables();
    let names: Vec<String> = airs.iter().map(NamedTable::name).collect();
    if params.extension_degree == 4 {
        ProofShape::new::<Ext4, AggAir>(params, &airs, &names, log_heights)
    } else {
        ProofShape::new::<Ext5, AggAir>(params, &airs, &names, log_heights)
    }
}

fn main() {
    for (name, params) in [("tree", TREE), ("shrink", SHRINK), ("root", ROOT)] {
        for log in 13..=18 {
            let heights = [log, log, params.log_final_poly_len + 1];
            let bits =
                |num_queries| report(name, &shape(LayerParams { num_queries, ..params }, &heights)).bits;
            let least = (10..250).find(|queries| bits(*queries) >= TARGET_BITS);
            println!(
                "{name:<7} 2^{log}: {} queries give {:.2} bits; {} are needed",
                params.num_queries,
                bits(params.num_queries),
                least.map_or("over 250".into(), |queries| queries.to_string()),
            );
        }
    }
}
