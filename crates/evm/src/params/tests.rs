use super::{
    manifest::{Ceremony, CeremonyFile, PublishedPoint},
    *,
};
use alloy_primitives::U256;
use halo2_base::halo2_proofs::{
    halo2curves::{
        bn256::{Fq, Fq2, Fr},
        ff::PrimeField,
    },
    poly::commitment::ParamsProver,
};
use sha2::Digest;

#[test]
fn the_pinned_sets_are_what_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let small = pinned_sets().into_iter().filter(|set| set.k <= 14).collect::<Vec<_>>();
    assert!(!small.is_empty());
    for set in small {
        assert_eq!(Parameters::development(directory.path(), set.k).unwrap().set, set);
    }
    let mut other = Parameters::development(directory.path(), 10).unwrap();
    other.set.digest[0] ^= 1;
    assert!(matches!(other.require_pinned(), Err(ParamsError::NotPinned { k: 10, .. })));
}

#[test]
fn the_cache_gives_back_the_same_set_and_repairs_itself() {
    let directory = tempfile::tempdir().unwrap();
    let made = Parameters::development(directory.path(), 6).unwrap();
    let read = Parameters::development(directory.path(), 6).unwrap();
    assert!(made.set.insecure);
    assert_eq!(made.set, read.set);
    assert_eq!(made.kzg.get_g(), read.kzg.get_g());
    let path = directory.path().join(format!("params-{DEVELOPMENT}-k6"));
    let mut damaged = std::fs::read(&path).unwrap();
    damaged[100] ^= 1;
    std::fs::write(&path, damaged).unwrap();
    assert_eq!(Parameters::development(directory.path(), 6).unwrap().set, made.set);
    std::fs::rename(&path, directory.path().join(format!("params-{DEVELOPMENT}-k7"))).unwrap();
    let other = Parameters::development(directory.path(), 7);
    assert!(matches!(other, Err(ParamsError::WrongSet { .. })));
    assert!(matches!(Parameters::development(directory.path(), 0), Err(ParamsError::Size(0))));
}

const SNARKJS: &[u8] = include_bytes!("../../tests/fixtures/ptau/pot06_final.ptau");
const SNARKJS_K: u32 = 6;
const SHA256: [u8; 32] = [
    0x32, 0xed, 0x11, 0xfb, 0x26, 0x54, 0xf4, 0x5e, 0x54, 0x09, 0xc9, 0xbe, 0xf1, 0x56, 0xa9, 0x9b, 0x4f,
    0xf2, 0x06, 0xe0, 0xcd, 0x8a, 0x3b, 0x5d, 0x9d, 0xf0, 0x38, 0x0b, 0x63, 0x5b, 0x1b, 0xf9,
];

/// A cache, and files to import into it.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn cache(&self) -> &Path {
        self.directory.path()
    }

    fn import(
        &self,
        manifest: &[Ceremony],
        bytes: &[u8],
        name: Option<&str>,
    ) -> Result<Imported, ParamsError> {
        let ending = if bytes.starts_with(b"ptau") { ".ptau" } else { ".srs" };
        let file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let sha256 = sha2::Sha256::digest(bytes).into();
        let claim = name.map(|name| Claim { name, sha256: &sha256 });
        import::import(manifest, self.cache(), SNARKJS_K, file.path(), claim, &mut |_| ())
    }
}

fn srs(secret: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    points(Fr::from(secret), SNARKJS_K).write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    bytes
}

/// A manifest with the ceremony of the fixture, under two digests, one of them that of `other`.
fn manifest(other: &[u8]) -> Vec<Ceremony> {
    let s_g2 = Place::new().import(&[], SNARKJS, Some("test")).unwrap().parameters.kzg.s_g2();
    let decimal = |x: Fq| U256::from_le_bytes(x.to_repr()).to_string();
    let coordinate = |x: Fq2| [decimal(x.c0), decimal(x.c1)];
    let file = |bytes: &[u8]| CeremonyFile {
        name: "a file".to_owned(),
        power: SNARKJS_K,
        blake2b: *blake2b_simd::blake2b(bytes).as_array(),
        url: String::new(),
    };
    vec![Ceremony {
        name: "fixture".to_owned(),
        title: "snarkjs' file".to_owned(),
        contribution: String::new(),
        sources: Vec::new(),
        s_g2: Some(PublishedPoint { x: coordinate(s_g2.x), y: coordinate(s_g2.y), sources: Vec::new() }),
        digests_from: Vec::new(),
        files: vec![file(SNARKJS), file(other)],
    }]
}

