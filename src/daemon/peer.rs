//! Who asks: a network address, or a process of this host whose account the kernel vouches for.
//!
//! What a peer says of itself can only take rights away (`X-Strongroom-As`, `X-Strongroom-Read-Only`), or is logged as said
//! by that account. `X-Forwarded-For` counts from configured proxies only: the last address in it that is no proxy.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::metrics::Counts;
use super::options::{Options, Right, Rights};
use super::state::State;
use crate::domain::id::RequestId;
use crate::domain::text::Email;
use crate::gateway::private::{ADDRESS, FIXED_EMAIL, READ_ONLY, REQUEST_ID, SESSION};
use crate::service::exposed::Exposed as _;
use crate::service::request::SessionId;
use crate::service::{Actor, Code, Error, Origin};

/// Whom proxies ask for, the last one's word last.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a request says of whom it is asked for, wherever its head was read.
pub(super) trait Said {
    /// What proxies wrote, the last one's word last.
    fn forwarded_for(&self) -> impl Iterator<Item = &[u8]>;
    /// The client program; nothing where it does not say.
    fn agent(&self) -> &[u8];
}

impl Said for HeaderMap {
    fn forwarded_for(&self) -> impl Iterator<Item = &[u8]> {
        self.get_all(FORWARDED_FOR).iter().map(HeaderValue::as_bytes)
    }

    fn agent(&self) -> &[u8] {
        self.get(USER_AGENT).map_or(b"", HeaderValue::as_bytes)
    }
}

/// One connection: whose it is, and what it works with.
pub(super) struct Session {
    pub(super) state: Arc<State>,
    pub(super) peer: Peer,
    /// Where the thread that answers counts.
    pub(super) counts: Arc<Counts>,
}

/// The other end.
#[derive(Debug, Clone)]
pub(super) enum Peer {
    /// Somebody on the public listener.
    Network(IpAddr),
    /// A process on the private one.
    Local {
        uid: u32,
        /// `local:www-data`: how it is told in usage and logs.
        described: Arc<str>,
    },
}

impl Peer {
    pub(super) fn local(uid: u32, user: &str) -> Self {
        Self::Local {
            uid,
            described: format!("local:{user}").into(),
        }
    }

    /// What a process' account is called.
    pub(super) fn user(&self) -> Option<&str> {
        match self {
            Self::Local { described, .. } => described.strip_prefix("local:"),
            Self::Network(_) => None,
        }
    }

    /// Whether it may; the public listener's callers have no rights.
    pub(super) fn may(&self, rights: &Rights, right: Right) -> Result<u32, Error> {
        match self {
            Self::Local { uid, .. } if rights.allow(*uid, right) => Ok(*uid),
            Self::Local { uid, .. } => Err(Error::new(
                Code::Forbidden,
                format!(
                    "the account {} (uid {uid}) has not the right `{}` here",
                    self.user().unwrap_or_default(),
                    right.word()
                ),
                format!(
                    "add it to `rights.{}` in config.toml, and restart the daemon",
                    right.word()
                ),
            )),
            Self::Network(_) => Err(Error::new(
                Code::Forbidden,
                "this is asked on the private socket only",
                "connect to the daemon's unix socket",
            )),
        }
    }

    /// Whether it may ask what clients ask: on the public listener everybody, on the private one with the right to.
    pub(super) fn may_verify(&self, rights: &Rights) -> Result<(), Error> {
        match self {
            Self::Network(_) => Ok(()),
            Self::Local { .. } => self.may(rights, Right::Verify).map(drop),
        }
    }
}

impl Session {
    /// The address that a request is counted for: the client's own, as far as proxies can be believed.
    pub(super) fn caller(&self, said: &impl Said) -> Option<IpAddr> {
        match &self.peer {
            Peer::Network(address) => forwarded(&self.state.options, *address, said),
            Peer::Local { uid, .. } => {
                // Whoever may have tokens verified is a proxy of this host.
                let is_proxy = self.state.options.rights.allow(*uid, Right::Verify);
                is_proxy
                    .then(|| last_forwarded(&self.state.options, said).address())
                    .flatten()
            }
        }
    }

    /// Where a presented credential came from.
    pub(super) fn origin<'a>(&'a self, said: &'a impl Said) -> Origin<'a> {
        Origin {
            address: self.caller(said),
            local: match &self.peer {
                Peer::Local { described, .. } => described,
                Peer::Network(_) => "",
            },
            agent: said.agent(),
        }
    }

