//! `/v1/verify`: whether a credential is good, in answers that every forward-auth proxy understands (interfaces.md).
//!
//! 200 with who it is, 401 with why not, 403 from a forbidden address, 503 while nobody can say. Never 204, 429 or a
//! redirect, and nothing that anybody may keep.

use std::fmt::{Display, Write as _};
use std::io::Write as _;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::daemon::body::Body;
use crate::daemon::peer::Session;
use crate::daemon::reply::{JSON, NO_STORE};
use crate::daemon::state::State;
use crate::domain::token::{Refusal, Status};
use crate::gateway::private::Failure;
use crate::service::login::{LoginRefusal, LoginVerified};
use crate::service::{Found, Grant, Origin, Service, Verified};

pub(in crate::daemon) const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
pub(in crate::daemon) const REASON: HeaderName = HeaderName::from_static("x-auth-reason");
// Constants: made for each answer they would be looked up among the standard's names.
const ORGANIZATION: HeaderName = HeaderName::from_static("x-auth-org");
const TOKEN_ID: HeaderName = HeaderName::from_static("x-auth-token-id");
const SERVICE: HeaderName = HeaderName::from_static("x-auth-service");
const ENVIRONMENT: HeaderName = HeaderName::from_static("x-auth-environment");
const EXPIRES: HeaderName = HeaderName::from_static("x-auth-expires");
const STATUS: HeaderName = HeaderName::from_static("x-auth-status");
const CASHIER: HeaderName = HeaderName::from_static("x-auth-cashier");
const ROLE: HeaderName = HeaderName::from_static("x-auth-role");
const EMPTY: HeaderValue = HeaderValue::from_static("");
const CHALLENGE: HeaderValue = HeaderValue::from_static("X-Auth-Token realm=\"strongroom\"");

/// Why an older state of the store answers nobody, as strangers are told it.
pub(in crate::daemon) const OLDER: &str = "an older state of the store waits to be accepted";

/// What a request came with.
pub(in crate::daemon) enum Credential<'h> {
    /// `X-Auth-Token`.
    Token(&'h [u8]),
    /// `Authorization: Bearer`.
    Bearer(&'h [u8]),
    /// None, or one that says nothing.
    Missing,
    /// Several of a kind: nobody knows which one is meant.
    Several,
}

/// The credential of a request: the API token, where both are there.
pub(in crate::daemon) fn credential(headers: &HeaderMap) -> Credential<'_> {
    let mut tokens = headers.get_all(TOKEN).iter();
    let first = tokens.next().map(|token| token.as_bytes().trim_ascii());
    match (first, tokens.next()) {
        (_, Some(_)) => return Credential::Several,
        (Some(token), None) if !token.is_empty() => return Credential::Token(token),
        // Some proxies pass on an empty one where there was none.
        _ => {}
    }
    let mut authorizations = headers.get_all(AUTHORIZATION).iter();
    match (authorizations.next(), authorizations.next()) {
        (None, _) => Credential::Missing,
        (Some(_), Some(_)) => Credential::Several,
        (Some(value), None) => match value.as_bytes().split_at_checked(7) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer ") => {
                Credential::Bearer(rest.trim_ascii())
            }
            // Another scheme is another's credential.
            _ => Credential::Missing,
        },
    }
}

