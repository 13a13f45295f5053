//! One token, packed: some 190 bytes, its name and its note, what verify reads first.

use core::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};

use chrono::TimeDelta;

use super::interner::{Interner, Symbol};
use crate::domain::address::AddressRange;
use crate::domain::id::TokenId;
use crate::domain::text::{Brand, Email, Environment, ServiceName, TokenName, TokenNote, Variable};
use crate::domain::time::Timestamp;
use crate::domain::token::{
    Digest, Finish, Ladder, Ladders, Life, Lifetime, Overlap, Revocation, Status, Token,
};

/// Stands for "no such date".
const NONE: i64 = i64::MAX;

/// One token in memory: three cache lines, of which verify reads the first two.
#[repr(C, align(64))]
pub struct Entry {
    digest: [u8; 32],
    expires: i64,
    retires: i64,
    revoked: i64,
    deleted: i64,
    uses: AtomicU64,
    last_used: AtomicI64,
    minted: i64,
    id: TokenId,
    /// The organization's place in the list of organizations.
    organization: u32,
    service: Symbol,
    environment: Symbol,
    /// Minutes before its expiry at which its first warning comes, its own or its organization's.
    first_warning: AtomicU32,
    lifetime: Lifetime,
    digest_key: u8,
    /// Whether it is on the list of tokens whose use was not written yet.
    counted: AtomicBool,
    /// Whether an admin released it from a hold.
    released: AtomicBool,
    /// Whether it has a list of where it may be used from; the list itself is among what is rare.
    is_restricted: bool,
    /// A variable is ASCII, and has 100 characters at most.
    variable_length: u8,
    name_length: u16,
    last_four: [u8; 4],
    revision: u32,
    brand: Symbol,
    minted_by: Symbol,
    /// Who minted it where no other owner is said.
    owner: Symbol,
    acknowledged: i64,
    first_used: AtomicI64,
    /// The name, the variable and the note, one after the other.
    labels: Box<str>,
    rare: Option<Box<Rare>>,
}

/// What most tokens do not have.
#[derive(Default, Clone, PartialEq)]
struct Rare {
    replaces: Option<(TokenId, Overlap)>,
    replaced_by: Option<TokenId>,
    revocation: Option<Revocation>,
    allowed: Vec<AddressRange>,
    finish: Finish,
    warnings: Option<Ladder>,
}

const _: () = assert!(size_of::<Entry>() == 192);
/// Where verify stops reading.
const _: () = assert!(std::mem::offset_of!(Entry, is_restricted) < 128);

fn pack(at: Option<Timestamp>) -> i64 {
    at.map_or(NONE, Timestamp::millis)
}

fn unpack(millis: i64) -> Option<Timestamp> {
    (millis != NONE).then(|| Timestamp::from_millis(millis))
}

fn minutes(delta: TimeDelta) -> u32 {
    u32::try_from(delta.num_minutes()).unwrap_or(u32::MAX)
}

impl Entry {
    pub(super) fn pack(token: &Token, organization: u32, revision: u64, names: &mut Interner) -> Self {
        names.set_owner(organization, token.organization);
        let rare = Rare {
            replaces: token.replaces,
            replaced_by: token.replaced_by,
            revocation: token.revocation.clone(),
            allowed: token.allowed.clone(),
            finish: token.finish,
            warnings: token.warnings.clone(),
        };
        let rare = (rare != Rare::default()).then(|| Box::new(rare));
        let first_warning = match &token.warnings {
            Some(own) => own.first(),
            None => names.ladders(organization).first(token.lifetime),
        };
        let note = token.note.as_ref().map_or("", TokenNote::as_str);
        Self {
            digest: token.digest.0,
            expires: token.life.expires_at.millis(),
            retires: pack(token.life.retires_at),
            revoked: pack(token.life.revoked_at),
            deleted: pack(token.life.deleted_at),
            uses: AtomicU64::new(0),
            last_used: AtomicI64::new(NONE),
            minted: token.life.minted_at.millis(),
            id: token.id,
            organization,
            service: names.intern(token.service.as_str()),
            environment: names.intern(token.environment.as_str()),
            lifetime: token.lifetime,
            digest_key: token.digest_key,
            counted: AtomicBool::new(false),
            first_warning: AtomicU32::new(minutes(first_warning)),
            released: AtomicBool::new(false),
            is_restricted: !token.allowed.is_empty(),
            first_used: AtomicI64::new(NONE),
            brand: names.intern(token.brand.as_str()),
            minted_by: names.intern(token.minted_by.as_str()),
            owner: names.intern(token.owner().as_str()),
            last_four: token.last_four,
            revision: u32::try_from(revision).unwrap_or(u32::MAX),
            acknowledged: pack(token.acknowledged_at),
            labels: [token.name.as_str(), token.variable.as_str(), note]
                .concat()
                .into(),
            variable_length: token.variable.as_str().len() as u8,
            name_length: token.name.as_str().len() as u16,
            rare,
        }
    }

