//! Killed under load: what was acknowledged is there when it is started again, and at most the last seconds of counts are
//! not.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use strongroom::domain::id::TokenId;
use strongroom::service::request::Invalidation;
use strongroom::service::{Request, Response};

use crate::asked;
use crate::client::{Door, doors, verify};
use crate::daemon::Daemon;
use crate::desk::Desk;
use crate::host::Host;
use crate::random::Random;
use crate::tokens::{Mint, Token};

/// Tokens that are used throughout.
const GOOD: usize = 24;
/// Tokens that may be revoked in one round.
const DYING: usize = 400;
/// Counts are written every five seconds; a busy machine is granted one more for the writing itself.
const MOST_LOST: Duration = Duration::from_secs(6);
/// The time that a count is told apart by.
const TICK: Duration = Duration::from_millis(50);

/// What one client did.
#[derive(Default)]
struct Done {
    /// Requests that were sent, by token.
    sent: Vec<u64>,
    /// Good answers that arrived, by tick and token.
    good: BTreeMap<u128, Vec<u64>>,
}

/// What the admin was told is done.
#[derive(Default)]
struct Acknowledged {
    minted: Vec<Token>,
    revoked: Vec<Token>,
}

#[test]
fn what_was_acknowledged_outlives_a_kill_and_only_the_last_seconds_of_counts_do_not() {
    let host = Host::onboarded();
    let rounds = asked().map_or(2, |long| (long.as_secs() / 30).max(2));
    let mint = Mint::of(&host);
    let good = mint.tokens(0..GOOD);
    let mut dying = mint.tokens(GOOD..GOOD + DYING);
    mint.close();
    let mut daemon = Daemon::start(&host, "");
    let mut before = vec![0; GOOD];
    let mut all = Acknowledged::default();
    for round in 0..rounds {
        let life = Duration::from_millis(5_500 + Random::new(round).next() % 5_000);
        let is_killed = AtomicBool::new(false);
        let begun = Instant::now();
        let doors = doors(&daemon);
        let desk = Desk::at(&daemon);
        let (restarted, killed_at, done, acknowledged) = std::thread::scope(|scope| {
            let clients: Vec<_> = [(&doors[0], 1), (&doors[0], 16), (&doors[1], 1), (&doors[1], 16)]
                .into_iter()
                .map(|(door, window)| {
                    let (good, is_killed) = (&good, &is_killed);
                    scope.spawn(move || {
                        let mut done = Done::default();
                        let ended = use_them(door, window, good, begun, &mut done);
                        assert!(is_killed.load(SeqCst), "{ended:?} before it was killed");
                        done
                    })
                })
                .collect();
            let first = 10_000 * usize::try_from(round + 1).unwrap();
            let (desk, dying, is_killed_too) = (&desk, &mut dying, &is_killed);
            let admin = scope.spawn(move || administer(desk, dying, first, is_killed_too));
            std::thread::sleep(life);
            is_killed.store(true, SeqCst);
            let killed_at = begun.elapsed();
            daemon.kill();
            // The admin's last change may still be on its way: it is sent again to the next daemon.
            let restarted = Daemon::start(&host, "");
            let done: Vec<Done> = clients.into_iter().map(|client| client.join().unwrap()).collect();
            (restarted, killed_at, done, admin.join().unwrap())
        });
        daemon = restarted;
        all.minted.extend(acknowledged.minted);
        all.revoked.extend(acknowledged.revoked);
        before = counted(&Desk::at(&daemon), &good, &done, &before, killed_at);
        is_all_there(&daemon, &all);
    }
    println!(
        "{rounds} kills, {} acknowledged tokens and {} revocations are there",
        all.minted.len(),
        all.revoked.len()
    );
    daemon.stop();
}

