//! Strongroom: the admin console for an organization's API connections, in a terminal, on the server that uses them.
//!
//! Everything that anybody can ask is a `service::Request`; console, command line and daemon are faces of that one
//! vocabulary. Who may import whom is asserted by `tests/architecture.rs`.

pub mod cli;
pub mod console;
pub mod crypto;
pub mod daemon;
pub mod demo;
pub mod domain;
pub mod gateway;
pub mod guide;
pub mod notice;
pub mod reminder;
pub mod service;
pub mod store;
pub mod system;
pub mod wiring;
