//! What was found outside the store: which token or key each of it is.
//!
//! Counts nothing. Of a private key nothing but its public half is asked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Service;
use super::error::{Code, Error};
use super::keys::generation;
use super::request::{Identify, Presented};
use super::response::{Identified, KeyHolder, Response};
use crate::domain::key_pair::{Fingerprint, KeyPair};

impl Service {
    pub(super) fn identify(&self, found: &Identify) -> Result<Response, Error> {
        if found.tokens.len() > Identify::MOST || found.keys.len() > Identify::MOST {
            let message = format!("more than {} tokens or keys in one request", Identify::MOST);
            return Err(Error::new(Code::Invalid, message, "ask for them in parts"));
        }
        let tried = |Presented { presented }: &Presented| self.try_token(presented);
        Ok(Response::Identified(Identified {
            tokens: found.tokens.iter().map(tried).collect(),
            keys: found.keys.iter().map(|key| self.holder(key)).collect(),
        }))
    }

    fn holder(&self, public: &str) -> Option<KeyHolder> {
        let public = STANDARD.decode(public).ok()?;
        let fingerprint = Fingerprint(self.ports.hasher.sha256(&public));
        self.holders(|pair| pair.fingerprint == fingerprint).pop()
    }

    /// The generations, the replaced ones included, that `is` says are meant.
    pub(super) fn holders(&self, is: impl Fn(&KeyPair) -> bool) -> Vec<KeyHolder> {
        let registry = self.registry();
        let all = registry.organizations.iter().flat_map(|(organization, _)| {
            let pairs = registry.pairs.get(&organization.id).into_iter().flatten();
            pairs.map(move |(pair, _)| (organization, pair))
        });
        all.filter(|(_, pair)| is(pair))
            .map(|(organization, pair)| KeyHolder {
                organization: organization.slug.clone(),
                key: generation(pair),
            })
            .collect()
    }
}
