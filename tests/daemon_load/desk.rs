//! The admin at the private socket: commands through the gateway that consoles and commands use.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use strongroom::domain::id::{Id, RequestId};
use strongroom::domain::text::Email;
use strongroom::gateway::Gateway as _;
use strongroom::gateway::socket::Socket;
use strongroom::service::ports::{Clock as _, Entropy as _};
use strongroom::service::request::{Invalidate, Invalidation, SessionId};
use strongroom::service::{Actor, Error, Request, Response};
use strongroom::system::{OsEntropy, SystemClock};

use crate::daemon::Daemon;
use crate::tokens::{Token, create, credentials};

/// A sign-in is good for ten minutes; a new one in time costs one password.
const RENEWAL: Duration = Duration::from_secs(300);

/// Somebody who is signed in.
pub(crate) struct Desk {
    socket: Socket,
    session: Mutex<Option<(SessionId, Instant)>>,
}

impl Desk {
    pub(crate) fn at(daemon: &Daemon<'_>) -> Self {
        let name = || {
            let mut random = [0; 10];
            OsEntropy.fill(&mut random).ok()?;
            Some(RequestId(Id::new(SystemClock.now(), random)))
        };
        let (path, actor) = (daemon.socket.clone(), Actor::default());
        Self {
            socket: Socket::new(path, "the daemon".into(), &actor, Box::new(name)),
            session: Mutex::default(),
        }
    }

    /// Asks without a sign-in.
    pub(crate) fn ask(&self, request: Request) -> Result<Response, Error> {
        self.socket.ask(None, request)
    }

    /// Asks as the admin.
    pub(crate) fn change(&self, request: Request) -> Result<(), Error> {
        match self.socket.ask(Some(self.session()?), request)? {
            Response::Done => Ok(()),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn mint(&self, number: usize) -> Result<Token, Error> {
        match self.ask(Request::CreateToken(create(number)))? {
            Response::Minted(minted) => Ok((*minted).into()),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn end(&self, token: &Token, how: Invalidation) -> Result<(), Error> {
        self.change(Request::Invalidate(Invalidate {
            organization: None,
            tokens: vec![token.reference()],
            how,
            reason: None,
        }))
    }

    pub(crate) fn restore(&self, token: &Token) -> Result<(), Error> {
        self.change(Request::RestoreToken {
            organization: None,
            token: token.reference(),
        })
    }

    pub(crate) fn cut_over(&self, old: &Token) -> Result<(), Error> {
        self.change(Request::CutOver {
            organization: None,
            token: old.reference(),
        })
    }

    pub(crate) fn undo(&self, new: &Token) -> Result<(), Error> {
        self.change(Request::UndoRotation {
            organization: None,
            token: new.reference(),
        })
    }

    /// From now on it may be used from somewhere else only.
    pub(crate) fn send_away(&self, token: &Token) -> Result<(), Error> {
        self.change(Request::AllowAddresses {
            organization: None,
            token: token.reference(),
            ranges: vec!["203.0.113.0/24".parse().unwrap()],
        })
    }

    pub(crate) fn end_login(&self, email: &str) -> Result<(), Error> {
        self.change(Request::EndLogin {
            email: Email::parse(email).unwrap(),
        })
    }

    fn session(&self) -> Result<SessionId, Error> {
        let mut session = self.session.lock().unwrap();
        if let Some((session, since)) = *session
            && since.elapsed() < RENEWAL
        {
            return Ok(session);
        }
        match self.ask(Request::SignIn(credentials()))? {
            Response::SignedIn(signed_in) => {
                *session = Some((signed_in.session, Instant::now()));
                Ok(signed_in.session)
            }
            other => panic!("{other:?}"),
        }
    }
}
