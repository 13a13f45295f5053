//! The use cases: everything that anybody can ask, answered over ports.
//!
//! [`Service::handle`] is the front door, [`Service::verify`] the fast side door (no allocation, no store access). A change
//! is committed, with its audit entry, before anybody hears of it: first the store, then the index, then the feed.
//! One change at a time: use cases that change something take the writer's lock, look, commit and apply.

pub mod error;
pub mod exposed;
pub mod index;
pub mod ports;
pub mod request;
pub mod response;
pub mod wire;

mod access;
mod activity;
mod allow;
mod audit;
mod backup;
mod callers;
mod cashiers;
mod clock;
mod commit;
mod contacts;
mod decrypt;
mod deliveries;
mod diagnose;
mod edit;
mod feed;
mod fields;
pub mod gauges;
mod health;
mod identify;
mod impact;
mod invalidate;
mod jobs;
mod keys;
mod list_tokens;
pub mod login;
mod maintain;
mod mint;
mod onboard;
mod open;
mod overlap;
mod payload;
mod quiet;
mod recovery;
mod refusals;
mod registry;
mod rehash;
mod rekey;
mod repeats;
mod reveal;
mod rollback;
mod schema;
mod seal;
mod sign_in;
mod slots;
mod usage;
mod verify;
mod why;

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

pub use callers::Origin;
pub use error::{Code, Error, whole_seconds};
pub use index::Found;
pub use recovery::Restored;
pub use request::{Actor, Request};
pub use response::{Event, Response};
pub use verify::{Grant, Verified};

use crate::domain::time::Timestamp;

/// What the service is built over.
#[derive(Clone)]
pub struct Ports {
    /// Where records are kept.
    pub store: Arc<dyn ports::Store>,
    /// The time.
    pub clock: Arc<dyn ports::Clock>,
    /// Randomness.
    pub entropy: Arc<dyn ports::Entropy>,
    /// RSA.
    pub keys: Arc<dyn ports::KeyEngine>,
    /// The keyring.
    pub sealer: Arc<dyn ports::Sealer>,
    /// argon2.
    pub passwords: Arc<dyn ports::PasswordHasher>,
    /// SHA-256.
    pub hasher: Arc<dyn ports::Hasher>,
    /// Backups.
    pub backup: Arc<dyn ports::BackupMaker>,
    /// The account that the process runs as: what the service does by itself is logged as its doing.
    pub account: Actor,
    /// Where the audit log's checkpoints are kept.
    pub checkpoints: Arc<dyn ports::CheckpointLog>,
    /// What signs them.
    pub signer: Arc<dyn ports::CheckpointSigner>,
    /// Ed25519, for the JWTs of logins.
    pub signatures: Arc<dyn ports::SignatureEngine>,
}

/// Everything that Strongroom does, over one open store.
pub struct Service {
    ports: Ports,
    index: index::TokenIndex,
    registry: RwLock<registry::Registry>,
    writer: Mutex<commit::Writer>,
    sessions: sign_in::Sessions,
    logins: login::Logins,
    decryptors: decrypt::Decryptors,
    usage: usage::Pending,
    refusals: refusals::Refusals,
    feed: feed::Feed,
    jobs: jobs::Jobs,
    opened_at: Timestamp,
    time: clock::Timekeeper,
    found: rollback::Found,
    /// How many of the store's notices are in the audit log, or need not be.
    logged_notices: Mutex<usize>,
    proof: Mutex<audit::Proof>,
    untold: commit::Untold,
    met: rehash::Met,
    erasures: slots::Erasures,
    counting: quiet::Counting,
    repeats: repeats::Repeats,
    deliveries: OnceLock<Arc<dyn ports::DeliveryLog>>,
}

impl Service {
    /// Answers one request.
    ///
    /// # Errors
    /// Says what happened, to what, and what to do next; nothing is half-done.
    pub fn handle(self: &Arc<Self>, actor: &Actor, request: Request) -> Result<Response, Error> {
        self.refuse_if_rolled_back(&request)?;
        let is_change = request.is_change();
        let _under_way = self.begin_change(actor, is_change)?;
        let answer = self.answer(actor, request);
        if is_change && answer.is_ok() {
            self.change_was_done(actor);
        }
        answer
    }

