//! Copying to the operator's clipboard, by the first way that is theirs: tmux, the terminal over SSH, the desktop.
//!
//! - Inside tmux: `tmux load-buffer -w` into a named buffer, which is deleted again at once; a default tmux drops OSC 52.
//! - Over SSH: OSC 52, and the same wrapped for a tmux or screen that TERM names but that set no variable here.
//! - Locally: the desktop's clipboard, or OSC 52 where there is none.
//!
//! Never `$SSH_TTY`: that is not always the operator's terminal, and this program's own always is. A secret goes to
//! tmux by standard input, never by argument. OSC 52 is given back as bytes, because one thread writes to the terminal;
//! nobody acknowledges it, so it is told as sent, not as copied.

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fmt;
use std::hash::BuildHasher;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// How long a secret stays on the clipboard, where it can be taken off again.
pub const KEPT_FOR: Duration = Duration::from_secs(45);

/// Which ways are allowed: the setting `clipboard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// The first that is the operator's.
    #[default]
    Auto,
    /// The terminal only.
    Osc52,
    /// The desktop only.
    Native,
    /// None.
    None,
}

/// What the environment says about where the operator is.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `TMUX`: the tmux around this program.
    pub tmux: Option<OsString>,
    /// Whether this is an SSH session (`SSH_CONNECTION`, `SSH_CLIENT` or `SSH_TTY` is set).
    pub ssh: bool,
    /// `TERM`.
    pub term: String,
    /// Whether there is a desktop (`DISPLAY` or `WAYLAND_DISPLAY` is set).
    pub desktop: bool,
}

impl Surroundings {
    /// Reads the environment through `variable`.
    #[must_use]
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            tmux: set("TMUX"),
            ssh: ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"]
                .iter()
                .any(|name| set(name).is_some()),
            term: set("TERM").unwrap_or_default().to_string_lossy().into_owned(),
            desktop: ["DISPLAY", "WAYLAND_DISPLAY"]
                .iter()
                .any(|name| set(name).is_some()),
        }
    }
}

/// What happened to a text that was to be copied.
#[must_use]
#[derive(Clone, PartialEq, Eq)]
pub enum CopyOutcome {
    /// It is on the desktop's clipboard.
    Copied,
    /// It was handed to tmux, which sends it to the terminal.
    SentThroughTmux,
    /// The bytes go to the terminal, which may refuse them: hand them to its one writer.
    Sent(Zeroizing<Vec<u8>>),
    /// The setting allows no way.
    Off,
    /// No way worked; why.
    Failed(String),
}

/// What to tell the operator.
impl fmt::Display for CopyOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copied => f.write_str("copied"),
            Self::SentThroughTmux | Self::Sent(_) => f.write_str("sent to your terminal; paste to check"),
            Self::Off => f.write_str("copying is turned off: clipboard = none in the configuration"),
            Self::Failed(why) => write!(f, "not copied: {why}"),
        }
    }
}

/// As for the operator: the bytes for the terminal hold the text.
impl fmt::Debug for CopyOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CopyOutcome({self})")
    }
}

/// What clearing cannot reach, for the dialog to say.
pub const CLEARING_MISSES: &str = "recordings, tmux captures and terminals that refuse to clear keep it";

/// The clipboard, from here.
pub struct Clipboard {
    way: Way,
    surroundings: Surroundings,
    /// The desktop's clipboard is served by this process for as long as this lives.
    desktop: Mutex<Option<Desktop>>,
    hasher: RandomState,
    /// How the last text went, until it is taken off.
    last: Mutex<Option<Went>>,
}

#[derive(Clone, Copy)]
enum Went {
    Desktop,
    Tmux,
    Terminal,
}

struct Desktop {
    clipboard: arboard::Clipboard,
    /// A keyed hash of what was put there, to clear nothing else.
    held: u64,
}

impl Clipboard {
    /// The clipboard by the ways that `way` allows.
    #[must_use]
    pub fn new(way: Way, surroundings: Surroundings) -> Self {
        Self {
            way,
            surroundings,
            desktop: Mutex::new(None),
            hasher: RandomState::new(),
            last: Mutex::new(None),
        }
    }

    /// Copies a text. May take a while (tmux, the desktop): not for a thread that draws.
    pub fn copy(&self, text: &str) -> CopyOutcome {
        let outcome = self.by_its_way(text);
        if let Ok(mut last) = self.last.lock() {
            *last = match outcome {
                CopyOutcome::Copied => Some(Went::Desktop),
                CopyOutcome::SentThroughTmux => Some(Went::Tmux),
                CopyOutcome::Sent(_) => Some(Went::Terminal),
                CopyOutcome::Off | CopyOutcome::Failed(_) => None,
            };
        }
        outcome
    }

