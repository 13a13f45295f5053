//! Clocks set by ±1 h, ±1 d and ±10 y at random, over restarts, boots and crashes: no token revived, none lost for good.
//!
//! `STRONGROOM_SEED=N cargo test --test service clock_seeds` plays one seed again.

use std::time::Duration;

use chrono::TimeDelta;

use strongroom::domain::audit::Action;
use strongroom::domain::secret::Secret;
use strongroom::domain::time::Timestamp;
use strongroom::domain::token::{Lifetime, Refusal};
use strongroom::service::Request;
use strongroom::service::request::{CreateToken, Invalidation};

use super::harness::{ADA, Harness, PASSWORD, create, credentials};
use super::health::health;

const SEEDS: u64 = 1_000;
const STEPS: usize = 40;
/// What a wall clock that runs freely may be off.
const SLEW: TimeDelta = TimeDelta::seconds(30);
/// The most that anything recorded may be off: the hour that is let pass, and the slew.
const OFF: TimeDelta = TimeDelta::seconds(3_630);

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.roll(choices.len() as u64)).unwrap()]
    }
}

struct Minted {
    secret: Secret,
    id: strongroom::domain::id::TokenId,
    expires_at: Timestamp,
    is_revoked: bool,
    /// It was refused by a time that counts: nothing may bring it back.
    has_ended: bool,
}

struct Run {
    harness: Harness,
    dice: Dice,
    /// The true time.
    truth: Timestamp,
    minted: Vec<Minted>,
    /// Entries of the audit log that were looked at.
    seen: usize,
    /// Since the boot the wall clock has never agreed: how long the machine was off, nobody knows.
    is_blind: bool,
    /// Counts of what happened, so that a run that did nothing is seen.
    pub jumps: usize,
    pub revivals_tried: usize,
}

impl Run {
    fn step(&mut self) {
        match self.dice.roll(12) {
            0..=2 => {
                let most = self.dice.of(&[5, 600, 86_400, 10 * 86_400]);
                let seconds = 1 + self.dice.roll(most);
                self.pass(Duration::from_secs(seconds));
            }
            3..=5 => {
                let off = self.off();
                self.jumps += 1;
                self.harness.clock.set_wall(self.truth.plus(off));
            }
            6 => self.correct(),
            7 => self.mint(),
            8 => self.revoke(),
            9 => self.harness = self.harness.reopened(),
            10 => {
                // Killed right after a turn of maintenance: at most ten seconds of time are not recorded.
                self.harness.service.maintain().unwrap();
                self.harness = self.harness.after_a_crash();
            }
            _ => self.reboot(),
        }
        // Asked before anything else notices that the clock was set.
        self.verify_all();
        self.harness.service.maintain().unwrap();
        self.verify_all();
        self.look_at_the_log();
    }

    /// How far off the clock is set. Without a line since the boot a day is nothing that could be noticed.
    fn off(&mut self) -> TimeDelta {
        let day = TimeDelta::days(if self.is_blind { 3_652 } else { 1 });
        let size = self
            .dice
            .of(&[SLEW, TimeDelta::hours(1), day, TimeDelta::days(3_652)]);
        size * self.dice.of(&[1, -1])
    }

    fn pass(&mut self, time: Duration) {
        self.harness.clock.advance(time);
        self.truth = self.truth.plus(TimeDelta::from_std(time).unwrap());
    }

    /// Without a line a wall clock some days ahead is believed, and rightly: here it is right, or too far off.
    fn reboot(&mut self) {
        self.harness.service.close().unwrap();
        let off = Duration::from_secs(1 + self.dice.roll(20 * 86_400));
        self.pass(off);
        self.harness.clock.reboot();
        let years = TimeDelta::days(3_652);
        let wrong = self
            .dice
            .of(&[TimeDelta::zero(), TimeDelta::zero(), SLEW, -SLEW, years, -years]);
        self.harness.clock.set_wall(self.truth.plus(wrong));
        self.harness = self.harness.after_a_crash();
        self.is_blind = true;
    }

    /// Somebody puts the clock right, and an admin says so where that is needed.
    fn correct(&mut self) {
        self.harness.clock.set_wall(self.truth);
        if health(&self.harness).clock.jump.is_some() {
            let confirm = Request::ConfirmClock {
                credentials: credentials(ADA, PASSWORD),
                wall: self.truth,
            };
            self.harness.ask(confirm).unwrap();
        }
    }

    fn mint(&mut self) {
        let name = format!("token-{}", self.minted.len());
        let lifetime = self.dice.of(&[Lifetime::Hours24, Lifetime::Month1]);
        let minted = self
            .harness
            .mint(CreateToken {
                lifetime,
                ..create(&name)
            })
            .unwrap();
        self.minted.push(Minted {
            secret: minted.secret,
            id: minted.token.id,
            expires_at: minted.token.expires_at,
            is_revoked: false,
            has_ended: false,
        });
    }

