//! What keeps this process' memory to itself: no core dumps, nobody attaches to it, no program it starts gains rights.
//!
//! - A process that is not dumpable writes no core whatever `core_pattern` says, and its `/proc/PID/mem` and ptrace are
//!   closed to everybody but root, other processes of the same account included. Its own descriptors stay open to itself
//!   (`/dev/fd/N`).
//! - Programs that it starts (tmux for the clipboard) inherit that they gain no rights by a set-uid bit.
//! - The command that sshd forces starts no program at all: the kernel refuses `execve` to it, whoever asks.
//! - The keyring's keys are in pages that are locked into memory (`crypto::locked`). What OpenSSL keeps of an open private
//!   key, passwords being hashed and answers under way are not: the unit forbids swap for them (MemorySwapMax=0).

use std::collections::BTreeMap;
use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::set_no_new_privs;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

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

/// Has the kernel refuse every start of a program to this process, for good. Called while it has one thread.
///
/// # Errors
/// The system has no way to say so: then nobody could promise it.
pub fn forbid_programs() -> io::Result<()> {
    let refused = BTreeMap::from([(libc::SYS_execve, Vec::new()), (libc::SYS_execveat, Vec::new())]);
    let not_permitted = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let machine = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    let filter = SeccompFilter::new(refused, SeccompAction::Allow, not_permitted, machine);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(io::Error::other)?;
    seccompiler::apply_filter_all_threads(&program).map_err(io::Error::other)
}

/// Takes as many descriptors as the system lets this process have, and says how many those are.
#[must_use]
pub fn descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    current
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(usize::MAX)
}
