//! The door to a service in this process: opens the store when it is first needed, and speaks for one operating-system
//! account.
//!
//! How a store is found, made and unsealed is the [`Opener`]'s business, which `wiring` supplies. A store that was made
//! and never onboarded is simply ready: its overview has no organizations, and whoever asks goes on from there.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{
    BackupContents, BackupSource, DoctorReport, Gateway, OpeningStep, RestoreReport, SealChoice, SealSecret,
    SealStatus, StoreState,
};
use crate::domain::secret::Secret;
use crate::service::request::SessionId;
use crate::service::{Actor, Code, Error, Event, Request, Response, Service};

/// Finds, makes and opens the one store of this process.
pub trait Opener: Send + Sync {
    /// What is there. Changes nothing, and does not open the store.
    ///
    /// # Errors
    /// The data directory cannot be used.
    fn state(&self) -> Result<StoreState, Error>;

    /// Makes an empty store with its seal, and opens it.
    ///
    /// # Errors
    /// There is one already, or it cannot be written there; nothing is left behind then.
    fn create(&self, seal: SealChoice) -> Result<Arc<Service>, Error>;

    /// Opens the store; with `passphrase` where it is sealed with one.
    ///
    /// # Errors
    /// A wrong seal, another process, damage.
    fn open(&self, passphrase: Option<&Secret>) -> Result<Arc<Service>, Error>;

    /// How the store is sealed. Changes nothing, and does not open it.
    ///
    /// # Errors
    /// Its keyring cannot be read.
    fn seal(&self) -> Result<SealStatus, Error>;

    /// Seals the store that is open anew.
    ///
    /// # Errors
    /// The key file exists, or something cannot be written; the seal is as it was then.
    fn rotate_seal(&self, seal: &SealChoice) -> Result<SealStatus, Error>;

    /// Has `service`, which this opened, build the store of another keyring, and puts that in its place.
    ///
    /// # Errors
    /// As [`Gateway::rekey`].
    fn rekey(&self, _service: &Service, _actor: &Actor, _seal: &SealChoice) -> Result<SealStatus, Error> {
        Err(Error::new(
            Code::Internal,
            "this store has no keyring to replace",
            "nothing was changed",
        ))
    }

    /// What a backup says of itself.
    ///
    /// # Errors
    /// It does not decrypt, or is damaged.
    fn look_at_backup(&self, source: &BackupSource) -> Result<BackupContents, Error> {
        Err(super::elsewhere(&source.path))
    }

    /// Looks at every part of the store.
    ///
    /// # Errors
    /// As [`Gateway::examine`].
    fn examine(&self, _passphrase: Option<&Secret>, _repair: bool) -> Result<DoctorReport, Error> {
        Err(super::not_here())
    }

    /// Restores a backup as `actor`; with `only_check` nothing is written.
    ///
    /// # Errors
    /// As [`Gateway::restore`].
    fn restore(
        &self,
        _actor: &Actor,
        source: &BackupSource,
        _seal: &SealSecret,
        _only_check: bool,
    ) -> Result<RestoreReport, Error> {
        Err(super::elsewhere(&source.path))
    }

    /// How far an opening has come that goes on in another thread.
    fn step(&self) -> Option<OpeningStep> {
        None
    }
}

/// A gateway to a service in this process.
pub struct InProcess {
    opener: Box<dyn Opener>,
    actor: Actor,
    is_counting: bool,
    /// Held while the store is made or opened, which takes seconds.
    opening: Mutex<()>,
    /// Held for moments: whoever only looks does not wait for an opening.
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    service: Option<Arc<Service>>,
    /// What still works for it in the background, and is waited for at the end.
    verification: Option<JoinHandle<()>>,
    /// Who subscribed before there was anything to subscribe to.
    early: Vec<Sender<Event>>,
}

impl InProcess {
    /// A gateway that asks as `actor`; nothing is opened yet.
    #[must_use]
    pub fn new(opener: Box<dyn Opener>, actor: Actor) -> Self {
        Self {
            opener,
            actor,
            is_counting: false,
            opening: Mutex::default(),
            inner: Mutex::default(),
        }
    }