    /// Takes what was copied last off again, by the way it went, once; `None` when there is nothing of ours to take off.
    /// For [`KEPT_FOR`] after a secret. On the desktop only if it is still there; terminals cannot be asked, so that
    /// whatever was copied since goes with it.
    pub fn clear(&self) -> Option<CopyOutcome> {
        let went = self.last.lock().ok()?.take()?;
        Some(match went {
            Went::Desktop => self.clear_desktop().unwrap_or_else(CopyOutcome::Failed),
            // tmux keeps no empty buffers: a space takes the text's place.
            Went::Tmux => match through_tmux(" ", &self.surroundings) {
                Ok(()) => CopyOutcome::SentThroughTmux,
                Err(error) => CopyOutcome::Failed(error.to_string()),
            },
            Went::Terminal => CopyOutcome::Sent(osc52("", &self.surroundings)),
        })
    }

    fn by_its_way(&self, text: &str) -> CopyOutcome {
        let around = &self.surroundings;
        match self.way {
            Way::None => CopyOutcome::Off,
            Way::Native => self.to_desktop(text).unwrap_or_else(CopyOutcome::Failed),
            Way::Osc52 => CopyOutcome::Sent(osc52(text, around)),
            Way::Auto => match &around.tmux {
                Some(_) if through_tmux(text, around).is_ok() => CopyOutcome::SentThroughTmux,
                None if around.desktop && !around.ssh => self
                    .to_desktop(text)
                    .unwrap_or_else(|_| CopyOutcome::Sent(osc52(text, around))),
                _ => CopyOutcome::Sent(osc52(text, around)),
            },
        }
    }

    fn to_desktop(&self, text: &str) -> Result<CopyOutcome, String> {
        let mut desktop = self
            .desktop
            .lock()
            .map_err(|_| "the clipboard failed before".to_owned())?;
        let mut clipboard = match desktop.take() {
            Some(before) => before.clipboard,
            None => arboard::Clipboard::new().map_err(|error| error.to_string())?,
        };
        clipboard.set_text(text).map_err(|error| error.to_string())?;
        *desktop = Some(Desktop {
            clipboard,
            held: self.hasher.hash_one(text),
        });
        Ok(CopyOutcome::Copied)
    }

    fn clear_desktop(&self) -> Result<CopyOutcome, String> {
        let mut desktop = self
            .desktop
            .lock()
            .map_err(|_| "the clipboard failed before".to_owned())?;
        if let Some(Desktop { clipboard, held }) = desktop.as_mut() {
            let there = Zeroizing::new(clipboard.get_text().unwrap_or_default());
            if self.hasher.hash_one(there.as_str()) == *held {
                clipboard.clear().map_err(|error| error.to_string())?;
            }
        }
        Ok(CopyOutcome::Copied)
    }
}

impl fmt::Debug for Clipboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clipboard({:?})", self.way)
    }
}

/// Has tmux send `text` to its client's terminal, and forget it.
fn through_tmux(text: &str, around: &Surroundings) -> io::Result<()> {
    let buffer = format!("strongroom-{}", std::process::id());
    let tmux = |arguments: &[&str]| {
        let mut command = Command::new("tmux");
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(tmux) = &around.tmux {
            command.env("TMUX", tmux);
        }
        command
    };
    let mut load = tmux(&["load-buffer", "-w", "-b", &buffer, "-"])
        .stdin(Stdio::piped())
        .spawn()?;
    let given = load
        .stdin
        .take()
        .map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
    let loaded = load.wait()?;
    // Whatever happened to it: the buffer must not stay.
    let deleted = tmux(&["delete-buffer", "-b", &buffer]).status()?;
    given?;
    if loaded.success() && deleted.success() {
        Ok(())
    } else {
        Err(io::Error::other(
            "tmux did not take it; it has to be tmux 3.2 or newer",
        ))
    }
}

