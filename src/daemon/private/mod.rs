//! What processes of this host may ask, each what its account has the right to. Paths and bodies are `gateway::private`'s.

pub(super) mod command;
pub(super) mod decrypt;
pub(super) mod events;
pub(super) mod store;

use http::Response;
use serde::Serialize;

use super::body::Body;
use super::reply;
use crate::service::Error;

/// An answer that may hold a secret.
fn answered(result: Result<impl Serialize, Error>) -> Response<Body> {
    match result {
        Ok(answer) => reply::json(&answer),
        Err(error) => reply::error(&error),
    }
}
