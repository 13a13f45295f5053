//! What is wrong with a store, found without opening it; and a journal begun anew from records that prove themselves.
//!
//! Looking changes nothing that matters: leftovers of a crash are removed as at every opening, and sled recovers its own
//! file. Opening the store mends the rest that can be mended: a database from checkpoint and journal, one copy of the slots
//! from the other.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::sync::Arc;

use super::layout::{Layout, Places, remove, rename};
use super::open::{Followed, Tail};
use super::position::{Position, Role};
use super::rebuild::audit_head;
use crate::domain::audit::chain::Walk;
use crate::domain::recovery::Backups;
use crate::service::ports::{Clock, Hasher, Record, StoreCipher, StoreError};
use crate::store::failure;
use crate::store::journal::anchor;
use crate::store::journal::checkpoint::{self, Ending, Item};
use crate::store::journal::{Body, First, Found, Journal, Link, Tally};
use crate::store::record;
use crate::store::sled::{Database, Tree, UsageDatabase};
use crate::store::slots::Slots;

/// How a part of a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// As it should be.
    Whole,
    /// Not so, and the next opening mends it by itself.
    MendedAtOpening,
    /// Not so, and a repair mends it without a loss.
    Mendable,
    /// Not so; only a backup helps, or an admin's word.
    Damaged,
}

/// One part of a store, looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which part.
    pub part: &'static str,
    /// How it is.
    pub condition: Condition,
    /// What was found.
    pub message: String,
}

/// Everything that was found, and what the records say of backups.
#[derive(Debug, Default)]
pub struct Examination {
    /// A finding for each part.
    pub findings: Vec<Finding>,
    /// What is known of backups, where the records could be read.
    pub backups: Option<Backups>,
    /// Whether there is a key pair, as far as the records could be read.
    pub has_keys: bool,
}

impl Examination {
    fn say(&mut self, part: &'static str, condition: Condition, message: impl Into<String>) {
        self.findings.push(Finding {
            part,
            condition,
            message: message.into(),
        });
    }
}

/// Looks at every part of a store that nobody has open.
///
/// # Errors
/// The operating system refused.
pub fn examine(
    places: &Places,
    cipher: &Arc<dyn StoreCipher>,
    hasher: &dyn Hasher,
) -> Result<Examination, StoreError> {
    let layout = Layout::new(places, &**cipher);
    let mut seen = Examination::default();
    let records = look_at_records(&layout, &**cipher, hasher, &mut seen);
    let anchor =
        anchor::read(&layout.anchor(), &**cipher).map_err(|error| failure::of(&layout.anchor(), &error))?;
    let found = Journal::open(&layout.journal(), cipher);
    look_at_journal(&found, records.as_ref(), &anchor, &mut seen);
    let checkpoints = look_at_checkpoints(&layout, &**cipher, &mut seen);
    judge_records(&found, records, checkpoints, &mut seen);
    look_at_slots(
        Slots::examine(&places.data, layout.suffix(), &**cipher)?,
        &mut seen,
    );
    look_at_anchor(&found, &anchor, &mut seen);
    let usage = layout.usage();
    if usage.exists() && !UsageDatabase::is_readable(&usage) {
        seen.say(
            "usage",
            Condition::MendedAtOpening,
            "it cannot be read, and is counted anew: no token is affected",
        );
    } else {
        seen.say("usage", Condition::Whole, "counts of uses, which may be lost");
    }
    Ok(seen)
}

/// What the records are, by their own word.
struct Records {
    /// How far they say that they follow the journal.
    followed: Option<Followed>,
    tally: Tally,
    audit_head: Option<(u64, [u8; 32])>,
}

impl Records {
    /// Whether they are exactly what they say.
    fn prove_themselves(&self) -> Option<&Followed> {
        let followed = self.followed.as_ref()?;
        let (position, _) = followed;
        (position.tally == self.tally && position.audit_head == self.audit_head).then_some(followed)
    }
}