    /// Whether this token key made its digest.
    pub(super) const fn is_hashed_with(&self, key: u8) -> bool {
        self.digest_key == key
    }

    pub(super) fn unpack(&self, names: &Interner) -> Token {
        let rare = self.rare.as_deref().cloned().unwrap_or_default();
        Token {
            id: self.id,
            organization: names.owner(self.organization),
            name: TokenName::from_stored(self.name()),
            service: ServiceName::from_stored(names.text(self.service)),
            environment: Environment::from_stored(names.text(self.environment)),
            variable: Variable::from_stored(self.variable()),
            brand: Brand::from_stored(names.text(self.brand)),
            lifetime: self.lifetime,
            life: self.life(),
            minted_by: Email::from_stored(names.text(self.minted_by)),
            digest: Digest(self.digest),
            digest_key: self.digest_key,
            last_four: self.last_four,
            acknowledged_at: unpack(self.acknowledged),
            replaces: rare.replaces,
            replaced_by: rare.replaced_by,
            revocation: rare.revocation,
            allowed: rare.allowed,
            finish: rare.finish,
            owner: (self.owner != self.minted_by).then(|| Email::from_stored(names.text(self.owner))),
            note: Some(self.note())
                .filter(|note| !note.is_empty())
                .map(TokenNote::from_stored),
            warnings: rare.warnings,
        }
    }

    /// Text that the list's filter looks in, in lower case, its parts apart by NUL.
    pub(super) fn searchable(&self, names: &Interner, text: &mut Vec<u8>) {
        let begin = text.len();
        let parts = [
            self.name(),
            names.text(self.service),
            names.text(self.environment),
            self.variable(),
            names.text(self.minted_by),
            names.text(self.owner),
            self.note(),
        ];
        for part in parts {
            text.extend_from_slice(part.as_bytes());
            text.push(0);
        }
        text.extend_from_slice(&self.last_four);
        if text[begin..].is_ascii() {
            text[begin..].make_ascii_lowercase();
        } else {
            let lower = String::from_utf8_lossy(&text[begin..]).to_lowercase();
            text.truncate(begin);
            text.extend_from_slice(lower.as_bytes());
        }
    }

    pub(super) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The dates that its status follows from.
    pub fn life(&self) -> Life {
        Life {
            minted_at: Timestamp::from_millis(self.minted),
            expires_at: Timestamp::from_millis(self.expires),
            retires_at: unpack(self.retires),
            revoked_at: unpack(self.revoked),
            deleted_at: unpack(self.deleted),
        }
    }

    /// Whether it waits to be released: `held_until` is the last minting that is held.
    pub(super) fn is_held(&self, held_until: i64) -> bool {
        self.minted <= held_until && !self.released.load(Ordering::Relaxed)
    }

    /// Its status at `now`, the hold included.
    pub(super) fn status(&self, held_until: i64, now: Timestamp) -> Status {
        let status = self.life().status(self.first_warning(), now);
        if status.is_live() && self.is_held(held_until) {
            return Status::Held;
        }
        status
    }

