//! `POST /v1/command`: the vocabulary itself, in JSON.

use std::sync::Arc;

use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;

use super::answered;
use crate::daemon::body::{self, Body};
use crate::daemon::options::{LONGEST_BODY, LONGEST_COMMAND, Right};
use crate::daemon::peer::Session;
use crate::daemon::reply;
use crate::domain::secret::Secret;
use crate::gateway::private::Failure;
use crate::service::request::Subject;
use crate::service::{Actor, Request as Asked, wire};

/// Asks something in the vocabulary of console and command line.
///
/// The body is one word or an object with one name, the request's; the answer is the one that stands beside it (→), in the
/// same form. Decrypting and verifying need those rights too. A change needs a session or credentials in the request itself, and is done once under its `X-Request-Id`.
#[utoipa::path(
    post, path = "/v1/command", operation_id = "command", tag = "private", request_body = crate::service::Request,
    params(
        ("X-Strongroom-Session" = Option<String>, Header, description = "The cashier's sign-in: 32 hexadecimal digits."),
        ("X-Request-Id" = Option<String>, Header, description = "What names a change for good: a ULID."),
        ("X-Strongroom-As" = Option<String>, Header, description = "The only cashier that may act."),
        ("X-Strongroom-Read-Only" = Option<String>, Header, description = "Nothing may be changed."),
        ("X-Strongroom-Address" = Option<String>, Header, description = "The SSH client's address."),
    ),
    responses(
        (status = 200, description = "The answer.", body = crate::daemon::openapi::Answer),
        (status = 401, description = "Credentials are wrong, or nobody signed in.", body = Failure),
        (status = 404, description = "There is nothing of this name.", body = Failure),
        (status = 409, description = "The state does not allow it, or it was done already.", body = Failure),
        (status = 422, description = "What was to be opened does not open.", body = Failure),
        (status = 429, description = "Too many wrong ones: wait.", body = Failure),
        (status = 507, description = "The file system is full.", body = Failure),
    )
)]
pub(in crate::daemon) async fn answer(session: Arc<Session>, request: Request<Incoming>) -> Response<Body> {
    let actor = match session.actor(request.headers()) {
        Ok(actor) => actor,
        Err(error) => return reply::error(&error),
    };
    let body = match read(&session, &actor, request.into_body()).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let asked = match wire::read(body.expose()) {
        Ok(asked) => asked,
        Err(error) => return reply::error(&error),
    };
    drop(body);
    if let Some(right) = needed_besides(&asked)
        && let Err(error) = session.peer.may(&session.state.options.rights, right)
    {
        return reply::error(&error);
    }
    match session.state.run_request(actor, asked).await {
        Ok(result) => answered(result),
        Err(response) => response,
    }
}

/// Reads a command's body. Few are long, and those of few at a time are read.
async fn read(session: &Session, actor: &Actor, body: Incoming) -> Result<Secret, Response<Body>> {
    if body.size_hint().lower() <= LONGEST_BODY as u64 {
        return body::read(body, LONGEST_BODY).await;
    }
    let _place = session
        .state
        .long_commands
        .take(actor.uid)
        .ok_or_else(|| reply::busy("long commands"))?;
    body::read(body, LONGEST_COMMAND).await
}

/// What has a path and a right of its own needs that right here too.
const fn needed_besides(asked: &Asked) -> Option<Right> {
    match asked {
        Asked::Decrypt { .. } | Asked::OpenPayload { .. } | Asked::Diagnose { .. } => Some(Right::Decrypt),
        Asked::Verify { .. }
        | Asked::TryToken { .. }
        | Asked::Identify(_)
        | Asked::Explain {
            subject: Subject::Presented(_),
            ..
        } => Some(Right::Verify),
        _ => None,
    }
}
