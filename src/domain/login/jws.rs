//! The text of a JWT: JSON Web Signature's compact form (RFC 7515) with Ed25519 (RFC 8037), and the key's JWK.
//!
//! We accept only what we sign, so a header is never read: it is compared, whole, with that of each key. No algorithm,
//! key or address that a header names can count for anything, and there is one text for every JWT: no padding, no white
//! space, no other spelling of a last character.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The most bytes of a JWT; the longest address in the widest letters makes one of 1,950.
pub const MAX_JWT: usize = 2_048;

/// A JWT taken apart; nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compact<'a> {
    /// The header as it came, in Base64url.
    pub header: &'a [u8],
    /// What is signed.
    pub signing_input: &'a [u8],
    /// The payload.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Takes a JWT apart; `None` where it is not one, or longer than [`MAX_JWT`].
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        if text.len() > MAX_JWT {
            return None;
        }
        let mut parts = text.split(|byte| *byte == b'.');
        let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            header,
            signing_input: text.get(..header.len() + 1 + payload.len())?,
            // Refuses padding, white space and bits that are left over: there is one text for some bytes.
            payload: URL_SAFE_NO_PAD.decode(payload).ok()?,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }
}

/// Bytes as a part of a JWT.
#[must_use]
pub fn part(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The header of everything that the key named `kid` signs, in Base64url.
#[must_use]
pub fn header(kid: &str) -> String {
    part(format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"JWT"}}"#).as_bytes())
}

/// What is signed.
#[must_use]
pub fn signing_input(header: &str, payload: &[u8]) -> String {
    let payload = part(payload);
    format!("{header}.{payload}")
}

/// The JWT.
#[must_use]
pub fn signed(signing_input: &str, signature: &[u8]) -> String {
    let signature = part(signature);
    format!("{signing_input}.{signature}")
}

/// What a key's name is the SHA-256 of (RFC 7638): the members that make it, in order and without a space.
#[must_use]
pub fn thumbprint_input(public: &[u8; 32]) -> String {
    let x = part(public);
    format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
}

/// The public key as others verify with it (RFC 8037).
#[must_use]
pub fn public_jwk(kid: &str, public: &[u8; 32]) -> String {
    let x = part(public);
    format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"{kid}","use":"sig","alg":"EdDSA"}}"#)
}
