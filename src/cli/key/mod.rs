//! `strongroom key`: the key pair that clients encrypt to.

mod decrypt;
mod diagnose;

use std::io;

use clap::{Args, Subcommand, ValueEnum};

use super::context::{Context, unexpected};
use super::failure::Failure;
use super::json;
use super::output::write_out;
use super::secrets::{SignInArguments, ask_line, without_newline};
use super::values;
use crate::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use crate::domain::secret::Secret;
use crate::gateway::ask_and_wait;
use crate::service::request::RotateKey;
use crate::service::response::{Impact, KeyGeneration, KeyView};
use crate::service::{Request, Response};
use crate::system::private_file;
use crate::system::prompt::Prompt;

/// What can be done with the key pair.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Show the active pair; with --format or -q the public key alone
    Show {
        /// The public key alone, in this format
        #[arg(long)]
        format: Option<Format>,
    },
    /// Make a new pair; the old one is refused at once; admin
    Rotate(Rotate),
    /// List all generations
    History,
    /// Encrypt standard input as a client would; one newline at its end is left out
    Encrypt {
        /// The hash inside MGF1: Java's default parameters mean sha1, everybody else's sha256
        #[arg(long, default_value = "sha256", value_parser = values::mgf1())]
        mgf1: Mgf1,
    },
    /// Open the Base64 ciphertext on standard input and print its plaintext
    Decrypt(decrypt::Decrypt),
    /// Say what is wrong with a ciphertext or payload and what to change in the sender; operator, or the store's owner
    Diagnose(diagnose::Diagnose),
}

/// A public key's format.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// Base64 of the DER SubjectPublicKeyInfo
    Base64,
    /// PEM
    Pem,
    /// JSON Web Key
    Jwk,
}

/// A new pair for the present one.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The organization's slug, typed out: clients that use the old key fail at once
    #[arg(long, value_name = "SLUG")]
    confirm: Option<String>,
    /// Bits of the new pair
    #[arg(long, value_name = "BITS", default_value = "3072", value_parser = values::key_size())]
    key_size: KeySize,
    #[command(flatten)]
    who: SignInArguments,
}

impl Key {
    /// Whether standard input is what it works on.
    pub(super) const fn reads_input(&self) -> bool {
        match self {
            Self::Encrypt { .. } | Self::Decrypt(_) => true,
            Self::Diagnose(diagnose) => diagnose.reads_input(),
            _ => false,
        }
    }

    /// Does it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Show { format } => show(context, *format),
            Self::Rotate(rotate) => rotate.run(context),
            Self::History => history(context),
            Self::Encrypt { mgf1 } => encrypt(context, *mgf1),
            Self::Decrypt(decrypt) => decrypt.run(context),
            Self::Diagnose(diagnose) => diagnose.run(context),
        }
    }
}

