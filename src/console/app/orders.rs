//! What the shell does by itself: opening dialogs, switching, signing in and out, locking, leaving.

use std::time::Duration;

use super::desk::{Desk, Order};
use super::dialog::{Dialog, DialogId, Fate};
use super::message::{Ask, Asker, Copied, Effect, News, Tag, Work};
use super::model::{Aside, Model, Screen, Stage};
use super::update::{ask_health, ask_overview, refresh, stop, tell};
use crate::console::key::Key;
use crate::console::keymap::{Command, Context};
use crate::console::lock::Lock;
use crate::console::rolled_back::RolledBack;
use crate::console::shared::command_line::{self, CommandLine, Line};
use crate::console::shared::help::Help;
use crate::console::shared::organizations::Organizations;
use crate::console::shared::quit::QuitAnyway;
use crate::console::shared::sign_in::SignIn;
use crate::console::starting::Starting;
use crate::console::unlock::Unlock;
use crate::console::widgets::dialog::Tone;
use crate::console::widgets::toast::Toast;
use crate::console::wizard::Wizard;
use crate::console::{activity, cashiers, guide, health, keys, tokens, when};
use crate::domain::cashier::Role;
use crate::domain::text::{Slug, escape};
use crate::service::request::Request;
use crate::service::response::{Health, Overview, SignedIn};
use crate::service::{Code, Error, Response};

/// Does what a screen or dialog ordered.
pub(super) fn carry_out(model: &mut Model, orders: Vec<Order>, effects: &mut Vec<Effect>) {
    for order in orders {
        match order {
            Order::Open(dialog) => open(model, dialog, effects),
            Order::Note(note) => model.note = Some(note),
            Order::Show(screen) => show(model, screen, effects),
            Order::Switch(slug) => switch(model, slug, effects),
            Order::Refresh => refresh(model, effects),
            Order::Tokens(done) => model.tokens.take_done(done),
            Order::SignedIn(signed_in) => signed_in_as(model, signed_in),
            Order::Press(key, command) => press(model, key, command, effects),
            Order::Resume { signed_in } => resume(model, signed_in, effects),
            Order::Quit => effects.push(Effect::Quit),
            Order::Run(text) => run(model, &text, effects),
            Order::Accepted(sequence) => {
                let text = format!("goes on from commit {sequence}; look what has to be revoked anew");
                note(model, Tone::Warn, text);
                model.greeted = true;
                model.stage = Stage::Starting(Starting::new(model.facts.at.monotonic));
                ask_overview(model, effects);
            }
            Order::Onboarded(admin) => {
                if !model.fixed_email {
                    model.facts.email = Some(admin);
                }
                model.stage = Stage::Starting(Starting::new(model.facts.at.monotonic));
                model.screen = Screen::Keys;
                ask_overview(model, effects);
            }
        }
    }
}

fn open(model: &mut Model, dialog: Box<dyn Dialog>, effects: &mut Vec<Effect>) {
    let id = push(model, dialog);
    tell(model, Asker::Dialog(id), News::Opened, effects);
}

/// Puts a dialog of the shell's own on the stack, which needs to ask nothing.
fn push(model: &mut Model, dialog: Box<dyn Dialog>) -> DialogId {
    let id = DialogId(model.next_dialog);
    model.next_dialog += 1;
    model.dialogs.push((id, dialog));
    id
}

pub(super) fn note(model: &mut Model, tone: Tone, text: impl Into<String>) {
    model.note = Some(Toast::new(text, tone, model.facts.at.monotonic));
}

/// How long a copied secret stays on the clipboard, where it can be taken off again (console.md).
const CLIPBOARD: Duration = Duration::from_secs(45);

/// Says how copying went, and remembers to clear a secret.
pub(super) fn take_copied(model: &mut Model, copied: Copied, effects: &mut Vec<Effect>) {
    effects.extend(copied.emit.map(Effect::Emit));
    match copied.said {
        Ok(how) => {
            // What is copied next takes a secret's place, and may stay.
            let due = model.facts.at.monotonic + CLIPBOARD;
            model.clear_clipboard = copied.secret.then_some(due);
            note(model, Tone::Good, how);
        }
        Err(error) => note(model, Tone::Danger, error.to_string()),
    }
}

/// Shows a screen; what is on it is asked anew.
pub(super) fn show(model: &mut Model, screen: Screen, effects: &mut Vec<Effect>) {
    // What a note says belongs to the screen that it was said on.
    if model.screen != screen {
        model.note = None;
    }
    model.screen = screen;
    if matches!(model.stage, Stage::Open) {
        tell(model, Asker::Screen(screen), News::Refresh, effects);
    }
}

