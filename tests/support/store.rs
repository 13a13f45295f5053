//! Records for the tests of stores: each valid, each different for another number.

#![allow(dead_code, reason = "every test binary uses another part of it")]
#![allow(
    clippy::unwrap_used,
    reason = "a sample that is not valid is a bug of the test"
)]

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use strongroom::crypto::{FileKeys, KeyringFile, SealSource};
use strongroom::domain::audit::{Action, AuditActor, AuditEntry, Outcome};
use strongroom::domain::cashier::{Cashier, Enrolment, Role};
use strongroom::domain::field::FieldPolicy;
use strongroom::domain::id::{CashierId, Id, LoginId, OrganizationId, RequestId, TokenId};
use strongroom::domain::key_pair::{Fingerprint, KeyPair, KeySize, KeyState, Mgf1};
use strongroom::domain::login::{LoginKey, LoginSession, PreviousLoginKey};
use strongroom::domain::organization::Organization;
use strongroom::domain::recovery::{Backups, Hold, LastBackup, Recipient};
use strongroom::domain::secret::{Sealed, Secret};
use strongroom::domain::text::{
    Brand, Email, Environment, FieldName, OrganizationName, Reason, ServiceName, Slug, TokenName, TokenNote,
    Variable,
};
use strongroom::domain::throttle::Throttle;
use strongroom::domain::time::Timestamp;
use strongroom::domain::token::{
    Digest, Finish, Ladder, Ladders, Life, Lifetime, Overlap, Revocation, Token,
};
use strongroom::domain::usage::{KeyUsage, Usage};
use strongroom::service::ports::{
    Batch, Clock, Entropy, EntropyError, Loaded, Record, RecordKey, Revision, Store, StoreError, UsageRecord,
};
use strongroom::store::journaled::{JournaledStore, Places};
use strongroom::system::{OsEntropy, SystemClock};

/// 2026-11-23T14:02:00Z and `number` seconds.
pub(crate) fn at(number: u64) -> Timestamp {
    Timestamp::from_millis(1_795_442_520_000 + i64::try_from(number).unwrap() * 1000)
}