/// What is known of the key pair.
pub(super) fn view(context: &Context<'_>) -> Result<Box<KeyView>, Failure> {
    match context.ask(Request::ShowKey {
        organization: context.organization.clone(),
    })? {
        Response::Key(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}

fn show(context: &Context<'_>, format: Option<Format>) -> Result<(), Failure> {
    let key = view(context)?;
    let format = format.or_else(|| context.output.quiet.then_some(Format::Base64));
    match format {
        _ if context.output.json => context.output.json(&key),
        Some(Format::Base64) => context.output.text(&format!("{}\n", key.base64)),
        Some(Format::Pem) => context.output.text(&key.pem),
        Some(Format::Jwk) => context.output.text(&format!("{}\n", key.jwk)),
        None => context.output.facts(&facts(&key)),
    }
}

fn facts(key: &KeyView) -> Vec<(&'static str, String)> {
    let last = key
        .last_mgf1
        .map_or(String::new(), |mgf1| format!("; {} was seen last", mgf1.label()));
    let mut facts = vec![
        ("organization", key.organization.to_string()),
        ("generation", key.active.generation.to_string()),
        ("size", key.active.size.bits().to_string()),
        ("fingerprint", key.active.fingerprint.to_string()),
        (
            "made",
            format!("{} by {}", key.active.made_at, key.active.made_by),
        ),
        (
            "decryptions",
            format!(
                "{} with MGF1-SHA-256, {} with MGF1-SHA-1{last}",
                key.mgf1_sha256, key.mgf1_sha1
            ),
        ),
    ];
    if key.mgf1_sha1 > 0 {
        let seen = key.last_sha1.map_or(String::new(), |at| format!(", last {at}"));
        let hint = format!("use MGF1-SHA-1, Java's default{seen}: have them set it to SHA-256");
        facts.push(("some clients", hint));
    }
    facts.push(("failed", key.failures.to_string()));
    facts.push(("old key named", key.stale.to_string()));
    facts.extend(key.stale_callers.iter().map(|caller| {
        let (named, times) = (caller.named.short(), caller.count);
        let said = format!("{}, key {named}, {times} times, last {}", caller.who, caller.last);
        ("old client", said)
    }));
    let last = key
        .last_decryption
        .map_or_else(|| "never".into(), |at| at.to_string());
    facts.push(("last used", last));
    facts.push(("public key", key.base64.clone()));
    facts
}

pub(super) fn history(context: &Context<'_>) -> Result<(), Failure> {
    let key = view(context)?;
    if context.output.json {
        return context.output.json(&key.history);
    }
    let rows: Vec<Vec<String>> = key
        .history
        .iter()
        .map(|pair| {
            let replaced = pair
                .replaced
                .as_ref()
                .map_or_else(|| "active".into(), |(at, by)| format!("{at} by {by}"));
            vec![
                pair.generation.to_string(),
                pair.size.bits().to_string(),
                pair.fingerprint.to_string(),
                format!("{} by {}", pair.made_at, pair.made_by),
                replaced,
            ]
        })
        .collect();
    context
        .output
        .table(&["GENERATION", "BITS", "FINGERPRINT", "MADE", "REPLACED"], &rows)
}

impl Rotate {
    fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let organization = context.organization.clone();
        match context.ask(Request::KeyImpact {
            organization: organization.clone(),
        })? {
            Response::Impact(impact) => context.output.note(&what_breaks(&impact)),
            other => return Err(unexpected(&other)),
        }
        let confirmation = match &self.confirm {
            Some(slug) => slug.clone(),
            None => ask_line("the organization's slug, to confirm", "--confirm SLUG")?,
        };
        let credentials = context.credentials(&self.who)?;
        let request = Request::RotateKey(RotateKey {
            organization,
            confirmation,
            size: self.key_size,
            credentials,
        });
        let answer = ask_and_wait(context.gateway, None, request)?;
        let Response::KeyRotated(old, new) = &*answer else {
            return Err(unexpected(&answer));
        };
        note_pending_erasure(context);
        if context.output.json {
            return context.output.json(&json::KeyRotated { old, new });
        }
        let said = |pair: &KeyGeneration| format!("{} (generation {})", pair.fingerprint, pair.generation);
        context.output.facts(&[("old", said(old)), ("new", said(new))])?;
        context
            .output
            .note("The old key is refused from now on. Give clients the new one: strongroom key show -q");
        Ok(())
    }
}

/// The rotation was done; what could not be erased yet is for the operator to know.
fn note_pending_erasure(context: &Context<'_>) {
    // An answer that does not come is no reason to call the rotation failed.
    let Ok(Response::Health(health)) = context.ask(Request::Health) else {
        return;
    };
    for alarm in health
        .alarms
        .iter()
        .filter(|alarm| alarm.kind == "erasure_pending")
    {
        context.output.note(&format!("{}; {}", alarm.message, alarm.hint));
    }
}

/// The blast radius, in a sentence.
pub(super) fn what_breaks(impact: &Impact) -> String {
    let callers: Vec<String> = impact
        .callers
        .iter()
        .map(|caller| format!("{} {}", caller.address, caller.agent))
        .collect();
    let latest = if callers.is_empty() {
        String::new()
    } else {
        format!("; the latest: {}", callers.join(", "))
    };
    format!(
        "{} callers in the last hour, {} uses in the last 30 days{latest}.",
        impact.callers_last_hour, impact.uses_30_days
    )
}

/// Standard input as a secret; typed without echo where it is a terminal.
pub(super) fn input(question: &str) -> Result<Secret, Failure> {
    let hint = "give it on standard input, 64 KiB at most";
    let failed = |error: io::Error| Failure::io(format!("standard input cannot be read: {error}"), hint);
    let typed = if io::IsTerminal::is_terminal(&io::stdin()) {
        Prompt::open()
    } else {
        None
    };
    let secret = match typed {
        Some(terminal) => terminal.secret(question).map_err(failed)?.unwrap_or_default(),
        None => private_file::read_all(io::stdin().lock()).map_err(failed)?,
    };
    Ok(without_newline(&secret))
}

/// A fingerprint that was given, if one was.
fn fingerprint(given: Option<&str>) -> Result<Option<Fingerprint>, Failure> {
    let wrong = || {
        Failure::usage(
            "the fingerprint is not 43 characters of Base64url",
            "see `strongroom key show`",
        )
    };
    given
        .map(|text| Fingerprint::parse(text).ok_or_else(wrong))
        .transpose()
}

fn print_secret(bytes: &[u8]) -> Result<(), Failure> {
    write_out(bytes).map_err(|error| {
        Failure::io(
            format!("standard output cannot be written: {error}"),
            "nothing was changed; try again",
        )
    })
}

fn encrypt(context: &Context<'_>, mgf1: Mgf1) -> Result<(), Failure> {
    let plaintext = input("Plaintext: ")?;
    let request = Request::Encrypt {
        organization: context.organization.clone(),
        plaintext,
        mgf1,
    };
    match context.ask(request)? {
        Response::Encrypted(ciphertext) if context.output.json => context.output.json(&json::Encrypted {
            ciphertext: &ciphertext,
        }),
        Response::Encrypted(ciphertext) => context.output.text(&format!("{ciphertext}\n")),
        other => Err(unexpected(&other)),
    }
}
