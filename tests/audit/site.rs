//! A store on disk with a log worth forging, and what its service says about it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use strongroom::crypto::{
    Argon2Passwords, Cost, Ed25519, Keyring, KeyringFile, RsaEngine, SealSource, Sha256Hasher,
};
use strongroom::domain::audit::AuditEntry;
use strongroom::domain::audit::chain::Verdict;
use strongroom::domain::audit::checkpoint::hex;
use strongroom::domain::key_pair::KeySize;
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{Brand, Email, OrganizationName, Slug};
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{Batch, Clock as _, Store};
use strongroom::service::request::{Credentials, Onboard};
use strongroom::service::response::AuditReport;
use strongroom::service::{Actor, Ports, Request, Response, Service};
use strongroom::store::journaled::{JournaledStore, Places};
use strongroom::store::memory::MemoryStore;
use strongroom::store::record;
use strongroom::system::checkpoint_file::CheckpointFile;
use strongroom::system::data_dir::DataDir;

use super::support::backup::FixedBackups;
use super::support::{FakeClock, SeededEntropy};

/// Entries of the log; the newest has no checkpoint of its own until the service ends.
pub(crate) const ENTRIES: u64 = 12;

pub(crate) struct Site {
    root: tempfile::TempDir,
    keyring: Vec<u8>,
    pub(crate) clock: FakeClock,
}

impl Site {
    /// A log of [`ENTRIES`] entries, with a checkpoint behind every fourth.
    pub(crate) fn new() -> Self {
        let site = Self::empty();
        let service = site.open();
        service.maintain().unwrap();
        site.onboard(&service);
        for number in 3..=ENTRIES {
            site.fail_to_sign_in(&service);
            site.clock.advance(Duration::from_secs(1));
            if number % 4 == 0 {
                site.clock.advance(Duration::from_secs(60));
                service.maintain().unwrap();
            }
        }
        service.close().unwrap();
        drop(service);
        assert_eq!(site.log().len() as u64, ENTRIES);
        for part in ["data", "state"] {
            copy(
                &site.root.path().join(part),
                &site.root.path().join("kept").join(part),
            );
        }
        site
    }

    pub(crate) fn empty() -> Self {
        let (file, _) = KeyringFile::create(&seal(&key()), Arc::new(SeededEntropy::new(1))).unwrap();
        Self {
            root: tempfile::tempdir().unwrap(),
            keyring: file.to_bytes().unwrap(),
            clock: FakeClock::at(Timestamp::from_millis(1_795_435_200_000)),
        }
    }

    /// Everything as it was when the site was made.
    pub(crate) fn restore(&self) {
        for part in ["data", "state"] {
            let place = self.root.path().join(part);
            std::fs::remove_dir_all(&place).unwrap();
            copy(&self.root.path().join("kept").join(part), &place);
        }
    }

    /// An older copy of the data directory in its place, and the state as it is.
    pub(crate) fn put_old_data_back(&self) {
        std::fs::remove_dir_all(self.data()).unwrap();
        copy(&self.root.path().join("kept/data"), &self.data());
    }

