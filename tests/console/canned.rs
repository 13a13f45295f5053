//! Answers that are the same in every run, for pictures of screens: Acme, well into its second key pair.

use std::sync::mpsc::{Receiver, channel};

use chrono::TimeDelta;
use strongroom::domain::audit::chain::Verdict;
use strongroom::domain::audit::{Action, AuditActor, AuditEntry, Outcome};
use strongroom::domain::cashier::{Role, Standing};
use strongroom::domain::delivery::{Attempt, Deliveries};
use strongroom::domain::field::FieldPolicy;
use strongroom::domain::id::{Id, RequestId};
use strongroom::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use strongroom::domain::recovery::{Backups, LastBackup};
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{Brand, Email, OrganizationName, Slug, TokenName};
use strongroom::domain::time::Timestamp;
use strongroom::domain::usage::{Caller, StaleCaller};
use strongroom::gateway::{Gateway, SealChoice, SealStatus, StoreState};
use strongroom::service::request::{JobId, SessionId};
use strongroom::service::response::{
    ActivityPage, CashierRow, ClockView, Counts, Decrypted, EnrolmentCode, Health, Impact, KeyGeneration,
    KeyView, LoginView, OrganizationRow, Overview, SignedIn, StoreHealth, TokenPage,
};
use strongroom::service::{Code, Error, Event, Request, Response};

/// The gateway.
pub struct Canned;

pub const NOW: Timestamp = Timestamp::from_millis(1_795_435_200_000);

fn ago(delta: TimeDelta) -> Timestamp {
    NOW.minus(delta)
}

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@acme.test")).unwrap()
}

impl Gateway for Canned {
    fn state(&self) -> Result<StoreState, Error> {
        Ok(StoreState::Ready)
    }

    fn initialize(&self, _seal: SealChoice) -> Result<(), Error> {
        Ok(())
    }

    fn unlock(&self, _passphrase: &Secret) -> Result<(), Error> {
        Ok(())
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }

    fn rotate_seal(&self, _: Option<SessionId>, _: SealChoice) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }

    fn ask(&self, session: Option<SessionId>, request: Request) -> Result<Response, Error> {
        Ok(match request {
            Request::Overview => Response::Overview(overview()),
            Request::ShowKey { .. } => Response::Key(Box::new(key())),
            Request::KeyImpact { .. } => Response::Impact(impact()),
            Request::RotateKey(_) => Response::Started(JobId(1)),
            Request::Encrypt { .. } => Response::Encrypted("q83vEjRW".repeat(64)),
            Request::Decrypt { .. } => Response::Decrypted(Decrypted {
                plaintext: Secret::from_text("correct horse".into()),
                mgf1: Mgf1::Sha1,
                generation: 2,
            }),
            Request::ListTokens(_) => Response::Tokens(TokenPage {
                rows: Vec::new(),
                offset: 0,
                matching: 0,
                counts: counts(),
            }),
            Request::Health => Response::Health(Box::new(health())),
            Request::ListDeliveries => Response::Deliveries(deliveries()),
            Request::ListCashiers => Response::Cashiers(cashiers()),
            Request::ListActivity { .. } => Response::Activity(activity()),
            Request::SignIn(_) => Response::SignedIn(SignedIn {
                session: SessionId([1; 16]),
                email: email("ada"),
                role: Role::Admin,
                until: NOW.plus(TimeDelta::minutes(10)),
            }),
            Request::AddCashier { .. } if session.is_some() => Response::EnrolmentCode(EnrolmentCode {
                email: email("mary"),
                code: Secret::from_text("ntjf4-h11ey-57xk3-v9jkw".into()),
                expires_at: NOW.plus(TimeDelta::hours(24)),
            }),
            _ => {
                return Err(Error::new(
                    Code::SignInRequired,
                    "the change needs a cashier",
                    "sign in",
                ));
            }
        })
    }

    fn subscribe(&self) -> Receiver<Event> {
        channel().1
    }
}

