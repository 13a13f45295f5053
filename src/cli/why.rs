//! `strongroom why`: in one line, whether a token or a key works, and if not, since when and because of what.

use clap::Args;
use serde::Serialize;

use super::context::{Context, unexpected};
use super::failure::Failure;
use super::key::input;
use crate::domain::secret::Secret;
use crate::domain::text::escape;
use crate::domain::token::{Status, TokenSecret, format::Malformed};
use crate::service::request::Subject;
use crate::service::response::{Explained, KeyHolder, TokenDetail};
use crate::service::{Request, Response};

/// The longest token has 87 characters; what is longer than this is none.
const LONGEST: usize = 4096;

/// What somebody wonders about.
#[derive(Debug, Args)]
pub struct Why {
    /// A token's id, name, variable or last four characters, or a key's fingerprint or how that begins;
    /// without it a token is read from standard input
    // A fingerprint may begin with a hyphen.
    #[arg(allow_hyphen_values = true)]
    subject: Option<String>,
}

/// What `why --json` prints of each.
#[derive(Serialize)]
struct Shown<'a> {
    works: bool,
    /// The sentence.
    because: String,
    #[serde(flatten)]
    explained: &'a Explained,
}

impl Why {
    /// About what somebody named.
    pub(super) const fn about(subject: String) -> Self {
        Self {
            subject: Some(subject),
        }
    }

    /// Whether a token is to come from standard input.
    pub(super) const fn reads_input(&self) -> bool {
        self.subject.is_none()
    }

    /// Asks and tells.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let subject = self.subject()?;
        let organization = context.organization.clone();
        let explained = match context.ask(Request::Explain {
            organization,
            subject,
        })? {
            Response::Explained(explained) => explained,
            other => return Err(unexpected(&other)),
        };
        if context.output.json {
            let shown = explained.iter().map(|explained| {
                let (works, because) = sentence(explained);
                Shown {
                    works,
                    because,
                    explained,
                }
            });
            return context.output.json(&shown.collect::<Vec<_>>());
        }
        let lines = explained
            .iter()
            .map(|explained| format!("{}\n", escape(&sentence(explained).1)));
        context.output.text(&lines.collect::<String>())
    }

    fn subject(&self) -> Result<Subject, Failure> {
        let Some(text) = &self.subject else {
            let given = input("Token: ")?;
            let presented = Secret::new(given.expose().trim_ascii().to_vec());
            if presented.is_empty() {
                return Err(Failure::usage(
                    "there is no token on standard input",
                    "give one there, or name a token or key as the argument",
                ));
            }
            if presented.len() > LONGEST {
                return Err(Failure::usage(
                    "this has not the form of a token",
                    "give one token on standard input, and nothing else",
                ));
            }
            return Ok(Subject::Presented(presented));
        };
        // It is in the shell's history and in the list of processes now; here it goes no further.
        if !matches!(TokenSecret::parse(text.as_bytes()), Err(Malformed::Shape)) {
            return Err(Failure::usage(
                "a token was given as an argument, where others can read it",
                "give it on standard input, and rotate it if somebody else may have seen it",
            ));
        }
        Ok(Subject::Named(text.clone()))
    }
}

/// Whether it works, and the line that says why or why not.
fn sentence(explained: &Explained) -> (bool, String) {
    match explained {
        Explained::Token(token) => of_token(token),
        Explained::Key(holder) => of_key(holder),
        Explained::Mistyped { like } => {
            let like: Vec<String> = like
                .iter()
                .map(|row| format!("{} ({})", row.name, row.masked))
                .collect();
            let like = if like.is_empty() {
                "no token here ends like it".to_owned()
            } else {
                format!("it ends like {}", like.join(", "))
            };
            let what = "a character of it is wrong or missing: its checksum does not fit";
            (false, format!("does not work: {what}; {like}"))
        }
        Explained::Unknown => (
            false,
            "does not work: it has the form and checksum of a token, and nobody here minted it".into(),
        ),
        Explained::Malformed => (false, "does not work: this has not the form of a token".into()),
    }
}

fn of_token(token: &TokenDetail) -> (bool, String) {
    let row = &token.row;
    let revoked = || match &token.revoked {
        Some(revoked) => {
            let leaked = if revoked.leaked { " as leaked" } else { "" };
            let reason = revoked
                .reason
                .as_ref()
                .map_or_else(String::new, |reason| format!(": {reason}"));
            format!("{} revoked it{leaked} at {}{reason}", revoked.by, revoked.at)
        }
        None => "it was revoked".to_owned(),
    };
    let until = row.ends_at;
    let because = match row.status {
        Status::Active => format!("works until {until}"),
        Status::Expiring => format!("works until {until}, which is soon"),
        Status::Retiring => format!("works until {until}, when its overlap ends: {}", successor(token)),
        Status::Held => {
            "does not work: a backup was restored, and it waits for an admin to release it".to_owned()
        }
        Status::Expired if row.replaced_by.is_some() && row.ends_at < row.expires_at => {
            format!(
                "does not work since {until}: its overlap ended, {}",
                successor(token)
            )
        }
        Status::Expired => format!(
            "does not work since {until}: it was minted at {} for {}, and that is over",
            row.minted_at,
            row.lifetime.label()
        ),
        Status::Revoked => {
            let undo = token
                .restorable_until
                .map_or_else(String::new, |until| format!("; it can be undone until {until}"));
            let since = token
                .revoked
                .as_ref()
                .map_or_else(String::new, |revoked| format!(" since {}", revoked.at));
            format!("does not work{since}: {}{undo}", revoked())
        }
        Status::Deleted => {
            let at = token
                .deleted_at
                .map_or_else(String::new, |at| format!(" at {at}"));
            format!("does not work: it was deleted{at}, {}", revoked())
        }
    };
    let only = if row.status.is_live() && !token.allowed.is_empty() {
        let from: Vec<String> = token.allowed.iter().map(ToString::to_string).collect();
        format!(", and only from {}", from.join(", "))
    } else {
        String::new()
    };
    let who = format!("{} ({}, {})", row.name, row.masked, token.organization);
    (row.status.is_live(), format!("{who} {because}{only}"))
}

fn successor(token: &TokenDetail) -> String {
    let next = |id| token.chain.iter().find(|row| row.id == id);
    match token.row.replaced_by.and_then(next) {
        Some(row) => format!("{} ({}) replaced it", row.name, row.masked),
        None => "another token replaced it".to_owned(),
    }
}

fn of_key(holder: &KeyHolder) -> (bool, String) {
    let key = &holder.key;
    let what = format!(
        "key {} (generation {} of {})",
        key.fingerprint.short(),
        key.generation,
        holder.organization
    );
    match &key.replaced {
        None => (
            true,
            format!("{what} works: it is the active one since {}", key.made_at),
        ),
        Some((at, by)) => (
            false,
            format!("{what} does not work since {at}: {by} rotated the key, and its private half is gone"),
        ),
    }
}