/// Uses the tokens in turn until the daemon is gone.
fn use_them(door: &Door, window: usize, tokens: &[Token], begun: Instant, done: &mut Done) -> io::Result<()> {
    let requests: Vec<_> = tokens.iter().map(|token| verify(&token.line())).collect();
    done.sent = vec![0; tokens.len()];
    let mut client = door.open()?;
    for from in (0..tokens.len()).cycle().step_by(window) {
        let batch = || (from..from + window).map(|number| number % tokens.len());
        for number in batch() {
            done.sent[number] += 1;
            client.send(&requests[number])?;
        }
        for number in batch() {
            assert_eq!(client.answer()?.status, 200);
            let tick = begun.elapsed().as_nanos() / TICK.as_nanos();
            let good = done.good.entry(tick).or_insert_with(|| vec![0; tokens.len()]);
            good[number] += 1;
        }
    }
    Ok(())
}

/// Mints and revokes until the daemon is gone; what it was told is done.
fn administer(desk: &Desk, dying: &mut Vec<Token>, first: usize, is_killed: &AtomicBool) -> Acknowledged {
    let mut done = Acknowledged::default();
    for number in first.. {
        let mut changed = Ok(());
        if number % 8 == 0 {
            changed = desk.mint(number).map(|token| done.minted.push(token));
        } else if let Some(token) = dying.pop().or_else(|| done.minted.pop()) {
            changed = desk.end(&token, Invalidation::Revoke);
            if changed.is_ok() {
                done.revoked.push(token);
            }
        }
        if is_killed.load(SeqCst) {
            return done;
        }
        changed.unwrap();
    }
    done
}

/// Compares the daemon's counts with the clients' own; the counts.
fn counted(desk: &Desk, tokens: &[Token], done: &[Done], before: &[u64], killed_at: Duration) -> Vec<u64> {
    let uses: Vec<u64> = tokens.iter().map(|token| uses(desk, token)).collect();
    let mut good = BTreeMap::<u128, Vec<u64>>::new();
    for (tick, counts) in done.iter().flat_map(|one| &one.good) {
        let sum = good.entry(*tick).or_insert_with(|| vec![0; tokens.len()]);
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    for number in 0..tokens.len() {
        let sent: u64 = done.iter().map(|one| one.sent[number]).sum();
        assert!(uses[number] <= before[number] + sent, "more uses than were sent");
    }
    let mut so_far = before.to_vec();
    let missing = good.iter().find_map(|(tick, counts)| {
        so_far
            .iter_mut()
            .zip(counts)
            .for_each(|(sum, count)| *sum += count);
        so_far
            .iter()
            .zip(&uses)
            .any(|(sum, uses)| sum > uses)
            .then_some(*tick)
    });
    // The first tick of which something is missing; all of it may be from its end.
    let lost = missing.map_or(Duration::ZERO, |tick| {
        killed_at.saturating_sub(TICK * u32::try_from(tick + 1).unwrap())
    });
    let answered: u64 = good.values().flatten().sum();
    let kept: u64 = uses.iter().zip(before).map(|(uses, before)| uses - before).sum();
    println!("killed after {killed_at:.1?}: the last {lost:.1?} were lost, {kept} of {answered} uses kept");
    assert!(lost <= MOST_LOST, "{lost:?} of counts were lost");
    assert!(kept > 0, "nothing was written before it was killed");
    uses
}

fn uses(desk: &Desk, token: &Token) -> u64 {
    let show = Request::ShowToken {
        organization: None,
        token: token.reference(),
    };
    match desk.ask(show).unwrap() {
        Response::Token(detail) => detail.row.uses,
        other => panic!("{other:?}"),
    }
}

fn is_all_there(daemon: &Daemon<'_>, all: &Acknowledged) {
    let revoked: Vec<TokenId> = all.revoked.iter().map(|token| token.id).collect();
    let mut client = Door::Tcp(daemon.address).open().unwrap();
    for token in all.minted.iter().chain(&all.revoked) {
        let status = client.ask(&verify(&token.line())).unwrap().status;
        let wanted = if revoked.contains(&token.id) { 401 } else { 200 };
        assert_eq!(status, wanted, "{}", token.id);
    }
}