fn counts() -> Counts {
    Counts {
        active: 7,
        expiring: 3,
        retiring: 1,
        ..Counts::default()
    }
}

/// One that arrived in the end, one that waits, and an endpoint that is gone.
fn deliveries() -> Deliveries {
    let attempt = |minutes, receiver: &str, kind: &str, attempt, result: &str| Attempt {
        at: NOW.minus(TimeDelta::minutes(minutes)),
        receiver: receiver.into(),
        id: "audit-7-0123456789abcdef".into(),
        kind: kind.into(),
        attempt,
        delivered: result == "status 204",
        result: result.into(),
    };
    Deliveries {
        attempts: vec![
            attempt(3, "ops", "token.revoked", 2, "status 204"),
            attempt(
                8,
                "pager",
                "token.expiring",
                1,
                "no answer within 15 s; again at 2026-11-23T14:13:00Z",
            ),
            attempt(
                8,
                "ops",
                "token.revoked",
                1,
                "status 500; again at 2026-11-23T14:07:00Z",
            ),
        ],
        waiting: [("pager".to_owned(), 1)].into(),
        gone: vec!["old".into()],
    }
}

/// A store without alarms, verified two hours ago.
pub fn health() -> Health {
    Health {
        now: NOW,
        opened_at: ago(TimeDelta::hours(2)),
        store: StoreHealth {
            sequence: 18_402,
            records: 1_204,
            verified_at: Some(ago(TimeDelta::hours(2))),
            checkpoint_at: Some(ago(TimeDelta::hours(9))),
            anchored_at: Some(ago(TimeDelta::seconds(40))),
            faults: Vec::new(),
        },
        clock: ClockView {
            trusted: NOW,
            wall: NOW,
            jump: None,
            would_expire: 0,
        },
        log: Some(Verdict::Intact { from: 1, to: 18_402 }),
        notices: Vec::new(),
        recovery: strongroom::service::response::BackupsView {
            backups: Backups {
                recipient: None,
                last: Some(LastBackup {
                    at: ago(TimeDelta::hours(9)),
                    sequence: 18_390,
                    path: "/var/backups/strongroom/2026-11-23.age".into(),
                }),
            },
            hold: None,
        },
        rollback: None,
        refusals: strongroom::service::response::RefusalsView::default(),
        alarms: Vec::new(),
    }
}

pub fn overview() -> Overview {
    let row = |slug: &str, name: &str| OrganizationRow {
        slug: Slug::parse(slug).unwrap(),
        name: OrganizationName::parse(name).unwrap(),
        brand: Brand::parse("FinCode").unwrap(),
        created_at: ago(TimeDelta::days(400)),
        tokens: counts(),
        nearest: Some((
            TokenName::parse("payouts-prod").unwrap(),
            NOW.plus(TimeDelta::hours(22)),
        )),
        contacts: Vec::new(),
        warnings: Vec::new(),
    };
    Overview {
        organizations: vec![row("acme", "Acme Payments"), row("beta", "Beta Lending")],
        now: NOW,
        rollback: None,
        role: None,
        hold: None,
    }
}

fn generation(number: u8, made: TimeDelta, replaced: Option<TimeDelta>) -> KeyGeneration {
    KeyGeneration {
        generation: u32::from(number),
        size: KeySize::Bits3072,
        fingerprint: Fingerprint([number * 77; 32]),
        made_at: ago(made),
        made_by: email("ada"),
        replaced: replaced.map(|delta| (ago(delta), email("grace"))),
    }
}

