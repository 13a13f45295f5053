//! Who is told what happens: `[webhooks.NAME]` in the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::Uri;
use toml::{Table, Value};

use super::value::{self, Problem};

const FORM: &str = "must be tables, such as [webhooks.ops] with url = \"https://…\" and secret_file = \"/etc/strongroom/ops.secret\"";
const KEYS: [&str; 5] = ["url", "secret_file", "events", "allow_private", "retries"];
/// What an endpoint can be told of.
pub const EVENTS: [&str; 7] = [
    "token.expiring",
    "token.expired",
    "token.dormant",
    "token.revoked",
    "rotation.started",
    "rotation.finished",
    "key.rotated",
];
const LONGEST_NAME: usize = 32;
/// Attempts after the first.
const MOST_RETRIES: usize = 32;
const LONGEST_WAIT: i64 = 7 * 86_400;

/// Somebody who is told what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where: `https`, or `http` where private addresses are allowed.
    pub url: Uri,
    /// The file with the secret that notices are signed with.
    pub secret_file: PathBuf,
    /// Which events; `None` for all.
    pub events: Option<Vec<String>>,
    /// Whether it may be on this host or a private network.
    pub allow_private: bool,
    /// Seconds before each further attempt; `None` for the usual ones.
    pub retries: Option<Vec<u32>>,
}

pub(super) fn webhooks(value: &Value) -> Result<BTreeMap<String, WebhookSettings>, Problem> {
    let form = || Problem::Value(FORM.into());
    let mut all = BTreeMap::new();
    for (name, value) in value.as_table().ok_or_else(form)? {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_plain) {
            return Err(Problem::Value(
                "has a name that is not of small letters, digits and `-`, at most 32".into(),
            ));
        }
        let table = value.as_table().ok_or_else(form)?;
        let read = webhook(table).map_err(|fault| match fault {
            Problem::Value(rule) => Problem::Value(format!("has an endpoint `{name}` that {rule}")),
            other => other,
        })?;
        all.insert(name.clone(), read);
    }
    Ok(all)
}

fn webhook(table: &Table) -> Result<WebhookSettings, Problem> {
    let fault = |rule: &str| Problem::Value(rule.to_owned());
    if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let keys = KEYS.join(", ");
        return Err(Problem::Value(format!(
            "has `{unknown}`, which is none of {keys}"
        )));
    }
    let allow_private = table
        .get("allow_private")
        .map(value::flag)
        .transpose()?
        .unwrap_or(false);
    let url = table
        .get("url")
        .and_then(Value::as_str)
        .ok_or_else(|| fault("has no url"))?;
    let url: Uri = url.parse().map_err(|_| fault("has a url that is none"))?;
    let has_account = url
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'));
    match url.scheme_str() {
        _ if url.host().is_none_or(str::is_empty) => return Err(fault("has a url without a host")),
        _ if has_account => {
            return Err(fault(
                "has an account in its url: the signature is what proves us",
            ));
        }
        Some("https") => {}
        Some("http") if allow_private => {}
        _ => {
            return Err(fault(
                "has a url without https; http is for private addresses, with allow_private = true",
            ));
        }
    }
    let secret_file = table
        .get("secret_file")
        .ok_or_else(|| fault("has no secret_file"))?;
    let event = |text: &str| match EVENTS.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "there is no event {text}; there are {}",
            EVENTS.join(", ")
        )),
    };
    Ok(WebhookSettings {
        url,
        secret_file: value::absolute_path(secret_file)?,
        events: table.get("events").map(value::each(event)).transpose()?,
        allow_private,
        retries: table.get("retries").map(retries).transpose()?,
    })
}

fn retries(value: &Value) -> Result<Vec<u32>, Problem> {
    let fault =
        || Problem::Value("has retries that are not up to 32 numbers of seconds, at most a week each".into());
    let values = value.as_array().filter(|values| values.len() <= MOST_RETRIES);
    let second = |value: &Value| {
        let seconds = value
            .as_integer()
            .filter(|seconds| (0..=LONGEST_WAIT).contains(seconds));
        seconds
            .and_then(|seconds| u32::try_from(seconds).ok())
            .ok_or_else(fault)
    };
    values.ok_or_else(fault)?.iter().map(second).collect()
}
