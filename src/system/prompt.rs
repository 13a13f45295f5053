//! Questions on the controlling terminal: answers of which nothing is shown, and plain ones.
//!
//! Asked on `/dev/tty`, so that standard input and output stay free for data. While a secret is typed the terminal
//! neither echoes nor makes signals of keys; it is put back on every way out.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

/// The longest answer, in bytes.
const LONGEST: usize = 8 * 1024;

/// The controlling terminal.
pub struct Prompt(File);

impl Prompt {
    /// The terminal of this process; `None` where there is none.
    #[must_use]
    pub fn open() -> Option<Self> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .ok()
            .map(Self)
    }

    /// Asks for something that is not shown; `None` when it was given up with ctrl-c or ctrl-d.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn secret(&self, question: &str) -> io::Result<Option<Secret>> {
        let _quiet = Quiet::begin(&self.0)?;
        self.say(question)?;
        let answer = self.keys();
        self.say("\n")?;
        answer
    }

    /// Asks for a line that is shown; `None` at the end of input.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn line(&self, question: &str) -> io::Result<Option<String>> {
        self.say(question)?;
        let mut answer = Vec::new();
        loop {
            match self.byte()? {
                None if answer.is_empty() => return Ok(None),
                None | Some(b'\n' | b'\r') => break,
                Some(byte) if answer.len() < LONGEST => answer.push(byte),
                Some(_) => {}
            }
        }
        Ok(Some(String::from_utf8_lossy(&answer).trim().to_owned()))
    }

    /// Says something.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn say(&self, text: &str) -> io::Result<()> {
        let mut terminal = &self.0;
        terminal.write_all(text.as_bytes())?;
        terminal.flush()
    }

    fn byte(&self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        loop {
            match (&self.0).read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(byte[0])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn keys(&self) -> io::Result<Option<Secret>> {
        let mut answer = Zeroizing::new(Vec::with_capacity(LONGEST));
        while let Some(byte) = self.byte()? {
            match byte {
                b'\r' | b'\n' => return Ok(Some(Secret::new(std::mem::take(&mut *answer)))),
                CTRL_C | CTRL_D => return Ok(None),
                CTRL_U => answer.clear(),
                BACKSPACE | DELETE => drop_character(&mut answer),
                _ if answer.len() < LONGEST => answer.push(byte),
                // Cutting it short unseen would set another password than was typed.
                _ => {
                    return Err(io::Error::other(format!(
                        "the answer has more than {LONGEST} bytes"
                    )));
                }
            }
        }
        Ok(None)
    }
}

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// Takes the last character away, which may have several bytes in UTF-8.
fn drop_character(text: &mut Vec<u8>) {
    while text.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
}

/// A terminal that shows nothing, until it is dropped.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        // What was typed before the question is no answer to it.
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // Nothing can be done for a terminal that is gone.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backspace_takes_a_whole_character() {
        let mut text = "aé支".as_bytes().to_vec();
        for left in ["aé", "a", "", ""] {
            drop_character(&mut text);
            assert_eq!(text, left.as_bytes());
        }
    }
}
