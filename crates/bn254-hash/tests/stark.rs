//! A small STARK over these types, checked by a verifier made of Plonky3's own types only.

use finial_bn254_hash::hasher::{ScalarCompression, ScalarSponge, scalar_compression, scalar_sponge};
use finial_bn254_hash::{
    Bn254Challenger, Bn254Mmcs, ScalarChallenger, bn254_challenger, bn254_mmcs, scalar_challenger,
};
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_bn254::Bn254;
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_field::PrimeCharacteristicRing;
use p3_field::extension::QuinticTrinomialExtensionField;
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_koala_bear::KoalaBear;
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_uni_stark::{Proof, StarkConfig, prove, verify};

type Extension = QuinticTrinomialExtensionField<KoalaBear>;
type Pcs<M> =
    TwoAdicFriPcs<KoalaBear, Radix2DitParallel<KoalaBear>, M, ExtensionMmcs<KoalaBear, Extension, M>>;
type Config<M, C> = StarkConfig<Pcs<M>, Extension, C>;
type StockMmcs = MerkleTreeMmcs<KoalaBear, Bn254, ScalarSponge, ScalarCompression, 2, 1>;

const CAP_HEIGHT: usize = 2;

fn pcs<M: Clone>(mmcs: M) -> Pcs<M> {
    let fri = FriParameters {
        log_blowup: 2,
        log_final_poly_len: 0,
        max_log_arity: 4,
        num_queries: 8,
        batch_proof_of_work_bits: 3,
        commit_proof_of_work_bits: 2,
        query_proof_of_work_bits: 6,
        mmcs: ExtensionMmcs::new(mmcs.clone()),
    };
    TwoAdicFriPcs::new(Radix2DitParallel::default(), mmcs, fri)
}

fn ours() -> Config<Bn254Mmcs, Bn254Challenger> {
    StarkConfig::new(pcs(bn254_mmcs(CAP_HEIGHT)), bn254_challenger())
}

fn stock() -> Config<StockMmcs, ScalarChallenger> {
    let mmcs = StockMmcs::new(scalar_sponge(), scalar_compression(), CAP_HEIGHT);
    StarkConfig::new(pcs(mmcs), scalar_challenger())
}

/// `x' = x² + y`, `y' = x`, with the first `x` public.
struct Recurrence;

impl<F> BaseAir<F> for Recurrence {
    fn width(&self) -> usize {
        2
    }

    fn num_public_values(&self) -> usize {
        1
    }
}

impl<AB: AirBuilder> Air<AB> for Recurrence {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let (local, next) = (main.current_slice(), main.next_slice());
        let first = builder.public_values()[0];
        builder.when_first_row().assert_eq(local[0], first);
        builder.when_transition().assert_eq(next[0], local[0] * local[0] + local[1]);
        builder.when_transition().assert_eq(next[1], local[0]);
    }
}

fn trace(first: KoalaBear, height: usize) -> RowMajorMatrix<KoalaBear> {
    let mut values = Vec::with_capacity(2 * height);
    let (mut x, mut y) = (first, KoalaBear::ONE);
    for _ in 0..height {
        values.extend([x, y]);
        (x, y) = (x * x + y, x);
    }
    RowMajorMatrix::new(values, 2)
}

#[test]
fn plonky3_verifies_our_proof_and_no_other() {
    let first = KoalaBear::from_u32(7);
    let proof = prove(&ours(), &Recurrence, trace(first, 1 << 8), &[first]).unwrap();
    verify(&ours(), &Recurrence, &proof, &[first]).unwrap();

    let bytes = postcard::to_allocvec(&proof).unwrap();
    let stock_proof: Proof<Config<StockMmcs, ScalarChallenger>> = postcard::from_bytes(&bytes).unwrap();
    verify(&stock(), &Recurrence, &stock_proof, &[first]).unwrap();

    assert!(verify(&ours(), &Recurrence, &proof, &[first + KoalaBear::ONE]).is_err());
    // One flipped bit in any of some hundred places: a decoding error or a refused proof.
    for place in (0..bytes.len()).step_by(bytes.len() / 100) {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1;
        let refused = match postcard::from_bytes(&bytes) {
            Ok(proof) => verify(&ours(), &Recurrence, &proof, &[first]).is_err(),
            Err(_) => true,
        };
        assert!(refused, "byte {place}");
    }
}
