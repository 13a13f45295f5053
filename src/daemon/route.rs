//! Which handler answers a path, on which listener, to whom: a table, which the OpenAPI document is compared with.

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;

use super::body::{self, Body};
use super::connection::Answer;
use super::options::Right;
use super::peer::{Peer, Session};
use super::{metrics, openapi, private, public, reply};
use crate::gateway::private::{COMMAND, EVENTS, SEAL, STATE, UNLOCK};

/// Verify, which has no line in the table: any method, a suffixed path, the body read over.
pub(super) const VERIFY: &str = "/v1/verify";

/// One thing that can be asked.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// What a peer of the private listener needs.
    right: Option<Right>,
    /// Whether it is answered there only.
    is_private: bool,
    handler: fn(Arc<Session>, Request<Incoming>) -> Answer,
}

/// For everybody, on both listeners.
const fn open(
    method: Method,
    path: &'static str,
    handler: fn(Arc<Session>, Request<Incoming>) -> Answer,
) -> Route {
    Route {
        method,
        path,
        right: None,
        is_private: false,
        handler,
    }
}

/// For clients: everybody on the public listener, and on the private one those who may ask for their callers.
const fn client(
    method: Method,
    path: &'static str,
    handler: fn(Arc<Session>, Request<Incoming>) -> Answer,
) -> Route {
    Route {
        method,
        path,
        right: Some(Right::Verify),
        is_private: false,
        handler,
    }
}

/// For those on the private listener who have the right.
const fn with(
    right: Right,
    method: Method,
    path: &'static str,
    handler: fn(Arc<Session>, Request<Incoming>) -> Answer,
) -> Route {
    Route {
        method,
        path,
        right: Some(right),
        is_private: true,
        handler,
    }
}

/// A handler that has to wait for something.
macro_rules! later {
    ($handler:path) => {
        |session, request| Answer::later($handler(session, request))
    };
}

pub(super) static ROUTES: &[Route] = &[
    open(Method::GET, "/healthz", |_, _| public::health::alive().into()),
    open(Method::GET, "/readyz", |session, _| {
        public::health::ready(&session.state).into()
    }),
    open(Method::GET, "/v1/openapi.json", |_, _| openapi::answer().into()),
    client(Method::GET, "/v1/public-key", later!(public::key::answer)),
    open(Method::GET, "/v1/jwks.json", |session, _| {
        public::login::keys(&session.state).into()
    }),
    client(Method::POST, "/v1/login", later!(public::login::login)),
    client(Method::POST, "/v1/refresh", later!(public::login::refresh)),
    client(Method::POST, "/v1/logout", later!(public::login::logout)),
    with(
        Right::Command,
        Method::POST,
        COMMAND,
        later!(private::command::answer),
    ),
    with(Right::Command, Method::GET, STATE, later!(private::store::state)),
    with(
        Right::Command,
        Method::POST,
        UNLOCK,
        later!(private::store::unlock),
    ),
    with(Right::Command, Method::GET, SEAL, later!(private::store::seal)),
    with(
        Right::Command,
        Method::POST,
        SEAL,
        later!(private::store::rotate_seal),
    ),
    with(
        Right::Command,
        Method::GET,
        EVENTS,
        later!(private::events::answer),
    ),
    with(
        Right::Decrypt,
        Method::POST,
        "/v1/decrypt",
        later!(private::decrypt::decrypt),
    ),
    with(
        Right::Decrypt,
        Method::POST,
        "/v1/payload",
        later!(private::decrypt::payload),
    ),
    with(Right::Command, Method::GET, "/metrics", |session, _| {
        Answer::later(metrics::answer(session))
    }),
];

/// The answer to a request. Verify's is made here and now.
pub(super) fn answer(session: &Arc<Session>, request: Request<Incoming>) -> Answer {
    if request.method() == Method::CONNECT {
        // It names another host and no path: nothing here is a tunnel.
        return reply::wrong_method("GET, HEAD, POST").into();
    }
    let path = request.uri().path();
    if is_verify(path) {
        return match session.peer.may_verify(&session.state.options.rights) {
            Ok(()) if request.body().is_end_stream() => verify(session, request.headers()).into(),
            Ok(()) => Answer::later(verify_after_body(Arc::clone(session), request)),
            Err(error) => reply::error(&error).into(),
        };
    }
    // What answers GET answers HEAD: the body is left out when it is sent.
    let method = match request.method() {
        // But for the feed, which goes on: a listener that is sent none of it would only take a place.
        &Method::HEAD if path != EVENTS => &Method::GET,
        method => method,
    };
    let is_private = matches!(session.peer, Peer::Local { .. });
    let at_path = || {
        let at_path = ROUTES.iter().filter(|route| route.path == path);
        at_path.filter(|route| is_private || !route.is_private)
    };
    let Some(route) = at_path().find(|route| route.method == *method) else {
        let allowed: Vec<&str> = at_path().map(|route| route.method.as_str()).collect();
        return if allowed.is_empty() {
            reply::not_found().into()
        } else {
            reply::wrong_method(&allowed.join(", ")).into()
        };
    };
    if is_private
        && let Some(right) = route.right
        && let Err(error) = session.peer.may(&session.state.options.rights, right)
    {
        return reply::error(&error).into();
    }
    (route.handler)(Arc::clone(session), request)
}

fn verify(session: &Session, headers: &HeaderMap) -> Response<Body> {
    let timing = session.counts.begin();
    let response = public::verify::answer(session, headers);
    session.counts.verified(&response, timing);
    response
}

async fn verify_after_body(session: Arc<Session>, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    match body::skip(body).await {
        Ok(()) => verify(&session, &head.headers),
        Err(refused) => refused,
    }
}

/// `/v1/verify` and everything below it: some proxies add the original path.
pub(super) fn is_verify(path: &str) -> bool {
    path.strip_prefix(VERIFY)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
