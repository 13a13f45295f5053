//! `GET /v1/events`: everything that happens from now on, a line of JSON each, and an empty line now and then.
//!
//! A listener has a thread of its own while it listens. One that does not read is let go: it asks again, and looks at
//! everything anew.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::watch;

use crate::daemon::body::Body;
use crate::daemon::options::Right;
use crate::daemon::peer::Session;
use crate::daemon::reply;
use crate::gateway::Gateway as _;
use crate::gateway::private::HEARTBEAT;
use crate::service::{Event, wire};

/// Events that may wait for a listener who is slow to read.
const WAITING: usize = 256;
/// Between two looks at whether the daemon ends.
const LOOK: Duration = Duration::from_millis(250);

/// Everything that happens from now on.
///
/// One event a line, in JSON, and an empty line every ten seconds; it goes on until either side ends it.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "events", tag = "private",
    responses((status = 200, description = "Lines of JSON.", body = String, content_type = "application/x-ndjson"))
)]
pub(in crate::daemon) async fn answer(session: Arc<Session>, _: Request<Incoming>) -> Response<Body> {
    let uid = match session.peer.may(&session.state.options.rights, Right::Command) {
        Ok(uid) => uid,
        Err(error) => return reply::error(&error),
    };
    let Some(place) = session.state.listening.take(uid) else {
        return reply::busy("listeners of your account, or of all together,");
    };
    let events = session.state.gateway.subscribe();
    let (lines, body) = channel(WAITING);
    let stop = session.state.stop.clone();
    let listen = move || {
        forward(&events, &lines, &stop);
        drop(place);
    };
    if thread::Builder::new()
        .name("events".into())
        .spawn(listen)
        .is_err()
    {
        return reply::busy("threads");
    }
    let mut response = Response::new(Body::Stream(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(CACHE_CONTROL, reply::NO_STORE);
    response
}

fn forward(events: &Receiver<Event>, lines: &Sender<Bytes>, stop: &watch::Receiver<bool>) {
    let mut quiet = Duration::ZERO;
    // Who hung up has left its place by the next look.
    while !*stop.borrow() && !lines.is_closed() {
        let line = match events.recv_timeout(LOOK) {
            Ok(event) => match wire::write(&event) {
                Ok(json) => [json.as_slice(), b"\n"].concat(),
                // What has no JSON says nothing to anybody.
                Err(_) => continue,
            },
            Err(RecvTimeoutError::Timeout) => {
                quiet += LOOK;
                if quiet < HEARTBEAT {
                    continue;
                }
                b"\n".to_vec()
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        quiet = Duration::ZERO;
        if lines.try_send(line.into()).is_err() {
            return;
        }
    }
}
