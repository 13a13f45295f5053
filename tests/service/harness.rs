//! A service over the memory store, real cryptography and a clock that stands still: what each test asks of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom::crypto::{
    Argon2Passwords, Cost, Ed25519, Keyring, KeyringFile, RsaEngine, SealSource, Sha256Hasher,
};
use strongroom::domain::audit::AuditEntry;
use strongroom::domain::cashier::Role;
use strongroom::domain::id::TokenId;
use strongroom::domain::key_pair::KeySize;
use strongroom::domain::secret::{Sealed, Secret};
use strongroom::domain::text::{Brand, Email, Environment, OrganizationName, ServiceName, Slug, TokenName};
use strongroom::domain::time::Timestamp;
use strongroom::domain::token::{Finish, Lifetime, Overlap, Refusal, Status};
use strongroom::domain::usage::Usage;
use strongroom::service::ports::{
    Batch, Change, CryptoError, Loaded, Opening, PasswordCheck, PasswordHasher, Record, Revision, SlotId,
    Store, StoreError, StoreHealth, TimeMark, UsageRecord,
};
use strongroom::service::request::{
    CreateToken, Credentials, Invalidate, Invalidation, Onboard, RotateToken, TokenQuery, TokenRef,
};
use strongroom::service::response::{ActivityPage, EnrolmentCode, Minted, TokenDetail, TokenPage};
use strongroom::service::{
    Actor, Code, Error, Origin, Ports, Request, Response, Restored, Service, Verified,
};
use strongroom::store::memory::{MemoryCheckpoints, MemoryStore};

use super::support::{FakeClock, SeededEntropy};

pub const ADA: &str = "ada@acme.test";
pub const PASSWORD: &str = "correct horse battery staple";

pub struct Harness {
    pub service: Arc<Service>,
    pub clock: FakeClock,
    pub actor: Actor,
    passwords: Arc<Interrupted>,
    pub full: Arc<Full>,
    pub ports: Ports,
    keyring: Arc<Keyring>,
}

impl Harness {
    /// Nothing onboarded yet; 23 November 2026, noon.
    pub fn empty() -> Self {
        let clock = FakeClock::at(Timestamp::from_millis(1_795_435_200_000));
        let entropy = Arc::new(SeededEntropy::new(1));
        let source = SealSource::KeyFile {
            path: "/nowhere/seal.key".into(),
            key: &Secret::new(vec![7; 32]),
        };
        let (_, keyring) = KeyringFile::create(&source, entropy.clone()).unwrap();
        let small = Cost {
            memory_kib: 64,
            passes: 1,
        };
        let passwords = Arc::new(Interrupted {
            passwords: Argon2Passwords::new(small, entropy.clone()),
            meanwhile: Mutex::default(),
        });
        let full = Arc::new(Full::default());
        let signer = Arc::new(keyring.audit_signer().unwrap());
        let keyring = Arc::new(keyring);
        let ports = Ports {
            store: full.clone(),
            clock: Arc::new(clock.clone()),
            entropy: entropy.clone(),
            keys: Arc::new(RsaEngine::new(entropy.clone())),
            sealer: keyring.clone(),
            passwords: passwords.clone(),
            hasher: Arc::new(Sha256Hasher),
            signatures: Arc::new(Ed25519),
            account: Actor::default(),
            checkpoints: Arc::new(MemoryCheckpoints::default()),
            signer,
            backup: Arc::new(super::support::backup::FixedBackups),
        };
        let service = Service::open(ports.clone()).unwrap();
        let actor = Actor {
            os_user: "ops".into(),
            uid: 1000,
            owns_store: true,
            ..Actor::default()
        };
        Self {
            service,
            clock,
            actor,
            passwords,
            full,
            ports,
            keyring,
        }
    }

    /// Acme with its first key and its admin Ada.
    pub fn onboarded() -> Self {
        let harness = Self::empty();
        harness.ask(Request::Onboard(onboard("acme"))).unwrap();
        harness
    }

    /// Another store with the same records, at noon.
    pub fn twin(&self) -> Self {
        let twin = Self::empty();
        let mut batch = Batch::default();
        let mut copy = |record, _| {
            batch.put.push((record, 1));
            Ok(())
        };
        assert_eq!(self.store().load(&mut copy), Ok(Loaded::Whole));
        batch.audit = self.store().audit_page(None, usize::MAX).unwrap();
        batch.audit.reverse();
        for (record, _) in &batch.put {
            if let Record::KeyPair(pair) = record {
                let slot = SlotId {
                    organization: pair.organization,
                    generation: pair.generation,
                };
                let wrapped = self.store().slot(slot).unwrap();
                twin.store().add_slot(slot, &wrapped).unwrap();
            }
        }
        twin.store().commit(&batch).unwrap();
        twin.reopened()
    }

