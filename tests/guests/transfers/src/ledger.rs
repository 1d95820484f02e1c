//! The state: accounts in ascending order of their ids, and its root, the SHA-256 of its encoding.

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::transfer::Transfer;

/// Bytes of an encoded account.
const ACCOUNT_BYTES: usize = 32;

/// First 20 bytes of the SHA-256 of the owner's compressed public key.
pub type Id = [u8; 20];

#[derive(Clone, Copy)]
struct Account {
    id: Id,
    balance: u64,
    nonce: u32,
}

impl Account {
    fn decode(bytes: &[u8; ACCOUNT_BYTES]) -> Self {
        let (id, rest) = bytes.split_first_chunk::<20>().expect("an account has 32 bytes");
        let (balance, nonce) = rest.split_first_chunk::<8>().expect("an account has 32 bytes");
        Self {
            id: *id,
            balance: u64::from_le_bytes(*balance),
            nonce: u32::from_le_bytes(nonce.try_into().expect("an account has 32 bytes")),
        }
    }
}

pub struct Ledger {
    accounts: Vec<Account>,
}

impl Ledger {
    /// Reads the table at the head of the input; returns what follows it, too.
    pub fn parse(input: &[u8]) -> (Self, &[u8]) {
        let (count, rest) =
            input.split_first_chunk::<4>().expect("the input begins with a count of accounts");
        let length =
            (u32::from_le_bytes(*count) as usize).checked_mul(ACCOUNT_BYTES).expect("the table fits memory");
        let (table, rest) = rest.split_at_checked(length).expect("the table of accounts is complete");
        let accounts: Vec<_> = table.as_chunks::<ACCOUNT_BYTES>().0.iter().map(Account::decode).collect();
        // Strict order: one account per id, and one encoding per state.
        assert!(accounts.is_sorted_by(|a, b| a.id < b.id), "account ids ascend");
        (Self { accounts }, rest)
    }

    pub fn root(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update((self.accounts.len() as u32).to_le_bytes());
        for account in &self.accounts {
            hasher.update(account.id);
            hasher.update(account.balance.to_le_bytes());
            hasher.update(account.nonce.to_le_bytes());
        }
        hasher.finalize().into()
    }

    /// Moves the amount, creating the recipient's account if there is none.
    pub fn apply(&mut self, transfer: &Transfer<'_>) {
        let from = self.find(&transfer.from).expect("the sender has an account");
        let sender = &mut self.accounts[from];
        assert!(sender.nonce == transfer.nonce(), "the nonce is the sender's next");
        sender.nonce = sender.nonce.checked_add(1).expect("the sender's nonces are not used up");
        sender.balance =
            sender.balance.checked_sub(transfer.amount()).expect("the sender's balance suffices");
        let to = self.find_or_create(transfer.to);
        let recipient = &mut self.accounts[to];
        recipient.balance = recipient.balance.checked_add(transfer.amount()).expect("the balance fits");
    }

    fn find(&self, id: &Id) -> Result<usize, usize> {
        self.accounts.binary_search_by(|account| account.id.cmp(id))
    }

    fn find_or_create(&mut self, id: &Id) -> usize {
        self.find(id).unwrap_or_else(|index| {
            self.accounts.insert(index, Account { id: *id, balance: 0, nonce: 0 });
            index
        })
    }
}
