//! A backup restored: built beside the data directory, opened and compared there, and only then put in its place.
//!
//! A damaged store is set aside whole, and what its journal still proves follows the backup. A crash leaves what was
//! there, or the restored store; at worst its anchor is the old one's, and it waits sealed until an admin accepts it.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::backup::of_age;
use super::keyring_place::{KeyringPlace, of_seal, status};
use super::local_store::LocalStore;
use crate::crypto::age::{self, AgeError, Identity, With};
use crate::crypto::{Keyring, KeyringFile, Sha256Hasher};
use crate::gateway::in_process::Opener as _;
use crate::gateway::{BackupContents, BackupSource, DecryptedWith, RestoreReport, SealSecret};
use crate::service::ports::{Clock as _, StoreCipher, StoreError};
use crate::service::{Actor, Code, Error, Restored};
use crate::store::backup::{self, Head};
use crate::store::journaled::doctor::{self, Condition};
use crate::store::journaled::{JournaledStore, Places, Survivor};
use crate::system::checkpoint_file::CheckpointFile;
use crate::system::data_dir::DataDir;
use crate::system::lock::Lock;
use crate::system::{OsEntropy, SystemClock};

/// What a directory without a store may have in it.
const LOCK: &str = "lock";

impl LocalStore {
    pub(super) fn contents(&self, source: &BackupSource) -> Result<BackupContents, Error> {
        let (head, _) = begin(source)?;
        contents(&head)
    }

    pub(super) fn restored(
        &self,
        actor: &Actor,
        source: &BackupSource,
        seal: &SealSecret,
        only_check: bool,
    ) -> Result<RestoreReport, Error> {
        let (head, _) = begin(source)?;
        let mut report = RestoreReport {
            backup: contents(&head)?,
            sequence: head.sequence,
            held: true,
            data_dir: self.data_dir.clone(),
            set_aside: None,
            done: false,
        };
        let is_there = self.has_store()?;
        let lock = match self.data_dir.exists() {
            true => {
                let directory = DataDir::open(&self.data_dir)?;
                Some(Lock::acquire(&directory, &self.user, SystemClock.now())?)
            }
            false => None,
        };
        let (file, keyring) = self.keyring_of(&head, seal)?;
        let cipher: Arc<dyn StoreCipher> = Arc::new(keyring.file_keys(Arc::new(OsEntropy)));
        let open = || begin(source).map(|(_, rest)| rest).map_err(store_error);
        let (_, summary) = backup::check(|| whole(source).map_err(store_error), &*cipher)?;
        let link = summary.ending.link;
        report.backup.sequence = link.sequence;
        if is_there {
            self.refuse_whole(&keyring, seal)?;
            let (sequence, is_complete) = JournaledStore::reach(&self.places(), &*cipher, link)?;
            (report.sequence, report.held) = (sequence, !is_complete);
            report.set_aside = Some(self.aside());
        } else {
            report.sequence = link.sequence;
        }
        if only_check {
            return Ok(report);
        }
        DataDir::open_apart(&self.state_dir, &self.data_dir)?;
        let site = Site::new(self)?;
        let there = self.places();
        let survivor = is_there.then_some(Survivor { places: &there });
        let restored = JournaledStore::restore(&site.places, &cipher, &head, open()?, survivor)?;
        let seal_file = seal.key_file.as_deref();
        KeyringPlace::new(site.places.data.clone(), None).install(&file, &keyring, seal_file)?;
        // Builds the database; the second opening compares it.
        drop(JournaledStore::open(
            &site.places,
            Arc::clone(&cipher),
            Arc::new(SystemClock),
            &keyring,
        )?);
        let store = self.at(&site.places);
        let service = store.open(seal.passphrase.as_ref())?;
        let said = Restored {
            backup_at: restored.made_at,
            backup_sequence: restored.backup,
            is_complete: restored.is_complete,
        };
        service.restored(actor, &said)?;
        service.close()?;
        drop((service, store));
        report.held = !restored.is_complete;
        report.sequence = restored.sequence;
        site.settle(self, &report, &*cipher)?;
        drop(lock);
        report.done = true;
        Ok(report)
    }

