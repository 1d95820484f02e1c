//! # Purpose
//!
//! Brings the memory that the Merkle tree commits to onto the MEMORY bus: each touched leaf once as it was before the
//! segment, once as it is after it.
//!
//! # Rows and padding
//!
//! A row is a touched leaf in one direction. Padding rows have `direction = 0`, `space = 1` and are silent.
//!
//! # Columns
//!
//! See [`BoundaryColumns`].
//!
//! # Buses
//!
//! - MEMORY: for each of the four words `(space, 4·leaf + i, lo, hi, timestamp)`, sent before the segment, received after it:
//!   multiplicity `direction`.
//! - MERKLE: `(direction, 0, label, hash)` with multiplicity `direction`: the leaf's hash is known here.
//! - POSEIDON2_DIRECT: queries `(cells, 0, hash)` with multiplicity `direction²`.
//!
//! # Degree
//!
//! 3: \[BOUNDARY-1\], \[BOUNDARY-2\], \[BOUNDARY-3\].
//!
//! # Soundness
//!
//! - `direction` is −1, 0 or 1 by \[BOUNDARY-1\]; it bounds every multiplicity by 1.
//! - `space` is 1, 2 or 3 by \[BOUNDARY-2\]. With it and `leaf` the label is determined, and MERKLE accepts only labels in
//!   `0..2^27`, each at most once a direction (see [`crate::merkle`]). So `leaf` is an integer between −2^26 and 2^27 and
//!   `4·leaf + i` names one word of one leaf: no two rows of a direction speak about the same word. A leaf index outside its
//!   space (an alias) names words that no access uses; the MEMORY bus then forces it to stay as it was. In guest memory words lie
//!   between −2^27 and 3·2^27, so `4·word + offset` is an integer between −2^29 and 1.62·10^9: it differs from an address below 2^29 by
//!   less than p, and congruence is equality. The integer quotient is the only solution, on which Cpu and Ecall rely.
//! - `cells` before the segment are those of the tree (hash binding); they are 16 bit by induction: the first
//!   root is that of a canonical image (`exe_commit`), and every later cell was written by an access that checked its limbs.
//!   After the segment they are what the last access sent on MEMORY.
//! - `timestamps` before the segment are 0 by \[BOUNDARY-3\], below every access. After it they are the
//!   last access's (or 0) by the balance of MEMORY; there is one for each word, since words of a leaf are accessed apart.
//! - `hash` is the compression of the cells by POSEIDON2_DIRECT; MemoryMerkle relies on it.
//! - A leaf in only one direction unbalances MERKLE: the other direction's tree would have to treat it as untouched.

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

use super::{BOUNDARY_WIDTH, BoundaryColumns};
use crate::buses;
use crate::check::constrain;

/// The boundary table.
#[derive(Clone, Copy, Debug, Default)]
pub struct BoundaryAir;

impl BaseAir<Val> for BoundaryAir {
    fn width(&self) -> usize {
        BOUNDARY_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for BoundaryAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = BoundaryColumns::from_row(main.current_slice());
        let direction: AB::Expr = row.direction.into();
        let space: AB::Expr = row.space.into();

        // [BOUNDARY-1] No multiplicity but −1, 0 and 1.
        constrain(builder, "BOUNDARY-1", direction.cube() - direction.clone());
        // [BOUNDARY-2] No leaf of another space, so that the label determines space and leaf.
        let others =
            (space.clone() - Val::ONE) * (space.clone() - Val::TWO) * (space.clone() - Val::from_u8(3));
        constrain(builder, "BOUNDARY-2", others);
        // [BOUNDARY-3] Initial values are older than every access: no access can be ordered before them.
        for timestamp in row.timestamps {
            let early = direction.clone() * (direction.clone() + Val::ONE) * timestamp;
            constrain(builder, "BOUNDARY-3", early);
        }

        push_memory(builder, &row);
        push_hashes(builder, &row);
    }
}

fn push_memory<AB: AirBuilder<F = Val> + InteractionBuilder>(
    builder: &mut AB,
    row: &BoundaryColumns<AB::Var>,
) {
    for word in 0..4 {
        let index: AB::Expr = row.leaf.into() * Val::from_u8(4) + Val::from_usize(word);
        let message = [
            row.space.into(),
            index,
            row.cells[2 * word].into(),
            row.cells[2 * word + 1].into(),
            row.timestamps[word].into(),
        ];
        // Bounded by [BOUNDARY-1].
        builder.push_interaction(buses::MEMORY, message, Count::bounded(row.direction.into(), 1));
    }
}

fn push_hashes<AB: AirBuilder<F = Val> + InteractionBuilder>(
    builder: &mut AB,
    row: &BoundaryColumns<AB::Var>,
) {
    let direction: AB::Expr = row.direction.into();
    let space: AB::Expr = row.space.into();
    let label = (space - Val::ONE) * Val::from_u32(1 << 25) + row.leaf;
    let mut node = vec![direction.clone(), AB::Expr::ZERO, label];
    node.extend(row.hash.map(Into::into));
    // Bounded by [BOUNDARY-1], like the query below.
    builder.push_interaction(buses::MERKLE, node, Count::bounded(direction.clone(), 1));

    let mut query: Vec<AB::Expr> = row.cells.map(Into::into).to_vec();
    query.extend([const { AB::Expr::ZERO }; 8]);
    query.extend(row.hash.map(Into::into));
    builder.push_interaction(buses::POSEIDON2_DIRECT, query, Count::bounded(direction.square(), 1));
}
