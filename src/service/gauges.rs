//! What monitoring reads: the tokens that work, the keys, decryptions, and how the store is.

use super::Service;
use super::index::Entry;
use super::request::{Show, Sort};
use super::response::Health;
use crate::domain::id::TokenId;
use crate::domain::key_pair::KeyState;
use crate::domain::text::{Environment, ServiceName, Slug, TokenName};
use crate::domain::time::Timestamp;

/// How everything is at one moment.
#[derive(Debug)]
pub struct Gauges {
    /// The tokens that work; of too many those that end first.
    pub tokens: Vec<TokenGauge>,
    /// How many more there are.
    pub left_out: usize,
    /// The key pairs that decrypt: whose, which generation, since when.
    pub keys: Vec<(Slug, u32, Timestamp)>,
    /// Decryptions of all organizations, since the store was made.
    pub decryptions: Decryptions,
    /// The store and what guards it.
    pub health: Health,
}

/// A token that works.
#[derive(Debug)]
#[allow(missing_docs, reason = "the fields are said by their names")]
pub struct TokenGauge {
    pub organization: Slug,
    pub id: TokenId,
    pub name: TokenName,
    pub service: ServiceName,
    pub environment: Environment,
    /// When it stops working by itself.
    pub ends_at: Timestamp,
    pub last_used: Option<Timestamp>,
}

/// How many ciphertexts were opened, and were not.
#[derive(Debug, Default)]
pub struct Decryptions {
    /// Opened with MGF1 over SHA-256.
    pub sha256: u64,
    /// Opened with MGF1 over SHA-1.
    pub sha1: u64,
    /// That did not open.
    pub failed: u64,
    /// That named a replaced key.
    pub key_rotated: u64,
}

impl Service {
    /// How everything is now, with `most` tokens.
    pub fn gauges(&self, most: usize) -> Gauges {
        let mut decryptions = Decryptions::default();
        let (mut slugs, mut keys) = (Vec::new(), Vec::new());
        {
            let registry = self.registry();
            for (organization, _) in &registry.organizations {
                slugs.push(organization.slug.clone());
                let usage = self.usage.of_key(organization.id);
                decryptions.sha256 += usage.mgf1_sha256;
                decryptions.sha1 += usage.mgf1_sha1;
                decryptions.failed += usage.failures;
                decryptions.key_rotated += usage.stale;
                let pairs = registry.pairs.get(&organization.id).into_iter().flatten();
                let active = pairs.filter(|(pair, _)| matches!(pair.state, KeyState::Active(_)));
                keys.extend(
                    active.map(|(pair, _)| (organization.slug.clone(), pair.generation, pair.made_at)),
                );
            }
        }
        let (tokens, left_out) = self.token_gauges(&slugs, most);
        Gauges {
            tokens,
            left_out,
            keys,
            decryptions,
            health: self.health(),
        }
    }

    fn token_gauges(&self, organizations: &[Slug], most: usize) -> (Vec<TokenGauge>, usize) {
        let now = self.now();
        let (mut first, mut all) = (Vec::new(), 0);
        for place in 0..organizations.len() {
            let live = self
                .index
                .select(place as u32, (Show::Live, ""), (Sort::Expiry, false), now);
            all += live.slots.len();
            first.extend(live.slots.iter().take(most).map(|&slot| {
                let ends_at = self.index.read(slot, |entry| entry.life().ends_at());
                (ends_at, place, slot)
            }));
        }
        first.sort_unstable();
        first.truncate(most);
        let tokens: Vec<TokenGauge> = first
            .into_iter()
            .map(|(ends_at, place, slot)| {
                let (token, _) = self.index.token_at(slot);
                let (_, _, last_used) = self.index.read(slot, Entry::counts);
                TokenGauge {
                    organization: organizations[place].clone(),
                    id: token.id,
                    name: token.name,
                    service: token.service,
                    environment: token.environment,
                    ends_at,
                    last_used,
                }
            })
            .collect();
        let left_out = all - tokens.len();
        (tokens, left_out)
    }
}
