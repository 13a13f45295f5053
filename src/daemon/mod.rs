//! The daemon: one owner of the store, which proxies, services, consoles and commands on the host ask.
//!
//! - Two listeners: the public one (TCP) answers what clients and proxies need, the private one (unix socket) what its peer's
//!   uid may ask (interfaces.md, "HTTP").
//! - A worker thread has a runtime of its own and the connections that were handed to it; nothing that blocks runs there:
//!   commands and decryptions have pools with bounded queues.
//! - Verify reads memory and answers at once: no task, no lock that a commit holds for long.
//! - Everything from outside is bounded: connections, headers, bodies, and the time that a slow client may take.

mod body;
mod connection;
mod failures;
mod gather;
mod listen;
mod logins;
mod metrics;
mod names;
mod openapi;
mod options;
mod peer;
mod plain;
mod pool;
mod private;
mod public;
mod reply;
mod route;
mod shares;
mod state;
mod tls;
pub mod webhook;
mod worker;

pub use self::listen::{Listeners, PRIVATE_CONNECTIONS, serve};
pub use self::openapi::document;
pub use self::options::{Options, Rights};
pub use self::tls::{Tls, TlsError};
