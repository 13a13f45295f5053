//! Whether the audit log is what it was: link by link from its first entry on, compared with signed checkpoints.
//!
//! The hashes alone find what was changed, dropped or reordered by somebody who did not reckon them anew. Whoever did is
//! found by the first checkpoint behind the change, because a checkpoint's signature cannot be made anew.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::AuditEntry;

/// What the whole log turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// All entries are what they were, and signed checkpoints agree.
    Intact {
        /// The first entry that is kept.
        from: u64,
        /// The newest.
        to: u64,
    },
    /// All entries fit together, and no checkpoint is there to compare them with.
    Unanchored {
        /// The first entry that is kept.
        from: u64,
        /// The newest.
        to: u64,
    },
    /// One entry, or several, are not what they were.
    Altered(Altered),
    /// There were more entries than there are.
    Truncated {
        /// The newest that is there.
        to: u64,
        /// The newest that is known to have been.
        was: u64,
    },
}

/// Where the log is not what it was: somewhere between two entries, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Altered {
    /// The first entry that may be meant.
    pub from: u64,
    /// The last one.
    pub to: u64,
    /// What does not fit.
    pub fault: Fault,
}

/// `entry 312: its hash is not that of its content`.
impl fmt::Display for Altered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, fault } = self;
        let words = fault.words();
        if from == to {
            write!(f, "entry {from}: {words}")
        } else {
            write!(f, "between entries {from} and {to}: {words}")
        }
    }
}

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// There is no such entry, and there are later ones.
    Missing,
    /// The bytes are no entry, or another one's.
    Unreadable,
    /// The hash is not that of the entry.
    Content,
    /// The entry does not name the hash of the one before.
    Link,
    /// A signed checkpoint says another hash.
    Checkpoint,
}

impl Fault {
    /// What does not fit, as the end of a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Missing => "it is missing",
            Self::Unreadable => "it is no entry, or another one's",
            Self::Content => "its hash is not that of its content",
            Self::Link => "it does not follow the one before",
            Self::Checkpoint => "a signed checkpoint says otherwise",
        }
    }
}

/// A walk along the chain, with the heads that signed checkpoints name.
#[derive(Debug)]
pub struct Walk {
    first: u64,
    next: u64,
    previous: [u8; 32],
    /// Sequence and hash, in order.
    heads: Vec<(u64, [u8; 32])>,
    /// How many of `heads` were passed.
    passed: usize,
}

impl Walk {
    /// From entry 1 on, past `heads` in any order.
    #[must_use]
    pub fn new(heads: Vec<(u64, [u8; 32])>) -> Self {
        Self::after(0, [0; 32], heads)
    }

    /// The same from behind an entry that is known, on.
    #[must_use]
    pub fn after(sequence: u64, hash: [u8; 32], mut heads: Vec<(u64, [u8; 32])>) -> Self {
        heads.sort_unstable();
        Self {
            first: sequence + 1,
            next: sequence + 1,
            previous: hash,
            passed: heads.partition_point(|(known, _)| *known <= sequence),
            heads,
        }
    }

    /// The entry that is to come next.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// The hash of the entry that came last.
    #[must_use]
    pub const fn hash(&self) -> [u8; 32] {
        self.previous
    }

    /// Takes the next entry, and the hash of its [`AuditEntry::canonical`].
    ///
    /// # Errors
    /// It is not the entry that was written after the ones before.
    pub fn step(&mut self, entry: &AuditEntry, hash: [u8; 32]) -> Result<(), Altered> {
        let here = self.next;
        let at = |from, to, fault| Err(Altered { from, to, fault });
        if entry.sequence != here {
            return at(here, entry.sequence.saturating_sub(1).max(here), Fault::Missing);
        }
        if entry.hash != hash {
            return at(here, here, Fault::Content);
        }
        if entry.previous != self.previous {
            // The one before may be the altered one, with a hash reckoned anew; the first has none before it.
            return at(here.saturating_sub(1).max(self.first), here, Fault::Link);
        }
        while let Some((_, head)) = self.heads.get(self.passed).filter(|(known, _)| *known == here) {
            if *head != hash {
                let agreed = self.passed.checked_sub(1).map_or(0, |last| self.heads[last].0);
                return at(agreed.max(self.first - 1) + 1, here, Fault::Checkpoint);
            }
            self.passed += 1;
        }
        self.previous = hash;
        self.next += 1;
        Ok(())
    }

    /// The verdict, when no entry is left.
    #[must_use]
    pub fn end(&self) -> Verdict {
        let (from, to) = (self.first, self.next - 1);
        match self.heads.last() {
            Some((was, _)) if *was > to => Verdict::Truncated { to, was: *was },
            Some(_) => Verdict::Intact { from, to },
            None => Verdict::Unanchored { from, to },
        }
    }
}
