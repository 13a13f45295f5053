//! RSA private keys in text: which public key a PEM's belongs to.
//!
//! PKCS#1 and PKCS#8, unencrypted; also in one line with `\n` written out, indented, or in quotes. Nothing of the private
//! half is kept: its two public numbers become the SubjectPublicKeyInfo that names the key.

use base64::Engine as _;
use zeroize::Zeroizing;

/// The end of the line that a private key begins with.
pub const HEADER: &[u8] = b"PRIVATE KEY-----";

/// The longest text of a private key that is read: one of 8192 bits has 6,400 characters.
pub const LONGEST: usize = 10 * 1024;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const BITS: u8 = 0x03;
/// `rsaEncryption` with its empty parameters.
const RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// The SubjectPublicKeyInfo (DER) of the private key whose text begins here, right after [`HEADER`].
#[must_use]
pub fn public_half(text: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut rest = text.iter().take(LONGEST).copied().peekable();
    loop {
        match rest.next()? {
            b'-' => break,
            b'\\' if matches!(rest.peek(), Some(b'n' | b'r' | b't')) => drop(rest.next()),
            b'"' | b'\'' | b',' | b'\\' => {}
            byte if byte.is_ascii_whitespace() => {}
            byte if byte.is_ascii_alphanumeric() || b"+/=".contains(&byte) => digits.push(byte),
            _ => return None,
        }
    }
    let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(digits.len())]);
    let length = base64::engine::general_purpose::STANDARD
        .decode_slice(&*digits, &mut der)
        .ok()?;
    public_of(&der[..length])
}

fn public_of(private: &[u8]) -> Option<Vec<u8>> {
    let (body, _) = take(private, SEQUENCE)?;
    let (_, body) = take(body, INTEGER)?;
    if let Some(inner) = body.strip_prefix(RSA) {
        let (inner, _) = take(inner, OCTETS)?;
        return public_of(inner);
    }
    let (_, after_modulus) = take(body, INTEGER)?;
    let (_, after_exponent) = take(after_modulus, INTEGER)?;
    let numbers = &body[..body.len() - after_exponent.len()];
    let mut bits = vec![0];
    bits.extend(wrapped(SEQUENCE, numbers)?);
    let info = [RSA, &wrapped(BITS, &bits)?].concat();
    wrapped(SEQUENCE, &info)
}

/// The content of the first element, if it has this tag, and what comes after it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 3))?;
            let length = bytes
                .iter()
                .fold(0, |length, &byte| length << 8 | usize::from(byte));
            (length, rest)
        }
        _ => return None,
    };
    (first == tag).then(|| rest.split_at_checked(length)).flatten()
}

fn wrapped(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(content.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let mut der = match (high, low) {
        (0, 0..=0x7f) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    der.extend_from_slice(content);
    Some(der)
}

#[cfg(test)]
mod tests {
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;

    use super::*;

    fn after_header(pem: &[u8]) -> &[u8] {
        let at = pem.windows(HEADER.len()).position(|w| w == HEADER).unwrap();
        &pem[at + HEADER.len()..]
    }

    #[test]
    fn both_forms_give_the_public_key_however_they_are_written() {
        for bits in [1024, 2048, 4096] {
            let rsa = Rsa::generate(bits).unwrap();
            let pkcs1 = rsa.private_key_to_pem().unwrap();
            let key = PKey::from_rsa(rsa).unwrap();
            let public = key.public_key_to_der().unwrap();
            for pem in [pkcs1, key.private_key_to_pem_pkcs8().unwrap()] {
                let text = String::from_utf8(pem).unwrap();
                for written in [
                    text.clone(),
                    text.replace('\n', "\r\n"),
                    text.replace('\n', "\\n"),
                    text.replace('\n', "\\\\n"),
                    text.replace('\n', "\n    "),
                    text.replace('\n', "\",\n\""),
                ] {
                    assert_eq!(
                        public_half(after_header(written.as_bytes())).as_ref(),
                        Some(&public)
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_rsa_key_gives_none() {
        let rsa = Rsa::generate(1024).unwrap();
        let pem = rsa.private_key_to_pem().unwrap();
        let text = after_header(&pem);
        for end in 0..text.len() - 30 {
            assert_eq!(public_half(&text[..end]), None);
        }
        let ec = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).unwrap();
        let ec = PKey::from_ec_key(openssl::ec::EcKey::generate(&ec).unwrap()).unwrap();
        assert_eq!(
            public_half(after_header(&ec.private_key_to_pem_pkcs8().unwrap())),
            None
        );
        assert_eq!(public_half(b"\nProc-Type: 4,ENCRYPTED\n"), None);
        assert_eq!(public_half(b"-----END"), None);
    }
}
