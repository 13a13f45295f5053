//! Takes connections and hands them to the workers in turn, until the daemon is told to end.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::names::Names;
use super::options::Options;
use super::peer::Peer;
use super::shares::{Share, Shares};
use super::state::State;
use super::tls::Tls;
use super::worker::{Accepted, Shared, Stream, Worker};
use crate::gateway::in_process::InProcess;

/// Connections of this host's processes at a time. They have places of their own, so that no stranger keeps the operator out.
pub const PRIVATE_CONNECTIONS: usize = 512;
/// Those of one account.
const PRIVATE_EACH: usize = 256;
/// After a failure to accept, such as for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from, bound already.
#[derive(Debug, Default)]
pub struct Listeners {
    /// The public listener's sockets.
    pub public: Vec<TcpListener>,
    /// The private listener's.
    pub private: Vec<UnixListener>,
}

/// Serves until `stop` says so; then what was begun is answered, and everything is let go.
///
/// # Errors
/// A thread or a listener cannot be set up. Nothing was served then.
pub fn serve(
    gateway: Arc<InProcess>,
    options: Options,
    tls: Option<Arc<Tls>>,
    listeners: Listeners,
    stop: &watch::Receiver<bool>,
    is_ready: impl FnOnce(),
) -> io::Result<()> {
    let places = [options.max_connections, PRIVATE_CONNECTIONS].map(|most| Arc::new(Semaphore::new(most)));
    let workers = options.workers.max(1);
    let shared = Shared {
        state: Arc::new(State::new(gateway, options, stop.clone())?),
        tls,
        stop: stop.clone(),
    };
    let names = &Arc::clone(&shared.state.names);
    let workers = (0..workers)
        .map(|_| Worker::start(shared.clone()))
        .collect::<io::Result<Vec<_>>>()?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let served = runtime.block_on(async {
        let turn = Cell::new(0);
        let hand = |connection| {
            turn.set((turn.get() + 1) % workers.len());
            workers[turn.get()].hand(connection);
        };
        let accepting = Accepting::of(listeners)?;
        is_ready();
        let [public, private] = &places;
        let mut public = pin!(run(
            |context| accepting.poll_public(context),
            public,
            names,
            &hand,
            stop.clone()
        ));
        let mut private = pin!(run(
            |context| accepting.poll_private(context),
            private,
            names,
            &hand,
            stop.clone()
        ));
        let mut has_ended = [false; 2];
        poll_fn(|context| {
            has_ended[0] = has_ended[0] || public.as_mut().poll(context).is_ready();
            has_ended[1] = has_ended[1] || private.as_mut().poll(context).is_ready();
            if has_ended == [true; 2] {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        Ok(())
    });
    workers.into_iter().for_each(Worker::join);
    served
}

/// What came of accepting.
enum Taken {
    /// Over the network.
    Public(Stream, Peer),
    /// A process of this host; what its account is called is still to be found out.
    Private {
        stream: Stream,
        uid: u32,
        share: Share<u32>,
    },
    /// Its account has all the places that one may have.
    Refused { uid: u32 },
}

struct Accepting {
    shares: Arc<Shares<u32>>,
    public: Vec<tokio::net::TcpListener>,
    private: Vec<tokio::net::UnixListener>,
}

impl Accepting {
    fn of(listeners: Listeners) -> io::Result<Self> {
        for listener in &listeners.public {
            listener.set_nonblocking(true)?;
        }
        for listener in &listeners.private {
            listener.set_nonblocking(true)?;
        }
        let public = listeners
            .public
            .into_iter()
            .map(tokio::net::TcpListener::from_std);
        let private = listeners
            .private
            .into_iter()
            .map(tokio::net::UnixListener::from_std);
        Ok(Self {
            shares: Shares::new(PRIVATE_EACH),
            public: public.collect::<io::Result<_>>()?,
            private: private.collect::<io::Result<_>>()?,
        })
    }

    fn poll_private(&self, context: &mut Context<'_>) -> Poll<io::Result<Taken>> {
        for listener in &self.private {
            if let Poll::Ready(accepted) = listener.poll_accept(context) {
                return Poll::Ready(accepted.and_then(|(stream, _)| {
                    let uid = stream.peer_cred()?.uid();
                    let Some(share) = self.shares.take(uid) else {
                        return Ok(Taken::Refused { uid });
                    };
                    Ok(Taken::Private {
                        stream: Stream::Unix(stream.into_std()?),
                        uid,
                        share,
                    })
                }));
            }
        }
        Poll::Pending
    }

    fn poll_public(&self, context: &mut Context<'_>) -> Poll<io::Result<Taken>> {
        for listener in &self.public {
            if let Poll::Ready(accepted) = listener.poll_accept(context) {
                return Poll::Ready(accepted.and_then(|(stream, address)| {
                    // An answer is one small write: nothing is gained by waiting to fill a packet.
                    stream.set_nodelay(true)?;
                    let stream = Stream::Tcp(stream.into_std()?);
                    Ok(Taken::Public(stream, Peer::Network(address.ip())))
                }));
            }
        }
        Poll::Pending
    }
}

/// Takes what one kind of listener has, as there are places for it.
async fn run(
    poll_accept: impl Fn(&mut Context<'_>) -> Poll<io::Result<Taken>>,
    places: &Arc<Semaphore>,
    names: &Arc<Names>,
    hand: &impl Fn(Accepted),
    mut stop: watch::Receiver<bool>,
) {
    let mut stopping = pin!(async move {
        // The sender lives as long as the daemon: an error means the same.
        let _ = stop.wait_for(|stop| *stop).await;
    });
    // Connections whose accounts' names are looked up: they have their places, and so their bound.
    let mut unnamed = JoinSet::new();
    loop {
        // A place first: what finds none waits in the kernel's queue.
        let mut place = pin!(Arc::clone(places).acquire_owned());
        let mut has_place = None;
        let accepted = poll_fn(|context| {
            if stopping.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            while let Poll::Ready(Some(named)) = unnamed.poll_join_next(context) {
                // A panic was told by its own hook.
                let _ = named.map(hand);
            }
            if has_place.is_none() {
                match place.as_mut().poll(context) {
                    Poll::Ready(place) => has_place = place.ok(),
                    Poll::Pending => return Poll::Pending,
                }
            }
            poll_accept(context).map(|accepted| Some((accepted, has_place.take())))
        });
        let Some((accepted, Some(place))) = accepted.await else {
            return;
        };
        match accepted {
            Ok(Taken::Public(stream, peer)) => hand(Accepted {
                stream,
                peer,
                place: (place, None),
            }),
            Ok(Taken::Private { stream, uid, share }) => {
                let names = Arc::clone(names);
                unnamed.spawn(async move {
                    Accepted {
                        stream,
                        peer: Peer::local(uid, &names.of(uid).await),
                        place: (place, Some(share)),
                    }
                });
            }
            Ok(Taken::Refused { uid }) => {
                tracing::debug!(uid, "this account has all the connections it may have");
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}
