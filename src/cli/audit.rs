//! `strongroom audit verify`: whether the audit log is what was written; the exit code says it too.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::context::{Context, unexpected};
use super::failure::{ALTERED, DONE, Failure, TRUNCATED, UNANCHORED};
use crate::domain::audit::chain::Verdict;
use crate::service::response::AuditReport;
use crate::service::{Request, Response};

/// A checkpoint file has some 1.3 MB at most; a daemon takes 4 MiB, with what JSON adds.
const LONGEST: u64 = 2 * 1024 * 1024;

/// What can be proven.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Verify the audit log: exit 0 if it is intact, 10 altered, 11 truncated, 12 no signed checkpoint to compare it with
    ///
    /// Needs no network and changes nothing. The store signs a checkpoint of its log every 1,000 entries or minute, into
    /// the file audit-… of the state directory; keep copies of it on another machine.
    Verify {
        /// A copy of the checkpoint file, or lines of it, that was kept elsewhere
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
}

impl Audit {
    /// Does it; the exit code is what was found.
    pub fn run(&self, context: &Context<'_>) -> Result<u8, Failure> {
        let Self::Verify { from } = self;
        let from = from.as_deref().map(read).transpose()?;
        let report = match context.ask(Request::VerifyAudit { from })? {
            Response::AuditVerified(report) => report,
            other => return Err(unexpected(&other)),
        };
        let (exit, word, next) = match report.verdict {
            Verdict::Intact { .. } => (DONE, "intact", ""),
            Verdict::Unanchored { .. } => (
                UNANCHORED,
                "unanchored",
                "compare it with a copy of the checkpoint file: --from FILE",
            ),
            Verdict::Altered(_) => (
                ALTERED,
                "altered",
                "keep a copy of data and state directory, and find out who could write there",
            ),
            Verdict::Truncated { .. } => (
                TRUNCATED,
                "truncated",
                "keep a copy of data and state directory; was an old copy of the store put back?",
            ),
        };
        let output = &context.output;
        if output.json {
            output.json(&report)?;
        } else if output.quiet {
            output.text(&format!("{word}\n"))?;
        } else {
            output.facts(&facts(word, &report))?;
            if !next.is_empty() {
                output.note(next);
            }
        }
        Ok(exit)
    }
}

fn facts(word: &str, report: &AuditReport) -> Vec<(&'static str, String)> {
    let found = match report.verdict {
        Verdict::Intact { to, .. } => match report.newest_checkpoint.filter(|newest| *newest < to) {
            Some(newest) => format!(
                "every entry up to {to} is what was written; those after {newest} are newer than any signed checkpoint"
            ),
            None => format!("every entry up to {to} is what was written"),
        },
        Verdict::Unanchored { to, .. } => format!(
            "the entries up to {to} fit together, and no signed checkpoint says that they are what was written"
        ),
        Verdict::Altered(altered) => altered.to_string(),
        Verdict::Truncated { to, was } => format!("it ends with entry {to}, and there was an entry {was}"),
    };
    let mut facts = vec![
        ("Log", word.to_owned()),
        ("Found", found),
        ("Checkpoints", report.checkpoints.to_string()),
        ("Store", report.store.clone()),
        ("Public key", report.public_key.clone()),
    ];
    if report.rejected_lines > 0 {
        let rejected = format!("{} lines, which this store did not sign", report.rejected_lines);
        facts.insert(3, ("Left out", rejected));
    }
    if report.earlier_lines > 0 {
        let earlier = format!(
            "{} checkpoints under a keyring that was replaced: whoever had it may have signed them",
            report.earlier_lines
        );
        facts.insert(3, ("Earlier", earlier));
    }
    facts
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    let failed = |what: String| {
        Failure::io(
            format!("{} {what}", path.display()),
            "name a copy of the checkpoint file",
        )
    };
    read.map_err(|error| failed(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > LONGEST {
        return Err(failed("is longer than any checkpoint file".into()));
    }
    // What is no text is no checkpoint either, and is counted as such.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
