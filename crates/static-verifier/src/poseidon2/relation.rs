//! The relations between rows, and how two fixed columns name them.
//!
//! A relation is `λ·(α₀y₀ + α₁y₁ + α₂y₂ + β₁x₁ + β₂x₂ + k - x₃) = 0` for any `λ` but zero. Five coefficient columns would say
//! which one holds; each costs the contract a commitment. Instead the columns hold `s = λα₀` and `t = λα₁`, and the other
//! coefficients are polynomials in `s` and `t`:
//!
//! - that of `y₂` may have degree two only, since `y` has degree three. The scales are chosen so that `λα₂ = t·(s + 7)/28`;
//! - those of `x₁, x₂, x₃` are interpolated over the seven relations and the unused row, `s = t = 0`.

use halo2_base::halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use crate::convert::int_to_fr;

/// One relation, scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    /// The scale; the coefficient of `-x₃`.
    pub(crate) scale: i64,
    /// `α₀, α₁, α₂` before scaling.
    pub(crate) alpha: [i64; 3],
    /// `β₁, β₂` before scaling.
    pub(crate) beta: [i64; 2],
}

/// `c' = y_a + y_b + 2y_c`.
pub(crate) const F0: Relation = Relation { scale: 49, alpha: [1, 1, 2], beta: [0, 0] };
/// `a' = 2c' - y_b - 3y_c`, from row `b` on.
pub(crate) const F1: Relation = Relation { scale: 7, alpha: [-1, -3, 0], beta: [0, 2] };
/// `b' = 3c' - a' - 4y_c`, from row `c` on.
pub(crate) const F2: Relation = Relation { scale: 1, alpha: [-4, 0, 0], beta: [3, -1] };
/// A partial round.
pub(crate) const P: Relation = Relation { scale: -2, alpha: [7, -8, 2], beta: [-5, 5] };
/// The second partial round, from row `v` on.
pub(crate) const Q: Relation = Relation { scale: -21, alpha: [1, -4, 2], beta: [0, 3] };
/// `u` after the partial rounds.
pub(crate) const R1: Relation = Relation { scale: 1, alpha: [-7, 1, 0], beta: [5, 0] };
/// `v` after the partial rounds.
pub(crate) const R2: Relation = Relation { scale: 1, alpha: [-7, 0, 0], beta: [5, -2] };

/// All of them.
pub(crate) const RELATIONS: [Relation; 7] = [F0, F1, F2, P, Q, R1, R2];

impl Relation {
    /// `s` and `t`.
    pub(crate) fn code(&self) -> [Fr; 2] {
        [self.scaled(self.alpha[0]), self.scaled(self.alpha[1])]
    }

    /// A coefficient times the scale.
    pub(crate) fn scaled(&self, coefficient: i64) -> Fr {
        int_to_fr(i128::from(self.scale) * i128::from(coefficient))
    }
}

/// Exponents of `s` and `t` in the interpolated coefficients. No constant: they vanish in unused rows.
pub(crate) const MONOMIALS: [[u64; 2]; 7] = [[1, 0], [2, 0], [0, 1], [1, 1], [0, 2], [2, 1], [1, 2]];

/// Coefficients, by [`MONOMIALS`], of the polynomial that takes these values at the relations' codes.
///
/// # Panics
/// If the monomials do not separate the relations; a test shows that they do.
pub(crate) fn interpolate(values: [Fr; 7]) -> [Fr; 7] {
    let mut rows: [[Fr; 8]; 7] = core::array::from_fn(|i| {
        let [s, t] = RELATIONS[i].code();
        core::array::from_fn(|j| match MONOMIALS.get(j) {
            Some([m, n]) => s.pow([*m]) * t.pow([*n]),
            None => values[i],
        })
    });
    for column in 0..7 {
        let pivot =
            (column..7).find(|&row| rows[row][column] != Fr::ZERO).expect("the relations are separated");
        rows.swap(column, pivot);
        let inverse = Option::<Fr>::from(rows[column][column].invert()).expect("the pivot is not zero");
        rows[column] = rows[column].map(|x| x * inverse);
        let pivot = rows[column];
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != column) {
            let factor = row[column];
            *row = core::array::from_fn(|j| row[j] - factor * pivot[j]);
        }
    }
    rows.map(|row| row[7])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomials_give_every_relation_its_coefficients() {
        let evaluate = |polynomial: &[Fr; 7], [s, t]: [Fr; 2]| {
            let terms = polynomial.iter().zip(MONOMIALS).map(|(c, [m, n])| *c * s.pow([m]) * t.pow([n]));
            terms.fold(Fr::ZERO, |sum, term| sum + term)
        };
        let wanted: [fn(&Relation) -> Fr; 3] =
            [|r| r.scaled(r.beta[0]), |r| r.scaled(r.beta[1]), |r| r.scaled(-1)];
        for wanted in wanted {
            let polynomial = interpolate(core::array::from_fn(|i| wanted(&RELATIONS[i])));
            for relation in &RELATIONS {
                assert_eq!(evaluate(&polynomial, relation.code()), wanted(relation), "{relation:?}");
            }
        }
        for relation in &RELATIONS {
            let [s, t] = relation.code();
            assert_eq!(
                t * (s + Fr::from(7)),
                relation.scaled(relation.alpha[2]) * Fr::from(28),
                "{relation:?}"
            );
        }
    }
}
