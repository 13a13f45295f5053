//! Cryptography, as the service and the store need it.

use std::fmt;

use crate::domain::ciphertext::Padding;
use crate::domain::key_pair::{Fingerprint, KeyPair, KeySize, Mgf1};
use crate::domain::secret::{Sealed, Secret};
use crate::domain::token::Digest;

use super::SlotId;

/// RSA with OAEP: private-key operations and generation in OpenSSL, the public half anywhere.
pub trait KeyEngine: Send + Sync {
    /// Makes a key pair; takes from a tenth of a second to many.
    ///
    /// # Errors
    /// The engine failed; there is nothing a caller could change.
    fn generate(&self, size: KeySize) -> Result<GeneratedKey, CryptoError>;

    /// Makes a private key ready to decrypt, from its PKCS#8 DER.
    ///
    /// # Errors
    /// The bytes are no RSA private key.
    fn open(&self, private: &Secret) -> Result<Box<dyn PrivateKey>, CryptoError>;

    /// Encrypts as a client should: OAEP with SHA-256, MGF1 with `mgf1`, an empty label.
    ///
    /// # Errors
    /// The plaintext is longer than the key takes ([`KeySize::max_plaintext`]), or `public` is no RSA key.
    fn encrypt(&self, public: &[u8], mgf1: Mgf1, plaintext: &Secret) -> Result<Vec<u8>, CryptoError>;

    /// The public key's other formats, and its fingerprint.
    ///
    /// # Errors
    /// `public` is no DER SubjectPublicKeyInfo of an RSA key.
    fn describe(&self, public: &[u8]) -> Result<PublicKeyFormats, CryptoError>;
}

/// A private key that is ready to decrypt.
pub trait PrivateKey: Send + Sync {
    /// Opens a ciphertext, trying MGF1 with `first` and then with the other; both are tried before it fails.
    ///
    /// # Errors
    /// [`CryptoError::Decryption`] for every failure alike.
    fn decrypt(&self, ciphertext: &[u8], first: Mgf1) -> Result<(Secret, Mgf1), CryptoError>;

    /// The padding with which a ciphertext opens at all, and what it opens to: for a diagnosis. How long it takes tells
    /// something of the plaintext, so it is for those who may read that.
    fn try_paddings(&self, ciphertext: &[u8]) -> Option<(Padding, Secret)>;
}

/// A new key pair.
#[derive(Debug)]
pub struct GeneratedKey {
    /// The private half, PKCS#8 DER.
    pub private: Secret,
    /// The public half, SubjectPublicKeyInfo DER.
    pub public: Vec<u8>,
    /// SHA-256 of `public`.
    pub fingerprint: Fingerprint,
}

/// One public key in the formats that clients take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeyFormats {
    /// Base64 of the DER SubjectPublicKeyInfo, one line.
    pub base64: String,
    /// PEM, `-----BEGIN PUBLIC KEY-----`, 64 characters a line, ending in a newline.
    pub pem: String,
    /// JWK (RFC 7517) as compact JSON: `kty`, `use` `enc`, `alg` `RSA-OAEP-256`, `kid` the fingerprint, `n`, `e`.
    pub jwk: String,
    /// SHA-256 of the DER.
    pub fingerprint: Fingerprint,
}

/// Encrypts what the store keeps, under the keyring; the binding says what the plaintext is, and is authenticated.
pub trait Sealer: Send + Sync {
    /// Encrypts.
    ///
    /// # Errors
    /// There was no randomness for the nonce.
    fn seal(&self, binding: &Binding<'_>, plaintext: &Secret) -> Result<Sealed, CryptoError>;

    /// Decrypts.
    ///
    /// # Errors
    /// [`CryptoError::Unsealing`]: altered, made for another binding, or under another keyring.
    fn unseal(&self, binding: &Binding<'_>, sealed: &Sealed) -> Result<Secret, CryptoError>;

    /// Encrypts a private key under a data key that is made for it, and wraps that for its slot.
    ///
    /// # Errors
    /// There was no randomness.
    fn seal_in_slot(&self, slot: SlotId, private: &Secret) -> Result<InSlot, CryptoError>;

    /// Decrypts a private key with the data key that its slot holds.
    ///
    /// # Errors
    /// [`CryptoError::Unsealing`]: either is altered, or of another generation, organization or keyring.
    fn unseal_in_slot(&self, slot: SlotId, in_slot: &InSlot) -> Result<Secret, CryptoError>;

    /// HMAC-SHA256 of a token's or code's 32 bytes under the current token key, and that key's number.
    fn digest(&self, secret: &[u8; 32]) -> (Digest, u8);

    /// The same under the previous token key, while there is one.
    fn previous_digest(&self, secret: &[u8; 32]) -> Option<Digest>;

    /// Whether the process' keys are in memory that is never swapped out.
    fn is_in_locked_memory(&self) -> bool;
}

/// A private key in two parts, neither of which gives it away: destroying the slot destroys the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InSlot {
    /// The data key, encrypted under the keyring: kept in the slot, and nowhere else.
    pub wrapped: Sealed,
    /// The private key, encrypted under the data key: kept in the record.
    pub sealed: Sealed,
}

/// What a sealed value is: it opens only as that (security.md, "Associated data").
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The organization, or 16 zero bytes.
    pub organization: &'a [u8; 16],
    /// What kind of secret, such as `private-key`.
    pub kind: &'static str,
    /// Which one: a generation, a cashier's id.
    pub id: &'a [u8],
    /// The version of its plaintext's format.
    pub version: u8,
}