/// Shows another organization.
fn switch(model: &mut Model, slug: Slug, effects: &mut Vec<Effect>) {
    if !model.facts.organizations.iter().any(|row| row.slug == slug) {
        return note(model, Tone::Warn, format!("there is no organization {slug}"));
    }
    model.facts.current = Some(slug);
    empty_screens(model);
    show(model, model.screen, effects);
}

fn empty_screens(model: &mut Model) {
    model.keys = keys::Model::default();
    model.tokens = tokens::Model::default();
    model.activity = activity::Model::default();
    model.cashiers = cashiers::Model::default();
    model.guide = guide::Model::default();
}

/// A request came back because nobody has signed in, or not for long enough: asks for the cashier.
pub(super) fn sign_in_for(model: &mut Model, ask: Ask, effects: &mut Vec<Effect>) {
    if model.lock.is_some() {
        return tell(
            model,
            ask.to,
            News::Answer(ask.tag, Err(not_signed_in())),
            effects,
        );
    }
    model.facts.session = None;
    model.pending.push(ask);
    if model.pending.len() == 1 {
        let dialog = SignIn::for_change(model.facts.email.as_ref());
        push(model, Box::new(dialog));
    }
}

/// Whether a key that needs `needed` may be given to the screen. Says why not, or asks for the cashier first where a
/// form would only do so at its end.
pub(super) fn may_press(model: &mut Model, needed: Role, key: Key, command: Command) -> bool {
    if let Some(why) = model.facts.refusal(needed) {
        note(model, Tone::Warn, why);
        return false;
    }
    let asks_itself = model.context() != Context::Cashiers;
    if asks_itself || model.facts.session.is_some() {
        return true;
    }
    let dialog = SignIn::before(model.facts.email.as_ref(), needed, key, command);
    push(model, Box::new(dialog));
    false
}

/// Gives a key to the screen after the sign-in that it needed.
fn press(model: &mut Model, key: Key, command: Command, effects: &mut Vec<Effect>) {
    let allowed = command
        .needs(model.context())
        .is_none_or(|needed| may_press(model, needed, key, command));
    if allowed {
        tell(
            model,
            Asker::Screen(model.screen),
            News::Key(key, Some(command)),
            effects,
        );
    }
}

fn not_signed_in() -> Error {
    Error::new(
        Code::SignInRequired,
        "nobody signed in, so nothing was changed",
        "repeat it and give a cashier's e-mail and password",
    )
}

fn signed_in_as(model: &mut Model, signed_in: SignedIn) {
    if !model.fixed_email {
        model.facts.email = Some(signed_in.email.clone());
    }
    model.facts.session = Some(signed_in);
}

/// Asks what waited for the sign-in, or tells those who asked that nobody signed in.
fn resume(model: &mut Model, signed_in: bool, effects: &mut Vec<Effect>) {
    for mut ask in std::mem::take(&mut model.pending) {
        if signed_in {
            ask.session = model.facts.session.as_ref().map(|signed_in| signed_in.session);
            effects.push(Effect::Work(Work::Ask(ask)));
        } else {
            tell(
                model,
                ask.to,
                News::Answer(ask.tag, Err(not_signed_in())),
                effects,
            );
        }
    }
}

pub(super) fn sign_in_or_out(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.facts.session.is_some() {
        sign_out(model, effects);
        note(model, Tone::Good, "signed out".to_owned());
    } else {
        let dialog = SignIn::new(model.facts.email.as_ref());
        push(model, Box::new(dialog));
    }
}

fn sign_out(model: &mut Model, effects: &mut Vec<Effect>) {
    if let Some(signed_in) = model.facts.session.take() {
        effects.push(Effect::Work(Work::Ask(Ask {
            to: Asker::Shell,
            tag: Tag::SignOut,
            session: Some(signed_in.session),
            request: Request::SignOut,
        })));
    }
}

/// Leaves; asks first only where the one copy of something would be lost.
pub(super) fn quit(model: &mut Model, effects: &mut Vec<Effect>) {
    let reveals = model.dialogs.iter().any(|(_, dialog)| dialog.is_reveal());
    if !reveals || model.lock.is_some() {
        effects.push(Effect::Quit);
    } else if !model
        .dialogs
        .last()
        .is_some_and(|(_, dialog)| dialog.asks_to_quit())
    {
        push(model, Box::new(QuitAnyway::default()));
    }
}

