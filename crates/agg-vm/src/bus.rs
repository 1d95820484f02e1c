//! The buses of the Agg VM. There is one.
//!
//! | bus | message | provided by | read by |
//! |---|---|---|---|
//! | `memory` | cell address, four coordinates of its block | the first slot that names the cell | every other slot that names it |
//!
//! Multiplicities are preprocessed: a provider's is the number of reads, a read's is -1. For an
//! address with `n` reads, a value the provider does not send would need some `k` of them, with
//! `1 <= k <= n`, to cancel in a field of characteristic `p > n`; so all occurrences agree.
//! A slot's weight is 1: what it counts against `p` is its reads, at most one a row.

use p3_air::AirBuilder;
use p3_lookup::{Count, InteractionBuilder};

/// The bus that carries memory cells.
pub const MEMORY: &str = "memory";

/// A slot: the cell at `address` holds `block`, sent with a preprocessed multiplicity.
pub(crate) fn slot<AB: AirBuilder + InteractionBuilder>(
    builder: &mut AB,
    address: AB::Expr,
    block: [AB::Expr; 4],
    multiplicity: AB::Expr,
) {
    let [v0, v1, v2, v3] = block;
    builder.push_interaction(MEMORY, [address, v0, v1, v2, v3], Count::bounded(multiplicity, 1));
}
