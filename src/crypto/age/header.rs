//! The header: a line that names the format, a stanza for each recipient, and a MAC over all of it under the file key.
//!
//! Read strictly, byte for byte: what another program would read in another way is refused.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{AgeError, FileKey};

const VERSION: &[u8] = b"age-encryption.org/v1";
const COLUMNS: usize = 64;
/// Room for some hundred recipients; a header has no maximum of its own.
const MAX: usize = 64 * 1024;

/// The file key, wrapped for one recipient.
#[derive(Debug)]
pub(super) struct Stanza {
    /// Its type, then what the type wants.
    pub(super) arguments: Vec<String>,
    pub(super) body: Vec<u8>,
}

/// What stands before the payload.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) stanzas: Vec<Stanza>,
    /// What the MAC is over.
    bytes: Vec<u8>,
    mac: [u8; 32],
}

/// Base64 as age writes it: without padding, and in one form only.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

/// Exactly `N` bytes of such Base64.
pub(super) fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD_NO_PAD.decode(text).ok()?.try_into().ok()
}

pub(super) fn write(stanzas: &[Stanza], key: &FileKey, file: &mut impl Write) -> Result<(), AgeError> {
    let mut header = [VERSION, b"\n"].concat();
    for stanza in stanzas {
        header.extend_from_slice(format!("-> {}\n", stanza.arguments.join(" ")).as_bytes());
        let body = base64(&stanza.body);
        // A last line that is full is followed by an empty one.
        for line in body.as_bytes().chunks(COLUMNS) {
            header.extend_from_slice(line);
            header.push(b'\n');
        }
        if body.len().is_multiple_of(COLUMNS) {
            header.push(b'\n');
        }
    }
    header.extend_from_slice(b"---");
    let mac = keyed(key)?.chain_update(&header).finalize().into_bytes();
    header.extend_from_slice(format!(" {}\n", base64(&mac)).as_bytes());
    Ok(file.write_all(&header)?)
}

impl Header {
    /// Reads it, and not a byte more.
    pub(super) fn read(file: &mut impl Read) -> Result<Self, AgeError> {
        let mut lines = Lines {
            file,
            bytes: Vec::new(),
        };
        if lines.next()? != VERSION {
            return Err(AgeError::Header("its first line is another"));
        }
        let mut stanzas = Vec::new();
        loop {
            let line = lines.next()?.to_vec();
            if let Some(mac) = line.strip_prefix(b"---") {
                let mac = mac
                    .strip_prefix(b" ")
                    .and_then(|mac| std::str::from_utf8(mac).ok())
                    .and_then(bytes)
                    .ok_or(AgeError::Header("its MAC is none"))?;
                let mut bytes = lines.bytes;
                // The MAC is over everything up to the three dashes.
                bytes.truncate(bytes.len() - line.len() - 1 + 3);
                if stanzas.is_empty() {
                    return Err(AgeError::Header("it is for nobody"));
                }
                return Ok(Self { stanzas, bytes, mac });
            }
            let arguments = line
                .strip_prefix(b"-> ")
                .and_then(arguments)
                .ok_or(AgeError::Header("a recipient's line is none"))?;
            stanzas.push(Stanza {
                arguments,
                body: body(&mut lines)?,
            });
        }
    }

    /// Whether it is what the holder of the file key wrote.
    pub(super) fn authenticate(&self, key: &FileKey) -> Result<(), AgeError> {
        let mac = keyed(key)?.chain_update(&self.bytes);
        mac.verify(&self.mac.into()).map_err(|_| AgeError::HeaderAltered)
    }
}

fn keyed(key: &FileKey) -> Result<Hmac<Sha256>, AgeError> {
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(&*key.derive(&[], b"header")?);
    Ok(Hmac::new((&*block).into()))
}

fn arguments(line: &[u8]) -> Option<Vec<String>> {
    let is_visible = |word: &&[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_graphic);
    let words = line.split(|byte| *byte == b' ');
    words
        .map(|word| Some(word).filter(is_visible))
        .map(|word| String::from_utf8(word?.to_vec()).ok())
        .collect()
}

fn body(lines: &mut Lines<'_, impl Read>) -> Result<Vec<u8>, AgeError> {
    let mut text = Vec::new();
    loop {
        let line = lines.next()?;
        text.extend_from_slice(line);
        if line.len() > COLUMNS {
            return Err(AgeError::Header("a line of it is too long"));
        }
        if line.len() < COLUMNS {
            return STANDARD_NO_PAD
                .decode(&text)
                .map_err(|_| AgeError::Header("a recipient's body is not Base64"));
        }
    }
}

/// Lines one after the other, byte by byte: what follows the header stays in the file.
struct Lines<'a, R> {
    file: &'a mut R,
    bytes: Vec<u8>,
}

impl<R: Read> Lines<'_, R> {
    fn next(&mut self) -> Result<&[u8], AgeError> {
        let begin = self.bytes.len();
        let mut byte = [0];
        loop {
            if self.bytes.len() == MAX {
                return Err(AgeError::Header("it is too long"));
            }
            self.file.read_exact(&mut byte).map_err(AgeError::cut_off)?;
            self.bytes.push(byte[0]);
            if byte[0] == b'\n' {
                return Ok(&self.bytes[begin..self.bytes.len() - 1]);
            }
        }
    }
}
