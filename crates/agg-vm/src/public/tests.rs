use p3_field::PrimeCharacteristicRing;

use crate::testing::{Case, PUBLIC, Violations};
use crate::{F, NUM_PUBLIC_VALUES};

#[test]
fn every_public_value_is_bound() {
    for i in 0..NUM_PUBLIC_VALUES {
        let mut case = Case::sample();
        case.public_values[PUBLIC][i] += F::ONE;
        assert_eq!(case.violations(), Violations::from(["PUB-1"]));
        // Changing the row along with it unties it from its cell.
        case.row(PUBLIC, i / 4)[i % 4] += F::ONE;
        assert_eq!(case.violations(), Violations::from(["BUS"]));
    }
}

#[test]
fn public_values_cannot_change_places() {
    let mut case = Case::sample();
    case.public_values[PUBLIC].rotate_left(4);
    assert!(case.violations().contains("PUB-1"));
}
