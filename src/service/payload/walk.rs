//! Where a JSON text has the fields that must be encrypted, without taking it apart.
//!
//! `serde_json` says first whether it is JSON; what is left to do here is to keep count of where one is. Keys are compared
//! as texts, whatever escapes they were written with, and one that comes twice in an object is refused: which of the two
//! counts, every reader decides for itself.

use std::collections::BTreeSet;
use std::ops::Range;

use base64::Engine as _;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use crate::domain::key_pair::KeySize;
use crate::service::decrypt;
use crate::service::error::{Code, Error};

/// Objects and arrays within each other.
const DEEPEST: usize = 32;

/// A field that must be encrypted, and is not `null`.
#[derive(Debug)]
pub(super) struct Field {
    /// Where it is (JSON Pointer, RFC 6901).
    pub(super) path: String,
    /// Its value's bytes in the text.
    pub(super) place: Range<usize>,
    /// The Base64 text; `None` for anything else.
    pub(super) ciphertext: Option<String>,
}

/// All fields whose name `must_be_encrypted`, in their order.
///
/// # Errors
/// The text is no JSON, too deep, has a key twice in one object, or too many such fields.
pub(super) fn find(text: &str, must_be_encrypted: &dyn Fn(&str) -> bool) -> Result<Vec<Field>, Error> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        // The line and column, and none of the payload's own text.
        let message = format!(
            "the payload is no JSON: line {}, column {}",
            error.line(),
            error.column()
        );
        Error::new(Code::Invalid, message, "send one JSON object or array")
    })?;
    let mut walk = Walk {
        text,
        at: 0,
        path: String::new(),
        must_be_encrypted,
        found: Vec::new(),
    };
    walk.value(0, false)?;
    Ok(walk.found)
}

/// A way through a text that is known to be JSON.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    path: String,
    must_be_encrypted: &'a dyn Fn(&str) -> bool,
    found: Vec<Field>,
}

impl Walk<'_> {
    fn value(&mut self, depth: usize, is_secret: bool) -> Result<(), Error> {
        self.skip_space();
        let start = self.at;
        match self.next() {
            Some(b'{' | b'[') if depth == DEEPEST => {
                return Err(self.refusal("is deeper than 32 objects and arrays", "send a flatter one"));
            }
            Some(b'{') => {
                self.object(depth)?;
                if is_secret {
                    self.keep(start, None)?;
                }
            }
            Some(b'[') => self.array(depth, is_secret)?,
            Some(b'"') => {
                let quoted = self.string();
                if is_secret {
                    let ciphertext = ciphertext(&self.text[quoted]);
                    self.keep(start, ciphertext)?;
                }
            }
            _ => {
                self.skip_while(|byte| !matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'));
                if is_secret && &self.text[start..self.at] != "null" {
                    self.keep(start, None)?;
                }
            }
        }
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Error> {
        let mut keys = BTreeSet::new();
        self.elements(b'}', |walk| {
            let start = walk.at;
            walk.at += 1;
            walk.string();
            let Ok(key) = serde_json::from_str::<String>(&walk.text[start..walk.at]) else {
                return Err(walk.refusal("has a key that is no text", "send keys that are Unicode"));
            };
            let length = walk.path.len();
            walk.step(&key);
            let is_secret = (walk.must_be_encrypted)(&key);
            if !keys.insert(key) {
                return Err(walk.refusal("has a key twice", "send each once"));
            }
            walk.skip_space();
            // The colon.
            walk.at += 1;
            walk.value(depth + 1, is_secret)?;
            walk.path.truncate(length);
            Ok(())
        })
    }

    fn array(&mut self, depth: usize, is_secret: bool) -> Result<(), Error> {
        let mut place = 0;
        self.elements(b']', |walk| {
            let length = walk.path.len();
            walk.step(&place.to_string());
            place += 1;
            walk.value(depth + 1, is_secret)?;
            walk.path.truncate(length);
            Ok(())
        })
    }

    /// Goes through what is between two brackets, of which the first was taken.
    fn elements(
        &mut self,
        end: u8,
        mut element: impl FnMut(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        loop {
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte != end => element(self)?,
                _ => {
                    self.at += 1;
                    return Ok(());
                }
            }
        }
    }

    /// What is between the quotes, of which the first was taken.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        loop {
            match self.next() {
                Some(b'\\') => self.at += 1,
                Some(b'"') | None => return start..self.at - 1,
                Some(_) => {}
            }
        }
    }

    fn keep(&mut self, start: usize, ciphertext: Option<String>) -> Result<(), Error> {
        if self.found.len() == decrypt::MOST {
            return Err(self.refusal("has more than 64 fields to open", "send them in several"));
        }
        self.found.push(Field {
            path: self.path.clone(),
            place: start..self.at,
            ciphertext,
        });
        Ok(())
    }

    fn step(&mut self, name: &str) {
        self.path.push('/');
        self.path.push_str(&name.replace('~', "~0").replace('/', "~1"));
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn skip_space(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    }

    fn skip_while(&mut self, is_passed: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&is_passed) {
            self.at += 1;
        }
    }

    fn refusal(&self, what: &str, hint: &str) -> Error {
        let path = crate::domain::text::escape(&self.path);
        Error::new(Code::Invalid, format!("the payload {what}, at {path:?}"), hint).about([self.path.clone()])
    }
}

/// The Base64 of a ciphertext from between a string's quotes: `/`, `+` and `=` may be escaped, and lines broken.
fn ciphertext(quoted: &str) -> Option<String> {
    let text = Zeroizing::new(unescaped(quoted)?);
    let mut lengths = KeySize::ALL.iter().map(|size| size.bits() as usize / 8);
    // By its length first: a decoder that fails keeps what it had decoded of a secret.
    let length = lengths.find(|length| length.div_ceil(3) * 4 == text.len())?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(&*text).ok()?;
    (decoded.len() == length).then(|| text.to_string())
}

/// A string's text without its white space, if it is ASCII.
fn unescaped(quoted: &str) -> Option<String> {
    // Of the length that it can have at most: it may be a secret, and leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(quoted.len()));
    let mut rest = quoted.chars();
    while let Some(character) = rest.next() {
        let character = match character {
            '\\' => match rest.next()? {
                'u' => {
                    let code = u32::from_str_radix(rest.as_str().get(..4)?, 16).ok()?;
                    rest = rest.as_str().get(4..)?.chars();
                    char::from_u32(code)?
                }
                'n' | 'r' | 't' => ' ',
                escaped => escaped,
            },
            character => character,
        };
        if !character.is_ascii() {
            return None;
        }
        if !character.is_ascii_whitespace() {
            text.push(character);
        }
    }
    Some(std::mem::take(&mut *text))
}
