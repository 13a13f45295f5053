//! The table of keys: every command, where it can be asked for, its default keys, and what help says of it.

use crate::domain::cashier::Role;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Shows a tab, from 1 on.
    Tab(u8),
    /// The tab to the right.
    NextTab,
    /// The tab to the left.
    PreviousTab,
    /// Help for what has the focus.
    Help,
    /// Opens the command line.
    CommandLine,
    /// Opens the filter.
    Filter,
    /// One step back; never quits.
    Back,
    /// Leaves the console.
    Quit,
    /// Stops the program and gives the terminal back to the shell.
    Suspend,
    /// Draws everything anew.
    Redraw,
    /// Locks the console at once.
    Lock,
    /// Switches to another organization.
    SwitchOrganization,
    /// Signs a cashier in, or out.
    SignIn,
    /// One row up, or the choice before.
    Up,
    /// One row down, or the choice after.
    Down,
    /// Left.
    Left,
    /// Right.
    Right,
    /// A screenful up.
    PageUp,
    /// A screenful down.
    PageDown,
    /// The first row.
    Top,
    /// The last row.
    Bottom,
    /// Opens the selected row.
    Open,
    /// Makes a new one of what the list holds.
    New,
    /// Rotates the selected token.
    Rotate,
    /// Takes the selected token's rights away.
    Invalidate,
    /// Tries a token, or encryption and decryption.
    TryOut,
    /// Copies what is selected (an identifier, a public key, a sample).
    Copy,
    /// Sorts by the next column.
    Sort,
    /// Turns the order around.
    ReverseSort,
    /// Marks the selected row, or unmarks it.
    Mark,
    /// Marks from the last mark to here.
    MarkRange,
    /// Shows others of what the list holds: what has ended, what is unused.
    ShowOthers,
    /// Makes a rotation's overlap longer.
    ExtendOverlap,
    /// Ends a rotation's overlap at once.
    CutOver,
    /// Ends a rotation's overlap the other way: the old token goes on.
    UndoRotation,
    /// Changes where a token may be used from.
    AllowAddresses,
    /// Changes a token's name, owner, note or warnings.
    EditToken,
    /// Undoes a revocation.
    Restore,
    /// Lets held tokens work again.
    Release,
    /// Rotates the organization's key pair.
    RotateKey,
    /// The next format.
    Format,
    /// Writes to a file.
    Write,
    /// Changes a cashier's role.
    ChangeRole,
    /// Disables a cashier, or enables one.
    Disable,
    /// Lets a cashier set a new password.
    ResetPassword,
    /// Unlocks an account after failed sign-ins.
    Unlock,
    /// Accepts: the focused button, or the form.
    Accept,
    /// The next field.
    NextField,
    /// The field before.
    PreviousField,
    /// Completes what is typed.
    Complete,
    /// Copies the token.
    CopyToken,
    /// Copies the token as a line of an environment file.
    CopyVariable,
    /// Copies the token as a header for curl.
    CopyHeader,
    /// Shows the token, or hides it.
    Show,
    /// Revokes the token that was just made.
    Discard,
    /// Tries again what failed.
    TryAgain,
    /// Accepts an older state of the store.
    AcceptOlder,
    /// Shows how the store is.
    Health,
}

impl Command {
    /// The role that a command needs where the focus is `context`, so that nobody fills in a form in vain. What the
    /// store's owner may do without a sign-in needs none here.
    #[must_use]
    pub const fn needs(self, context: Context) -> Option<Role> {
        match (context, self) {
            (Context::EncryptionKeys, Self::RotateKey)
            | (Context::Cashiers, Self::New | Self::ChangeRole | Self::Disable | Self::ResetPassword) => {
                Some(Role::Admin)
            }
            (Context::Tokens | Context::Token, Self::Release) => Some(Role::Admin),
            (
                Context::Tokens | Context::Token | Context::Board,
                Self::New
                | Self::Rotate
                | Self::Invalidate
                | Self::ExtendOverlap
                | Self::CutOver
                | Self::UndoRotation
                | Self::AllowAddresses
                | Self::EditToken
                | Self::Restore,
            ) => Some(Role::Operator),
            _ => None,
        }
    }
}

