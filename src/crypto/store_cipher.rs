//! What the store keeps its own files secret and unalterable with, derived from the keyring's root: one key a purpose.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::keyring::{Keyring, Purpose};
use super::locked::Locked;
use super::seal::{AssociatedData, SealingKey};
use std::sync::Arc;

use crate::domain::secret::{Sealed, Secret};
use crate::service::ports::{CryptoError, Entropy, FilePurpose, StoreCipher};

/// Keys for journal, checkpoints, key slots and anchor. Wiped when dropped.
pub struct FileKeys {
    store: [u8; 16],
    epoch: u32,
    secret: Locked<SecretKeys>,
    entropy: Arc<dyn Entropy>,
}

struct SecretKeys {
    frames: Pair,
    checkpoints: Pair,
    slots: Pair,
    anchor: Pair,
    digest: Hmac<Sha256>,
}

struct Pair {
    sealing: SealingKey,
    mac: Hmac<Sha256>,
}

impl Keyring {
    /// The keys for the store's own files.
    #[must_use]
    pub fn file_keys(&self, entropy: Arc<dyn Entropy>) -> FileKeys {
        let pair = |sealing, mac| Pair {
            sealing: SealingKey::new(&self.key(sealing)),
            mac: keyed(&self.key(mac)),
        };
        let secret = SecretKeys {
            frames: pair(Purpose::Frames, Purpose::FrameMac),
            checkpoints: pair(Purpose::Checkpoints, Purpose::CheckpointMac),
            slots: pair(Purpose::Slots, Purpose::SlotsMac),
            anchor: pair(Purpose::Anchor, Purpose::AnchorMac),
            digest: keyed(&self.key(Purpose::Digest)),
        };
        FileKeys {
            store: *self.store_id(),
            epoch: self.epoch(),
            secret: Locked::new(secret),
            entropy,
        }
    }
}

/// Keyed with a whole block, as RFC 2104 pads it, because that constructor cannot fail.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    Hmac::new((&*block).into())
}

impl FileKeys {
    fn pair(&self, purpose: FilePurpose) -> &Pair {
        match purpose {
            FilePurpose::Frame => &self.secret.frames,
            FilePurpose::Checkpoint => &self.secret.checkpoints,
            FilePurpose::Slots => &self.secret.slots,
            FilePurpose::Anchor => &self.secret.anchor,
        }
    }

    fn associated(&self, parts: &[&[u8]]) -> AssociatedData {
        let data = AssociatedData::default()
            .with(&self.store)
            .with(&self.epoch.to_be_bytes());
        parts.iter().fold(data, |data, part| data.with(part))
    }
}

impl StoreCipher for FileKeys {
    fn store_id(&self) -> [u8; 16] {
        self.store
    }

    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn seal(
        &self,
        purpose: FilePurpose,
        associated: &[&[u8]],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let sealing = &self.pair(purpose).sealing;
        let plaintext = Secret::new(plaintext.to_vec());
        let sealed = sealing.seal(&*self.entropy, &self.associated(associated), &plaintext)?;
        Ok(sealed.0)
    }

    fn unseal(
        &self,
        purpose: FilePurpose,
        associated: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let sealing = &self.pair(purpose).sealing;
        let opened = sealing.unseal(&self.associated(associated), &Sealed(sealed.to_vec()))?;
        Ok(opened.expose().to_vec())
    }

    fn mac(&self, purpose: FilePurpose, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.pair(purpose).mac.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn prf(&self, key: &[u8], value: &[u8]) -> [u8; 32] {
        let mut mac = self.secret.digest.clone();
        mac.update(&(key.len() as u64).to_be_bytes());
        mac.update(key);
        mac.update(value);
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for FileKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileKeys")
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Counting;
    use super::super::{KeyringFile, SealSource};
    use super::*;

    fn keys() -> FileKeys {
        let entropy: Arc<dyn Entropy> = Arc::new(Counting::default());
        let key = Secret::new(vec![7; 32]);
        let source = SealSource::KeyFile {
            path: "/nowhere".into(),
            key: &key,
        };
        let (_, keyring) = KeyringFile::create(&source, Arc::clone(&entropy)).unwrap();
        keyring.file_keys(entropy)
    }

    #[test]
    fn what_is_sealed_opens_only_at_its_place_and_for_its_purpose() {
        let keys = keys();
        let sealed = keys.seal(FilePurpose::Frame, &[b"1"], b"batch").unwrap();
        assert_eq!(
            keys.unseal(FilePurpose::Frame, &[b"1"], &sealed).unwrap(),
            b"batch"
        );
        for (purpose, place) in [
            (FilePurpose::Frame, b"2".as_slice()),
            (FilePurpose::Checkpoint, b"1"),
            (FilePurpose::Slots, b"1"),
            (FilePurpose::Anchor, b"1"),
        ] {
            assert!(keys.unseal(purpose, &[place], &sealed).is_err());
        }
    }

    #[test]
    fn no_two_messages_share_a_mac() {
        let keys = keys();
        let macs = [
            keys.mac(FilePurpose::Frame, &[b"ab", b"c"]),
            keys.mac(FilePurpose::Frame, &[b"a", b"bc"]),
            keys.mac(FilePurpose::Frame, &[b"abc"]),
            keys.mac(FilePurpose::Anchor, &[b"abc"]),
            keys.prf(b"ab", b"c"),
            keys.prf(b"a", b"bc"),
        ];
        let distinct: std::collections::HashSet<_> = macs.into_iter().collect();
        assert_eq!(distinct.len(), macs.len());
        assert_eq!(keys.prf(b"a", b"b"), keys.prf(b"a", b"b"));
    }
}
