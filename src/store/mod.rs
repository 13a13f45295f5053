//! Where records are kept: the `Store` port's adapters, and the bytes that they share.
//!
//! `record` turns domain types into bytes and back; `batch` decides what a commit writes. Both know nothing of a
//! particular engine, so that every adapter refuses and writes the same.

pub mod backup;
mod batch;
mod failure;
pub mod journal;
pub mod journaled;
pub mod memory;
pub mod record;
pub mod sled;
pub mod slots;