/// Whether a credential is good, for a proxy that asks before it passes a request on.
///
/// Any method, and any path below this one, so that a proxy may append what it was asked for. A body is read over. 200 has
/// every identity header, so that what a client forged is overwritten; nothing here may be kept by anybody.
#[utoipa::path(
    method(get, post, put, patch, delete, options, head, trace), path = "/v1/verify", operation_id = "verify", tag = "public",
    security(("token" = []), ("login" = [])),
    params(
        ("X-Forwarded-For" = Option<String>, Header, description = "The client's address; counts from trusted proxies."),
        ("User-Agent" = Option<String>, Header, description = "The client's; kept with the token's use."),
    ),
    responses(
        (status = 200, description = "It is good; the body is empty.", headers(
            ("X-Auth-Org" = String, description = "The organization's short name; empty for a login."),
            ("X-Auth-Token-Id" = String, description = "The token's id; empty for a login."),
            ("X-Auth-Service" = String, description = "The service that it is for; empty for a login."),
            ("X-Auth-Environment" = String, description = "The environment; empty for a login."),
            ("X-Auth-Expires" = String, description = "When it stops working (RFC 3339)."),
            ("X-Auth-Status" = String, description = "`active`, `expiring` or `retiring`."),
            ("X-Auth-Cashier" = String, description = "A login's e-mail address; empty for a token."),
            ("X-Auth-Role" = String, description = "A login's role; empty for a token."),
        )),
        (status = 400, description = "The body broke off.", body = Failure),
        (status = 401, description = "It is missing, malformed, unknown, expired or revoked.", body = Wrapped, headers(
            ("WWW-Authenticate" = String, description = "How to do it."),
            ("X-Auth-Reason" = String, description = "As the body's `code`."),
        )),
        (status = 403, description = "It is good, and may not be used from this address; or, on the private listener, the \
            account has not the right to ask.", body = Wrapped),
        (status = 503, description = "Nobody can say: the store is sealed, or older than what was acknowledged.",
            body = Wrapped),
    )
)]
pub(in crate::daemon) fn answer(session: &Session, headers: &HeaderMap) -> Response<Body> {
    let service = match current(&session.state) {
        Ok(service) => service,
        Err(unavailable) => return unavailable,
    };
    let presented = match credential(headers) {
        Credential::Token(token) => token,
        Credential::Bearer(jwt) => return login(service, jwt, &session.origin(headers)),
        Credential::Several => return Reason::Invalid.response(),
        Credential::Missing => return Reason::Missing.response(),
    };
    match judge(service, presented, &session.origin(headers)) {
        Ok((found, status)) => service.with_grant(&found, status, good),
        Err(refused) => refused,
    }
}

/// The store that can say, or what to say while there is none.
pub(in crate::daemon) fn current(state: &State) -> Result<&Service, Response<Body>> {
    let service = state
        .service()
        .ok_or_else(|| unavailable("the store is sealed"))?;
    // Whoever has no credential is told so only by a store that knows: a proxy tries elsewhere first.
    if service.is_current() {
        Ok(service)
    } else {
        Err(unavailable(OLDER))
    }
}

/// Which token it is that was presented, or why it is no good.
pub(in crate::daemon) fn judge(
    service: &Service,
    presented: &[u8],
    origin: &Origin<'_>,
) -> Result<(Found, Status), Response<Body>> {
    match service.verify_from(presented, origin) {
        Verified::Good { found, status } => Ok((found, status)),
        Verified::Forbidden(_) => Err(forbidden()),
        Verified::Refused(refusal) => Err(Reason::from(refusal).response()),
        Verified::Invalid => Err(Reason::Invalid.response()),
        Verified::Unavailable => Err(unavailable(OLDER)),
    }
}

/// The same for a login's JWT: a cashier belongs to no organization, and its service is its own.
fn login(service: &Service, jwt: &[u8], origin: &Origin<'_>) -> Response<Body> {
    let who = match service.verify_login_from(jwt, origin) {
        LoginVerified::Good(who) => who,
        LoginVerified::Refused(LoginRefusal::Expired) => return Reason::Expired.response(),
        LoginVerified::Refused(LoginRefusal::Ended) => return Reason::Ended.response(),
        LoginVerified::Invalid => return Reason::Invalid.response(),
        LoginVerified::Unavailable => return unavailable(OLDER),
    };
    let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).unwrap_or(EMPTY);
    let mut response = Response::new(Body::Empty);
    let headers = response.headers_mut();
    for name in [ORGANIZATION, TOKEN_ID, SERVICE, ENVIRONMENT] {
        headers.insert(name, EMPTY);
    }
    headers.insert(EXPIRES, value(&who.expires_at.to_string()));
    headers.insert(STATUS, HeaderValue::from_static("active"));
    headers.insert(CASHIER, value(who.email.as_str()));
    headers.insert(ROLE, HeaderValue::from_static(who.role.word()));
    headers.insert(CACHE_CONTROL, NO_STORE);
    response
}

/// Whose token it is; every header each time, so that what a client forged is overwritten.
fn good(grant: &Grant<'_>) -> Response<Body> {
    let mut text = BytesMut::with_capacity(192);
    let mut value = |part: &dyn Display| {
        // Writing into memory does not fail.
        let _ = write!(text, "{part}");
        // Names are printable, but need not be ASCII: what no header may hold is left empty.
        HeaderValue::from_maybe_shared(text.split().freeze()).unwrap_or(EMPTY)
    };
    let mut response = Response::new(Body::Empty);
    let headers = response.headers_mut();
    headers.reserve(10);
    let mut put = |name, part: &dyn Display| {
        headers.insert(name, value(part));
    };
    put(ORGANIZATION, &grant.organization);
    put(TOKEN_ID, &grant.id);
    put(SERVICE, &grant.service);
    put(ENVIRONMENT, &grant.environment);
    put(EXPIRES, &grant.expires);
    headers.insert(STATUS, HeaderValue::from_static(grant.status.word()));
    // A cashier's, and none here: a client that forged them says nothing.
    headers.insert(CASHIER, EMPTY);
    headers.insert(ROLE, EMPTY);
    headers.insert(CACHE_CONTROL, NO_STORE);
    response
}