    /// A service that asks for its own client: it may change nothing.
    pub(super) fn local_service(&self, headers: &HeaderMap) -> Actor {
        let (uid, os_user) = match &self.peer {
            Peer::Local { uid, .. } => (*uid, self.peer.user().unwrap_or_default().to_owned()),
            Peer::Network(address) => (self.state.options.rights.owner, address.to_string()),
        };
        Actor {
            os_user,
            uid,
            said_address: last_forwarded(&self.state.options, headers)
                .address()
                .map(|address| address.to_string()),
            read_only: true,
            ..Actor::default()
        }
    }

    /// Who asks through the vocabulary.
    ///
    /// # Errors
    /// It has not the right, or a header is not what it should be.
    pub(super) fn actor(&self, headers: &HeaderMap) -> Result<Actor, Error> {
        let rights = &self.state.options.rights;
        let uid = self.peer.may(rights, Right::Command)?;
        let os_user = self.peer.user().unwrap_or_default().to_owned();
        let fixed_email = text(headers, FIXED_EMAIL)?.map(Email::folded).transpose()?;
        let address = text(headers, ADDRESS)?.map(str::parse::<IpAddr>).transpose();
        Ok(Actor {
            os_user,
            uid,
            address: None,
            said_address: address
                .map_err(|_| unreadable(ADDRESS))?
                .map(|address| address.to_string()),
            owns_store: rights.owns(uid),
            read_only: headers.contains_key(READ_ONLY),
            fixed_email,
            session: session(headers)?,
            request: request(headers)?,
        })
    }
}

/// The cashier's session that goes with a request.
fn session(headers: &HeaderMap) -> Result<Option<SessionId>, Error> {
    let Some(digits) = text(headers, SESSION)? else {
        return Ok(None);
    };
    SessionId::read(digits)
        .map(Some)
        .ok_or_else(|| unreadable(SESSION))
}

/// What names a request for good.
fn request(headers: &HeaderMap) -> Result<Option<RequestId>, Error> {
    let id = text(headers, REQUEST_ID)?.map(str::parse).transpose();
    id.map(|id| id.map(RequestId)).map_err(|_| unreadable(REQUEST_ID))
}

fn text<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<Option<&'h str>, Error> {
    // As UTF-8: an e-mail address need not be ASCII.
    let value = headers
        .get(name)
        .map(|value| std::str::from_utf8(value.as_bytes()));
    value.transpose().map_err(|_| unreadable(name))
}

fn unreadable(name: &str) -> Error {
    Error::new(
        Code::Invalid,
        format!("the header {name} is not what it should be"),
        "use the same version of Strongroom on both sides",
    )
}

/// The client's address, where `peer` is a proxy that can be believed; `None` where that says nothing readable.
fn forwarded(options: &Options, peer: IpAddr, said: &impl Said) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    if !is_proxy(options, peer) {
        return Some(peer);
    }
    match last_forwarded(options, said) {
        Forwarded::Nobody => Some(peer),
        Forwarded::Unreadable => None,
        Forwarded::By(address) => Some(address),
    }
}

/// Whom `X-Forwarded-For` names.
enum Forwarded {
    /// There is none, or it is blank.
    Nobody,
    /// Its end is no address: whoever it was is not known, and is not the proxy.
    Unreadable,
    By(IpAddr),
}

impl Forwarded {
    const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::By(address) => Some(*address),
            Self::Nobody | Self::Unreadable => None,
        }
    }
}

/// The last address that no proxy of ours has: each adds the one it was asked from at the end.
fn last_forwarded(options: &Options, said: &impl Said) -> Forwarded {
    let values = said.forwarded_for();
    let said: Vec<&[u8]> = values
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .collect();
    if said.iter().all(|text| text.is_empty()) {
        return Forwarded::Nobody;
    }
    let mut found = Forwarded::Unreadable;
    for text in said.into_iter().rev() {
        // What is no address was not written by a proxy of ours: nothing before it can be believed.
        let Some(address) = std::str::from_utf8(text).ok().and_then(address) else {
            break;
        };
        found = Forwarded::By(address);
        if !is_proxy(options, address) {
            break;
        }
    }
    found
}

/// An address as proxies write it: alone, with a port, an IPv6 one perhaps in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.parse().ok();
    let with_port = || {
        text.parse()
            .ok()
            .map(|address: std::net::SocketAddr| address.ip())
    };
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    plain
        .or_else(with_port)
        .or_else(bracketed)
        .map(|address: IpAddr| address.to_canonical())
}

fn is_proxy(options: &Options, address: IpAddr) -> bool {
    options
        .trusted_proxies
        .iter()
        .any(|range| range.contains(&address))
}
