//! `POST /v1/decrypt` and `POST /v1/payload`: what clients encrypted, opened for the services that they sent it to.
//!
//! It runs on threads of its own, of lower priority, with a bounded queue: a flood is told to come again, and keeps no
//! verification waiting. Bodies and plaintexts are wiped; the copy that is sent is hyper's.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::answered;
use crate::daemon::body::{self, Body};
use crate::daemon::options::LONGEST_BODY;
use crate::daemon::peer::Session;
use crate::daemon::reply;
use crate::daemon::state::State;
use crate::domain::key_pair::{Fingerprint, Mgf1};
use crate::domain::secret::Secret;
use crate::domain::text::Slug;
use crate::gateway::private::Failure;
use crate::service::request::Ciphertext;
use crate::service::response::Decrypted;
use crate::service::{Actor, Code, Error, wire};

const KEY: &str = "x-key-fingerprint";
const GENERATION: HeaderName = HeaderName::from_static("x-key-generation");

/// One ciphertext, or several.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::daemon) struct Decrypt {
    /// Whose key; may be left out where there is one organization only.
    org: Option<Slug>,
    /// In Base64; this or `items`.
    ciphertext: Option<String>,
    /// The fingerprint of the key that the client says it used; in its place the header `X-Key-Fingerprint`.
    key: Option<Fingerprint>,
    /// The MGF1 variant to try first; without it the one that last succeeded.
    mgf1: Option<Mgf1>,
    /// Up to 64, which are answered one by one in their order.
    items: Option<Vec<Item>>,
}

/// One of several ciphertexts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::daemon) struct Item {
    /// In Base64.
    ciphertext: String,
    /// As for one.
    key: Option<Fingerprint>,
    /// As for one.
    mgf1: Option<Mgf1>,
}

/// What a ciphertext opens to: one of `plaintext` and `plaintext_base64` is there.
#[derive(Serialize, ToSchema)]
pub(in crate::daemon) struct Plaintext {
    /// The text, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    plaintext: Option<Shown>,
    /// Base64 of the bytes, where they are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    plaintext_base64: Option<Shown>,
    /// The MGF1 variant that the client used.
    mgf1: Mgf1,
    /// The generation of the key that opened it.
    generation: u32,
}

/// A text that is wiped.
struct Shown(Zeroizing<String>);

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<Decrypted> for Plaintext {
    fn from(opened: Decrypted) -> Self {
        let bytes = &opened.plaintext;
        let text = bytes.expose_text().map(|text| Shown(Zeroizing::new(text.into())));
        let base64 = || Shown(Zeroizing::new(STANDARD.encode(bytes.expose())));
        Self {
            plaintext_base64: text.is_none().then(base64),
            plaintext: text,
            mgf1: opened.mgf1,
            generation: opened.generation,
        }
    }
}

/// An answer to one of several.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::daemon) enum Each {
    /// It opened.
    Opened(Plaintext),
    /// It did not.
    Failed(Failure),
}

/// The answers to several, in their order.
#[derive(Serialize, ToSchema)]
pub(in crate::daemon) struct All {
    items: Vec<Each>,
}

/// The answer to one, or to several.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::daemon) enum Opened {
    /// To `ciphertext`.
    One(Plaintext),
    /// To `items`.
    Several(All),
}

/// Opens one ciphertext, or several.
///
/// A ciphertext that does not open gives `decryption_failed`, the same bytes whatever the cause. A replaced key that is
/// named gives `key_rotated`, with the current fingerprint in `about`. Of `items` each has an answer of its own.
#[utoipa::path(
    post, path = "/v1/decrypt", tag = "private", request_body = Decrypt,
    params(("X-Key-Fingerprint" = Option<Fingerprint>, Header, description = "In place of `key`, where that is left out.")),
    responses(
        (status = 200, description = "What it opens to, or an answer for each of `items`.", body = Opened),
        (status = 404, description = "There is no such organization.", body = Failure),
        (status = 409, description = "`key_rotated`: fetch the public key and encrypt again.", body = Failure),
        (status = 422, description = "`decryption_failed`.", body = Failure),
    )
)]
pub(in crate::daemon) async fn decrypt(session: Arc<Session>, request: Request<Incoming>) -> Response<Body> {
    let begun = Instant::now();
    let (actor, named, body) = match sent(&session, request).await {
        Ok(sent) => sent,
        Err(refused) => return refused,
    };
    let opened = session
        .state
        .run_decryption(move |state| {
            let asked: Decrypt = wire::read(body.expose())?;
            drop(body);
            open(state, &actor, asked, named)
        })
        .await;
    session.counts.decrypted(begun);
    opened.map_or_else(|refused| refused, answered)
}

