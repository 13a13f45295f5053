//! One of each. A variant that is added and not listed here does not compile.

use strongroom::domain::audit::chain::{Altered, Fault, Verdict};
use strongroom::domain::audit::{Action, AuditActor, AuditEntry, Outcome};
use strongroom::domain::cashier::{Role, Standing};
use strongroom::domain::ciphertext::{Advice, Hash, Padding, Sample, TextEncoding, Writing};
use strongroom::domain::delivery::{Attempt, Deliveries};
use strongroom::domain::field::FieldPolicy;
use strongroom::domain::id::{Id, RequestId, TokenId};
use strongroom::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use strongroom::domain::recovery::{Backups, LastBackup, Recipient};
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{
    Brand, Email, Environment, FieldName, OrganizationName, Reason, ServiceName, Slug, TokenName, TokenNote,
    Variable,
};
use strongroom::domain::time::Timestamp;
use strongroom::domain::token::{Finish, Ladder, Lifetime, Overlap, Refusal, Status};
use strongroom::domain::trusted_time::Jump;
use strongroom::domain::usage::{Caller, StaleCaller};
use strongroom::service::request::{
    ChangeToken, CreateToken, Credentials, Identify, Invalidate, Invalidation, JobId, MakeBackup, NewNote,
    NewWarnings, Onboard, Presented, RevealId, RotateKey, RotateToken, SessionId, Show, Sort, Subject,
    TokenQuery, TokenRef,
};
use strongroom::service::response::{
    ActivityPage, Alarm, AuditReport, BackupsView, CashierRow, ClockView, Connection, Counts, Decrypted,
    Diagnosis, EnrolmentCode, Explained, Finding, FinishView, Health, HoldView, Identified, Impact,
    KeyGeneration, KeyHolder, KeyView, Level, LoginView, Minted, Noticed, OpenedField, OrganizationRow,
    Overview, PayloadOpened, RecoveryKey, RefusalsView, RefusedSource, RevokedView, Rollback, SignedIn,
    StoreHealth, TokenDetail, TokenPage, TokenRow, Tried, UseFlag, WarningsRow,
};
use strongroom::service::{Code, Error, Event, Request, Response};

/// What every secret here holds.
pub(crate) const PLAIN: &str = "hunter2";

