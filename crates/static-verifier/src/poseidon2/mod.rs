//! BN254 Poseidon2 (t = 3, x⁵, 8 + 56 rounds) as a custom gate.
//!
//! # Purpose
//! One permutation in 168 consecutive cells of one advice column, a fourteenth of what halo2-base's vertical gate needs.
//! Any number of columns stand side by side and share selectors and round constants, so width is cheap.
//!
//! # Rows
//! Within a permutation the state is written `(s₁, s₂, s₀)`: the element with the S-box in partial rounds comes last.
//!
//! | rows      | content                                                              | gate at its first row |
//! |-----------|----------------------------------------------------------------------|-----------------------|
//! | 0..3      | the input state                                                      | `Entry`               |
//! | 3..27     | four full rounds of six: S-box inputs `x`, then their squares        | `Full`                |
//! | 27..29    | `s₁, s₂` as the partial rounds begin                                 | `PartialEntry`        |
//! | 29..141   | 56 partial rounds of two: S-box input `x` of `s₀`, then its square   | `Partial`; the 54th `PartialExit` |
//! | 141..165  | four full rounds                                                     | `Full`                |
//! | 165..168  | the output state                                                     | none                  |
//!
//! # Why a partial round needs two cells
//! Write `w, u, v` for `s₀, s₁, s₂`, `y = x⁵`, `x = w + c`. The internal matrix gives
//! `w' = 2y + u + v`, `u' = y + 2u + v`, `v' = y + u + 3v`. Eliminating `u` and `v` leaves a recurrence in `w` alone:
//! `w₃ = 2y₂ - 8y₁ + 7y₀ + 5w₂ - 5w₁`. `PartialEntry` states `w₁, w₂` from the first `u, v`; `PartialExit` restates
//! `u, v` after the last round: `u = y₁ - 7y₀ + 5w₁`, `v = 5w₂ - 10w₁ - 9y₁ + 14y₀` (rounds 54 and 55).
//!
//! # Degree
//! Four: a selector times `x · (x²)²`.
//!
//! # Soundness
//! Each cell but the three inputs is the left side of exactly one constraint whose right side holds earlier cells only
//! (`[P2-1]`…`[P2-8]` in `gate.rs`), so the inputs determine the outputs.

pub(crate) mod gate;
pub(crate) mod trace;

pub use trace::permute;

/// Rows of one permutation.
pub const ROWS: usize = 168;

/// First row of the partial rounds' own cells.
pub(crate) const PARTIAL_START: usize = 29;
/// First row of the second half of the full rounds.
pub(crate) const SECOND_HALF: usize = 141;
/// First row of the output state.
pub(crate) const OUTPUT: usize = 165;
