//! `strongroom doctor`: what is wrong with a store, also one that does not open, and what can be mended without a loss; and an
//! admin's word that an older state is to be gone on with.

use clap::Args;

use super::context::{Context, unexpected};
use super::failure::{DONE, Failure};
use super::secrets::SignInArguments;
use crate::gateway::Seal;
use crate::service::{Request, Response};

/// The store is damaged.
const DAMAGED: u8 = 5;

/// What it is asked.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Mend what can be mended without a loss
    #[arg(long)]
    repair: bool,
    /// Go on with an older state of the store, which ends at this commit: what came after it is lost, revocations too;
    /// admin
    #[arg(long, value_name = "COMMIT", conflicts_with = "repair")]
    accept_older: Option<u64>,
    #[command(flatten)]
    who: SignInArguments,
}

impl Doctor {
    /// Looks at every part of the store: exit code 5 where something has to be done.
    pub fn run(&self, context: &Context<'_>) -> Result<u8, Failure> {
        if let Some(sequence) = self.accept_older {
            context.open_store()?;
            return self.accept(context, sequence).map(|()| DONE);
        }
        let passphrase = match context.gateway.seal() {
            Ok(status) if matches!(status.sealed_by, Seal::Passphrase { .. }) => {
                Some(context.passphrase(false).read()?)
            }
            _ => None,
        };
        let report = context.gateway.examine(passphrase.as_ref(), self.repair)?;
        if context.output.json {
            context.output.json(&report)?;
        } else {
            let rows: Vec<Vec<String>> = report
                .parts
                .iter()
                .map(|line| {
                    vec![
                        line.state.word().to_owned(),
                        line.part.to_owned(),
                        line.message.clone(),
                        line.advice.clone(),
                    ]
                })
                .collect();
            context
                .output
                .table(&["STATE", "PART", "WHAT WAS FOUND", "WHAT TO DO"], &rows)?;
        }
        Ok(if report.healthy { DONE } else { DAMAGED })
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
