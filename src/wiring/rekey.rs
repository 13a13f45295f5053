//! Another keyring after a leak: the store it opens is built beside the one that is open, and the keyring's file, replaced
//! by a rename, is the switch from one to the other. A crash leaves the one or the other, whole.

use std::sync::Arc;

use super::local_store::{LocalStore, not_open};
use crate::gateway::{SealChoice, SealStatus};
use crate::service::ports::StoreCipher;
use crate::service::{Actor, Error, Service};
use crate::system::OsEntropy;

impl LocalStore {
    pub(super) fn rekeyed(
        &self,
        service: &Service,
        actor: &Actor,
        seal: &SealChoice,
    ) -> Result<SealStatus, Error> {
        let open = self.opened();
        let open = open.as_ref().ok_or_else(not_open)?;
        let store = open.store.upgrade().ok_or_else(not_open)?;
        let before = self.keyring.status()?;
        let next = open.keyring.successor()?;
        let cipher: Arc<dyn StoreCipher> = Arc::new(next.file_keys(Arc::new(OsEntropy)));
        let signer = next.audit_signer()?;
        let what = format!(
            "epoch {} → {}, {} → {}",
            before.epoch,
            next.epoch(),
            before.sealed_by,
            described(seal)
        );
        let mut after = None;
        service.rekey(actor, (&next, &signer), &what, |entry, reseal| {
            store.build_next(&cipher, entry, reseal)?;
            let switched = self.keyring.rotate(&next, seal);
            // Its directory may not be synced, which is an error; but the new keyring is what the next opening finds.
            let is_next = self.keyring.file().is_ok_and(|file| file.epoch() == next.epoch());
            if is_next {
                store.end("the keyring was replaced; open the store again");
            } else {
                // The first error is the one to tell; what stays is removed at the next opening.
                let _ = store.remove_next(&*cipher);
            }
            after = Some(switched?);
            Ok(())
        })?;
        after.map_or_else(|| self.keyring.status(), Ok)
    }
}

fn described(seal: &SealChoice) -> String {
    match seal {
        SealChoice::Passphrase(_) => "passphrase".to_owned(),
        SealChoice::KeyFile(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            format!("key file {}", path.display())
        }
    }
}
