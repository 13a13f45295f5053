//! Everything at once, for as long as it is asked to: nothing goes wrong, nothing grows, and what is counted is what was
//! done.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use strongroom::domain::id::TokenId;
use strongroom::domain::secret::Secret;
use strongroom::service::Request;
use strongroom::service::request::{Invalidation, TokenQuery};
use strongroom::system::identity::user_name;

use crate::asked;
use crate::client::{Door, doors, get, post, verify};
use crate::daemon::{Daemon, LONG};
use crate::desk::Desk;
use crate::host::{Host, PASSWORD};
use crate::junk::junk;
use crate::process::Process;
use crate::random::Random;
use crate::tokens::{ADA, Mint, Token};

const GOOD: usize = 36;
/// Those that are good at a time of those that come and go.
const PASSING: usize = 6;
const AGENTS: [&str; 3] = ["checkout/4.2", "curl/8.5.0", ""];
/// What the load's process itself is called without an address; then some that a proxy tells.
const ADDRESSES: [&str; 4] = ["", "198.51.100.7", "198.51.100.8", "2001:db8::7"];
/// How much more memory the last third may take than the middle one: a part of it, and some KiB.
const GROWTH: (u64, u64) = (20, 6 * 1024);

/// Good uses by token, address and agent.
type Uses = HashMap<(TokenId, String, &'static str), u64>;

/// A credential that ends while it is used.
struct Passing {
    line: String,
    /// What is counted for it; a login counts nothing.
    id: Option<TokenId>,
    is_ending: AtomicBool,
    has_ended: AtomicBool,
}

/// What all work with.
struct Scene {
    doors: [Door; 2],
    good: Vec<Token>,
    passing: RwLock<VecDeque<Arc<Passing>>>,
    login: RwLock<Option<Arc<Passing>>>,
    is_over: AtomicBool,
}

/// A request under way.
enum Sent {
    Good(TokenId, &'static str, &'static str),
    Passing(Arc<Passing>, bool, &'static str, &'static str),
    Bad,
    Fine,
}

#[test]
fn a_mixed_load_meets_no_error_leaves_memory_flat_and_is_counted_exactly() {
    let lasts = asked().unwrap_or(Duration::from_secs(18));
    let host = Host::onboarded();
    let mint = Mint::of(&host);
    let good = mint.tokens(0..GOOD);
    mint.close();
    let daemon = Daemon::start(&host, "trusted_proxies = [\"127.0.0.1/32\"]\n");
    let (process, desk) = (Process(daemon.pid()), Desk::at(&daemon));
    let scene = Scene {
        doors: doors(&daemon),
        good,
        passing: RwLock::default(),
        login: RwLock::default(),
        is_over: AtomicBool::new(false),
    };
    // What it opens once, for good, is open after the first command.
    desk.mint(9_999).unwrap();
    let descriptors = process.descriptors();
    let (resident, uses) = std::thread::scope(|scope| {
        let clients: Vec<_> = [
            (0, 1, true),
            (0, 16, true),
            (0, 1, false),
            (1, 1, true),
            (1, 16, true),
            (1, 1, false),
        ]
        .into_iter()
        .enumerate()
        .map(|(number, (door, window, is_kept))| {
            let scene = &scene;
            scope.spawn(move || verify_them(scene, door, window, is_kept, number as u64))
        })
        .collect();
        let admin = scope.spawn(|| administer(&scene, &desk));
        let cashier = scope.spawn(|| log_in_and_out(&scene));
        let resident = watched(process, lasts);
        scene.is_over.store(true, SeqCst);
        let mut uses = admin.join().unwrap();
        cashier.join().unwrap();
        for client in clients {
            for (caller, count) in client.join().unwrap() {
                *uses.entry(caller).or_default() += count;
            }
        }
        (resident, uses)
    });
    is_flat(&resident);
    let until = Instant::now() + LONG;
    while process.descriptors() > descriptors {
        assert!(
            Instant::now() < until,
            "{descriptors} descriptors, now {}",
            process.descriptors()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    daemon.stop();
    // What the next one reads is what is on the disk, and it answers for each token without opening the store anew.
    let daemon = Daemon::start(&host, "");
    are_counted(&host, &scene, &uses);
    daemon.stop();
}

impl Scene {
    fn goes_on(&self) -> bool {
        !self.is_over.load(SeqCst)
    }

    /// A request, and what is to be known of it when its answer comes.
    fn request(&self, random: &mut Random, is_unix: bool) -> (Vec<u8>, Sent) {
        let (address, agent) = (*random.one_of(&ADDRESSES), *random.one_of(&AGENTS));
        let mut lines = String::new();
        if !address.is_empty() {
            lines += &format!("X-Forwarded-For: {address}\r\n");
        }
        if !agent.is_empty() {
            lines += &format!("User-Agent: {agent}\r\n");
        }
        let address = match address {
            "" if is_unix => "local",
            "" => "127.0.0.1",
            said => said,
        };
        let passing = match random.below(100) {
            0..70 => {
                let token = random.one_of(&self.good);
                let sent = Sent::Good(token.id, address, agent);
                return (verify(&(lines + &token.line())), sent);
            }
            70..82 => return (verify(&(lines + &junk(random))), Sent::Bad),
            82..92 => {
                let passing = self.passing.read().unwrap();
                (!passing.is_empty()).then(|| Arc::clone(&passing[random.below(passing.len())]))
            }
            92..96 => self.login.read().unwrap().clone(),
            _ => None,
        };
        let Some(passing) = passing else {
            let path = random.one_of(&["/healthz", "/readyz", "/v1/jwks.json"]);
            return (get(path, &lines), Sent::Fine);
        };
        let request = verify(&(lines + &passing.line));
        let had_ended = passing.has_ended.load(SeqCst);
        (request, Sent::Passing(passing, had_ended, address, agent))
    }
}

/// Verifies all kinds of credentials until it is over; the good uses.
fn verify_them(scene: &Scene, door: usize, window: usize, is_kept: bool, seed: u64) -> Uses {
    let door = &scene.doors[door];
    let (mut random, mut client) = (Random::new(seed), door.open().unwrap());
    let (mut uses, mut under_way) = (Uses::new(), VecDeque::new());
    loop {
        if scene.goes_on() {
            let (request, sent) = scene.request(&mut random, door.is_unix());
            client.send(&request).unwrap();
            under_way.push_back(sent);
            if under_way.len() < window {
                continue;
            }
        }
        let Some(sent) = under_way.pop_front() else {
            return uses;
        };
        let status = client.answer().unwrap().status;
        let mut used = |id, address: &str, agent| {
            *uses.entry((id, address.to_owned(), agent)).or_default() += 1;
        };
        match (sent, status) {
            (Sent::Good(id, address, agent), 200) => used(id, address, agent),
            (Sent::Passing(passing, false, address, agent), 200) => {
                if let Some(id) = passing.id {
                    used(id, address, agent);
                }
            }
            (Sent::Passing(passing, had_ended, ..), 401) if had_ended || passing.is_ending.load(SeqCst) => {}
            (Sent::Bad, 401) | (Sent::Fine, 200) => {}
            (Sent::Good(id, ..), status) => panic!("{status} for the good token {id}"),
            (Sent::Passing(passing, had_ended, ..), status) => {
                panic!("{status} for {:?}, which had ended: {had_ended}", passing.id)
            }
            (Sent::Bad, status) => panic!("{status} for junk"),
            (Sent::Fine, status) => panic!("{status} for what is always answered"),
        }
        if !is_kept {
            client = door.open().unwrap();
        }
    }
}

impl Passing {
    fn new(line: String, id: Option<TokenId>) -> Arc<Self> {
        Arc::new(Self {
            line,
            id,
            is_ending: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
        })
    }
}

/// Mints, looks and revokes until it is over; what it verified by command.
fn administer(scene: &Scene, desk: &Desk) -> Uses {
    let mut uses = Uses::new();
    let mut tokens = VecDeque::new();
    for number in 10_000.. {
        if !scene.goes_on() {
            return uses;
        }
        let token = desk.mint(number).unwrap();
        let passing = Passing::new(token.line(), Some(token.id));
        scene.passing.write().unwrap().push_back(Arc::clone(&passing));
        let presented = Secret::from_text(token.text.clone());
        desk.ask(Request::Verify { presented }).unwrap();
        *uses
            .entry((token.id, "local".to_owned(), "strongroom verify"))
            .or_default() += 1;
        tokens.push_back((token, passing));
        desk.ask(Request::ListTokens(TokenQuery::default())).unwrap();
        desk.ask(Request::Overview).unwrap();
        let metrics = scene.doors[1].open().unwrap().ask(&get("/metrics", ""));
        assert_eq!(metrics.unwrap().status, 200);
        if tokens.len() > PASSING {
            let (token, passing) = tokens.pop_front().unwrap();
            passing.is_ending.store(true, SeqCst);
            desk.end(&token, *Random::new(number as u64).one_of(&Invalidation::ALL))
                .unwrap();
            passing.has_ended.store(true, SeqCst);
            // It is used for a while longer, by those who do not know.
            scene
                .passing
                .write()
                .unwrap()
                .retain(|one| Arc::ptr_eq(one, &passing) || !one.has_ended.load(SeqCst));
        }
    }
    uses
}

/// Logs in, refreshes and logs out until it is over.
fn log_in_and_out(scene: &Scene) {
    let mut client = scene.doors[0].open().unwrap();
    let mut ask = |path: &str, body: Value| -> Value {
        let answer = client.ask(&post(path, &body)).unwrap();
        assert_eq!(answer.status, 200, "{path}");
        serde_json::from_slice(&answer.body).unwrap()
    };
    while scene.goes_on() {
        let mut granted = ask("/v1/login", json!({ "email": ADA, "password": PASSWORD }));
        let jwt = granted["access_token"].as_str().unwrap();
        let login = Passing::new(format!("Authorization: Bearer {jwt}\r\n"), None);
        *scene.login.write().unwrap() = Some(Arc::clone(&login));
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(200));
            granted = ask(
                "/v1/refresh",
                json!({ "refresh_token": granted["refresh_token"] }),
            );
        }
        login.is_ending.store(true, SeqCst);
        ask("/v1/logout", json!({ "refresh_token": granted["refresh_token"] }));
        login.has_ended.store(true, SeqCst);
    }
}

/// Looks at the daemon's memory for so long.
fn watched(process: Process, lasts: Duration) -> Vec<u64> {
    let begun = Instant::now();
    let mut resident = Vec::new();
    while begun.elapsed() < lasts {
        std::thread::sleep(Duration::from_millis(100));
        resident.push(process.resident());
    }
    resident
}

/// The last third is no higher than the middle one; in the first it warmed up.
fn is_flat(resident: &[u64]) {
    let third = resident.len() / 3;
    let most = |part: &[u64]| part.iter().max().copied().unwrap();
    let thirds = [0, 1, 2].map(|number| most(&resident[number * third..(number + 1) * third]));
    println!("memory at the most, third by third: {thirds:?} KiB");
    let [_, middle, last] = thirds;
    assert!(
        last <= middle + middle / GROWTH.0 + GROWTH.1,
        "memory grows: {thirds:?} KiB"
    );
}

/// The usage records say what was done, token by token, caller by caller.
fn are_counted(host: &Host, scene: &Scene, uses: &Uses) {
    let us = format!("local:{}", user_name(rustix::process::geteuid().as_raw()));
    let mut tokens: Vec<TokenId> = uses.keys().map(|(id, ..)| *id).collect();
    tokens.sort();
    tokens.dedup();
    for id in &tokens {
        let mine = uses.iter().filter(|((token, ..), _)| token == id);
        let mut wanted: Vec<(String, String, u64)> = mine
            .map(|((_, address, agent), count)| {
                let address = if address == "local" {
                    us.clone()
                } else {
                    address.clone()
                };
                (address, (*agent).to_owned(), *count)
            })
            .collect();
        wanted.sort();
        let shown = host
            .run(&["token", "show", &id.to_string(), "--json"])
            .succeeds()
            .json();
        let mut callers: Vec<(String, String, u64)> =
            shown["callers"].as_array().unwrap().iter().map(caller).collect();
        callers.sort();
        assert_eq!(callers, wanted, "{id}");
        let total: u64 = wanted.iter().map(|(.., count)| count).sum();
        assert_eq!(shown["uses"], total, "{id}");
    }
    assert!(scene.good.iter().all(|token| tokens.contains(&token.id)));
    println!(
        "{} uses of {} tokens are counted",
        uses.values().sum::<u64>(),
        tokens.len()
    );
}

fn caller(caller: &Value) -> (String, String, u64) {
    let text = |name: &str| caller[name].as_str().unwrap().to_owned();
    (text("address"), text("agent"), caller["count"].as_u64().unwrap())
}