    /// The same store, opened again.
    pub fn reopened(&self) -> Self {
        self.service.close().unwrap();
        self.after_a_crash()
    }

    /// The same store, opened again by a process that follows one that was killed.
    pub fn after_a_crash(&self) -> Self {
        Self {
            service: Service::open(self.ports.clone()).unwrap(),
            clock: self.clock.clone(),
            actor: Actor {
                session: None,
                ..self.actor.clone()
            },
            passwords: self.passwords.clone(),
            full: self.full.clone(),
            ports: self.ports.clone(),
            keyring: self.keyring.clone(),
        }
    }

    /// The store under another keyring, and Ada signed in.
    pub fn rekeyed(&self) -> Result<Self, Error> {
        let keyring = Arc::new(self.keyring.successor().unwrap());
        let signer = Arc::new(keyring.audit_signer().unwrap());
        let full = Arc::new(Full::default());
        self.service
            .rekey(&self.actor, (&*keyring, &*signer), "a test", |entry, reseal| {
                let mut records = Vec::new();
                let mut copy = |record, revision| {
                    records.push((record, revision));
                    Ok(())
                };
                assert_eq!(self.store().load(&mut copy)?, Loaded::Whole);
                let mut batch = Batch::default();
                for (record, revision) in records {
                    let (record, slot) = reseal(record)?;
                    if let Some((slot, wrapped)) = slot {
                        full.add_slot(slot, &wrapped)?;
                    }
                    batch.put.push((record, revision));
                }
                batch.audit = self.store().audit_page(None, usize::MAX)?;
                batch.audit.reverse();
                batch.audit.push(entry.clone());
                full.commit(&batch)?;
                Ok(())
            })?;
        self.service.write_usage()?;
        let mut usage = Vec::new();
        self.store().load_usage(&mut |record| usage.push(record))?;
        full.write_usage(&usage)?;
        let ports = Ports {
            store: full.clone(),
            sealer: keyring.clone(),
            signer,
            checkpoints: Arc::new(MemoryCheckpoints::default()),
            ..self.ports.clone()
        };
        let mut rekeyed = Self {
            service: Service::open(ports.clone()).unwrap(),
            clock: self.clock.clone(),
            actor: self.actor.clone(),
            passwords: self.passwords.clone(),
            full,
            ports,
            keyring,
        };
        rekeyed.sign_in(ADA, PASSWORD);
        Ok(rekeyed)
    }

    /// Has `actor` ask this while the next password is hashed.
    pub fn meanwhile(&self, actor: &Actor, request: Request) {
        let (service, actor) = (self.service.clone(), actor.clone());
        *self.passwords.meanwhile.lock().unwrap() = Some(Box::new(move || {
            let _ = service.handle(&actor, request);
        }));
    }

    pub fn store(&self) -> &dyn Store {
        &*self.ports.store
    }

    pub fn ask(&self, request: Request) -> Result<Response, Error> {
        self.service.handle(&self.actor, request)
    }

    pub fn refused(&self, request: Request) -> Error {
        match self.ask(request) {
            Err(error) => {
                assert!(!error.message.is_empty() && !error.hint.is_empty(), "{error:?}");
                error
            }
            Ok(answer) => panic!("not refused: {answer:?}"),
        }
    }

    pub fn sign_in(&mut self, email: &str, password: &str) {
        self.actor.session = Some(self.session(email, password).unwrap());
    }

    pub fn session(
        &self,
        email: &str,
        password: &str,
    ) -> Result<strongroom::service::request::SessionId, Error> {
        match self.ask(Request::SignIn(credentials(email, password)))? {
            Response::SignedIn(signed_in) => Ok(signed_in.session),
            other => panic!("{other:?}"),
        }
    }

    /// Ada signed in.
    pub fn admin() -> Self {
        let mut harness = Self::onboarded();
        harness.sign_in(ADA, PASSWORD);
        harness
    }

    pub fn advance(&self, hours: u64, minutes: u64) {
        self.clock
            .advance(Duration::from_secs(hours * 3600 + minutes * 60));
    }

    pub fn mint(&self, create: CreateToken) -> Result<Minted, Error> {
        match self.ask(Request::CreateToken(create))? {
            Response::Minted(minted) => Ok(*minted),
            other => panic!("{other:?}"),
        }
    }

    /// A token that somebody has.
    pub fn minted(&self, name: &str) -> (TokenId, Secret) {
        let minted = self.mint(create(name)).unwrap();
        self.ask(Request::AcknowledgeReveal {
            reveal: minted.reveal,
        })
        .unwrap();
        (minted.token.id, minted.secret)
    }

