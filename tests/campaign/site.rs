//! A machine's directories for one store, and the service over it as the program puts it together: the real store, real
//! cryptography at a small cost, key pairs from a supply so that a rotation takes no second.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use openssl::rsa::Rsa;
use strongroom::crypto::{
    Argon2Passwords, Cost, Ed25519, Keyring, KeyringFile, RsaEngine, SealSource, Sha256Hasher,
};
use strongroom::domain::key_pair::{KeySize, Mgf1};
use strongroom::domain::secret::Secret;
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{
    CryptoError, GeneratedKey, KeyEngine, PrivateKey, PublicKeyFormats, Store, StoreError,
};
use strongroom::service::{Actor, Error, Ports, Service};
use strongroom::store::journaled::{JournaledStore, Places};
use strongroom::system::checkpoint_file::CheckpointFile;
use strongroom::system::data_dir::DataDir;
use strongroom::system::lock::Lock;
use strongroom::system::private_file;

use crate::support::backup::FixedBackups;
use crate::support::{FakeClock, SeededEntropy};

/// 23 November 2026, noon.
pub(crate) const NOON: i64 = 1_795_435_200_000;

/// Where a store's files are.
#[derive(Debug, Clone)]
pub(crate) struct Site(pub(crate) PathBuf);

/// A service that is running over a site; lets go of it when dropped.
pub(crate) struct Running {
    pub(crate) service: Arc<Service>,
    pub(crate) store: Arc<JournaledStore>,
    pub(crate) clock: FakeClock,
    /// The audit log's, in the background.
    pub(crate) verification: Option<JoinHandle<()>>,
    _lock: Lock,
}

impl Site {
    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    /// Makes the directories and the keyring, as onboarding does before there is a store.
    pub(crate) fn make(&self, seed: u64) {
        fs::create_dir_all(&self.0).unwrap();
        DataDir::open(&self.state()).unwrap();
        let directory = DataDir::open(&self.data()).unwrap();
        let (file, _) = KeyringFile::create(&seal(&seal_key()), Arc::new(SeededEntropy::new(seed))).unwrap();
        private_file::replace(&directory.path().join("keyring"), &file.to_bytes().unwrap()).unwrap();
    }

    /// A copy of everything, at another place.
    pub(crate) fn copy(&self, to: &Path) -> Self {
        copy_all(&self.0, to);
        Self(to.to_owned())
    }

    /// The keyring, open.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn keyring(&self, entropy: Arc<SeededEntropy>) -> Result<Keyring, String> {
        let path = self.data().join("keyring");
        let bytes = fs::read(&path).map_err(|error| {
            format!(
                "{} cannot be read: {error}; put it back from a backup",
                path.display()
            )
        })?;
        let file = KeyringFile::parse(&bytes).map_err(|error| error.to_string())?;
        file.open(&seal_key(), entropy).map_err(|error| error.to_string())
    }

    /// The store, not read yet.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn store(
        &self,
        keyring: &Keyring,
        clock: &FakeClock,
        seed: u64,
    ) -> Result<JournaledStore, String> {
        let places = Places {
            data: self.data(),
            state: self.state(),
        };
        // Of its own: what the store draws must not change what the service does.
        let nonces = Arc::new(SeededEntropy::new(seed ^ 0x5707e));
        let cipher = Arc::new(keyring.file_keys(nonces));
        JournaledStore::open(&places, cipher, Arc::new(clock.clone()), keyring)
            .map_err(|error| Error::from(error).to_string())
    }

    /// Opens the service; `watch` may put itself before the store. `seed` must be another one each time.
    ///
    /// # Errors
    /// What the person in front of it would read.
    pub(crate) fn open(
        &self,
        now: i64,
        seed: u64,
        watch: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Result<Running, String> {
        let clock = FakeClock::at(Timestamp::from_millis(now)).booted(seed);
        let said = |error: StoreError| Error::from(error).to_string();
        let directory = DataDir::open(&self.data()).map_err(said)?;
        DataDir::open_apart(&self.state(), &self.data()).map_err(said)?;
        let lock = Lock::acquire(&directory, "campaign", Timestamp::from_millis(now)).map_err(said)?;
        let entropy = Arc::new(SeededEntropy::new(seed));
        let keyring = self.keyring(entropy.clone())?;
        let journaled = Arc::new(self.store(&keyring, &clock, seed)?);
        let store = watch(Arc::clone(&journaled) as _);
        let small = Cost {
            memory_kib: 64,
            passes: 1,
        };
        let checkpoints = CheckpointFile::new(&self.state(), keyring.store_id());
        let signer = Arc::new(keyring.audit_signer().map_err(|error| error.to_string())?);
        let service = Service::open(Ports {
            store,
            clock: Arc::new(clock.clone()),
            entropy: entropy.clone(),
            keys: Arc::new(Supply::new(RsaEngine::new(entropy.clone()), seed)),
            sealer: Arc::new(keyring),
            passwords: Arc::new(Argon2Passwords::new(small, entropy)),
            hasher: Arc::new(Sha256Hasher),
            signatures: Arc::new(Ed25519),
            account: Actor {
                os_user: "campaign".into(),
                ..Actor::default()
            },
            checkpoints: Arc::new(checkpoints),
            signer,
            backup: Arc::new(FixedBackups),
        })
        .map_err(|error| error.to_string())?;
        let verification = service.verify_log_in_background();
        Ok(Running {
            service,
            store: journaled,
            clock,
            verification,
            _lock: lock,
        })
    }
}

