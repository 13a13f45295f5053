//! `GET /v1/public-key`: what a holder of a good credential encrypts to.

use std::sync::Arc;

use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde::Serialize;
use utoipa::ToSchema;

use super::verify::{Credential, OLDER, Reason, Wrapped as Refusal, credential, forbidden, unavailable};
use crate::daemon::body::Body;
use crate::daemon::peer::Session;
use crate::daemon::reply;
use crate::domain::key_pair::Fingerprint;
use crate::domain::text::Slug;
use crate::service::response::KeyView;
use crate::service::{Actor, Error, Response as Answer, Verified};

/// A public key in its formats.
#[derive(Serialize, ToSchema)]
pub(in crate::daemon) struct PublicKey {
    organization: Slug,
    generation: u32,
    fingerprint: Fingerprint,
    /// Base64 of the SubjectPublicKeyInfo, DER.
    base64: String,
    pem: String,
    jwk: serde_json::Value,
}

/// The public key of the credential's organization.
///
/// For whoever has a good credential. Ask before each batch, with `If-None-Match`: a key may be replaced at any time.
#[utoipa::path(
    get, path = "/v1/public-key", operation_id = "public_key", tag = "public",
    security(("token" = []), ("login" = [])),
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer.")),
    responses(
        (status = 200, description = "The key in its formats.", body = PublicKey,
            headers(("ETag" = String, description = "The fingerprint, in quotation marks."))),
        (status = 304, description = "It is still that one.",
            headers(("ETag" = String, description = "The fingerprint, in quotation marks."))),
        (status = 401, description = "The credential is not good.", body = Refusal,
            headers(
                ("WWW-Authenticate" = String, description = "How to do it."),
                ("X-Auth-Reason" = String, description = "As the body's `code`."),
            )),
    )
)]
pub(in crate::daemon) async fn answer(session: Arc<Session>, request: Request<Incoming>) -> Response<Body> {
    let organization = match holder(&session, &request) {
        Ok(organization) => organization,
        Err(refused) => return refused,
    };
    let shown = session
        .state
        .run_client(move |state| show(state.opened()?, organization))
        .await;
    let view = match shown {
        Ok(Ok(view)) => view,
        Ok(Err(error)) => return reply::error(&error),
        Err(response) => return response,
    };
    let tag = format!("\"{}\"", view.active.fingerprint);
    let is_known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| {
        known
            .as_bytes()
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            // Weakly: proxies that compress mark a tag as weak, and the key is the same (RFC 9110, 13.1.2).
            .any(|one| one == b"*" || one.strip_prefix(b"W/").unwrap_or(one) == tag.as_bytes())
    });
    let mut response = if is_known {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        reply::json(&PublicKey {
            organization: view.organization,
            generation: view.active.generation,
            fingerprint: view.active.fingerprint,
            base64: view.base64,
            pem: view.pem,
            jwk: serde_json::from_str(&view.jwk).unwrap_or_default(),
        })
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    response
}

/// Whose key the credential's holder may have.
fn holder(session: &Session, request: &Request<Incoming>) -> Result<Slug, Response<Body>> {
    let Some(service) = session.state.service() else {
        return Err(unavailable("the store is sealed"));
    };
    if !service.is_current() {
        return Err(unavailable(OLDER));
    }
    match credential(request.headers()) {
        Credential::Missing => Err(Reason::Missing.response()),
        Credential::Bearer(_) | Credential::Several => Err(Reason::Invalid.response()),
        Credential::Token(token) => match service.verify_from(token, &session.origin(request.headers())) {
            Verified::Good { found, status } => {
                Ok(service.with_grant(&found, status, |grant| Slug::from_stored(grant.organization)))
            }
            Verified::Forbidden(_) => Err(forbidden()),
            Verified::Refused(refusal) => Err(Reason::from(refusal).response()),
            Verified::Invalid => Err(Reason::Invalid.response()),
            Verified::Unavailable => Err(unavailable(OLDER)),
        },
    }
}

fn show(service: &Arc<crate::service::Service>, organization: Slug) -> Result<Box<KeyView>, Error> {
    let nobody = Actor {
        read_only: true,
        ..Actor::default()
    };
    let request = crate::service::Request::ShowKey {
        organization: Some(organization),
    };
    match service.handle(&nobody, request)? {
        Answer::Key(view) => Ok(view),
        _ => Err(crate::daemon::state::broke_off()),
    }
}
