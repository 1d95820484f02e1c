//! Commitments over public values, natively; the root program computes the same in its circuit.

use finial_protocol::fields::{Digest, Val, compress};
use p3_field::PrimeCharacteristicRing;

use crate::{DIGEST_LEN, USER_PUBLIC_VALUES};

/// Version of the meaning of `exe_commit` (DESIGN §3.2).
pub const VERSION: u32 = 1;

/// compress(compress(`app_commit`, `initial_root`), \[pc_start, VERSION, 0…\]).
pub fn exe_commit(app_commit: &Digest, initial_root: &Digest, initial_pc: u32) -> Digest {
    let mut entry = [Val::ZERO; DIGEST_LEN];
    entry[0] = Val::from_u32(initial_pc);
    entry[1] = Val::from_u32(VERSION);
    compress(compress(*app_commit, *initial_root), entry)
}

/// Root of the four Merkle leaves of the user public values' address space: a leaf of eight byte cells hashes to
/// compress(cells, 0).
pub fn public_values_root(bytes: &[u8; USER_PUBLIC_VALUES]) -> Digest {
    let leaf = |i: usize| {
        let cells: Digest = core::array::from_fn(|j| Val::from_u8(bytes[DIGEST_LEN * i + j]));
        compress(cells, [Val::ZERO; DIGEST_LEN])
    };
    compress(compress(leaf(0), leaf(1)), compress(leaf(2), leaf(3)))
}
