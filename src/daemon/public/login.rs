//! `/v1/login`, `/v1/refresh`, `/v1/logout` and `/v1/jwks.json`: a cashier's e-mail and password for a JWT of an hour and a
//! refresh token that is good once.
//!
//! - Bodies and answers are JSON with OAuth's names (RFC 6749). Another content type is refused, so that no form of
//!   another site's page can log somebody in.
//! - Passwords are hashed on a thread of their own: a flood of logins keeps neither commands nor verification waiting, and
//!   of the two places before argon2 one is left to those who sign in on the host.
//! - What has not the form of a refresh token, or is no good JWT, is refused before it waits for anything.
//! - A store that cannot answer says no more than that: why is nothing for strangers.
//! - A refresh whose answer was lost cannot be repeated: its refresh token was used, and using it again ends the session.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::verify::{Credential, Wrapped as Refusal, credential, unavailable};
use crate::daemon::body::{self, Body};
use crate::daemon::logins::{Logins, Source};
use crate::daemon::options::LONGEST_BODY;
use crate::daemon::peer::{Peer, Session};
use crate::daemon::reply;
use crate::daemon::state::State;
use crate::domain::login::{JWT_LIFETIME, RefreshSecret};
use crate::domain::secret::Secret;
use crate::domain::text::Email;
use crate::domain::time::Timestamp;
use crate::gateway::private::Failure;
use crate::service::login::{LoginGranted, LoginProof, LoginVerified, no_session, refresh_token};
use crate::service::request::Credentials;
use crate::service::{Actor, Code, Error, Service};

const JWK_SET: HeaderValue = HeaderValue::from_static("application/jwk-set+json");
/// A new key is found by its name, which nobody has kept yet.
const FIVE_MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// Seconds: somebody has to come and open the store.
const AN_ADMINS_TIME: HeaderValue = HeaderValue::from_static("30");

/// A cashier's e-mail and password.
#[derive(Deserialize, ToSchema)]
pub(in crate::daemon) struct Login {
    email: String,
    password: String,
}

/// The refresh token of the last answer.
#[derive(Deserialize, ToSchema)]
pub(in crate::daemon) struct Refresh {
    refresh_token: String,
}

/// A login.
#[derive(Serialize, ToSchema)]
pub(in crate::daemon) struct Granted<'a> {
    access_token: &'a str,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    refresh_token: &'a str,
    /// When the session ends if nobody refreshes it.
    refresh_expires_at: Timestamp,
}

/// Logs a cashier in; an earlier session of theirs ends.
#[utoipa::path(
    post, path = "/v1/login", tag = "public", security(()), request_body = Login,
    responses(
        (status = 200, description = "A JWT for an hour, and a token to refresh it with.", body = Granted),
        (status = 401, description = "E-mail or password is wrong.", body = Failure),
        (status = 403, description = "This cashier may not log in.", body = Failure),
        (status = 415, description = "The body is not said to be JSON.", body = Failure),
        (status = 429, description = "Too many wrong ones, of this cashier or from this address: wait.", body = Failure,
            headers(("Retry-After" = u64, description = "Seconds until the next is tried."))),
        (status = 503, description = "Nobody can log in at the moment, or too much is waiting.", body = Refusal,
            headers(("Retry-After" = u64, description = "Seconds."))),
    )
)]
pub(in crate::daemon) async fn login(session: Arc<Session>, request: Request<Incoming>) -> Response<Body> {
    if let Err(refused) = service(&session.state) {
        return refused;
    }
    let (actor, login) = match read::<Login>(&session, request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let password = Secret::from_text(login.password);
    let email = match Email::folded(&login.email) {
        Ok(email) => email,
        Err(error) => return reply::error(&error.into()),
    };
    let credentials = Credentials { email, password };
    let source = actor.source;
    let log_in = move |state: &State| state.opened()?.log_in(&actor.named(), &credentials);
    let granted = Logins::run(&session.state, source, log_in).await;
    granted.map_or_else(|refused| refused, |granted| answer(&granted))
}

/// Gives another JWT, and another refresh token for the one that was used; using it again ends the session.
#[utoipa::path(
    post, path = "/v1/refresh", tag = "public", security(()), request_body = Refresh,
    responses(
        (status = 200, description = "A JWT for an hour, and a token to refresh it with.", body = Granted),
        (status = 401, description = "It is not good, was used already, or the session has ended.", body = Failure),
        (status = 415, description = "The body is not said to be JSON.", body = Failure),
        (status = 429, description = "This session was refreshed too often: wait. It goes on, and the token stays good.",
            body = Failure, headers(("Retry-After" = u64, description = "Seconds until it may be again."))),
        (status = 503, description = "Nobody can log in at the moment, or too much is waiting.", body = Refusal,
            headers(("Retry-After" = u64, description = "Seconds."))),
    )
)]
pub(in crate::daemon) async fn refresh(session: Arc<Session>, request: Request<Incoming>) -> Response<Body> {
    if let Err(refused) = service(&session.state) {
        return refused;
    }
    let (actor, presented) = match presented(&session, request).await {
        Ok(presented) => presented,
        Err(refused) => return refused,
    };
    let granted = session
        .state
        .run_client(move |state| state.opened()?.refresh_login(&actor.named(), &presented))
        .await;
    granted.map_or_else(|refused| refused, |granted| answer(&granted))
}

