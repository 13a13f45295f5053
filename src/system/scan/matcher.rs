//! What is looked for, as ripgrep's searcher asks for it.

use std::ops::Range;

use grep_matcher::{LineTerminator, Match, Matcher, NoCaptures, NoError};
use memchr::memmem::Finder;

use crate::domain::pem;
use crate::domain::token::find::find;

/// Finds tokens, and the headers of private keys.
#[derive(Clone)]
pub(super) struct Leaks {
    header: Finder<'static>,
}

/// What lies where.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hit {
    /// A token.
    Token(Range<usize>),
    /// The end of a private key's header.
    Key(Range<usize>),
}

impl Hit {
    pub(super) const fn range(&self) -> &Range<usize> {
        match self {
            Self::Token(range) | Self::Key(range) => range,
        }
    }
}

impl Leaks {
    pub(super) fn new() -> Self {
        Self {
            header: Finder::new(pem::HEADER),
        }
    }

    /// The first hit at `from` or after.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<Hit> {
        let token = find(text, from);
        // What comes after the token is looked at later, so that nothing is looked at twice.
        let end = token.as_ref().map_or(text.len(), |token| token.start);
        let header = text.get(from..end).and_then(|text| self.header.find(text));
        match header {
            Some(at) => Some(Hit::Key(from + at..from + at + pem::HEADER.len())),
            None => token.map(Hit::Token),
        }
    }
}

impl Matcher for Leaks {
    type Captures = NoCaptures;
    type Error = NoError;

    fn find_at(&self, text: &[u8], from: usize) -> Result<Option<Match>, NoError> {
        let hit = self.next(text, from);
        Ok(hit.map(|hit| Match::new(hit.range().start, hit.range().end)))
    }

    fn new_captures(&self) -> Result<NoCaptures, NoError> {
        Ok(NoCaptures::new())
    }

    /// Nothing that is looked for goes over the end of a line, so that many lines are searched at once.
    fn line_terminator(&self) -> Option<LineTerminator> {
        Some(LineTerminator::byte(b'\n'))
    }
}