pub(crate) fn id(number: u64) -> Id {
    let mut random = [7; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Id::new(at(number), random)
}

pub(crate) fn email() -> Email {
    Email::parse("ada@acme.test").unwrap()
}

pub(crate) fn organization(number: u64) -> Record {
    Record::Organization(Organization {
        id: OrganizationId(id(number)),
        slug: Slug::parse(&format!("acme-{number}")).unwrap(),
        name: OrganizationName::parse("Acme GmbH").unwrap(),
        brand: Brand::parse("FinCode").unwrap(),
        created_at: at(number),
        created_by: email(),
        fields: FieldPolicy::default(),
        contacts: Vec::new(),
        warnings: Ladders::default(),
    })
}

pub(crate) fn key_pair(organization: u64, generation: u32, state: KeyState) -> Record {
    Record::KeyPair(KeyPair {
        organization: OrganizationId(id(organization)),
        generation,
        size: KeySize::Bits3072,
        public: vec![0x30, 0x82, 1, 0xa2],
        fingerprint: Fingerprint([9; 32]),
        made_at: at(organization),
        made_by: email(),
        state,
    })
}

pub(crate) fn token(organization: u64, number: u64) -> Token {
    Token {
        id: TokenId(id(number)),
        organization: OrganizationId(id(organization)),
        name: TokenName::parse(&format!("payouts-prod-{number}")).unwrap(),
        service: ServiceName::parse("payouts").unwrap(),
        environment: Environment::parse("prod").unwrap(),
        variable: Variable::parse(&format!("FINCODE_TOKEN_{number}")).unwrap(),
        brand: Brand::parse("FinCode").unwrap(),
        lifetime: Lifetime::Months3,
        life: Life {
            minted_at: at(number),
            expires_at: at(number).plus_months(3),
            retires_at: None,
            revoked_at: None,
            deleted_at: None,
        },
        minted_by: email(),
        digest: Digest([3; 32]),
        digest_key: 1,
        last_four: *b"x7Qm",
        acknowledged_at: Some(at(number)),
        replaces: None,
        replaced_by: None,
        revocation: None,
        allowed: Vec::new(),
        finish: Finish::AtEnd,
        owner: None,
        note: None,
        warnings: None,
    }
}

pub(crate) fn revoked_token() -> Token {
    let mut token = token(1, 2);
    token.life.retires_at = Some(at(60));
    token.life.revoked_at = Some(at(70));
    token.life.deleted_at = Some(at(80));
    token.replaces = Some((TokenId(id(3)), Overlap::Days3));
    token.replaced_by = Some(TokenId(id(4)));
    let reason = Some(Reason::parse("found in a public repository").unwrap());
    token.revocation = Some(Revocation {
        by: email(),
        leaked: true,
        reason,
    });
    token
}

pub(crate) fn allowed_token() -> Token {
    let ranges = ["192.0.2.7", "10.0.0.0/8", "2001:db8::/32"];
    Token {
        allowed: ranges.map(|range| range.parse().unwrap()).to_vec(),
        ..token(1, 2)
    }
}

pub(crate) fn owned_token() -> Token {
    Token {
        owner: Some(Email::parse("otto@acme.test").unwrap()),
        note: Some(TokenNote::parse("for the nightly run").unwrap()),
        warnings: Some(Ladder::parse("14d,3d,4h").unwrap()),
        ..quiet_token()
    }
}

pub(crate) fn quiet_token() -> Token {
    Token {
        finish: Finish::WhenQuiet { hours: 12 },
        ..revoked_token()
    }
}

pub(crate) fn cashier() -> Record {
    Record::Cashier(Cashier {
        id: CashierId(id(5)),
        email: email(),
        role: Role::Admin,
        password: Some(Sealed(vec![1, 2, 3])),
        enrolment: Some(Enrolment {
            digest: Digest([4; 32]),
            expires_at: at(86_400),
        }),
        disabled_at: Some(at(90)),
        created_at: at(5),
        created_by: email(),
    })
}

pub(crate) fn throttle(source: &str) -> Record {
    Record::Throttle(Throttle {
        email: email(),
        source: source.to_owned(),
        failures: 5,
        last_failure: at(6),
    })
}

pub(crate) fn entry(sequence: u64, subject: &str) -> AuditEntry {
    AuditEntry {
        sequence,
        at: at(sequence),
        actor: AuditActor {
            cashier: Some(email()),
            role: Some(Role::Operator),
            os_user: "ada".to_owned(),
            uid: 1000,
            address: Some("192.0.2.7".to_owned()),
        },
        action: Action::TokenCreated,
        organization: Some(Slug::parse("acme").unwrap()),
        subject: subject.to_owned(),
        result: Outcome::Done,
        reason: String::new(),
        request: RequestId(id(sequence)),
        previous: [5; 32],
        hash: [6; 32],
    }
}

pub(crate) fn usage(number: u64) -> UsageRecord {
    let mut usage = Usage::default();
    usage.record("192.0.2.7", "curl/8", number, at(number));
    UsageRecord::Token(TokenId(id(number)), usage)
}

pub(crate) fn usage_with_gaps(number: u64) -> UsageRecord {
    let mut usage = Usage::default();
    for days in [0, 1, 1, 5] {
        let later = Timestamp::from_millis(at(number).millis() + days * 86_400_000);
        usage.record("192.0.2.7", "curl/8", number, later);
    }
    UsageRecord::Token(TokenId(id(number)), usage)
}

/// As version 1 has it: which variant was last, only the counts say.
pub(crate) fn key_usage(number: u64) -> UsageRecord {
    let mut usage = KeyUsage::default();
    usage.record(Mgf1::Sha1, at(number));
    (usage.last_mgf1, usage.last_sha1) = (None, None);
    UsageRecord::Key(OrganizationId(id(number)), usage)
}

pub(crate) fn key_usage_with_callers(number: u64) -> UsageRecord {
    let mut usage = KeyUsage::default();
    usage.record(Mgf1::Sha1, at(number));
    usage.record_stale("billing (uid 1001)", Fingerprint([9; 32]), at(number + 1));
    UsageRecord::Key(OrganizationId(id(number)), usage)
}

pub(crate) fn organization_with_fields(number: u64) -> Record {
    let Record::Organization(mut own) = organization(number) else {
        unreachable!()
    };
    own.fields = FieldPolicy::of(&["newPassword", "card.cvv"].map(FieldName::from_stored)).unwrap();
    Record::Organization(own)
}

pub(crate) fn organization_with_contacts(number: u64) -> Record {
    let Record::Organization(mut told) = organization(number) else {
        unreachable!()
    };
    told.contacts = ["ops@acme.test", "otto@acme.test"]
        .map(Email::from_stored)
        .to_vec();
    told.warnings
        .set(Lifetime::Year1, Some(Ladder::parse("60d,30d,12h").unwrap()));
    Record::Organization(told)
}

/// The same keys in every process, so that one opens what another wrote.
pub(crate) fn cipher() -> FileKeys {
    struct Sevens;
    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(7);
            Ok(())
        }
    }
    let source = SealSource::KeyFile {
        path: "/nowhere/seal.key".into(),
        key: &Secret::new(vec![7; 32]),
    };
    let (_, keyring) = KeyringFile::create(&source, Arc::new(Sevens)).unwrap();
    keyring.file_keys(Arc::new(OsEntropy))
}