/// Ends a login session, with the JWT as for any request, or with the refresh token in the body.
#[utoipa::path(
    post, path = "/v1/logout", tag = "public", security((), ("login" = [])), request_body = Option<Refresh>,
    responses(
        (status = 200, description = "It has ended.", body = Ended),
        (status = 401, description = "There is no such session.", body = Failure),
        (status = 415, description = "The body is not said to be JSON.", body = Failure),
        (status = 503, description = "Nobody can log in or out at the moment, or too much is waiting.", body = Refusal,
            headers(("Retry-After" = u64, description = "Seconds."))),
    )
)]
pub(in crate::daemon) async fn logout(session: Arc<Session>, request: Request<Incoming>) -> Response<Body> {
    let service = match service(&session.state) {
        Ok(service) => service,
        Err(refused) => return refused,
    };
    let ended = if let Credential::Bearer(jwt) = credential(request.headers()) {
        // It costs what /v1/verify costs everybody.
        let origin = session.origin(request.headers());
        if !matches!(service.verify_login_from(jwt, &origin), LoginVerified::Good(_)) {
            return reply::error(&no_session());
        }
        let jwt = Secret::new(jwt.to_vec());
        let actor = Client::of(&session, request.headers()).await;
        let end = move |state: &State| {
            state
                .opened()?
                .log_out(&actor.named(), LoginProof::Jwt(jwt.expose()))
        };
        session.state.run_client(end).await
    } else {
        let (actor, presented) = match presented(&session, request).await {
            Ok(presented) => presented,
            Err(refused) => return refused,
        };
        let end = move |state: &State| {
            state
                .opened()?
                .log_out(&actor.named(), LoginProof::Refresh(&presented))
        };
        session.state.run_client(end).await
    };
    match ended {
        Ok(Ok(())) => reply::json(&Ended {}),
        Ok(Err(error)) => reply::error(&error),
        Err(refused) => refused,
    }
}

/// What JWTs of logins are verified with, by their `kid`.
#[utoipa::path(
    get, path = "/v1/jwks.json", operation_id = "jwks", tag = "public", security(()),
    responses(
        (status = 200, description = "A JWK set (RFC 7517), which may be kept unless it is empty.", body = serde_json::Value,
        content_type = "application/jwk-set+json"),
        (status = 503, description = "Nobody can log in at the moment.", body = Refusal,
            headers(("Retry-After" = u64, description = "Seconds."))))
)]
pub(in crate::daemon) fn keys(state: &State) -> Response<Body> {
    let keys = match service(state) {
        Ok(service) => service.login_keys(),
        Err(refused) => return refused,
    };
    let mut response = reply::full(StatusCode::OK, JWK_SET, Bytes::from(keys.jwks));
    // Whoever keeps an empty set would miss the first login's key.
    if !keys.is_empty {
        response.headers_mut().insert(CACHE_CONTROL, FIVE_MINUTES);
    }
    response
}