fn key() -> KeyView {
    let first = generation(1, TimeDelta::days(400), Some(TimeDelta::days(140)));
    let second = generation(2, TimeDelta::days(140), None);
    let base64 = format!(
        "MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEA{}IDAQAB",
        "7V3bwk7Q".repeat(64)
    );
    KeyView {
        organization: Slug::parse("acme").unwrap(),
        active: second.clone(),
        pem: format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n"),
        jwk: format!("{{\"kty\":\"RSA\",\"n\":\"{base64}\"}}"),
        base64,
        days: (0..30).map(|day| (day * 37) % 211).collect(),
        mgf1_sha256: 1_204,
        mgf1_sha1: 41,
        failures: 3,
        stale: 44,
        stale_callers: vec![
            stale("billing (uid 1001)", 41, TimeDelta::minutes(2)),
            stale("10.0.0.4 through www-data (uid 33)", 3, TimeDelta::hours(5)),
        ],
        last_decryption: Some(ago(TimeDelta::seconds(3))),
        last_mgf1: Some(Mgf1::Sha256),
        last_sha1: Some(ago(TimeDelta::days(3))),
        fields: FieldPolicy::default().rules(),
        history: vec![second, first],
    }
}

fn stale(who: &str, count: u64, delta: TimeDelta) -> StaleCaller {
    StaleCaller {
        who: who.into(),
        named: Fingerprint([77; 32]),
        count,
        last: ago(delta),
    }
}

fn impact() -> Impact {
    Impact {
        subjects: 1,
        live: 1,
        callers_last_hour: 1,
        callers: vec![Caller {
            address: "10.0.0.4".into(),
            agent: "checkout/4.2".into(),
            count: 38_110,
            last: ago(TimeDelta::seconds(40)),
        }],
        uses_30_days: 38_110,
    }
}

fn cashiers() -> Vec<CashierRow> {
    let row = |name: &str, role, standing| CashierRow {
        email: email(name),
        role,
        standing,
        code_expires_at: None,
        failures: 0,
        blocked_until: None,
        created_at: ago(TimeDelta::days(400)),
        created_by: email("ada"),
        login: None,
    };
    let mut grace = row("grace", Role::Operator, Standing::Enrolled);
    grace.failures = 5;
    grace.login = Some(LoginView {
        since: ago(TimeDelta::hours(30)),
        from: "192.0.2.7".into(),
        refreshed_at: ago(TimeDelta::minutes(12)),
        ends_at: NOW.plus(TimeDelta::days(30)),
    });
    grace.blocked_until = Some(NOW.plus(TimeDelta::minutes(14)));
    let mut mary = row("mary", Role::Viewer, Standing::Invited);
    mary.code_expires_at = Some(NOW.plus(TimeDelta::hours(20)));
    vec![
        row("ada", Role::Admin, Standing::Enrolled),
        row("alan", Role::Operator, Standing::Disabled),
        grace,
        mary,
    ]
}

fn activity() -> ActivityPage {
    let entry = |sequence: u64, ago_minutes: i64, action, result, subject: &str| AuditEntry {
        sequence,
        at: ago(TimeDelta::minutes(ago_minutes)),
        actor: AuditActor {
            cashier: Some(email("ada")),
            role: Some(Role::Admin),
            os_user: "ops".into(),
            uid: 1000,
            address: Some("192.0.2.7".into()),
        },
        action,
        organization: Some(Slug::parse("acme").unwrap()),
        subject: subject.into(),
        result,
        reason: "found in a \u{202e}public log".into(),
        request: RequestId(Id::new(NOW, [9; 10])),
        previous: [0xAB; 32],
        hash: [0xCD; 32],
    };
    ActivityPage {
        entries: vec![
            entry(4, 1, Action::TokenRevokedAsLeaked, Outcome::Done, "checkout-prod"),
            entry(3, 12, Action::SignInFailed, Outcome::Refused, "grace@acme.test"),
            entry(2, 600, Action::KeyRotated, Outcome::Done, "TU1NTU1NTU1N"),
            entry(
                1,
                90_000,
                Action::OrganizationOnboarded,
                Outcome::Done,
                "Acme Payments",
            ),
        ],
        next: None,
        head: 4,
        chain: Some(Verdict::Intact { from: 1, to: 4 }),
    }
}
