//! `strongroom key diagnose`: what is wrong with a ciphertext or payload, and what to change in the sender.
//!
//! Exit code 0 says that the diagnosis was made, whatever came out.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use clap::Args;

use super::print_secret;
use crate::cli::context::{Context, unexpected};
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::output::to_json;
use crate::cli::secrets::SignInArguments;
use crate::domain::ciphertext::{Verdict, Writing};
use crate::domain::secret::Secret;
use crate::domain::text::escape;
use crate::service::response::{Diagnosis, Finding};
use crate::service::{Code, Request, Response};
use crate::system::private_file;

/// What is to be looked at.
#[derive(Debug, Args)]
pub struct Diagnose {
    /// File with the ciphertext or the JSON payload; standard input when left out
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Fingerprint of the key that the client says it encrypted to
    #[arg(long, value_name = "FINGERPRINT", allow_hyphen_values = true)]
    key: Option<String>,
    /// Also print what it opens to
    #[arg(long)]
    show_plaintext: bool,
    #[command(flatten)]
    who: SignInArguments,
}

impl Diagnose {
    /// Whether it works on standard input.
    pub(super) const fn reads_input(&self) -> bool {
        self.path.is_none()
    }

    /// Asks the store's owner nothing, and anybody else for an operator's password.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let request = Request::Diagnose {
            organization: context.organization.clone(),
            key: super::fingerprint(self.key.as_deref())?,
            pasted: self.pasted()?,
            show_plaintext: self.show_plaintext,
        };
        let answer = match context.ask(request.clone()) {
            Err(failure) if failure.error.code == Code::SignInRequired => {
                context.ask_as(&self.who, request)?
            }
            answer => answer?,
        };
        let Response::Diagnosed(diagnosis) = answer else {
            return Err(unexpected(&answer));
        };
        if context.output.json {
            return print_json(diagnosis);
        }
        for (place, finding) in diagnosis.findings.iter().enumerate() {
            if place > 0 && context.output.is_terminal {
                context.output.text("\n")?;
            }
            context.output.facts(&facts(&diagnosis, finding))?;
            if let Some(plaintext) = &finding.plaintext {
                let lossy =
                    Secret::from_text(escape(&String::from_utf8_lossy(plaintext.expose())).into_owned());
                let text = lossy.expose_text().unwrap_or_default();
                print_secret(context.output.lines(&[("plaintext", text)]).as_bytes())?;
            }
        }
        Ok(())
    }

    fn pasted(&self) -> Result<Secret, Failure> {
        let (read, what) = match &self.path {
            Some(path) => (
                File::open(path).and_then(private_file::read_all),
                path.display().to_string(),
            ),
            None => (
                private_file::read_all(io::stdin().lock()),
                "standard input".to_owned(),
            ),
        };
        read.map_err(|error| Failure::io(format!("{what} cannot be read: {error}"), "40 KiB is the most"))
    }
}

fn facts(diagnosis: &Diagnosis, finding: &Finding) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if !finding.path.is_empty() {
        facts.push(("field", finding.path.clone()));
    }
    facts.push(("diagnosis", finding.said.clone()));
    facts.push(("decrypts", decrypts(finding).to_owned()));
    if !finding.writings.is_empty() {
        let labels: Vec<_> = finding
            .writings
            .iter()
            .map(|writing| Writing::label(*writing))
            .collect();
        facts.push(("written", labels.join(", ")));
    }
    if let Some(bytes) = finding.bytes {
        facts.push(("bytes", bytes.to_string()));
        let fits: Vec<_> = finding.fits.iter().map(u32::to_string).collect();
        let fits = if fits.is_empty() {
            "none".into()
        } else {
            fits.join(", ")
        };
        facts.push((
            "fits generation",
            format!("{fits} by size; tried {}", diagnosis.generation),
        ));
    }
    if let Some(text) = finding.text {
        facts.push(("text", text.label().to_owned()));
    }
    for advice in &finding.advice {
        facts.push(("change", advice.change.clone()));
        let code = advice.code.iter();
        facts.extend(code.map(|sample| ("", format!("{}: {}", sample.sender, sample.line))));
    }
    facts
}

/// Whether a service's request for decryption is answered.
const fn decrypts(finding: &Finding) -> &'static str {
    match finding.verdict {
        Verdict::Accepted => "yes, as it is",
        _ => "no",
    }
}

fn print_json(mut diagnosis: Diagnosis) -> Result<(), Failure> {
    let plaintexts: Vec<_> = diagnosis
        .findings
        .iter_mut()
        .map(|finding| finding.plaintext.take())
        .collect();
    let findings = diagnosis.findings.iter().zip(&plaintexts);
    let shape = json::Diagnosis {
        generation: diagnosis.generation,
        size: diagnosis.size,
        fingerprint: diagnosis.fingerprint,
        findings: findings
            .map(|(finding, plaintext)| {
                let text = plaintext.as_ref().and_then(Secret::expose_text);
                json::Finding {
                    finding,
                    plaintext: text,
                    plaintext_bytes: plaintext.as_ref().filter(|_| text.is_none()).map(Secret::expose),
                }
            })
            .collect(),
    };
    print_secret(Secret::from_text(to_json(&shape)?).expose())
}
