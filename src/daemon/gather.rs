//! What is written to a connection, gathered until all that was asked is answered, so that a burst of requests costs one
//! write; and given up where the other end does not read.
//!
//! hyper has such a way too (`pipeline_flush`), which keeps answers back while a part of the next request is there, and
//! gathers without bound for whoever asks and never reads.
//!
//! An answer may hold a plaintext: what was gathered is wiped once it is written, and bodies are taken from where they
//! are instead of through a buffer of hyper's.
//!
//! Plain verifications are answered between the two ([`Plain`]): hyper gets nothing to read until something else comes.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split};
use tokio::time::{Sleep, sleep};
use zeroize::Zeroize as _;

use super::options::PATIENCE;
use super::plain::{Came, Plain};

/// From here on nothing more is taken until some of it is written.
const FULL: usize = 64 * 1024;

#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    /// How many of them were written.
    written: usize,
    /// Whether something was not taken since.
    is_refused: bool,
    /// Whether there may be something in it that has to be wiped.
    is_secret: bool,
}

impl Gathered {
    fn left(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// Whether nothing more is taken; whoever asks is polled again once there is room.
    fn is_full(&mut self) -> bool {
        let is_full = self.left().len() >= FULL;
        self.is_refused |= is_full;
        is_full
    }

    fn take(&mut self, part: &[u8]) {
        self.is_secret = true;
        if part.len() > self.bytes.capacity() - self.bytes.len() {
            // By hand, so that growing leaves no copy behind.
            let mut grown = Vec::with_capacity((self.left().len() + part.len()).next_power_of_two());
            grown.extend_from_slice(self.left());
            self.wipe();
            self.bytes = grown;
            self.is_secret = true;
        }
        self.bytes.extend_from_slice(part);
    }

    fn wipe(&mut self) {
        if std::mem::take(&mut self.is_secret) {
            self.bytes.as_mut_slice().zeroize();
        }
        self.bytes.clear();
        self.written = 0;
    }
}

impl Drop for Gathered {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// What HTTP is spoken over: reads, and gathers what is to be written.
pub(super) struct Gathering<S> {
    stream: ReadHalf<S>,
    gathered: Arc<Mutex<Gathered>>,
    /// Until something came that is for hyper.
    plain: Option<Plain>,
}

/// Writes what was gathered. Both belong to one task, which polls this after it polled the other.
pub(super) struct Outgoing<S> {
    stream: WriteHalf<S>,
    gathered: Arc<Mutex<Gathered>>,
    /// Exists only while the other end does not read.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Whether anything was written since it was last asked.
    has_written: bool,
}

/// The two sides of a stream.
pub(super) fn gather<S: AsyncRead + AsyncWrite>(stream: S, plain: Plain) -> (Gathering<S>, Outgoing<S>) {
    let (read, write) = split(stream);
    let gathered = Arc::default();
    let gathering = Gathering {
        stream: read,
        gathered: Arc::clone(&gathered),
        plain: Some(plain),
    };
    let outgoing = Outgoing {
        stream: write,
        gathered,
        waiting: None,
        has_written: false,
    };
    (gathering, outgoing)
}

fn lock(gathered: &Mutex<Gathered>) -> MutexGuard<'_, Gathered> {
    gathered.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Outgoing<S> {
    /// Writes all there is; fails when the other end took nothing for a while.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = self.poll_write_all(context);
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let timer = self.waiting.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_write_all(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut gathered = lock(&self.gathered);
        while !gathered.left().is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(context, gathered.left()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            gathered.written += count;
            self.waiting = None;
            self.has_written = true;
            if gathered.left().is_empty() {
                gathered.wipe();
            }
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Whether there is room for what was not taken before: nobody else tells who waits for it.
    pub(super) fn has_room_again(&self) -> bool {
        let mut gathered = lock(&self.gathered);
        std::mem::take(&mut gathered.is_refused) && gathered.left().len() < FULL
    }

    /// Whether anything was written since this was last asked.
    pub(super) fn has_written(&mut self) -> bool {
        std::mem::take(&mut self.has_written)
    }

    /// The stream again.
    pub(super) fn rejoin(self, gathering: Gathering<S>) -> S {
        gathering.stream.unsplit(self.stream)
    }
}

impl<S: AsyncRead> AsyncRead for Gathering<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while let Some(plain) = &mut this.plain {
            if lock(&this.gathered).is_full() {
                return Poll::Pending;
            }
            let begin = buffer.filled().len();
            if !plain.give_back(buffer) {
                return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
            }
            let before = buffer.filled().len();
            let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
            let came = buffer.filled_mut().get_mut(begin..).unwrap_or_default();
            let left = match polled {
                Poll::Ready(Ok(())) if begin + came.len() > before => {
                    plain.answer(came, &mut lock(&this.gathered).bytes)
                }
                // Its end, or a failure: hyper sees to both.
                Poll::Ready(_) => Came::Other(came.len()),
                Poll::Pending => Came::Part(came.len()),
            };
            match left {
                Came::Other(left) => {
                    this.plain = None;
                    buffer.set_filled(begin + left);
                    return polled;
                }
                Came::Part(left) => {
                    plain.keep(buffer, begin, left);
                    if polled.is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
        Pin::new(&mut this.stream).poll_read(context, buffer)
    }
}

impl<S> AsyncWrite for Gathering<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut gathered = lock(&self.gathered);
        if gathered.is_full() {
            return Poll::Pending;
        }
        for part in parts {
            gathered.take(part);
        }
        Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Written by [`Outgoing`] in a moment.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The stream's end is not hyper's to decide.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
