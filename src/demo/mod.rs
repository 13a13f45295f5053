//! A year in the life of a made-up organization, for a first look: what happened when, and who calls now.
//!
//! The year is data ([`script`]), lived through the real service on a clock that is wound forward ([`year`]): audit log,
//! chains of rotations and counts are what they would have been. Its shape is the same each time; secrets are not.

mod clock;
mod passwords;
pub mod script;
pub mod year;

pub use self::clock::WoundClock;
pub use self::passwords::HashedOnce;

/// Who the visitor may be: an admin.
pub const EMAIL: &str = "ada@acme.test";
/// The password of every cashier in it. It is no secret: the store is thrown away.
pub const PASSWORD: &str = "open sesame demo";
