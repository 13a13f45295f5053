//! Everything that the console knows: which screen, which dialogs, each screen's own model, and the shared facts.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use super::desk::Facts;
use super::dialog::{Dialog, DialogId};
use super::message::{Ask, Effect, Work};
use crate::console::keymap::{Context, Keymap};
use crate::console::lock::Lock;
use crate::console::rolled_back::RolledBack;
use crate::console::runtime::Moment;
use crate::console::starting::Starting;
use crate::console::stopped::Stopped;
use crate::console::unlock::Unlock;
use crate::console::widgets::toast::Toast;
use crate::console::wizard::Wizard;
use crate::console::{activity, cashiers, guide, keys, tokens};
use crate::domain::text::{Email, Slug};
use crate::service::Error;
use crate::service::request::JobId;
use crate::service::response::Response;

/// How long without a key until the console locks (console.md).
pub const IDLE: std::time::Duration = std::time::Duration::from_secs(5 * 60);

/// A tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Screen {
    /// Encryption Keys.
    Keys,
    /// API Tokens.
    Tokens,
    /// Activity.
    Activity,
    /// Cashiers.
    Cashiers,
    /// Guide.
    Guide,
}

impl Screen {
    /// All of them, from left to right.
    pub const ALL: [Self; 5] = [
        Self::Keys,
        Self::Tokens,
        Self::Activity,
        Self::Cashiers,
        Self::Guide,
    ];

    /// What its tab says.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Keys => "Encryption Keys",
            Self::Tokens => "API Tokens",
            Self::Activity => "Activity",
            Self::Cashiers => "Cashiers",
            Self::Guide => "Guide",
        }
    }

    /// Its title in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Keys => "Keys",
            Self::Tokens => "Tokens",
            Self::Activity | Self::Cashiers | Self::Guide => self.title(),
        }
    }
}

/// How far the console has come.
#[derive(Debug)]
pub enum Stage {
    /// The store opens.
    Starting(Starting),
    /// The store cannot be opened.
    Stopped(Box<Stopped>),
    /// The store is an older state than what was acknowledged.
    RolledBack(Box<RolledBack>),
    /// The store needs its passphrase.
    Sealed(Unlock),
    /// There is nothing: the wizard makes it.
    Absent(Box<Wizard>),
    /// The tabs.
    Open,
}

/// What lay over the tabs when the store turned out to be sealed: it is there again when somebody unlocked it.
#[derive(Debug, Default)]
pub(super) struct Aside {
    pub(super) dialogs: Vec<(DialogId, Box<dyn Dialog>)>,
    pub(super) lock: Option<Lock>,
    /// Nobody touched a key for so long meanwhile that the console locks.
    pub(super) is_idle: bool,
}

/// What the console is started with.
#[derive(Debug)]
pub struct Setup {
    /// The time.
    pub at: Moment,
    /// The terminal's size in cells.
    pub size: (u16, u16),
    /// The keys.
    pub keymap: Keymap,
    /// The screen to begin with; `None` for the first.
    pub screen: Option<Screen>,
    /// The organization to begin with; `None` for the first.
    pub organization: Option<Slug>,
    /// The only cashier that may act here (`--as`).
    pub email: Option<Email>,
    /// Whether changes are refused here (`--read-only`).
    pub read_only: bool,
    /// Local time minus UTC, in seconds.
    pub utc_offset: i32,
    /// Where files are proposed to be written.
    pub directory: PathBuf,
    /// What `~` stands for in a path.
    pub home: Option<PathBuf>,
    /// Where the store is.
    pub data_dir: PathBuf,
    /// How a command for this store begins: `strongroom`, and the arguments that name it.
    pub program: String,
    /// Idle time until the lock; `None` for five minutes.
    pub idle: Option<std::time::Duration>,
}

