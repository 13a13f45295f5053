//! The systemd journal's own protocol: a datagram of `NAME=value` lines for each entry.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// A journal's socket.
#[derive(Debug)]
pub struct Journal(UnixDatagram);

impl Journal {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// There is none, or it may not be used.
    pub fn open(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        Ok(Self(socket))
    }

    /// Sends one entry. Waits while the journal has its hands full.
    ///
    /// # Errors
    /// The journal is gone, or the entry longer than it takes.
    pub fn send(&self, fields: &[(&str, String)]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(1024);
        for (name, value) in fields {
            bytes.extend_from_slice(name.as_bytes());
            if value.contains('\n') {
                // The length in front, little-endian, where the end of a line is no end.
                bytes.push(b'\n');
                bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
            } else {
                bytes.push(b'=');
            }
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(b'\n');
        }
        self.0.send(&bytes).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_datagram_and_a_value_of_several_lines_has_its_length() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("socket");
        assert!(Journal::open(&path).is_err());
        let listener = UnixDatagram::bind(&path).unwrap();
        let journal = Journal::open(&path).unwrap();
        journal
            .send(&[("MESSAGE", "a = b".into()), ("REASON", "two\nlines".into())])
            .unwrap();
        let mut bytes = [0; 100];
        let length = listener.recv(&mut bytes).unwrap();
        assert_eq!(
            &bytes[..length],
            b"MESSAGE=a = b\nREASON\n\x09\0\0\0\0\0\0\0two\nlines\n"
        );
    }
}
