//! The daemon as proxies, services and systemd meet it: the real program, real sockets, a real nginx.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails fails its test; what was skipped is said"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "what waits for a process measures real time"
)]

#[path = "../support/daemon.rs"]
mod daemon;
#[path = "../support/faults.rs"]
mod faults;
#[path = "../cli/host.rs"]
#[allow(dead_code, reason = "the commands' own tests use the rest of it")]
mod host;

#[path = "../support/memory.rs"]
mod memory_of;
#[path = "../support/nginx.rs"]
mod nginx;
#[allow(dead_code, reason = "the walk uses the rest")]
#[path = "../walk/search.rs"]
mod search;
#[path = "../support/skip.rs"]
mod skip;

mod accounts;
mod behind_nginx;
mod callers;
mod decrypt;
mod ending;
mod files;
mod forwarded;
mod logins;
mod logs;
mod malformed;
mod memory;
mod metrics;
mod places;
mod plain;
mod queues;
mod schema;
mod shapes;
mod slow;
mod systemd;
mod tls;
mod tools;
mod webhooks;