/// The whole state.
#[derive(Debug)]
pub struct Model {
    /// How far it has come.
    pub stage: Stage,
    /// The tab that is shown.
    pub screen: Screen,
    /// What lies over it, the topmost last.
    pub dialogs: Vec<(DialogId, Box<dyn Dialog>)>,
    /// Tab 1.
    pub keys: keys::Model,
    /// Tab 2.
    pub tokens: tokens::Model,
    /// Tab 3.
    pub activity: activity::Model,
    /// Tab 4.
    pub cashiers: cashiers::Model,
    /// Tab 5.
    pub guide: guide::Model,
    /// What all may know.
    pub facts: Facts,
    /// A note that goes by itself.
    pub note: Option<Toast>,
    /// The lock, while it is closed.
    pub lock: Option<Lock>,
    pub(super) aside: Aside,
    /// Since when the daemon cannot be reached, on the monotonic clock.
    pub lost: Option<std::time::Duration>,
    pub(super) idle: std::time::Duration,
    pub(super) last_input: std::time::Duration,
    /// When the counts in the frame were asked for.
    pub(super) counted: std::time::Duration,
    pub(super) next_dialog: u64,
    /// Waits for a sign-in.
    pub(super) pending: Vec<Ask>,
    /// Jobs that ended of late: the end may be known before the answer that named the job.
    pub(super) ended: VecDeque<(JobId, Result<Arc<Response>, Error>)>,
    /// When a copied secret is taken off the clipboard, on the monotonic clock.
    pub(super) clear_clipboard: Option<std::time::Duration>,
    pub(super) greeted: bool,
    /// What a guest is told first, in place of the nearest end.
    pub welcome: Option<String>,
    pub(super) fixed_email: bool,
}

impl Model {
    /// The console before anything was asked, and what to do first.
    #[must_use]
    pub fn new(setup: Setup) -> (Self, Vec<Effect>) {
        let model = Self {
            stage: Stage::Starting(Starting::new(setup.at.monotonic)),
            screen: setup.screen.unwrap_or(Screen::Keys),
            dialogs: Vec::new(),
            keys: keys::Model::default(),
            tokens: tokens::Model::default(),
            activity: activity::Model::default(),
            cashiers: cashiers::Model::default(),
            guide: guide::Model::default(),
            note: None,
            clear_clipboard: None,
            lock: None,
            lost: None,
            aside: Aside::default(),
            idle: setup.idle.unwrap_or(IDLE),
            last_input: setup.at.monotonic,
            counted: setup.at.monotonic,
            next_dialog: 0,
            pending: Vec::new(),
            ended: VecDeque::new(),
            greeted: false,
            welcome: None,
            fixed_email: setup.email.is_some(),
            facts: Facts {
                at: setup.at,
                organizations: Vec::new(),
                current: setup.organization,
                session: None,
                role: None,
                email: setup.email,
                read_only: setup.read_only,
                size: setup.size,
                utc_offset: setup.utc_offset,
                keymap: setup.keymap,
                directory: setup.directory,
                home: setup.home,
                data_dir: setup.data_dir,
                program: setup.program,
                health: None,
            },
        };
        (model, vec![Effect::Work(Work::State)])
    }

    /// Whether the tabs can be reached: they are there, and nothing lies over them.
    pub(super) const fn shows_tabs(&self) -> bool {
        matches!(self.stage, Stage::Open) && self.lock.is_none() && self.dialogs.is_empty()
    }

    /// What has the focus.
    #[must_use]
    pub fn context(&self) -> Context {
        if let Some(lock) = &self.lock {
            return lock.context();
        }
        if let Some((_, dialog)) = self.dialogs.last() {
            return dialog.context();
        }
        match &self.stage {
            // Nothing but leaving can be done there.
            Stage::Starting(_) => Context::Everywhere,
            Stage::Stopped(_) => Context::Stopped,
            Stage::RolledBack(_) => Context::RolledBack,
            Stage::Sealed(unlock) => unlock.context(),
            Stage::Absent(wizard) => wizard.context(),
            Stage::Open => match self.screen {
                Screen::Keys => Context::EncryptionKeys,
                Screen::Tokens => self.tokens.context(),
                Screen::Activity => self.activity.context(),
                Screen::Cashiers => self.cashiers.context(),
                Screen::Guide => Context::Guide,
            },
        }
    }
}
