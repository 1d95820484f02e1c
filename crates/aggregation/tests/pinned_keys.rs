//! The digests of all keys are pinned in `params/keys.json`: integrators hard-code what follows from them.
//!
//! A change on purpose is blessed with `FINIAL_BLESS=1 cargo test --release -p finial-aggregation --test pinned_keys`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use finial_aggregation::{AggregationKeys, ContinuationKeys};
use finial_protocol::Digest;
use finial_protocol::fields::Bn254;
use finial_public_values::digest_to_scalar;
use finial_segment_verifier::{AppConfig, AppVerifyingKey};
use p3_field::{PrimeField, PrimeField32};

fn hex(digest: &Digest) -> String {
    let scalar = digest_to_scalar(digest);
    format!("0x{}", scalar.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn words(digest: &Digest) -> String {
    digest.map(|element| format!("{:08x}", element.as_canonical_u32())).concat()
}

fn cap(nodes: &[[Bn254; 1]]) -> String {
    nodes.iter().map(|[node]| format!("{:0>64x}", node.as_canonical_biguint())).collect::<Vec<_>>().join(",")
}

#[test]
fn keys_are_the_pinned_ones() {
    let continuation = Arc::new(ContinuationKeys::new().unwrap());
    let app = AppVerifyingKey::new(&AppConfig::default()).unwrap();
    let segments: Vec<String> = app.keys().iter().map(|key| words(&key.digest)).collect();
    let keys = AggregationKeys::new(Arc::clone(&continuation), app).unwrap();
    let made: BTreeMap<&str, String> = [
        ("segment verifying keys", segments.join(",")),
        ("tree verifying key", words(&continuation.u.digest)),
        ("shrink verifying key", words(&continuation.shrink_vk.digest)),
        ("root verifying key", words(&continuation.root_vk.digest)),
        ("internal_program_commit", hex(&keys.sets.internal.root())),
        ("leaf_commit", hex(&keys.leaf_commit())),
        ("root program", cap(&continuation.root_commitment())),
    ]
    .into();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../params/keys.json");
    let made = serde_json::to_string_pretty(&made).unwrap() + "\n";
    if std::env::var_os("FINIAL_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let pinned = std::fs::read_to_string(&path).unwrap();
    assert_eq!(made, pinned, "keys differ from params/keys.json: bless them if that is meant");
}
