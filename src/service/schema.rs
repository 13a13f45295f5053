//! How the vocabulary's words look in JSON, for the OpenAPI document: what serde writes by hand is described by hand.

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::request::{RevealId, SessionId};
use crate::domain::address::AddressRange;
use crate::domain::cashier::Role;
use crate::domain::id::TokenId;
use crate::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;
use crate::domain::text::{
    Brand, Email, Environment, FieldName, OrganizationName, Reason, ServiceName, Slug, TokenName, TokenNote,
    Variable,
};
use crate::domain::time::Timestamp;
use crate::domain::token::{Ladder, Lifetime, Overlap, Status};

fn string(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
}

fn done(object: ObjectBuilder) -> RefOr<Schema> {
    RefOr::T(Schema::Object(object.build()))
}

/// Texts with a longest length.
macro_rules! texts {
    ($($name:ty: $description:literal;)+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                done(string($description).min_length(Some(1)).max_length(Some(<$name>::MAX)))
            }
        }

        impl ToSchema for $name {}
    )+};
}

texts! {
    Brand: "A platform: letters and digits, beginning with a letter.";
    Environment: "An environment: letters a-z and digits.";
    FieldName: "The name of a payload's field.";
    OrganizationName: "An organization's full name.";
    Reason: "Why, for the audit log.";
    ServiceName: "A service.";
    Slug: "An organization's short name: letters a-z, digits and -, beginning with a letter.";
    TokenName: "A token's name.";
    TokenNote: "What there is to say about a token.";
    Variable: "An environment variable: capital letters, digits and _, beginning with a letter.";
}

/// Texts of a form.
macro_rules! forms {
    ($($name:ty: $description:literal $(, $set:ident($value:expr))*;)+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                done(string($description)$(.$set(Some($value)))*)
            }
        }

        impl ToSchema for $name {}
    )+};
}

forms! {
    AddressRange: "A range of addresses (CIDR), or a single one.", min_length(2), max_length(43);
    Email: "An e-mail address, which is folded to lower case.", max_length(254);
    Fingerprint: "SHA-256 of the public key's SubjectPublicKeyInfo (DER), in unpadded Base64url.",
        pattern("^[A-Za-z0-9_-]{43}$");
    Ladder: "Times before an end, in days, hours or minutes, such as `14d,3d,4h`.", pattern("^[0-9]+[dhm](,[0-9]+[dhm])*$");
    Recipient: "Whom backups are encrypted to: an age recipient (X25519).", pattern("^age1[a-z0-9]{58}$");
    RevealId: "Proof of having seen a new token.", pattern("^[0-9a-f]{32}$");
    Secret: "A secret: Base64 of its bytes.", format(SchemaFormat::KnownFormat(KnownFormat::Byte));
    SessionId: "Proof of a sign-in.", pattern("^[0-9a-f]{32}$");
    Timestamp: "A time (RFC 3339).", format(SchemaFormat::KnownFormat(KnownFormat::DateTime));
    TokenId: "Names one token for good: a ULID.", pattern("^[0-9a-zA-Z]{26}$");
}

/// One of some words, as serde writes them.
macro_rules! words {
    ($($name:ty: $description:literal, $all:expr;)+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = $all.iter().map(|word| serde_json::to_value(word).unwrap_or(Value::Null));
                done(string($description).enum_values(Some(words.collect::<Vec<_>>())))
            }
        }

        impl ToSchema for $name {}
    )+};
}

words! {
    KeySize: "Bits of a key pair.", KeySize::ALL;
    Lifetime: "How long a token works.", Lifetime::ALL;
    Mgf1: "The hash inside MGF1.", [Mgf1::Sha256, Mgf1::Sha1];
    Overlap: "How long the old token of a rotation goes on.", Overlap::ALL;
    Role: "What a cashier may do.", Role::ALL;
    Status: "Whether a token works.", [
        Status::Retiring, Status::Expiring, Status::Active, Status::Held, Status::Expired, Status::Revoked,
        Status::Deleted,
    ];
}