    pub fn rotate(&self, token: &str, overlap: Overlap) -> Result<Minted, Error> {
        let request = RotateToken {
            organization: None,
            token: TokenRef::parse(token),
            lifetime: None,
            overlap,
            finish: Finish::AtEnd,
            owner: None,
            note: None,
            credentials: credentials(ADA, PASSWORD),
        };
        match self.ask(Request::RotateToken(request))? {
            Response::Minted(minted) => Ok(*minted),
            other => panic!("{other:?}"),
        }
    }

    pub fn acknowledge(&self, minted: &Minted) {
        self.ask(Request::AcknowledgeReveal {
            reveal: minted.reveal,
        })
        .unwrap();
    }

    /// As after a restore from a backup of this very moment.
    pub fn restored(&self, is_complete: bool) {
        let restored = Restored {
            backup_at: strongroom::service::ports::Clock::now(&self.clock),
            backup_sequence: 7,
            is_complete,
        };
        self.service.restored(&self.actor, &restored).unwrap();
    }

    pub fn invalidate(&self, tokens: &[TokenId], how: Invalidation) -> Result<(), Error> {
        self.ask(invalidation(tokens, how)).map(|_| ())
    }

    pub fn verdict(&self, secret: &Secret) -> Result<Status, Option<Refusal>> {
        match self.service.verify(secret.expose()) {
            Verified::Good { status, .. } => Ok(status),
            Verified::Refused(refusal) => Err(Some(refusal)),
            Verified::Forbidden(found) => panic!("{found:?} is not allowed from here"),
            Verified::Invalid => Err(None),
            Verified::Unavailable => panic!("sealed by a rollback"),
        }
    }

    /// The judgement of a token that came from an address.
    pub fn verified_from(&self, secret: &Secret, address: &str, agent: &str) -> Verified {
        let origin = Origin {
            address: address.parse().ok(),
            local: address,
            agent: agent.as_bytes(),
        };
        self.service.verify_from(secret.expose(), &origin)
    }

    /// A good token used from an address.
    pub fn call(&self, secret: &Secret, address: &str, agent: &str) {
        let verified = self.verified_from(secret, address, agent);
        assert!(matches!(verified, Verified::Good { .. }), "{verified:?}");
    }

    pub fn list(&self, query: TokenQuery) -> TokenPage {
        match self.ask(Request::ListTokens(query)).unwrap() {
            Response::Tokens(page) => page,
            other => panic!("{other:?}"),
        }
    }

    pub fn show(&self, token: &str) -> TokenDetail {
        let request = Request::ShowToken {
            organization: None,
            token: TokenRef::parse(token),
        };
        match self.ask(request).unwrap() {
            Response::Token(detail) => *detail,
            other => panic!("{other:?}"),
        }
    }

    pub fn activity(&self, filter: &str) -> ActivityPage {
        let request = Request::ListActivity {
            filter: filter.into(),
            before: None,
            limit: 100,
        };
        match self.ask(request).unwrap() {
            Response::Activity(page) => page,
            other => panic!("{other:?}"),
        }
    }

    /// The newest entry's action word.
    pub fn last_action(&self) -> &'static str {
        self.activity("").entries[0].action.word()
    }

    pub fn code(&self, request: Request) -> EnrolmentCode {
        match self.ask(request).unwrap() {
            Response::EnrolmentCode(code) => code,
            other => panic!("{other:?}"),
        }
    }

    /// Adds and enrols a cashier whose password is [`PASSWORD`].
    pub fn cashier(&self, address: &str, role: Role) {
        let code = self.code(Request::AddCashier {
            email: email(address),
            role,
        });
        let enrol = Request::Enrol {
            email: email(address),
            code: code.code,
            password: secret(PASSWORD),
        };
        self.ask(enrol).unwrap();
    }
}

/// Passwords whose hashing takes long enough for something else to happen.
struct Interrupted {
    passwords: Argon2Passwords,
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl PasswordHasher for Interrupted {
    fn hash(&self, password: &Secret) -> Result<Secret, CryptoError> {
        self.passwords.hash(password)
    }

    fn verify(&self, password: &Secret, phc: Option<&Secret>) -> Result<PasswordCheck, CryptoError> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        self.passwords.verify(password, phc)
    }

    fn is_common(&self, password: &Secret) -> bool {
        self.passwords.is_common(password)
    }
}