fn refusal<T: std::fmt::Debug>(result: Result<T, ParamsError>) -> Refusal {
    match result {
        Err(ParamsError::Ceremony(error)) => error.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_listed_file_needs_no_claim() {
    let (place, manifest) = (Place::new(), manifest(b""));
    let imported = place.import(&manifest, SNARKJS, None).unwrap();
    assert_eq!(imported.parameters.set.name, "fixture");
    assert_eq!(imported.listed_as.as_deref(), Some("a file"));
    assert_eq!(imported.ceremony.as_deref(), Some("snarkjs' file"));
    assert_eq!((imported.power, imported.contributions), (6, Some(2)));
    assert_eq!((imported.lagrange, imported.digests.sha256), (LagrangeForm::Read, SHA256));
    // Halo2's file of the same points is not listed, but [s]H says what it is.
    let mut srs = Vec::new();
    imported.parameters.kzg.write_custom(&mut srs, SerdeFormat::RawBytes).unwrap();
    let found = refusal(place.import(&manifest, &srs, None));
    assert!(matches!(&found, Refusal::NotListed { about, .. } if about.contains("fixture")), "{found}");
    let again = place.import(&manifest, &srs, Some("fixture")).unwrap();
    assert_eq!((again.parameters.set, again.listed_as), (imported.parameters.set, None));
    assert_eq!(again.ceremony, imported.ceremony);
}

#[test]
fn what_nobody_vouches_for_is_refused() {
    let (place, manifest) = (Place::new(), manifest(b""));
    assert!(matches!(refusal(place.import(&[], SNARKJS, None)), Refusal::NotListed { .. }));
    let mut damaged = SNARKJS.to_vec();
    let last = damaged.len() - 1; // in a section that is not used
    damaged[last] ^= 1;
    assert!(matches!(refusal(place.import(&manifest, &damaged, None)), Refusal::NotListed { .. }));
    let file = place.cache().join("a.srs");
    std::fs::write(&file, srs(77)).unwrap();
    let claim = Some(Claim { name: "a", sha256: &[0; 32] });
    let result = Parameters::import(place.cache(), SNARKJS_K, &file, claim, &mut |_| ());
    assert!(matches!(refusal(result), Refusal::Digest { .. }));
    for name in ["", "../a", "A", "development-1"] {
        let result = place.import(&manifest, SNARKJS, Some(name));
        assert!(matches!(result, Err(ParamsError::Name(_))), "{name}");
    }
    let size = Parameters::import(place.cache(), MAX_K + 1, &file, None, &mut |_| ());
    assert!(matches!(size, Err(ParamsError::Size(25))));
    assert_eq!(Parameters::cached(place.cache()).unwrap(), Vec::new());
}

#[test]
fn another_ceremony_is_refused() {
    let other = srs(77);
    let (place, manifest) = (Place::new(), manifest(&other));
    // Under the ceremony's name, and even with a digest that the manifest lists.
    for name in [None, Some("fixture")] {
        let found = refusal(place.import(&manifest, &other, name));
        assert!(
            matches!(&found, Refusal::OtherCeremony { expected, .. } if expected == "fixture"),
            "{found}"
        );
    }
    let found = refusal(place.import(&manifest, &srs(78), Some("fixture")));
    assert!(found.to_string().contains("of another ceremony"), "{found}");
    // A listed ceremony under another name.
    let found = refusal(place.import(&manifest, SNARKJS, Some("mine")));
    assert!(matches!(&found, Refusal::OtherCeremony { expected, .. } if expected == "mine"), "{found}");
    let mut srs = Vec::new();
    let set = Place::new().import(&manifest, SNARKJS, None).unwrap().parameters;
    set.kzg.write_custom(&mut srs, SerdeFormat::RawBytes).unwrap();
    assert!(matches!(refusal(place.import(&manifest, &srs, Some("mine"))), Refusal::OtherCeremony { .. }));
}

#[test]
fn a_name_stands_for_one_secret() {
    let place = Place::new();
    let first = place.import(&[], &srs(77), Some("mine")).unwrap().parameters;
    let found = refusal(place.import(&[], &srs(78), Some("mine")));
    assert!(matches!(&found, Refusal::NameTaken { name, .. } if name == "mine"), "{found}");
    assert_eq!(place.import(&[], &srs(77), Some("mine")).unwrap().parameters.set, first.set);
    let second = place.import(&[], &srs(78), Some("theirs")).unwrap().parameters;
    first.require_same_secret(&first).unwrap();
    assert!(matches!(first.require_same_secret(&second), Err(ParamsError::OtherSecret { .. })));
    let development = |k| Parameters::development(place.cache(), k).unwrap();
    development(5).require_same_secret(&development(6)).unwrap();
    assert!(development(6).require_same_secret(&first).is_err());
    let mut renamed = development(6);
    renamed.set.name = "mine".to_owned();
    assert!(renamed.require_same_secret(&development(6)).is_err());
}

#[test]
fn the_cache_is_checked_again() {
    let place = Place::new();
    let good = place.import(&[], &srs(77), Some("mine")).unwrap().parameters;
    let development = Parameters::development(place.cache(), 10).unwrap();
    let cached = Parameters::cached(place.cache()).unwrap();
    let names: Vec<_> = cached.iter().map(|set| (set.name.as_str(), set.k)).collect();
    assert_eq!(names, [(DEVELOPMENT, 10), ("mine", SNARKJS_K)]);
    let checked = Parameters::check(place.cache(), DEVELOPMENT, 10).unwrap();
    assert_eq!((checked.set, checked.pinned), (development.set, true));
    assert!(!Parameters::check(place.cache(), "mine", SNARKJS_K).unwrap().pinned);
    let missing = Parameters::check(place.cache(), "mine", 7);
    assert!(matches!(missing, Err(ParamsError::Missing { .. })));
    assert_eq!(Parameters::cached(Path::new("/nowhere/at/all")).unwrap(), Vec::new());

    // Whole files with wrong contents, as somebody who can write to the cache may leave them.
    let mut body = Vec::new();
    good.kzg.write_custom(&mut body, SerdeFormat::RawBytes).unwrap();
    let check = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut body = body.clone();
        change(&mut body);
        let path = path_in(place.cache(), name, SNARKJS_K);
        cache::write(&path, KIND, meta(name, SNARKJS_K).as_bytes(), |w| w.write_all(&body)).unwrap();
        Parameters::check(place.cache(), name, SNARKJS_K)
    };
    check("mine", &|_| ()).unwrap();
    let swap = |body: &mut Vec<u8>| body.copy_within(4 + 128..4 + 192, 4 + 64);
    assert!(matches!(refusal(check("mine", &swap)), Refusal::NotPowers));
    let swap = |body: &mut Vec<u8>| body.copy_within(4 + 128..4 + 192, 4 + 64 * 70);
    assert!(matches!(refusal(check("mine", &swap)), Refusal::Lagrange));
    assert!(matches!(refusal(check("mine", &|body| body[70] ^= 1)), Refusal::OffCurve { .. }));
    assert!(matches!(refusal(check("mine", &|body| body.push(0))), Refusal::TrailingBytes { .. }));
    assert!(matches!(refusal(check("mine", &|body| body[0] = 7)), Refusal::Truncated { .. }));
    // Points of one set under the name of another: noticed by every use, not only by the check.
    assert!(matches!(refusal(check(DEVELOPMENT, &|_| ())), Refusal::OtherCeremony { .. }));
    let used = Parameters::development(place.cache(), SNARKJS_K);
    assert!(matches!(refusal(used), Refusal::OtherCeremony { .. }));
    let hermez = &manifest::ceremonies()[0].name;
    assert!(matches!(refusal(check(hermez, &|_| ())), Refusal::OtherCeremony { .. }));
    assert!(matches!(
        refusal(Parameters::imported(place.cache(), hermez, SNARKJS_K)),
        Refusal::OtherCeremony { .. }
    ));
    let path = path_in(place.cache(), "mine", SNARKJS_K);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[300] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let damaged = Parameters::check(place.cache(), "mine", SNARKJS_K);
    assert!(matches!(damaged, Err(ParamsError::Cache(CacheError::Damaged { .. }))));
}