    fn answer(self: &Arc<Self>, actor: &Actor, request: Request) -> Result<Response, Error> {
        match request {
            Request::Overview => Ok(Response::Overview(self.overview(actor))),
            Request::Onboard(onboard) => self.onboard(actor, onboard),
            Request::ListOrganizations => Ok(Response::Organizations(self.overview(actor).organizations)),

            Request::ShowKey { organization } => self.show_key(organization.as_ref()),
            Request::KeyImpact { organization } => self.key_impact(organization.as_ref()),
            Request::RotateKey(rotate) => self.rotate_key(actor, rotate),
            Request::Encrypt {
                organization,
                plaintext,
                mgf1,
            } => self.encrypt(organization.as_ref(), &plaintext, mgf1),
            Request::Decrypt {
                organization,
                ciphertext,
                key,
            } => self
                .decrypt(actor, organization.as_ref(), ciphertext, key)
                .map(Response::Decrypted),
            Request::OpenPayload {
                organization,
                payload,
                key,
            } => self
                .open_payload(actor, organization.as_ref(), &payload, key)
                .map(Response::PayloadOpened),
            Request::Diagnose {
                organization,
                pasted,
                key,
                show_plaintext,
            } => self
                .diagnose(actor, organization.as_ref(), &pasted, (key, show_plaintext))
                .map(Response::Diagnosed),
            Request::ChangeFieldPolicy {
                organization,
                reset,
                add,
                remove,
            } => self.change_field_policy(actor, organization.as_ref(), reset, (&add, &remove)),

            Request::ListTokens(query) => self.list_tokens(&query),
            Request::ShowToken { organization, token } => self.show_token(organization.as_ref(), &token),
            Request::TokenImpact { organization, tokens } => {
                self.token_impact(organization.as_ref(), &tokens)
            }
            Request::SuggestVariable {
                organization,
                service,
                environment,
            } => self.suggest_variable(organization.as_ref(), service.as_ref(), &environment),
            Request::CreateToken(create) => self.create_token(actor, create),
            Request::RotateToken(rotate) => self.rotate_token(actor, rotate),
            Request::AcknowledgeReveal { reveal } => self.acknowledge_reveal(actor, reveal),
            Request::DiscardReveal { reveal, reason } => self.discard_reveal(actor, reveal, reason),
            Request::ExtendOverlap {
                organization,
                token,
                overlap,
                finish,
            } => self.extend_overlap(actor, organization.as_ref(), &token, (overlap, finish)),
            Request::CutOver { organization, token } => self.cut_over(actor, organization.as_ref(), &token),
            Request::UndoRotation { organization, token } => {
                self.undo_rotation(actor, organization.as_ref(), &token)
            }
            Request::AllowAddresses {
                organization,
                token,
                ranges,
            } => self.allow_addresses(actor, organization.as_ref(), &token, ranges),
            Request::Invalidate(invalidate) => self.invalidate(actor, invalidate),
            Request::RestoreToken { organization, token } => {
                self.restore_token(actor, organization.as_ref(), &token)
            }
            Request::Verify { presented } => Ok(Response::Tried(self.verify_for(actor, &presented))),
            Request::TryToken { presented } => Ok(Response::Tried(self.try_token(&presented))),
            Request::Identify(found) => self.identify(&found),
            Request::Explain {
                organization,
                subject,
            } => self.explain(organization.as_ref(), &subject),

            Request::ListCashiers => Ok(Response::Cashiers(self.list_cashiers())),
            Request::AddCashier { email, role } => self.add_cashier(actor, email, role),
            Request::Enrol {
                email,
                code,
                password,
            } => self.enrol(actor, &email, &code, &password),
            Request::ChangePassword {
                credentials,
                password,
            } => self.change_password(actor, &credentials, &password),
            Request::SetRole { email, role } => self.set_role(actor, &email, role),
            Request::ResetCashier { email } => self.reset_cashier(actor, &email),
            Request::DisableCashier { email, disabled } => self.disable_cashier(actor, &email, disabled),
            Request::UnlockCashier { email } => self.unlock_cashier(actor, &email),
            Request::BreakGlass { email } => self.break_glass(actor, &email),
            Request::EndLogin { email } => self.end_login(actor, &email),

            Request::SignIn(credentials) => self.sign_in(actor, &credentials),
            Request::SignOut => self.sign_out(actor),

            Request::ListActivity {
                filter,
                before,
                limit,
            } => self.list_activity(&filter, before, limit),
            Request::MakeBackup(make) => self.back_up(actor, make),
            Request::ShowBackups => Ok(Response::Backups(self.backups())),
            Request::MakeRecoveryKey => self.make_recovery_key(),
            Request::SetRecipient { recipient } => self.set_recipient(actor, recipient),
            Request::ReleaseHold { organization, tokens } => {
                self.release_hold(actor, organization.as_ref(), tokens.as_deref())
            }
            Request::Health => Ok(Response::Health(Box::new(self.health()))),
            Request::ConfirmClock { credentials, wall } => self.confirm_clock(actor, &credentials, wall),
            Request::AcceptRollback {
                credentials,
                sequence,
            } => self.accept_rollback(actor, &credentials, sequence),
            Request::FollowActivity { filter, after, limit } => self.follow_activity(&filter, after, limit),
            Request::VerifyAudit { from } => self.verify_audit(from.as_deref()),
            Request::ListDeliveries => self.list_deliveries(),
            Request::ChangeToken(change) => self.change_token(actor, change),
            Request::ChangeContacts {
                organization,
                add,
                remove,
            } => self.change_contacts(actor, organization.as_ref(), (&add, &remove)),
            Request::ChangeWarnings {
                organization,
                lifetime,
                warnings,
            } => self.change_warnings(actor, organization.as_ref(), lifetime, warnings),
            Request::CancelJob(job) => self.cancel_job(actor, job),
        }
    }

    /// Everything that happens from now on.
    pub fn subscribe(&self) -> Receiver<Event> {
        self.feed.subscribe()
    }

    /// Forgets the lists that were made, so that a measurement makes them anew.
    #[doc(hidden)]
    pub fn forget_selections(&self) {
        self.index.forget_selections();
    }

    /// Random bytes from the operating system.
    fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.ports.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn registry(&self) -> RwLockReadGuard<'_, registry::Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a lock also after a panic: what it guards is replaced whole, never left half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
