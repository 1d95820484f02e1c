//! Applies a batch of signed transfers to a table of balances, for one rollup contract on one chain.
//! `tests/guests/README.md` has the formats; a batch with a single transfer that is not valid is a panic,
//! so it has no proof.
#![no_std]
#![no_main]

extern crate alloc;

mod ecdsa;
mod header;
mod ledger;
mod transfer;

use header::Header;
use ledger::Ledger;
use sha2::{Digest, Sha256};
use transfer::Transfer;

fn main() {
    let input = finial_guest::read_input();
    let (header, rest) = Header::parse(&input);
    let (mut ledger, batch) = Ledger::parse(rest);
    // The header is chosen by whoever proves, and so is the table: the contract compares all of this with
    // what it knows. Whatever is not committed here could be anything.
    finial_guest::commit(&header::DOMAIN);
    finial_guest::commit(header.as_bytes());
    finial_guest::commit(&ledger.root());
    for transfer in &Transfer::parse_batch(batch) {
        transfer.verify(&header);
        ledger.apply(transfer);
    }
    finial_guest::commit(&ledger.root());
    let batch_hash: [u8; 32] = Sha256::digest(batch).into();
    finial_guest::commit(&batch_hash);
}

finial_guest::entry!(main);
