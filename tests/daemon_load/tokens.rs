//! Tokens by the hundred, minted by the service itself in this process: in a daemon each would hash a password.

use std::sync::Arc;

use strongroom::crypto::{
    Argon2Passwords, Cost, Ed25519, Keyring, KeyringFile, RsaEngine, SealedBy, Sha256Hasher,
};
use strongroom::domain::id::TokenId;
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{Email, Environment, ServiceName, TokenName};
use strongroom::domain::token::{Finish, Lifetime, Overlap};
use strongroom::service::ports::{CryptoError, PasswordCheck, PasswordHasher};
use strongroom::service::request::{CreateToken, Credentials, RotateToken, TokenRef};
use strongroom::service::response::Minted;
use strongroom::service::{Actor, Ports, Request, Response, Service};
use strongroom::store::journaled::{JournaledStore, Places};
use strongroom::system::checkpoint_file::CheckpointFile;
use strongroom::system::{OsEntropy, SystemClock};

use crate::backup::FixedBackups;
use crate::host::{Host, PASSWORD};

pub(crate) const ADA: &str = "ada@acme.test";
pub(crate) const SERVICES: [&str; 6] = ["checkout", "payouts", "ledger", "nightly", "kyc", "mail"];

/// A token and its text.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) id: TokenId,
    pub(crate) text: String,
}

impl Token {
    pub(crate) fn line(&self) -> String {
        format!("X-Auth-Token: {}\r\n", self.text)
    }

    pub(crate) fn reference(&self) -> TokenRef {
        TokenRef::Id(self.id)
    }
}

impl From<Minted> for Token {
    fn from(minted: Minted) -> Self {
        Self {
            id: minted.token.id,
            text: minted.secret.expose_text().unwrap().to_owned(),
        }
    }
}

/// The store of a machine while nobody else has it.
pub(crate) struct Mint(Arc<Service>);

impl Mint {
    pub(crate) fn of(host: &Host) -> Self {
        // As the program itself sets it: it starts over no store that others can read.
        rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        let file = KeyringFile::parse(&std::fs::read(host.data().join("keyring")).unwrap()).unwrap();
        let SealedBy::KeyFile { path } = file.sealed_by() else {
            panic!("sealed otherwise: {:?}", file.sealed_by())
        };
        let key = Secret::new(std::fs::read(path).unwrap());
        let keyring = file.open(&key, Arc::new(OsEntropy)).unwrap();
        Self(Service::open(ports(host, keyring)).unwrap())
    }

    /// A token of one of the services.
    pub(crate) fn token(&self, number: usize) -> Token {
        match self.ask(Request::CreateToken(create(number))) {
            Response::Minted(minted) => (*minted).into(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn tokens(&self, numbers: std::ops::Range<usize>) -> Vec<Token> {
        numbers.map(|number| self.token(number)).collect()
    }

    /// The token for another, whose overlap begins.
    pub(crate) fn successor(&self, old: &Token) -> Token {
        let minted = match self.ask(Request::RotateToken(RotateToken {
            organization: None,
            token: old.reference(),
            lifetime: None,
            overlap: Overlap::Days3,
            finish: Finish::AtEnd,
            owner: None,
            note: None,
            credentials: credentials(),
        })) {
            Response::Minted(minted) => *minted,
            other => panic!("{other:?}"),
        };
        self.ask(Request::AcknowledgeReveal {
            reveal: minted.reveal,
        });
        minted.into()
    }

    /// Lets the store go.
    pub(crate) fn close(self) {
        self.0.close().unwrap();
    }

    fn ask(&self, request: Request) -> Response {
        let actor = Actor {
            os_user: "root".into(),
            owns_store: true,
            ..Actor::default()
        };
        self.0.handle(&actor, request).unwrap()
    }
}

/// The numbered token, as it is asked for.
pub(crate) fn create(number: usize) -> CreateToken {
    let service = SERVICES[number % SERVICES.len()];
    CreateToken {
        organization: None,
        name: TokenName::parse(&format!("{service}-{number}")).unwrap(),
        service: ServiceName::parse(service).unwrap(),
        environment: Environment::parse("prod").unwrap(),
        lifetime: Lifetime::Months3,
        variable: None,
        allowed: Vec::new(),
        owner: None,
        note: None,
        warnings: None,
        credentials: credentials(),
    }
}

pub(crate) fn credentials() -> Credentials {
    Credentials {
        email: Email::parse(ADA).unwrap(),
        password: Secret::from_text(PASSWORD.into()),
    }
}

fn ports(host: &Host, keyring: Keyring) -> Ports {
    let entropy = Arc::new(OsEntropy);
    let state = host.path("home/.local/state/strongroom");
    let places = Places {
        data: host.data(),
        state: state.clone(),
    };
    let cipher = Arc::new(keyring.file_keys(entropy.clone()));
    let signer = Arc::new(keyring.audit_signer().unwrap());
    let checkpoints = Arc::new(CheckpointFile::new(&state, keyring.store_id()));
    let store = JournaledStore::open(&places, cipher, Arc::new(SystemClock), &keyring).unwrap();
    Ports {
        store: Arc::new(store),
        clock: Arc::new(SystemClock),
        entropy: entropy.clone(),
        keys: Arc::new(RsaEngine::new(entropy.clone())),
        sealer: Arc::new(keyring),
        passwords: Arc::new(Trusting(Argon2Passwords::new(Cost::STANDARD, entropy))),
        hasher: Arc::new(Sha256Hasher),
        signatures: Arc::new(Ed25519),
        account: Actor::default(),
        checkpoints,
        signer,
        backup: Arc::new(FixedBackups),
    }
}

/// Takes every password for the right one, at once; new ones it hashes as everybody does.
struct Trusting(Argon2Passwords);

impl PasswordHasher for Trusting {
    fn hash(&self, password: &Secret) -> Result<Secret, CryptoError> {
        self.0.hash(password)
    }

    fn verify(&self, _: &Secret, _: Option<&Secret>) -> Result<PasswordCheck, CryptoError> {
        Ok(PasswordCheck::Right)
    }

    fn is_common(&self, password: &Secret) -> bool {
        self.0.is_common(password)
    }
}
