//! A transfer: key (33 bytes) ‖ recipient (20) ‖ amount (8) ‖ nonce (4) ‖ signature (64).

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::{ecdsa, header::Header, ledger::Id};

/// Separates these signatures from any other use of the keys.
const DOMAIN: &[u8] = b"finial/transfers/2";

/// Bytes of an encoded transfer.
const TRANSFER_BYTES: usize = 33 + 20 + 8 + 4 + 64;

pub struct Transfer<'a> {
    key: &'a [u8; 33],
    pub from: Id,
    pub to: &'a Id,
    amount: &'a [u8; 8],
    nonce: &'a [u8; 4],
    signature: &'a [u8],
}

impl<'a> Transfer<'a> {
    /// Reads a batch, which is the rest of the input.
    pub fn parse_batch(batch: &'a [u8]) -> Vec<Self> {
        let (count, rest) =
            batch.split_first_chunk::<4>().expect("the batch begins with a count of transfers");
        let (transfers, rest) = rest.as_chunks::<TRANSFER_BYTES>();
        assert!(
            rest.is_empty() && transfers.len() == u32::from_le_bytes(*count) as usize,
            "the batch is exact"
        );
        transfers.iter().map(Self::decode).collect()
    }

    fn decode(bytes: &'a [u8; TRANSFER_BYTES]) -> Self {
        let (key, rest) = bytes.split_first_chunk::<33>().expect("a transfer has 129 bytes");
        let (to, rest) = rest.split_first_chunk().expect("a transfer has 129 bytes");
        let (amount, rest) = rest.split_first_chunk().expect("a transfer has 129 bytes");
        let (nonce, signature) = rest.split_first_chunk().expect("a transfer has 129 bytes");
        let digest: [u8; 32] = Sha256::digest(key).into();
        let from = *digest.first_chunk().expect("a digest has 32 bytes");
        Self { key, from, to, amount, nonce, signature }
    }

    pub fn amount(&self) -> u64 {
        u64::from_le_bytes(*self.amount)
    }

    pub fn nonce(&self) -> u32 {
        u32::from_le_bytes(*self.nonce)
    }

    /// Checks the signature over the SHA-256 of domain ‖ chain id ‖ contract ‖ sender ‖ recipient ‖ amount ‖
    /// nonce: it is of no use for another rollup.
    pub fn verify(&self, header: &Header<'_>) {
        let mut hasher = Sha256::new();
        hasher.update(DOMAIN);
        hasher.update(header.place());
        hasher.update(self.from);
        hasher.update(self.to);
        hasher.update(self.amount);
        hasher.update(self.nonce);
        let digest: [u8; 32] = hasher.finalize().into();
        let hints = finial_guest::unconstrained(|| ecdsa::find_hints(self.key, &digest, self.signature));
        if let Err(refusal) = ecdsa::check(self.key, &digest, self.signature, &hints) {
            panic!("the signature does not verify: {refusal:?}");
        }
    }
}