    /// The same in a daemon, which whoever is shown a token asks: there silence means that nobody uses one.
    #[must_use]
    pub fn counting(mut self) -> Self {
        self.is_counting = true;
        self
    }

    /// Ends the service: what it still had to write is written, and the store is let go.
    ///
    /// # Errors
    /// The last counts of usage or a checkpoint of the audit log could not be written; nothing else is lost.
    pub fn close(&self) -> Result<(), Error> {
        // Whoever is just opening it has nothing to write yet, and does not hold up the end of the process.
        let mut inner = self.inner();
        let (service, verification) = (inner.service.take(), inner.verification.take());
        drop(inner);
        let closed = service.map_or(Ok(()), |service| service.close());
        // It ends after its page; the store is let go when nobody has it any more.
        closed.and(match verification.map(JoinHandle::join) {
            Some(Err(_)) => Err(Error::new(
                Code::Internal,
                "the verification of the audit log broke off through a fault of ours",
                "run `strongroom audit verify`, and report it",
            )),
            _ => Ok(()),
        })
    }

    /// The service, if the store is open.
    #[must_use]
    pub fn opened(&self) -> Option<Arc<Service>> {
        self.inner().service.clone()
    }

    /// Opens the store, if that needs nobody's passphrase.
    ///
    /// # Errors
    /// `NotOnboarded`, `Sealed`, or why it does not open.
    pub fn open(&self) -> Result<(), Error> {
        self.service().map(drop)
    }

    /// Opens the store with a passphrase; `false` where somebody else has done so already.
    ///
    /// # Errors
    /// As [`Gateway::unlock`].
    pub fn unseal(&self, passphrase: &Secret) -> Result<bool, Error> {
        let _alone = self.opening();
        if self.opened().is_some() {
            return Ok(false);
        }
        self.keep(self.opener.open(Some(passphrase))?);
        Ok(true)
    }

    /// Seals the store anew, as [`Gateway::rotate_seal`] does, for somebody else than the account it speaks for.
    ///
    /// # Errors
    /// As there.
    pub fn rotate_seal_as(&self, actor: &Actor, seal: &SealChoice) -> Result<SealStatus, Error> {
        let mut sealed = None;
        self.service()?.rotate_seal(actor, || {
            let before = self.opener.seal()?;
            let after = self.opener.rotate_seal(seal)?;
            let what = format!("{} → {}", before.sealed_by, after.sealed_by);
            sealed = Some(after);
            Ok(what)
        })?;
        sealed.map_or_else(|| self.opener.seal(), Ok)
    }

    fn acting(&self, session: Option<SessionId>) -> Actor {
        Actor {
            session,
            ..self.actor.clone()
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opening(&self) -> MutexGuard<'_, ()> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn service(&self) -> Result<Arc<Service>, Error> {
        if let Some(service) = self.opened() {
            return Ok(service);
        }
        let _alone = self.opening();
        if let Some(service) = self.opened() {
            return Ok(service);
        }
        match self.opener.state()? {
            StoreState::Absent { data_dir, .. } => Err(not_onboarded(&data_dir)),
            StoreState::NeedsPassphrase => Err(sealed()),
            StoreState::Ready => Ok(self.keep(self.opener.open(None)?)),
        }
    }

    fn keep(&self, service: Arc<Service>) -> Arc<Service> {
        if self.is_counting {
            service.begin_counting();
        }
        let mut inner = self.inner();
        let early = std::mem::take(&mut inner.early);
        if !early.is_empty() {
            let events = service.subscribe();
            // Ends with the service, which holds the other end.
            std::thread::spawn(move || forward(&events, early));
        }
        let kept = Arc::downgrade(&service);
        std::thread::spawn(move || maintain_now_and_then(&kept));
        inner.verification = service.verify_log_in_background();
        inner.service = Some(Arc::clone(&service));
        service
    }
}

/// A crash loses at most these seconds of counts (interfaces.md, "Usage record").
const BETWEEN_TURNS: Duration = Duration::from_secs(5);
/// Uses are told at most this often.
const BETWEEN_WORDS: Duration = Duration::from_secs(1);

fn maintain_now_and_then(service: &Weak<Service>) {
    let mut waited = Duration::ZERO;
    loop {
        std::thread::sleep(BETWEEN_WORDS);
        waited += BETWEEN_WORDS;
        let Some(service) = service.upgrade() else { return };
        service.tell_use();
        if waited >= BETWEEN_TURNS {
            waited = Duration::ZERO;
            // What could not be done now is done next time, and told at the end.
            drop((service.write_usage(), service.maintain()));
        }
    }
}

fn forward(events: &Receiver<Event>, mut subscribers: Vec<Sender<Event>>) {
    // That the store is open now is the first thing to hear.
    for event in std::iter::once(Event::Changed).chain(events) {
        // Whoever hung up has lost interest.
        subscribers.retain(|subscriber| subscriber.send(event.clone()).is_ok());
    }
}

impl Gateway for InProcess {
    fn state(&self) -> Result<StoreState, Error> {
        match self.opened() {
            Some(_) => Ok(StoreState::Ready),
            None => self.opener.state(),
        }
    }

