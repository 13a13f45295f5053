//! Another keyring after a leak: everything that is sealed is sealed anew, and the store of before is given up.
//!
//! Whoever keeps the files builds the new store and puts the new keyring in its place; here is who may have it done, how
//! each record is sealed anew, and the entry that ends the new store's log. What the log was found to be is said in it:
//! the checkpoints of before were signed under the old keyring, and prove nothing to the new one.

use super::commit::{Note, audit_actor};
use super::error::{Code, Error};
use super::login::new_key;
use super::ports::{CheckpointSigner, CryptoError, InSlot, Record, Resealing, Sealer, SlotId, StoreError};
use super::sign_in::password_binding;
use super::slots::slot_of;
use super::{Actor, Service};
use crate::domain::audit::chain::Verdict;
use crate::domain::audit::{Action, AuditEntry};
use crate::domain::cashier::{Cashier, Role};
use crate::domain::id::{Id, RequestId};
use crate::domain::key_pair::{KeyPair, KeyState};
use crate::domain::secret::Sealed;

impl Service {
    /// Has `replace` build the store of the keyring that `next` seals and signs with, and put that in its place, if the cashier who
    /// signed in may. `what` says in the log what became of the keyring. After it this service is to be closed.
    ///
    /// # Errors
    /// The cashier may not; a token is still hashed with a key that this would forget; or what `replace` gave. The store
    /// is as it was then.
    pub fn rekey(
        &self,
        actor: &Actor,
        (next, signer): (&dyn Sealer, &dyn CheckpointSigner),
        what: &str,
        replace: impl FnOnce(&AuditEntry, &mut Resealing<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // Before the walk along the log, so that nobody has it done for nothing.
        self.signed_in(actor, Role::Admin)?;
        // What was used a moment ago is known to the next keyring too.
        self.rehash_met()?;
        let verdict = self.verified_log()?;
        let writer = self.writer();
        self.refuse_older_state()?;
        let acting = self.signed_in(actor, Role::Admin)?;
        let now = self.trusted_now();
        let request = RequestId(Id::new(now, self.random()?));
        let note = Note::done(Action::SealRekeyed, None, "seal").because(reason(what, verdict));
        let audit = self.chain(
            &writer,
            audit_actor(actor, Some(&acting)),
            request,
            now,
            vec![note],
        );
        let entry = audit.first().ok_or_else(|| {
            Error::new(
                Code::Internal,
                "there is no entry for the audit log",
                "nothing was changed",
            )
        })?;
        self.refuse_to_forget_tokens()?;
        replace(entry, &mut |record| self.resealed(next, record))?;
        if matches!(verdict, Verdict::Intact { .. } | Verdict::Unanchored { .. }) {
            // The new log has nothing else to be compared with; what fails here is made good by the next opening.
            let _ = self.sign_first(signer, entry);
        }
        Ok(())
    }

    /// The next keyring finds tokens under its own token key and the present one, and under none before that.
    fn refuse_to_forget_tokens(&self) -> Result<(), Error> {
        let (_, present) = self.ports.sealer.digest(&[0; 32]);
        let (count, named) = self.index.good_under_another_key(present, self.now());
        let (tokens, were, they) = match count {
            0 => return Ok(()),
            1 => ("token", "was", "it"),
            _ => ("tokens", "were", "they"),
        };
        let rest = match count - named.len() {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        Err(Error::new(
            Code::Conflict,
            format!(
                "{count} good {tokens} {were} not used since the keyring was replaced the last time, and would not be known any more: {}{rest}",
                named.join(", ")
            ),
            format!(
                "{they} must be used once, or be revoked or replaced without an overlap, before this; nothing was changed"
            ),
        ))
    }

    fn resealed(
        &self,
        next: &dyn Sealer,
        record: Record,
    ) -> Result<(Record, Option<(SlotId, Sealed)>), StoreError> {
        Ok(match record {
            Record::KeyPair(pair) if matches!(pair.state, KeyState::Active(_)) => {
                let private = self
                    .private_key(&pair)
                    .map_err(|error| StoreError::Damaged(error.message))?;
                let slot = slot_of(&pair);
                let InSlot { wrapped, sealed } = next.seal_in_slot(slot, &private).map_err(failed)?;
                let pair = KeyPair {
                    state: KeyState::Active(sealed),
                    ..pair
                };
                (Record::KeyPair(pair), Some((slot, wrapped)))
            }
            Record::Cashier(cashier) => {
                let password = match &cashier.password {
                    Some(sealed) => {
                        let binding = password_binding(&cashier);
                        let phc = self.ports.sealer.unseal(&binding, sealed).map_err(failed)?;
                        Some(next.seal(&binding, &phc).map_err(failed)?)
                    }
                    None => None,
                };
                (Record::Cashier(Cashier { password, ..cashier }), None)
            }
            // What the old keyring kept secret others may have: a new key, and the JWTs of before are refused. Refresh
            // tokens are random and only their digests were there, so whoever has one goes on with it.
            Record::LoginKey(_) => {
                let (key, _) = new_key(&self.ports, next, self.trusted_now()).map_err(failed)?;
                (Record::LoginKey(key), None)
            }
            other => (other, None),
        })
    }
}

/// What is to be known of the log later, when its checkpoints of before prove nothing any more.
fn reason(what: &str, verdict: Verdict) -> String {
    match verdict {
        Verdict::Intact { to, .. } => format!("{what}; the log was intact up to entry {to}"),
        Verdict::Unanchored { to, .. } => {
            format!("{what}; the log fitted together up to entry {to}, without a signed checkpoint")
        }
        Verdict::Altered(altered) => format!("{what}; the log was altered before: {altered}"),
        Verdict::Truncated { to, was } => {
            format!(
                "{what}; the log was truncated before: it ended with entry {to}, and there was an entry {was}"
            )
        }
    }
}

fn failed(error: CryptoError) -> StoreError {
    match error {
        CryptoError::Unsealing => StoreError::Damaged("a password does not open".into()),
        other => StoreError::Io(other.to_string()),
    }
}
