//! What opening decides: whether the database is what was acknowledged, and what to do when it is not.
//!
//! - The journal is right unless it is damaged itself; then opening stops and names the frame: never with less than was
//!   acknowledged.
//! - The database follows the journal: behind, it is caught up; wrong, it is built anew; ahead, the journal has lost frames.
//! - A bad end of the journal is a write that was cut off only where a witness says that it was answered to nobody: the
//!   anchor, both slots whole, knows exactly the frame before; or the anchor, if there is one, knows nothing later, and the
//!   database calls itself a witness ([`Role`]), is exactly at the frame before, and proves whole. A database that follows
//!   is no witness: it lags. So a bad end is refused where the anchor was lost in the same crash, or one slot is damaged:
//!   of the two a power cut tears one at most, and the next process writes both slots before its first frame.
//! - An anchor that knows more, or another chain, means that an older state was put in the place of a newer one.
//!
//! Count and digest are compared when the records are loaded: they are read once.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;

use super::layout::Layout;
use super::position::{Position, Role};
use super::rebuild::{self, audit_head, put_body, settle};
use crate::domain::key_pair::KeyPair;
use crate::domain::secret::Sealed;
use crate::service::ports::{
    Clock, CryptoError, Notice, Record, Rollback, SlotId, StoreCipher, StoreError, Takeover,
};
use crate::store::failure;
use crate::store::journal::anchor::{self, Anchor};
use crate::store::journal::checkpoint::{self, Ending, Item};
use crate::store::journal::{self, Body, First, Journal, Link, Tally};
use crate::store::record;
use crate::store::sled::{Database, Tree};

/// What is said of a database that follows no journal.
const NOT_THERE: &str = "they are not there";

/// A store that is open, its records not compared yet.
pub(super) struct Opened {
    pub(super) journal: Journal,
    pub(super) database: Database,
    /// The last frame, and what there is after it.
    pub(super) position: Position,
    /// What the database's position says of it.
    pub(super) role: Role,
    pub(super) tail: Tail,
    pub(super) anchor: anchor::Found,
    pub(super) rollback: Option<Rollback>,
    pub(super) notices: Vec<Notice>,
}

/// What is after the journal's last frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    Clean,
    /// A write that was cut off, and answered to nobody.
    Unanswered,
    /// The same, if the records prove whole.
    UnansweredIfWhole,
}

impl Tail {
    /// What a bad end after `last` is; `None` where it may have been answered.
    pub(super) fn torn(last: &Link, anchor: &anchor::Found, database: Option<&Followed>) -> Option<Self> {
        if anchor.is_exactly(last) {
            return Some(Self::Unanswered);
        }
        let is_witness = |(at, role): &Followed| *role == Role::Witness && at.link == *last;
        let stands = database.is_some_and(is_witness) && anchor.sequence() <= last.sequence;
        stands.then_some(Self::UnansweredIfWhole)
    }
}

/// How far a database follows the journal, by its own word.
pub(super) type Followed = (Position, Role);

/// What opening works with.
pub(super) struct Opening<'a> {
    pub(super) layout: &'a Layout,
    pub(super) cipher: &'a Arc<dyn StoreCipher>,
    pub(super) clock: &'a dyn Clock,
    /// Whether there are key slots: a store without a journal has none.
    pub(super) has_slots: bool,
}

