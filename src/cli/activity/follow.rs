//! `strongroom activity follow`: new entries as they come, until a signal or until nobody reads any more.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use clap::Args;

use super::{cells, pages};
use crate::cli::context::{Context, unexpected};
use crate::cli::failure::Failure;
use crate::cli::output::to_json;
use crate::domain::audit::AuditEntry;
use crate::service::{Request, Response};
use crate::system::signals;

/// How often it is looked whether somebody still reads.
const LOOK: Duration = Duration::from_secs(1);

/// What to follow.
#[derive(Debug, Args)]
pub(crate) struct Follow {
    /// Those that contain it
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// How many earlier ones to begin with
    #[arg(long, value_name = "N", default_value = "10")]
    lines: usize,
}

/// Why it looks up.
enum Wake {
    /// Something was changed.
    Changed,
    /// A signal asks it to end, or there is nothing to follow any more.
    End,
}

impl Follow {
    /// Does it.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let (sender, wakes) = channel();
        let ended = sender.clone();
        signals::watch_ends(move || drop(ended.send(Wake::End))).map_err(|error| {
            Failure::io(
                format!("signals cannot be heard: {error}"),
                "list the entries instead",
            )
        })?;
        hear_changes(context, sender);
        let mut last = self.begin(context)?;
        loop {
            let seen = pages(context, &self.filter, last, &mut |entries| {
                print(context, &entries)
            })?;
            match seen {
                Some(head) => last = head,
                None => return Ok(()),
            }
            loop {
                match wakes.recv_timeout(LOOK) {
                    Ok(Wake::Changed) => break,
                    Err(RecvTimeoutError::Timeout) if !signals::is_unread(std::io::stdout()) => {}
                    Ok(Wake::End) | Err(_) => return Ok(()),
                }
            }
        }
    }

    /// Prints the last entries there are, and tells where to go on.
    fn begin(&self, context: &Context<'_>) -> Result<u64, Failure> {
        let request = Request::ListActivity {
            filter: self.filter.clone(),
            before: None,
            limit: self.lines,
        };
        match context.ask(request)? {
            Response::Activity(mut page) => {
                page.entries.reverse();
                print(context, &page.entries)?;
                Ok(page.head)
            }
            other => Err(unexpected(&other)),
        }
    }
}

fn hear_changes(context: &Context<'_>, sender: Sender<Wake>) {
    let events = context.gateway.subscribe();
    // Ends with the service, or when nobody listens any more.
    thread::spawn(move || {
        for _ in events {
            if sender.send(Wake::Changed).is_err() {
                return;
            }
        }
        let _ = sender.send(Wake::End);
    });
}

/// Whether somebody still reads.
fn print(context: &Context<'_>, entries: &[AuditEntry]) -> Result<bool, Failure> {
    let output = &context.output;
    let line = |entry| {
        if output.json {
            to_json(entry)
        } else {
            Ok(output.line(&cells(entry)))
        }
    };
    let text: String = entries.iter().map(line).collect::<Result<_, _>>()?;
    output.stream(&text)
}
