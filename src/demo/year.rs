//! The script, lived through a service: each act asked for as people ask, each call verified, in the order of time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use chrono::{Datelike as _, TimeDelta, Timelike as _, Weekday};

use super::script::{Act, BEGAN, CALLERS, SENDERS, When, YEAR};
use super::{EMAIL, PASSWORD, WoundClock};
use crate::domain::address::AddressRange;
use crate::domain::cashier::Role;
use crate::domain::id::TokenId;
use crate::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use crate::domain::secret::Secret;
use crate::domain::text::{
    Brand, Email, Environment, OrganizationName, Reason, ServiceName, Slug, TokenName,
};
use crate::domain::time::Timestamp;
use crate::service::ports::Clock as _;
use crate::service::request::{
    Ciphertext, CreateToken, Credentials, Invalidate, MakeBackup, Onboard, RotateKey, RotateToken, TokenRef,
};
use crate::service::response::Minted;
use crate::service::{Actor, Code, Error, Event, Origin, Request, Response, Service};

/// The organization's slug.
const SLUG: &str = "acme";
/// Days that calls are counted by.
const COUNTED: i64 = 90;
/// The oldest day with calls.
const LONGEST: i64 = 350;
/// Looks at the callers in a day.
const TURNS: i64 = 6;
/// Between two steps of one act.
const STEP: TimeDelta = TimeDelta::seconds(20);

/// What the callers have at the end of the year.
pub struct Lived {
    /// Each token's text, by what the script calls it.
    pub tokens: HashMap<String, Secret>,
    /// A field encrypted to the present key.
    pub ciphertext: String,
    /// The key before it.
    pub replaced: Option<Fingerprint>,
}

struct Year<'a> {
    service: &'a Arc<Service>,
    clock: &'a WoundClock,
    now: Timestamp,
    ids: HashMap<String, TokenId>,
    lived: Lived,
    key: Option<Fingerprint>,
    random: u64,
    /// The account that has fields decrypted for clients.
    gateway: &'a Actor,
    /// Where backups go.
    backups: &'a Path,
}

/// When the year begins that ends at `now`.
#[must_use]
pub fn beginning(now: Timestamp) -> Timestamp {
    BEGAN.before(now)
}

/// Lives the year that ends at `now` in an empty store, whose clock is `clock`; fields are decrypted for `gateway`, and the directory
/// `backups` gets a backup. Ends early, with an error, when `goes_on`
/// says so.
///
/// # Errors
/// Something was refused: the script is wrong, or the disk full.
pub fn live(
    service: &Arc<Service>,
    clock: &WoundClock,
    now: Timestamp,
    (gateway, backups): (&Actor, &Path),
    goes_on: &dyn Fn() -> bool,
) -> Result<Lived, Error> {
    let mut year = Year {
        service,
        clock,
        now,
        ids: HashMap::new(),
        lived: Lived {
            tokens: HashMap::new(),
            ciphertext: String::new(),
            replaced: None,
        },
        key: None,
        random: 0x5744_0F6A_11CE_2026,
        gateway,
        backups,
    };
    year.onboard()?;
    let mut happenings: Vec<_> = YEAR
        .iter()
        .map(|(when, who, act)| (when.before(now), Some((who, act))))
        .collect();
    // Of the time before, only sums are kept.
    happenings.extend((COUNTED..LONGEST).map(|day| (now.minus(TimeDelta::days(day)), None)));
    let first = now.minus(TimeDelta::days(COUNTED));
    happenings.extend((0..COUNTED * TURNS).map(|turn| {
        let hours = turn * 24 / TURNS;
        (first.plus(TimeDelta::hours(hours + 3)), None)
    }));
    happenings.sort_by_key(|(at, _)| *at);
    for (at, act) in happenings {
        if !goes_on() {
            return Err(Error::new(
                Code::Internal,
                "the demo was ended while it was made",
                "start it again",
            ));
        }
        year.clock.wind_to(at);
        match act {
            Some((who, act)) => year.act(who, act)?,
            None => year.turn()?,
        }
        // The minutes of sign-ins and waits pass for whoever comes next.
        year.clock.wind(STEP);
    }
    Ok(year.lived)
}

