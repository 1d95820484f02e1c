//! Makes tables, signed transfers and inputs for the guest `transfers`, whose formats are in
//! `tests/guests/README.md`. Keys come from fixed seeds and signatures from RFC 6979.

use std::{collections::BTreeMap, error::Error};

use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use sha2::{Digest, Sha256};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Owners of the accounts that exist at the beginning.
pub const OWNERS: u32 = 4;

/// An account's owner.
pub struct Owner {
    key: SigningKey,
    pub public: Vec<u8>,
    pub id: [u8; 20],
}

impl Owner {
    /// The owner with a fixed, public key: for demonstrations only.
    pub fn new(index: u32) -> Result<Self> {
        let seed = Sha256::digest([b"finial test key".as_slice(), &index.to_le_bytes()].concat());
        let key = SigningKey::from_slice(&seed)?;
        let public = key.verifying_key().to_encoded_point(true).as_bytes().to_vec();
        let id = Sha256::digest(&public)[..20].try_into()?;
        Ok(Self { key, public, id })
    }

    /// Signs the SHA-256 of a message.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature: Signature = self.key.sign_prehash(&Sha256::digest(message))?;
        Ok(signature.normalize_s().unwrap_or(signature).to_bytes().to_vec())
    }
}

/// What a proof is bound to, in words as the EVM has them.
pub struct Header {
    pub chain_id: u64,
    pub contract: [u8; 20],
    pub program: [u8; 32],
    pub number: u64,
}

impl Header {
    pub fn encode(&self) -> Vec<u8> {
        let mut contract = [0; 32];
        contract[12..].copy_from_slice(&self.contract);
        [word(1), word(self.chain_id), contract, self.program, word(self.number)].concat()
    }

    /// Chain id and contract, which the signatures cover.
    fn place(&self) -> Vec<u8> {
        self.encode()[32..96].to_vec()
    }
}

fn word(n: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&n.to_be_bytes());
    word
}

/// A transfer between owners, by their indices.
#[derive(Clone, Copy)]
pub struct Order {
    pub from: u32,
    pub to: u32,
    pub amount: u64,
}

/// Balances and nonces.
#[derive(Clone)]
pub struct Table(BTreeMap<[u8; 20], (u64, u32)>);

impl Table {
    /// A thousand for each of the first owners.
    pub fn genesis() -> Result<Self> {
        let account = |index| Ok((Owner::new(index)?.id, (1000, 0)));
        Ok(Self((0..OWNERS).map(account).collect::<Result<_>>()?))
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = (self.0.len() as u32).to_le_bytes().to_vec();
        for (id, (balance, nonce)) in &self.0 {
            bytes.extend([&id[..], &balance.to_le_bytes(), &nonce.to_le_bytes()].concat());
        }
        bytes
    }

    /// Makes a batch of signed transfers and applies it.
    pub fn batch(&mut self, header: &Header, orders: &[Order]) -> Result<Vec<u8>> {
        let mut batch = (orders.len() as u32).to_le_bytes().to_vec();
        for order in orders {
            batch.extend(self.transfer(header, *order)?);
        }
        Ok(batch)
    }

    fn transfer(&mut self, header: &Header, Order { from, to, amount }: Order) -> Result<Vec<u8>> {
        let (from, to) = (Owner::new(from)?, Owner::new(to)?);
        let sender = self.0.get_mut(&from.id).ok_or("the sender has no account")?;
        let nonce = sender.1;
        *sender = (sender.0.checked_sub(amount).ok_or("the balance does not suffice")?, nonce + 1);
        self.0.entry(to.id).or_default().0 += amount;
        let terms = [to.id.as_slice(), &amount.to_le_bytes(), &nonce.to_le_bytes()].concat();
        let message = [b"finial/transfers/2".as_slice(), &header.place(), &from.id, &terms].concat();
        Ok([&from.public[..], &terms, &from.sign(&message)?].concat())
    }
}
