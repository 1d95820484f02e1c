//! `FINIAL_NO_IFMA=1` keeps a process on the scalar path.

use std::process::Command;

use finial_bn254_hash::backend::NO_IFMA_VARIABLE;
use finial_bn254_hash::{Backend, Bn254Compression, Bn254Sponge};

/// Set in the processes that [`the_variable_decides`] starts: what they must see.
const EXPECTED: &str = "FINIAL_TEST_EXPECTED_BACKEND";

#[test]
fn the_variable_decides() {
    let fastest = if Backend::Ifma.require().is_ok() { Backend::Ifma } else { Backend::Scalar };
    for (value, expected) in [("1", Backend::Scalar), ("0", fastest), ("", fastest)] {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_sees_what_was_expected"])
            .env(NO_IFMA_VARIABLE, value)
            .env(EXPECTED, format!("{expected:?}"))
            .status()
            .unwrap();
        assert!(status.success(), "{NO_IFMA_VARIABLE}={value:?} must lead to {expected:?}");
    }
}

/// Has something to check only in a process that [`the_variable_decides`] started.
#[test]
fn child_sees_what_was_expected() {
    let Ok(expected) = std::env::var(EXPECTED) else { return };
    assert_eq!(format!("{:?}", Backend::detect()), expected);
    assert_eq!(format!("{:?}", Bn254Sponge::new().backend()), expected);
    assert_eq!(format!("{:?}", Bn254Compression::new().backend()), expected);
}
