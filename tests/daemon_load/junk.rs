//! Guesses and rubbish by the hundred thousand: none is taken, nothing is written for them, memory stays bounded, and who
//! has a token does not notice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use strongroom::domain::text::{Brand, Environment};
use strongroom::domain::token::TokenSecret;

use crate::asked;
use crate::client::{Door, doors, get, verify};
use crate::daemon::Daemon;
use crate::host::Host;
use crate::process::Process;
use crate::random::Random;
use crate::tokens::{Mint, Token};

/// The daemon's whole memory at the most, in KiB: what a flood adds to some 40 MiB is bounded by connections.
const MOST_MEMORY: u64 = 128 * 1024;
/// Longer than between two writes of counts, and between two of the time.
const BETWEEN_WRITES: Duration = Duration::from_secs(6);
/// Junk that is under way on a connection at a time.
const WINDOW: usize = 64;

/// The header lines of a request that is not good. Each kind comes as often as the others.
pub(crate) fn junk(random: &mut Random) -> String {
    let token = TokenSecret::from_random(random.bytes())
        .text(&Brand::from_stored("FinCode"), &Environment::from_stored("prod"))
        .expose_text()
        .unwrap()
        .to_owned();
    match random.below(9) {
        // Well-formed, with its checksum, and nobody's.
        0 | 1 => format!("X-Auth-Token: {token}\r\n"),
        // Mistyped.
        2 => format!("X-Auth-Token: {}\r\n", token.replacen(&token[20..22], "00", 1)),
        3 => format!("X-Auth-Token: {}\r\n", &token[..random.below(token.len())]),
        // Anything that a header may hold.
        4 => {
            let text: String = (0..random.below(200))
                .map(|_| char::from(b'!' + u8::try_from(random.below(94)).unwrap()))
                .collect();
            format!("X-Auth-Token: {text}\r\n")
        }
        5 => format!("X-Auth-Token: {token}{}\r\n", "A".repeat(random.below(12_000))),
        // Like a JWT.
        6 => format!(
            "Authorization: Bearer eyJhbGciOiJFZERTQSJ9.{}.{}\r\n",
            &token[13..],
            &token[20..]
        ),
        7 => format!("Authorization: Bearer {token}\r\n"),
        // Two, of which nobody knows which is meant; or none.
        _ if random.below(2) == 0 => format!("X-Auth-Token: {token}\r\nX-Auth-Token: {token}\r\n"),
        _ => String::new(),
    }
}

#[test]
fn junk_is_refused_and_nothing_is_written_or_kept_for_it() {
    let count = if asked().is_some() { 1_000_000 } else { 200_000 };
    let host = Host::onboarded();
    let mint = Mint::of(&host);
    let good = mint.tokens(0..6);
    mint.close();
    let daemon = Daemon::start(&host, "");
    let (process, doors) = (Process(daemon.pid()), doors(&daemon));
    send_good(&doors[0], &good, || false);
    std::thread::sleep(BETWEEN_WRITES);
    // What a daemon that nobody asks writes: which time it is.
    let before = files(&host);
    std::thread::sleep(2 * BETWEEN_WRITES);
    let quiet = changed(&before, &files(&host));
    let (alone, beside) = (count / 4, count - count / 4);
    let (resident, before) = (process.resident(), files(&host));
    flood(&doors, alone, 1);
    std::thread::sleep(BETWEEN_WRITES);
    let after = changed(&before, &files(&host));
    assert!(
        after.is_subset(&quiet),
        "written for junk: {after:?}, otherwise: {quiet:?}"
    );
    let is_over = AtomicBool::new(false);
    let uses = std::thread::scope(|scope| {
        let (over, good) = (&is_over, &good);
        let users: Vec<_> = doors
            .iter()
            .map(|door| scope.spawn(move || send_good(door, good, || !over.load(SeqCst))))
            .collect();
        flood(&doors, beside, 2);
        is_over.store(true, SeqCst);
        users.into_iter().map(|user| user.join().unwrap()).sum::<u64>()
    });
    let (end, peak) = (process.resident(), process.peak());
    println!("{count} junk and {uses} good: {resident} KiB before, {end} KiB after, {peak} KiB at the most");
    assert!(peak < MOST_MEMORY, "{peak} KiB");
    assert_eq!(
        verified(&doors[1], "invalid") + verified(&doors[1], "missing"),
        count
    );
    assert_eq!(verified(&doors[1], "good"), uses + good.len() as u64);
    daemon.stop();
}

/// How many verifications came to this result, as Prometheus is told.
fn verified(door: &Door, result: &str) -> u64 {
    let answer = door.open().unwrap().ask(&get("/metrics", "")).unwrap();
    let name = format!("strongroom_verify_total{{result=\"{result}\"}} ");
    let text = String::from_utf8(answer.body).unwrap();
    let sample = text.lines().find_map(|line| line.strip_prefix(&name));
    sample.unwrap().parse().unwrap()
}

/// All files of the store, and what they hold.
fn files(host: &Host) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![host.path("home/.local")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path, bytes);
            }
        }
    }
    found
}

/// Those that are not what they were.
fn changed(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> BTreeSet<PathBuf> {
    let paths = before.keys().chain(after.keys());
    paths
        .filter(|path| before.get(*path) != after.get(*path))
        .cloned()
        .collect()
}

/// Sends junk on six connections; every bit of it is refused.
fn flood(doors: &[Door], count: u64, seed: u64) {
    let left = AtomicU64::new(count);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (door, left) = (&doors[number % 2], &left);
            scope.spawn(move || {
                let mut random = Random::new(seed * 100 + number as u64);
                let mut client = door.open().unwrap();
                loop {
                    let take = |left: u64| Some(left.saturating_sub(WINDOW as u64));
                    let mine = left
                        .fetch_update(SeqCst, SeqCst, take)
                        .unwrap()
                        .min(WINDOW as u64);
                    if mine == 0 {
                        return;
                    }
                    let sent: Vec<String> = (0..mine).map(|_| junk(&mut random)).collect();
                    let requests: Vec<u8> = sent.iter().flat_map(|lines| verify(lines)).collect();
                    client.send(&requests).unwrap();
                    for lines in sent {
                        let answer = client.answer().unwrap();
                        assert_eq!(answer.status, 401, "{lines}");
                    }
                }
            });
        }
    });
}

/// Uses each token once, and on and on as long as it is told to; how often.
fn send_good(door: &Door, tokens: &[Token], goes_on: impl Fn() -> bool) -> u64 {
    let mut client = door.open().unwrap();
    let mut uses = 0;
    loop {
        for token in tokens {
            assert_eq!(client.ask(&verify(&token.line())).unwrap().status, 200);
            uses += 1;
        }
        if !goes_on() {
            return uses;
        }
    }
}
