//! Answers other than verify's: JSON, and errors as `{"error":{"code","message","hint"}}` with a status for each code.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::body::Body;
use crate::service::{Code, Error, wire};

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The status that a code has over HTTP.
pub(super) const fn status(code: Code) -> StatusCode {
    match code {
        Code::Invalid => StatusCode::BAD_REQUEST,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict | Code::KeyRotated | Code::Cancelled => StatusCode::CONFLICT,
        Code::Unauthenticated | Code::SignInRequired => StatusCode::UNAUTHORIZED,
        Code::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Code::Forbidden | Code::ReadOnly => StatusCode::FORBIDDEN,
        Code::DecryptionFailed | Code::ClearFields | Code::NotText => StatusCode::UNPROCESSABLE_ENTITY,
        Code::NotOnboarded
        | Code::WrongSeal
        | Code::Sealed
        | Code::StoreLocked
        | Code::RolledBack
        | Code::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Code::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        Code::StoreDamaged | Code::UnknownVersion | Code::Permissions | Code::Io | Code::Internal => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

#[derive(Serialize)]
struct Wrapped<'a> {
    error: &'a Error,
}

/// A refusal or failure.
pub(super) fn error(error: &Error) -> Response<Body> {
    let mut response = with_status(status(error.code), &Wrapped { error });
    let seconds = error.retry_after.or((error.code == Code::Busy).then_some(1));
    if let Some(seconds) = seconds {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// An answer, as JSON.
pub(super) fn json(value: &impl Serialize) -> Response<Body> {
    with_status(StatusCode::OK, value)
}

/// An answer with a status of its own, as JSON.
pub(super) fn with_status(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    match wire::write(value) {
        // It may be a token: wiped when it was sent.
        Ok(bytes) => full(status, JSON, Bytes::from_owner(bytes)),
        Err(_) => full(
            StatusCode::INTERNAL_SERVER_ERROR,
            JSON,
            Bytes::from_static(
                br#"{"error":{"code":"internal","message":"the answer cannot be written as JSON","hint":"report it"}}"#,
            ),
        ),
    }
}

/// Bytes of a type. Nothing that is answered here may be kept by anybody on the way.
pub(super) fn full(status: StatusCode, kind: HeaderValue, bytes: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::Full(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

pub(super) fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Response<Body> {
    error(&Error::new(Code::Invalid, message, hint))
}

pub(super) fn not_found() -> Response<Body> {
    error(&Error::new(
        Code::NotFound,
        "there is nothing at this path",
        "see /v1/openapi.json for what there is",
    ))
}

/// Another method than the path takes.
pub(super) fn wrong_method(allowed: &str) -> Response<Body> {
    let mut response = error(&Error::new(
        Code::Invalid,
        "this path does not take that method",
        format!("use {allowed}"),
    ));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

pub(super) fn too_long(most: usize) -> Response<Body> {
    let mut response = invalid(
        format!("the request's body is longer than {most} bytes"),
        "send less at once",
    );
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}

pub(super) fn too_slow(patience: Duration) -> Response<Body> {
    let mut response = invalid(
        format!("the request's body did not come within {} s", patience.as_secs()),
        "send it again",
    );
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    response
}

/// Too much is waiting already.
pub(super) fn busy(what: &str) -> Response<Body> {
    error(&Error::new(
        Code::Busy,
        format!("too many {what} are waiting"),
        "try again in a second",
    ))
}