impl Opening<'_> {
    pub(super) fn open(
        &self,
        takeover: &dyn Takeover,
        keep_slot: &mut dyn FnMut(SlotId, &Sealed) -> Result<(), StoreError>,
    ) -> Result<Opened, StoreError> {
        let was_swapped = settle(self.layout)?;
        let path = self.layout.anchor();
        let anchor = anchor::read(&path, &**self.cipher).map_err(|error| failure::of(&path, &error))?;
        let mut notices = Vec::new();
        if was_swapped {
            notices.push(Notice::Rebuilt("an earlier process found them wrong".to_owned()));
        }
        let folder = self.layout.journal();
        let found = match Journal::open(&folder, self.cipher)? {
            Some(found) => found,
            None => {
                match self.without_journal(&anchor)? {
                    Some(database) if !self.is_empty(&database)? => {
                        self.take_over(database, takeover, keep_slot)?;
                        notices.push(Notice::TakenOver);
                    }
                    _ => {
                        Journal::create(&folder, self.cipher, &Link::default(), None)?;
                    }
                }
                Journal::open(&folder, self.cipher)?
                    .ok_or_else(|| StoreError::Io(format!("{}: it is gone again", folder.display())))?
            }
        };
        self.with_journal(found, anchor, notices)
    }

    /// The database of a store that has no journal, if that can be right; `None` when there is none yet. The journal of a
    /// new store comes before its database, so that one that was cut off in the making is known for what it is.
    fn without_journal(&self, anchor: &anchor::Found) -> Result<Option<Database>, StoreError> {
        let folder = self.layout.journal();
        let missing = |evidence: &str| {
            StoreError::Damaged(format!(
                "{}: the journal is not there, and {evidence} it was",
                folder.display()
            ))
        };
        if anchor.sequence() > 0 {
            return Err(missing("the anchor says that"));
        }
        let records = self.layout.records();
        let database = if records.exists() {
            Some(Database::open(&records)?)
        } else {
            None
        };
        let is_empty = match &database {
            Some(database) if database.position()?.is_some() => return Err(missing("the records say that")),
            Some(database) => self.is_empty(database)?,
            None => true,
        };
        // Records that never followed a journal may have these from a takeover that was cut off: it begins anew.
        if is_empty {
            let checkpoints = self
                .layout
                .checkpoints()
                .map_err(|error| failure::of(&folder, &error))?;
            if !checkpoints.is_empty() {
                return Err(missing("a checkpoint beside it says that"));
            }
            if self.has_slots {
                return Err(missing("the key slots say that"));
            }
        }
        Ok(database)
    }

    fn is_empty(&self, database: &Database) -> Result<bool, StoreError> {
        let mut records = 0_u64;
        database.each(Tree::Records, &mut |_| {
            records += 1;
            Ok(())
        })?;
        Ok(records == 0 && audit_head(database)?.is_none())
    }

    /// Gives a store of the time before the journal its checkpoint and journal. The journal's first file is what makes it
    /// so; after that the database is built anew from the checkpoint, so that nothing is left in it that was sealed the old
    /// way.
    fn take_over(
        &self,
        database: Database,
        takeover: &dyn Takeover,
        keep_slot: &mut dyn FnMut(SlotId, &Sealed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let cipher = &**self.cipher;
        let folder = self.layout.journal();
        journal::make_folder(&folder).map_err(|error| failure::of(&folder, &error))?;
        let part = self.layout.part();
        let mut tally = Tally::default();
        let written = |error: std::io::Error| failure::of(&part, &error);
        let file = File::create(&part).map_err(written)?;
        let out = BufWriter::with_capacity(1 << 20, file);
        let mut checkpoint =
            checkpoint::Writer::new(out, Arc::clone(self.cipher), self.clock.now(), &Link::default())
                .map_err(written)?;
        database.each(Tree::Records, &mut |(key, value)| {
            let (record, revision) = record::decode(&key, &value)?;
            let (key, value) = match record {
                Record::KeyPair(pair) => match takeover
                    .reseal(&pair)
                    .map_err(|error| unreadable(&pair, &error))?
                {
                    Some((pair, slot, wrapped)) => {
                        keep_slot(slot, &wrapped)?;
                        record::encode(&Record::KeyPair(pair), revision)?
                    }
                    None => (key.to_vec(), value.to_vec()),
                },
                _ => (key.to_vec(), value.to_vec()),
            };
            tally.add(cipher, &key, &value);
            checkpoint.item(Item::Record(key, Some(value))).map_err(written)
        })?;
        database.each(Tree::Audit, &mut |(key, value)| {
            let item = Item::Audit(key.to_vec(), value.to_vec());
            checkpoint.item(item).map_err(written)
        })?;
        let body = Body {
            tally,
            audit_head: audit_head(&database)?,
            ..Body::default()
        };
        drop(database);
        let first = First::new(cipher, &Link::default(), &body)?;
        let ending = Ending {
            link: first.link,
            tally,
            audit_head: body.audit_head,
        };
        let mut out = checkpoint.finish(&ending).map_err(written)?;
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .and_then(|()| super::layout::rename(&part, &self.layout.checkpoint(first.link.sequence)))
            .map_err(written)?;
        Journal::create(&folder, self.cipher, &Link::default(), Some(&first))?;
        Ok(())
    }

    fn with_journal(
        &self,
        found: journal::Found,
        anchor: anchor::Found,
        mut notices: Vec<Notice>,
    ) -> Result<Opened, StoreError> {
        let link = found.journal.last();
        let position = match &found.last {
            Some(body) => Position::after(link, body),
            None if link.sequence == 0 => Position::default(),
            None => {
                let folder = self.layout.journal();
                return Err(StoreError::Damaged(format!(
                    "{}: frame {} and all before it are not there",
                    folder.display(),
                    link.sequence
                )));
            }
        };
        let rollback = anchor
            .anchor
            .and_then(|anchor| rolled_back(&anchor, &found.links));
        if anchor.anchor.is_none() && link.sequence > 0 && !notices.contains(&Notice::TakenOver) {
            notices.push(Notice::NoAnchor);
        }
        let (database, followed) = self.database()?;
        let at = followed.as_ref().map_or(0, |(at, _)| at.link.sequence);
        if at > link.sequence {
            return Err(self.lost(link.sequence + 1, &format!("the records have {at}")));
        }
        let tail = if found.torn {
            Tail::torn(&link, &anchor, followed.as_ref().ok())
                .ok_or_else(|| self.lost(link.sequence + 1, unknown(&anchor, &link)))?
        } else {
            Tail::Clean
        };
        let frames = found.journal.reader();
        let (database, followed) = match (database, followed) {
            (Some(database), Ok((at, _))) if at.link != link && found.links.contains(&at.link) => {
                match catch_up(&database, &frames, &at, &position, &**self.cipher) {
                    Ok(behind) => {
                        notices.push(Notice::Replayed(behind));
                        (Some(database), Ok((position, Role::Follower)))
                    }
                    // One that breaks at it is wrong like any other.
                    Err(StoreError::Damaged(why) | StoreError::Closed(why)) => (None, Err(why)),
                    Err(error) => return Err(error),
                }
            }
            as_it_is => as_it_is,
        };
        let (database, role) = match (database, followed) {
            (Some(database), Ok((at, role))) if at.link == link => (database, role),
            (database, followed) => {
                if let Some(rollback) = rollback {
                    let evidence = format!("the anchor knows {}", rollback.anchored);
                    return Err(self.lost(link.sequence + 1, &evidence));
                }
                drop(database);
                let why = match followed {
                    Ok((at, _)) => format!("they followed frame {} of another journal", at.link.sequence),
                    Err(why) => why,
                };
                let records = self.layout.records();
                let is_old = found.links.len() <= 2 && why == NOT_THERE;
                let old = is_old.then_some(records.as_path());
                rebuild::rebuild(self.layout, self.cipher, &frames, &position, old)?;
                settle(self.layout)?;
                // After the keyring was replaced the journal has its first frame alone, and the database comes from it.
                let is_first = why == NOT_THERE && self.cipher.epoch() > 1 && found.links.len() == 2;
                if link.sequence > 0 && !is_first && !notices.contains(&Notice::TakenOver) {
                    notices.push(Notice::Rebuilt(why));
                }
                (Database::open(&self.layout.records())?, Role::Follower)
            }
        };
        Ok(Opened {
            journal: found.journal,
            database,
            position,
            role,
            tail,
            anchor,
            rollback,
            notices,
        })
    }

    /// The database, and how far it follows the journal or why that cannot be said.
    fn database(&self) -> Result<(Option<Database>, Result<Followed, String>), StoreError> {
        let folder = self.layout.records();
        let opened = Database::open(&folder).and_then(|database| {
            let position = database.position()?;
            Ok((database, position))
        });
        match opened {
            Ok((database, Some(sealed))) => {
                let position = Position::unseal(&**self.cipher, &sealed);
                let position = position.ok_or_else(|| "they do not say how far they came".to_owned());
                Ok((Some(database), position))
            }
            // New, or of the time before, or one that lost its word.
            Ok((_, None)) => Ok((None, Err(NOT_THERE.to_owned()))),
            Err(StoreError::Damaged(why)) => Ok((None, Err(why))),
            Err(error) => Err(error),
        }
    }

    fn lost(&self, frame: u64, evidence: &str) -> StoreError {
        StoreError::Damaged(format!(
            "{}: frame {frame} is missing or not what was written, and {evidence}",
            self.layout.journal().display()
        ))
    }
}