/// What has the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Wherever no text is typed and no dialog is open. Not a place of its own.
    Everywhere,
    /// Tab 1.
    EncryptionKeys,
    /// Tab 2's list.
    Tokens,
    /// One token, opened.
    Token,
    /// Both tokens of a running overlap.
    Board,
    /// Tab 3.
    Activity,
    /// Tab 4.
    Cashiers,
    /// Tab 5.
    Guide,
    /// A dialog's buttons or choices.
    Dialog,
    /// The reveal dialog, while the closing field has not the focus.
    Reveal,
    /// A field of a form or dialog.
    Field,
    /// The filter or the command line.
    Line,
    /// The store cannot be opened.
    Stopped,
    /// The store is an older state.
    RolledBack,
}

impl Context {
    /// Every place.
    pub const ALL: [Self; 13] = [
        Self::EncryptionKeys,
        Self::Tokens,
        Self::Token,
        Self::Board,
        Self::Activity,
        Self::Cashiers,
        Self::Guide,
        Self::Dialog,
        Self::Reveal,
        Self::Field,
        Self::Line,
        Self::Stopped,
        Self::RolledBack,
    ];

    /// Whether the commands of [`Context::Everywhere`] hold here.
    #[must_use]
    pub const fn is_browsing(self) -> bool {
        matches!(
            self,
            Self::Everywhere
                | Self::EncryptionKeys
                | Self::Tokens
                | Self::Token
                | Self::Board
                | Self::Activity
                | Self::Cashiers
                | Self::Guide
        )
    }

    /// Whether characters are text here.
    #[must_use]
    pub const fn takes_text(self) -> bool {
        matches!(self, Self::Field | Self::Line)
    }

    /// What help calls it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::EncryptionKeys => "Encryption Keys",
            Self::Tokens => "API Tokens",
            Self::Token => "Token",
            Self::Board => "Cutover board",
            Self::Activity => "Activity",
            Self::Cashiers => "Cashiers",
            Self::Guide => "Guide",
            Self::Dialog => "Dialog",
            Self::Reveal => "New token",
            Self::Field => "Field",
            Self::Line => "Line",
            Self::Stopped => "The store cannot be opened",
            Self::RolledBack => "An older state",
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Binding {
    /// What is asked for.
    pub command: Command,
    /// The action's name in the configuration.
    pub name: &'static str,
    /// Where it can be asked for.
    pub contexts: &'static [Context],
    /// Default keys; the first is what hints show.
    pub keys: &'static [&'static str],
    /// What help says, as an imperative: "show the next tab".
    pub help: &'static str,
    /// The word beside the key in the line of hints; `None` for what people know or rarely need.
    pub hint: Option<&'static str>,
    /// Whether it leads to a change of data.
    pub changes_data: bool,
}

const fn look(
    command: Command,
    name: &'static str,
    contexts: &'static [Context],
    keys: &'static [&'static str],
    help: &'static str,
    hint: Option<&'static str>,
) -> Binding {
    Binding {
        command,
        name,
        contexts,
        keys,
        help,
        hint,
        changes_data: false,
    }
}

const fn change(
    command: Command,
    name: &'static str,
    contexts: &'static [Context],
    keys: &'static [&'static str],
    help: &'static str,
    hint: Option<&'static str>,
) -> Binding {
    Binding {
        command,
        name,
        contexts,
        keys,
        help,
        hint,
        changes_data: true,
    }
}

use Context::{
    Activity, Board, Cashiers, Dialog, EncryptionKeys, Everywhere, Field, Guide, Line, Reveal, RolledBack,
    Stopped, Token, Tokens,
};

/// Everything that can be moved in: lists, texts, dialogs.
const MOVING: &[Context] = &[Everywhere, Dialog, Stopped];

