//! `params/ceremonies.json`: ceremonies whose results other people published, with the digests of their
//! files and, where known, `[s]H`.

use crate::proof_file::hex_array;
use halo2_base::halo2_proofs::halo2curves::{
    CurveAffine,
    bn256::{Fq, Fq2, G2Affine},
    ff::PrimeField,
};
use serde::Deserialize;

use crate::ceremony::FileDigests;

/// A ceremony. All its files hold powers of one secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceremony {
    /// Name of its parameter sets.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Which contributions are in it.
    pub contribution: String,
    /// Where it is described.
    pub sources: Vec<String>,
    /// Its `[s]H`, if somebody published it.
    pub s_g2: Option<PublishedPoint>,
    /// Where the digests of its files were published.
    pub digests_from: Vec<String>,
    /// Its files.
    pub files: Vec<CeremonyFile>,
}

/// A point of G2 as snarkjs writes it, decimal: `x = x[0] + x[1]·u`, likewise `y`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedPoint {
    /// First coordinate.
    pub x: [String; 2],
    /// Second coordinate.
    pub y: [String; 2],
    /// Where it was published, and why it is this ceremony's.
    pub sources: Vec<String>,
}

/// A file of a ceremony.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeremonyFile {
    /// Its published name. A copy may have another.
    pub name: String,
    /// It has 2^power powers.
    pub power: u32,
    /// BLAKE2b of 64 bytes.
    #[serde(with = "hex_array")]
    pub blake2b: [u8; 64],
    /// Where it can be had.
    pub url: String,
}

impl PublishedPoint {
    /// The point; `None` if it is not on the curve.
    pub(crate) fn decode(&self) -> Option<G2Affine> {
        let coordinate = |[c0, c1]: &[String; 2]| {
            Some(Fq2 { c0: Fq::from_str_vartime(c0)?, c1: Fq::from_str_vartime(c1)? })
        };
        G2Affine::from_xy(coordinate(&self.x)?, coordinate(&self.y)?).into()
    }
}

impl Ceremony {
    /// Its `[s]H`, if known.
    pub(crate) fn point(&self) -> Option<G2Affine> {
        self.s_g2.as_ref().map(|point| point.decode().expect("a test decodes params/ceremonies.json"))
    }
}

/// What the manifest lists.
pub fn ceremonies() -> Vec<Ceremony> {
    serde_json::from_str(include_str!("../../../../params/ceremonies.json"))
        .expect("a test reads params/ceremonies.json")
}

/// The ceremony that lists a file with these digests.
pub(crate) fn by_file<'a>(
    manifest: &'a [Ceremony],
    digests: &FileDigests,
) -> Option<(&'a Ceremony, &'a CeremonyFile)> {
    manifest.iter().find_map(|ceremony| {
        let file = ceremony.files.iter().find(|file| file.blake2b == digests.blake2b)?;
        Some((ceremony, file))
    })
}

/// The ceremony with this `[s]H`.
pub(crate) fn by_point<'a>(manifest: &'a [Ceremony], s_g2: &G2Affine) -> Option<&'a Ceremony> {
    manifest.iter().find(|ceremony| ceremony.point() == Some(*s_g2))
}

/// The ceremony of this name.
pub(crate) fn by_name<'a>(manifest: &'a [Ceremony], name: &str) -> Option<&'a Ceremony> {
    manifest.iter().find(|ceremony| ceremony.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ceremony, params::require_name};
    use std::collections::HashSet;

    #[test]
    fn the_manifest_is_sound() {
        let manifest = ceremonies();
        assert!(!manifest.is_empty());
        let (mut names, mut digests) = (HashSet::new(), HashSet::new());
        for ceremony in &manifest {
            require_name(&ceremony.name).unwrap();
            assert!(names.insert(&ceremony.name));
            assert!(!ceremony.digests_from.is_empty() && !ceremony.sources.is_empty());
            if let Some(point) = ceremony.point() {
                ceremony::require_g2(&G2Affine::generator(), &point).unwrap();
                assert_eq!(by_point(&manifest, &point).unwrap().name, ceremony.name);
            }
            for file in &ceremony.files {
                assert!(digests.insert(file.blake2b), "{} has another file's digest", file.name);
                assert!((1..=28).contains(&file.power));
            }
        }
    }
}
