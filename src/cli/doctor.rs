//! `strongroom doctor`: how the store is and what to do about it; and an admin's word that an older state is to be gone on
//! with.

use clap::Args;

use super::context::{Context, unexpected};
use super::failure::{DONE, Failure};
use super::secrets::SignInArguments;
use crate::domain::time::Timestamp;
use crate::service::response::{Health, Level};
use crate::service::{Request, Response};

/// Something is wrong with a store that opens all the same.
const WRONG: u8 = 1;

/// What it is asked.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Go on with an older state of the store, which ends at this commit: what came after it is lost, revocations too;
    /// admin
    #[arg(long, value_name = "COMMIT")]
    accept_older: Option<u64>,
    #[command(flatten)]
    who: SignInArguments,
}

impl Doctor {
    /// Says how the store is: exit code 0 when nothing is wrong, else 1.
    pub fn run(&self, context: &Context<'_>) -> Result<u8, Failure> {
        if let Some(sequence) = self.accept_older {
            return self.accept(context, sequence).map(|()| DONE);
        }
        let health = match context.ask(Request::Health)? {
            Response::Health(health) => health,
            other => return Err(unexpected(&other)),
        };
        if context.output.json {
            context.output.json(&health)?;
        } else {
            context.output.facts(&facts(&health))?;
            for alarm in &health.alarms {
                context.output.note(&format!(
                    "{}: {}\n  {}",
                    level(alarm.level),
                    alarm.message,
                    alarm.hint
                ));
            }
        }
        let is_wrong = health.alarms.iter().any(|alarm| alarm.level == Level::Critical);
        Ok(if is_wrong { WRONG } else { DONE })
    }

    fn accept(&self, context: &Context<'_>, sequence: u64) -> Result<(), Failure> {
        context.confirm(&format!(
            "Give up everything after commit {sequence}, so that tokens revoked since work again?"
        ))?;
        let request = Request::AcceptRollback {
            credentials: context.credentials(&self.who)?,
            sequence,
        };
        match context.ask(request)? {
            Response::Done => context.output.done(&format!(
                "The store goes on from commit {sequence}. Look which tokens have to be revoked anew."
            )),
            other => Err(unexpected(&other)),
        }
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Warning => "warning",
        Level::Critical => "wrong",
    }
}

fn facts(health: &Health) -> Vec<(&'static str, String)> {
    let store = &health.store;
    let moment = |at: Option<Timestamp>| at.map_or_else(|| "not yet".to_owned(), |at| at.to_string());
    let mut facts = vec![
        ("Verified", moment(store.verified_at)),
        ("Commits", store.sequence.to_string()),
        ("Records", store.records.to_string()),
        ("Checkpoint", moment(store.checkpoint_at)),
        ("Anchor", moment(store.anchored_at)),
        (
            "Backup",
            moment(health.recovery.backups.last.as_ref().map(|last| last.at)),
        ),
    ];
    let notices = health.notices.iter();
    facts.extend(notices.map(|notice| ("At opening", notice.message.clone())));
    facts
}
