//! The keys everything else is sealed and hashed with: a root with one derived key per purpose, and the token keys.
//!
//! All of them are random and independent of the seal that wraps them (security.md, "Keyring"): a new passphrase
//! re-wraps the keyring and touches no record.

use std::fmt;
use std::sync::Arc;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::locked::{self, Locked};
use super::seal::{AssociatedData, SealingKey};
use super::seal_error::SealError;
use crate::domain::secret::{Sealed, Secret};
use crate::domain::token::Digest;
use crate::service::ports::{Binding, CryptoError, Entropy, EntropyError, InSlot, Sealer, SlotId};

/// What a key derived from the root is for. No two purposes share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sealed fields of records.
    Records,
    /// The MAC over a journal's frame.
    FrameMac,
    /// The keyed digest over all live records.
    Digest,
    /// The anchor outside the data directory.
    Anchor,
    /// Checkpoints of the store.
    Checkpoints,
    /// Frames of the journal: what is in them.
    Frames,
    /// The data keys of private keys.
    Slots,
    /// The MAC over the key slots' file.
    SlotsMac,
    /// The MAC over a checkpoint.
    CheckpointMac,
    /// The MAC over the anchor.
    AnchorMac,
    /// The signature of the audit log's checkpoints.
    AuditCheckpoints,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::FrameMac => "frame-mac",
            Self::Digest => "digest",
            Self::Anchor => "anchor",
            Self::Checkpoints => "checkpoints",
            Self::Frames => "frames",
            Self::Slots => "slots",
            Self::SlotsMac => "slots-mac",
            Self::CheckpointMac => "checkpoint-mac",
            Self::AnchorMac => "anchor-mac",
            Self::AuditCheckpoints => "audit-checkpoints",
        }
    }
}

/// The keys themselves, as the keyring's file wraps them.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
pub(super) struct Keys {
    /// 1 at first, one more each time the keyring is replaced.
    pub(super) epoch: u32,
    root: [u8; 32],
    current: TokenKey,
    previous: Option<TokenKey>,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
struct TokenKey {
    id: u8,
    key: [u8; 32],
}

impl Keys {
    pub(super) fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut keys = Self {
            epoch: 1,
            root: [0; 32],
            current: TokenKey { id: 1, key: [0; 32] },
            previous: None,
        };
        entropy.fill(&mut keys.root)?;
        entropy.fill(&mut keys.current.key)?;
        Ok(keys)
    }

    /// Those that take the place of these: nothing is derived from what was, and tokens are still found under the token
    /// key of before.
    fn successor(&self, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut keys = Self::generate(entropy)?;
        keys.epoch = self.epoch + 1;
        keys.current.id = self.current.id.wrapping_add(1);
        keys.previous = Some(self.current.clone());
        Ok(keys)
    }

    /// The bytes to wrap.
    pub(super) fn to_secret(&self) -> Result<Secret, SealError> {
        // A buffer of full size: a growing one would leave copies of the keys behind.
        let mut buffer = Zeroizing::new([0; 128]);
        let used = postcard::to_slice(self, &mut *buffer).map_err(|_| SealError::Damaged("its keys"))?;
        Ok(Secret::new(used.to_vec()))
    }

    pub(super) fn from_secret(bytes: &Secret) -> Result<Self, SealError> {
        postcard::from_bytes(bytes.expose()).map_err(|_| SealError::Damaged("its keys"))
    }
}

/// An open keyring. Wiped when dropped.
pub struct Keyring {
    store: [u8; 16],
    secret: Locked<SecretKeys>,
    entropy: Arc<dyn Entropy>,
}

struct SecretKeys {
    keys: Keys,
    records: SealingKey,
    slots: SealingKey,
    current: (u8, KeyedMac),
    previous: Option<KeyedMac>,
}

/// HMAC-SHA256 with its key absorbed: a clone of it costs two blocks for a token, not four.
struct KeyedMac(Hmac<Sha256>);

impl KeyedMac {
    fn new(key: &[u8; 32]) -> Self {
        // Keyed with a whole block, as RFC 2104 pads it, because that constructor cannot fail.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(key);
        Self(Hmac::new((&*block).into()))
    }

    fn digest(&self, secret: &[u8; 32]) -> Digest {
        let mut mac = self.0.clone();
        mac.update(secret);
        Digest(mac.finalize().into_bytes().into())
    }
}

impl Keyring {
    pub(super) fn new(store: [u8; 16], keys: Keys, entropy: Arc<dyn Entropy>) -> Self {
        let secret = SecretKeys {
            records: SealingKey::new(&derive(&keys, &store, Purpose::Records)),
            slots: SealingKey::new(&derive(&keys, &store, Purpose::Slots)),
            current: (keys.current.id, KeyedMac::new(&keys.current.key)),
            previous: keys
                .previous
                .as_ref()
                .map(|previous| KeyedMac::new(&previous.key)),
            keys,
        };
        Self {
            store,
            secret: Locked::new(secret),
            entropy,
        }
    }

