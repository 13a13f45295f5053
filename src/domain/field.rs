//! Which fields of a payload clients encrypt before they send it.

use serde::Serialize;

/// Whether a field of a payload has to be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FieldRule {
    /// What it is, such as `Passwords`.
    pub kind: &'static str,
    /// Its names in payloads.
    pub names: &'static [&'static str],
    /// Whether it must be.
    pub encrypted: bool,
}

/// What must be encrypted and what need not be (product.md, "Encryption keys").
pub const FIELDS: &[FieldRule] = &[
    FieldRule {
        kind: "Passwords",
        names: &["currentPassword", "newPassword"],
        encrypted: true,
    },
    FieldRule {
        kind: "PINs",
        names: &["transactionPin", "userPin"],
        encrypted: true,
    },
    FieldRule {
        kind: "Security answers",
        names: &["securityAnswer"],
        encrypted: true,
    },
    FieldRule {
        kind: "Regular data",
        names: &["email", "firstName", "amount"],
        encrypted: false,
    },
];
