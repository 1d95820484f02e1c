//! Input: a compressed SEC1 public key over secp256k1 (33 bytes), a signature r ‖ s (64 bytes, big-endian,
//! s in the lower half), then the message. Output: the key (33 bytes) and the SHA-256 of the message (32
//! bytes), which the signature covers. A signature that does not verify is a panic.
#![no_std]
#![no_main]

use k256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use sha2::{Digest, Sha256};

fn main() {
    let input = finial_guest::read_input();
    let (key, rest) = input.split_first_chunk::<33>().expect("the input begins with a public key");
    let (signature, message) = rest.split_first_chunk::<64>().expect("a signature follows the key");
    let verifying_key = VerifyingKey::from_sec1_bytes(key).expect("the public key is a point");
    let signature = Signature::from_slice(signature).expect("the signature is well formed");
    let digest: [u8; 32] = Sha256::digest(message).into();
    verifying_key.verify_prehash(&digest, &signature).expect("the signature verifies");
    finial_guest::commit(key);
    finial_guest::commit(&digest);
}

finial_guest::entry!(main);