    fn revoke(&mut self) {
        self.harness.sign_in(ADA, PASSWORD);
        let now = health(&self.harness).clock.trusted;
        let live = self
            .minted
            .iter_mut()
            .find(|token| !token.is_revoked && now < token.expires_at);
        if let Some(token) = live {
            self.harness
                .invalidate(&[token.id], Invalidation::Revoke)
                .unwrap();
            token.is_revoked = true;
        }
    }

    fn verify_all(&mut self) {
        let service = &self.harness;
        let verdicts: Vec<_> = self
            .minted
            .iter()
            .map(|token| service.verdict(&token.secret))
            .collect();
        let clock = health(service).clock;
        self.is_blind &= clock.jump.is_some();
        for (token, verdict) in self.minted.iter_mut().zip(verdicts) {
            let long_gone = !self.is_blind && self.truth >= token.expires_at.plus(OFF);
            if token.is_revoked {
                assert_eq!(verdict, Err(Some(Refusal::Revoked)));
            } else if token.has_ended || long_gone {
                self.revivals_tried += 1;
                assert_eq!(verdict, Err(Some(Refusal::Expired)));
            }
            // What trusted time refused, to the ten seconds that a crash may cost.
            let refused = clock.jump.is_none() && verdict.is_err();
            token.has_ended |= refused && clock.trusted >= token.expires_at.plus(TimeDelta::seconds(11));
        }
    }

    /// Nothing that was written down since the last look lies outside the truth.
    fn look_at_the_log(&mut self) {
        let entries = self.harness.store().audit_page(None, usize::MAX).unwrap();
        let fresh = entries.len() - self.seen;
        // A confirmation is dated by the time that was trusted before it.
        let dated = entries[..fresh]
            .iter()
            .filter(|entry| entry.action != Action::ClockConfirmed);
        dated.for_each(|entry| self.check(entry.at));
        self.seen = entries.len();
        self.check(self.harness.store().recorded_time().unwrap().at);
        if let Some(newest) = self.minted.last()
            && entries[..fresh]
                .iter()
                .any(|entry| entry.action == Action::TokenCreated)
        {
            let month = newest.expires_at.since(self.truth);
            assert!(month <= TimeDelta::days(31) + OFF);
        }
    }

    fn check(&self, at: Timestamp) {
        let off = at.since(self.truth);
        assert!(off <= OFF, "{at} is {off} after {}", self.truth);
        assert!(
            self.is_blind || off >= -OFF - TimeDelta::seconds(10),
            "{at} is {off} before {}",
            self.truth
        );
    }

    /// The clock is right: every token that truly lives is good.
    fn end(&mut self) {
        self.correct();
        self.is_blind = false;
        self.verify_all();
        for token in &self.minted {
            if !token.is_revoked && self.truth.plus(OFF) < token.expires_at {
                assert!(self.harness.verdict(&token.secret).is_ok(), "lost for good");
            }
        }
        // And an hour is forgotten after two: then trusted time is the wall clock, to the millisecond.
        self.pass(Duration::from_secs(2 * 3_700));
        let clock = health(&self.harness).clock;
        assert_eq!((clock.trusted, clock.jump), (self.truth, None));
    }
}

fn play(base: &Harness, seed: u64) -> Run {
    let harness = base.twin();
    let truth = health(&harness).clock.wall;
    let seen = harness.store().audit_page(None, usize::MAX).unwrap().len();
    let mut run = Run {
        harness,
        dice: Dice(seed),
        truth,
        minted: Vec::new(),
        seen,
        is_blind: false,
        jumps: 0,
        revivals_tried: 0,
    };
    for _ in 0..STEPS {
        run.step();
    }
    run.end();
    run
}

#[test]
fn no_token_is_revived_and_none_is_lost_for_good() {
    let base = Harness::onboarded();
    let seeds = match std::env::var("STRONGROOM_SEED") {
        Ok(seed) => seed.parse().map(|seed| seed..seed + 1).unwrap(),
        Err(_) => 0..SEEDS,
    };
    let (mut jumps, mut revivals, mut tokens) = (0, 0, 0);
    for seed in seeds.clone() {
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(&base, seed)));
        let run = run.unwrap_or_else(|_| panic!("seed {seed}: play it again with STRONGROOM_SEED={seed}"));
        jumps += run.jumps;
        revivals += run.revivals_tried;
        tokens += run.minted.len();
    }
    println!(
        "{} seeds, {tokens} tokens, {jumps} clocks set, {revivals} tries of ended tokens",
        seeds.end - seeds.start
    );
    assert!(jumps > 0 && (seeds.end - seeds.start == 1 || revivals > 10_000));
}
