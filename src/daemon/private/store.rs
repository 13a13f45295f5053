//! What a gateway needs beside requests: how the store is, unlocking it, and its seal.

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use serde::Serialize;
use tokio::time::Instant;

use super::answered;
use crate::daemon::body::{self, Body};
use crate::daemon::options::LONGEST_BODY;
use crate::daemon::peer::Session;
use crate::daemon::reply;
use crate::daemon::state::State;
use crate::gateway::private::{Failure, Passphrase};
use crate::gateway::{Gateway as _, SealChoice, SealStatus, StoreState};
use crate::service::{Actor, Code, Error, whole_seconds, wire};
use crate::system::systemd;

/// What the store needs before it answers requests.
#[utoipa::path(
    get, path = "/v1/state", tag = "private",
    responses((status = 200, description = "This.", body = StoreState))
)]
pub(in crate::daemon) async fn state(session: Arc<Session>, _: Request<Incoming>) -> Response<Body> {
    run(&session, |state| state.gateway.state()).await
}

/// How the store is sealed.
#[utoipa::path(
    get, path = "/v1/seal", tag = "private",
    responses((status = 200, description = "So.", body = SealStatus))
)]
pub(in crate::daemon) async fn seal(session: Arc<Session>, _: Request<Incoming>) -> Response<Body> {
    run(&session, |state| state.gateway.seal()).await
}

/// Opens a store that is sealed with a passphrase.
#[utoipa::path(
    post, path = "/v1/unlock", tag = "private", request_body = Passphrase,
    responses(
        (status = 200, description = "It is open.", body = StoreState),
        (status = 429, description = "Too many wrong passphrases: wait.", body = Failure,
            headers(("Retry-After" = u64, description = "Seconds until the next is tried."))),
        (status = 503, description = "It is wrong, or too many wait already.", body = Failure),
    )
)]
pub(in crate::daemon) async fn unlock(session: Arc<Session>, request: Request<Incoming>) -> Response<Body> {
    let (actor, body) = match sent(&session, request).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let unlocked = session.state.run_unlock(move |state| {
        let sent: Passphrase = wire::read(body.expose())?;
        drop(body);
        let is_unsealed = unseal(state, actor.uid, &sent).inspect_err(|error| {
            tracing::warn!(
                uid = actor.uid,
                code = error.code.word(),
                "the store was not unlocked"
            );
        })?;
        if is_unsealed {
            tracing::info!(uid = actor.uid, "the store was unlocked");
            systemd::has_status("serving");
        }
        state.gateway.state()
    });
    unlocked.await.map_or_else(|refused| refused, answered)
}

/// Tries a passphrase; wrong ones have their account wait before the next is tried.
fn unseal(state: &State, uid: u32, sent: &Passphrase) -> Result<bool, Error> {
    if state.service().is_some() {
        return Ok(false);
    }
    if let Some(wait) = state.wrong_passphrases.wait(uid, Instant::now()) {
        let seconds = whole_seconds(wait);
        let message = format!("too many wrong passphrases: the next is tried in {seconds} s");
        return Err(Error::new(Code::Throttled, message, "wait, then try again").again_in(wait));
    }
    let unsealed = state.gateway.unseal(&sent.passphrase);
    match &unsealed {
        Ok(_) => state.wrong_passphrases.succeeded(uid),
        Err(error) if error.code == Code::WrongSeal => state.wrong_passphrases.failed(uid, Instant::now()),
        Err(_) => {}
    }
    unsealed
}

/// Seals the store anew; an admin's session is needed.
#[utoipa::path(
    post, path = "/v1/seal", tag = "private", request_body = SealChoice,
    params(("X-Strongroom-Session" = Option<String>, Header, description = "The cashier's sign-in.")),
    responses(
        (status = 200, description = "How it is sealed now.", body = SealStatus),
        (status = 401, description = "Nobody signed in.", body = Failure),
        (status = 409, description = "The state does not allow it.", body = Failure),
        (status = 507, description = "The file system is full.", body = Failure),
    )
)]
pub(in crate::daemon) async fn rotate_seal(
    session: Arc<Session>,
    request: Request<Incoming>,
) -> Response<Body> {
    let (actor, body) = match sent(&session, request).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let uid = actor.uid;
    let sealed = session.state.run_password(uid, move |state| {
        let seal: SealChoice = wire::read(body.expose())?;
        drop(body);
        state.gateway.rotate_seal_as(&actor, &seal)
    });
    sealed.await.map_or_else(|refused| refused, answered)
}

/// Who sent a request, and its body.
async fn sent(
    session: &Session,
    request: Request<Incoming>,
) -> Result<(Actor, crate::domain::secret::Secret), Response<Body>> {
    let actor = session
        .actor(request.headers())
        .map_err(|error| reply::error(&error))?;
    Ok((actor, body::read(request.into_body(), LONGEST_BODY).await?))
}

async fn run<T: Serialize + Send + 'static>(
    session: &Session,
    work: impl FnOnce(&State) -> Result<T, Error> + Send + 'static,
) -> Response<Body> {
    match session.state.run(work).await {
        Ok(result) => answered(result),
        Err(response) => response,
    }
}