    /// Whether it may be used from there; where that is not known only if it may be from everywhere.
    pub(super) fn allows(&self, address: Option<IpAddr>) -> bool {
        if !self.is_restricted {
            return true;
        }
        let ranges = self.rare.as_ref().map_or(&[][..], |rare| &rare.allowed);
        address.is_some_and(|address| ranges.iter().any(|range| range.contains(address)))
    }

    pub(super) fn release(&self) {
        self.released.store(true, Ordering::Relaxed);
    }

    /// Its id.
    pub fn id(&self) -> TokenId {
        self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.labels[..usize::from(self.name_length)]
    }

    pub(super) const fn last_four(&self) -> &[u8; 4] {
        &self.last_four
    }

    fn variable(&self) -> &str {
        &self.labels[usize::from(self.name_length)..self.note_begin()]
    }

    fn note(&self) -> &str {
        &self.labels[self.note_begin()..]
    }

    fn note_begin(&self) -> usize {
        usize::from(self.name_length) + usize::from(self.variable_length)
    }

    /// How long before its expiry its first warning comes.
    pub fn first_warning(&self) -> TimeDelta {
        TimeDelta::minutes(self.first_warning.load(Ordering::Relaxed).into())
    }

    /// When to warn of its end.
    pub(super) fn ladder(&self, names: &Interner) -> Ladder {
        let own = self.rare.as_ref().and_then(|rare| rare.warnings.clone());
        own.unwrap_or_else(|| names.ladders(self.organization).of(self.lifetime))
    }

    /// Takes over what its organization says of warnings, if it has none of its own.
    pub(super) fn warn_by(&self, ladders: &Ladders) {
        if self.rare.as_ref().is_none_or(|rare| rare.warnings.is_none()) {
            let first = minutes(ladders.first(self.lifetime));
            self.first_warning.store(first, Ordering::Relaxed);
        }
    }

    /// Whether what lists are sorted and searched by differs.
    pub(super) fn is_called_otherwise(&self, other: &Self) -> bool {
        self.labels != other.labels || self.name_length != other.name_length || self.owner != other.owner
    }

    /// Whether somebody confirmed to have it.
    pub fn is_acknowledged(&self) -> bool {
        self.acknowledged != NONE
    }

    pub(super) fn organization(&self) -> u32 {
        self.organization
    }

    pub(super) fn service(&self) -> Symbol {
        self.service
    }

    pub(super) fn environment(&self) -> Symbol {
        self.environment
    }

    pub(super) fn revision(&self) -> u64 {
        u64::from(self.revision)
    }

    /// All uses, the first and the last.
    pub fn counts(&self) -> (u64, Option<Timestamp>, Option<Timestamp>) {
        let at = |date: &AtomicI64| unpack(date.load(Ordering::Relaxed));
        (
            self.uses.load(Ordering::Relaxed),
            at(&self.first_used),
            at(&self.last_used),
        )
    }

    /// Counts one use; true when it is the first since its use was last written.
    pub(super) fn count_use(&self, now: Timestamp) -> bool {
        self.uses.fetch_add(1, Ordering::Relaxed);
        self.last_used.store(now.millis(), Ordering::Relaxed);
        if self.counted.load(Ordering::Relaxed) || self.counted.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.first_used.fetch_min(now.millis(), Ordering::Relaxed);
        true
    }

    /// Marks it as being on the list of used tokens; true when it was not.
    pub(super) fn is_first_counted(&self) -> bool {
        !self.counted.swap(true, Ordering::AcqRel)
    }

    pub(super) fn begin_counting(&self) {
        self.counted.store(false, Ordering::Release);
    }

    pub(super) fn set_counts(&self, total: u64, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.uses.store(total, Ordering::Relaxed);
        self.first_used.store(pack(first), Ordering::Relaxed);
        self.last_used.store(pack(last), Ordering::Relaxed);
    }

    /// Takes over from the entry that this one replaces what is not in the token's record.
    pub(super) fn take_over(&self, earlier: &Self) {
        let (total, first, last) = earlier.counts();
        self.set_counts(total, first, last);
        self.counted
            .store(earlier.counted.load(Ordering::Relaxed), Ordering::Relaxed);
        self.released
            .store(earlier.released.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
