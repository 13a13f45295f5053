//! Opening: every record is read once into memory, then the service answers.

use std::sync::{Arc, Mutex, RwLock};

use super::commit::Writer;
use super::error::Error;
use super::index::TokenIndex;
use super::ports::{Record, UsageRecord};
use super::registry::Registry;
use super::{Ports, Service};
use crate::service::ports::{Loaded, StoreError};

/// Records between two words to whoever watches the opening.
const BETWEEN_WORDS: u64 = 4096;

/// How often records that were built anew may be wrong again.
const MOST_MENDED: u64 = 2;

impl Service {
    /// Reads the store and is ready to answer.
    ///
    /// # Errors
    /// The store is damaged, has a record of an unknown version, or the keyring does not open its secrets.
    pub fn open(ports: Ports) -> Result<Arc<Self>, Error> {
        Self::open_watched(ports, &|_, _| {})
    }

    /// The same; tells `watch` now and then how often the records had to be read anew, and how many were.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_watched(ports: Ports, watch: &dyn Fn(u64, u64)) -> Result<Arc<Self>, Error> {
        let mut again = 0;
        let (registry, index) = loop {
            let mut read = 0;
            watch(again, read);
            let mut registry = Registry::default();
            let index = TokenIndex::default();
            let loaded = ports.store.load(&mut |record, revision| {
                read += 1;
                if read % BETWEEN_WORDS == 0 {
                    watch(again, read);
                }
                // Organizations sort before tokens, so a token's place is known when it comes.
                if let Record::Token(token) = &record {
                    let place = registry.place(token.organization).ok_or_else(|| {
                        StoreError::Damaged(format!("token {} belongs to no organization", token.id))
                    })?;
                    index.put(token, place, revision);
                } else {
                    registry.put(record, revision);
                }
                Ok(())
            })?;
            if loaded == Loaded::Whole {
                break (registry, index);
            }
            again += 1;
            if again > MOST_MENDED {
                let why = "the records differ each time they are read; look at the disk".to_owned();
                return Err(StoreError::Damaged(why).into());
            }
        };
        index.set_organizations(
            registry
                .organizations
                .iter()
                .map(|(organization, _)| organization),
        );
        index.set_hold(registry.hold.as_ref().map(|(hold, _)| hold));
        let mut key_usage = std::collections::HashMap::new();
        ports.store.load_usage(&mut |record| match record {
            UsageRecord::Token(id, usage) => index.set_usage(id, usage.total, usage.first, usage.last),
            UsageRecord::Key(organization, usage) => {
                key_usage.insert(organization, usage);
            }
        })?;
        let head = ports.store.audit_head()?;
        let time = super::clock::Timekeeper::resume(&ports, head.as_ref().map(|head| head.at));
        let writer = head.map_or_else(Writer::default, |head| Writer {
            sequence: head.sequence,
            hash: head.hash,
        });
        let opening = ports.store.opening();
        let service = Arc::new(Self {
            opened_at: time.latest(),
            time,
            logged_notices: Mutex::default(),
            found: super::rollback::Found::new(opening),
            ports,
            index,
            registry: RwLock::new(registry),
            writer: Mutex::new(writer),
            sessions: super::sign_in::Sessions::default(),
            logins: super::login::Logins::default(),
            decryptors: super::decrypt::Decryptors::default(),
            erasures: super::slots::Erasures::default(),
            repeats: super::repeats::Repeats::default(),
            deliveries: std::sync::OnceLock::new(),
            untold: super::commit::Untold::default(),
            met: super::rehash::Met::default(),
            usage: super::usage::Pending::new(key_usage),
            feed: super::feed::Feed::default(),
            refusals: super::refusals::Refusals::default(),
            jobs: super::jobs::Jobs::default(),
            counting: super::quiet::Counting::default(),
            proof: Mutex::default(),
        });
        // A full disk must not keep tokens from being verified: it is tried again.
        let _ = service.log_opening();
        if service.found.rollback().is_none() {
            service.settle_slots();
        }
        Ok(service)
    }
}