fn seal_key() -> Secret {
    Secret::new(vec![7; 32])
}

fn seal(key: &Secret) -> SealSource<'_> {
    SealSource::KeyFile {
        path: "/nowhere/seal.key".into(),
        key,
    }
}

pub(crate) fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
}

/// OpenSSL's engine, with key pairs that were made beforehand.
struct Supply {
    engine: RsaEngine,
    next: AtomicUsize,
}

impl Supply {
    fn new(engine: RsaEngine, seed: u64) -> Self {
        let next = AtomicUsize::new(usize::try_from(seed % 1000).unwrap());
        Self { engine, next }
    }
}

const SUPPLY: usize = 24;

/// The supply's file, made by the parent before any child needs it: 2048-bit keys, PKCS#8 DER.
pub(crate) fn supply() -> &'static [Vec<u8>] {
    static KEYS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("campaign-keys");
        if let Ok(bytes) = fs::read(&path) {
            return postcard::from_bytes(&bytes).unwrap();
        }
        let make = |_| {
            let key = openssl::pkey::PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
            key.private_key_to_pkcs8().unwrap()
        };
        let keys: Vec<Vec<u8>> = (0..SUPPLY).map(make).collect();
        private_file::replace(&path, &postcard::to_allocvec(&keys).unwrap()).unwrap();
        keys
    })
}

impl KeyEngine for Supply {
    fn generate(&self, _: KeySize) -> Result<GeneratedKey, CryptoError> {
        let keys = supply();
        let private = &keys[self.next.fetch_add(1, Ordering::Relaxed) % keys.len()];
        let key = openssl::pkey::PKey::private_key_from_pkcs8(private).unwrap();
        let public = key.public_key_to_der().unwrap();
        Ok(GeneratedKey {
            private: Secret::new(private.clone()),
            fingerprint: self.engine.describe(&public)?.fingerprint,
            public,
        })
    }

    fn open(&self, private: &Secret) -> Result<Box<dyn PrivateKey>, CryptoError> {
        self.engine.open(private)
    }

    fn encrypt(&self, public: &[u8], mgf1: Mgf1, plaintext: &Secret) -> Result<Vec<u8>, CryptoError> {
        self.engine.encrypt(public, mgf1, plaintext)
    }

    fn describe(&self, public: &[u8]) -> Result<PublicKeyFormats, CryptoError> {
        self.engine.describe(public)
    }
}
