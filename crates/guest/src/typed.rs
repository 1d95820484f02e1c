//! Typed values, in `postcard`.

use serde::{Serialize, de::DeserializeOwned};

use crate::{commit, read_input, unconstrained};

/// Reads the input as a value.
///
/// # Panics
/// If the input is not exactly the encoding of a `T`.
pub fn read_value<T: DeserializeOwned>() -> T {
    decode(&read_input())
}

/// Commits the encoding of a value.
///
/// # Panics
/// If the value cannot be encoded.
pub fn commit_value<T: Serialize>(value: &T) {
    commit(&postcard::to_allocvec(value).expect("the value can be encoded"));
}

/// [`unconstrained`](unconstrained()) for a value, which is a hint: check it.
///
/// # Panics
/// If the value cannot be encoded, or the hint is not the encoding of a `T`.
pub fn unconstrained_value<T: Serialize + DeserializeOwned>(block: impl FnOnce() -> T) -> T {
    decode(&unconstrained(|| postcard::to_allocvec(&block()).expect("the value can be encoded")))
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> T {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => value,
        Ok((_, rest)) => panic!("{} bytes follow the value", rest.len()),
        Err(error) => panic!("not the encoding of the value: {error}"),
    }
}