impl When {
    fn before(self, now: Timestamp) -> Timestamp {
        let span = |days, hours| TimeDelta::days(days) + TimeDelta::hours(hours);
        match self {
            Self::Ago(days, hours) => now.minus(span(days, hours)),
            Self::Ends(lifetime, days, hours) => {
                let end = now.plus(span(days, hours));
                // Months differ in length: the first day whose token lives long enough.
                let mut at = end.minus(TimeDelta::days(370));
                at = at.plus(TimeDelta::days(
                    (end.since(lifetime.expires_at(at))).num_days().max(0),
                ));
                while lifetime.expires_at(at) < end {
                    at = at.plus(TimeDelta::days(1));
                }
                at
            }
        }
    }
}

impl Year<'_> {
    fn ask(&self, actor: &Actor, request: Request) -> Result<Response, Error> {
        self.clock.wind(STEP);
        self.service.handle(actor, request)
    }

    fn onboard(&mut self) -> Result<(), Error> {
        let recipient = match self.ask(&Actor::default(), Request::MakeRecoveryKey)? {
            // Nobody will restore it: its other half is forgotten.
            Response::RecoveryKey(key) => Some(key.recipient),
            _ => None,
        };
        let onboard = Onboard {
            brand: Brand::parse("FinCode").map_err(wrong)?,
            slug: Slug::parse(SLUG).map_err(wrong)?,
            name: OrganizationName::parse("Acme Payments").map_err(wrong)?,
            size: KeySize::Bits2048,
            admin: credentials(EMAIL)?,
            recipient,
        };
        self.ask(&person(EMAIL, None), Request::Onboard(onboard))?;
        self.look_at_key()
    }

    /// What senders encrypt to from now on.
    fn look_at_key(&mut self) -> Result<(), Error> {
        let nobody = Actor::default();
        let organization = None;
        if let Response::Key(key) = self.ask(&nobody, Request::ShowKey { organization })? {
            self.lived.replaced = self.key.replace(key.active.fingerprint);
        }
        let encrypt = Request::Encrypt {
            organization: None,
            plaintext: Secret::from_text("4711".into()),
            mgf1: Mgf1::Sha256,
        };
        if let Response::Encrypted(ciphertext) = self.ask(&nobody, encrypt)? {
            self.lived.ciphertext = ciphertext;
        }
        Ok(())
    }

    fn act(&mut self, who: &str, act: &Act) -> Result<(), Error> {
        let actor = person(who, None);
        match *act {
            Act::Add(email, role) => self.add(who, email, role)?,
            Act::Disable(email) => {
                let request = Request::DisableCashier {
                    email: Email::parse(email).map_err(wrong)?,
                    disabled: true,
                };
                self.as_cashier(who, request)?;
            }
            Act::Mint(name, service, environment, lifetime) => {
                let create = CreateToken {
                    organization: None,
                    name: TokenName::parse(name).map_err(wrong)?,
                    service: ServiceName::parse(service).map_err(wrong)?,
                    environment: Environment::parse(environment).map_err(wrong)?,
                    lifetime,
                    variable: None,
                    allowed: Vec::new(),
                    owner: None,
                    note: None,
                    warnings: None,
                    credentials: credentials(who)?,
                };
                let minted = self.ask(&actor, Request::CreateToken(create))?;
                self.keep(&actor, name, minted)?;
            }
            Act::Rotate(token, overlap, finish) => {
                let rotate = RotateToken {
                    organization: None,
                    token: self.id(token)?,
                    lifetime: None,
                    overlap,
                    finish,
                    owner: None,
                    note: None,
                    credentials: credentials(who)?,
                };
                let minted = self.ask(&actor, Request::RotateToken(rotate))?;
                let name = token.split('#').next().unwrap_or(token);
                self.keep(&actor, name, minted)?;
            }
            Act::Invalidate(token, how, reason) => {
                let invalidate = Invalidate {
                    organization: None,
                    tokens: vec![self.id(token)?],
                    how,
                    reason: Some(Reason::parse(reason).map_err(wrong)?),
                };
                self.as_cashier(who, Request::Invalidate(invalidate))?;
            }
            Act::Allow(token, range) => {
                let request = Request::AllowAddresses {
                    organization: None,
                    token: self.id(token)?,
                    ranges: vec![range.parse::<AddressRange>().map_err(wrong)?],
                };
                self.as_cashier(who, request)?;
            }
            Act::RotateKey(size) => self.rotate_key(who, size)?,
            Act::BackUp => {
                let backup = MakeBackup {
                    place: self.backups.to_owned(),
                    recipients: Vec::new(),
                    passphrase: None,
                };
                self.wait_for(|| self.as_cashier(who, Request::MakeBackup(backup)))?;
            }
            Act::Mistype(times, address) => self.mistype(who, times, address)?,
        }
        self.service.maintain()
    }

    fn add(&self, who: &str, email: &str, role: Role) -> Result<(), Error> {
        let address = Email::parse(email).map_err(wrong)?;
        let request = Request::AddCashier {
            email: address.clone(),
            role,
        };
        if let Response::EnrolmentCode(code) = self.as_cashier(who, request)? {
            let enrol = Request::Enrol {
                email: address,
                code: code.code,
                password: Secret::from_text(PASSWORD.into()),
            };
            self.ask(&person(email, None), enrol)?;
        }
        Ok(())
    }

    fn rotate_key(&mut self, who: &str, size: KeySize) -> Result<(), Error> {
        let rotate = RotateKey {
            organization: None,
            confirmation: SLUG.into(),
            size,
            credentials: credentials(who)?,
        };
        self.wait_for(|| self.ask(&person(who, None), Request::RotateKey(rotate)))?;
        self.look_at_key()
    }

    /// Begins long work, and waits for its end.
    fn wait_for(&self, begin: impl FnOnce() -> Result<Response, Error>) -> Result<(), Error> {
        let events = self.service.subscribe();
        let Response::Started(job) = begin()? else {
            return Ok(());
        };
        for event in events {
            if let Event::JobEnded(ended, result) = event
                && ended == job
            {
                return result.map(drop);
            }
        }
        Ok(())
    }

    /// Fails to sign in, waiting as told, and then does.
    fn mistype(&self, who: &str, times: u8, address: &str) -> Result<(), Error> {
        let actor = person(who, Some(address));
        let email = Email::parse(who).map_err(wrong)?;
        for _ in 0..times {
            let wrong = Credentials {
                email: email.clone(),
                password: Secret::from_text("open sesame, please".into()),
            };
            // That it is refused is what is wanted.
            let _ = self.ask(&actor, Request::SignIn(wrong));
        }
        if times < 3 {
            self.ask(&actor, Request::SignIn(credentials(who)?))?;
        }
        Ok(())
    }

    fn as_cashier(&self, who: &str, request: Request) -> Result<Response, Error> {
        let mut actor = person(who, None);
        if let Response::SignedIn(signed_in) = self.ask(&actor, Request::SignIn(credentials(who)?))? {
            actor.session = Some(signed_in.session);
        }
        self.ask(&actor, request)
    }

    /// Takes a new token to whoever calls with it.
    fn keep(&mut self, actor: &Actor, name: &str, minted: Response) -> Result<(), Error> {
        let Response::Minted(minted) = minted else {
            return Ok(());
        };
        let Minted {
            token,
            secret,
            reveal,
            ..
        } = *minted;
        self.ask(actor, Request::AcknowledgeReveal { reveal })?;
        let mut called = name.to_owned();
        for number in 2.. {
            if !self.ids.contains_key(&called) {
                break;
            }
            called = format!("{name}#{number}");
        }
        self.ids.insert(called.clone(), token.id);
        self.lived.tokens.insert(called, secret);
        Ok(())
    }

    fn id(&self, token: &str) -> Result<TokenRef, Error> {
        let id = self.ids.get(token).copied().map(TokenRef::Id);
        id.ok_or_else(|| wrong(format!("nobody minted {token}")))
    }

    /// Some hours of calls.
    fn turn(&mut self) -> Result<(), Error> {
        let now = self.clock.now();
        let day = self.now.since(now).num_days();
        let at = now.utc();
        let is_weekend = matches!(at.weekday(), Weekday::Sat | Weekday::Sun);
        for (place, caller) in (0_u64..).zip(CALLERS) {
            if day >= i64::from(caller.from) || day < i64::from(caller.until) {
                continue;
            }
            let calls = self.about(caller.a_day, at.hour(), is_weekend) * self.mood(place, day) / 100;
            let origin = Origin {
                address: caller.address.parse::<IpAddr>().ok(),
                local: "",
                agent: caller.agent.as_bytes(),
            };
            if let Some(secret) = self.lived.tokens.get(caller.token) {
                for _ in 0..calls {
                    let _ = self.service.verify_from(secret.expose(), &origin);
                }
            }
        }
        if day >= COUNTED {
            return self.service.write_usage();
        }
        for sender in SENDERS {
            let fields = self.about(sender.a_day, at.hour(), is_weekend);
            let key = self.lived.replaced.filter(|_| sender.is_stale);
            let field = Ciphertext {
                text: self.lived.ciphertext.clone(),
                key,
                mgf1: None,
            };
            let gateway = Actor {
                said_address: Some(sender.address.to_owned()),
                ..self.gateway.clone()
            };
            let fields = vec![field; usize::try_from(fields).unwrap_or_default()];
            self.service.decrypt_all(&gateway, None, &fields)?;
        }
        self.service.write_usage()?;
        self.service.maintain()
    }

    /// A turn's part of so many a day: more by day than by night, less on weekends, and never the same.
    fn about(&mut self, a_day: u32, hour: u32, is_weekend: bool) -> u32 {
        let by_day = if (7..20).contains(&hour) { 130 } else { 60 };
        let by_week = if is_weekend { 55 } else { 110 };
        let chance = 70 + self.random() % 61;
        let exact =
            u64::from(a_day) * by_day * by_week * chance / (u64::try_from(TURNS).unwrap_or(1) * 10_000);
        // What is less than one is one now and then.
        u32::try_from((exact + self.random() % 100) / 100).unwrap_or_default()
    }

    /// How busy a caller is in these days, in percent of the usual.
    fn mood(&self, caller: u64, day: i64) -> u32 {
        let days = u64::try_from(day / 4).unwrap_or_default();
        u32::try_from(20 + mixed(caller * 1_000 + days) % 140).unwrap_or_default()
    }

    const fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(1);
        mixed(self.random)
    }
}

/// splitmix64: the same numbers each time.
const fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Who acts: the account that is called as the e-mail begins, from a desk in the office.
fn person(email: &str, address: Option<&str>) -> Actor {
    Actor {
        os_user: email.split('@').next().unwrap_or_default().to_owned(),
        uid: 1000,
        address: Some(address.unwrap_or("10.0.9.2").to_owned()),
        ..Actor::default()
    }
}

fn credentials(email: &str) -> Result<Credentials, Error> {
    Ok(Credentials {
        email: Email::parse(email).map_err(wrong)?,
        password: Secret::from_text(PASSWORD.into()),
    })
}

/// A slip in the script.
fn wrong(what: impl std::fmt::Display) -> Error {
    Error::new(
        Code::Internal,
        format!("the demo's script is wrong: {what}"),
        "report it",
    )
}
