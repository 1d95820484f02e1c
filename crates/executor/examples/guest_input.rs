//! Writes a valid input of a guest under `tests/guests`: `guest_input GUEST [N] > FILE`, with `N` the
//! number of steps or transfers. Keys come from fixed seeds and signatures from RFC 6979, so that the
//! same call writes the same bytes. The formats are in `tests/guests/README.md`.

use std::{error::Error, io::Write};

use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use sha2::{Digest, Sha256};

fn main() -> Result<(), Box<dyn Error>> {
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

fn ecdsa(message: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let owner = Owner::new(0)?;
    Ok([&owner.public[..], &owner.sign(message)?, message].concat())
}

/// An account's owner.
struct Owner {
    key: SigningKey,
    public: Vec<u8>,
    id: [u8; 20],
}

impl Owner {
    fn new(index: u32) -> Result<Self, Box<dyn Error>> {
        let seed = Sha256::digest([b"finial test key".as_slice(), &index.to_le_bytes()].concat());
        let key = SigningKey::from_slice(&seed)?;
        let public = key.verifying_key().to_encoded_point(true).as_bytes().to_vec();
        let id = Sha256::digest(&public)[..20].try_into()?;
        Ok(Self { key, public, id })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let signature: Signature = self.key.sign_prehash(&Sha256::digest(message))?;
        Ok(signature.normalize_s().unwrap_or(signature).to_bytes().to_vec())
    }

    fn transfer(&self, to: &[u8; 20], amount: u64, nonce: u32) -> Result<Vec<u8>, Box<dyn Error>> {
        let terms = [to.as_slice(), &amount.to_le_bytes(), &nonce.to_le_bytes()].concat();
        let message = [b"finial/transfers/1".as_slice(), &self.id, &terms].concat();
        Ok([&self.public[..], &terms, &self.sign(&message)?].concat())
    }
}

/// Four accounts pass an amount around; the last transfer goes to an account that does not exist yet.
fn transfers(count: u32) -> Result<Vec<u8>, Box<dyn Error>> {
    const OWNERS: u32 = 4;
    let owners = (0..=OWNERS).map(Owner::new).collect::<Result<Vec<_>, _>>()?;
    let mut table: Vec<_> = owners[..OWNERS as usize].iter().map(|owner| owner.id).collect();
    table.sort_unstable();
    let mut input = OWNERS.to_le_bytes().to_vec();
    for id in table {
        input.extend(id);
        input.extend(1_000_u64.to_le_bytes());
        input.extend(0_u32.to_le_bytes());
    }
    input.extend(count.to_le_bytes());
    for i in 0..count {
        let from = &owners[(i % OWNERS) as usize];
        let to = if i + 1 == count { OWNERS } else { (i + 1) % OWNERS };
        input.extend(from.transfer(&owners[to as usize].id, 10 + u64::from(i % 90), i / OWNERS)?);
    }
    Ok(input)
}
