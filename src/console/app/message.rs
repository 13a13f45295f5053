//! What goes in and out of the loop: messages, effects, and the news that screens and dialogs make of messages.

use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::dialog::DialogId;
use super::model::Screen;
use crate::console::key::Key;
use crate::console::keymap::Command;
use crate::console::{activity, cashiers, keys, runtime, tokens};
use crate::domain::secret::Secret;
use crate::gateway::{OpeningStep, SealChoice, StoreState};
use crate::service::request::{JobId, SessionId};
use crate::service::{Error, Event, Request, Response};

/// What to do: the loop's own effects, and [`Work`].
pub type Effect = runtime::Effect<Work>;

/// What came of work, or happened by itself.
#[derive(Debug)]
pub enum Message {
    /// The service told something that nobody here asked for.
    Event(Event),
    /// How far the store's opening has come.
    Opening(Option<OpeningStep>),
    /// What the store needs.
    State(Result<StoreState, Error>),
    /// A store was made, or not.
    Initialized(Result<(), Error>),
    /// A store was opened with a passphrase, or not.
    Unlocked(Result<(), Error>),
    /// A request was answered.
    Answered {
        /// To whom.
        to: Asker,
        /// Which of its questions.
        tag: Tag,
        /// With what.
        result: Result<Response, Error>,
    },
    /// A request needs a cashier who has signed in: here it is back.
    SignInRequired(Ask),
    /// How copying went.
    Copied(Copied),
    /// A file was written, or not.
    Written {
        /// Who asked for it.
        to: Asker,
        /// Its path, or why not.
        result: Result<PathBuf, Error>,
    },
}

/// What workers do; [`super::perform`] has how.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all work is a question, and there are a few at a time"
)]
#[derive(Debug)]
pub enum Work {
    /// Look how far the opening has come. → `Message::Opening`
    Opening,
    /// Look what the store needs. → `Message::State`
    State,
    /// Make a store. → `Message::Initialized`
    Initialize(SealChoice),
    /// Open the store. → `Message::Unlocked`
    Unlock(Secret),
    /// Ask the gateway. → `Message::Answered`, or `Message::SignInRequired`
    Ask(Ask),
    /// Copy. → `Message::Copied`
    Copy(Clip),
    /// Take a copied secret off the clipboard again. → `Message::Copied`
    ClearClipboard,
    /// Write a new file, mode 0600; refused when it exists. → `Message::Written`
    WriteFile {
        /// Who asks.
        to: Asker,
        /// Where to.
        path: PathBuf,
        /// What.
        bytes: Secret,
    },
}

/// A request on its way.
#[derive(Debug)]
pub struct Ask {
    /// Who wants the answer.
    pub to: Asker,
    /// Which of its questions this is.
    pub tag: Tag,
    /// The sign-in that it goes with.
    pub session: Option<SessionId>,
    /// What is asked.
    pub request: Request,
}

/// Something to copy.
#[derive(Debug)]
pub struct Clip {
    /// What it is, as a note names it: "the public key".
    pub what: &'static str,
    /// The text.
    pub text: Secret,
    /// Whether the clipboard is cleared after 45 seconds, where that can be done.
    pub secret: bool,
}

/// How copying went.
pub struct Copied {
    /// In words for people, or why not.
    pub said: Result<String, Error>,
    /// Whether it was a secret, to be cleared after 45 seconds.
    pub secret: bool,
    /// Bytes for the terminal itself.
    pub emit: Option<Zeroizing<Vec<u8>>>,
}

/// Never shows the bytes: they may be a token's.
impl std::fmt::Debug for Copied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Copied")
            .field("said", &self.said)
            .field("secret", &self.secret)
            .finish_non_exhaustive()
    }
}

/// Who asked something, and gets the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The shell itself.
    Shell,
    /// A screen.
    Screen(Screen),
    /// A dialog; when it was closed meanwhile, nobody.
    Dialog(DialogId),
    /// The wizard.
    Wizard,
}

/// Which question an answer belongs to; each screen, with its dialogs, has questions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// The shell: what is there.
    Overview,
    /// The shell and its dialogs: how the store is.
    Health,
    /// The shell: the newest entries of an older state.
    Newest,
    /// The shell's dialog: the wall clock is right.
    ConfirmClock,
    /// The shell's dialog: an older state is accepted.
    AcceptRollback,
    /// The shell, its dialogs and the wizard: a sign-in.
    SignIn,
    /// The shell: a sign-out, whose answer nobody waits for.
    SignOut,
    /// The wizard: the first organization.
    Onboard,
    /// A recovery key was made.
    RecoveryKey,
    /// Encryption Keys.
    Keys(keys::Tag),
    /// API Tokens.
    Tokens(tokens::Tag),
    /// Activity.
    Activity(activity::Tag),
    /// Cashiers.
    Cashiers(cashiers::Tag),
    /// Guide: the key that is in it.
    Guide,
    /// The shell's dialog: how webhooks arrive.
    Webhooks,
    /// The command line: which tokens a name may be of.
    Names,
}

/// What a screen or dialog is told. It may hold what somebody types or pastes, and has no `Debug` therefore.
#[allow(
    clippy::large_enum_variant,
    reason = "news live for one call, and most of them are answers"
)]
pub enum News {
    /// The dialog was put on the stack: ask what it needs.
    Opened,
    /// The screen is seen now, or what it shows may have changed: ask anew. Dialogs get it only after changes.
    Refresh,
    /// A key was pressed, and what it means where the focus is.
    Key(Key, Option<Command>),
    /// A text was pasted while a field had the focus.
    Paste(Zeroizing<String>),
    /// The left button was pressed on a cell of the terminal.
    Click {
        /// Cells from the left edge.
        column: u16,
        /// Cells from the top.
        row: u16,
    },
    /// The wheel was turned.
    Scroll {
        /// Towards the end.
        down: bool,
    },
    /// A second passed.
    Tick,
    /// An answer to what was asked.
    Answer(Tag, Result<Response, Error>),
    /// Long work ended; told to everybody.
    JobEnded(JobId, Result<Arc<Response>, Error>),
    /// The file was written, or not.
    Written(Result<PathBuf, Error>),
}