/// The store in `data`, its anchor in `state` beside it: open, and not read yet.
pub(crate) fn opened(data: &Path) -> Result<JournaledStore, StoreError> {
    opened_at(data, Arc::new(SystemClock))
}

/// The same by another clock.
pub(crate) fn opened_at(data: &Path, clock: Arc<dyn Clock>) -> Result<JournaledStore, StoreError> {
    let places = Places {
        data: data.to_owned(),
        state: data.with_file_name("state"),
    };
    for place in [&places.data, &places.state] {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(place)
            .unwrap();
    }
    JournaledStore::open(&places, Arc::new(cipher()), clock, &())
}

/// The same, read and compared with its journal.
pub(crate) fn open(data: &Path) -> Result<JournaledStore, StoreError> {
    let store = opened(data)?;
    while store.load(&mut |_, _| Ok(()))? == Loaded::Mended {}
    Ok(store)
}

/// A batch that writes one record in revision 1, and its audit entry.
pub(crate) fn put(record: Record, sequence: u64) -> Batch {
    Batch {
        put: vec![(record, 1)],
        audit: vec![entry(sequence, "put")],
        ..Batch::default()
    }
}

/// Everything that `load` gives.
pub(crate) fn loaded(store: &dyn Store) -> Vec<(Record, Revision)> {
    loop {
        let mut all = Vec::new();
        let answer = store.load(&mut |record, revision| {
            all.push((record, revision));
            Ok(())
        });
        if answer.unwrap() == Loaded::Whole {
            return all;
        }
    }
}

pub(crate) fn keys(store: &dyn Store) -> Vec<RecordKey> {
    loaded(store).iter().map(|(record, _)| record.key()).collect()
}

pub(crate) fn backups() -> Record {
    Record::Backups(Backups {
        recipient: Some(Recipient([3; 32])),
        last: Some(LastBackup {
            at: at(8),
            sequence: 400,
            path: "/backup/strongroom-acme-20261123T140200Z.age".into(),
        }),
    })
}

pub(crate) fn hold() -> Record {
    Record::Hold(Hold {
        since: at(9),
        backup_at: at(8),
        backup_sequence: 400,
        released: vec![TokenId(id(1)), TokenId(id(2))],
    })
}

pub(crate) fn login_key() -> Record {
    Record::LoginKey(LoginKey {
        public: [1; 32],
        sealed: Sealed(vec![2; 72]),
        made_at: at(10),
        previous: Some(PreviousLoginKey {
            public: [3; 32],
            until: at(11),
        }),
    })
}

pub(crate) fn login_session() -> Record {
    Record::LoginSession(LoginSession {
        id: LoginId(id(12)),
        cashier: CashierId(id(5)),
        begun_at: at(12),
        refreshed_at: at(13),
        family: Digest([5; 32]),
        newest: Digest([6; 32]),
        from: "192.0.2.7".into(),
    })
}
