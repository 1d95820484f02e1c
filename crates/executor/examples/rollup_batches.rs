//! The demonstration of the rollup, without its proofs:
//!
//! - `rollup_batches genesis` prints the root of the table the rollup begins with;
//! - `rollup_batches CHAIN_ID CONTRACT PROGRAM COUNT DIRECTORY` writes the first `COUNT` batches for one
//!   contract: `batch-NN.input` for the guest and `batch-NN.json`, with the batch, the roots, and the public
//!   values that the guest has to come to. The same call writes the same files.

mod transfers;

use std::{fs, path::Path};

use sha2::{Digest, Sha256};
use transfers::{Header, OWNERS, Order, Result, Table};

const USAGE: &str =
    "usage: rollup_batches genesis | rollup_batches CHAIN_ID CONTRACT PROGRAM COUNT DIRECTORY";

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["genesis"] => println!("{}", hex(&Sha256::digest(Table::genesis()?.encode()))),
        [chain_id, contract, program, count, directory] => {
            let mut table = Table::genesis()?;
            for number in 1..=count.parse()? {
                let header = Header {
                    chain_id: chain_id.parse()?,
                    contract: unhex(contract)?,
                    program: unhex(program)?,
                    number,
                };
                write_batch(&mut table, &header, Path::new(directory))?;
            }
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

/// One transfer a batch; every fifth goes to an account that does not exist at the beginning.
fn order(number: u64) -> Order {
    let from = ((number - 1) % u64::from(OWNERS)) as u32;
    let to = if number.is_multiple_of(5) { OWNERS } else { (from + 1) % OWNERS };
    Order { from, to, amount: 10 + number % 90 }
}

fn write_batch(table: &mut Table, header: &Header, directory: &Path) -> Result<()> {
    let before = table.encode();
    let batch = table.batch(header, &[order(header.number)])?;
    let [previous, next, hash] = [&before, &table.encode(), &batch].map(Sha256::digest);
    let mut domain = b"finial/transfers-rollup".to_vec();
    domain.resize(32, 0);
    let public = [&domain[..], &header.encode(), &previous, &next, &hash].concat();
    let name = directory.join(format!("batch-{:02}", header.number));
    fs::write(name.with_extension("input"), [header.encode(), before, batch.clone()].concat())?;
    let fields = [
        ("number", header.number.to_string()),
        ("chain_id", header.chain_id.to_string()),
        ("contract", format!("\"{}\"", hex(&header.contract))),
        ("previous_root", format!("\"{}\"", hex(&previous))),
        ("next_root", format!("\"{}\"", hex(&next))),
        ("batch", format!("\"{}\"", hex(&batch))),
        ("public_values", format!("\"{}\"", hex(&public))),
    ];
    let lines: Vec<_> = fields.iter().map(|(name, value)| format!("  \"{name}\": {value}")).collect();
    fs::write(name.with_extension("json"), format!("{{\n{}\n}}\n", lines.join(",\n")))?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::from("0x"), |text, byte| text + &format!("{byte:02x}"))
}

fn unhex<const N: usize>(text: &str) -> Result<[u8; N]> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 2 * N && digits.is_ascii());
    let digits = digits.ok_or_else(|| format!("{text} is not 0x and {} hexadecimal digits", 2 * N))?;
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * index..][..2], 16)?;
    }
    Ok(bytes)
}
