//! Makes endpoints of the configuration, and does what `strongroom webhook` asks for.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::Output;
use crate::cli::failure::{DONE, Failure};
use crate::cli::webhook::Webhook;
use crate::daemon::webhook::{Endpoint, test};
use crate::gateway::Gateway;
use crate::notice::schedule::RETRIES;
use crate::notice::signature::SigningSecret;
use crate::service::{Code, Error};
use crate::system::outbox::Outbox;
use crate::system::private_file;
use crate::system::settings::Settings;

/// The exit code when a test did not arrive.
const NOT_DELIVERED: u8 = 1;

/// The endpoints, with their secrets.
pub(super) fn endpoints(settings: &Settings) -> Result<Vec<Endpoint>, Error> {
    let endpoint = |(name, webhook): (&String, &crate::system::settings::WebhookSettings)| {
        let file = &webhook.secret_file;
        let parse = |text| {
            SigningSecret::parse(&text).map_err(|why| format!("{} cannot be used: {why}", file.display()))
        };
        let secret = private_file::read(file).and_then(parse).map_err(|why| {
            Error::new(
                Code::Invalid,
                format!("the secret of the webhook `{name}` is not to be had: {why}"),
                "mend the file, or name another one in the configuration",
            )
        })?;
        Ok(Endpoint {
            name: name.clone(),
            url: webhook.url.clone(),
            secret,
            events: webhook.events.clone(),
            allow_private: webhook.allow_private,
            retries: webhook.retries.clone().unwrap_or_else(|| RETRIES.to_vec()),
        })
    };
    settings.webhooks.iter().map(endpoint).collect()
}

/// The outbox of the store that is there.
pub(super) fn outbox(settings: &Settings, gateway: &dyn Gateway) -> Result<Outbox, Error> {
    Ok(Outbox::of_webhooks(&settings.state_dir, &gateway.seal()?.store))
}

#[derive(Serialize)]
struct Row {
    name: String,
    /// Without its path, which may be a secret of the receiver's.
    place: String,
    events: Vec<String>,
    waiting: usize,
    gone: bool,
}

#[derive(Serialize)]
struct Tested {
    name: String,
    delivered: bool,
    result: String,
}

/// Does what was asked for; the exit code.
pub(super) fn run(
    webhook: &Webhook,
    settings: &Settings,
    gateway: &dyn Gateway,
    output: &Output,
) -> Result<u8, Failure> {
    let outbox = outbox(settings, gateway)?;
    match webhook {
        Webhook::List => list(&endpoints(settings)?, &outbox, output)?,
        Webhook::Log => log(&outbox, output)?,
        Webhook::Test { name } => {
            let mut endpoints = endpoints(settings)?;
            endpoints.retain(|endpoint| name.as_ref().is_none_or(|name| *name == endpoint.name));
            return tests(&endpoints, &outbox, output);
        }
    }
    Ok(DONE)
}

fn list(endpoints: &[Endpoint], outbox: &Outbox, output: &Output) -> Result<(), Failure> {
    let mut waiting: BTreeMap<String, usize> = BTreeMap::new();
    for message in outbox.messages().map_err(unreadable)? {
        *waiting.entry(message.receiver).or_default() += 1;
    }
    let mut rows = Vec::new();
    for endpoint in endpoints {
        let url = &endpoint.url;
        let scheme = url.scheme_str().unwrap_or_default();
        rows.push(Row {
            name: endpoint.name.clone(),
            place: format!(
                "{scheme}://{}",
                url.authority().map_or("", |place| place.as_str())
            ),
            events: endpoint.events.clone().unwrap_or_else(|| vec!["all".into()]),
            waiting: waiting.get(&endpoint.name).copied().unwrap_or_default(),
            gone: endpoint.is_gone(outbox).map_err(unreadable)?,
        });
    }
    if output.json {
        return output.json(&rows);
    }
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            let state = if row.gone { "gone" } else { "told" };
            vec![
                row.name,
                state.into(),
                row.waiting.to_string(),
                row.place,
                row.events.join(" "),
            ]
        })
        .collect();
    output.table(&["NAME", "STATE", "WAITING", "WHERE", "EVENTS"], &rows)
}

fn log(outbox: &Outbox, output: &Output) -> Result<(), Failure> {
    let attempts = outbox.attempts().map_err(unreadable)?;
    if output.json {
        return output.json(&attempts);
    }
    let rows: Vec<Vec<String>> = attempts
        .into_iter()
        .map(|attempt| {
            let number = attempt.attempt.to_string();
            vec![
                attempt.at.to_string(),
                attempt.receiver,
                attempt.kind,
                attempt.id,
                number,
                attempt.result,
            ]
        })
        .collect();
    output.table(&["AT", "ENDPOINT", "EVENT", "ID", "ATTEMPT", "RESULT"], &rows)
}

fn tests(endpoints: &[Endpoint], outbox: &Outbox, output: &Output) -> Result<u8, Failure> {
    if endpoints.is_empty() {
        return Err(Error::new(
            Code::NotFound,
            "the configuration has no such webhook",
            "`strongroom webhook list` shows those it has; the README says how to add one",
        )
        .into());
    }
    let mut tested = Vec::new();
    for endpoint in endpoints {
        let answer = test(endpoint).map_err(unreadable)?;
        if answer.is_delivered() {
            endpoint.set_gone(outbox, false).map_err(unreadable)?;
        }
        tested.push(Tested {
            name: endpoint.name.clone(),
            delivered: answer.is_delivered(),
            result: answer.to_string(),
        });
    }
    let all = tested.iter().all(|tested| tested.delivered);
    if output.json {
        output.json(&tested)?;
    } else {
        let word = |delivered| if delivered { "delivered" } else { "not delivered" };
        let rows: Vec<Vec<String>> = tested
            .into_iter()
            .map(|tested| vec![tested.name, word(tested.delivered).into(), tested.result])
            .collect();
        output.table(&["NAME", "TEST", "RESULT"], &rows)?;
    }
    Ok(if all { DONE } else { NOT_DELIVERED })
}

fn unreadable(error: std::io::Error) -> Failure {
    Error::new(
        Code::Io,
        format!("the outbox of webhooks cannot be used: {error}"),
        "look at the state directory, and be the user that the daemon runs as",
    )
    .into()
}

#[cfg(test)]
mod tests {
    use crate::notice::Kind;
    use crate::system::settings::EVENTS;

    #[test]
    fn each_event_that_the_configuration_takes_is_one_that_is_told() {
        for event in EVENTS {
            let kind: Kind = serde_json::from_value(event.into()).unwrap();
            assert_eq!(kind.word(), event);
        }
    }
}
