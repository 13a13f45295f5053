//! Finds out what is wrong with the store of this machine, also when it does not open; and mends what loses nothing.

use std::sync::Arc;

use super::local_store::LocalStore;
use crate::crypto::Sha256Hasher;
use crate::domain::recovery::Backups;
use crate::domain::secret::Secret;
use crate::gateway::in_process::Opener as _;
use crate::gateway::{DoctorLine, DoctorReport, PartState};
use crate::service::ports::{Clock as _, StoreCipher};
use crate::service::{Code, Error};
use crate::store::journaled::doctor::{self, Condition, Examination, Finding};
use crate::system::data_dir::DataDir;
use crate::system::lock::Lock;
use crate::system::{OsEntropy, SystemClock};

/// A daily backup that is older than this was missed.
const OLD: chrono::TimeDelta = chrono::TimeDelta::hours(48);

impl LocalStore {
    pub(super) fn examined(&self, passphrase: Option<&Secret>, repair: bool) -> Result<DoctorReport, Error> {
        let mut report = DoctorReport::default();
        let directories =
            DataDir::open(&self.data_dir).and_then(|_| DataDir::open_apart(&self.state_dir, &self.data_dir));
        if let Err(error) = directories {
            report.add(
                "directories",
                PartState::Damaged,
                error.to_string(),
                "mend it as its owner",
            );
            return Ok(report);
        }
        report.add(
            "directories",
            PartState::Ok,
            self.data_dir.display().to_string(),
            "",
        );
        // Whoever has it open is told, and nothing is looked at meanwhile.
        let lock = Lock::acquire(&DataDir::open(&self.data_dir)?, &self.user, SystemClock.now())?;
        report.add("lock", PartState::Ok, "nobody has the store open", "");
        let keyring = match self.keyring.file() {
            Ok(_) => self.keyring.open(passphrase),
            Err(error) => {
                report.add("keyring", PartState::Damaged, error.message, RESTORE);
                return Ok(report);
            }
        };
        report.add(
            "keyring",
            PartState::Ok,
            self.keyring.path().display().to_string(),
            "",
        );
        let keyring = match keyring {
            Ok(keyring) => keyring,
            Err(error) => {
                report.add("seal", PartState::Damaged, error.message, &error.hint);
                return Ok(report);
            }
        };
        report.add("seal", PartState::Ok, "it opens the keyring", "");
        let cipher: Arc<dyn StoreCipher> = Arc::new(keyring.file_keys(Arc::new(OsEntropy)));
        let places = self.places();
        let before = doctor::examine(&places, &cipher, &Sha256Hasher)?;
        if !repair
            || before
                .findings
                .iter()
                .all(|finding| finding.condition == Condition::Whole)
        {
            report.take(&before, None);
            return Ok(report);
        }
        doctor::begin_journal_anew(&places, &cipher, &Sha256Hasher, &SystemClock)?;
        // Opening mends the rest; what it cannot, the second look says.
        drop(lock);
        let opened = self.open(passphrase).and_then(|service| service.close());
        self.let_go();
        let lock = Lock::acquire(&DataDir::open(&self.data_dir)?, &self.user, SystemClock.now())?;
        let after = doctor::examine(&places, &cipher, &Sha256Hasher)?;
        report.take(&after, Some(&before));
        if let Err(error) = opened {
            report.add("opening", PartState::Damaged, error.message, RESTORE);
        }
        drop(lock);
        Ok(report)
    }
}

const RESTORE: &str =
    "run: strongroom restore BACKUP; the damaged store is set aside, and its journal is used";

impl DoctorReport {
    fn add(&mut self, part: &'static str, state: PartState, message: impl Into<String>, advice: &str) {
        self.parts.push(DoctorLine {
            part,
            state,
            message: message.into(),
            advice: advice.to_owned(),
        });
        self.healthy = self.parts.iter().all(|line| line.state != PartState::Damaged);
    }

    fn take(&mut self, seen: &Examination, before: Option<&Examination>) {
        for finding in &seen.findings {
            let was_wrong = before.is_some_and(|before| {
                let earlier = before.findings.iter().find(|known| known.part == finding.part);
                earlier.is_none_or(|known| known.condition != Condition::Whole)
            });
            let (state, advice) = judged(finding, was_wrong);
            self.add(finding.part, state, finding.message.clone(), advice);
        }
        self.add_backups(seen.backups.as_ref());
        let waits = seen
            .findings
            .iter()
            .any(|finding| finding.condition == Condition::Mendable);
        self.healthy &= !waits;
    }

    fn add_backups(&mut self, backups: Option<&Backups>) {
        let last = backups.and_then(|backups| backups.last.as_ref());
        let (message, advice) = match last {
            None if backups.is_none() => (
                "this store cannot say when the last one was made".to_owned(),
                "look where they are kept",
            ),
            None => (
                "there is none yet".to_owned(),
                "run: strongroom backup DIR, every night",
            ),
            Some(last) if SystemClock.now().since(last.at) > OLD => (
                format!("the last one is of {}", last.at),
                "run: strongroom backup DIR, every night",
            ),
            Some(last) => (format!("the last one is of {}, {}", last.at, last.path), ""),
        };
        self.add("backups", PartState::Ok, message, advice);
    }
}

fn judged(finding: &Finding, was_wrong: bool) -> (PartState, &'static str) {
    match finding.condition {
        Condition::Whole if was_wrong => (PartState::Mended, ""),
        Condition::Whole => (PartState::Ok, ""),
        Condition::MendedAtOpening => (
            PartState::Mendable,
            "the next opening mends it, or: strongroom doctor --repair",
        ),
        Condition::Mendable => (
            PartState::Mendable,
            "nothing is lost; run: strongroom doctor --repair",
        ),
        Condition::Damaged if finding.part == "anchor" => (
            PartState::Damaged,
            "put the newer copy back; or an admin goes on with this one: strongroom doctor --accept-older COMMIT",
        ),
        Condition::Damaged if finding.part == "audit log" => (
            PartState::Damaged,
            "run: strongroom audit verify, and keep a copy of the store",
        ),
        Condition::Damaged => (PartState::Damaged, RESTORE),
    }
}

/// There is nothing to look at.
pub(super) fn no_store(data_dir: &std::path::Path) -> Error {
    Error::new(
        Code::NotOnboarded,
        format!("there is no store in {}", data_dir.display()),
        "name its place with --data-dir; or restore a backup: strongroom restore BACKUP",
    )
}