/// What the store keeps its own files secret and unalterable with; every key is derived for one purpose.
pub trait StoreCipher: Send + Sync {
    /// The store's random name, which is in every file and bound to every sealed value.
    fn store_id(&self) -> [u8; 16];

    /// Which keyring: 1 at first, one more each time it is replaced.
    fn epoch(&self) -> u32;

    /// Encrypts under a random nonce, bound to `associated`.
    ///
    /// # Errors
    /// There was no randomness for the nonce.
    fn seal(
        &self,
        purpose: FilePurpose,
        associated: &[&[u8]],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError>;

    /// Decrypts.
    ///
    /// # Errors
    /// [`CryptoError::Unsealing`]: altered, made for another place or purpose, or under another keyring.
    fn unseal(
        &self,
        purpose: FilePurpose,
        associated: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Vec<u8>, CryptoError>;

    /// A MAC over all parts in turn, each with its length.
    fn mac(&self, purpose: FilePurpose, parts: &[&[u8]]) -> [u8; 32];

    /// The keyed pseudo-random function whose sum over all records is the store's digest.
    fn prf(&self, key: &[u8], value: &[u8]) -> [u8; 32];
}

/// What is needed to take over a store of the time before the key slots.
pub trait Takeover {
    /// The pair with its private half under a data key of its own, and that key wrapped for its slot; `None` where there
    /// is nothing to do.
    ///
    /// # Errors
    /// The private half does not open, or there was no randomness.
    fn reseal(&self, pair: &KeyPair) -> Result<Option<Resealed>, CryptoError>;
}

/// A pair sealed anew, its slot, and the data key wrapped for it.
pub type Resealed = (KeyPair, super::SlotId, Sealed);

/// For stores that were never without key slots.
impl Takeover for () {
    fn reseal(&self, _: &KeyPair) -> Result<Option<Resealed>, CryptoError> {
        Ok(None)
    }
}

/// What a file of the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilePurpose {
    /// A frame of the journal.
    Frame,
    /// A checkpoint.
    Checkpoint,
    /// The key slots.
    Slots,
    /// The anchor.
    Anchor,
}

/// Signs the audit log's checkpoints, with a key of the keyring that nothing else uses.
pub trait CheckpointSigner: Send + Sync {
    /// The store's random name.
    fn store_id(&self) -> [u8; 16];

    /// Which keyring: 1 at first, one more each time it is replaced.
    fn epoch(&self) -> u32;

    /// The public key, SubjectPublicKeyInfo DER.
    ///
    /// # Errors
    /// The engine failed.
    fn public_key(&self) -> Result<Vec<u8>, CryptoError>;

    /// Signs with Ed25519.
    ///
    /// # Errors
    /// The engine failed.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError>;

    /// Whether this key signed that message.
    fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool;
}

/// argon2id for cashiers' passwords: slow on purpose, two at a time.
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password (after NFKC) into a PHC string.
    ///
    /// # Errors
    /// The queue is full, or there was no randomness.
    fn hash(&self, password: &Secret) -> Result<Secret, CryptoError>;

    /// Compares a password with a PHC string; with `None` it takes the same time and fails.
    ///
    /// # Errors
    /// The queue is full.
    fn verify(&self, password: &Secret, phc: Option<&Secret>) -> Result<PasswordCheck, CryptoError>;

    /// Whether a password (after NFKC, in lower case) is on the list of common ones or made of little else.
    fn is_common(&self, password: &Secret) -> bool;
}

/// What comparing a password gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is another.
    Wrong,
    /// It is this one.
    Right,
    /// It is this one, and was hashed with weaker parameters than today's: hash it again.
    RightButOutdated,
}

/// SHA-256, for the audit chain.
pub trait Hasher: Send + Sync {
    /// The hash of `bytes`.
    fn sha256(&self, bytes: &[u8]) -> [u8; 32];
}

/// Why cryptography could not do it. Carries no detail that a secret could be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CryptoError {
    /// The ciphertext did not open: one error for every reason.
    Decryption,
    /// A sealed value did not open.
    Unsealing,
    /// The plaintext has more bytes than the key takes.
    PlaintextTooLong {
        /// The most it takes.
        max: usize,
        /// What was given.
        length: usize,
    },
    /// The bytes are no RSA key.
    InvalidKey,
    /// Too many passwords wait to be hashed.
    Busy,
    /// No randomness, or the library failed; the text is ours.
    Engine(&'static str),
}

impl fmt::Display for CryptoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decryption => f.write_str("the ciphertext does not open with this key"),
            Self::Unsealing => f.write_str("a sealed value does not open"),
            Self::PlaintextTooLong { max, length } => {
                write!(
                    f,
                    "the plaintext has {length} bytes, this key takes {max} at most"
                )
            }
            Self::InvalidKey => f.write_str("not an RSA key"),
            Self::Busy => f.write_str("too many passwords are being checked at the moment"),
            Self::Engine(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for CryptoError {}