/// Every command with its keys. The order is help's and the hints' order.
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    // A store that does not open, or should not.
    look(Command::TryAgain, "try-again", &[Stopped], &["r"], "try to open the store again", Some("try again")),
    change(Command::AcceptOlder, "accept-older", &[RolledBack], &["a"], "accept this older state; admin", Some("accept it")),
    // What the tabs' own lists and texts can do.
    change(Command::New, "new", &[Tokens, Cashiers], &["n"], "make a new one", Some("new")),
    look(Command::Open, "open", &[Tokens, Activity, Cashiers], &["enter"], "open the selected row", None),
    change(Command::Rotate, "rotate", &[Tokens, Token], &["r"], "replace the token, with an overlap", Some("rotate")),
    change(Command::Invalidate, "invalidate", &[Tokens, Token], &["x"], "revoke or delete the token, or those marked", Some("invalidate")),
    change(Command::ExtendOverlap, "extend-overlap", &[Token, Board], &["e"], "let both tokens of a rotation work for longer", Some("extend")),
    change(Command::CutOver, "cut-over", &[Token, Board], &["F"], "end the overlap at once: only the new token works", Some("cut now")),
    change(Command::UndoRotation, "undo-rotation", &[Board], &["u"], "revoke the new token, and let the old one go on", Some("undo")),
    look(Command::Open, "facts", &[Board], &["enter"], "show all facts of the token", Some("facts")),
    look(Command::Open, "board", &[Token], &["enter"], "show the cutover board, while an overlap runs", None),
    change(Command::AllowAddresses, "allow-addresses", &[Token], &["a"], "change where the token may be used from", None),
    change(Command::EditToken, "edit-token", &[Token], &["m"], "change its name, owner, note or warnings", Some("edit")),
    change(Command::Restore, "restore", &[Tokens, Token], &["u"], "undo a revocation, within 60 minutes", None),
    change(Command::Release, "release", &[Tokens, Token], &["U"], "let tokens work that a restore holds", None),
    change(Command::RotateKey, "rotate-key", &[EncryptionKeys], &["R"], "rotate the key pair", Some("rotate")),
    look(Command::TryOut, "try-out", &[EncryptionKeys], &["t"], "try encryption and decryption", Some("try out")),
    look(Command::TryOut, "try-token", &[Tokens, Token], &["t"], "try a token", None),
    look(Command::Format, "format", &[EncryptionKeys, Guide], &["f"], "show the next format", Some("format")),
    look(Command::Copy, "copy", &[EncryptionKeys, Tokens, Token, Board, Activity, Guide, Stopped], &["c"], "copy what is selected", Some("copy")),
    change(Command::Write, "write", &[EncryptionKeys, Guide], &["w"], "write a file", Some("write")),
    change(Command::ChangeRole, "change-role", &[Cashiers], &["e"], "change the cashier's role", Some("role")),
    change(Command::Disable, "disable", &[Cashiers], &["x"], "disable or enable the cashier", Some("disable")),
    change(Command::ResetPassword, "reset-password", &[Cashiers], &["p"], "let the cashier set a new password", None),
    change(Command::Unlock, "unlock", &[Cashiers], &["u"], "unlock after failed sign-ins", Some("unlock")),
    look(Command::Filter, "filter", &[Tokens, Activity, Cashiers], &["/"], "filter", Some("filter")),
    look(Command::Sort, "sort", &[Tokens, Cashiers], &["s"], "sort by the next column", Some("sort")),
    look(Command::ReverseSort, "reverse-sort", &[Tokens, Cashiers], &["S"], "turn the order around", None),
    look(Command::Mark, "mark", &[Tokens], &["space"], "mark or unmark", None),
    look(Command::MarkRange, "mark-range", &[Tokens], &["v"], "mark from the last mark to here, or all seen", None),
    look(Command::ShowOthers, "show-others", &[Tokens], &["a"], "show all, ended, unused or unacknowledged ones", None),
    // The reveal dialog: copying comes before showing.
    look(Command::CopyToken, "copy-token", &[Reveal], &["c"], "copy the token", Some("copy token")),
    look(Command::CopyVariable, "copy-variable", &[Reveal], &["e"], "copy it as a line of an environment file", Some("env line")),
    look(Command::CopyHeader, "copy-header", &[Reveal], &["h"], "copy it as a header for curl", Some("header")),
    change(Command::Write, "write-token", &[Reveal], &["w"], "write the token to a file", Some("file")),
    look(Command::Show, "show", &[Reveal], &["v"], "show or hide the token", Some("show")),
    change(Command::Discard, "discard", &[Reveal], &["f8"], "discard the token and revoke it", Some("discard")),
    // Fields, dialogs and lines.
    change(Command::Accept, "accept", &[Dialog, Field, Line], &["enter"], "accept", Some("accept")),
    change(Command::Accept, "acknowledge", &[Reveal], &["enter"], "accept what was typed", None),
    look(Command::NextField, "next-field", &[Field], &["tab"], "go to the next field", Some("next")),
    look(Command::NextField, "next-part", &[Dialog, Reveal], &["tab"], "go to the next part", None),
    look(Command::PreviousField, "previous-field", &[Dialog, Field, Reveal], &["shift-tab"], "go to the field before", None),
    look(Command::Complete, "complete", &[Line], &["tab"], "complete what is typed", Some("complete")),
    look(Command::Up, "field-up", &[Field, Line], &["up"], "go to the field or entry before", None),
    look(Command::Down, "field-down", &[Field, Line], &["down"], "go to the field or entry after", None),
    // Moving.
    look(Command::Up, "up", MOVING, &["up", "k"], "move up", None),
    look(Command::Down, "down", MOVING, &["down", "j"], "move down", None),
    look(Command::Left, "left", MOVING, &["left", "h"], "move left", None),
    look(Command::Right, "right", MOVING, &["right", "l"], "move right", None),
    look(Command::PageUp, "page-up", MOVING, &["pgup"], "move a screenful up", None),
    look(Command::PageDown, "page-down", MOVING, &["pgdn"], "move a screenful down", None),
    look(Command::Top, "top", MOVING, &["home", "g"], "go to the first", None),
    look(Command::Bottom, "bottom", MOVING, &["end", "G"], "go to the last", None),
    // Everywhere.
    look(Command::Tab(1), "tab-1", &[Everywhere], &["1"], "show Encryption Keys", None),
    look(Command::Tab(2), "tab-2", &[Everywhere], &["2"], "show API Tokens", None),
    look(Command::Tab(3), "tab-3", &[Everywhere], &["3"], "show Activity", None),
    look(Command::Tab(4), "tab-4", &[Everywhere], &["4"], "show Cashiers", None),
    look(Command::Tab(5), "tab-5", &[Everywhere], &["5"], "show Guide", None),
    look(Command::NextTab, "next-tab", &[Everywhere], &["tab"], "show the next tab", None),
    look(Command::PreviousTab, "previous-tab", &[Everywhere], &["shift-tab"], "show the tab before", None),
    look(Command::SwitchOrganization, "switch-organization", &[Everywhere], &["o"], "switch to another organization", None),
    look(Command::Health, "health", &[Everywhere], &["H"], "show how the store is, and what to do", None),
    look(Command::Help, "help", &[Everywhere, Dialog, Reveal, Stopped, RolledBack], &["?"], "show this help", Some("help")),
    look(Command::SignIn, "sign-in", &[Everywhere], &["i"], "sign in for ten minutes, or out", None),
    look(Command::CommandLine, "command-line", &[Everywhere], &[":"], "type a command", Some("command")),
    look(Command::Back, "leave-field", &[Field, Line], &["esc"], "go one step back", Some("back")),
    look(Command::Back, "back", &[Everywhere, Dialog, Reveal, Stopped, RolledBack], &["esc"], "go one step back", None),
    look(Command::Lock, "lock", &[Everywhere], &["L"], "lock the console", None),
    look(Command::Redraw, "redraw", &[Everywhere, Dialog, Reveal, Field, Line, Stopped, RolledBack], &["ctrl-l"], "draw everything anew", None),
    look(Command::Suspend, "suspend", &[Everywhere, Dialog, Field, Line, Stopped, RolledBack], &["ctrl-z"], "stop, and return to the shell", None),
    look(Command::Quit, "leave", &[Stopped, RolledBack], &["q"], "leave the console", Some("quit")),
    look(Command::Quit, "quit", &[Everywhere], &["q"], "leave the console", None),
    look(Command::Quit, "interrupt", &[Everywhere, Dialog, Reveal, Field, Line, Stopped, RolledBack], &["ctrl-c"], "leave the console, from anywhere", None),
];