    fn initialize(&self, seal: SealChoice) -> Result<(), Error> {
        if self.actor.read_only {
            return Err(Error::new(
                Code::ReadOnly,
                "this console may only look, and there is no store to look at",
                "open one without --read-only to make it",
            ));
        }
        let _alone = self.opening();
        if self.opened().is_some() {
            return Err(Error::new(
                Code::Conflict,
                "there is a store already, and it is open",
                "onboard a further organization in it instead",
            ));
        }
        self.keep(self.opener.create(seal)?);
        Ok(())
    }

    fn unlock(&self, passphrase: &Secret) -> Result<(), Error> {
        self.unseal(passphrase).map(drop)
    }

    fn ask(&self, session: Option<SessionId>, request: Request) -> Result<Response, Error> {
        self.service()?.handle(&self.acting(session), request)
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        match self.opener.state()? {
            StoreState::Absent { data_dir, .. } => Err(not_onboarded(&data_dir)),
            StoreState::NeedsPassphrase | StoreState::Ready => self.opener.seal(),
        }
    }

    fn rotate_seal(&self, session: Option<SessionId>, seal: SealChoice) -> Result<SealStatus, Error> {
        self.rotate_seal_as(&self.acting(session), &seal)
    }

    fn examine(&self, passphrase: Option<&Secret>, repair: bool) -> Result<DoctorReport, Error> {
        if self.actor.read_only && repair {
            return Err(Error::new(
                Code::ReadOnly,
                "this command may only look",
                "leave --read-only out to repair",
            ));
        }
        self.opener.examine(passphrase, repair)
    }

    fn rekey(&self, session: Option<SessionId>, seal: SealChoice) -> Result<SealStatus, Error> {
        let actor = self.acting(session);
        self.opener.rekey(&*self.service()?, &actor, &seal)
    }

    fn look_at_backup(&self, source: &BackupSource) -> Result<BackupContents, Error> {
        self.opener.look_at_backup(source)
    }

    fn restore(
        &self,
        source: &BackupSource,
        seal: &SealSecret,
        only_check: bool,
    ) -> Result<RestoreReport, Error> {
        if self.actor.read_only && !only_check {
            return Err(Error::new(
                Code::ReadOnly,
                "this command may only look",
                "leave --read-only out to restore",
            ));
        }
        self.opener.restore(&self.actor, source, seal, only_check)
    }

    fn opening(&self) -> Option<OpeningStep> {
        self.opener.step()
    }

    fn subscribe(&self) -> Receiver<Event> {
        let mut inner = self.inner();
        if let Some(service) = &inner.service {
            return service.subscribe();
        }
        let (sender, receiver) = channel();
        // Asking costs the others a look; those who hung up are not kept for it.
        inner.early.retain(|early| early.send(Event::Changed).is_ok());
        inner.early.push(sender);
        receiver
    }
}

fn not_onboarded(data_dir: &Path) -> Error {
    Error::new(
        Code::NotOnboarded,
        format!("there is no store in {}", data_dir.display()),
        "run `strongroom` for the wizard, or `strongroom init`",
    )
}

fn sealed() -> Error {
    Error::new(
        Code::Sealed,
        "the store is sealed with a passphrase",
        "give it on the terminal, or with --passphrase-file",
    )
}
