//! One connection: HTTP/1.1 over what carries it, until either side is done or the daemon ends.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::body::Body;
use super::gather::gather;
use super::options::{HEAD_TIME, LONGEST_HEAD, PATIENCE};
use super::peer::Session;
use super::plain::Plain;
use super::route;

/// How long the other end may take to hang up after the last answer, and the most that is read over meanwhile.
const LINGER: Duration = Duration::from_secs(1);
const LONGEST_REST: usize = 256 * 1024;

/// An answer: most are there at once, and cost no allocation to wait for.
pub(super) enum Answer {
    Now(Option<Response<Body>>),
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Answer {
    pub(super) fn later(answer: impl Future<Output = Response<Body>> + Send + 'static) -> Self {
        Self::Later(Box::pin(answer))
    }
}

impl From<Response<Body>> for Answer {
    fn from(response: Response<Body>) -> Self {
        Self::Now(Some(response))
    }
}

impl Future for Answer {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Now(response) => response
                .take()
                .map_or(Poll::Pending, |response| Poll::Ready(Ok(response))),
            Self::Later(answer) => answer.as_mut().poll(context).map(Ok),
        }
    }
}

struct Handler {
    session: Arc<Session>,
    under_way: Arc<AtomicUsize>,
}

impl Service<Request<Incoming>> for Handler {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        match route::answer(&self.session, request) {
            Answer::Later(answer) => {
                let under_way = UnderWay::begin(&self.under_way);
                Answer::later(async move {
                    let answer = answer.await;
                    drop(under_way);
                    answer
                })
            }
            now @ Answer::Now(_) => now,
        }
    }
}

/// An answer that takes a while, for as long as it does.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ends a connection on which nothing is answered any more: an idle one, or one whose next head does not come.
///
/// One timer for a connection's life, looked at when it fires; hyper's own (`header_read_timeout`) is set anew with each
/// request, which costs a tenth of a verification.
struct Idle {
    timer: Pin<Box<Sleep>>,
    under_way: Arc<AtomicUsize>,
}

impl Idle {
    fn new() -> Self {
        Self {
            timer: Box::pin(sleep(PATIENCE)),
            under_way: Arc::default(),
        }
    }

    /// Whether to poll it again, by whoever was told to wait.
    fn is_due(&self) -> bool {
        self.timer.is_elapsed()
    }

    /// Ready when it is over. `has_answered` says whether something was since it was last asked.
    fn poll(&mut self, context: &mut Context<'_>, mut has_answered: impl FnMut() -> bool) -> Poll<()> {
        while self.timer.as_mut().poll(context).is_ready() {
            if self.under_way.load(Ordering::Relaxed) == 0 && !has_answered() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(Instant::now() + HEAD_TIME);
        }
        Poll::Pending
    }
}

/// Answers what comes over `stream`, until it is closed, or `stop` says so and what was begun is answered.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    session: Session,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let drain = session.state.options.drain;
    let session = Arc::new(session);
    let (gathering, mut outgoing) = gather(stream, Plain::new(Arc::clone(&session)));
    let mut idle = Idle::new();
    let handler = Handler {
        session,
        under_way: Arc::clone(&idle.under_way),
    };
    let mut connection = http1::Builder::new()
        .max_header_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(gathering), handler);
    let mut told = stop.clone();
    let mut stopping = pin!(async move {
        // The sender lives as long as the daemon: an error means the same.
        let _ = told.wait_for(|stop| *stop).await;
    });
    let mut ends = pin!(None);
    let mut waits: Option<Waker> = None;
    let served = poll_fn(|context| {
        // Waiting for the end is behind a lock that all connections share: once it is known whom to wake, it is not taken
        // for each request.
        let is_first = !waits
            .as_ref()
            .is_some_and(|waker| waker.will_wake(context.waker()));
        if is_first {
            waits = Some(context.waker().clone());
        }
        let is_told = is_first || stop.has_changed().unwrap_or(true);
        if is_told && ends.is_none() && stopping.as_mut().poll(context).is_ready() {
            Pin::new(&mut connection).graceful_shutdown();
            ends.set(Some(sleep(drain)));
        }
        let has_ended = ends
            .as_mut()
            .as_pin_mut()
            .is_some_and(|ends| ends.poll(context).is_ready());
        let is_due = is_first || idle.is_due();
        if has_ended || is_due && idle.poll(context, || outgoing.has_written()).is_ready() {
            return Poll::Ready(Ok(()));
        }
        loop {
            let _ = outgoing.poll(context)?;
            let served = connection.poll_without_shutdown(context);
            if served.is_ready() {
                return served.map_err(io::Error::other);
            }
            let _ = outgoing.poll(context)?;
            if !outgoing.has_room_again() {
                return Poll::Pending;
            }
        }
    })
    .await;
    // Also the last answer, to what could not be read.
    let written = poll_fn(|context| outgoing.poll(context)).await;
    Box::pin(close(outgoing.rejoin(connection.into_parts().io.into_inner()))).await;
    served.and(written)
}

/// Ends a connection. What the other end still sends is read over for a moment: closed with bytes unread the connection
/// would be reset, and the last answer lost with it.
async fn close(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let read_over = async {
        stream.shutdown().await?;
        let mut scratch = [0; 1024];
        let mut rest = LONGEST_REST;
        while rest > 0 && stream.read(&mut scratch).await? > 0 {
            rest = rest.saturating_sub(scratch.len());
        }
        io::Result::Ok(())
    };
    // Whatever becomes of it, this was its end.
    let _ = timeout(LINGER, read_over).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `test` on a clock that only moves when everything waits.
    fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(test)
    }

    /// How long until `idle` is over, when each entry of `answered` says whether something was by the time it looks.
    async fn lasts(idle: &mut Idle, answered: &[bool]) -> Duration {
        let began = Instant::now();
        let mut looks = answered.iter().copied();
        poll_fn(|context| idle.poll(context, || looks.next().unwrap())).await;
        assert_eq!(looks.next(), None, "it was over before the last look");
        // The timer's wheel turns in milliseconds.
        Duration::from_secs(began.elapsed().as_secs())
    }

    #[test]
    fn a_first_head_that_does_not_come_ends_it() {
        run(async {
            assert_eq!(lasts(&mut Idle::new(), &[false]).await, PATIENCE);
        });
    }

    #[test]
    fn a_later_head_that_does_not_come_ends_it_too() {
        run(async {
            let lasted = lasts(&mut Idle::new(), &[true, true, false]).await;
            assert_eq!(lasted, PATIENCE + 2 * HEAD_TIME);
        });
    }

    #[test]
    fn an_answer_under_way_keeps_it() {
        run(async {
            let mut idle = Idle::new();
            let under_way = UnderWay::begin(&idle.under_way);
            let waited = PATIENCE + HEAD_TIME / 2;
            assert!(timeout(waited, lasts(&mut idle, &[])).await.is_err());
            drop(under_way);
            assert_eq!(lasts(&mut idle, &[false]).await, HEAD_TIME / 2);
        });
    }
}