pub(super) fn help(model: &mut Model) {
    if model.lock.is_none() {
        let help = Help::new(model.context());
        push(model, Box::new(help));
    }
}

/// How the store is; what its opening mended is told once.
pub(super) fn take_health(model: &mut Model, health: Box<Health>) {
    let first = model.facts.health.is_none();
    if let Some(notice) = health::notable(&health).next().filter(|_| first) {
        note(model, Tone::Warn, escape(&notice.message).into_owned());
    }
    model.facts.health = Some(health);
}

pub(super) fn health(model: &mut Model, effects: &mut Vec<Effect>) {
    open(model, Box::new(health::Dialog::default()), effects);
}

/// Opens the dialog that accepts an older state.
pub(super) fn accept_rollback(model: &mut Model, effects: &mut Vec<Effect>) {
    if let Stage::RolledBack(screen) = &model.stage {
        let order = screen.accept(&model.facts);
        carry_out(model, vec![order], effects);
    }
}

pub(super) fn command_line(model: &mut Model) {
    push(model, Box::new(CommandLine::default()));
}

pub(super) fn organizations(model: &mut Model) {
    if model.facts.organizations.len() > 1 {
        let dialog = Organizations::new(&model.facts);
        push(model, Box::new(dialog));
    }
}

/// Locks: signs out, forgets what the screens hold, closes what lies over them but for a reveal, which is hidden and
/// seen again only by the cashier it is for.
pub(super) fn lock(model: &mut Model, effects: &mut Vec<Effect>) {
    sign_out(model, effects);
    model.pending.clear();
    model.dialogs.retain(|(_, dialog)| dialog.is_reveal());
    model.note = None;
    model.ended.clear();
    empty_screens(model);
    let revealed = model
        .dialogs
        .iter()
        .find_map(|(_, dialog)| dialog.reveals_to())
        .cloned();
    model.lock = Some(Lock::new(model.facts.email.as_ref(), revealed));
}

/// Gives input to the lock.
pub(super) fn tell_lock(model: &mut Model, news: News, effects: &mut Vec<Effect>) {
    let Some(lock) = &mut model.lock else { return };
    let mut wishes = Vec::new();
    let mut desk = Desk {
        facts: &model.facts,
        asker: Asker::Shell,
        effects,
        orders: &mut wishes,
    };
    let fate = lock.update(news, &mut desk);
    if fate == Fate::Close {
        model.lock = None;
    }
    carry_out(model, wishes, effects);
    if fate == Fate::Close {
        refresh(model, effects);
    }
}

/// Answers to what the shell asked.
pub(super) fn take_shell_answer(
    model: &mut Model,
    tag: Tag,
    result: Result<Response, Error>,
    effects: &mut Vec<Effect>,
) {
    match (tag, &mut model.stage) {
        (Tag::SignIn, _) => tell_lock(model, News::Answer(tag, result), effects),
        (Tag::Newest, Stage::RolledBack(screen)) => screen.answered(result),
        _ => {}
    }
}

/// What is there: from the first one on, the tabs are open.
pub(super) fn take_overview(model: &mut Model, result: Result<Response, Error>, effects: &mut Vec<Effect>) {
    let overview = match result {
        Ok(Response::Overview(overview)) => overview,
        Ok(_) => return,
        Err(error) if error.code == Code::Sealed && !matches!(model.stage, Stage::Starting(_)) => {
            return seal(model, &error);
        }
        Err(error) if matches!(model.stage, Stage::Open) => {
            return note(model, Tone::Warn, error.to_string());
        }
        Err(error) if error.code == Code::NotOnboarded => {
            model.stage = Stage::Absent(Box::new(Wizard::without_seal()));
            return;
        }
        Err(error) => return stop(model, error),
    };
    if let Some(rollback) = overview.rollback {
        if !matches!(model.stage, Stage::RolledBack(_)) {
            let (screen, ask) = RolledBack::new(rollback);
            model.stage = Stage::RolledBack(Box::new(screen));
            effects.push(ask);
        }
        return;
    }
    if overview.organizations.is_empty() {
        if !matches!(model.stage, Stage::Absent(_)) {
            model.stage = Stage::Absent(Box::new(Wizard::without_seal()));
        }
        return;
    }
    model.facts.role = overview.role;
    take_organizations(model, overview);
    if !matches!(model.stage, Stage::Open) {
        model.stage = Stage::Open;
        model.last_input = model.facts.at.monotonic;
        ask_health(effects);
        show(model, model.screen, effects);
        unseal(model, effects);
    }
}

