//! How often a session is refreshed: now and then faster, and on average no more than once in some seconds.
//!
//! Each refresh is a commit, and whoever holds a good refresh token could ask for one after the other. A client needs one an
//! hour; one that begins anew again and again has some at once. Who is too fast waits: the refresh token stays good.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::domain::id::{CashierId, LoginId};
use crate::domain::login::LoginSession;
use crate::service::error::{Code, Error, whole_seconds};
use crate::service::lock;

/// On average a refresh may come once in so long.
const EACH: Duration = Duration::from_secs(5);
/// And so many at once.
const AT_ONCE: u32 = 10;

/// Up to when each cashier's session has had its refreshes, by the clock that nobody sets; one session a cashier.
#[derive(Default)]
pub(super) struct Pace(Mutex<HashMap<CashierId, (LoginId, Duration)>>);

impl Pace {
    /// Refuses whoever is too fast at `now`.
    pub(super) fn allows(&self, session: &LoginSession, now: Duration) -> Result<(), Error> {
        let used = self.used_up_to(session, now);
        let wait = (used + EACH).saturating_sub(now + EACH * AT_ONCE);
        if wait.is_zero() {
            return Ok(());
        }
        let seconds = whole_seconds(wait);
        let message = format!("this session was refreshed too often: the next time is in {seconds} s");
        let hint =
            "a JWT is good for an hour: refresh it when that is nearly over; the refresh token stays good";
        Err(Error::new(Code::Throttled, message, hint).again_in(wait))
    }

    /// The same, and counts one more.
    pub(super) fn take(&self, session: &LoginSession, now: Duration) -> Result<(), Error> {
        self.allows(session, now)?;
        let used = self.used_up_to(session, now);
        lock(&self.0).insert(session.cashier, (session.id, used + EACH));
        Ok(())
    }

    fn used_up_to(&self, session: &LoginSession, now: Duration) -> Duration {
        let known = lock(&self.0).get(&session.cashier).copied();
        known
            .filter(|(id, _)| *id == session.id)
            .map_or(now, |(_, used)| used.max(now))
    }
}
