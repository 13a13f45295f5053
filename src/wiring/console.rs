//! Starts the console over a gateway.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ratatui::Frame;

use super::environment::Environment;
use crate::cli::Link;
use crate::cli::failure::Failure;
use crate::console::app::{self, Effect, Message, Model, Performer, Screen, Setup, Work};
use crate::console::keymap::Keymap;
use crate::console::runtime::{App, Ended, Event, Failure as Broken, Moment, Runtime, Settings as Manner};
use crate::console::theme::{Look, Palette, Theme};
use crate::domain::time::Timestamp;
use crate::gateway::Gateway;
use crate::service::ports::Clock as _;
use crate::service::{Actor, Code, Error};
use crate::system::SystemClock;
use crate::system::clipboard::{Clipboard, Surroundings, Way};
use crate::system::settings::{Clipboard as Allowed, Settings, Source, Theme as Wanted};

/// The model, its look, and what it wants done before anything happened.
struct Console {
    model: Model,
    theme: Theme,
    first: Vec<Effect>,
}

impl App for Console {
    type Message = Message;
    type Work = Work;

    fn update(&mut self, at: Moment, event: Event<Message>) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.first);
        effects.extend(app::update(&mut self.model, at, event));
        effects
    }

    fn view(&self, frame: &mut Frame<'_>) {
        app::view(&self.model, &self.theme, frame);
    }
}

/// Runs it until it is left; the process' exit code.
pub(super) fn run(
    gateway: Arc<dyn Gateway>,
    settings: &Settings,
    actor: &Actor,
    link: Option<Link>,
    environment: Environment,
    welcome: Option<String>,
) -> Result<u8, Failure> {
    let at = Moment {
        now: SystemClock.now(),
        monotonic: SystemClock.monotonic(),
    };
    let minutes = u64::from(settings.idle_lock_minutes);
    let (mut model, first) = Model::new(Setup {
        at,
        size: (80, 24),
        keymap: keymap(settings)?,
        screen: link.as_ref().map(screen),
        organization: settings.org.clone(),
        email: actor.fixed_email.clone(),
        read_only: actor.read_only,
        utc_offset: utc_offset(at.now),
        data_dir: settings.data_dir.clone(),
        program: program(settings),
        home: environment.variable("HOME").map(PathBuf::from),
        directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        idle: Some(if minutes == 0 {
            Duration::MAX
        } else {
            Duration::from_secs(60 * minutes)
        }),
    });
    model.welcome = welcome;
    match link {
        Some(Link::Tokens(show, text)) => model.tokens.begin_with(show, text),
        Some(Link::Activity(text)) => model.activity.begin_with(&text),
        Some(Link::Cashiers(text)) => model.cashiers.begin_with(&text),
        Some(Link::Keys | Link::Guide) | None => {}
    }
    let mut console = Console {
        model,
        theme: Theme::new(look(settings, environment)),
        first,
    };
    let runtime = Runtime::default();
    let events = gateway.subscribe();
    let outbox = runtime.outbox();
    std::thread::spawn(move || {
        // Ends with the console, or with the service.
        for event in events {
            if !outbox.send(Message::Event(event)) {
                return;
            }
        }
    });
    let clipboard = Clipboard::new(
        match way(settings) {
            // The desktop of this machine is nobody's who comes by a forced command.
            Way::Native if environment.is_forced => Way::Osc52,
            way => way,
        },
        Surroundings::from_environment(|name| environment.raw(name)),
    );
    let performer = Performer::new(gateway, clipboard, !environment.is_forced);
    let perform = move |work, _: &_| performer.perform(work);
    let manner = Manner {
        mouse: settings.mouse,
        suspend: !environment.is_forced,
    };
    match runtime.run(&mut console, perform, &SystemClock, manner) {
        Ok(Ended::Quit | Ended::TerminalLost) => Ok(0),
        // As a shell says it of a program that a signal ended.
        Ok(Ended::Signal(number)) => Ok(u8::try_from(128 + number).unwrap_or(1)),
        Err(Broken::Terminal(error)) => Err(Failure::io(
            format!("the console has no terminal: {error}"),
            "run it on one, or see --help for the commands",
        )),
        Err(broken @ Broken::Panic(_)) => {
            Err(Error::new(Code::Internal, broken.to_string(), "start it again").into())
        }
    }
}

/// The tab that a link leads to.
const fn screen(link: &Link) -> Screen {
    match link {
        Link::Keys => Screen::Keys,
        Link::Tokens(..) => Screen::Tokens,
        Link::Activity(_) => Screen::Activity,
        Link::Cashiers(_) => Screen::Cashiers,
        Link::Guide => Screen::Guide,
    }
}

/// How a command for the same store begins: a place that was given as an argument has to be given again.
fn program(settings: &Settings) -> String {
    match settings.sources.get("data_dir") {
        Some(Source::Argument(argument)) => {
            format!("strongroom {argument} {}", settings.data_dir.display())
        }
        _ => "strongroom".to_owned(),
    }
}

fn keymap(settings: &Settings) -> Result<Keymap, Failure> {
    Keymap::configured(&settings.keys).map_err(|errors| {
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let place = settings
            .sources
            .get("keys")
            .map(ToString::to_string)
            .unwrap_or_default();
        Failure::usage(
            format!("the setting `keys` ({place}): {}", said.join("; ")),
            "correct it there",
        )
    })
}

const fn way(settings: &Settings) -> Way {
    match settings.clipboard {
        Allowed::Auto => Way::Auto,
        Allowed::Osc52 => Way::Osc52,
        Allowed::Native => Way::Native,
        Allowed::None => Way::None,
    }
}

fn look(settings: &Settings, environment: Environment) -> Look {
    let found = Look::from_environment(|name| environment.variable(name));
    Look {
        palette: match settings.theme {
            Wanted::Auto => found.palette,
            Wanted::Dark => Palette::Dark,
            Wanted::Light => Palette::Light,
            Wanted::None => Palette::Plain,
        },
        ascii: settings.ascii.unwrap_or(found.ascii),
        ..found
    }
}

/// What the local clock is ahead of UTC at an instant, in seconds.
fn utc_offset(at: Timestamp) -> i32 {
    at.utc().with_timezone(&chrono::Local).offset().local_minus_utc()
}