/// The same answer as it goes over the wire, without its end: date and empty line are for whoever writes it.
pub(in crate::daemon) fn write_good(grant: &Grant<'_>, wire: &mut Vec<u8>) {
    wire.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    let mut put = |name: &HeaderName, part: &dyn Display| {
        wire.extend_from_slice(name.as_str().as_bytes());
        wire.extend_from_slice(b": ");
        let begin = wire.len();
        // Writing into memory does not fail.
        let _ = write!(wire, "{part}");
        // As above: nobody's name ends a header.
        if HeaderValue::from_bytes(&wire[begin..]).is_err() {
            wire.truncate(begin);
        }
        wire.extend_from_slice(b"\r\n");
    };
    put(&ORGANIZATION, &grant.organization);
    put(&TOKEN_ID, &grant.id);
    put(&SERVICE, &grant.service);
    put(&ENVIRONMENT, &grant.environment);
    put(&EXPIRES, &grant.expires);
    put(&STATUS, &grant.status.word());
    for name in [CASHIER, ROLE] {
        put(&name, &"");
    }
    wire.extend_from_slice(b"cache-control: no-store\r\ncontent-length: 0\r\n");
}

/// 403: the token is good, and its list has not the address.
pub(in crate::daemon) fn forbidden() -> Response<Body> {
    let error = Refused {
        code: "forbidden",
        message: "this token may not be used from this address",
        hint: "ask whoever runs this service to allow the address",
    };
    refused(StatusCode::FORBIDDEN, error)
}

/// Why a credential is not good.
#[derive(Debug, Clone, Copy)]
pub(in crate::daemon) enum Reason {
    Missing,
    Invalid,
    Expired,
    Revoked,
    /// Of a login session.
    Ended,
    Held,
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Expired => Self::Expired,
            Refusal::Revoked => Self::Revoked,
            Refusal::Held => Self::Held,
        }
    }
}

/// Why a credential is not good, or cannot be judged.
#[derive(Serialize, ToSchema)]
#[schema(as = Refusal)]
pub(in crate::daemon) struct Wrapped {
    error: Refused,
}

/// For programs and for people.
#[derive(Serialize, ToSchema)]
pub(in crate::daemon) struct Refused {
    /// `missing`, `invalid`, `expired`, `revoked`, `held`, `forbidden` or `unavailable`.
    code: &'static str,
    message: &'static str,
    hint: &'static str,
}

impl Reason {
    const fn told(self) -> Refused {
        let (code, message, hint) = match self {
            Self::Missing => (
                "missing",
                "the request has no credential",
                "send the API token in X-Auth-Token, or a login's token as Authorization: Bearer",
            ),
            Self::Invalid => (
                "invalid",
                "nobody knows this credential",
                "check that it was copied whole, and that it is for this place",
            ),
            Self::Expired => (
                "expired",
                "this token ran out",
                "rotate it in the console, or log in again, and use the new one",
            ),
            Self::Revoked => (
                "revoked",
                "this token was revoked",
                "ask whoever runs this service for another",
            ),
            Self::Ended => ("revoked", "this login session has ended", "log in again"),
            Self::Held => (
                "held",
                "this token waits for an admin since a backup was restored",
                "ask whoever runs this service to release it",
            ),
        };
        Refused { code, message, hint }
    }

    /// 401, with why.
    pub(in crate::daemon) fn response(self) -> Response<Body> {
        let error = self.told();
        let code = HeaderValue::from_static(error.code);
        let mut response = refused(StatusCode::UNAUTHORIZED, error);
        let headers = response.headers_mut();
        headers.insert(WWW_AUTHENTICATE, CHALLENGE);
        headers.insert(REASON, code);
        response
    }
}

fn refused(status: StatusCode, error: Refused) -> Response<Body> {
    let body = serde_json::to_vec(&Wrapped { error }).unwrap_or_default();
    let mut response = Response::new(Body::Full(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

/// 503: a proxy lets nothing through.
pub(in crate::daemon) fn unavailable(message: &'static str) -> Response<Body> {
    let error = Refused {
        code: "unavailable",
        message,
        hint: "an admin opens the console on this host",
    };
    refused(StatusCode::SERVICE_UNAVAILABLE, error)
}
