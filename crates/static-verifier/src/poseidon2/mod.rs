//! BN254 Poseidon2 (t = 3, x⁵, 8 + 56 rounds) as a custom gate.
//!
//! # Purpose
//! One permutation in 88 rows of two advice columns. Both columns are read at the four rotations 0 to 3 that the vertical
//! gate reads too: a further set of rotations costs the contract kilobytes of code.
//!
//! # Rows and columns
//! A row is an S-box: its input `x` in the first column, in the second the square, so that `y = x·square² = x⁵`. Where
//! the state passes without an S-box the second column is one and `y = x`. Every row is determined by the three before
//! it: one linear relation, which fixed columns name.
//!
//! | rows   | content                                          | state order                  | relations   |
//! |--------|--------------------------------------------------|------------------------------|-------------|
//! | 0..3   | input, no S-box                                  | `s₀ s₁ s₂`                   | `F0 F1 F2`  |
//! | 3..15  | four full rounds of three S-boxes                | turned by one place a round  | `F0 F1 F2`  |
//! | 15..17 | `s₁ s₂` before the partial rounds, no S-box      |                              | `F0 Q`      |
//! | 17..73 | 56 partial rounds, the S-box of `s₀` alone       |                              | `P`; the last two `R1 R2` |
//! | 73..85 | four full rounds                                 | `s₀ s₁ s₂` first             | `F0 F1 F2`  |
//! | 85..88 | output                                           | `s₂ s₀ s₁`                   | none        |
//!
//! # The relations
//! All have the form `x₃ = α₀y₀ + α₁y₁ + α₂y₂ + β₁x₁ + β₂x₂ + k`, indices counting rows; `relation.rs` says how fixed
//! columns name them.
//!
//! *Full rounds.* With `a' = S + y_a`, `S = y_a + y_b + y_c`, rows `a b c` are followed by `c' a' b'`. `F0` is the
//! definition of `c'`; `F1` is that of `a'` with `y_a` eliminated by `c'`; `F2` that of `b'` with `y_a, y_b` eliminated.
//!
//! *Partial rounds.* For `w, u, v = s₀, s₁, s₂` the internal matrix gives `w' = 2y + u + v`, `u' = y + 2u + v`,
//! `v' = y + u + 3v`. Eliminating `u, v` leaves `w₃ = 2y₂ - 8y₁ + 7y₀ + 5w₂ - 5w₁`: that is `P`. The first step is `F0`; the
//! second, `w₂ = 2y₁ - 4y₀ + 3w₁ + v`, is `Q`. After the last round `u = y₅₅ - 7y₅₄ + 5w₅₅` is `R1`, and
//! `v = 5w₅₆ - 7y₅₅ - 2u` is `R2`.
//!
//! The constant `k` collects the round constants of a relation's rows; it is computed as what makes the relation hold for
//! the zero input, and since the rest is linear in the cells it then holds for all (`trace.rs` tests this).
//!
//! # Degree
//! Five: a coefficient of degree two times `x·square²`.
//!
//! # Soundness
//! - second column: `[P2-1]` makes it the square, or one, as the fixed column `kind` says;
//! - first column, rows 3 to 87: `[P2-2]` gives each as a function of the three rows before;
//! - rows 0 to 2 are copies of the caller's cells; so these determine the output rows.

pub(crate) mod gate;
pub(crate) mod relation;
pub(crate) mod trace;

pub use trace::permute;

/// Rows of one permutation.
pub const ROWS: usize = 88;

/// First row of the output state.
pub(crate) const OUTPUT: usize = 85;

/// Rows of the output that hold `s₀, s₁, s₂`.
pub(crate) const OUTPUT_ROWS: [usize; 3] = [OUTPUT + 1, OUTPUT + 2, OUTPUT];