/// A list of values, and a match without `_` over their variants.
macro_rules! one_of_each {
    ($(#[$doc:meta])* $name:ident, $kind:ty: $($variant:pat => [$($value:expr),* $(,)?],)+) => {
        $(#[$doc])*
        pub(crate) fn $name() -> Vec<$kind> {
            fn is_listed(value: &$kind) {
                match value { $($variant => {})+ }
            }
            let values = [$(vec![$($value),*]),+].into_iter().flatten().collect::<Vec<$kind>>();
            values.iter().for_each(is_listed);
            values
        }
    };
}

one_of_each! {
    /// Requests.
    requests, Request:
    Request::Overview => [Request::Overview],
    Request::Onboard(_) => [Request::Onboard(Onboard {
        brand: Brand::parse("FinCode").unwrap(),
        slug: slug(),
        name: OrganizationName::parse("Acme GmbH").unwrap(),
        size: KeySize::Bits3072,
        admin: credentials(),
        recipient: Some(Recipient([9; 32])),
    })],
    Request::ListOrganizations => [Request::ListOrganizations],
    Request::ShowKey { .. } => [
        Request::ShowKey { organization: Some(slug()) },
        Request::ShowKey { organization: None },
    ],
    Request::KeyImpact { .. } => [Request::KeyImpact { organization: Some(slug()) }],
    Request::RotateKey(_) => [Request::RotateKey(RotateKey {
        organization: Some(slug()),
        confirmation: "acme".into(),
        size: KeySize::Bits4096,
        credentials: credentials(),
    })],
    Request::Encrypt { .. } => [Request::Encrypt {
        organization: Some(slug()),
        plaintext: secret(),
        mgf1: Mgf1::Sha256,
    }],
    Request::Decrypt { .. } => [Request::Decrypt {
        organization: Some(slug()),
        ciphertext: "q83v".into(),
        key: Some(Fingerprint([7; 32])),
    }],
    Request::OpenPayload { .. } => [Request::OpenPayload {
        organization: Some(slug()),
        payload: secret(),
        key: Some(Fingerprint([7; 32])),
    }],
    Request::Diagnose { .. } => [Request::Diagnose {
        organization: Some(slug()),
        pasted: secret(),
        key: Some(Fingerprint([7; 32])),
        show_plaintext: true,
    }],
    Request::ChangeFieldPolicy { .. } => [Request::ChangeFieldPolicy {
        organization: Some(slug()),
        reset: true,
        add: vec![FieldName::parse("newPassword").unwrap()],
        remove: vec![FieldName::parse("userPin").unwrap()],
    }],
    Request::ListTokens(_) => [
        Request::ListTokens(TokenQuery::default()),
        Request::ListTokens(TokenQuery {
            organization: Some(slug()),
            text: "pay".into(),
            show: Show::Only(Status::Retiring),
            sort: Sort::LastUse,
            descending: true,
            offset: 200,
            limit: 50,
        }),
    ],
    Request::ShowToken { .. } => [Request::ShowToken { organization: Some(slug()), token: by_name() }],
    Request::TokenImpact { .. } => [Request::TokenImpact {
        organization: Some(slug()),
        tokens: vec![by_name(), TokenRef::Id(token())],
    }],
    Request::SuggestVariable { .. } => [Request::SuggestVariable {
        organization: Some(slug()),
        service: Some(ServiceName::parse("payouts").unwrap()),
        environment: environment(),
    }],
    Request::CreateToken(_) => [Request::CreateToken(CreateToken {
        organization: Some(slug()),
        name: TokenName::parse("Zahlungen 支付").unwrap(),
        service: ServiceName::parse("payouts").unwrap(),
        environment: environment(),
        lifetime: Lifetime::Months3,
        variable: Some(variable()),
        allowed: vec!["10.0.0.9".parse().unwrap()],
        owner: Some(email()),
        note: Some(note()),
        warnings: Some(ladder()),
        credentials: credentials(),
    })],
    Request::RotateToken(_) => [Request::RotateToken(RotateToken {
        organization: Some(slug()),
        token: TokenRef::Id(token()),
        lifetime: Some(Lifetime::Year1),
        overlap: Overlap::Hours24,
        finish: Finish::WhenQuiet { hours: 12 },
        owner: Some(email()),
        note: Some(note()),
        credentials: credentials(),
    })],
    Request::AcknowledgeReveal { .. } => [Request::AcknowledgeReveal { reveal: RevealId([3; 16]) }],
    Request::DiscardReveal { .. } => [Request::DiscardReveal { reveal: RevealId([0xfe; 16]), reason: Some(Reason::parse("gone").unwrap()) }],
    Request::ExtendOverlap { .. } => [Request::ExtendOverlap {
        organization: Some(slug()),
        token: by_name(),
        overlap: Some(Overlap::Days7),
        finish: Some(Finish::AtEnd),
    }],
    Request::CutOver { .. } => [Request::CutOver { organization: Some(slug()), token: by_name() }],
    Request::UndoRotation { .. } => [Request::UndoRotation { organization: Some(slug()), token: by_name() }],
    Request::AllowAddresses { .. } => [Request::AllowAddresses {
        organization: Some(slug()),
        token: by_name(),
        ranges: vec!["10.0.0.0/8".parse().unwrap()],
    }],
    Request::Invalidate(_) => [Request::Invalidate(Invalidate {
        organization: Some(slug()),
        tokens: vec![by_name()],
        how: Invalidation::RevokeAsLeaked,
        reason: Some(Reason::parse("seen in a log").unwrap()),
    })],
    Request::RestoreToken { .. } => [Request::RestoreToken { organization: Some(slug()), token: by_name() }],
    Request::Verify { .. } => [Request::Verify { presented: secret() }],
    Request::TryToken { .. } => [Request::TryToken { presented: secret() }],
    Request::Identify(_) => [Request::Identify(Identify {
        tokens: vec![Presented { presented: secret() }],
        keys: vec!["AAAA".into()],
    })],
    Request::Explain { .. } => [
        Request::Explain { organization: Some(slug()), subject: Subject::Presented(secret()) },
        Request::Explain { organization: None, subject: Subject::Named("payouts".into()) },
    ],
    Request::ListCashiers => [Request::ListCashiers],
    Request::AddCashier { .. } => [Request::AddCashier { email: email(), role: Role::Operator }],
    Request::Enrol { .. } => [Request::Enrol { email: email(), code: secret(), password: secret() }],
    Request::ChangePassword { .. } => [Request::ChangePassword {
        credentials: credentials(),
        password: Secret::new(vec![0, 255, b'"', b'\\']),
    }],
    Request::SetRole { .. } => [Request::SetRole { email: email(), role: Role::Admin }],
    Request::ResetCashier { .. } => [Request::ResetCashier { email: email() }],
    Request::DisableCashier { .. } => [Request::DisableCashier { email: email(), disabled: true }],
    Request::UnlockCashier { .. } => [Request::UnlockCashier { email: email() }],
    Request::BreakGlass { .. } => [Request::BreakGlass { email: email() }],
    Request::EndLogin { .. } => [Request::EndLogin { email: email() }],
    Request::ConfirmClock { .. } => [Request::ConfirmClock { credentials: credentials(), wall: at(0) }],
    Request::SignIn(_) => [Request::SignIn(credentials())],
    Request::SignOut => [Request::SignOut],
    Request::ListActivity { .. } => [Request::ListActivity {
        filter: "token.*".into(),
        before: Some(u64::MAX),
        limit: 50,
    }],
    Request::MakeBackup(_) => [
        Request::MakeBackup(MakeBackup {
            place: "/var/backups/strongroom".into(),
            recipients: vec![Recipient([9; 32])],
            passphrase: None,
        }),
        Request::MakeBackup(MakeBackup {
            place: "/var/backups/strongroom".into(),
            recipients: Vec::new(),
            passphrase: Some(secret()),
        }),
    ],
    Request::ShowBackups => [Request::ShowBackups],
    Request::MakeRecoveryKey => [Request::MakeRecoveryKey],
    Request::SetRecipient { .. } => [Request::SetRecipient { recipient: Recipient([9; 32]) }],
    Request::ReleaseHold { .. } => [Request::ReleaseHold {
        organization: Some(slug()),
        tokens: Some(vec![by_name()]),
    }],
    Request::Health => [Request::Health],
    Request::AcceptRollback { .. } => [Request::AcceptRollback { credentials: credentials(), sequence: 41 }],
    Request::FollowActivity { .. } => [Request::FollowActivity {
        filter: String::new(),
        after: 12,
        limit: 100,
    }],
    Request::ListDeliveries => [Request::ListDeliveries],
    Request::VerifyAudit { .. } => [Request::VerifyAudit { from: Some("{}\n".into()) }],
    Request::ChangeToken(_) => [
        Request::ChangeToken(ChangeToken {
            organization: Some(slug()),
            token: by_name(),
            name: Some(TokenName::parse("payouts-eu").unwrap()),
            owner: Some(email()),
            note: Some(NewNote::Text(note())),
            warnings: Some(NewWarnings::Own(ladder())),
        }),
        Request::ChangeToken(ChangeToken {
            organization: None,
            token: by_name(),
            name: None,
            owner: None,
            note: Some(NewNote::Nothing),
            warnings: Some(NewWarnings::Default),
        }),
    ],
    Request::ChangeContacts { .. } => [Request::ChangeContacts {
        organization: Some(slug()),
        add: vec![email()],
        remove: Vec::new(),
    }],
    Request::ChangeWarnings { .. } => [Request::ChangeWarnings {
        organization: Some(slug()),
        lifetime: Lifetime::Year1,
        warnings: NewWarnings::Own(ladder()),
    }],
    Request::CancelJob(_) => [Request::CancelJob(JobId(7))],
}

one_of_each! {
    /// Answers.
    responses, Response:
    Response::Done => [Response::Done],
    Response::Overview(_) => [Response::Overview(Overview {
        organizations: vec![organization()],
        now: at(0),
        rollback: Some(rollback()),
        role: Some(Role::Viewer),
        hold: Some(hold()),
    })],
    Response::Onboarded(..) => [Response::Onboarded(organization(), generation(None))],
    Response::Organizations(_) => [Response::Organizations(vec![organization()])],
    Response::Key(_) => [Response::Key(Box::new(KeyView {
        organization: slug(),
        active: generation(None),
        base64: "MIIB".into(),
        pem: "-----BEGIN PUBLIC KEY-----\nMIIB\n".into(),
        jwk: "{\"kty\":\"RSA\"}".into(),
        days: vec![0, 3],
        mgf1_sha256: 4,
        mgf1_sha1: 5,
        failures: 6,
        stale: 7,
        stale_callers: vec![StaleCaller {
            who: "billing (uid 1001)".into(),
            named: Fingerprint([7; 32]),
            count: 7,
            last: at(2),
        }],
        last_decryption: Some(at(1)),
        last_mgf1: Some(Mgf1::Sha1),
        last_sha1: Some(at(1)),
        fields: FieldPolicy::default().rules(),
        history: vec![generation(Some((at(2), email())))],
    }))],
    Response::Impact(_) => [Response::Impact(Impact {
        subjects: 1,
        live: 1,
        callers_last_hour: 2,
        callers: vec![caller()],
        uses_30_days: 12,
    })],
    Response::Encrypted(_) => [Response::Encrypted("q83v".into())],
    Response::Decrypted(_) => [Response::Decrypted(Decrypted {
        plaintext: secret(),
        mgf1: Mgf1::Sha1,
        generation: 2,
    })],
    Response::PayloadOpened(_) => [Response::PayloadOpened(PayloadOpened {
        payload: secret(),
        opened: vec![OpenedField { path: "/userPin".into(), mgf1: Mgf1::Sha1 }],
        generation: 2,
    })],
    Response::Diagnosed(_) => [Response::Diagnosed(Diagnosis {
        generation: 2,
        size: KeySize::Bits3072,
        fingerprint: Fingerprint([7; 32]),
        findings: vec![finding(Some(secret())), finding(None)],
    })],
    Response::Started(_) => [Response::Started(JobId(7))],
    Response::KeyRotated(..) => [Response::KeyRotated(
        generation(Some((at(2), email()))),
        generation(None),
    )],
    Response::Tokens(_) => [Response::Tokens(TokenPage {
        rows: vec![row()],
        offset: 3,
        matching: 9,
        counts: Counts { active: 9, unused: 1, ..Counts::default() },
    })],
    Response::Token(_) => [Response::Token(Box::new(TokenDetail {
        row: row(),
        organization: slug(),
        first_used: Some(at(1)),
        days_90: vec![1; 90],
        callers: vec![caller()],
        callers_last_hour: vec![3],
        minutes_60: vec![0, 7],
        allowed: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        own_warnings: true,
        revoked: Some(RevokedView {
            at: at(3),
            by: email(),
            leaked: true,
            reason: Some(Reason::parse("seen in a log").unwrap()),
        }),
        restorable_until: Some(at(4)),
        deleted_at: Some(at(5)),
        overlap: Some(Overlap::Now),
        chain: vec![row()],
        finish: Some(FinishView {
            hours: 12,
            counted: true,
            successor_seen: true,
            silent_since: at(6),
            needed_seconds: 43_200,
            quiet_at: at(7),
        }),
    }))],
    Response::Variable(_) => [Response::Variable(variable())],
    Response::Minted(_) => [Response::Minted(Box::new(Minted {
        token: row(),
        secret: secret(),
        reveal: RevealId([3; 16]),
        replaces: Some((row(), Overlap::Days3)),
    }))],
    Response::Tried(_) => [
        Response::Tried(Tried::Good(Box::new(row()), slug())),
        Response::Tried(Tried::Refused(Refusal::Held, Box::new(row()), slug())),
        Response::Tried(Tried::Forbidden(Box::new(row()), slug())),
        Response::Tried(Tried::Unknown),
        Response::Tried(Tried::Mistyped),
        Response::Tried(Tried::Malformed),
    ],
    Response::Identified(_) => [Response::Identified(Identified {
        tokens: vec![Tried::Good(Box::new(row()), slug()), Tried::Unknown],
        keys: vec![Some(KeyHolder { organization: slug(), key: generation(None) }), None],
    })],
    Response::Explained(_) => [Response::Explained(vec![
        Explained::Key(KeyHolder { organization: slug(), key: generation(None) }),
        Explained::Mistyped { like: vec![row()] },
        Explained::Unknown,
        Explained::Malformed,
    ])],
    Response::Cashiers(_) => [Response::Cashiers(vec![CashierRow {
        email: email(),
        role: Role::Admin,
        standing: Standing::Invited,
        code_expires_at: Some(at(1)),
        failures: 2,
        blocked_until: Some(at(2)),
        created_at: at(0),
        created_by: email(),
        login: Some(LoginView {
            since: at(0),
            from: "10.0.0.4".into(),
            refreshed_at: at(1),
            ends_at: at(2),
        }),
    }])],
    Response::EnrolmentCode(_) => [Response::EnrolmentCode(EnrolmentCode {
        email: email(),
        code: secret(),
        expires_at: at(1),
    })],
    Response::SignedIn(_) => [Response::SignedIn(SignedIn {
        session: SessionId([0x0a; 16]),
        email: email(),
        role: Role::Operator,
        until: at(600_000),
    })],
    Response::Activity(_) => [Response::Activity(ActivityPage {
        entries: vec![entry()],
        next: Some(1),
        head: 2,
        chain: Some(Verdict::Altered(Altered { from: 3, to: 4, fault: Fault::Link })),
    })],
    Response::Health(_) => [Response::Health(Box::new(health()))],
    Response::AuditVerified(_) => [Response::AuditVerified(AuditReport {
        verdict: Verdict::Truncated { to: 3, was: 5 },
        store: "0a0b".into(),
        public_key: "MCow".into(),
        checkpoints: 4,
        newest_checkpoint: Some(5),
        earlier_lines: 1,
        rejected_lines: 2,
    })],
    Response::BackedUp(_) => [Response::BackedUp(backup())],
    Response::Backups(_) => [Response::Backups(backups())],
    Response::Deliveries(_) => [Response::Deliveries(Deliveries {
        attempts: vec![Attempt {
            at: at(7),
            receiver: "ops".into(),
            id: "audit-7-0123456789abcdef".into(),
            kind: "token.revoked".into(),
            attempt: 2,
            delivered: true,
            result: "status 204".into(),
        }],
        waiting: [("ops".to_owned(), 3)].into(),
        gone: vec!["old".into()],
    })],
    Response::RecoveryKey(_) => [Response::RecoveryKey(RecoveryKey {
        identity: secret(),
        recipient: Recipient([9; 32]),
    })],
}

one_of_each! {
    /// Events.
    events, Event:
    Event::Changed => [Event::Changed],
    Event::Used => [Event::Used],
    Event::JobEnded(..) => [Event::JobEnded(JobId(1), Err(Error::new(Code::Cancelled, "a", "b")))],
    Event::Connection(_) => [Event::Connection(Connection::Lost), Event::Connection(Connection::Back)],
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_763_900_000_000 + millis)
}

fn slug() -> Slug {
    Slug::parse("acme").unwrap()
}

fn email() -> Email {
    Email::parse("ada@acme.test").unwrap()
}

fn note() -> TokenNote {
    TokenNote::parse("for the nightly run").unwrap()
}

fn ladder() -> Ladder {
    Ladder::parse("14d,3d").unwrap()
}

fn environment() -> Environment {
    Environment::parse("prod").unwrap()
}

fn variable() -> Variable {
    Variable::parse("FINCODE_TOKEN_PROD").unwrap()
}

fn secret() -> Secret {
    Secret::from_text(PLAIN.into())
}

fn credentials() -> Credentials {
    Credentials {
        email: email(),
        password: secret(),
    }
}

fn token() -> TokenId {
    TokenId(Id::new(at(0), [1; 10]))
}

fn by_name() -> TokenRef {
    TokenRef::Name("payouts".into())
}

fn organization() -> OrganizationRow {
    OrganizationRow {
        slug: slug(),
        name: OrganizationName::parse("Acme GmbH").unwrap(),
        brand: Brand::parse("FinCode").unwrap(),
        created_at: at(0),
        tokens: Counts::default(),
        nearest: Some((TokenName::parse("payouts").unwrap(), at(1))),
        contacts: vec![email()],
        warnings: vec![WarningsRow {
            lifetime: Lifetime::Hours24,
            warnings: ladder(),
            own: true,
        }],
    }
}

fn generation(replaced: Option<(Timestamp, Email)>) -> KeyGeneration {
    KeyGeneration {
        generation: 2,
        size: KeySize::Bits2048,
        fingerprint: Fingerprint([7; 32]),
        made_at: at(0),
        made_by: email(),
        replaced,
    }
}

fn caller() -> Caller {
    Caller {
        address: "10.0.0.4".into(),
        agent: "checkout/4.2".into(),
        count: 12,
        last: at(1),
    }
}

fn row() -> TokenRow {
    TokenRow {
        id: token(),
        name: TokenName::parse("payouts").unwrap(),
        service: ServiceName::parse("payouts").unwrap(),
        environment: environment(),
        variable: variable(),
        masked: "fincode_prod_…x7Qm".into(),
        status: Status::Active,
        flag: Some(UseFlag::NeverUsed),
        lifetime: Lifetime::Hours24,
        minted_at: at(0),
        minted_by: email(),
        owner: email(),
        note: Some(note()),
        warnings: ladder(),
        expires_at: at(1),
        ends_at: at(1),
        acknowledged: true,
        replaces: Some(token()),
        replaced_by: None,
        leaked: false,
        last_used: None,
        uses: 0,
        days: vec![0; 3],
    }
}

fn entry() -> AuditEntry {
    AuditEntry {
        sequence: 2,
        at: at(0),
        actor: AuditActor {
            cashier: Some(email()),
            role: Some(Role::Admin),
            os_user: "ada".into(),
            uid: 1000,
            address: Some("10.0.0.9".into()),
        },
        action: Action::TokenCreated,
        organization: Some(slug()),
        subject: "payouts".into(),
        result: Outcome::Done,
        reason: String::new(),
        request: RequestId(Id::new(at(0), [2; 10])),
        previous: [1; 32],
        hash: [2; 32],
    }
}

fn rollback() -> Rollback {
    Rollback {
        anchored: 9,
        found: 7,
        anchored_at: at(0),
    }
}

fn hold() -> HoldView {
    HoldView {
        since: at(0),
        backup_at: at(1),
        backup_sequence: 5,
        released: 2,
    }
}

fn backup() -> LastBackup {
    LastBackup {
        at: at(0),
        sequence: 5,
        path: "/var/backups/a.age".into(),
    }
}

fn backups() -> BackupsView {
    BackupsView {
        backups: Backups {
            recipient: Some(Recipient([9; 32])),
            last: Some(backup()),
        },
        hold: Some(hold()),
    }
}

fn health() -> Health {
    Health {
        now: at(0),
        opened_at: at(1),
        store: StoreHealth {
            sequence: 9,
            records: 8,
            verified_at: Some(at(0)),
            checkpoint_at: None,
            anchored_at: Some(at(0)),
            faults: vec!["full".into()],
        },
        clock: ClockView {
            trusted: at(0),
            wall: at(1),
            jump: Some(Jump {
                expected: at(0),
                wall: at(1),
            }),
            would_expire: 3,
        },
        log: Some(Verdict::Intact { from: 1, to: 9 }),
        notices: vec![Noticed {
            kind: "rebuilt".into(),
            message: "it was".into(),
        }],
        rollback: None,
        recovery: backups(),
        refusals: RefusalsView {
            last_minute: 3,
            total: 9,
            sources: vec![RefusedSource {
                source: "10.0.0.9".into(),
                count: 2,
            }],
        },
        alarms: vec![Alarm {
            level: Level::Critical,
            kind: "store_fault".into(),
            message: "full".into(),
            hint: "free some".into(),
        }],
    }
}

fn finding(plaintext: Option<Secret>) -> Finding {
    Finding {
        path: "/userPin".into(),
        verdict: strongroom::domain::ciphertext::Verdict::Opened,
        said: "OAEP with SHA-1 and MGF1-SHA-1, to generation 2".into(),
        writings: vec![Writing::UrlSafe, Writing::Unpadded],
        bytes: Some(384),
        fits: vec![1, 2],
        padding: Some(Padding::Oaep {
            hash: Hash::Sha1,
            mgf1: Hash::Sha1,
        }),
        text: Some(TextEncoding::Latin1),
        advice: vec![Advice {
            change: "Set both to SHA-256.".into(),
            code: vec![Sample {
                sender: "Go".into(),
                line: "sha256.New()".into(),
            }],
        }],
        plaintext,
    }
}
