//! Arithmetic of [`E`](crate::E) on coordinates that are expressions.

use p3_field::PrimeCharacteristicRing;

/// The product in `R[X]/(X⁴ - 3)`.
pub(crate) fn multiply<R: PrimeCharacteristicRing>(a: &[R; 4], b: &[R; 4]) -> [R; 4] {
    core::array::from_fn(|k| {
        let term = |i: usize| a[i].dup() * b[(k + 4 - i) % 4].dup();
        let low = (1..=k).fold(term(0), |sum, i| sum + term(i));
        // X⁴ = 3 for the products whose degree is 4 + k.
        match (k + 1..4).map(term).reduce(|sum, t| sum + t) {
            Some(high) => low + high.double() + high,
            None => low,
        }
    })
}

/// The sum, coordinate by coordinate.
pub(crate) fn add<R: PrimeCharacteristicRing>(a: [R; 4], b: &[R; 4]) -> [R; 4] {
    let mut b = b.iter();
    a.map(|x| x + b.next().expect("both have four coordinates").dup())
}

/// The product with an element of the base ring.
pub(crate) fn scale<R: PrimeCharacteristicRing>(a: &[R; 4], k: &R) -> [R; 4] {
    core::array::from_fn(|i| a[i].dup() * k.dup())
}

#[cfg(test)]
mod tests {
    use p3_field::BasedVectorSpace;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    use super::multiply;
    use crate::{E, F};

    #[test]
    fn the_product_is_the_fields() {
        let [a, b]: [E; 2] = SmallRng::seed_from_u64(1).random();
        let coordinates = |x: &E| -> [F; 4] {
            let x: &[F] = x.as_basis_coefficients_slice();
            core::array::from_fn(|i| x[i])
        };
        assert_eq!(multiply(&coordinates(&a), &coordinates(&b)), coordinates(&(a * b)));
    }
}
