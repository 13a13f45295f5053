//! `strongroom verify`: whether the token on standard input is good; a good one counts as used by the asking account.

use super::context::{Context, unexpected};
use super::failure::{AUTHENTICATION, DONE, Failure};
use super::json::Verified;
use super::key::input;
use crate::domain::secret::Secret;
use crate::domain::text::Slug;
use crate::domain::token::Refusal;
use crate::service::response::{TokenRow, Tried};
use crate::service::{Request, Response};

/// The longest token has 87 characters; what is longer than this is none.
const LONGEST: usize = 4096;

/// Exit code 0 if it is good, else 4; the reason goes to standard error, or into the JSON.
pub(super) fn run(context: &Context<'_>) -> Result<u8, Failure> {
    let given = input("Token: ")?;
    let presented = Secret::new(given.expose().trim_ascii().to_vec());
    if presented.is_empty() {
        return refuse(context, "missing", "there is no token on standard input", None);
    }
    if presented.len() > LONGEST {
        return refuse(context, "invalid", "this has not the form of a token", None);
    }
    match context.ask(Request::Verify { presented })? {
        Response::Tried(Tried::Good(row, slug)) => accept(context, &row, &slug),
        Response::Tried(Tried::Refused(refusal, row, slug)) => {
            let (reason, message) = match refusal {
                Refusal::Expired if row.replaced_by.is_some() && row.ends_at < row.expires_at => (
                    "expired",
                    format!(
                        "{} was replaced, and its overlap ended at {}",
                        row.name, row.ends_at
                    ),
                ),
                Refusal::Expired => ("expired", format!("{} ended at {}", row.name, row.ends_at)),
                Refusal::Revoked if row.leaked => ("revoked", format!("{} was revoked as leaked", row.name)),
                Refusal::Revoked => ("revoked", format!("{} was revoked", row.name)),
                Refusal::Held => (
                    "held",
                    format!(
                        "a backup was restored, and {} waits for an admin to release it",
                        row.name
                    ),
                ),
            };
            refuse(context, reason, &message, Some((&row, &slug)))
        }
        Response::Tried(Tried::Forbidden(row, slug)) => {
            let message = format!("{} works from some addresses only, and none was given", row.name);
            refuse(context, "forbidden", &message, Some((&row, &slug)))
        }
        Response::Tried(Tried::Unknown) => refuse(context, "invalid", "nobody here minted this token", None),
        Response::Tried(Tried::Mistyped) => refuse(
            context,
            "invalid",
            "a character of it is wrong: its checksum does not fit",
            None,
        ),
        Response::Tried(Tried::Malformed) => {
            refuse(context, "invalid", "this has not the form of a token", None)
        }
        other => Err(unexpected(&other)),
    }
}

fn accept(context: &Context<'_>, row: &TokenRow, slug: &Slug) -> Result<u8, Failure> {
    if context.output.json {
        context.output.json(&Verified {
            good: true,
            reason: None,
            message: None,
            organization: Some(slug),
            details: Some(row),
        })?;
    } else if !context.output.quiet {
        let status = row.status.word().to_owned();
        context.output.table(
            &["STATUS", "NAME", "ORGANIZATION", "SERVICE", "ENV", "ENDS"],
            &[vec![
                status,
                row.name.to_string(),
                slug.to_string(),
                row.service.to_string(),
                row.environment.to_string(),
                row.ends_at.to_string(),
            ]],
        )?;
    }
    Ok(DONE)
}

fn refuse(
    context: &Context<'_>,
    reason: &str,
    message: &str,
    known: Option<(&TokenRow, &Slug)>,
) -> Result<u8, Failure> {
    if context.output.json {
        context.output.json(&Verified {
            good: false,
            reason: Some(reason),
            message: Some(message),
            organization: known.map(|(_, slug)| slug),
            details: known.map(|(row, _)| row),
        })?;
    } else {
        context.output.note(&format!("{reason}: {message}"));
    }
    Ok(AUTHENTICATION)
}
