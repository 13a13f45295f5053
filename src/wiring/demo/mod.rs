//! Makes the demo and shows it: a store that a year passed in, the program itself as its daemon, callers, the console.
//!
//! Everything is in one directory, which is removed at the end, by whatever road it comes; only a process that is killed
//! leaves it behind (its daemon ends nevertheless). Nothing is read from the user's configuration.

mod daemon;
mod place;
mod traffic;

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};

use chrono::TimeDelta;

use self::daemon::Daemon;
use self::place::Place;
use self::traffic::Traffic;
use super::environment::Environment;
use super::local_store::LocalStore;
use super::{console, door};
use crate::cli::demo::Demo;
use crate::cli::failure::{DONE, Failure};
use crate::cli::{Globals, Link, Output};
use crate::crypto::{Argon2Passwords, Cost};
use crate::demo::year::{Lived, beginning, live};
use crate::demo::{EMAIL, HashedOnce, PASSWORD, WoundClock};
use crate::domain::secret::Secret;
use crate::gateway::in_process::Opener as _;
use crate::gateway::{Gateway, SealChoice};
use crate::service::ports::Clock as _;
use crate::service::request::Show;
use crate::service::{Actor, Code, Error};
use crate::system::identity::Identity;
use crate::system::settings::{Arguments, Inputs, Settings};
use crate::system::signals::watch_ends;
use crate::system::{OsEntropy, SystemClock};

/// The year ends so long before the visitor comes: signing in and waiting took its time, and no clock is ahead.
const BEFORE: TimeDelta = TimeDelta::minutes(20);

/// Makes it, shows it, removes it; the process' exit code.
pub(super) fn run(arguments: &Demo, globals: &Globals, environment: Environment) -> Result<u8, Failure> {
    if environment.is_forced {
        return Err(Error::new(
            Code::Forbidden,
            "a forced command starts no programs, and the demo does",
            "run it in a shell of your own",
        )
        .into());
    }
    arguments.refuse_places(globals)?;
    let output = Output::new(globals.json, globals.quiet);
    let is_shown = !arguments.serve;
    if is_shown && !output.is_interactive() {
        return Err(Failure::usage(
            "the demo opens the console, and this is no terminal",
            "run it on one; or with --serve, and look at it from another terminal",
        ));
    }
    // From here on a signal is an orderly end.
    let (ending, ended) = ends()?;
    let place = Place::make(arguments.keep.as_deref())?;
    if std::io::stderr().is_terminal() {
        output.note("a year passes, which takes some seconds …");
    }
    let lived = lived(&place, &ending)?;
    let daemon = Daemon::start(&place)?;
    let traffic = Traffic::start(lived, daemon.address, place.socket())?;
    let (email, password) = (EMAIL, PASSWORD);
    output.note(&format!("you are {email}, the password is: {password}"));
    output.note(&format!("verify is at http://{}/v1/verify", daemon.address));
    output.note(&format!("look at it from elsewhere: {}", place.command()));
    let exit = if is_shown {
        show(&place, globals, environment)
    } else {
        // An end, or that nobody can say so any more.
        let _ = ended.recv();
        Ok(DONE)
    };
    // First who calls, then who answers, then what they had.
    drop(traffic);
    drop(daemon);
    if place.is_kept() {
        output.note(&format!("it is kept; to open it: {}", place.command()));
    }
    drop(place);
    exit
}

/// Whether a signal asked for the end, and when.
fn ends() -> Result<(Arc<AtomicBool>, Receiver<()>), Failure> {
    let ending = Arc::new(AtomicBool::new(false));
    let (tell, ended) = channel();
    let heard = Arc::clone(&ending);
    watch_ends(move || {
        heard.store(true, Ordering::SeqCst);
        let _ = tell.send(());
    })
    .map_err(|error| Failure::io(format!("signals cannot be heard: {error}"), "try again"))?;
    Ok((ending, ended))
}

/// The store, and what the callers have of it.
fn lived(place: &Place, ending: &AtomicBool) -> Result<Lived, Error> {
    let now = SystemClock.now().minus(BEFORE);
    let clock = Arc::new(WoundClock::at(beginning(now)));
    let argon2 = Argon2Passwords::new(Cost::STANDARD, Arc::new(OsEntropy));
    let passwords = HashedOnce::new(Arc::new(argon2), Secret::from_text(PASSWORD.into()));
    let identity = Identity::of_process(None);
    let account = Actor {
        os_user: identity.user.clone(),
        uid: identity.uid,
        ..Actor::default()
    };
    let opener = LocalStore::new(
        place.data_dir(),
        place.state_dir(),
        place.key_file(),
        None,
        identity.user,
    )
    .living_by(Arc::clone(&clock) as _, Arc::new(passwords));
    place.make_backups()?;
    let service = opener.create(SealChoice::KeyFile(place.key_file()))?;
    let lived = live(&service, &clock, now, (&account, &place.backups()), &|| {
        !ending.load(Ordering::SeqCst)
    });
    service.close()?;
    lived
}

/// The console over the daemon, until it is left.
fn show(place: &Place, globals: &Globals, environment: Environment) -> Result<u8, Failure> {
    let inputs = Inputs {
        // Colours and glyphs are the terminal's, and no store can be named by them.
        variable: &|name| match name {
            "STRONGROOM_THEME" | "STRONGROOM_ASCII" => environment.variable(name),
            "HOME" => place.path().to_str().map(str::to_owned),
            _ => None,
        },
        arguments: Arguments {
            config: Some(place.configuration()),
            ascii: globals.ascii,
            ..Arguments::default()
        },
    };
    let settings = Settings::load(&inputs)
        .map_err(|error| Error::new(Code::Invalid, error.to_string(), error.hint()))?;
    let identity = Identity::of_process(None);
    let actor = Actor {
        os_user: identity.user,
        uid: identity.uid,
        owns_store: true,
        read_only: globals.read_only,
        ..Actor::default()
    };
    let Some(socket) = door::daemon(&settings, &actor) else {
        return Err(Failure::io("the demo's daemon is gone", "start it again"));
    };
    let gateway: Arc<dyn Gateway> = Arc::new(socket);
    let welcome = format!("Welcome to the demo. You are {EMAIL}, the password is: {PASSWORD}");
    let link = Link::Tokens(Show::Live, String::new());
    console::run(gateway, &settings, &actor, Some(link), environment, Some(welcome))
}