/// OSC 52 that sets the clipboard to `text` (an empty one clears it): as it is, and wrapped for the multiplexer that is
/// around this program or named by TERM.
fn osc52(text: &str, around: &Surroundings) -> Zeroizing<Vec<u8>> {
    let encoded = Zeroizing::new(STANDARD.encode(text));
    // BEL ends it, because ESC \ would end the wrapping.
    // In one buffer of its full length: a growing one would leave copies behind.
    let mut raw = Zeroizing::new(Vec::with_capacity(encoded.len() + 8));
    for part in [&b"\x1b]52;c;"[..], encoded.as_bytes(), b"\x07"] {
        raw.extend_from_slice(part);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(raw.len() * 3 + 64));
    bytes.extend_from_slice(&raw);
    if around.tmux.is_some() || around.term.starts_with("tmux") {
        bytes.extend_from_slice(b"\x1bPtmux;\x1b");
        bytes.extend_from_slice(&raw);
        bytes.extend_from_slice(b"\x1b\\");
    } else if around.term.starts_with("screen") {
        // screen takes strings of at most 768 bytes.
        for part in raw.chunks(700) {
            bytes.extend_from_slice(b"\x1bP");
            bytes.extend_from_slice(part);
            bytes.extend_from_slice(b"\x1b\\");
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(variables: &[(&str, &str)]) -> Surroundings {
        Surroundings::from_environment(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).into())
        })
    }

    fn sent(way: Way, variables: &[(&str, &str)], text: &str) -> String {
        match Clipboard::new(way, around(variables)).copy(text) {
            CopyOutcome::Sent(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    const SSH: (&str, &str) = ("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22");

    #[test]
    fn over_ssh_the_terminal_gets_it_even_beside_a_desktop() {
        let bytes = sent(
            Way::Auto,
            &[SSH, ("DISPLAY", ":0"), ("TERM", "xterm-256color")],
            "secret",
        );
        assert_eq!(bytes, "\x1b]52;c;c2VjcmV0\x07");
    }

    #[test]
    fn a_multiplexer_that_only_term_names_gets_it_raw_and_wrapped() {
        let tmux = sent(Way::Auto, &[SSH, ("TERM", "tmux-256color")], "secret");
        assert_eq!(
            tmux,
            "\x1b]52;c;c2VjcmV0\x07\x1bPtmux;\x1b\x1b]52;c;c2VjcmV0\x07\x1b\\"
        );
        let screen = sent(Way::Auto, &[SSH, ("TERM", "screen.xterm-256color")], "secret");
        assert_eq!(screen, "\x1b]52;c;c2VjcmV0\x07\x1bP\x1b]52;c;c2VjcmV0\x07\x1b\\");
    }

    #[test]
    fn screen_gets_a_long_text_in_parts_it_takes() {
        let long = "x".repeat(3000);
        let bytes = sent(Way::Osc52, &[("TERM", "screen")], &long);
        let (raw, wrapped) = bytes.split_once('\x07').unwrap();
        let parts: Vec<_> = wrapped.split("\x1b\\").filter(|part| !part.is_empty()).collect();
        assert!(
            parts
                .iter()
                .all(|part| part.starts_with("\x1bP") && part.len() <= 768)
        );
        let joined: String = parts.iter().map(|part| &part[2..]).collect();
        assert_eq!(joined, format!("{raw}\x07"));
    }

    #[test]
    fn without_a_desktop_the_terminal_gets_it() {
        assert_eq!(sent(Way::Auto, &[("TERM", "xterm")], "a"), "\x1b]52;c;YQ==\x07");
    }

    #[test]
    fn a_tmux_that_does_not_answer_is_worked_around() {
        let bytes = sent(
            Way::Auto,
            &[("TMUX", "/nonexistent/tmux,1,0"), ("TERM", "screen")],
            "a",
        );
        assert_eq!(bytes, "\x1b]52;c;YQ==\x07\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\");
    }

    #[test]
    fn clearing_goes_the_way_that_copying_went_and_once() {
        let clipboard = Clipboard::new(Way::Osc52, around(&[("TERM", "xterm")]));
        assert_eq!(clipboard.clear(), None);
        assert!(matches!(clipboard.copy("secret"), CopyOutcome::Sent(_)));
        let Some(CopyOutcome::Sent(bytes)) = clipboard.clear() else {
            panic!("not sent");
        };
        assert_eq!(*bytes, b"\x1b]52;c;\x07");
        assert_eq!(clipboard.clear(), None);
    }

    #[test]
    fn debug_output_shows_neither_the_text_nor_its_encoding() {
        let copied = Clipboard::new(Way::Osc52, around(&[])).copy("secret");
        assert_eq!(
            format!("{copied:?}"),
            "CopyOutcome(sent to your terminal; paste to check)"
        );
    }

    #[test]
    fn what_is_turned_off_or_not_there_says_so() {
        let off = Clipboard::new(Way::None, around(&[])).copy("a");
        assert_eq!(
            off.to_string(),
            "copying is turned off: clipboard = none in the configuration"
        );
    }
}
