//! What the use cases need from the outside world, as traits that adapters implement (`store`, `crypto`, `system`).
//!
//! Every implementation is shared between threads. None of them logs; errors never carry a secret.

use std::fmt;

use crate::domain::audit::AuditEntry;
use crate::domain::cashier::Cashier;
use crate::domain::id::{CashierId, OrganizationId, TokenId};
use crate::domain::key_pair::{Fingerprint, KeyPair, KeySize, Mgf1};
use crate::domain::organization::Organization;
use crate::domain::secret::{Sealed, Secret};
use crate::domain::text::Email;
use crate::domain::throttle::Throttle;
use crate::domain::time::Timestamp;
use crate::domain::token::{Digest, Token};
use crate::domain::usage::{KeyUsage, Usage};

/// The time of day, and a reading that never goes back.
pub trait Clock: Send + Sync {
    /// The wall clock's time.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment, for measuring how long something takes or has been idle.
    fn monotonic(&self) -> std::time::Duration;
}

/// The operating system's randomness.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// The operating system has none to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system gave no randomness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntropyError;

// ---------------------------------------------------------------------------------------------------------------------

/// Where records are kept. One writer; whatever `commit` acknowledged is there after a power cut.
pub trait Store: Send + Sync {
    /// Hands every record to `visit`, once, at open: in the order of their keys, usage and audit entries left out.
    ///
    /// # Errors
    /// The store is damaged, has a record of an unknown version, or `visit` refused one.
    fn load(
        &self,
        visit: &mut dyn FnMut(Record, Revision) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Writes all of a batch or nothing of it; durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when an expectation does not hold; otherwise what went wrong. Nothing was written then.
    fn commit(&self, batch: &Batch) -> Result<(), StoreError>;

    /// The newest audit entry: the head of the chain.
    ///
    /// # Errors
    /// The store is damaged.
    fn audit_head(&self) -> Result<Option<AuditEntry>, StoreError>;

    /// Up to `limit` audit entries with a sequence below `before` (all when `None`), the newest first.
    ///
    /// # Errors
    /// The store is damaged.
    fn audit_page(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// What others committed since the last call, in order. Always empty for a store with one owner (sled, memory).
    ///
    /// # Errors
    /// The store cannot tell.
    fn changes(&self) -> Result<Vec<Change>, StoreError>;

    /// Hands every usage record to `visit`, at open. A damaged one is left out: usage may be lost, never wrong.
    ///
    /// # Errors
    /// The usage lane cannot be read at all.
    fn load_usage(&self, visit: &mut dyn FnMut(UsageRecord)) -> Result<(), StoreError>;

    /// One token's usage in full, for a screen that looks at it.
    ///
    /// # Errors
    /// The usage lane cannot be read.
    fn token_usage(&self, token: TokenId) -> Result<Option<Usage>, StoreError>;

    /// Writes usage records over those that are there. Not synced: a crash may lose it.
    ///
    /// # Errors
    /// The usage lane cannot be written.
    fn write_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError>;
}

/// How often a record was written, from 1 on: what an expectation compares.
pub type Revision = u64;

/// Everything that is kept under a key of its own.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all records are tokens; a box each would slow every start"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// An organization.
    Organization(Organization),
    /// One generation of a key pair.
    KeyPair(KeyPair),
    /// A token.
    Token(Token),
    /// A cashier.
    Cashier(Cashier),
    /// Failed sign-ins of one account from one source.
    Throttle(Throttle),
}

/// What names a record in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordKey {
    /// An organization.
    Organization(OrganizationId),
    /// One generation of an organization's key pair.
    KeyPair(OrganizationId, u32),
    /// An organization's token.
    Token(OrganizationId, TokenId),
    /// A cashier.
    Cashier(CashierId),
    /// An account and a source.
    Throttle(Email, String),
}

