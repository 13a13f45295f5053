//! The rules of the product, pure: what a token, a key pair, a cashier is, and what follows from a record and the time.
//!
//! No input or output, no clock, no randomness: time and random bytes come in as parameters. Records derive serde so
//! that the store can keep them; what the bytes look like is the store's business (`store::record`).

pub mod address;
pub mod audit;
pub mod bech32;
pub mod cashier;
pub mod ciphertext;
pub mod delivery;
pub mod field;
pub mod id;
pub mod key_pair;
pub mod login;
pub mod organization;
pub mod pem;
pub mod recovery;
pub mod ring;
pub mod secret;
pub mod text;
pub mod throttle;
pub mod time;
pub mod token;
pub mod trusted_time;
pub mod usage;