/// The daemon was started again and its store is sealed: what was under way waits below the form for the passphrase.
fn seal(model: &mut Model, error: &Error) {
    if let Stage::Sealed(unlock) = &mut model.stage {
        if unlock.is_waiting() {
            unlock.refused(error);
        }
        return;
    }
    model.stage = Stage::Sealed(Unlock::default());
    model.aside.dialogs.append(&mut model.dialogs);
    model.aside.lock = model.lock.take();
}

fn unseal(model: &mut Model, effects: &mut Vec<Effect>) {
    let Aside {
        dialogs,
        lock: was_locked,
        is_idle,
    } = std::mem::take(&mut model.aside);
    model.dialogs.splice(0..0, dialogs);
    model.lock = was_locked;
    if is_idle && model.lock.is_none() {
        lock(model, effects);
    }
}

fn take_organizations(model: &mut Model, overview: Overview) {
    model.facts.organizations = overview.organizations;
    if model.facts.organization().is_none() {
        if let Some(asked) = model.facts.current.take() {
            note(model, Tone::Warn, format!("there is no organization {asked}"));
        }
        model.facts.current = model.facts.organizations.first().map(|row| row.slug.clone());
    }
    if model.greeted {
        return;
    }
    model.greeted = true;
    if let Some(welcome) = model.welcome.take() {
        return note(model, Tone::Plain, welcome);
    }
    // Names the nearest end where one is near, so that nobody learns of it from an outage.
    let Some(row) = model.facts.organization() else {
        return;
    };
    if row.tokens.expiring + row.tokens.retiring > 0
        && let Some((name, ends_at)) = &row.nearest
    {
        let text = format!(
            "{} ends {}",
            escape(name.as_str()),
            when::relative(*ends_at, model.facts.now())
        );
        note(model, Tone::Warn, text);
    }
}

/// Obeys a line of the command line.
fn run(model: &mut Model, text: &str, effects: &mut Vec<Effect>) {
    match command_line::parse(text) {
        Ok(Line::Show(screen, filter)) => {
            show(model, screen, effects);
            match screen {
                Screen::Cashiers => {
                    with_desk(model, screen, effects, |m, desk| m.cashiers.filter(&filter, desk))
                }
                Screen::Tokens => with_desk(model, screen, effects, |m, desk| m.tokens.filter(&filter, desk)),
                Screen::Activity => {
                    with_desk(model, screen, effects, |m, desk| m.activity.filter(&filter, desk))
                }
                Screen::Guide => model.guide.open(&filter),
                Screen::Keys => {}
            }
        }
        Ok(Line::Organization(slug)) => switch(model, slug, effects),
        Ok(Line::Token(command, name)) => {
            show(model, Screen::Tokens, effects);
            with_desk(model, Screen::Tokens, effects, |m, desk| {
                m.tokens.command(command, &name, desk)
            });
        }
        Ok(Line::SignIn) if model.facts.session.is_some() => {}
        Ok(Line::SignIn) => sign_in_or_out(model, effects),
        Ok(Line::SignOut) => sign_out(model, effects),
        Ok(Line::Health) => health(model, effects),
        Ok(Line::Webhooks) => open(model, Box::new(health::Webhooks::default()), effects),
        Ok(Line::Lock) => lock(model, effects),
        Ok(Line::Help) => help(model),
        Ok(Line::Quit) => quit(model, effects),
        Err(problem) => note(model, Tone::Warn, problem),
    }
}

/// The screens' models while the facts are lent out.
struct Screens<'a> {
    tokens: &'a mut tokens::Model,
    activity: &'a mut activity::Model,
    cashiers: &'a mut cashiers::Model,
}

fn with_desk(
    model: &mut Model,
    screen: Screen,
    effects: &mut Vec<Effect>,
    act: impl FnOnce(Screens<'_>, &mut Desk<'_>),
) {
    let mut wishes = Vec::new();
    let mut desk = Desk {
        facts: &model.facts,
        asker: Asker::Screen(screen),
        effects,
        orders: &mut wishes,
    };
    let screens = Screens {
        tokens: &mut model.tokens,
        activity: &mut model.activity,
        cashiers: &mut model.cashiers,
    };
    act(screens, &mut desk);
    carry_out(model, wishes, effects);
}