    pub(super) fn has_store(&self) -> Result<bool, Error> {
        let entries = match fs::read_dir(&self.data_dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            entries => entries.map_err(|error| io(&self.data_dir, &error))?,
        };
        for entry in entries {
            if entry.map_err(|error| io(&self.data_dir, &error))?.file_name() != LOCK {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The keyring of the store that is there, where the seal opens it: it may have been sealed anew after the backup.
    /// Else the backup's.
    fn keyring_of(&self, head: &Head, seal: &SealSecret) -> Result<(KeyringFile, Keyring), Error> {
        let place = &self.keyring;
        let open = |file: KeyringFile| {
            let passphrase = seal.passphrase.as_ref();
            let keyring = place.open_file(&file, passphrase, seal.key_file.as_deref())?;
            Ok::<_, Error>((file, keyring))
        };
        let is_same = |file: &KeyringFile| *file.store_id() == head.store && file.epoch() == head.epoch;
        if let Some(file) = place.file().ok().filter(is_same)
            && let Ok(opened) = open(file)
        {
            return Ok(opened);
        }
        open(KeyringFile::parse(&head.keyring).map_err(of_seal)?)
    }

    /// A store that opens whole needs no restore, and none that is another's is replaced.
    fn refuse_whole(&self, keyring: &Keyring, seal: &SealSecret) -> Result<(), Error> {
        let place = &self.keyring;
        let refuse = |what: &str| {
            Error::new(
                Code::Conflict,
                format!("there is {what} in {}", self.data_dir.display()),
                "name another place with --data-dir, or move that one away first; nothing was changed",
            )
        };
        let file = place.file();
        if file
            .as_ref()
            .is_ok_and(|file| file.store_id() != keyring.store_id())
        {
            return Err(refuse("another store"));
        }
        let opened =
            file.and_then(|file| place.open_file(&file, seal.passphrase.as_ref(), seal.key_file.as_deref()));
        let Ok(opened) = opened else { return Ok(()) };
        let cipher: Arc<dyn StoreCipher> = Arc::new(opened.file_keys(Arc::new(OsEntropy)));
        let seen = doctor::examine(&self.places(), &cipher, &Sha256Hasher)?;
        let is_any = |condition| seen.findings.iter().any(|finding| finding.condition == condition);
        if is_any(Condition::Damaged) {
            return Ok(());
        }
        if is_any(Condition::Mendable) {
            return Err(Error::new(
                Code::Conflict,
                format!(
                    "the store in {} can be mended, and nothing is lost",
                    self.data_dir.display()
                ),
                "run: strongroom doctor --repair; nothing was changed",
            ));
        }
        Err(refuse("a store that opens whole"))
    }

    fn aside(&self) -> PathBuf {
        let time = SystemClock.now().utc().format("%Y%m%dT%H%M%SZ");
        beside(&self.data_dir, &format!(".damaged-{time}"))
    }
}

/// Where a store is built before it takes its place; removed when it does not.
struct Site {
    places: Places,
    /// It changed places with the damaged one: what is there now is not ours to remove.
    is_exchanged: Cell<bool>,
}

impl Site {
    fn new(store: &LocalStore) -> Result<Self, Error> {
        let site = Self {
            places: Places {
                data: beside(&store.data_dir, ".restoring"),
                state: beside(&store.state_dir, ".restoring"),
            },
            is_exchanged: Cell::new(false),
        };
        // What a restore left that was cut off; if it was cut off while the two changed places, that is the damaged store.
        let left = &site.places.data;
        if left.exists() {
            let time = SystemClock.now().millis();
            fs::rename(left, beside(left, &format!("-{time}"))).map_err(|error| io(left, &error))?;
        }
        let state = &site.places.state;
        match fs::remove_dir_all(state) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(state, &error)),
            _ => {}
        }
        for directory in [left, state] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)
                .map_err(|error| io(directory, &error))?;
        }
        Ok(site)
    }

    /// Puts the store in its place, and the damaged one aside.
    fn settle(
        &self,
        store: &LocalStore,
        report: &RestoreReport,
        cipher: &dyn StoreCipher,
    ) -> Result<(), Error> {
        let data = &store.data_dir;
        let built = &self.places.data;
        match &report.set_aside {
            // In one step, so that there is a store at every moment.
            Some(aside) => match renameat_with(CWD, built, CWD, data, RenameFlags::EXCHANGE) {
                Ok(()) => {
                    self.is_exchanged.set(true);
                    fs::rename(built, aside)
                }
                Err(_) => fs::rename(data, aside).and_then(|()| fs::rename(built, data)),
            },
            None => {
                // A lock that somebody took is all that can be there.
                let _ = fs::remove_file(data.join(LOCK));
                let _ = fs::remove_dir(data);
                fs::rename(built, data)
            }
        }
        .map_err(|error| io(data, &error))?;
        if let Some(parent) = data.parent() {
            File::open(parent)
                .and_then(|parent| parent.sync_all())
                .map_err(|error| io(parent, &error))?;
        }
        let to = store.places();
        let anchor = JournaledStore::anchor_of(&to, cipher);
        let log = CheckpointFile::new(&to.state, &cipher.store_id());
        if report.held && log.path().exists() {
            // It proves entries that are lost: kept as evidence, and no measure for the log that goes on.
            let kept = beside(log.path(), &format!(".before-{}", report.backup.made_at.millis()));
            fs::rename(log.path(), &kept).map_err(|error| io(&kept, &error))?;
        }
        let written = CheckpointFile::new(&self.places.state, &cipher.store_id());
        if report.held && written.path().exists() {
            fs::rename(written.path(), log.path()).map_err(|error| io(log.path(), &error))?;
        }
        fs::rename(JournaledStore::anchor_of(&self.places, cipher), &anchor)
            .and_then(|()| File::open(&to.state)?.sync_all())
            .map_err(|error| io(&anchor, &error))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // What is in its place is not there any more; the rest is of no use.
        if !self.is_exchanged.get() {
            let _ = fs::remove_dir_all(&self.places.data);
        }
        let _ = fs::remove_dir_all(&self.places.state);
    }
}

