//! The wizard's steps: a form each, all kept, so that going back loses nothing.

use std::path::PathBuf;
use std::time::Duration;

use crate::console::form::Form;
use crate::console::keymap::Context;
use crate::domain::cashier::{PASSWORD_MAX, PASSWORD_MIN};
use crate::domain::key_pair::KeySize;
use crate::domain::recovery::Recipient;
use crate::domain::text::{Brand, EmailText, OrganizationName, Slug};
use crate::service::response::RecoveryKey;

/// How much of the recovery key is typed to show that it was kept.
pub(super) const RECOVERY_END: usize = 6;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Organization,
    Admin,
    Size,
    Seal,
    KeyFile,
    Passphrase,
    Summary,
    /// The recovery key is shown, this once.
    Recovery,
    /// The store, then the key pair are being made.
    Working,
}

/// The wizard's state.
#[derive(Debug)]
pub struct Wizard {
    pub(super) step: Step,
    pub(super) organization: Form,
    pub(super) admin: Form,
    pub(super) size: Form,
    pub(super) seal: Form,
    pub(super) key_file: Form,
    pub(super) passphrase: Form,
    /// Carries the error when making it failed.
    pub(super) summary: Form,
    /// Proves that the recovery key was kept.
    pub(super) recovery: Form,
    /// The recovery key, while it is shown.
    pub(super) shown: Option<RecoveryKey>,
    /// Whom backups are for, once its key was kept.
    pub(super) recipient: Option<Recipient>,
    /// Where the data will be; `None` when the store is there already.
    pub(super) data_dir: Option<PathBuf>,
    /// Since when it is working.
    pub(super) since: Duration,
    /// Whether the slug was typed, and is no longer made from the name.
    pub(super) own_slug: bool,
}

impl Wizard {
    /// For a machine without a store; `key_file` is proposed for the seal.
    #[must_use]
    pub fn new(data_dir: PathBuf, key_file: &std::path::Path) -> Self {
        let mut wizard = Self::without_seal();
        wizard.data_dir = Some(data_dir);
        wizard.key_file = Form::new().field(
            "path",
            "Key file",
            400,
            &key_file.to_string_lossy(),
            "made now, for this account only; outside the data",
        );
        wizard
    }

    /// For a store that is there, and empty.
    #[must_use]
    pub fn without_seal() -> Self {
        let at_least = format!("{PASSWORD_MIN} characters at least; a few random words are good");
        Self {
            step: Step::Organization,
            organization: Form::new()
                .field(
                    "organization's name",
                    "Organization",
                    OrganizationName::MAX,
                    "",
                    "such as Acme Payments",
                )
                .field(
                    "slug",
                    "Short name",
                    Slug::MAX,
                    "",
                    "for commands: a-z, digits and -",
                )
                .field(
                    "brand",
                    "Platform",
                    Brand::MAX,
                    "FinCode",
                    "its lower-case form begins every token",
                ),
            admin: Form::new()
                .field(
                    "e-mail address",
                    "E-mail",
                    EmailText::MAX,
                    "",
                    "you sign in with it",
                )
                .masked("password", "Password", PASSWORD_MAX, &at_least)
                .masked("again", "Once more", PASSWORD_MAX, ""),
            size: Form::new().choice("size", "Key size", sizes(), 1),
            seal: Form::new().choice("seal", "Seal", seals(), 0),
            key_file: Form::new(),
            passphrase: Form::new()
                .masked("passphrase", "Passphrase", PASSWORD_MAX, &at_least)
                .masked(
                    "again",
                    "Once more",
                    PASSWORD_MAX,
                    "asked for at every start; nobody can recover it",
                ),
            summary: Form::new(),
            recovery: Form::new().field(
                "end",
                "Its end",
                RECOVERY_END,
                "",
                "the last six characters, to show that you have it",
            ),
            shown: None,
            recipient: None,
            data_dir: None,
            since: Duration::ZERO,
            own_slug: false,
        }
    }

    /// Where the focus is.
    #[must_use]
    pub fn context(&self) -> Context {
        self.form().context()
    }

    /// Whether it shows a recovery key.
    #[must_use]
    pub const fn holds_secret(&self) -> bool {
        self.shown.is_some()
    }

    /// Forgets passwords that were typed: nobody was there for long.
    pub fn wipe(&mut self) {
        if self.step == Step::Working {
            return;
        }
        if self.step == Step::Recovery {
            self.step = Step::Summary;
            self.hide();
        }
        self.admin.wipe("password");
        self.admin.wipe("again");
        self.passphrase.wipe("passphrase");
        self.passphrase.wipe("again");
    }

    /// The steps that are gone through, in their order.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = vec![Step::Organization, Step::Admin, Step::Size];
        if self.data_dir.is_some() {
            steps.push(Step::Seal);
            steps.push(if self.keeps_key_file() {
                Step::KeyFile
            } else {
                Step::Passphrase
            });
        }
        steps.push(Step::Summary);
        if self.recipient.is_none() {
            steps.push(Step::Recovery);
        }
        steps
    }

    /// Forgets a recovery key that nobody kept: nothing is encrypted to it.
    pub(super) fn hide(&mut self) {
        self.shown = None;
        self.recovery.wipe("end");
    }

    pub(super) fn keeps_key_file(&self) -> bool {
        self.seal.chosen("seal") == 0
    }

    pub(super) fn key_size(&self) -> KeySize {
        KeySize::ALL[self.size.chosen("size").min(KeySize::ALL.len() - 1)]
    }

    pub(super) fn form(&self) -> &Form {
        match self.step {
            Step::Organization => &self.organization,
            Step::Admin => &self.admin,
            Step::Size => &self.size,
            Step::Seal => &self.seal,
            Step::KeyFile => &self.key_file,
            Step::Passphrase => &self.passphrase,
            Step::Summary | Step::Working => &self.summary,
            Step::Recovery => &self.recovery,
        }
    }

    pub(super) fn form_mut(&mut self) -> &mut Form {
        match self.step {
            Step::Organization => &mut self.organization,
            Step::Admin => &mut self.admin,
            Step::Size => &mut self.size,
            Step::Seal => &mut self.seal,
            Step::KeyFile => &mut self.key_file,
            Step::Passphrase => &mut self.passphrase,
            Step::Summary | Step::Working => &mut self.summary,
            Step::Recovery => &mut self.recovery,
        }
    }
}

/// The key sizes as choices.
#[must_use]
pub fn sizes() -> Vec<(String, String)> {
    let option = |size: KeySize| {
        let note = match size {
            KeySize::Bits2048 => "advised against after 2030",
            KeySize::Bits3072 => "recommended",
            KeySize::Bits4096 => "slower to make and to decrypt with",
        };
        (format!("{} bits", size.bits()), note.to_owned())
    };
    KeySize::ALL.into_iter().map(option).collect()
}

fn seals() -> Vec<(String, String)> {
    vec![
        (
            "key file".to_owned(),
            "opens by itself; keep a copy elsewhere".to_owned(),
        ),
        ("passphrase".to_owned(), "asked for at every start".to_owned()),
    ]
}
