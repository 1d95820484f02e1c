//! The transcript against Plonky3's, which it must equal step for step.

use finial_bn254_hash::{Backend, Bn254Challenger, ScalarChallenger, scalar_challenger};
use p3_bn254::Bn254;
use p3_challenger::{
    CanFinalizeDigest, CanObserve, CanSample, CanSampleBits, FieldChallenger, GrindingChallenger,
};
use p3_field::PrimeCharacteristicRing;
use p3_field::extension::QuinticTrinomialExtensionField;
use p3_koala_bear::KoalaBear;
use p3_symmetric::{Hash, MerkleCap};
use rand::{RngExt, SeedableRng, rngs::StdRng};

type Extension = QuinticTrinomialExtensionField<KoalaBear>;

fn backends() -> impl Iterator<Item = Backend> {
    [Backend::Scalar, Backend::Ifma].into_iter().filter(|backend| backend.require().is_ok())
}

/// One random step on both transcripts; what they give out must be equal.
fn step(rng: &mut StdRng, ours: &mut Bn254Challenger, theirs: &mut ScalarChallenger) {
    match rng.random_range(0..8) {
        0 => {
            let values: Vec<KoalaBear> = (0..rng.random_range(1..40)).map(|_| rng.random()).collect();
            ours.observe_slice(&values);
            theirs.observe_slice(&values);
        }
        1 => {
            let value: KoalaBear = rng.random();
            ours.observe(value);
            theirs.observe(value);
        }
        2 => {
            let words: [Bn254; 3] = rng.random();
            ours.observe(Hash::<KoalaBear, Bn254, 3>::from(words));
            theirs.observe(Hash::<KoalaBear, Bn254, 3>::from(words));
        }
        3 => {
            let cap = MerkleCap::<KoalaBear, _>::new((0..4).map(|_| [rng.random::<Bn254>()]).collect());
            ours.observe(&cap);
            theirs.observe(cap);
        }
        4 => {
            let value: Extension = rng.random();
            ours.observe_algebra_element(value);
            theirs.observe_algebra_element(value);
        }
        5 => {
            let (a, b): (Extension, Extension) = (ours.sample(), theirs.sample());
            assert_eq!(a, b);
        }
        6 => {
            for _ in 0..rng.random_range(1..20) {
                let (a, b): (KoalaBear, KoalaBear) = (ours.sample(), theirs.sample());
                assert_eq!(a, b);
            }
        }
        _ => {
            let bits = rng.random_range(0..31);
            assert_eq!(ours.sample_bits(bits), theirs.sample_bits(bits));
        }
    }
}

#[test]
fn transcripts_agree_whatever_is_done() {
    let mut rng = StdRng::seed_from_u64(6);
    for _ in 0..200 {
        let (mut ours, mut theirs) = (Bn254Challenger::new(), scalar_challenger());
        for _ in 0..rng.random_range(0..25) {
            step(&mut rng, &mut ours, &mut theirs);
        }
        assert_eq!(ours.clone().finalize(), theirs.clone().finalize());
        let (a, b): (KoalaBear, KoalaBear) = (ours.sample(), theirs.sample());
        assert_eq!(a, b);
    }
}

#[test]
fn witnesses_pass_plonky3s_check_wherever_they_fall_in_a_block() {
    const BITS: usize = 9;
    let mut rng = StdRng::seed_from_u64(7);
    for backend in backends() {
        for gathered in 0..34 {
            let mut ours = Bn254Challenger::with_backend(backend).unwrap();
            let mut theirs = scalar_challenger();
            let cap = MerkleCap::<KoalaBear, _>::new(vec![[rng.random::<Bn254>()]]);
            let values: Vec<KoalaBear> = (0..gathered).map(|_| rng.random()).collect();
            ours.observe(&cap);
            theirs.observe(cap);
            ours.observe_slice(&values);
            theirs.observe_slice(&values);

            let before = ours.clone();
            let witness = ours.grind(BITS);
            assert!(theirs.clone().check_witness(BITS, witness));
            // Of 40 other elements some must fail, and ours and Plonky3's verdicts must agree.
            let others = (1..=40).map(|i| witness + KoalaBear::from_u32(i));
            let verdicts: Vec<bool> = others.clone().map(|w| before.clone().check_witness(BITS, w)).collect();
            let expected: Vec<bool> = others.map(|w| theirs.clone().check_witness(BITS, w)).collect();
            assert_eq!(verdicts, expected);
            assert!(verdicts.contains(&false));

            assert!(theirs.check_witness(BITS, witness));
            let (a, b): (Extension, Extension) = (ours.sample(), theirs.sample());
            assert_eq!(a, b, "the transcripts go on alike");
        }
    }
}

#[test]
fn zero_bits_leave_the_transcript_alone() {
    let mut ours = Bn254Challenger::new();
    ours.observe(KoalaBear::ONE);
    let mut before = ours.clone();
    assert_eq!(ours.grind(0), KoalaBear::ZERO);
    assert!(ours.check_witness(0, KoalaBear::TWO));
    let (a, b): (Extension, Extension) = (ours.sample(), before.sample());
    assert_eq!(a, b);
}

#[test]
#[should_panic(expected = "is not below")]
fn more_bits_than_an_element_has_are_refused() {
    Bn254Challenger::new().sample_bits(31);
}