/// The service, if it can answer: it is open, and no older state that waits to be accepted.
fn service(state: &State) -> Result<&Arc<Service>, Response<Body>> {
    let service = state.service().filter(|service| service.is_current());
    service.ok_or_else(|| {
        let mut response = unavailable("nobody can log in at the moment");
        response.headers_mut().insert(RETRY_AFTER, AN_ADMINS_TIME);
        response
    })
}

/// Nothing more to say.
#[derive(Serialize, ToSchema)]
pub(in crate::daemon) struct Ended {}

/// Who asks.
struct Client {
    os_user: Arc<str>,
    uid: u32,
    source: Source,
    address: Option<String>,
}

impl Client {
    async fn of(session: &Session, headers: &HeaderMap) -> Self {
        let (uid, os_user) = match (&session.peer, session.peer.user()) {
            (Peer::Local { uid, .. }, Some(user)) => (*uid, user.into()),
            // The daemon's own account carries what comes over the network.
            _ => {
                let owner = session.state.options.rights.owner;
                (owner, session.state.names.of(owner).await)
            }
        };
        let caller = session.caller(headers);
        let address = caller.map(|address| address.to_string());
        let (nobody, address) = match session.peer {
            Peer::Local { .. } => (Source::Local(uid), address),
            // Not the daemon's own account: that one's sign-ins wait for no stranger.
            Peer::Network(_) => (
                Source::Unknown,
                Some(address.unwrap_or_else(|| "unknown".to_owned())),
            ),
        };
        Self {
            os_user,
            uid,
            source: caller.map_or(nobody, Source::of),
            address,
        }
    }

    /// It owns nothing, whoever it is: a login gives no rights on the host.
    fn named(&self) -> Actor {
        Actor {
            os_user: self.os_user.to_string(),
            uid: self.uid,
            address: self.address.clone(),
            ..Actor::default()
        }
    }
}

/// The refresh token in a body, if it has the form of one.
async fn presented(
    session: &Session,
    request: Request<Incoming>,
) -> Result<(Client, RefreshSecret), Response<Body>> {
    let (client, refresh) = read::<Refresh>(session, request).await?;
    let presented = refresh_token(&Secret::from_text(refresh.refresh_token));
    presented
        .map(|presented| (client, presented))
        .map_err(|error| reply::error(&error))
}

async fn read<T: DeserializeOwned>(
    session: &Session,
    request: Request<Incoming>,
) -> Result<(Client, T), Response<Body>> {
    let client = Client::of(session, request.headers()).await;
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let error = Error::new(
            Code::Invalid,
            "the body is not said to be JSON",
            "send it with Content-Type: application/json",
        );
        let mut response = reply::error(&error);
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(response);
    }
    let body = body::read(request.into_body(), LONGEST_BODY).await?;
    // The parser's own words are left out: they may quote the body.
    serde_json::from_slice(body.expose())
        .map(|read| (client, read))
        .map_err(|_| {
            reply::invalid(
                "the body is not the JSON that is asked for",
                "see /v1/openapi.json",
            )
        })
}

fn answer(granted: &Result<LoginGranted, Error>) -> Response<Body> {
    match granted {
        Ok(granted) => reply::json(&Granted {
            access_token: granted.jwt.expose_text().unwrap_or_default(),
            token_type: "Bearer",
            expires_in: JWT_LIFETIME.num_seconds(),
            refresh_token: granted.refresh.expose_text().unwrap_or_default(),
            refresh_expires_at: granted.ends_at,
        }),
        Err(error) => reply::error(error),
    }
}
