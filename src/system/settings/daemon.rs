//! What `strongroom serve` takes from the configuration.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use nix::unistd::User;
use toml::Value;

use super::layers::Merged;
use super::value::{self, Problem, SettingsError};

/// Where the public listener is when nobody says.
const PORT: u16 = 7143;
const MAX_CONNECTIONS: u16 = 4096;
pub(super) const LOGS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
const RIGHTS: [&str; 3] = ["verify", "decrypt", "command"];

/// How a daemon is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSettings {
    /// The public listener's addresses.
    pub listen: Vec<SocketAddr>,
    /// The certificate's chain, PEM; with a key the public listener speaks TLS.
    pub tls_certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub tls_key: Option<PathBuf>,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Connections at a time.
    pub max_connections: usize,
    /// Threads that answer; `None` for one a core.
    pub workers: Option<usize>,
    /// How the log is written.
    pub log: LogFormat,
    /// The uids that have each right on the private listener: `verify`, `decrypt`, `command`.
    pub rights: BTreeMap<&'static str, Vec<u32>>,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people, and for the journal.
    Text,
    /// A JSON object a line.
    Json,
}

impl DaemonSettings {
    pub(super) fn read(merged: &Merged) -> Result<Self, SettingsError> {
        let texts = |key, read: fn(&str) -> Result<SocketAddr, String>| merged.read(key, value::each(read));
        Ok(Self {
            listen: texts("listen", |text| {
                text.parse()
                    .map_err(|_| format!("{text} is no address with a port, such as 127.0.0.1:{PORT}"))
            })?
            .unwrap_or_else(|| vec![(Ipv4Addr::LOCALHOST, PORT).into()]),
            tls_certificate: merged.read("tls_certificate", value::absolute_path)?,
            tls_key: merged.read("tls_key", value::absolute_path)?,
            trusted_proxies: merged
                .read("trusted_proxies", value::each(range))?
                .unwrap_or_default(),
            max_connections: merged
                .read("max_connections", value::number(1..=i64::from(u16::MAX)))?
                .unwrap_or(MAX_CONNECTIONS)
                .into(),
            workers: merged.read("workers", value::number(1..=256))?.map(usize::from),
            log: merged
                .read("log", value::one_of(LOGS))?
                .unwrap_or(LogFormat::Text),
            rights: merged.read("rights", rights)?.unwrap_or_default(),
        })
    }
}

/// A range of addresses, or one address.
fn range(text: &str) -> Result<IpNet, String> {
    let one = || text.parse().ok().map(|address: IpAddr| IpNet::from(address));
    text.parse()
        .ok()
        .or_else(one)
        .ok_or_else(|| format!("{text} is no address or range, such as 10.0.0.0/8"))
}

/// Who has each right: names of accounts, or their numbers.
fn rights(value: &Value) -> Result<BTreeMap<&'static str, Vec<u32>>, Problem> {
    let form = || {
        Problem::Value("must be a table of rights and accounts, such as { verify = [\"www-data\"] }".into())
    };
    let mut rights = BTreeMap::new();
    for (name, accounts) in value.as_table().ok_or_else(form)? {
        let right = RIGHTS.into_iter().find(|right| right == name);
        let right = right.ok_or_else(|| {
            Problem::Value(format!("names `{name}`, which is none of {}", RIGHTS.join(", ")))
        })?;
        let accounts = accounts.as_array().ok_or_else(form)?;
        let uids: Result<Vec<u32>, Problem> = accounts.iter().map(uid).collect();
        rights.insert(right, uids?);
    }
    Ok(rights)
}

fn uid(account: &Value) -> Result<u32, Problem> {
    let fault =
        |account: &dyn Display| Problem::Value(format!("names {account}, and there is no such account"));
    match account {
        Value::Integer(uid) => u32::try_from(*uid).map_err(|_| fault(uid)),
        Value::String(name) => match User::from_name(name) {
            Ok(Some(user)) => Ok(user.uid.as_raw()),
            Ok(None) | Err(_) => Err(fault(name)),
        },
        _ => Err(fault(&"something that is neither a name nor a number")),
    }
}