fn look_at_records(
    layout: &Layout,
    cipher: &dyn StoreCipher,
    hasher: &dyn Hasher,
    seen: &mut Examination,
) -> Option<Records> {
    if !layout.records().exists() {
        return None;
    }
    let looked = Database::open(&layout.records()).and_then(|database| {
        let sealed = database.position()?;
        let mut tally = Tally::default();
        database.each(Tree::Records, &mut |(key, value)| {
            tally.add(cipher, &key, &value);
            match record::decode(&key, &value)?.0 {
                Record::Backups(backups) => seen.backups = Some(backups),
                Record::KeyPair(_) => seen.has_keys = true,
                _ => {}
            }
            Ok(())
        })?;
        look_at_log(&database, hasher, seen)?;
        Ok(Records {
            followed: sealed.and_then(|sealed| Position::unseal(cipher, &sealed)),
            tally,
            audit_head: audit_head(&database)?,
        })
    });
    looked.ok()
}

fn look_at_log(database: &Database, hasher: &dyn Hasher, seen: &mut Examination) -> Result<(), StoreError> {
    let mut walk: Option<Walk> = None;
    let mut broken = None;
    let mut count = 0_u64;
    database.each(Tree::Audit, &mut |(key, value)| {
        let entry = record::decode_audit(&key, &value)?;
        let begin = || Walk::after(entry.sequence - 1, entry.previous, Vec::new());
        let step = walk
            .get_or_insert_with(begin)
            .step(&entry, hasher.sha256(&entry.canonical()));
        count += 1;
        if step.is_err() && broken.is_none() {
            broken = Some(entry.sequence);
        }
        Ok(())
    })?;
    match broken {
        None => seen.say(
            "audit log",
            Condition::Whole,
            format!("{count} entries, each chained to the one before"),
        ),
        Some(sequence) => seen.say(
            "audit log",
            Condition::Damaged,
            format!("entry {sequence} is not what was written"),
        ),
    }
    Ok(())
}

type FoundJournal = Result<Option<Found>, StoreError>;

fn look_at_journal(
    found: &FoundJournal,
    records: Option<&Records>,
    anchor: &anchor::Found,
    seen: &mut Examination,
) {
    let proven = records.and_then(Records::prove_themselves);
    let newest = match found {
        Ok(Some(found)) => found.links.last().map_or(0, |link| link.sequence),
        _ => 0,
    };
    // Begun anew where the records are all that was ever acknowledged: those that only follow are if the anchor says so.
    let is_all = |(position, role): &&Followed| {
        let known = position.link.sequence;
        let is_known = *role == Role::Witness || anchor.anchor.is_some();
        is_known && anchor.sequence() <= known && newest <= known
    };
    let condition = match proven.filter(is_all) {
        Some(_) => Condition::Mendable,
        None => Condition::Damaged,
    };
    match found {
        Ok(Some(found)) if !found.torn => {
            let (first, last) = (found.links.first(), found.links.last());
            let sequence = |link: Option<&Link>| link.map_or(0, |link| link.sequence);
            let text = format!("frames {} to {}, one chain", sequence(first) + 1, sequence(last));
            seen.say("journal", Condition::Whole, text);
        }
        Ok(Some(found)) => {
            let link = found.links.last().copied().unwrap_or_default();
            let last = link.sequence;
            let condition = match Tail::torn(&link, anchor, proven) {
                Some(_) => Condition::MendedAtOpening,
                None => condition,
            };
            seen.say(
                "journal",
                condition,
                format!("frame {} is not what was written", last + 1),
            );
        }
        Ok(None) if records.is_some_and(|records| records.followed.is_none()) => {
            seen.say(
                "journal",
                Condition::MendedAtOpening,
                "there is none yet: the store is of an earlier version",
            );
        }
        Ok(None) => seen.say("journal", condition, "it is not there"),
        Err(error) => seen.say("journal", condition, error.to_string()),
    }
}

