//! Many tokens with a life that looks like one: services, environments, expiries, some revoked.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each bench uses its own part of it, and ends where it fails"
)]

use std::path::Path;
use std::sync::Arc;

use strongroom::crypto::{Keyring, KeyringFile, SealSource};
use strongroom::domain::audit::{Action, AuditActor, AuditEntry, Outcome};
use strongroom::domain::field::FieldPolicy;
use strongroom::domain::id::{Id, OrganizationId, RequestId, TokenId};
use strongroom::domain::organization::Organization;
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{
    Brand, Email, Environment, OrganizationName, ServiceName, Slug, TokenName, Variable,
};
use strongroom::domain::time::Timestamp;
use strongroom::domain::token::{Finish, Ladders, Life, Lifetime, Revocation, Token, TokenSecret};
use strongroom::service::ports::{Batch, Clock as _, Loaded, Record, Sealer, Store};
use strongroom::store::journaled::{JournaledStore, Places};
use strongroom::system::{OsEntropy, SystemClock};

const SERVICES: [&str; 8] = [
    "checkout",
    "payouts",
    "ledger",
    "nightly-cron",
    "mobile-gateway",
    "reporting",
    "kyc",
    "notifications",
];
const ENVIRONMENTS: [&str; 4] = ["prod", "staging", "dev", "cron"];

/// Makes the numbered token's secret; the same for the same number.
pub fn secret(number: u64) -> TokenSecret {
    let mut bytes = [0; 32];
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    for chunk in bytes.chunks_exact_mut(8) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        chunk.copy_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    TokenSecret::from_random(bytes)
}

/// The text that a client sends for it.
pub fn text(number: u64) -> Vec<u8> {
    let environment = Environment::from_stored(ENVIRONMENTS[number as usize % 4]);
    secret(number)
        .text(&Brand::from_stored("FinCode"), &environment)
        .expose()
        .to_vec()
}

/// The key that opens the keyring of [`data_directory`].
pub const SEAL_KEY: [u8; 32] = [7; 32];

/// Makes `root`/data as the program itself leaves it, sealed by the key file `root`/seal.key.
pub fn data_directory(root: &Path, count: u64) {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let (data, path) = (root.join("data"), root.join("seal.key"));
    std::fs::create_dir(&data).unwrap();
    std::fs::write(&path, SEAL_KEY).unwrap();
    let key = Secret::new(SEAL_KEY.to_vec());
    let source = SealSource::KeyFile { path, key: &key };
    let (file, keyring) = KeyringFile::create(&source, Arc::new(OsEntropy)).unwrap();
    std::fs::write(data.join("keyring"), file.to_bytes().unwrap()).unwrap();
    let store = open(root, &keyring);
    while store.load(&mut |_, _| Ok(())).unwrap() != Loaded::Whole {}
    write(&store, &keyring, count, SystemClock.now());
}

/// The store in `root`/data, its anchor in `root`/state.
pub fn open(root: &Path, keyring: &Keyring) -> JournaledStore {
    let places = Places {
        data: root.join("data"),
        state: root.join("state"),
    };
    std::fs::create_dir_all(&places.state).unwrap();
    let cipher = keyring.file_keys(Arc::new(OsEntropy));
    JournaledStore::open(&places, Arc::new(cipher), Arc::new(SystemClock), &()).unwrap()
}

/// Writes an organization and `count` tokens minted over the year before `now`, a thousand in a commit.
pub fn write(store: &dyn Store, sealer: &dyn Sealer, count: u64, now: Timestamp) {
    let organization = OrganizationId(Id::new(now, [1; 10]));
    let email = Email::from_stored("ada@acme.test");
    let first = Organization {
        id: organization,
        slug: Slug::from_stored("acme"),
        name: OrganizationName::from_stored("Acme Payments"),
        brand: Brand::from_stored("FinCode"),
        created_at: now,
        created_by: email.clone(),
        fields: FieldPolicy::default(),
        contacts: Vec::new(),
        warnings: Ladders::default(),
    };
    let mut sequence = 1;
    let mut put = vec![(Record::Organization(first), 1)];
    for number in 0..count {
        put.push((
            Record::Token(token(number, count, organization, &email, sealer, now)),
            1,
        ));
        if put.len() == 1_000 || number + 1 == count {
            let batch = Batch {
                put: std::mem::take(&mut put),
                audit: vec![entry(sequence, now)],
                ..Batch::default()
            };
            store.commit(&batch).unwrap();
            // As a running service does it every few seconds.
            if sequence.is_multiple_of(50) {
                store.maintain().unwrap();
            }
            sequence += 1;
        }
    }
}

fn token(
    number: u64,
    count: u64,
    organization: OrganizationId,
    email: &Email,
    sealer: &dyn Sealer,
    now: Timestamp,
) -> Token {
    let year = 365 * 86_400_000;
    let minted_at = Timestamp::from_millis(now.millis() - year + (number * year as u64 / count) as i64);
    let secret = secret(number);
    let (service, environment) = (SERVICES[number as usize % 8], ENVIRONMENTS[number as usize % 4]);
    let (digest, digest_key) = sealer.digest(secret.expose());
    let lifetime = Lifetime::ALL[2 + number as usize % 3];
    let mut life = Life::begin(lifetime, minted_at);
    let revocation = number.is_multiple_of(50).then(|| Revocation {
        by: email.clone(),
        leaked: false,
        reason: None,
    });
    life.revoked_at = revocation.as_ref().map(|_| now);
    let mut random = [0; 10];
    random.copy_from_slice(&digest.0[..10]);
    Token {
        id: TokenId(Id::new(minted_at, random)),
        organization,
        name: TokenName::from_stored(&format!("{service}-{environment}-{number}")),
        service: ServiceName::from_stored(service),
        environment: Environment::from_stored(environment),
        variable: Variable::from_stored(&format!("FINCODE_TOKEN_{number}")),
        brand: Brand::from_stored("FinCode"),
        lifetime,
        life,
        minted_by: email.clone(),
        digest,
        digest_key,
        last_four: *b"x7Qm",
        acknowledged_at: Some(minted_at),
        replaces: None,
        replaced_by: None,
        revocation,
        allowed: Vec::new(),
        finish: Finish::AtEnd,
        owner: None,
        note: None,
        warnings: None,
    }
}

fn entry(sequence: u64, at: Timestamp) -> AuditEntry {
    AuditEntry {
        sequence,
        at,
        actor: AuditActor {
            cashier: None,
            role: None,
            os_user: "ops".into(),
            uid: 1000,
            address: None,
        },
        action: Action::TokenCreated,
        organization: None,
        subject: "population".into(),
        result: Outcome::Done,
        reason: String::new(),
        request: RequestId(Id::new(at, [2; 10])),
        previous: [0; 32],
        hash: [sequence as u8; 32],
    }
}
