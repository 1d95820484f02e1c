//! Writes a valid input of a guest under `tests/guests`: `guest_input GUEST [N] > FILE`, with `N` the
//! number of steps or transfers. Keys come from fixed seeds and signatures from RFC 6979, so that the
//! same call writes the same bytes. The formats are in `tests/guests/README.md`.

mod transfers;

use std::io::Write;

use transfers::{Header, OWNERS, Order, Owner, Result, Table};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let guest = arguments.next().ok_or("which guest?")?;
    let n = arguments.next().map(|text| text.parse()).transpose()?;
    let bytes = match guest.as_str() {
        "fibonacci" => n.unwrap_or(10_u32).to_le_bytes().to_vec(),
        "sha256-chain" | "keccak-chain" => chain(n.unwrap_or(10)),
        // 65521 * 65537 in postcard.
        "factors" => vec![0xf1, 0xff, 0xc7, 0xff, 0x0f],
        "ecdsa-verify" => ecdsa(b"a finial closes the top of a spire")?,
        "transfers" => transfers(n.unwrap_or(2))?,
        other => return Err(format!("no guest named {other}").into()),
    };
    std::io::stdout().write_all(&bytes)?;
    Ok(())
}

fn chain(n: u32) -> Vec<u8> {
    let seed: Vec<u8> = (0..32).collect();
    [n.to_le_bytes().as_slice(), &seed].concat()
}

fn ecdsa(message: &[u8]) -> Result<Vec<u8>> {
    let owner = Owner::new(0)?;
    Ok([&owner.public[..], &owner.sign(message)?, message].concat())
}

/// Four accounts pass an amount around; the last transfer goes to an account that does not exist yet. The
/// header is of no real contract: see `rollup_batches` for batches that settle.
fn transfers(count: u32) -> Result<Vec<u8>> {
    let header = Header { chain_id: 31337, contract: [0xc0; 20], program: [0xee; 32], number: 1 };
    let mut table = Table::genesis()?;
    let before = table.encode();
    let order = |i| Order {
        from: i % OWNERS,
        to: if i + 1 == count { OWNERS } else { (i + 1) % OWNERS },
        amount: 10 + u64::from(i % 90),
    };
    let batch = table.batch(&header, &(0..count).map(order).collect::<Vec<_>>())?;
    Ok([header.encode(), before, batch].concat())
}
