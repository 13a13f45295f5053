//! What clients and proxies need: on both listeners.

pub(super) mod health;
pub(super) mod key;
pub(super) mod login;
pub(super) mod verify;
