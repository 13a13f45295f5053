//! The payload: chunks of 64 KiB, each with its tag, under a nonce that counts them and marks the last.

use std::io::{self, Read, Write};

use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Nonce, Tag};
use zeroize::Zeroizing;

use super::{AgeError, FileKey};

const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
/// The bytes of a wrapped file key.
pub(super) const WRAPPED: usize = 32;

/// A file key under a wrapping key that wraps nothing else: the nonce is zero.
pub(super) fn wrap_key(wrapping: &[u8; 32], key: &FileKey) -> Result<Vec<u8>, AgeError> {
    let mut body = Vec::with_capacity(WRAPPED);
    body.extend_from_slice(&*key.0);
    let tag = ChaCha20Poly1305::new(wrapping.into())
        .encrypt_inout_detached(&Nonce::default(), &[], body.as_mut_slice().into())
        .map_err(|_| AgeError::Engine)?;
    body.extend_from_slice(&tag);
    Ok(body)
}

pub(super) fn unwrap_key(wrapping: &[u8; 32], body: &[u8]) -> Option<FileKey> {
    let (ciphertext, tag) = body.split_last_chunk::<TAG>()?;
    let mut key = FileKey(Zeroizing::new(ciphertext.try_into().ok()?));
    ChaCha20Poly1305::new(wrapping.into())
        .decrypt_inout_detached(
            &Nonce::default(),
            &[],
            key.0.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .ok()?;
    Some(key)
}

/// The payload's key, and how many chunks it was used for.
struct Chunks {
    key: ChaCha20Poly1305,
    count: u64,
}

impl Chunks {
    fn new(key: &FileKey, nonce: &[u8; 16]) -> Result<Self, AgeError> {
        let key = key.derive(nonce, b"payload")?;
        Ok(Self {
            key: ChaCha20Poly1305::new((&*key).into()),
            count: 0,
        })
    }

    /// The next chunk's nonce: eleven bytes of count, and whether it is the last.
    fn next(&mut self, is_last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.count.to_be_bytes());
        nonce[11] = u8::from(is_last);
        self.count += 1;
        nonce.into()
    }
}

/// Encrypts what is written to it. Without [`Encryptor::finish`] the file has no end, and does not open.
pub struct Encryptor<W> {
    chunks: Chunks,
    /// Plaintext that is not a whole chunk yet, or a whole one of which it is not known whether it is the last.
    buffer: Zeroizing<Vec<u8>>,
    file: W,
}

impl<W: Write> Encryptor<W> {
    pub(super) fn new(key: &FileKey, nonce: &[u8; 16], file: W) -> Result<Self, AgeError> {
        Ok(Self {
            chunks: Chunks::new(key, nonce)?,
            buffer: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)),
            file,
        })
    }

    /// Writes the last chunk; the file, which is not flushed or synced.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> Result<W, AgeError> {
        self.chunk(true)?;
        Ok(self.file)
    }

    fn chunk(&mut self, is_last: bool) -> Result<(), AgeError> {
        let nonce = self.chunks.next(is_last);
        let key = &self.chunks.key;
        let tag = key
            .encrypt_inout_detached(&nonce, &[], self.buffer.as_mut_slice().into())
            .map_err(|_| AgeError::Engine)?;
        self.buffer.extend_from_slice(&tag);
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

impl<W: Write> Write for Encryptor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == CHUNK && !bytes.is_empty() {
            self.chunk(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Nothing can be flushed before its chunk is whole.
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads the payload; the end is told only after the chunk that is marked as the last.
pub struct Decryptor<R> {
    chunks: Chunks,
    /// A chunk's plaintext, of which `given` bytes were handed out.
    buffer: Zeroizing<Vec<u8>>,
    given: usize,
    is_done: bool,
    /// A chunk was not what was written: nothing that comes after it is handed out.
    is_broken: bool,
    file: R,
    /// The byte that was read to see whether there is another chunk.
    ahead: Option<u8>,
}

impl<R: Read> Decryptor<R> {
    pub(super) fn new(key: &FileKey, nonce: &[u8; 16], file: R) -> Result<Self, AgeError> {
        Ok(Self {
            chunks: Chunks::new(key, nonce)?,
            buffer: Zeroizing::new(Vec::new()),
            given: 0,
            is_done: false,
            is_broken: false,
            file,
            ahead: None,
        })
    }

    fn fill(&mut self) -> Result<(), AgeError> {
        if self.is_broken {
            return Err(AgeError::PayloadAltered);
        }
        let is_first = self.chunks.count == 0;
        self.is_broken = true;
        self.buffer.clear();
        self.given = 0;
        self.buffer.extend(self.ahead.take());
        let missing = CHUNK + TAG + 1 - self.buffer.len();
        (&mut self.file)
            .take(missing as u64)
            .read_to_end(&mut self.buffer)?;
        let is_last = self.buffer.len() <= CHUNK + TAG;
        if !is_last {
            self.ahead = self.buffer.pop();
        }
        let nonce = self.chunks.next(is_last);
        let Some((_, tag)) = self.buffer.split_last_chunk::<TAG>() else {
            return Err(AgeError::PayloadAltered);
        };
        let (tag, length) = (Tag::from(*tag), self.buffer.len() - TAG);
        self.buffer.truncate(length);
        // An empty last chunk is written only for an empty payload.
        if length == 0 && !is_first {
            return Err(AgeError::PayloadAltered);
        }
        let opened =
            self.chunks
                .key
                .decrypt_inout_detached(&nonce, &[], self.buffer.as_mut_slice().into(), &tag);
        if opened.is_err() {
            self.buffer.clear();
            return Err(AgeError::PayloadAltered);
        }
        (self.is_done, self.is_broken) = (is_last, false);
        Ok(())
    }
}

impl<R: Read> Read for Decryptor<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.buffer.len() && !self.is_done && !into.is_empty() {
            self.fill()?;
        }
        let ready = &self.buffer[self.given..];
        let length = ready.len().min(into.len());
        into[..length].copy_from_slice(&ready[..length]);
        self.given += length;
        Ok(length)
    }
}

impl<W> std::fmt::Debug for Encryptor<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encryptor(…)")
    }
}

impl<R> std::fmt::Debug for Decryptor<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decryptor(…)")
    }
}
