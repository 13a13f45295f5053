//! Logins of strangers: one thread that hashes their passwords, and what one source may have of it.
//!
//! - A source has a few of the places before that thread, so that it cannot keep all others from logging in.
//! - A source whose logins fail waits, whomever it tried, besides the waits that its tries of one account cost. Many people
//!   may be behind one address: an office of hundreds has some mistype at nine o'clock, so [`FORGIVEN`] failures in ten
//!   minutes cost nothing. Beyond, the waits grow to a minute: instead of some four thousand tries, one address has about
//!   fifty in ten minutes, and its honest users wait a minute at the most.
//! - A success forgets nothing: whoever has one account could guess at all others in between.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use tokio::time::Instant;

use super::body::Body;
use super::failures::Failures;
use super::pool::Pool;
use super::reply;
use super::shares::Shares;
use super::state::{NICE, State};
use crate::service::{Code, Error, whole_seconds};

/// Logins that may wait for the one thread that hashes their passwords: some four seconds' worth.
const WAITING: usize = 32;
/// Those of one source, waiting or worked on.
const EACH: usize = 4;
/// Failures of one source that cost nothing, within [`WINDOW`].
const FORGIVEN: u32 = 30;
/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(600);

/// Where logins come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Address(IpAddr),
    /// A proxy said something that nobody can read.
    Unknown,
    /// An account of this host, which passes on no address.
    Local(u32),
}

impl Source {
    /// An address; of IPv6 its /64, which one client has all of.
    pub(super) fn of(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
            address => address,
        })
    }
}

pub(super) struct Logins {
    pool: Pool,
    places: Arc<Shares<Source>>,
    failed: Failures<Source>,
}

impl Logins {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            pool: Pool::new("login", 1, WAITING, NICE)?,
            places: Shares::new(EACH),
            failed: Failures::new(FORGIVEN, WINDOW),
        })
    }

    /// Has a login tried, unless its source has to wait or has all its places.
    pub(super) async fn run<T: Send + 'static>(
        state: &Arc<State>,
        source: Source,
        login: impl FnOnce(&State) -> Result<T, Error> + Send + 'static,
    ) -> Result<Result<T, Error>, Response<Body>> {
        let logins = &state.logins;
        if let Err(error) = logins.may_try(source, Instant::now()) {
            return Ok(Err(error));
        }
        let Some(place) = logins.places.take(source) else {
            return Err(reply::busy("logins from your address"));
        };
        let work = move |state: &State| {
            let _place = place;
            // Again: those that waited before it may have failed.
            state.logins.may_try(source, Instant::now())?;
            login(state).inspect_err(|error| state.logins.refused(source, error, Instant::now()))
        };
        state.run_in(&logins.pool, "logins", work).await
    }

    fn may_try(&self, source: Source, now: Instant) -> Result<(), Error> {
        let Some(wait) = self.failed.wait(source, now) else {
            return Ok(());
        };
        let seconds = whole_seconds(wait);
        let message =
            format!("too many logins from your address have failed: the next is tried in {seconds} s");
        let hint = "wait, then try again";
        Err(Error::new(Code::Throttled, message, hint).again_in(wait))
    }

    /// Only a wrong e-mail or password is a guess.
    fn refused(&self, source: Source, error: &Error, now: Instant) {
        if error.code == Code::Unauthenticated {
            self.failed.failed(source, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(address: &str) -> Source {
        Source::of(address.parse().unwrap())
    }

    #[test]
    fn an_address_of_ipv6_counts_with_all_that_its_owner_has() {
        let first = source("2001:db8:0:7::1");
        assert_eq!(first, source("2001:db8:0:7:ffff::9"));
        assert_ne!(first, source("2001:db8:0:8::1"));
        assert_eq!(source("192.0.2.7"), source("::ffff:192.0.2.7"));
        assert_ne!(source("192.0.2.7"), source("192.0.2.8"));
    }

    #[test]
    fn one_source_that_tries_many_accounts_is_slowed_and_an_office_is_not() {
        let logins = Logins::new().unwrap();
        let (guesser, neighbour) = (source("192.0.2.7"), source("192.0.2.8"));
        let wrong = Error::new(Code::Unauthenticated, "wrong", "again");
        let later = Error::new(Code::Throttled, "this account waits", "wait");
        let begun = Instant::now();
        let mut now = begun;
        for _ in 0..FORGIVEN {
            assert!(logins.may_try(guesser, now).is_ok());
            logins.refused(guesser, &wrong, now);
            logins.refused(guesser, &later, now);
        }
        let mut tried = FORGIVEN;
        while now < begun + WINDOW {
            match logins.may_try(guesser, now) {
                Ok(()) => {
                    logins.refused(guesser, &wrong, now);
                    tried += 1;
                }
                Err(error) => {
                    let seconds = error.retry_after.unwrap();
                    assert!((1..=64).contains(&seconds), "{error}");
                    // Not a second before what it was told.
                    let almost = now + Duration::from_secs(seconds - 1);
                    assert!(logins.may_try(guesser, almost).is_err());
                    now += Duration::from_secs(seconds);
                    assert!(logins.may_try(guesser, now).is_ok());
                }
            }
            assert!(logins.may_try(neighbour, now).is_ok());
        }
        assert!((40..=50).contains(&tried), "{tried}");
    }
}
