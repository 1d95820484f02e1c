//! Keys to sign with: from a keystore file, from the environment, or none at all (an unlocked account of a
//! development node). A key never comes from an argument, and neither keys nor passwords appear in an error
//! or in `Debug`; what held them is wiped when dropped.

use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::Address;
use serde::Deserialize;
use thiserror::Error;
use zeroize::Zeroizing;

/// Variable with a private key.
pub const KEY_VARIABLE: &str = "FINIAL_PRIVATE_KEY";
/// Variable with a keystore's password.
pub const PASSWORD_VARIABLE: &str = "FINIAL_KEYSTORE_PASSWORD";

/// A keystore may ask for this much work, so that a file cannot make this program run for hours.
const MAX_SCRYPT_N: u64 = 1 << 20;
const MAX_SCRYPT_R_P: u64 = 16;
const MAX_PBKDF2_ROUNDS: u64 = 10_000_000;

/// Why there is no key. No variant carries anything of the key, the password or the files' contents.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Nothing names a key.
    #[error(
        "no key to sign with: give --keystore FILE, set FINIAL_PRIVATE_KEY, or (development chains) --unlocked ADDRESS"
    )]
    None,
    /// The variable does not hold a key.
    #[error("FINIAL_PRIVATE_KEY is not 32 bytes in hexadecimal, or no secp256k1 key")]
    Environment,
    /// A file cannot be read.
    #[error("cannot read {path}: {kind}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// Not a keystore.
    #[error("{path} is not a keystore file of version 3 with scrypt or pbkdf2")]
    Keystore {
        /// Which file.
        path: PathBuf,
    },
    /// The password is wrong.
    #[error("the password does not open {path}")]
    Password {
        /// Which file.
        path: PathBuf,
    },
    /// Nobody can be asked.
    #[error(
        "no password for the keystore: there is no terminal to ask at; give --password-file, or set FINIAL_KEYSTORE_PASSWORD"
    )]
    NoPassword,
}

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A keystore file, and a file with its password; without one, the environment or the terminal.
    Keystore {
        /// The keystore.
        file: PathBuf,
        /// The password.
        password: Option<PathBuf>,
    },
    /// [`KEY_VARIABLE`].
    Environment,
    /// An account that the node signs for.
    Unlocked(Address),
}

/// Who signs.
pub enum Sender {
    /// This process.
    Key(PrivateKeySigner),
    /// The node.
    Unlocked(Address),
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Key(_) => "Key",
            Self::Unlocked(_) => "Unlocked",
        };
        f.debug_tuple(kind).field(&self.address()).finish()
    }
}

impl Sender {
    /// The account.
    #[must_use]
    pub const fn address(&self) -> Address {
        match self {
            Self::Key(signer) => signer.address(),
            Self::Unlocked(address) => *address,
        }
    }
}

impl KeySource {
    /// What the options name, the environment where they name nothing; `None` if there is no key at all.
    #[must_use]
    pub fn choose(
        keystore: Option<&Path>,
        password: Option<&Path>,
        unlocked: Option<Address>,
    ) -> Option<Self> {
        match (keystore, unlocked) {
            (Some(file), _) => {
                Some(Self::Keystore { file: file.to_owned(), password: password.map(Path::to_owned) })
            }
            (None, Some(address)) => Some(Self::Unlocked(address)),
            (None, None) => std::env::var_os(KEY_VARIABLE).map(|_| Self::Environment),
        }
    }

    /// Reads the key.
    ///
    /// # Errors
    /// Says which file or variable is wrong, never what it holds.
    pub fn open(&self) -> Result<Sender, KeyError> {
        match self {
            Self::Unlocked(address) => Ok(Sender::Unlocked(*address)),
            Self::Environment => {
                let text = variable(KEY_VARIABLE).ok_or(KeyError::Environment)?;
                Ok(Sender::Key(signer(&text).ok_or(KeyError::Environment)?))
            }
            Self::Keystore { file, password } => {
                // Before anybody is asked for a password.
                check_keystore(file)?;
                let password = read_password(file, password.as_deref())?;
                Ok(Sender::Key(decrypt(file, &password)?))
            }
        }
    }
}

/// A variable's text, wiped when dropped.
fn variable(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().map(Zeroizing::new)
}

/// The signer with this key in hexadecimal.
fn signer(text: &str) -> Option<PrivateKeySigner> {
    let text = text.trim();
    let mut key = Zeroizing::new([0_u8; 32]);
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut *key).ok()?;
    signer_of(&key)
}

fn signer_of(key: &[u8; 32]) -> Option<PrivateKeySigner> {
    PrivateKeySigner::from_slice(key).ok()
}

/// What of a keystore is looked at before it is decrypted: the decrypting crate indexes into a key of the
/// length that the file states, and works as long as it says.
#[derive(Deserialize)]
struct Keystore {
    version: u8,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
}

#[derive(Deserialize)]
struct Crypto {
    ciphertext: String,
    kdfparams: Kdf,
}

#[derive(Deserialize)]
struct Kdf {
    dklen: u64,
    n: Option<u64>,
    r: Option<u64>,
    p: Option<u64>,
    c: Option<u64>,
}

