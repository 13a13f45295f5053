//! A cashier at work: asks the service, tells the parent of each command before it is given and after it is answered.

use std::time::Duration;

use strongroom::domain::key_pair::Mgf1;
use strongroom::domain::secret::Secret;
use strongroom::domain::text::Slug;
use strongroom::service::ports::Clock as _;
use strongroom::service::request::{Show, TokenQuery};
use strongroom::service::response::{Health, TokenRow};
use strongroom::service::{Actor, Code, Error, Event, Request, Response, Verified};

use crate::commands::acme;
use crate::random::Random;
use crate::report::{Answer, Pipe, Report};
use crate::site::Running;

pub(crate) struct Desk {
    pub(crate) running: Running,
    pub(crate) pipe: Pipe,
    pub(crate) random: Random,
    pub(crate) actor: Actor,
}

impl Desk {
    pub(crate) fn new(running: Running, pipe: Pipe, random: Random) -> Self {
        let actor = Actor {
            os_user: "ops".into(),
            uid: 1000,
            owns_store: true,
            ..Actor::default()
        };
        Self {
            running,
            pipe,
            random,
            actor,
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.running.clock.now().millis()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.running.clock.advance(time);
        self.pipe.tell(&Report::Clock(self.now()));
    }

    /// What the program does every few seconds.
    pub(crate) fn maintain(&self) {
        let failed = self.running.service.maintain().err();
        self.tell_health(failed);
    }

    /// A checkpoint, as it is made of a store that has grown.
    pub(crate) fn checkpoint(&self) {
        // A disk that has no room for it is another checkpoint's luck.
        let _ = self.running.store.checkpoint();
    }

    /// What the program does at its end; then the store is let go.
    pub(crate) fn close(mut self) {
        let failed = self.running.service.close().err();
        if let Some(verification) = self.running.verification.take() {
            verification.join().unwrap();
        }
        self.tell_health(failed);
    }

    /// Waits until the whole audit log was verified.
    pub(crate) fn verify_log(&mut self) {
        if let Some(verification) = self.running.verification.take() {
            verification.join().unwrap();
        }
    }

    pub(crate) fn is_rolled_back(&self) -> bool {
        self.health().rollback.is_some()
    }

    fn health(&self) -> Health {
        match self.running.service.handle(&self.actor, Request::Health) {
            Ok(Response::Health(health)) => *health,
            other => panic!("{other:?}"),
        }
    }

    fn tell_health(&self, failed: Option<Error>) {
        let health = self.health();
        // Backups are no matter of the files here.
        let alarms = health
            .alarms
            .into_iter()
            .filter(|alarm| !alarm.kind.contains("backup"));
        let alarms = alarms.map(|alarm| format!("{}: {}; {}", alarm.kind, alarm.message, alarm.hint));
        let notices = health.notices.into_iter().map(|notice| notice.kind.into_owned());
        let failed = failed.map(|error| error.to_string());
        self.pipe
            .tell(&Report::Health(notices.chain(alarms).chain(failed).collect()));
    }

    /// One command, a second after the one before.
    pub(crate) fn ask(&self, name: &str, request: Request) -> Result<Response, Error> {
        self.pass(Duration::from_secs(1));
        self.pipe.tell(&Report::Asked(name.to_owned()));
        let events = self.running.service.subscribe();
        let mut answer = self.running.service.handle(&self.actor, request);
        if let Ok(Response::Started(job)) = answer {
            answer = loop {
                if let Ok(Event::JobEnded(ended, result)) = events.recv()
                    && ended == job
                {
                    break result.map(|_| Response::Done);
                }
            };
        }
        let said = answer
            .as_ref()
            .err()
            .map(|error| format!("{:?}: {error}", error.code));
        self.pipe.tell(&Report::Answered(said));
        answer
    }

    /// The command with a sign-in before it where one is needed.
    pub(crate) fn change(&mut self, name: &str, request: Request) -> Result<Response, Error> {
        match self.ask(name, request.clone()) {
            Err(error) if error.code == Code::SignInRequired => {
                self.sign_in()?;
                self.ask(name, request)
            }
            answer => answer,
        }
    }

    /// Some token that is shown so, if there is one.
    pub(crate) fn some(&mut self, show: Show) -> Option<TokenRow> {
        let mut query = TokenQuery {
            organization: acme(),
            show,
            limit: 1,
            ..TokenQuery::default()
        };
        let page = |query: &TokenQuery| match self
            .running
            .service
            .handle(&self.actor, Request::ListTokens(query.clone()))
        {
            Ok(Response::Tokens(page)) => Some(page),
            _ => None,
        };
        let matching = page(&query)?.matching;
        query.offset = self.random.index(matching.max(1));
        let page = page(&query);
        page?.rows.pop()
    }

    /// Presents tokens; then encrypts to each organization's key and opens it again: how many do not.
    pub(crate) fn look(&self, tokens: &[String]) {
        let present = |token: &String| match self.running.service.verify(token.as_bytes()) {
            Verified::Good { .. } => Answer::Good,
            Verified::Refused(_) => Answer::Refused,
            Verified::Forbidden(_) | Verified::Invalid | Verified::Unavailable => Answer::Unknown,
        };
        let Ok(Response::Organizations(all)) = self
            .running
            .service
            .handle(&self.actor, Request::ListOrganizations)
        else {
            panic!("no list of organizations")
        };
        let shut = all.into_iter().filter(|row| !self.opens(&row.slug)).count();
        self.pipe.tell(&Report::Looked {
            now: self.now(),
            answers: tokens.iter().map(present).collect(),
            shut: u32::try_from(shut).unwrap(),
        });
    }

    fn opens(&self, slug: &Slug) -> bool {
        let ask = |request| self.running.service.handle(&self.actor, request);
        let encrypt = Request::Encrypt {
            organization: Some(slug.clone()),
            plaintext: Secret::from_text("1234".into()),
            mgf1: Mgf1::Sha256,
        };
        let Ok(Response::Encrypted(ciphertext)) = ask(encrypt) else {
            return false;
        };
        let decrypt = Request::Decrypt {
            organization: Some(slug.clone()),
            ciphertext,
            key: None,
        };
        matches!(ask(decrypt), Ok(Response::Decrypted(opened)) if opened.plaintext.expose() == b"1234")
    }
}
