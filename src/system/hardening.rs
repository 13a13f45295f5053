//! What keeps this process' memory to itself: no core dumps, nobody attaches to it, no program it starts gains rights.
//!
//! - A process that is not dumpable writes no core whatever `core_pattern` says, and its `/proc/PID/mem` and ptrace are
//!   closed to everybody but root, other processes of the same account included. Its own descriptors stay open to itself
//!   (`/dev/fd/N`).
//! - Programs that it starts (tmux for the clipboard) inherit that they gain no rights by a set-uid bit.
//! - The keyring's keys are in pages that are locked into memory (`crypto::locked`). What OpenSSL keeps of an open private
//!   key, passwords being hashed and answers under way are not: the unit forbids swap for them (MemorySwapMax=0).

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::set_no_new_privs;

/// Closes the process. Called before it reads a secret.
///
/// A system that refuses one of these does not know the danger that it is against; the others hold nevertheless.
pub fn harden() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _ = set_no_new_privs(true);
}