fn check_keystore(path: &Path) -> Result<(), KeyError> {
    let text = read(path)?;
    // The parser's own message may quote the file, which might be a bare key: it is dropped.
    let refused = || KeyError::Keystore { path: path.to_owned() };
    let keystore: Keystore = serde_json::from_str(&text).map_err(|_| refused())?;
    let kdf = &keystore.crypto.kdfparams;
    let work = match (kdf.n, kdf.r, kdf.p, kdf.c) {
        (Some(n), Some(r), Some(p), None) => {
            n.is_power_of_two()
                && (2..=MAX_SCRYPT_N).contains(&n)
                && (1..=MAX_SCRYPT_R_P).contains(&r)
                && (1..=MAX_SCRYPT_R_P).contains(&p)
        }
        (None, None, None, Some(c)) => (1..=MAX_PBKDF2_ROUNDS).contains(&c),
        _ => false,
    };
    let whole = keystore.version == 3 && kdf.dklen == 32 && keystore.crypto.ciphertext.len() == 64;
    if work && whole { Ok(()) } else { Err(refused()) }
}

fn decrypt(path: &Path, password: &str) -> Result<PrivateKeySigner, KeyError> {
    let key = eth_keystore::decrypt_key(path, password).map(Zeroizing::new).map_err(|error| match error {
        eth_keystore::KeystoreError::MacMismatch => KeyError::Password { path: path.to_owned() },
        _ => KeyError::Keystore { path: path.to_owned() },
    })?;
    let key: Option<&[u8; 32]> = key.as_slice().try_into().ok();
    key.and_then(signer_of).ok_or_else(|| KeyError::Keystore { path: path.to_owned() })
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| KeyError::Read { path: path.to_owned(), kind: error.kind() })
}

/// From the file, else the environment, else the terminal. One line end behind it is not part of it.
fn read_password(keystore: &Path, file: Option<&Path>) -> Result<Zeroizing<String>, KeyError> {
    if let Some(path) = file {
        let text = read(path)?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        return Ok(Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned()));
    }
    if let Some(password) = variable(PASSWORD_VARIABLE) {
        return Ok(password);
    }
    if !std::io::stdin().is_terminal() {
        return Err(KeyError::NoPassword);
    }
    rpassword::prompt_password(format!("Password of {}: ", keystore.display()))
        .map(Zeroizing::new)
        .map_err(|_| KeyError::NoPassword)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    /// Everything that an error or a `Debug` shows.
    fn shown(value: &Result<Sender, KeyError>) -> String {
        let text = value.as_ref().err().map(ToString::to_string).unwrap_or_default();
        format!("{value:?} {value:#?} {text}")
    }

    fn keystore(directory: &Path, password: &str) -> PathBuf {
        let key = hex::decode(KEY).unwrap();
        eth_keystore::encrypt_key(directory, &mut rand_08::thread_rng(), key, password, Some("key")).unwrap();
        directory.join("key")
    }

    #[test]
    fn a_keystore_opens_with_its_password_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = keystore(directory.path(), "correct horse");
        let password = directory.path().join("password");
        std::fs::write(&password, "correct horse\n").unwrap();
        let source = KeySource::Keystore { file: file.clone(), password: Some(password.clone()) };
        let opened = source.open();
        assert!(!shown(&opened).contains(&KEY[..8]), "{opened:?}");
        let address = opened.unwrap().address();
        assert_eq!(address.to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        std::fs::write(&password, "battery staple").unwrap();
        let refused = source.open();
        assert!(matches!(&refused, Err(KeyError::Password { .. })), "{refused:?}");
        assert!(!shown(&refused).contains("staple"));
        let missing = KeySource::Keystore { file, password: Some(directory.path().join("none")) };
        assert!(matches!(missing.open(), Err(KeyError::Read { .. })));
    }

    #[test]
    fn what_is_no_keystore_is_refused_without_a_word_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = keystore(directory.path(), "p");
        let whole: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let mut texts = vec![KEY.to_owned(), format!("\"{KEY}\""), format!("{{\"version\": \"{KEY}\"}}")];
        // A short key would be indexed beyond its end; endless work; a cipher text of another length.
        for (name, value) in [("dklen", 16), ("n", 1 << 30), ("n", 3), ("r", 1 << 20), ("p", 0)] {
            let mut changed = whole.clone();
            changed["crypto"]["kdfparams"][name] = value.into();
            texts.push(changed.to_string());
        }
        let mut changed = whole.clone();
        changed["crypto"]["ciphertext"] = "00".into();
        texts.push(changed.to_string());
        for text in texts {
            std::fs::write(&file, &text).unwrap();
            let refused = KeySource::Keystore { file: file.clone(), password: None }.open();
            assert!(matches!(&refused, Err(KeyError::Keystore { .. })), "{refused:?} for {text}");
            assert!(!shown(&refused).contains(&KEY[..8]));
        }
    }

    #[test]
    fn keys_in_hexadecimal() {
        assert_eq!(signer(KEY).unwrap().address(), signer(&format!(" 0x{KEY}\n")).unwrap().address());
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        for text in ["", "0x", &KEY[2..], &format!("{KEY}00"), &"0".repeat(64), order, &"g".repeat(64)] {
            assert!(signer(text).is_none(), "{text}");
        }
        let sender = Sender::Key(signer(KEY).unwrap());
        assert!(!format!("{sender:?}").contains(&KEY[..8]));
    }
}