    /// The keyring that takes this one's place, of the same store and the next epoch.
    ///
    /// # Errors
    /// There was no randomness.
    pub fn successor(&self) -> Result<Self, CryptoError> {
        let keys = self.secret.keys.successor(&*self.entropy)?;
        Ok(Self::new(self.store, keys, Arc::clone(&self.entropy)))
    }

    /// The store's random name, which binds every sealed value to it.
    #[must_use]
    pub const fn store_id(&self) -> &[u8; 16] {
        &self.store
    }

    /// 1 at first, one more each time the keyring was replaced.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.secret.keys.epoch
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.secret.keys
    }

    /// The key for one purpose.
    #[must_use]
    pub fn key(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        derive(&self.secret.keys, &self.store, purpose)
    }

    fn associated(&self, purpose: Purpose, binding: &Binding<'_>) -> AssociatedData {
        AssociatedData::default()
            .with(&self.store)
            .with(purpose.label().as_bytes())
            .with(&self.epoch().to_be_bytes())
            .with(binding.organization)
            .with(binding.kind.as_bytes())
            .with(binding.id)
            .with(&[binding.version])
    }
}

fn derive(keys: &Keys, store: &[u8; 16], purpose: Purpose) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let epoch = keys.epoch.to_be_bytes();
    expand(
        &keys.root,
        store,
        &[b"strongroom ", purpose.label().as_bytes(), &epoch],
        &mut key,
    );
    key
}

/// HKDF-SHA256 (RFC 5869).
pub(super) fn expand(secret: &[u8; 32], salt: &[u8], info: &[&[u8]], key: &mut [u8; 32]) {
    // Refused only beyond 255 blocks; one is asked for. Were it to fail, the key would stay zero: hence the assertion.
    let expanded = Hkdf::<Sha256>::new(Some(salt), secret).expand_multi_info(info, key);
    assert!(expanded.is_ok(), "HKDF gives 32 bytes");
}

impl Sealer for Keyring {
    fn seal(&self, binding: &Binding<'_>, plaintext: &Secret) -> Result<Sealed, CryptoError> {
        self.secret.records.seal(
            &*self.entropy,
            &self.associated(Purpose::Records, binding),
            plaintext,
        )
    }

    fn unseal(&self, binding: &Binding<'_>, sealed: &Sealed) -> Result<Secret, CryptoError> {
        self.secret
            .records
            .unseal(&self.associated(Purpose::Records, binding), sealed)
    }

    fn seal_in_slot(&self, slot: SlotId, private: &Secret) -> Result<InSlot, CryptoError> {
        let generation = slot.generation.to_be_bytes();
        let mut data_key = Zeroizing::new([0; 32]);
        self.entropy.fill(&mut *data_key)?;
        let sealed = SealingKey::new(&data_key).seal(
            &*self.entropy,
            &self.associated(Purpose::Records, &private_key(&slot, &generation)),
            private,
        )?;
        let wrapped = self.secret.slots.seal(
            &*self.entropy,
            &self.associated(Purpose::Slots, &data_key_of(&slot, &generation)),
            &Secret::new(data_key.to_vec()),
        )?;
        Ok(InSlot { wrapped, sealed })
    }

    fn unseal_in_slot(&self, slot: SlotId, in_slot: &InSlot) -> Result<Secret, CryptoError> {
        let generation = slot.generation.to_be_bytes();
        let data_key = self.secret.slots.unseal(
            &self.associated(Purpose::Slots, &data_key_of(&slot, &generation)),
            &in_slot.wrapped,
        )?;
        let data_key = data_key.expose().try_into().map_err(|_| CryptoError::Unsealing)?;
        SealingKey::new(data_key).unseal(
            &self.associated(Purpose::Records, &private_key(&slot, &generation)),
            &in_slot.sealed,
        )
    }

    fn digest(&self, secret: &[u8; 32]) -> (Digest, u8) {
        (self.secret.current.1.digest(secret), self.secret.current.0)
    }

    fn previous_digest(&self, secret: &[u8; 32]) -> Option<Digest> {
        self.secret
            .previous
            .as_ref()
            .map(|previous| previous.digest(secret))
    }

    fn is_in_locked_memory(&self) -> bool {
        locked::all_locked()
    }
}

/// Version 2: under a data key of its own. In version 1 private keys were sealed by the keyring itself.
const fn private_key<'a>(slot: &'a SlotId, generation: &'a [u8; 4]) -> Binding<'a> {
    Binding {
        organization: slot.organization.0.bytes(),
        kind: "private-key",
        id: generation,
        version: 2,
    }
}

