//! `strongroom scan`: tokens and private keys that should not be where they are.
//!
//! The store is opened only when something was found: a search that finds nothing needs none, and keeps nobody waiting.
//! Nothing that was found is printed whole.

mod finding;
mod report;

use std::path::PathBuf;

use clap::Args;

use self::finding::{Leak, Standing};
use super::context::{Context, unexpected};
use super::failure::{self, Failure};
use super::key::what_breaks;
use super::secrets::SignInArguments;
use crate::domain::text::{Reason, Slug};
use crate::gateway::StoreState;
use crate::service::request::{Invalidate, Invalidation, TokenRef};
use crate::service::{Code, Error, Request, Response};
use crate::system::prompt::Prompt;
use crate::system::scan::{self, Found, ScanError};

/// Where to look.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Scan {
    /// Files and directories; those that ignore files name are left out, and binaries
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Look through the whole history of the git repositories there too
    #[arg(long)]
    git_history: bool,
    /// Look only at what the next commit would change
    #[arg(long, conflicts_with = "git_history")]
    staged: bool,
    /// Look into files that ignore files name too
    #[arg(long)]
    no_ignore: bool,
    /// Go by form and checksum alone, and ask no store
    #[arg(long, conflicts_with = "revoke_leaked")]
    no_store: bool,
    /// Revoke what works as leaked, for good
    #[arg(long)]
    revoke_leaked: bool,
    /// Do not ask whether it is meant
    #[arg(short, long, requires = "revoke_leaked")]
    yes: bool,
    #[command(flatten)]
    who: SignInArguments,
}

const EXIT_CODES: &str = "Exit codes: 0 nothing was found, 20 something that works or that no store here knows, \
                          21 only what works no more; 1 something could not be read, or another error.";

/// What is written with a revocation.
const REASON: &str = "found by strongroom scan";

impl Scan {
    /// Searches, tells, and revokes what it was told to; the exit code says what was found.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<u8, Failure> {
        let found = self.search()?;
        let mut leaks: Vec<Leak> = found.findings.into_iter().map(Leak::new).collect();
        leaks.sort_by(|one, other| one.place.cmp(&other.place));
        let has_store = !leaks.is_empty() && self.has_store(context)?;
        if has_store {
            finding::identify(context, &mut leaks)?;
        }
        // A key of nobody here is nobody's business here.
        leaks.retain(|leak| leak.standing != Standing::Stranger);
        report::print(context, &leaks, found.searched, &found.unread)?;
        let live = finding::live(&leaks);
        if !live.is_empty() && self.shall_revoke(context, &live)? {
            self.revoke(context, live)?;
        }
        Ok(exit_code(&leaks, !found.unread.is_empty()))
    }

    fn search(&self) -> Result<Found, Failure> {
        let mut found = Found::default();
        if !self.staged {
            found.add(scan::files(&self.paths, self.no_ignore)?);
        }
        for path in &self.paths {
            if self.staged {
                found.add(scan::staged(path)?);
            }
            if self.git_history {
                found.add(scan::history(path)?);
            }
        }
        Ok(found)
    }

    /// Whether there is a store to ask; it is open then.
    fn has_store(&self, context: &Context<'_>) -> Result<bool, Failure> {
        if self.no_store {
            return Ok(false);
        }
        if let StoreState::Absent { data_dir, .. } = context.gateway.state()? {
            if self.revoke_leaked {
                return context.open_store().map(|()| true);
            }
            context.output.note(&format!(
                "There is no store in {}: form and checksum alone were looked at.",
                data_dir.display()
            ));
            return Ok(false);
        }
        context.open_store()?;
        Ok(true)
    }

    /// Whether somebody wants it: the option says so, or a person at the terminal.
    fn shall_revoke(&self, context: &Context<'_>, live: &[(Slug, Vec<TokenRef>)]) -> Result<bool, Failure> {
        let is_person = context.output.is_interactive() && !context.globals.read_only;
        if !self.revoke_leaked && !is_person {
            return Ok(false);
        }
        for (organization, tokens) in live {
            let request = Request::TokenImpact {
                organization: Some(organization.clone()),
                tokens: tokens.clone(),
            };
            match context.ask(request)? {
                Response::Impact(impact) => context.output.note(&what_breaks(&impact)),
                other => return Err(unexpected(&other)),
            }
        }
        let count: usize = live.iter().map(|(_, tokens)| tokens.len()).sum();
        let question = format!(
            "{count} found {} work{}. Revoke as leaked, for good?",
            if count == 1 { "token" } else { "tokens" },
            if count == 1 { "s" } else { "" }
        );
        if self.revoke_leaked {
            if !self.yes {
                context.confirm(&question)?;
            }
            return Ok(true);
        }
        let Some(terminal) = Prompt::open() else {
            return Ok(false);
        };
        let answer = terminal.line(&format!("{question} [y/N] "));
        Ok(matches!(answer, Ok(Some(answer)) if ["y", "yes"].contains(&answer.to_lowercase().as_str())))
    }

    fn revoke(&self, context: &Context<'_>, live: Vec<(Slug, Vec<TokenRef>)>) -> Result<(), Failure> {
        let session = context.sign_in(&self.who)?;
        for (organization, tokens) in live {
            let request = Request::Invalidate(Invalidate {
                organization: Some(organization),
                tokens,
                how: Invalidation::RevokeAsLeaked,
                reason: Some(Reason::parse(REASON)?),
            });
            context.gateway.ask(Some(session), request)?;
        }
        context.output.note("Revoked as leaked, for good.");
        Ok(())
    }
}

fn exit_code(leaks: &[Leak], is_incomplete: bool) -> u8 {
    if leaks.iter().any(|leak| leak.standing.is_dangerous()) {
        failure::LEAK_FOUND
    } else if is_incomplete {
        failure::FAILED
    } else if leaks.is_empty() {
        failure::DONE
    } else {
        failure::DEAD_LEAK_FOUND
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        Error::new(Code::Io, error.message, error.hint).into()
    }
}