/// The newest frame that a whole checkpoint ends with.
fn look_at_checkpoints(layout: &Layout, cipher: &dyn StoreCipher, seen: &mut Examination) -> Vec<Link> {
    let mut whole = Vec::new();
    let (mut count, mut bad) = (0, Vec::new());
    for (sequence, path) in layout.checkpoints().unwrap_or_default() {
        count += 1;
        let read = File::open(&path)
            .map_err(|error| failure::of(&path, &error))
            .and_then(|file| checkpoint::read(BufReader::new(file), cipher, &mut |_| Ok(())));
        match read {
            Ok(summary) => whole.push(summary.ending.link),
            Err(error) => bad.push(format!("{sequence}: {error}")),
        }
    }
    match (count, bad.is_empty()) {
        (0, _) => seen.say("checkpoints", Condition::Whole, "there is none yet"),
        (_, true) => seen.say(
            "checkpoints",
            Condition::Whole,
            format!("{count}, read to their ends"),
        ),
        // Until then the records themselves are what there is.
        _ => seen.say(
            "checkpoints",
            Condition::Whole,
            format!(
                "of {count} not usable: {}; a console that is open for a minute makes another",
                bad.join("; ")
            ),
        ),
    }
    whole
}

fn judge_records(
    found: &FoundJournal,
    records: Option<Records>,
    checkpoints: Vec<Link>,
    seen: &mut Examination,
) {
    let journal = found.as_ref().ok().and_then(Option::as_ref);
    let first = journal
        .and_then(|found| found.links.first())
        .map_or(u64::MAX, |link| link.sequence);
    let can_be_built = first == 0 || checkpoints.iter().any(|link| link.sequence >= first);
    let otherwise = if journal.is_some() && can_be_built {
        Condition::MendedAtOpening
    } else {
        Condition::Damaged
    };
    let Some(records) = records else {
        return seen.say("records", otherwise, "the database cannot be read");
    };
    let wanted = journal.and_then(|found| found.last.as_ref().zip(found.links.last()));
    match (records.followed.map(|(position, _)| position), wanted) {
        (Some(position), Some((body, link))) if position.link == *link => {
            if (records.tally, records.audit_head) == (body.tally, body.audit_head) {
                let text = format!("{} records, count and digest as acknowledged", body.tally.count);
                seen.say("records", Condition::Whole, text);
            } else {
                let text = format!(
                    "{} records, not the {} that were acknowledged",
                    records.tally.count, body.tally.count
                );
                seen.say("records", otherwise, text);
            }
        }
        (Some(position), Some((_, link))) if position.link.sequence < link.sequence => {
            let behind = link.sequence - position.link.sequence;
            seen.say(
                "records",
                Condition::MendedAtOpening,
                format!("{behind} commits behind the journal"),
            );
        }
        (Some(position), Some((_, link))) => {
            let text = format!(
                "they have commit {}, and the journal ends at {}",
                position.link.sequence, link.sequence
            );
            seen.say("records", Condition::Damaged, text);
        }
        (Some(_), None) if records.prove_themselves().is_some() => {
            seen.say(
                "records",
                Condition::Whole,
                format!("{} records, whole by their own word", records.tally.count),
            );
        }
        (None, None)
            if seen
                .findings
                .iter()
                .all(|finding| finding.condition != Condition::Damaged) =>
        {
            seen.say(
                "records",
                Condition::Whole,
                format!("{} records", records.tally.count),
            );
        }
        _ => seen.say(
            "records",
            otherwise,
            "they do not say how far they follow the journal",
        ),
    }
}

fn look_at_slots(copies: [(bool, String); 2], seen: &mut Examination) {
    // A store without a key pair, or of an earlier version, has none.
    let is_earlier =
        |finding: &Finding| finding.part == "journal" && finding.condition == Condition::MendedAtOpening;
    let otherwise = match copies.iter().any(|(is_whole, _)| *is_whole) {
        true => Condition::MendedAtOpening,
        false if !seen.has_keys || seen.findings.iter().any(is_earlier) => Condition::Whole,
        false => Condition::Damaged,
    };
    for ((is_whole, said), part) in copies
        .into_iter()
        .zip(["key slots, first copy", "key slots, second copy"])
    {
        let condition = if is_whole { Condition::Whole } else { otherwise };
        seen.say(part, condition, said);
    }
}