/// A store on a disk that can be full, and whose opening can have found something.
#[derive(Default)]
pub struct Full {
    store: MemoryStore,
    pub opening: Mutex<Opening>,
    pub faults: Mutex<Vec<String>>,
    pub is_full: AtomicBool,
    /// What of the store fails alone, and the steps that were taken.
    pub broken: Mutex<&'static str>,
    pub steps: Mutex<Vec<&'static str>>,
}

impl Full {
    fn room(&self) -> Result<(), StoreError> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(StoreError::DiskFull("/nowhere".into()));
        }
        Ok(())
    }
}

impl Full {
    fn step(&self, step: &'static str) -> Result<(), StoreError> {
        self.room()?;
        if *self.broken.lock().unwrap() == step {
            return Err(StoreError::Io(format!("{step}: broken")));
        }
        self.steps.lock().unwrap().push(step);
        Ok(())
    }
}

impl Store for Full {
    fn load(
        &self,
        visit: &mut dyn FnMut(Record, Revision) -> Result<(), StoreError>,
    ) -> Result<Loaded, StoreError> {
        self.store.load(visit)
    }

    fn opening(&self) -> Opening {
        self.opening.lock().unwrap().clone()
    }

    fn accept_rollback(&self) -> Result<(), StoreError> {
        self.room()?;
        self.opening.lock().unwrap().rollback = None;
        self.store.accept_rollback()
    }

    fn health(&self) -> StoreHealth {
        StoreHealth {
            faults: self.faults.lock().unwrap().clone(),
            ..self.store.health()
        }
    }

    fn maintain(&self) -> Result<(), StoreError> {
        self.store.maintain()
    }

    fn slot(&self, slot: SlotId) -> Option<Sealed> {
        self.store.slot(slot)
    }

    fn add_slot(&self, slot: SlotId, wrapped: &Sealed) -> Result<(), StoreError> {
        self.step("add_slot")?;
        self.store.add_slot(slot, wrapped)
    }

    fn retain_slots(&self, keep: &[SlotId]) -> Result<usize, StoreError> {
        self.step("retain_slots")?;
        self.store.retain_slots(keep)
    }

    fn recorded_time(&self) -> Option<TimeMark> {
        self.store.recorded_time()
    }

    fn record_time(&self, mark: TimeMark) {
        self.store.record_time(mark);
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.step("commit")?;
        if self.opening.lock().unwrap().rollback.is_some() {
            return Err(StoreError::Closed("an older state waits to be accepted".into()));
        }
        self.store.commit(batch)
    }

    fn audit_head(&self) -> Result<Option<AuditEntry>, StoreError> {
        self.store.audit_head()
    }

    fn audit_page(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.store.audit_page(before, limit)
    }

    fn changes(&self) -> Result<Vec<Change>, StoreError> {
        self.store.changes()
    }

    fn load_usage(&self, visit: &mut dyn FnMut(UsageRecord)) -> Result<(), StoreError> {
        self.store.load_usage(visit)
    }

    fn token_usage(&self, token: TokenId) -> Result<Option<Usage>, StoreError> {
        self.store.token_usage(token)
    }

    fn write_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        self.room()?;
        self.store.write_usage(records)
    }
}

pub fn onboard(slug: &str) -> Onboard {
    Onboard {
        recipient: None,
        brand: Brand::parse("FinCode").unwrap(),
        slug: Slug::parse(slug).unwrap(),
        name: OrganizationName::parse("Acme Payments").unwrap(),
        size: KeySize::Bits2048,
        admin: credentials(ADA, PASSWORD),
    }
}

pub fn create(name: &str) -> CreateToken {
    CreateToken {
        organization: None,
        name: TokenName::parse(name).unwrap(),
        service: ServiceName::parse("checkout").unwrap(),
        environment: Environment::parse("prod").unwrap(),
        lifetime: Lifetime::Months3,
        variable: None,
        allowed: Vec::new(),
        owner: None,
        note: None,
        warnings: None,
        credentials: credentials(ADA, PASSWORD),
    }
}

pub fn invalidation(tokens: &[TokenId], how: Invalidation) -> Request {
    let tokens = tokens.iter().map(|id| TokenRef::Id(*id)).collect();
    Request::Invalidate(Invalidate {
        organization: None,
        tokens,
        how,
        reason: None,
    })
}

pub fn credentials(address: &str, password: &str) -> Credentials {
    Credentials {
        email: email(address),
        password: secret(password),
    }
}

pub fn email(address: &str) -> Email {
    Email::folded(address).unwrap()
}

pub fn secret(text: &str) -> Secret {
    Secret::from_text(text.into())
}

pub fn code_of<T: std::fmt::Debug>(result: Result<T, Error>) -> Code {
    result.unwrap_err().code
}
