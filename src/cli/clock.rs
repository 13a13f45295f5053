//! `strongroom clock`: whether the wall clock is believed, and an admin's word that it is right.

use clap::Subcommand;

use super::context::{Context, unexpected};
use super::failure::Failure;
use super::secrets::SignInArguments;
use crate::service::response::ClockView;
use crate::service::{Request, Response};

/// What can be done about the clock.
#[derive(Debug, Subcommand)]
pub enum Clock {
    /// Show the wall clock, and the time that can be trusted
    Status,
    /// Believe the wall clock after it jumped: what has expired by it is expired for good; admin
    Confirm {
        #[command(flatten)]
        who: SignInArguments,
    },
}

impl Clock {
    /// Does it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let clock = clock(context)?;
        match self {
            Self::Status => status(context, &clock),
            Self::Confirm { who } => confirm(context, &clock, who),
        }
    }
}

fn clock(context: &Context<'_>) -> Result<ClockView, Failure> {
    match context.ask(Request::Health)? {
        Response::Health(health) => Ok(health.clock),
        other => Err(unexpected(&other)),
    }
}

fn status(context: &Context<'_>, clock: &ClockView) -> Result<(), Failure> {
    if context.output.json {
        return context.output.json(clock);
    }
    let state = match clock.jump {
        None => "believed".to_owned(),
        Some(jump) => format!(
            "not believed: it jumped to {} when {} was expected",
            jump.wall, jump.expected
        ),
    };
    let mut facts = vec![
        ("Wall clock", clock.wall.to_string()),
        ("Trusted time", clock.trusted.to_string()),
        ("State", state),
    ];
    if clock.would_expire > 0 {
        facts.push(("Would expire if confirmed", clock.would_expire.to_string()));
    }
    context.output.facts(&facts)
}

fn confirm(context: &Context<'_>, clock: &ClockView, who: &SignInArguments) -> Result<(), Failure> {
    if clock.jump.is_some() {
        context.confirm(&format!(
            "It is {} now, not {}: {} tokens that work would have expired, for good?",
            clock.wall, clock.trusted, clock.would_expire
        ))?;
    }
    let request = Request::ConfirmClock {
        credentials: context.credentials(who)?,
        wall: clock.wall,
    };
    match context.ask(request)? {
        Response::Done => context
            .output
            .done(&format!("The wall clock is believed: {}", clock.wall)),
        other => Err(unexpected(&other)),
    }
}