fn look_at_anchor(found: &FoundJournal, anchor: &anchor::Found, seen: &mut Examination) {
    let links = found
        .as_ref()
        .ok()
        .and_then(Option::as_ref)
        .map(|found| &found.links);
    match (&anchor.anchor, links) {
        (None, _) => seen.say(
            "anchor",
            Condition::MendedAtOpening,
            "there is none: an older copy put back would not be noticed",
        ),
        (Some(anchor), Some(links)) => {
            let first = links.first().map_or(0, |link| link.sequence);
            if links.contains(&anchor.link) || anchor.link.sequence < first {
                let text = format!("commit {}, written {}", anchor.link.sequence, anchor.at);
                seen.say("anchor", Condition::Whole, text);
            } else {
                let text = format!(
                    "it knows commit {}, and the journal ends at commit {}: this is an older state of the store",
                    anchor.link.sequence,
                    links.last().map_or(0, |link| link.sequence)
                );
                seen.say("anchor", Condition::Damaged, text);
            }
        }
        (Some(anchor), None) => {
            let text = format!("commit {}, written {}", anchor.link.sequence, anchor.at);
            seen.say("anchor", Condition::Whole, text);
        }
    }
}

/// Begins the journal anew from records that prove themselves; the damaged one is kept beside it. Whether anything was
/// done: a journal that opens is left alone.
///
/// # Errors
/// The operating system refused; what was there is there.
pub fn begin_journal_anew(
    places: &Places,
    cipher: &Arc<dyn StoreCipher>,
    hasher: &dyn Hasher,
    clock: &dyn Clock,
) -> Result<bool, StoreError> {
    let layout = Layout::new(places, &**cipher);
    let seen = examine(places, cipher, hasher)?;
    let is_mendable =
        |finding: &Finding| finding.part == "journal" && finding.condition == Condition::Mendable;
    let records = look_at_records(&layout, &**cipher, hasher, &mut Examination::default());
    let Some((position, _)) = records.as_ref().and_then(Records::prove_themselves) else {
        return Ok(false);
    };
    if !seen.findings.iter().any(is_mendable) {
        return Ok(false);
    }
    let (folder, new, old) = (layout.journal(), layout.journal_new(), layout.journal_damaged());
    let failed = |error: std::io::Error| failure::of(&new, &error);
    remove(&new).map_err(failed)?;
    crate::store::journal::make_folder(&new).map_err(failed)?;
    let name = layout.checkpoint(position.link.sequence);
    let path = new.join(name.file_name().unwrap_or_default());
    let file = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(failed)?);
    let mut whole =
        checkpoint::Writer::new(file, Arc::clone(cipher), clock.now(), &position.link).map_err(failed)?;
    let database = Database::open(&layout.records())?;
    database.each(Tree::Records, &mut |(key, value)| {
        whole
            .item(Item::Record(key.to_vec(), Some(value.to_vec())))
            .map_err(failed)
    })?;
    database.each(Tree::Audit, &mut |(key, value)| {
        whole
            .item(Item::Audit(key.to_vec(), value.to_vec()))
            .map_err(failed)
    })?;
    drop(database);
    let ending = Ending {
        link: position.link,
        tally: position.tally,
        audit_head: position.audit_head,
    };
    let mut out = whole.finish(&ending).map_err(failed)?;
    out.flush()
        .and_then(|()| out.get_ref().sync_all())
        .map_err(failed)?;
    let body = Body {
        tally: position.tally,
        audit_head: position.audit_head,
        ..Body::default()
    };
    let first = First::new(&**cipher, &position.link, &body)?;
    Journal::create(&new, cipher, &position.link, Some(&first))?;
    if folder.exists() {
        remove(&old)
            .and_then(|()| fs::rename(&folder, &old))
            .map_err(failed)?;
    }
    rename(&new, &folder).map_err(failed)?;
    Ok(true)
}
