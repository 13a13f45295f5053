//! What a screen or dialog works with while it takes news in: the facts that all share, and where it leaves its wishes.

use std::path::PathBuf;

use super::dialog::Dialog;
use super::message::{Ask, Asker, Clip, Effect, Tag, Work};
use super::model::Screen;
use crate::console::key::Key;
use crate::console::keymap::{Command, Keymap};
use crate::console::runtime::Moment;
use crate::console::tokens;
use crate::console::widgets::dialog::Tone;
use crate::console::widgets::toast::Toast;
use crate::domain::cashier::Role;
use crate::domain::secret::Secret;
use crate::domain::text::{Brand, Email, Slug};
use crate::domain::time::Timestamp;
use crate::service::request::Request;
use crate::service::response::{Health, OrganizationRow, SignedIn};

/// What every screen and dialog may know.
#[derive(Debug)]
pub struct Facts {
    /// The time of the message that is being taken in, or was last.
    pub at: Moment,
    /// The organizations, by slug.
    pub organizations: Vec<OrganizationRow>,
    /// The one that is shown; `None` before onboarding.
    pub current: Option<Slug>,
    /// The cashier who signed in, while that lasts.
    pub session: Option<SignedIn>,
    /// The address to propose where a cashier is asked for: the last one that was used, or the fixed one.
    pub email: Option<Email>,
    /// The role of the only cashier that may act here, where there is such a one.
    pub role: Option<Role>,
    /// Whether the service was told to refuse changes: said in the frame, enforced there.
    pub read_only: bool,
    /// The terminal's width and height in cells.
    pub size: (u16, u16),
    /// Local time minus UTC, in seconds.
    pub utc_offset: i32,
    /// The keys, for hints inside texts.
    pub keymap: Keymap,
    /// Where files are proposed to be written: the working directory.
    pub directory: PathBuf,
    /// What `~` stands for in a path.
    pub home: Option<PathBuf>,
    /// Where the store is.
    pub data_dir: PathBuf,
    /// How a command for this store begins: `strongroom`, and the arguments that name it.
    pub program: String,
    /// How the store is, as it was asked last.
    pub health: Option<Box<Health>>,
}

impl Facts {
    /// Now.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.at.now
    }

    /// Why what needs this role is refused, as far as is known before anybody is asked: the service decides.
    #[must_use]
    pub fn refusal(&self, needed: Role) -> Option<String> {
        if self.read_only {
            return Some(
                "this console may only look; open one without --read-only to change something".into(),
            );
        }
        let (email, role) = match &self.session {
            Some(session) => (Some(&session.email), Some(session.role)),
            None => (self.email.as_ref(), self.role),
        };
        let role = role.filter(|role| *role < needed)?;
        let who = email.map_or("you", Email::as_str);
        let needed = needed.word();
        Some(format!(
            "{who} has the role {}, and this needs {needed}; ask somebody with that role",
            role.word()
        ))
    }

    /// The organization that is shown.
    #[must_use]
    pub fn organization(&self) -> Option<&OrganizationRow> {
        let current = self.current.as_ref()?;
        self.organizations.iter().find(|row| row.slug == *current)
    }

    /// The brand of the organization that is shown.
    #[must_use]
    pub fn brand(&self) -> Option<&Brand> {
        self.organization().map(|row| &row.brand)
    }
}

/// What the shell does for a screen or dialog once it took its news in, in this order.
#[derive(Debug)]
pub(in crate::console) enum Order {
    /// Puts a dialog on the stack.
    Open(Box<dyn Dialog>),
    /// Shows a note for some seconds.
    Note(Toast),
    /// Shows another screen.
    Show(Screen),
    /// Shows another organization.
    Switch(Slug),
    /// Tells screen and dialogs that something changed.
    Refresh,
    /// A dialog of API Tokens did something that its screen follows.
    Tokens(tokens::Done),
    /// A cashier signed in.
    SignedIn(SignedIn),
    /// A key was pressed that needed a sign-in, which is there now.
    Press(Key, Command),
    /// Asks what waited for the sign-in, or gives it up.
    Resume { signed_in: bool },
    /// Leaves without asking.
    Quit,
    /// Obeys a line of the command line.
    Run(String),
    /// The older state that ends at this commit was accepted: begins anew with it.
    Accepted(u64),
    /// The wizard is done: begins anew with what is there.
    Onboarded(Email),
}

/// Where a screen or dialog finds the facts and leaves its wishes.
#[derive(Debug)]
pub struct Desk<'a> {
    /// What it may know.
    pub facts: &'a Facts,
    pub(super) asker: Asker,
    pub(super) effects: &'a mut Vec<Effect>,
    pub(super) orders: &'a mut Vec<Order>,
}

impl Desk<'_> {
    /// Asks the service; the answer comes as `News::Answer` with `tag`, to whoever asked. If it needs a cashier who has
    /// signed in, the sign-in opens, and the answer comes after it.
    pub fn ask(&mut self, tag: Tag, request: Request) {
        self.effects.push(Effect::Work(Work::Ask(Ask {
            to: self.asker,
            tag,
            session: self.facts.session.as_ref().map(|signed_in| signed_in.session),
            request,
        })));
    }

    /// Copies something that anybody may see.
    pub fn copy_public(&mut self, what: &'static str, text: String) {
        self.effects.push(Effect::Work(Work::Copy(Clip {
            what,
            text: Secret::from_text(text),
            secret: false,
        })));
    }

    /// Copies a secret: cleared after 45 seconds where that can be done. A note says how it went.
    pub fn copy_secret(&mut self, what: &'static str, text: Secret) {
        self.effects.push(Effect::Work(Work::Copy(Clip {
            what,
            text,
            secret: true,
        })));
    }

    /// Writes a new file, mode 0600; answered by `News::Written`.
    pub fn write_file(&mut self, path: PathBuf, bytes: Secret) {
        let to = self.asker;
        self.effects
            .push(Effect::Work(Work::WriteFile { to, path, bytes }));
    }

    /// Opens a dialog over everything.
    pub fn open(&mut self, dialog: impl Dialog + 'static) {
        self.orders.push(Order::Open(Box::new(dialog)));
    }

    /// Leaves a note with good news, for some seconds.
    pub fn note(&mut self, text: impl Into<String>) {
        self.push_note(Tone::Good, text);
    }

    /// Leaves a note with bad news, for some seconds.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.push_note(Tone::Danger, text);
    }

    /// Shows another screen.
    pub fn show(&mut self, screen: Screen) {
        self.orders.push(Order::Show(screen));
    }

    /// Has the visible screen, the dialogs and the frame ask anew: something was changed from here.
    pub fn refresh(&mut self) {
        self.orders.push(Order::Refresh);
    }

    fn push_note(&mut self, tone: Tone, text: impl Into<String>) {
        let toast = Toast::new(text, tone, self.facts.at.monotonic);
        self.orders.push(Order::Note(toast));
    }

    pub(in crate::console) fn order(&mut self, order: Order) {
        self.orders.push(order);
    }
}
