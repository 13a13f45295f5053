//! The vocabulary as JSON: what crosses the daemon's private socket.
//!
//! What is written is wiped when it is dropped, for there may be a secret in it. An error of reading names the place and
//! nothing else: names, values and variants are the sender's, and may be one.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Code, Error};

/// Writes a value as JSON, in one line.
///
/// # Errors
/// A path in it is not UTF-8.
pub fn write<T: Serialize>(value: &T) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut buffer = Buffer(Zeroizing::new(Vec::with_capacity(1024)));
    match serde_json::to_writer(&mut buffer, value) {
        Ok(()) => Ok(buffer.0),
        Err(_) => Err(Error::new(
            Code::Invalid,
            "it cannot be written as JSON",
            "use a path that is UTF-8; nothing was done",
        )),
    }
}

/// Reads a value from JSON.
///
/// # Errors
/// It is not of that form. Says where.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = if error.is_data() {
            "has a name or value that is not understood"
        } else if error.is_eof() {
            "ends too early"
        } else {
            "is no JSON"
        };
        Error::new(
            Code::Invalid,
            format!("the JSON {what}, at line {line}, column {column}"),
            "see /v1/openapi.json; use the same version on both sides",
        )
    })
}

/// Grows by hand, so that no copy stays behind.
struct Buffer(Zeroizing<Vec<u8>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.0.capacity()));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            *self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
