//! A thread that answers: a runtime of its own, and the connections that were handed to it.

use std::io;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;

use super::connection;
use super::metrics::Counts;
use super::peer::{Peer, Session};
use super::shares::Share;
use super::state::State;
use super::tls::Tls;

/// A connection that was accepted.
pub(super) struct Accepted {
    pub(super) stream: Stream,
    pub(super) peer: Peer,
    /// Its place among those there may be, and among its account's.
    pub(super) place: (OwnedSemaphorePermit, Option<Share<u32>>),
}

pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// What every worker works with.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) state: Arc<State>,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) stop: watch::Receiver<bool>,
}

pub(super) struct Worker {
    handed: UnboundedSender<Accepted>,
    thread: JoinHandle<()>,
}

impl Worker {
    pub(super) fn start(shared: Shared) -> io::Result<Self> {
        let (handed, connections) = unbounded_channel();
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let thread = thread::Builder::new()
            .name("worker".into())
            .spawn(move || runtime.block_on(run(&shared, connections)))?;
        Ok(Self { handed, thread })
    }

    pub(super) fn hand(&self, connection: Accepted) {
        // A worker ends only when nothing more can be handed to it.
        let _ = self.handed.send(connection);
    }

    /// Waits until its last connection is done.
    pub(super) fn join(self) {
        drop(self.handed);
        // A panic was told by its own hook.
        let _ = self.thread.join();
    }
}

async fn run(shared: &Shared, mut connections: UnboundedReceiver<Accepted>) {
    let counts = shared.state.metrics.for_a_worker();
    let mut running = JoinSet::new();
    while let Some(accepted) = connections.recv().await {
        running.spawn(serve(shared.clone(), Arc::clone(&counts), accepted));
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

async fn serve(shared: Shared, counts: Arc<Counts>, accepted: Accepted) {
    let Accepted { stream, peer, place } = accepted;
    let Shared { state, tls, stop } = shared;
    let connected = counts.connected(matches!(stream, Stream::Unix(_)));
    let session = Session { state, peer, counts };
    let served = match (stream, tls) {
        (Stream::Unix(stream), _) => match tokio::net::UnixStream::from_std(stream) {
            Ok(stream) => connection::serve(stream, session, stop).await,
            Err(error) => Err(error),
        },
        (Stream::Tcp(stream), tls) => match (tokio::net::TcpStream::from_std(stream), tls) {
            (Ok(stream), None) => connection::serve(stream, session, stop).await,
            (Ok(stream), Some(tls)) => match tls.accept(stream).await {
                Ok(stream) => connection::serve(stream, session, stop).await,
                Err(error) => Err(error),
            },
            (Err(error), _) => Err(error),
        },
    };
    if let Err(error) = served {
        // A client that hangs up, is too slow or speaks something else is nothing that anybody has to look at.
        tracing::debug!(%error, "connection ended");
    }
    drop((connected, place));
}
