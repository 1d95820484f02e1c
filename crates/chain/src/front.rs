//! A verifier's two contracts, the generated one and its front: what they come to in a local EVM, and whether the
//! front says of itself what its manifest says.

use std::fmt::Display;

use alloy_primitives::{Address, B256, FixedBytes};
use alloy_sol_types::{SolCall, SolValue};
use finial_evm::calldata::IFinialVerifier::{
    VERSION_SELECTORCall, halo2VerifierCall, insecureParametersCall, verifierCodeHashCall,
};

use crate::create2;
use crate::deploy::Verifier;
use crate::error::Error;
use crate::rehearse::{Creation, Rehearsal, rehearse};

impl Verifier {
    /// Where the generated verifier is on every chain.
    fn generated(&self) -> Address {
        create2::address(&self.contract.verifier_code)
    }

    /// The generated verifier and the front behind which it stands.
    pub(crate) fn creations(&self) -> [Creation; 2] {
        let verifier = self.contract.verifier_code.clone();
        let front = [self.contract.front_code.as_slice(), &self.generated().abi_encode()].concat();
        [
            Creation { name: format!("{}/Halo2Verifier", self.path), init_code: verifier },
            Creation { name: format!("{}/{}", self.path, self.front), init_code: front },
        ]
    }
}

/// Hash of the front's code, as its files make it.
///
/// # Errors
/// When the files do not make what their manifest says.
pub(crate) fn code_hash(chain_id: u64, verifier: &Verifier) -> Result<B256, Error> {
    let mut rehearsal = rehearse(chain_id, &verifier.creations())?;
    require_honest(&mut rehearsal, verifier)?;
    let [_, front] = verifier.creations();
    rehearsal.code_hash(&front)
}

/// Compares the contracts in the local EVM with their manifest: the generated verifier by its code hash, by which
/// proofs name it, and the front by its answers. A front's files could be another contract's, which calls another
/// verifier, names itself with another selector at the router, or hides that its parameters are insecure.
///
/// # Errors
/// Names the contract and what differs.
pub(crate) fn require_honest(rehearsal: &mut Rehearsal, verifier: &Verifier) -> Result<(), Error> {
    let [generated, front] = verifier.creations();
    let manifest = &verifier.contract.manifest;
    let code_hash = B256::from(manifest.code_hash);
    if rehearsal.code_hash(&generated)? != code_hash {
        let why = format!("its code does not have the manifest's hash {code_hash}");
        return Err(Error::Rehearsal { name: generated.name, why });
    }
    require_answer(rehearsal, &front, &verifierCodeHashCall {}, code_hash)?;
    require_answer(rehearsal, &front, &halo2VerifierCall {}, verifier.generated())?;
    require_answer(rehearsal, &front, &insecureParametersCall {}, manifest.params.insecure)?;
    require_answer(rehearsal, &front, &VERSION_SELECTORCall {}, FixedBytes::from_slice(&code_hash[..4]))
}

fn require_answer<C: SolCall>(
    rehearsal: &mut Rehearsal,
    front: &Creation,
    question: &C,
    expected: C::Return,
) -> Result<(), Error>
where
    C::Return: PartialEq + Display,
{
    let why = match rehearsal.ask(create2::address(&front.init_code), question) {
        Some(answer) if answer == expected => return Ok(()),
        Some(answer) => format!("{} is {answer}, where the manifest makes it {expected}", C::SIGNATURE),
        None => format!("it does not answer {}", C::SIGNATURE),
    };
    Err(Error::Rehearsal { name: front.name.clone(), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifacts;
    use finial_evm::Circuit;
    use std::path::Path;

    const OWN_CHAIN: u64 = 31337;

    fn small(circuit: Circuit) -> Verifier {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../evm/tests/fixtures/small");
        artifacts::verifier(circuit, Some(&root)).unwrap()
    }

    /// Creation code of a contract that answers these selectors with these words and reverts on all others.
    fn answering(answers: &[([u8; 4], B256)]) -> Vec<u8> {
        // selector = calldataload(0) >> 224
        let mut code = vec![0x5f, 0x35, 0x60, 0xe0, 0x1c];
        for (selector, word) in answers {
            // if selector != it, jump behind; mstore(0, word); return(0, 32)
            let behind = u16::try_from(code.len() + 51).unwrap().to_be_bytes();
            code.extend([&[0x80, 0x63][..], selector, &[0x14, 0x15, 0x61], &behind, &[0x57]].concat());
            code.extend([&[0x7f][..], word.as_slice(), &[0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3, 0x5b]].concat());
        }
        code.extend([0x5f, 0x5f, 0xfd]);
        let [high, low] = u16::try_from(code.len()).unwrap().to_be_bytes();
        // codecopy(0, 12, length); return(0, length)
        [&[0x61, high, low, 0x60, 12, 0x5f, 0x39, 0x61, high, low, 0x5f, 0xf3], code.as_slice()].concat()
    }

    #[test]
    fn honest_fronts_pass() {
        for circuit in Circuit::ALL {
            assert_ne!(code_hash(OWN_CHAIN, &small(circuit)).unwrap(), B256::ZERO);
        }
    }

    #[test]
    fn a_front_that_says_something_else_is_named() {
        let mut verifier = small(Circuit::Direct);
        let hash = B256::from(verifier.contract.manifest.code_hash);
        let honest = [
            (verifierCodeHashCall::SELECTOR, hash),
            (halo2VerifierCall::SELECTOR, verifier.generated().into_word()),
            (insecureParametersCall::SELECTOR, B256::with_last_byte(1)),
            (VERSION_SELECTORCall::SELECTOR, B256::right_padding_from(&hash[..4])),
        ];
        let names = ["verifierCodeHash()", "halo2Verifier()", "insecureParameters()", "VERSION_SELECTOR()"];
        verifier.contract.front_code = answering(&honest);
        code_hash(OWN_CHAIN, &verifier).unwrap();
        for (index, name) in names.into_iter().enumerate() {
            let mut lying = honest;
            lying[index].1[if index == 3 { 0 } else { 31 }] ^= 1;
            verifier.contract.front_code = answering(&lying);
            let error = code_hash(OWN_CHAIN, &verifier).unwrap_err().to_string();
            assert!(error.contains(&format!("{name} is")), "{error}");
            let silent: Vec<_> = honest.into_iter().filter(|answer| *answer != honest[index]).collect();
            verifier.contract.front_code = answering(&silent);
            let error = code_hash(OWN_CHAIN, &verifier).unwrap_err().to_string();
            assert!(error.contains(&format!("does not answer {name}")), "{error}");
        }
    }

    #[test]
    fn a_manifest_that_calls_development_parameters_secure_is_refused() {
        let mut verifier = small(Circuit::Direct);
        verifier.contract.manifest.params.insecure = false;
        let error = code_hash(OWN_CHAIN, &verifier).unwrap_err().to_string();
        assert!(error.contains("insecureParameters() is true"), "{error}");
    }
}
