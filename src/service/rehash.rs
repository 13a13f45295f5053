//! Tokens of before the keyring was replaced are hashed anew, under the present token key, as they are used.
//!
//! Only whoever presents a token knows what is hashed. So verify remembers which it met under the previous key, with the
//! digest to be, and maintenance commits them. What is not remembered, or lost in a crash, is met again.

use std::collections::HashMap;
use std::sync::Mutex;

use super::commit::{Changes, Note};
use super::error::Error;
use super::index::Found;
use super::ports::Record;
use super::{Service, lock};
use crate::domain::audit::Action;
use crate::domain::id::TokenId;
use crate::domain::time::Timestamp;
use crate::domain::token::{Digest, Refusal, Token, Verdict};

/// Tokens that are remembered between two maintenances; beyond it they are left for their next use.
const MOST_REMEMBERED: usize = 10_000;
/// Tokens of one commit, so that nobody who changes something waits for long.
const BATCH: usize = 1_000;

/// Tokens that were met under the previous token key.
#[derive(Default)]
pub(super) struct Met(Mutex<HashMap<TokenId, Digests>>);

/// A token's digest as it was met, and under the present key.
#[derive(Clone, Copy)]
struct Digests {
    previous: Digest,
    present: Digest,
}

impl Met {
    /// Remembers one that works, or will when it is released.
    pub(super) fn remember(&self, found: &Found, previous: Digest, present: Digest) {
        let is_kept = matches!(found.verdict, Verdict::Good(_) | Verdict::Refused(Refusal::Held));
        let mut met = lock(&self.0);
        if is_kept && met.len() < MOST_REMEMBERED {
            met.insert(found.id, Digests { previous, present });
        }
    }

    fn take(&self) -> Vec<(TokenId, Digests)> {
        std::mem::take(&mut *lock(&self.0)).into_iter().collect()
    }

    fn put_back(&self, met: &[(TokenId, Digests)]) {
        lock(&self.0).extend(met.iter().copied());
    }
}

impl Service {
    /// Gives the tokens that were met under the previous key their digest under the present one.
    ///
    /// # Errors
    /// The store takes nothing at the moment; it is tried again, and they are good as they were.
    pub(super) fn rehash_met(&self) -> Result<(), Error> {
        if self.refuse_older_state().is_err() {
            return Ok(());
        }
        let met = self.met.take();
        for (number, batch) in met.chunks(BATCH).enumerate() {
            self.rehash_batch(batch)
                .inspect_err(|_| self.met.put_back(&met[number * BATCH..]))?;
        }
        Ok(())
    }

    fn rehash_batch(&self, batch: &[(TokenId, Digests)]) -> Result<(), Error> {
        let mut writer = self.writer();
        let now = self.now();
        let (_, key) = self.ports.sealer.digest(&[0; 32]);
        let put: Vec<Record> = batch
            .iter()
            .filter_map(|(id, digests)| self.rehashed(*id, digests, key, now))
            .map(Record::Token)
            .collect();
        let subject = match put.len() {
            0 => return Ok(()),
            1 => "1 token".to_owned(),
            count => format!("{count} tokens"),
        };
        let note = Note::done(Action::TokensRehashed, None, subject)
            .because("used for the first time since the keyring was replaced");
        self.commit(&mut writer, &self.ports.account, None, Changes::of(put, note))
    }

    /// The token with its new digest, unless it ended meanwhile or has it already.
    fn rehashed(&self, id: TokenId, digests: &Digests, key: u8, now: Timestamp) -> Option<Token> {
        let (token, _) = self.index.token(id)?;
        let is_as_met = token.digest == digests.previous;
        let is_good = token.life.stage(now).is_live();
        (is_as_met && is_good).then_some(Token {
            digest: digests.present,
            digest_key: key,
            ..token
        })
    }
}