/// Why a bad end is not dropped.
fn unknown(anchor: &anchor::Found, last: &Link) -> &'static str {
    match &anchor.anchor {
        Some(found) if found.link.sequence > last.sequence => "it was acknowledged: the anchor knows it",
        Some(_) => "it may have been acknowledged",
        None => "it may have been acknowledged: there is no anchor to tell",
    }
}

fn unreadable(pair: &KeyPair, error: &CryptoError) -> StoreError {
    StoreError::Damaged(format!(
        "the private key of generation {}: {error}",
        pair.generation
    ))
}

/// Whether the anchor knows something that is not in the chain.
fn rolled_back(anchor: &Anchor, links: &[Link]) -> Option<Rollback> {
    let (first, last) = (links.first()?, links.last()?);
    let known = anchor.link.sequence;
    // An anchor that is older than what is kept says nothing about it.
    if known < first.sequence || links.contains(&anchor.link) {
        return None;
    }
    Some(Rollback {
        anchored: known,
        found: last.sequence,
        anchored_at: anchor.at,
    })
}

/// Writes that are done at once, with the position that they lead to.
const GROUP: usize = 2000;

/// Applies the frames between two positions to a database; how many there were.
pub(super) fn catch_up(
    database: &Database,
    frames: &journal::Reader,
    at: &Position,
    to: &Position,
    cipher: &dyn StoreCipher,
) -> Result<u64, StoreError> {
    let mut writes = database.writes();
    frames.frames(at.link.sequence, to.link.sequence, &mut |link, body| {
        let position = Position::after(link, &body);
        put_body(&mut writes, body);
        if writes.len() < GROUP {
            return Ok(());
        }
        std::mem::replace(&mut writes, database.writes()).commit(true, position.seal(Role::Follower, cipher)?)
    })?;
    writes.commit(true, to.seal(Role::Follower, cipher)?)?;
    Ok(to.link.sequence - at.link.sequence)
}
