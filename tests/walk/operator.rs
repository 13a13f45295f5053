//! Somebody at the keyboard: types, and waits for what the screen says.

use std::cell::Cell;
use std::ops::Range;

use crate::host::PASSWORD;
use crate::pty::{Pty, Spawn, wait_until};
use crate::search::copies;

pub(crate) const EMAIL: &str = "ada@acme.test";

/// What `x` offers, in its order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Invalidation {
    Revoke,
    Leaked,
}

/// A person at a terminal.
pub(crate) struct Operator {
    pub(crate) pty: Pty,
    /// How many copies were taken off the terminal so far.
    taken: Cell<usize>,
    /// Which of the bytes show which secret because it was asked for.
    pub(crate) shown: Vec<(Range<usize>, String)>,
}

impl Operator {
    pub(crate) fn at(spawn: Spawn) -> Self {
        Self {
            pty: spawn.start(),
            taken: Cell::new(0),
            shown: Vec::new(),
        }
    }

    pub(crate) fn types(&mut self, keys: &str) -> &mut Self {
        self.pty.send(keys);
        self
    }

    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) -> &mut Self {
        self.pty.wait_for_text(text);
        self
    }

    #[track_caller]
    pub(crate) fn misses(&mut self, text: &str) -> &mut Self {
        self.pty
            .wait_for(&format!("no {text}"), |screen| !screen.contents().contains(text));
        self
    }

    /// Goes a step back, out of what shows `text`.
    #[track_caller]
    pub(crate) fn leaves(&mut self, text: &str) -> &mut Self {
        self.types("\x1b").misses(text)
    }

    /// Goes through the wizard with its proposals; the recovery key that it showed.
    pub(crate) fn onboards(&mut self) -> String {
        self.sees("Whose connections are these?")
            .types("Acme")
            .sees("acme");
        self.types("\r\r\r").sees("step 2 of 7");
        self.types(&format!("{EMAIL}\r{PASSWORD}\r{PASSWORD}\r"));
        self.sees("step 3 of 7").sees("● 3072 bits").types("\r");
        self.sees("step 4 of 7").sees("● key file").types("\r");
        self.sees("step 5 of 7").types("\r");
        self.sees("Is this right?").types("\r");
        let key = self.sees("Keep the recovery key").keeps_the_recovery_key();
        self.sees("Acme has its first key pair").sees("generation 1");
        key
    }

    /// Types the end of the recovery key that is shown.
    fn keeps_the_recovery_key(&mut self) -> String {
        let screen = self.sees("AGE-SECRET-KEY-1").pty.contents();
        let key = screen
            .split_whitespace()
            .find(|word| word.starts_with("AGE-SECRET-KEY-1"));
        let key = key.unwrap().to_owned();
        self.types(&format!("{}\r", &key[key.len() - 6..]));
        key
    }

    /// E-mail address and password, into a form whose cursor is on the former.
    pub(crate) fn gives_credentials(&mut self) -> &mut Self {
        self.types(&format!("\x15{EMAIL}\r{PASSWORD}\r"))
    }

    /// Presses `keys` and takes what they copied.
    pub(crate) fn copies(&mut self, keys: &str) -> String {
        self.types(keys);
        let all = wait_until("a copy at the terminal", || {
            let all = copies(&self.pty.raw());
            (all.len() > self.taken.get()).then_some(all)
        });
        assert_eq!(all.len(), self.taken.get() + 1, "copied more than once");
        self.taken.set(all.len());
        all.into_iter().next_back().unwrap()
    }

    /// Looks at a secret: `show` shows it, `hide` hides it.
    pub(crate) fn looks_at(&mut self, secret: &str, show: &str, hide: &str) -> &mut Self {
        let begin = self.pty.written();
        self.types(show).sees(secret).types(hide).misses(secret);
        self.shown.push((begin..self.pty.written(), secret.to_owned()));
        self
    }

    /// `n` and the form, up to the last enter; `lifetime` is the place and the label of its choice.
    pub(crate) fn fills_the_form(&mut self, name: &str, lifetime: (usize, &str)) -> &mut Self {
        let (place, label) = lifetime;
        self.types("n").sees("New API token");
        self.types(&format!("{name}\r{name}-service\rprod\rg{}", "j".repeat(place)))
            .sees(&format!("● {label}"));
        self.types("\r\r\r").gives_credentials()
    }

    /// `r` on the selected token, with the overlap that is proposed: a day.
    pub(crate) fn rotates(&mut self, name: &str) -> String {
        self.types("r").sees(&format!("Rotate {name}")).sees("● 24 h");
        self.types("\r\r").gives_credentials();
        self.takes_over(name)
    }

    /// Takes a new token out of the reveal dialog, and closes it.
    pub(crate) fn takes_over(&mut self, name: &str) -> String {
        let token = self.sees(&format!("New token {name}")).copies("c");
        self.sees("sent to your terminal; paste to check");
        assert!(token.starts_with("fincode_prod_"), "{token}");
        self.closes_the_reveal(name, &token);
        token
    }

    /// Types the last four characters, as one has to.
    pub(crate) fn closes_the_reveal(&mut self, name: &str, token: &str) {
        let last = &token[token.len() - 4..];
        self.types("\r").sees("Its last four characters:");
        self.types(&format!("{last}\r"))
            .sees(&format!("{name} is handed over"))
            .misses("New token");
        assert!(!self.pty.contents().contains(token));
    }

    /// Filters the list for `name`, until nothing else is listed and the cursor is on it.
    pub(crate) fn selects(&mut self, name: &str) -> &mut Self {
        self.types(&format!("/\x15{name}\r"));
        self.pty.wait_for(&format!("{name} alone in the list"), |screen| {
            let contents = screen.contents();
            let rows: Vec<_> = contents
                .lines()
                .skip_while(|line| !line.contains("NAME  "))
                .skip(1)
                .take_while(|line| !line.starts_with('├'))
                .filter(|line| line.chars().any(char::is_alphanumeric))
                .collect();
            contents.contains(&format!("/{name} "))
                && rows.iter().all(|row| row.contains(name))
                && rows.iter().any(|row| row.contains(&format!("▸ {name}")))
        });
        self
    }

    /// Pastes a token into the try-out of tab 2, and waits for the verdict.
    pub(crate) fn tries(&mut self, token: &str, verdict: &str) -> &mut Self {
        self.types("t").sees("Try a token");
        self.pty.paste(token);
        self.types("\r").sees(verdict).leaves("Try a token")
    }

    /// `x` on the selected token, up to the last enter.
    pub(crate) fn invalidates(&mut self, name: &str, how: Invalidation, reason: &str) -> &mut Self {
        self.types("x").sees(&format!("Invalidate {name}"));
        // Whom it would hit comes first.
        self.sees("1 of 1 works now");
        let down = match how {
            Invalidation::Revoke => "",
            Invalidation::Leaked => "j",
        };
        self.types(&format!("{down}\r{reason}\r"))
    }

    /// Signs in because a change asks for it.
    pub(crate) fn signs_in_for_it(&mut self) -> &mut Self {
        // The address may be there already, and the cursor on the password.
        self.sees("Who makes this change?")
            .types("\x1b[A")
            .gives_credentials()
            .misses("Who makes this change?")
    }

    /// `t` in tab 1, down to the ciphertext, and enter.
    pub(crate) fn decrypts(&mut self, ciphertext: &str) -> &mut Self {
        self.types("t").sees("decrypt a ciphertext");
        self.types("j\r").sees("both paddings are tried");
        self.pty.paste(ciphertext);
        self.types("\r")
    }

    /// What the system shows everybody of the process: its arguments and its environment.
    pub(crate) fn process_facts(&self) -> Vec<u8> {
        let of = |name: &str| {
            let path = format!("/proc/{}/{name}", self.pty.pid().as_raw_nonzero());
            std::fs::read(path).unwrap()
        };
        [of("cmdline"), of("environ")].concat()
    }

    /// `q`, and what is left behind.
    pub(crate) fn leaves_the_console(&mut self) {
        self.types("q");
        assert_eq!(self.pty.wait_end().0, 0, "{}", self.pty.contents());
        let cooked = self.pty.is_cooked();
        self.pty.drain();
        assert!(cooked, "the line discipline is still raw");
        self.pty.screen(|screen| {
            assert!(!screen.alternate_screen());
            assert!(!screen.bracketed_paste());
            assert!(!screen.hide_cursor());
        });
        assert_eq!(self.pty.contents().trim(), "", "left on the screen");
    }
}
