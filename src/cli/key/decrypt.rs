//! `strongroom key decrypt`: one ciphertext, or the encrypted fields of a whole payload.
//!
//! The plaintext goes to standard output and nowhere else.

use std::io;

use clap::Args;

use super::print_secret;
use crate::cli::context::{Context, unexpected};
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::output::to_json;
use crate::domain::key_pair::Fingerprint;
use crate::domain::secret::Secret;
use crate::domain::text::escape;
use crate::service::{Request, Response};
use crate::system::private_file;

/// What is to be opened.
#[derive(Debug, Args)]
pub struct Decrypt {
    /// Fingerprint of the key that the client encrypted to
    // Base64url: one in 64 begins with a hyphen.
    #[arg(long, value_name = "FINGERPRINT", allow_hyphen_values = true)]
    key: Option<String>,
    /// Standard input is a JSON payload: print it with its encrypted fields opened
    #[arg(long)]
    payload: bool,
}

impl Decrypt {
    /// Opens it.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let key = super::fingerprint(self.key.as_deref())?;
        let input = private_file::read_all(io::stdin().lock()).map_err(|error| {
            Failure::io(
                format!("standard input cannot be read: {error}"),
                "64 KiB is the most",
            )
        })?;
        if self.payload {
            payload(context, input, key)
        } else {
            ciphertext(context, &input, key)
        }
    }
}

fn ciphertext(context: &Context<'_>, input: &Secret, key: Option<Fingerprint>) -> Result<(), Failure> {
    let request = Request::Decrypt {
        organization: context.organization.clone(),
        ciphertext: input.expose_text().unwrap_or_default().trim().to_owned(),
        key,
    };
    let decrypted = match context.ask(request)? {
        Response::Decrypted(decrypted) => decrypted,
        other => return Err(unexpected(&other)),
    };
    let text = decrypted.plaintext.expose_text();
    if context.output.json {
        let bytes = text.is_none().then(|| decrypted.plaintext.expose());
        let shape = json::Decrypted {
            plaintext: text,
            plaintext_bytes: bytes,
            mgf1: decrypted.mgf1,
            generation: decrypted.generation,
        };
        return print_secret(Secret::from_text(to_json(&shape)?).expose());
    }
    if !context.output.is_terminal {
        return print_secret(decrypted.plaintext.expose());
    }
    let lossy = String::from_utf8_lossy(decrypted.plaintext.expose());
    print_secret(Secret::from_text(format!("{}\n", escape(&lossy))).expose())
}

/// The payload is JSON already, with `--json` too.
fn payload(context: &Context<'_>, payload: Secret, key: Option<Fingerprint>) -> Result<(), Failure> {
    let request = Request::OpenPayload {
        organization: context.organization.clone(),
        payload,
        key,
    };
    let opened = match context.ask(request)? {
        Response::PayloadOpened(opened) => opened,
        other => return Err(unexpected(&other)),
    };
    if context.output.is_terminal {
        let text = opened.payload.expose_text().unwrap_or_default();
        print_secret(on_a_terminal(text).expose())?;
    } else {
        print_secret(opened.payload.expose())?;
    }
    for field in &opened.opened {
        let note = format!(
            "{}: opened by generation {}, {}",
            field.path,
            opened.generation,
            field.mgf1.label()
        );
        context.output.note(&note);
    }
    Ok(())
}

/// Lines stay lines, and nothing in them drives the terminal.
fn on_a_terminal(text: &str) -> Secret {
    let room = text.lines().map(|line| escape(line).len() + 1).sum();
    let mut harmless = String::with_capacity(room);
    for line in text.lines() {
        harmless.push_str(&escape(line));
        harmless.push('\n');
    }
    Secret::from_text(harmless)
}
