//! What a proof is bound to besides its batch: five words of 32 bytes, big-endian as on the EVM:
//! version ‖ chain id ‖ contract ‖ program ‖ number of the batch.

const WORD: usize = 32;
const HEADER_BYTES: usize = 5 * WORD;
const ADDRESS_BYTES: usize = 20;

/// First word of the public values: no other statement begins with it.
pub const DOMAIN: [u8; WORD] = *b"finial/transfers-rollup\0\0\0\0\0\0\0\0\0";

/// Version of the formats of input, batch and public values.
const VERSION: u8 = 1;

pub struct Header<'a>(&'a [u8; HEADER_BYTES]);

impl<'a> Header<'a> {
    /// Reads the header at the head of the input; returns what follows it, too.
    pub fn parse(input: &'a [u8]) -> (Self, &'a [u8]) {
        let (header, rest) = input.split_first_chunk().expect("the input begins with a header");
        let header = Self(header);
        let (zeros, version) = header.word(0).split_at(WORD - 1);
        assert!(is_zero(zeros) && version == [VERSION], "the version is {VERSION}");
        assert!(is_zero(&header.word(2)[..WORD - ADDRESS_BYTES]), "the contract is an address");
        (header, rest)
    }

    fn word(&self, index: usize) -> &'a [u8] {
        &self.0[index * WORD..][..WORD]
    }

    /// What a signature is bound to: the chain id and the contract, 64 bytes.
    pub fn place(&self) -> &'a [u8] {
        &self.0[WORD..3 * WORD]
    }

    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}