/// The backup's head, and the rest of it.
fn begin(source: &BackupSource) -> Result<(Head, impl Read + use<>), Error> {
    let mut from = whole(source)?;
    let head = backup::read_head(&mut from)?;
    Ok((head, from))
}

fn whole(source: &BackupSource) -> Result<impl Read + use<>, Error> {
    let path = &source.path;
    let file = File::open(path).map_err(|error| io(path, &error))?;
    let file = BufReader::with_capacity(1 << 20, file);
    let opened = match &source.with {
        DecryptedWith::RecoveryKey(text) => {
            let identity = Identity::parse(text).ok_or_else(|| {
                Error::new(
                    Code::Invalid,
                    "this is no recovery key",
                    "it begins with AGE-SECRET-KEY-1 and has 74 characters",
                )
            })?;
            age::decrypt(With::Identity(&identity), file)
        }
        DecryptedWith::Passphrase(passphrase) => age::decrypt(With::Passphrase(passphrase), file),
    };
    opened.map_err(|error| match error {
        AgeError::NotForUs => Error::new(
            Code::WrongSeal,
            format!("{} does not open with this", path.display()),
            "give the recovery key or passphrase that it was made for; nothing was changed",
        ),
        other => of_age(path, other).into(),
    })
}

fn contents(head: &Head) -> Result<BackupContents, Error> {
    let status = status(&KeyringFile::parse(&head.keyring).map_err(of_seal)?);
    Ok(BackupContents {
        made_at: head.made_at,
        sequence: head.sequence,
        store: status.store,
        sealed_by: status.sealed_by,
    })
}

/// `/var/lib/strongroom` and `.restoring` give `/var/lib/strongroom.restoring`.
fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = std::path::absolute(path)
        .unwrap_or_else(|_| path.to_path_buf())
        .into_os_string();
    name.push(more);
    name.into()
}

fn store_error(error: Error) -> StoreError {
    StoreError::Io(error.message)
}

fn io(path: &Path, error: &std::io::Error) -> Error {
    StoreError::Io(format!("{}: {error}", path.display())).into()
}