impl Record {
    /// The key it is kept under.
    #[must_use]
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Organization(organization) => RecordKey::Organization(organization.id),
            Self::KeyPair(pair) => RecordKey::KeyPair(pair.organization, pair.generation),
            Self::Token(token) => RecordKey::Token(token.organization, token.id),
            Self::Cashier(cashier) => RecordKey::Cashier(cashier.id),
            Self::Throttle(throttle) => RecordKey::Throttle(throttle.email.clone(), throttle.source.clone()),
        }
    }
}

/// What is written together.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// What must hold, or nothing is written.
    pub expect: Vec<Expectation>,
    /// Records to write, each with its new revision.
    pub put: Vec<(Record, Revision)>,
    /// Records to remove.
    pub delete: Vec<RecordKey>,
    /// The audit entries, in sequence: no entry, no change.
    pub audit: Vec<AuditEntry>,
}

/// What must hold for a batch to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// There is no such record.
    Absent(RecordKey),
    /// The record is there in this revision.
    Revision(RecordKey, Revision),
    /// The newest audit entry has this sequence; 0 for an empty log.
    AuditHead(u64),
}

/// What another owner of the same store committed.
#[derive(Debug, Clone)]
pub enum Change {
    /// A record was written.
    Put(Box<Record>, Revision),
    /// A record was removed.
    Deleted(RecordKey),
}

/// One record of the lossy lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageRecord {
    /// A token's use.
    Token(TokenId, Usage),
    /// An organization's private keys' use.
    Key(OrganizationId, KeyUsage),
}

/// Why the store could not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// An expectation did not hold: somebody else was first.
    Conflict(RecordKey),
    /// The newest audit entry is another than was expected.
    AuditConflict,
    /// Another process has it.
    Locked {
        /// That process.
        pid: u32,
        /// The user it runs as.
        user: String,
        /// Since when.
        since: Timestamp,
    },
    /// Bytes that cannot be what was written. Names the place.
    Damaged(String),
    /// A record was written by a newer program.
    UnknownVersion {
        /// What kind of record.
        kind: &'static str,
        /// Its version.
        version: u8,
        /// The newest this program reads.
        newest: u8,
    },
    /// A record is longer than the store takes; nothing was written.
    TooLarge {
        /// What kind of record.
        kind: &'static str,
        /// Its bytes.
        length: usize,
        /// The most that is taken.
        max: usize,
    },
    /// The file system is full. Nothing was written; earlier records are whole.
    DiskFull(String),
    /// A file or directory that others could read or change, or that belongs to somebody else. Names it and says what to do.
    Permissions(String),
    /// Any other failure of the operating system. Names the path.
    Io(String),
    /// After an error whose outcome is unknown, until the store is opened again.
    Closed(String),
}

// ---------------------------------------------------------------------------------------------------------------------

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

    /// HMAC-SHA256 of a token's or code's 32 bytes under the current token key, and that key's number.
    fn digest(&self, secret: &[u8; 32]) -> (Digest, u8);

    /// The same under the previous token key, while there is one.
    fn previous_digest(&self, secret: &[u8; 32]) -> Option<Digest>;
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

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(key) => write!(f, "the record {key:?} was changed by somebody else"),
            Self::AuditConflict => write!(f, "the audit log was extended by somebody else"),
            Self::Locked { pid, user, since } => {
                write!(f, "the store is in use by process {pid} of {user} since {since}")
            }
            Self::Damaged(place) => write!(f, "the store is damaged: {place}"),
            Self::UnknownVersion {
                kind,
                version,
                newest,
            } => write!(
                f,
                "a {kind} record has version {version}, and this program reads versions up to {newest}"
            ),
            Self::TooLarge { kind, length, max } => {
                write!(
                    f,
                    "a {kind} record of {length} bytes is too long, {max} is the most"
                )
            }
            Self::DiskFull(path) => write!(f, "no space left on the device of {path}"),
            Self::Permissions(what) | Self::Io(what) => f.write_str(what),
            Self::Closed(why) => write!(f, "the store was closed after an error: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

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