    /// An admin accepts that the store is older.
    pub(crate) fn accept_rollback(&self, service: &Arc<Service>) {
        let Response::Health(health) = service.handle(&Self::actor(), Request::Health).unwrap() else {
            panic!()
        };
        let request = Request::AcceptRollback {
            credentials: credentials("nine lives and a half"),
            sequence: health.rollback.unwrap().found,
        };
        service.handle(&Self::actor(), request).unwrap();
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    pub(crate) fn open(&self) -> Arc<Service> {
        self.serve(None)
    }

    /// A service over the store on disk, or over a log that no journal watches.
    fn serve(&self, log: Option<&[AuditEntry]>) -> Arc<Service> {
        DataDir::open(&self.data()).unwrap();
        DataDir::open_apart(&self.state(), &self.data()).unwrap();
        // Other numbers at every opening.
        let seed = self.clock.now().millis().unsigned_abs();
        let entropy = Arc::new(SeededEntropy::new(seed));
        let keyring = self.keyring(entropy.clone());
        let small = Cost {
            memory_kib: 64,
            passes: 1,
        };
        let store: Arc<dyn Store> = match log {
            Some(log) => {
                let store = MemoryStore::default();
                let audit = log.to_vec();
                store
                    .commit(&Batch {
                        audit,
                        ..Batch::default()
                    })
                    .unwrap();
                Arc::new(store)
            }
            None => {
                let places = Places {
                    data: self.data(),
                    state: self.state(),
                };
                let cipher = Arc::new(keyring.file_keys(entropy.clone()));
                let clock = Arc::new(self.clock.clone());
                Arc::new(JournaledStore::open(&places, cipher, clock, &()).unwrap())
            }
        };
        let service = Service::open(Ports {
            store,
            clock: Arc::new(self.clock.clone()),
            keys: Arc::new(RsaEngine::new(entropy.clone())),
            signer: Arc::new(keyring.audit_signer().unwrap()),
            checkpoints: Arc::new(CheckpointFile::new(&self.state(), keyring.store_id())),
            sealer: Arc::new(keyring),
            passwords: Arc::new(Argon2Passwords::new(small, entropy.clone())),
            hasher: Arc::new(Sha256Hasher),
            signatures: Arc::new(Ed25519),
            account: Actor::default(),
            backup: Arc::new(FixedBackups),
            entropy,
        });
        service.unwrap()
    }

    pub(crate) fn onboard(&self, service: &Arc<Service>) {
        let onboard = Onboard {
            brand: Brand::parse("FinCode").unwrap(),
            slug: Slug::parse("acme").unwrap(),
            name: OrganizationName::parse("Acme Payments").unwrap(),
            size: KeySize::Bits2048,
            admin: credentials("nine lives and a half"),
            recipient: None,
        };
        service.handle(&Self::actor(), Request::Onboard(onboard)).unwrap();
    }

    /// One more entry.
    pub(crate) fn fail_to_sign_in(&self, service: &Arc<Service>) {
        // Out of the way of the waits that failures bring.
        self.clock.advance(Duration::from_secs(3600));
        let request = Request::SignIn(credentials("not the password at all"));
        assert!(service.handle(&Self::actor(), request).is_err());
    }

    fn actor() -> Actor {
        Actor {
            os_user: "ops".into(),
            uid: 1000,
            owns_store: true,
            address: Some("192.0.2.7".into()),
            ..Actor::default()
        }
    }

    /// What the service says of the log, also against a copy of the checkpoints.
    pub(crate) fn verify_with(&self, from: Option<&str>) -> AuditReport {
        Self::report(&self.open(), from)
    }

    /// What it says of a log that no journal watches.
    pub(crate) fn verify_alone(&self, log: &[AuditEntry], from: Option<&str>) -> AuditReport {
        Self::report(&self.serve(Some(log)), from)
    }

    /// A service over a log that no journal watches.
    pub(crate) fn open_alone(&self, log: &[AuditEntry]) -> Arc<Service> {
        self.serve(Some(log))
    }

    pub(crate) fn report(service: &Arc<Service>, from: Option<&str>) -> AuditReport {
        let request = Request::VerifyAudit {
            from: from.map(str::to_owned),
        };
        match service.handle(&Self::actor(), request).unwrap() {
            Response::AuditVerified(report) => report,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.verify_with(None).verdict
    }

    /// The log, as the service reads it.
    pub(crate) fn listed(&self) -> Vec<AuditEntry> {
        let request = Request::FollowActivity {
            filter: String::new(),
            after: 0,
            limit: 100,
        };
        match self.open().handle(&Self::actor(), request).unwrap() {
            Response::Activity(page) => page.entries,
            other => panic!("{other:?}"),
        }
    }

    /// A process that another test just started has our files open until it becomes its program, and with them the lock.
    fn database(&self) -> sled::Db {
        let open = || sled::open(self.data().join("records"));
        for _ in 0..1000 {
            match open() {
                Err(sled::Error::Io(error)) if error.to_string().contains("lock") => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                opened => return opened.unwrap(),
            }
        }
        open().unwrap()
    }

    /// The log, as it is in the file.
    pub(crate) fn log(&self) -> Vec<AuditEntry> {
        let database = self.database();
        let tree = database.open_tree("audit").unwrap();
        let entry = |pair: sled::Result<(sled::IVec, sled::IVec)>| {
            let (key, value) = pair.unwrap();
            record::decode_audit(&key, &value).unwrap()
        };
        tree.iter().map(entry).collect()
    }

    /// Has the file hold exactly these values, by key.
    pub(crate) fn write_log(&self, entries: &[(u64, Vec<u8>)]) {
        let database = self.database();
        let tree = database.open_tree("audit").unwrap();
        tree.clear().unwrap();
        for (key, value) in entries {
            tree.insert(key.to_be_bytes(), value.as_slice()).unwrap();
        }
        database.flush().unwrap();
    }

    pub(crate) fn checkpoint_file(&self) -> PathBuf {
        let keyring = self.keyring(Arc::new(SeededEntropy::new(1)));
        self.state().join(format!("audit-{}", hex(keyring.store_id())))
    }

    fn keyring(&self, entropy: Arc<SeededEntropy>) -> Keyring {
        let file = KeyringFile::parse(&self.keyring).unwrap();
        file.open(&key(), entropy).unwrap()
    }

    pub(crate) fn checkpoints(&self) -> String {
        std::fs::read_to_string(self.checkpoint_file()).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status();
    assert!(copied.unwrap().success());
}

fn key() -> Secret {
    Secret::new(vec![7; 32])
}

fn seal(key: &Secret) -> SealSource<'_> {
    SealSource::KeyFile {
        path: "/nowhere/seal.key".into(),
        key,
    }
}

fn credentials(password: &str) -> Credentials {
    Credentials {
        email: Email::parse("ada@acme.test").unwrap(),
        password: Secret::from_text(password.into()),
    }
}
