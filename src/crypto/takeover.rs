//! Private keys of the time before the key slots, sealed by the keyring itself: sealed anew, each under a data key.

use super::Keyring;
use crate::domain::key_pair::{KeyPair, KeyState};
use crate::service::ports::{Binding, CryptoError, InSlot, Resealed, Sealer as _, SlotId, Takeover};

impl Takeover for Keyring {
    fn reseal(&self, pair: &KeyPair) -> Result<Option<Resealed>, CryptoError> {
        let KeyState::Active(before) = &pair.state else {
            return Ok(None);
        };
        let generation = pair.generation.to_be_bytes();
        let binding = Binding {
            organization: pair.organization.0.bytes(),
            kind: "private-key",
            id: &generation,
            version: 1,
        };
        let private = self.unseal(&binding, before)?;
        let slot = SlotId {
            organization: pair.organization,
            generation: pair.generation,
        };
        let InSlot { wrapped, sealed } = self.seal_in_slot(slot, &private)?;
        let resealed = KeyPair {
            state: KeyState::Active(sealed),
            ..pair.clone()
        };
        Ok(Some((resealed, slot, wrapped)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Counting;
    use super::super::{KeyringFile, SealSource};
    use super::*;
    use crate::domain::id::{Id, OrganizationId};
    use crate::domain::key_pair::{Fingerprint, KeySize};
    use crate::domain::secret::Secret;
    use crate::domain::text::Email;
    use crate::domain::time::Timestamp;
    use std::sync::Arc;

    #[test]
    fn a_key_sealed_by_the_keyring_is_sealed_anew_in_a_slot_and_a_replaced_one_stays() {
        let source = SealSource::KeyFile {
            path: "/nowhere".into(),
            key: &Secret::new(vec![7; 32]),
        };
        let (_, keyring) = KeyringFile::create(&source, Arc::new(Counting::default())).unwrap();
        let organization = OrganizationId(Id::from_bytes([1; 16]));
        let binding = Binding {
            organization: organization.0.bytes(),
            kind: "private-key",
            id: &2_u32.to_be_bytes(),
            version: 1,
        };
        let email = Email::parse("ada@acme.test").unwrap();
        let pair = |state| KeyPair {
            organization,
            generation: 2,
            size: KeySize::Bits3072,
            public: Vec::new(),
            fingerprint: Fingerprint([9; 32]),
            made_at: Timestamp::from_millis(0),
            made_by: email.clone(),
            state,
        };
        let sealed = keyring.seal(&binding, &Secret::from_text("der".into())).unwrap();
        let old = pair(KeyState::Active(sealed.clone()));
        let (new, slot, wrapped) = keyring.reseal(&old).unwrap().unwrap();
        let KeyState::Active(resealed) = new.state else {
            panic!("replaced")
        };
        assert_ne!(resealed, sealed);
        let in_slot = InSlot {
            wrapped,
            sealed: resealed.clone(),
        };
        assert_eq!(keyring.unseal_in_slot(slot, &in_slot).unwrap().expose(), b"der");
        // What is in a slot already does not open the old way.
        assert!(keyring.reseal(&pair(KeyState::Active(resealed))).is_err());
        let replaced = KeyState::Replaced {
            at: Timestamp::from_millis(0),
            by: email.clone(),
        };
        assert_eq!(keyring.reseal(&pair(replaced)), Ok(None));
    }
}
