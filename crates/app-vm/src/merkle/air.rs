//! # Purpose
//!
//! Proves that the touched leaves, and everything that was not touched, hash to the memory roots of the segment.
//!
//! # Rows and padding
//!
//! A row is a node above a touched leaf (the root included) in one direction. Padding rows have `direction = 0` and are
//! silent.
//!
//! # Columns
//!
//! See [`MerkleColumns`].
//!
//! # Buses
//!
//! - MERKLE `(expand_direction, height, label, hash)`: sends the node at `height + 1`, receives its children at `height`, each
//!   with multiplicity `direction`. An untouched child stands there with `expand_direction` 0. The labels of the source
//!   document, `(as_label, address_label)`, are one field here: 27 bits do not overflow KoalaBear.
//! - The Connector (the Program table's first row), once a segment, receives the node `(1, 27, 0, initial_root)` and sends `(−1, 27, 0, final_root)`: see
//!   [`push_root_messages`].
//! - POSEIDON2_DIRECT: queries `(left, right, parent)`, multiplicity `direction²`.
//! - RANGE12: queries `height`, multiplicity `direction²`.
//!
//! # Degree
//!
//! 3: \[MERKLE-1\]; the others have 2.
//!
//! # Soundness
//!
//! - `direction` is −1, 0 or 1 by \[MERKLE-1\], so its square is a bit; both bound the multiplicities by 1.
//! - `height` is in `0..2^12` by RANGE12: no node hangs below a leaf and sends in its place. A node's message is received by a row
//!   that stands one higher, or by the Connector at 27; since heights only grow, every chain ends at the Connector,
//!   so every child height is in `0..27` and no row stands above the root.
//! - `label`: the Connector receives one root a direction, with label 0; each row's label is the one its parent's slot
//!   names. By induction there is at most one row for a node and direction, and labels of height h lie in
//!   `0..2^(27−h)`; the parity of a label cannot be chosen. Boundary leaves are received by slots too: each label once a direction.
//! - `left_direction`, `right_direction` are 0 or `direction` by \[MERKLE-2\]. With 0 the child's message carries direction 0 and
//!   can only be balanced by the other direction's row of the same parent, with the same hash: what was not touched is equal in
//!   both. A child expanded in one direction only cannot be balanced.
//! - `parent`, `left`, `right` are bound to each other by POSEIDON2_DIRECT, to their neighbours by MERKLE.

use finial_executor::TREE_HEIGHT;
use finial_protocol::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

use super::{MERKLE_WIDTH, MerkleColumns};
use crate::buses;
use crate::check::constrain;

/// The Merkle table.
#[derive(Clone, Copy, Debug, Default)]
pub struct MerkleAir;

impl BaseAir<Val> for MerkleAir {
    fn width(&self) -> usize {
        MERKLE_WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        vec![]
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for MerkleAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = MerkleColumns::from_row(main.current_slice());
        let direction: AB::Expr = row.direction.into();

        // [MERKLE-1] No multiplicity but −1, 0 and 1.
        constrain(builder, "MERKLE-1", direction.cube() - direction.clone());
        // [MERKLE-2] A child is expanded in the row's direction or marked the same in both, nothing else.
        for child in [row.left_direction, row.right_direction] {
            let child: AB::Expr = child.into();
            constrain(builder, "MERKLE-2", child.clone() * (child - direction.clone()));
        }

        push_nodes(builder, &row);
        push_checks(builder, &row);
    }
}

fn push_nodes<AB: AirBuilder<F = Val> + InteractionBuilder>(builder: &mut AB, row: &MerkleColumns<AB::Var>) {
    let direction: AB::Expr = row.direction.into();
    let height: AB::Expr = row.height.into();
    let first_child: AB::Expr = row.label.into() * Val::TWO;
    let second_child = first_child.clone() + Val::ONE;
    let up = height.clone() + Val::ONE;
    // All bounded by [MERKLE-1].
    push_node(builder, direction.clone(), up, row.label.into(), row.parent, direction.clone());
    push_node(builder, row.left_direction.into(), height.clone(), first_child, row.left, -direction.clone());
    push_node(builder, row.right_direction.into(), height, second_child, row.right, -direction);
}

fn push_node<AB: AirBuilder<F = Val> + InteractionBuilder, H: Into<AB::Expr>>(
    builder: &mut AB,
    direction: AB::Expr,
    height: AB::Expr,
    label: AB::Expr,
    hash: [H; 8],
    count: AB::Expr,
) {
    let message = [direction, height, label].into_iter().chain(hash.map(Into::into));
    builder.push_interaction(buses::MERKLE, message, Count::bounded(count, 1));
}

fn push_checks<AB: AirBuilder<F = Val> + InteractionBuilder>(builder: &mut AB, row: &MerkleColumns<AB::Var>) {
    let direction: AB::Expr = row.direction.into();
    // The square of −1, 0 or 1 [MERKLE-1]: a bit.
    let active = || Count::bounded(direction.square(), 1);
    let hashes = [row.left, row.right, row.parent].concat();
    builder.push_interaction(buses::POSEIDON2_DIRECT, hashes, active());
    builder.push_interaction(buses::RANGE12, [row.height], active());
}

/// The Connector's part: closes both trees at their roots.
///
/// # Assumptions
///
/// `flag` is boolean and 1 on exactly one row of the segment: then each direction has exactly one root row.
pub fn push_root_messages<AB: AirBuilder<F = Val> + InteractionBuilder>(
    builder: &mut AB,
    flag: AB::Expr,
    initial_root: [AB::Expr; 8],
    final_root: [AB::Expr; 8],
) {
    let height = || AB::Expr::from_u32(TREE_HEIGHT);
    push_node(builder, AB::Expr::ONE, height(), AB::Expr::ZERO, initial_root, -flag.clone());
    push_node(builder, AB::Expr::NEG_ONE, height(), AB::Expr::ZERO, final_root, flag);
}
