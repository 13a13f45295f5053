//! The shapes of `--json`, which stay as they are. Times are RFC 3339 in UTC, ids and fingerprints texts.
//!
//! | command | shape |
//! | --- | --- |
//! | `init`, `org onboard` | [`Onboarded`] |
//! | `org list`, `org show` | `[OrganizationRow]`, `OrganizationRow` |
//! | `key show`, `key history` | `KeyView`, `[KeyGeneration]` |
//! | `key rotate` | [`KeyRotated`] |
//! | `org fields` | `[FieldRule]` |
//! | `key encrypt`, `key decrypt` | [`Encrypted`], [`Decrypted`] |
//! | `key diagnose` | [`Diagnosis`] |
//! | `key decrypt --payload` | the payload itself, with `--json` or without |
//! | `token list`, `tokens`, `token show` | `TokenPage`, `TokenDetail` |
//! | `token create`, `token rotate` | [`Minted`] |
//! | `cashier list` | `[CashierRow]` |
//! | `cashier add`, `cashier reset` | [`EnrolmentCode`] |
//! | `activity list` | `ActivityPage` |
//! | `activity follow`, `activity export` (which needs no `--json`) | `AuditEntry`, one a line |
//! | `audit verify` | `AuditReport` |
//! | `backup recipient show` | `BackupsView` |
//! | `backup`, `restore` | `LastBackup`, `RestoreReport` |
//! | `doctor` | `DoctorReport` |
//! | `verify` | [`Verified`] |
//! | `why` | `[{"works","because","kind",…}]`, the rest as `Explained` |
//! | `scan` | `{"findings":[…],"searched","unread"}` |
//! | everything else | `{"done":true}` |
//! | errors, on standard error | `{"error":{"code","message","hint"}}`, with `field` where it is about one of a form, and `about` where it names a payload's fields or a key |
//!
//! A name in the table without a link is a view of `service::response`, or a type of `domain::audit`.

use serde::Serialize;

use crate::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use crate::domain::text::{Email, Slug};
use crate::domain::time::Timestamp;
use crate::domain::token::Overlap;
use crate::service::response::{self, KeyGeneration, OrganizationRow, TokenRow};

/// A new organization and its first key pair.
#[derive(Serialize)]
pub(super) struct Onboarded<'a> {
    /// The organization.
    pub organization: &'a OrganizationRow,
    /// Its key pair.
    pub key: &'a KeyGeneration,
}

/// A key pair that replaced another.
#[derive(Serialize)]
pub(super) struct KeyRotated<'a> {
    /// The one that is refused from now on.
    pub old: &'a KeyGeneration,
    /// The one that clients encrypt to from now on.
    pub new: &'a KeyGeneration,
}

/// A ciphertext.
#[derive(Serialize)]
pub(super) struct Encrypted<'a> {
    /// In Base64.
    pub ciphertext: &'a str,
}

/// An opened ciphertext; one of the first two is there.
#[derive(Serialize)]
pub(super) struct Decrypted<'a> {
    /// The plaintext, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plaintext: Option<&'a str>,
    /// The plaintext's bytes, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plaintext_bytes: Option<&'a [u8]>,
    /// With which MGF1 the client encrypted.
    pub mgf1: Mgf1,
    /// Which generation opened it.
    pub generation: u32,
}

/// A diagnosis.
#[derive(Serialize)]
pub(super) struct Diagnosis<'a> {
    /// The generation that it was tried with.
    pub generation: u32,
    /// Its size.
    pub size: KeySize,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// One for a ciphertext, one a field for a payload.
    pub findings: Vec<Finding<'a>>,
}

/// What one text turned out to be; one of the last two is there where the plaintext was asked for.
#[derive(Serialize)]
pub(super) struct Finding<'a> {
    /// Everything but the plaintext.
    #[serde(flatten)]
    pub finding: &'a response::Finding,
    /// The plaintext, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plaintext: Option<&'a str>,
    /// The plaintext's bytes, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plaintext_bytes: Option<&'a [u8]>,
}

/// A new token.
#[derive(Serialize)]
pub(super) struct Minted<'a> {
    /// Its text; left out when it went into a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<&'a str>,
    /// What is kept of it.
    pub details: &'a TokenRow,
    /// The one that it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<&'a TokenRow>,
    /// How long both work, from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
}

/// A one-time code.
#[derive(Serialize)]
pub(super) struct EnrolmentCode<'a> {
    /// For whom.
    pub email: &'a Email,
    /// The code.
    pub code: &'a str,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// Whether a token is good.
#[derive(Serialize)]
pub(super) struct Verified<'a> {
    /// Whether it works.
    pub good: bool,
    /// Why not: `missing`, `invalid`, `expired`, `revoked`, `held`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// The same for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    /// Whose it is, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<&'a Slug>,
    /// What is kept of it, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<&'a TokenRow>,
}
