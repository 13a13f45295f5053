//! Which padding a ciphertext was made with, found by trying: for a diagnosis, never for a decryption.
//!
//! OAEP is OpenSSL's with each pair of hashes. PKCS#1 v1.5 and no padding show in the bare number, because OpenSSL answers a
//! wrong PKCS#1 padding with made-up bytes. How long that takes tells something of the number: whoever may ask has to be
//! somebody who may decrypt.

use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding as RsaPadding;
use zeroize::Zeroizing;

use crate::domain::ciphertext::{Hash, Padding};
use crate::domain::secret::Secret;

/// PKCS#1 v1.5's random bytes in front of a plaintext are eight at least.
const LEAST_RANDOM: usize = 8;
/// A number with so many zero bytes in front was made of a text without padding, not by chance.
const LEAST_ZEROS: usize = 8;

/// The padding with which `ciphertext`, as long as the key, opens, and what it opens to.
pub(super) fn find(key: &PKey<Private>, ciphertext: &[u8]) -> Option<(Padding, Secret)> {
    if ciphertext.len() != key.size() {
        return None;
    }
    // MGF1's hash is OAEP's own nearly always; Java's and SHA-1 come next.
    let same = Hash::ALL.into_iter().map(|hash| (hash, hash));
    let others = Hash::ALL
        .into_iter()
        .flat_map(|hash| Hash::ALL.into_iter().map(move |mgf1| (hash, mgf1)))
        .filter(|(hash, mgf1)| hash != mgf1);
    same.chain(others)
        .find_map(|(hash, mgf1)| {
            let plaintext = oaep(key, ciphertext, hash, mgf1).ok()?;
            Some((Padding::Oaep { hash, mgf1 }, plaintext))
        })
        .or_else(|| unpadded(key, ciphertext))
}

fn oaep(key: &PKey<Private>, ciphertext: &[u8], hash: Hash, mgf1: Hash) -> Result<Secret, ErrorStack> {
    decrypt(key, ciphertext, |context| {
        context.set_rsa_padding(RsaPadding::PKCS1_OAEP)?;
        context.set_rsa_oaep_md(digest(hash))?;
        context.set_rsa_mgf1_md(digest(mgf1))
    })
}

fn digest(hash: Hash) -> &'static MdRef {
    match hash {
        Hash::Sha1 => Md::sha1(),
        Hash::Sha224 => Md::sha224(),
        Hash::Sha256 => Md::sha256(),
        Hash::Sha384 => Md::sha384(),
        Hash::Sha512 => Md::sha512(),
    }
}

fn unpadded(key: &PKey<Private>, ciphertext: &[u8]) -> Option<(Padding, Secret)> {
    let block = decrypt(key, ciphertext, |context| {
        context.set_rsa_padding(RsaPadding::NONE)
    })
    .ok()?;
    let block = block.expose();
    if let [0, 2, rest @ ..] = block {
        let random = rest.iter().position(|byte| *byte == 0)?;
        let plaintext = rest[random + 1..].to_vec();
        return (random >= LEAST_RANDOM).then(|| (Padding::Pkcs1, Secret::new(plaintext)));
    }
    let zeros = block.iter().take_while(|byte| **byte == 0).count();
    let is_small = (LEAST_ZEROS..block.len()).contains(&zeros);
    is_small.then(|| (Padding::None, Secret::new(block[zeros..].to_vec())))
}

fn decrypt(
    key: &PKey<Private>,
    ciphertext: &[u8],
    set_up: impl FnOnce(&mut PkeyCtx<Private>) -> Result<(), ErrorStack>,
) -> Result<Secret, ErrorStack> {
    let mut context = PkeyCtx::new(key)?;
    context.decrypt_init()?;
    set_up(&mut context)?;
    let mut plaintext = Zeroizing::new(vec![0; key.size()]);
    let length = context.decrypt(ciphertext, Some(&mut plaintext))?;
    plaintext.truncate(length);
    Ok(Secret::new(std::mem::take(&mut *plaintext)))
}

#[cfg(test)]
mod tests {
    use openssl::encrypt::Encrypter;
    use openssl::rsa::Rsa;

    use super::*;

    fn encrypted(key: &PKey<Private>, plaintext: &[u8], padding: Padding) -> Vec<u8> {
        let public = PKey::public_key_from_der(&key.public_key_to_der().unwrap()).unwrap();
        let hash = |hash| match hash {
            Hash::Sha1 => openssl::hash::MessageDigest::sha1(),
            Hash::Sha224 => openssl::hash::MessageDigest::sha224(),
            Hash::Sha256 => openssl::hash::MessageDigest::sha256(),
            Hash::Sha384 => openssl::hash::MessageDigest::sha384(),
            Hash::Sha512 => openssl::hash::MessageDigest::sha512(),
        };
        let mut encrypter = Encrypter::new(&public).unwrap();
        match padding {
            Padding::Oaep { hash: own, mgf1 } => {
                encrypter.set_rsa_padding(RsaPadding::PKCS1_OAEP).unwrap();
                encrypter.set_rsa_oaep_md(hash(own)).unwrap();
                encrypter.set_rsa_mgf1_md(hash(mgf1)).unwrap();
            }
            Padding::Pkcs1 => encrypter.set_rsa_padding(RsaPadding::PKCS1).unwrap(),
            Padding::None => encrypter.set_rsa_padding(RsaPadding::NONE).unwrap(),
        }
        let mut ciphertext = vec![0; key.size()];
        let length = encrypter.encrypt(plaintext, &mut ciphertext).unwrap();
        assert_eq!(length, key.size());
        ciphertext
    }

    #[test]
    fn every_padding_is_found() {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let pairs = Hash::ALL
            .into_iter()
            .flat_map(|hash| Hash::ALL.into_iter().map(move |mgf1| (hash, mgf1)));
        for (hash, mgf1) in pairs {
            let padding = Padding::Oaep { hash, mgf1 };
            let (found, plaintext) = find(&key, &encrypted(&key, b"4711", padding)).unwrap();
            assert_eq!((found, plaintext.expose()), (padding, b"4711".as_slice()));
        }
        let (found, plaintext) = find(&key, &encrypted(&key, b"4711", Padding::Pkcs1)).unwrap();
        assert_eq!((found, plaintext.expose()), (Padding::Pkcs1, b"4711".as_slice()));
        let mut number = vec![0; 252];
        number.extend_from_slice(b"4711");
        let (found, plaintext) = find(&key, &encrypted(&key, &number, Padding::None)).unwrap();
        assert_eq!((found, plaintext.expose()), (Padding::None, b"4711".as_slice()));
    }

    #[test]
    fn what_another_key_was_used_for_fits_no_padding() {
        let key = |_| PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let [ours, other] = [0, 1].map(key);
        for padding in [
            Padding::Pkcs1,
            Padding::Oaep {
                hash: Hash::Sha256,
                mgf1: Hash::Sha256,
            },
        ] {
            assert!(find(&ours, &encrypted(&other, b"4711", padding)).is_none());
        }
        assert!(find(&ours, &[0xff; 256]).is_none(), "above the modulus");
        assert!(find(&ours, &[1; 255]).is_none());
    }
}
