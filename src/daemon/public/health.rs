//! Whether the daemon is alive, and whether it can answer.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::daemon::body::Body;
use crate::daemon::reply;
use crate::daemon::state::State;

/// Whether the process answers, whatever the store is.
#[utoipa::path(
    get, path = "/healthz", tag = "public", security(()),
    responses((status = 200, description = "It does.", body = String, content_type = "text/plain; charset=utf-8"))
)]
pub(in crate::daemon) fn alive() -> Response<Body> {
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    reply::full(StatusCode::OK, text, Bytes::from_static(b"alive\n"))
}

/// Whether the daemon can answer.
#[derive(Serialize, ToSchema)]
pub(in crate::daemon) struct Ready {
    ready: bool,
    /// `sealed` or `rolled_back`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    reason: Option<&'static str>,
}

/// Whether tokens can be verified: the store is open, and not older than what was acknowledged.
#[utoipa::path(
    get, path = "/readyz", tag = "public", security(()),
    responses(
        (status = 200, description = "They can.", body = Ready),
        (status = 503, description = "They cannot, for this reason.", body = Ready),
    )
)]
pub(in crate::daemon) fn ready(state: &State) -> Response<Body> {
    let reason = match state.service() {
        None => Some("sealed"),
        Some(service) if !service.is_current() => Some("rolled_back"),
        Some(_) => None,
    };
    let ready = reason.is_none();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    reply::with_status(status, &Ready { ready, reason })
}
