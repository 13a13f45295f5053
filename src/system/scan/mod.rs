//! Looks for tokens and private keys in files, in a repository's history and in what is about to be committed.
//!
//! It walks as ripgrep does, with ripgrep's own libraries, and asks `git` for what git has. Nothing here knows the store:
//! a token is what has a token's form and checksum, a private key what an unencrypted PEM of RSA has.

mod git;
mod matcher;
mod search;
mod walk;

use std::fmt;

use crate::domain::secret::Secret;

pub use self::git::{history, staged};
pub use self::walk::files;

/// Something that should not be where it is.
#[derive(Debug)]
pub struct Finding {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub what: What,
}

/// A place in a file, now or at some time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, or in a history the file as it was called; what is no file is in brackets.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// The byte in the line, from 1.
    pub column: usize,
    /// In a history: the commit that brought it.
    pub commit: Option<String>,
}

/// What was found.
#[derive(Debug)]
pub enum What {
    /// A token with the right checksum.
    Token(Secret),
    /// A private key; this is its public half (DER SubjectPublicKeyInfo).
    PrivateKey(Vec<u8>),
}

/// What a search gave.
#[derive(Debug, Default)]
pub struct Found {
    /// What was found.
    pub findings: Vec<Finding>,
    /// How many files, or versions of files, were searched.
    pub searched: u64,
    /// What could not be searched, and why.
    pub unread: Vec<String>,
}

impl Found {
    /// Takes another search's results over.
    pub fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.searched += other.searched;
        self.unread.extend(other.unread);
    }
}

/// Why nothing could be searched.
#[derive(Debug)]
pub struct ScanError {
    /// What happened, and to what.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScanError {}