const fn data_key_of<'a>(slot: &'a SlotId, generation: &'a [u8; 4]) -> Binding<'a> {
    Binding {
        organization: slot.organization.0.bytes(),
        kind: "data-key",
        id: generation,
        version: 1,
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("epoch", &self.epoch())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::testing::Counting;
    use super::*;
    use crate::domain::id::{Id, OrganizationId};

    fn keyring(store: [u8; 16], keys: &Keys) -> Keyring {
        Keyring::new(store, keys.clone(), Arc::new(Counting::default()))
    }

    fn keys() -> Keys {
        Keys::generate(&Counting::default()).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_only_under_its_own_binding() {
        let keyring = keyring([7; 16], &keys());
        let binding = Binding {
            organization: &[1; 16],
            kind: "private-key",
            id: &[0, 1],
            version: 1,
        };
        let sealed = keyring.seal(&binding, &Secret::from_text("der".into())).unwrap();
        assert_eq!(keyring.unseal(&binding, &sealed).unwrap().expose(), b"der");
        for other in [
            Binding {
                organization: &[2; 16],
                ..binding
            },
            Binding {
                kind: "totp",
                ..binding
            },
            Binding {
                id: &[0, 2],
                ..binding
            },
            Binding {
                version: 2,
                ..binding
            },
        ] {
            assert_eq!(
                keyring.unseal(&other, &sealed).unwrap_err(),
                CryptoError::Unsealing
            );
        }
    }

    #[test]
    fn a_sealed_value_of_another_store_or_epoch_does_not_open() {
        let (keys, mut later) = (keys(), keys());
        later.epoch = 2;
        let binding = Binding {
            organization: &[0; 16],
            kind: "k",
            id: b"",
            version: 1,
        };
        let sealed = keyring([7; 16], &keys)
            .seal(&binding, &Secret::from_text("x".into()))
            .unwrap();
        for other in [keyring([8; 16], &keys), keyring([7; 16], &later)] {
            assert_eq!(
                other.unseal(&binding, &sealed).unwrap_err(),
                CryptoError::Unsealing
            );
        }
    }

    #[test]
    fn a_successor_knows_the_tokens_and_opens_nothing() {
        let entropy = Arc::new(Counting::default());
        let keys = Keys::generate(&*entropy).unwrap();
        let before = Keyring::new([7; 16], keys, entropy);
        let next = before.successor().unwrap();
        assert_eq!((next.store_id(), next.epoch()), (&[7; 16], 2));
        let (digest, id) = before.digest(&[9; 32]);
        assert_eq!(next.previous_digest(&[9; 32]), Some(digest));
        assert_ne!(next.digest(&[9; 32]).0, digest);
        assert_ne!(next.digest(&[9; 32]).1, id);
        for purpose in [Purpose::Records, Purpose::Slots, Purpose::AuditCheckpoints] {
            assert_ne!(next.key(purpose), before.key(purpose));
        }
        // Not even the same root under another epoch.
        assert!(next.keys().root != before.keys().root);
    }

    #[test]
    fn a_private_key_opens_only_with_its_own_slot() {
        let keyring = keyring([7; 16], &keys());
        let slot = |organization, generation| SlotId {
            organization: OrganizationId(Id::from_bytes([organization; 16])),
            generation,
        };
        let private = Secret::from_text("der".into());
        let [one, two] = [(); 2].map(|()| keyring.seal_in_slot(slot(1, 2), &private).unwrap());
        assert_eq!(keyring.unseal_in_slot(slot(1, 2), &one).unwrap().expose(), b"der");
        let crossed = InSlot {
            wrapped: two.wrapped,
            sealed: one.sealed.clone(),
        };
        for (slot, in_slot) in [(slot(1, 2), &crossed), (slot(1, 3), &one), (slot(2, 2), &one)] {
            assert_eq!(
                keyring.unseal_in_slot(slot, in_slot).unwrap_err(),
                CryptoError::Unsealing
            );
        }
        // Without the slot the keyring alone is of no use.
        let (slot, generation) = (slot(1, 2), 2_u32.to_be_bytes());
        for version in [1, 2] {
            let binding = Binding {
                version,
                ..private_key(&slot, &generation)
            };
            assert!(keyring.unseal(&binding, &one.sealed).is_err());
        }
    }

    #[test]
    fn no_two_purposes_share_a_key() {
        let keyring = keyring([7; 16], &keys());
        let all = [
            Purpose::Records,
            Purpose::FrameMac,
            Purpose::Digest,
            Purpose::Anchor,
            Purpose::Checkpoints,
            Purpose::Frames,
            Purpose::Slots,
            Purpose::SlotsMac,
            Purpose::CheckpointMac,
            Purpose::AnchorMac,
            Purpose::AuditCheckpoints,
        ];
        let distinct: HashSet<[u8; 32]> = all.into_iter().map(|purpose| *keyring.key(purpose)).collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn a_digest_is_openssls_hmac_under_the_token_key() {
        let mut keys = keys();
        keys.previous = Some(TokenKey { id: 0, key: [3; 32] });
        let keyring = keyring([7; 16], &keys);
        let hmac = |key: &[u8; 32]| {
            let key = openssl::pkey::PKey::hmac(key).unwrap();
            let digest = openssl::hash::MessageDigest::sha256();
            openssl::sign::Signer::new(digest, &key)
                .unwrap()
                .sign_oneshot_to_vec(&[9; 32])
                .unwrap()
        };
        let (digest, id) = keyring.digest(&[9; 32]);
        assert_eq!((digest.0.to_vec(), id), (hmac(&keys.current.key), 1));
        assert_eq!(
            keyring.previous_digest(&[9; 32]).unwrap().0.to_vec(),
            hmac(&[3; 32])
        );
        assert_eq!(format!("{keyring:?}"), "Keyring { epoch: 1, .. }");
    }
}
