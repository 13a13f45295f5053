//! What is sent back, and how a request's body is read: whole, bounded in bytes and time.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::Response;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::sync::mpsc::Receiver;
use zeroize::Zeroize as _;

use super::options::{LONGEST_BODY, PATIENCE};
use super::reply;
use crate::domain::secret::Secret;

/// An answer's body.
#[derive(Debug)]
pub(super) enum Body {
    /// Nothing.
    Empty,
    /// All of it.
    Full(Bytes),
    /// Pieces as they come.
    Stream(Receiver<Bytes>),
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Stream(pieces) => pieces
                .poll_recv(context)
                .map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// Reads over a body that nobody wants, so that its connection can be used again. One that is long or slow is left where
/// it is, and its connection ends with the answer.
///
/// # Errors
/// The answer to give: it broke off, or is in no form that two readers would read alike.
pub(super) async fn skip(body: Incoming) -> Result<(), Response<Body>> {
    if http_body::Body::size_hint(&body).lower() > LONGEST_BODY as u64 {
        return Ok(());
    }
    let mut body = Limited::new(body, LONGEST_BODY);
    let skipped = async {
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    };
    match tokio::time::timeout(PATIENCE, skipped).await {
        Ok(Err(error)) if !error.is::<LengthLimitError>() => Err(broke_off()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Reads a request's body of `most` bytes. It may hold a password, a ciphertext's owner's data: it is wiped like a secret.
///
/// # Errors
/// The answer to give: it is too long, too slow, or broke off.
pub(super) async fn read(body: Incoming, most: usize) -> Result<Secret, Response<Body>> {
    let collected = tokio::time::timeout(PATIENCE, Limited::new(body, most).collect()).await;
    match collected {
        Ok(Ok(body)) => {
            let copied = |mut own: BytesMut| {
                let copy = own.to_vec();
                own.as_mut().zeroize();
                copy
            };
            // What is shared is a part of hyper's own buffer, which nobody can wipe.
            let bytes = body.to_bytes().try_into_mut();
            Ok(Secret::new(bytes.map_or_else(|shared| shared.to_vec(), copied)))
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(reply::too_long(most)),
        Ok(Err(_)) => Err(broke_off()),
        Err(_) => Err(reply::too_slow(PATIENCE)),
    }
}

fn broke_off() -> Response<Body> {
    reply::invalid("the request broke off", "send it again")
}
