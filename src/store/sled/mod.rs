//! Databases on disk, in sled 0.34: one for records and audit log, one for usage.
//!
//! Neither is trusted alone: what the first one holds is compared with the journal (`journaled`), the second may be lost.
//! A durable write is one transaction over all trees, a flush, and an fdatasync of sled's file. Usage lies in a database of
//! its own so that its writes are not in the file that commits sync. One process at a time: `system::lock` sees to it.

pub mod contain;
mod database;
mod engine;
mod nudge;
mod open;
mod usage;

pub use self::database::{Database, RawEntry, Tree, Writes};
pub use self::usage::UsageDatabase;
