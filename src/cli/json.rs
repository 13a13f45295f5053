//! The shapes of `--json`, which stay as they are. Times are RFC 3339 in UTC, ids and fingerprints texts.
//!
//! | command | shape |
//! | --- | --- |
//! | `init`, `org onboard` | [`Onboarded`] |
//! | `org list`, `org show` | `[OrganizationRow]`, `OrganizationRow` |
//! | `key show`, `key history` | `KeyView`, `[KeyGeneration]` |
//! | `key rotate` | [`KeyRotated`] |
//! | `key encrypt`, `key decrypt` | [`Encrypted`], [`Decrypted`] |
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
//! | everything else | `{"done":true}` |
//! | errors, on standard error | `{"error":{"code","message","hint"}}`, with `field` where it is about one |
//!
//! A name in the table without a link is a view of `service::response`, or a type of `domain::audit`.

use serde::Serialize;

use crate::domain::key_pair::Mgf1;
use crate::domain::text::{Email, Slug};
use crate::domain::time::Timestamp;
use crate::domain::token::Overlap;
use crate::service::response::{KeyGeneration, OrganizationRow, TokenRow};

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
