//! The age encryption format, version 1 (<https://c2sp.org/age>): what a backup is wrapped in, so that the usual tool opens
//! it too.
//!
//! - A file is for one or several X25519 recipients, or for a passphrase. A header carries a random file key, wrapped for
//!   each; the payload is ChaCha20-Poly1305 in chunks of 64 KiB, the last one marked.
//! - Nothing is handed out before its chunk was authenticated, and the end only after the marked chunk.
//! - The primitives are OpenSSL's (X25519, scrypt) and RustCrypto's, as everywhere in this folder; the `age` crate brings an
//!   earlier `rand`, second versions of all of RustCrypto, and a translation system.

mod error;
mod header;
mod passphrase;
mod stream;
mod x25519;

use std::io::{Read, Write};

use zeroize::Zeroizing;

pub use self::error::AgeError;
pub use self::stream::{Decryptor, Encryptor};
pub use self::x25519::Identity;

use self::header::Header;
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;
use crate::service::ports::{CryptoError, Entropy};

/// The key of one file: whoever has it can read that file, and no other.
pub struct FileKey(Zeroizing<[u8; 16]>);

/// Whom a file is for.
#[derive(Debug, Clone, Copy)]
pub enum For<'a> {
    /// The holders of these recipients' identities.
    Recipients(&'a [Recipient]),
    /// Whoever knows it.
    Passphrase(&'a Secret),
}

/// What a file is opened with.
#[derive(Debug, Clone, Copy)]
pub enum With<'a> {
    /// An identity.
    Identity(&'a Identity),
    /// A passphrase.
    Passphrase(&'a Secret),
}

/// A new recovery key, and whom to encrypt to so that it opens.
///
/// # Errors
/// There was no randomness.
pub fn recovery_key(entropy: &dyn Entropy) -> Result<(Secret, Recipient), CryptoError> {
    let failed = |error| match error {
        AgeError::NoEntropy => CryptoError::Engine("the operating system gave no randomness"),
        _ => CryptoError::Engine("the recovery key could not be made"),
    };
    let identity = Identity::generate(entropy).map_err(failed)?;
    Ok((identity.to_text(), identity.recipient().map_err(failed)?))
}

/// Begins a file: its header is written, the payload goes into the answer, whose `finish` ends it. The file key opens what
/// was written, so that it can be read back and checked.
///
/// # Errors
/// No recipient or randomness, or the file cannot be written.
pub fn encrypt<W: Write>(
    whom: For<'_>,
    entropy: &dyn Entropy,
    mut file: W,
) -> Result<(Encryptor<W>, FileKey), AgeError> {
    let key = FileKey(Zeroizing::new(super::random(entropy)?));
    let stanzas = match whom {
        For::Recipients([]) => return Err(AgeError::NoRecipient),
        For::Recipients(recipients) => recipients
            .iter()
            .map(|recipient| x25519::wrap(recipient, &key, entropy))
            .collect::<Result<_, _>>()?,
        For::Passphrase(passphrase) => vec![passphrase::wrap(passphrase, &key, entropy)?],
    };
    header::write(&stanzas, &key, &mut file)?;
    let nonce = super::random(entropy)?;
    file.write_all(&nonce)?;
    Ok((Encryptor::new(&key, &nonce, file)?, key))
}

/// Opens a file: its payload is read from the answer.
///
/// # Errors
/// It is no age file, is not for whoever asks, or was altered.
pub fn decrypt<R: Read>(with: With<'_>, mut file: R) -> Result<Decryptor<R>, AgeError> {
    let header = Header::read(&mut file)?;
    let key = match with {
        With::Identity(identity) => identity.file_key(&header)?,
        With::Passphrase(passphrase) => passphrase::file_key(passphrase, &header)?,
    };
    open(&key, &header, file)
}

/// Opens a file with the key that `encrypt` gave.
///
/// # Errors
/// It is no age file, or not what was written.
pub fn decrypt_with_file_key<R: Read>(key: &FileKey, mut file: R) -> Result<Decryptor<R>, AgeError> {
    let header = Header::read(&mut file)?;
    open(key, &header, file)
}

fn open<R: Read>(key: &FileKey, header: &Header, mut file: R) -> Result<Decryptor<R>, AgeError> {
    header.authenticate(key)?;
    let mut nonce = [0; 16];
    file.read_exact(&mut nonce).map_err(AgeError::cut_off)?;
    Decryptor::new(key, &nonce, file)
}

impl FileKey {
    /// HKDF-SHA256 of the file key.
    fn derive(&self, salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, AgeError> {
        derive(&*self.0, salt, info)
    }
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey(…)")
    }
}

fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, AgeError> {
    let mut key = Zeroizing::new([0; 32]);
    hkdf::Hkdf::<sha2::Sha256>::new(Some(salt), secret)
        .expand(info, &mut *key)
        .map_err(|_| AgeError::Engine)?;
    Ok(key)
}