fn open(state: &State, actor: &Actor, asked: Decrypt, named: Option<Fingerprint>) -> Result<Opened, Error> {
    let ciphertext = |text, key: Option<Fingerprint>, mgf1| Ciphertext {
        text,
        key: key.or(named),
        mgf1,
    };
    let (items, is_one) = match (asked.ciphertext, asked.items) {
        (Some(text), None) => (vec![ciphertext(text, asked.key, asked.mgf1)], true),
        (None, Some(items)) if asked.key.is_none() && asked.mgf1.is_none() => {
            let items = items
                .into_iter()
                .map(|item| ciphertext(item.ciphertext, item.key, item.mgf1));
            (items.collect(), false)
        }
        _ => {
            return Err(Error::new(
                Code::Invalid,
                "it is not clear what is to be decrypted",
                "send either `ciphertext`, perhaps with `key` and `mgf1`, or `items`, each with its own",
            ));
        }
    };
    let answers = state.opened()?.decrypt_all(actor, asked.org.as_ref(), &items)?;
    if is_one {
        let only = answers.into_iter().next();
        let only = only.unwrap_or_else(|| Err(crate::daemon::state::broke_off()))?;
        return Ok(Opened::One(only.into()));
    }
    let each = |answer: Result<Decrypted, Error>| match answer {
        Ok(opened) => Each::Opened(opened.into()),
        Err(error) => Each::Failed(Failure { error }),
    };
    Ok(Opened::Several(All {
        items: answers.into_iter().map(each).collect(),
    }))
}

/// Opens the encrypted fields of a JSON payload in place.
///
/// The body is the payload, and the answer the same with plaintexts in the place of ciphertexts, otherwise byte for byte
/// as it came. What is to be encrypted is the organization's list of fields.
#[utoipa::path(
    post, path = "/v1/payload", tag = "private",
    request_body(content = serde_json::Value, content_type = "application/json", description = "JSON."),
    params(
        ("org" = Option<Slug>, Query, description = "Whose key; may be left out where there is one organization only."),
        ("X-Key-Fingerprint" = Option<Fingerprint>, Header, description = "The key that the client says it used."),
    ),
    responses(
        (status = 200, description = "The payload with its fields opened.", body = serde_json::Value,
            content_type = "application/json",
            headers(("X-Key-Generation" = u32, description = "The generation of the key that opened it."))),
        (status = 404, description = "There is no such organization.", body = Failure),
        (status = 409, description = "`key_rotated`: fetch the public key and encrypt again.", body = Failure),
        (status = 422, description = "`clear_fields`: fields came in clear; `decryption_failed`, `not_text`: they do not \
            open, or to what is no text. Their paths (JSON Pointer) are in `about`.", body = Failure),
    )
)]
pub(in crate::daemon) async fn payload(session: Arc<Session>, request: Request<Incoming>) -> Response<Body> {
    let begun = Instant::now();
    let organization = match organization(request.uri().query()) {
        Ok(organization) => organization,
        Err(error) => return reply::error(&error),
    };
    let (actor, named, body) = match sent(&session, request).await {
        Ok(sent) => sent,
        Err(refused) => return refused,
    };
    let opened = session
        .state
        .run_decryption(move |state| {
            let service = state.opened()?;
            service.open_payload(&actor, organization.as_ref(), &body, named)
        })
        .await;
    session.counts.decrypted(begun);
    match opened {
        Ok(Ok(opened)) => {
            let bytes = opened.payload.expose().to_vec();
            let mut response = reply::full(StatusCode::OK, reply::JSON, bytes.into());
            response
                .headers_mut()
                .insert(GENERATION, HeaderValue::from(opened.generation));
            response
        }
        Ok(Err(error)) => reply::error(&error),
        Err(refused) => refused,
    }
}

/// `?org=acme`, and nothing else.
fn organization(query: Option<&str>) -> Result<Option<Slug>, Error> {
    match query {
        None | Some("") => Ok(None),
        Some(query) => match query.strip_prefix("org=") {
            Some(slug) => Ok(Some(Slug::parse(slug)?)),
            None => Err(Error::new(
                Code::Invalid,
                "the query is not understood",
                "send `?org=` and the organization's short name, and nothing else",
            )),
        },
    }
}

/// Who asks, the key that the header names, and the body.
async fn sent(
    session: &Session,
    request: Request<Incoming>,
) -> Result<(Actor, Option<Fingerprint>, Secret), Response<Body>> {
    let (head, body) = request.into_parts();
    let named = named(&head.headers).map_err(|error| reply::error(&error))?;
    let actor = session.local_service(&head.headers);
    Ok((actor, named, body::read(body, LONGEST_BODY).await?))
}

fn named(headers: &HeaderMap) -> Result<Option<Fingerprint>, Error> {
    let Some(value) = headers.get(KEY) else {
        return Ok(None);
    };
    let fingerprint = value.to_str().ok().and_then(Fingerprint::parse);
    fingerprint.map(Some).ok_or_else(|| {
        Error::new(
            Code::Invalid,
            "the header X-Key-Fingerprint is no fingerprint",
            "pass it on as the client sent it, or leave it out",
        )
    })
}
