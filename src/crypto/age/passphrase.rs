//! A file key wrapped for a passphrase, with scrypt.

use zeroize::Zeroizing;

use super::header::{Header, Stanza, base64, bytes};
use super::{AgeError, FileKey, stream};
use crate::domain::secret::Secret;
use crate::service::ports::Entropy;

const TYPE: &str = "scrypt";
const LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
/// As the age tool writes: about a second and 256 MiB.
const WORK: u8 = 18;
/// As the age tool reads: 4 GiB of memory, not more because a file says so.
const MOST_WORK: u8 = 22;

pub(super) fn is_ours(stanza: &Stanza) -> bool {
    stanza.arguments.first().is_some_and(|kind| kind == TYPE)
}

pub(super) fn wrap(passphrase: &Secret, key: &FileKey, entropy: &dyn Entropy) -> Result<Stanza, AgeError> {
    let salt: [u8; 16] = super::super::random(entropy)?;
    let wrapping = stretched(passphrase, &salt, WORK)?;
    Ok(Stanza {
        arguments: vec![TYPE.to_owned(), base64(&salt), WORK.to_string()],
        body: stream::wrap_key(&wrapping, key)?,
    })
}

/// The file key, if this is the passphrase.
pub(super) fn file_key(passphrase: &Secret, header: &Header) -> Result<FileKey, AgeError> {
    let stanza = match header.stanzas.as_slice() {
        [only] if is_ours(only) => only,
        several if several.iter().any(is_ours) => {
            return Err(AgeError::Header("a passphrase has no company"));
        }
        _ => return Err(AgeError::NotForUs),
    };
    let [_, salt, work] = stanza.arguments.as_slice() else {
        return Err(AgeError::Header("its passphrase's line is none"));
    };
    let salt = bytes(salt).ok_or(AgeError::Header("its salt is none"))?;
    let is_number = work.len() <= 2 && !work.starts_with('0') && work.bytes().all(|b| b.is_ascii_digit());
    let work: u8 = Some(work)
        .filter(|_| is_number)
        .and_then(|work| work.parse().ok())
        .ok_or(AgeError::Header("its work factor is none"))?;
    if stanza.body.len() != stream::WRAPPED {
        return Err(AgeError::Header("its wrapped key is none"));
    }
    if work > MOST_WORK {
        return Err(AgeError::TooMuchWork(work));
    }
    let wrapping = stretched(passphrase, &salt, work)?;
    stream::unwrap_key(&wrapping, &stanza.body).ok_or(AgeError::NotForUs)
}

fn stretched(passphrase: &Secret, salt: &[u8; 16], work: u8) -> Result<Zeroizing<[u8; 32]>, AgeError> {
    let (steps, blocks) = (1u64 << work, 8);
    // 128 bytes a step and block, and a little for the rest.
    let memory = 128 * steps * blocks + (1 << 20);
    let salt = [LABEL, salt].concat();
    let mut key = Zeroizing::new([0; 32]);
    openssl::pkcs5::scrypt(passphrase.expose(), &salt, steps, blocks, 1, memory, &mut *key)
        .map_err(|_| AgeError::Engine)?;
    Ok(key)
}
