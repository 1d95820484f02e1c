//! Applies a batch of signed transfers to a table of balances. `tests/guests/README.md` has the
//! formats; a batch with a single transfer that is not valid is a panic, so it has no proof.
#![no_std]
#![no_main]

extern crate alloc;

mod ledger;
mod transfer;

use ledger::Ledger;
use sha2::{Digest, Sha256};
use transfer::Transfer;

fn main() {
    let input = finial_guest::read_input();
    let (mut ledger, batch) = Ledger::parse(&input);
    let old_root = ledger.root();
    let transfers = Transfer::parse_batch(batch);
    for transfer in &transfers {
        transfer.verify();
        ledger.apply(transfer);
    }
    finial_guest::commit(&old_root);
    finial_guest::commit(&ledger.root());
    let batch_digest: [u8; 32] = Sha256::digest(batch).into();
    finial_guest::commit(&batch_digest);
}

finial_guest::entry!(main);
