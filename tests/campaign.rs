//! Kill -9 and power cuts in the middle of commits: whatever was acknowledged must be there, whole, with its audit entry.
//!
//! `STRONGROOM_CAMPAIGN=200` runs 200 kill rounds and 30 power cuts; 20 and 5 without it. A round: a child process (this
//! program again) commits and writes each acknowledged sequence into a pipe; it is killed at a random moment; the store
//! is opened again and compared, record by record, with what so many commits must have made.
//!
//! A power cut is an ext4 image on a loop device: right after the kill the image is copied from below the mounted file
//! system, which leaves out what only its page cache had, and the copy is mounted (its journal replayed) and goes on as
//! the machine's disk. Left out is what the file system had not sent to its disk; a disk that lies about what it has
//! synced is not shown. A control writes with sled's own flush and without our sync, to show that cuts do cut.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test program of its own, without the harness that clippy knows tests by"
)]

#[path = "support/disk.rs"]
mod disk;
#[path = "support/store.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use disk::Mount;
use strongroom::service::ports::{Batch, Expectation, Record, RecordKey, Revision, Store};
use strongroom::store::sled::SledStore;
use strongroom::system::data_dir::DataDir;
use support::{entry, organization, token};

const ROLE: &str = "STRONGROOM_CAMPAIGN_ROLE";
const DIRECTORY: &str = "STRONGROOM_CAMPAIGN_DIRECTORY";
/// Rounds that go on in the same store, which grows, is collected and reopened, before a new one is begun.
const ROUNDS_PER_STORE: u64 = 25;

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--list") {
        println!("campaign: test");
        return ExitCode::SUCCESS;
    }
    if let Some(role) = std::env::var_os(ROLE) {
        let directory = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
        if role == "commit" {
            commit_until_killed(&directory)
        } else {
            flush_until_killed(&directory)
        }
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let kills = number("STRONGROOM_CAMPAIGN").unwrap_or(20);
    let cuts = (kills * 30 / 200).max(5);
    let mut random = Random(number("STRONGROOM_CAMPAIGN_SEED").unwrap_or_else(from_urandom));
    println!(
        "seed {} (STRONGROOM_CAMPAIGN_SEED), {kills} kills, {cuts} power cuts",
        random.0
    );
    let mut tally = Tally::default();
    kill_rounds(kills, &mut random, &mut tally);
    tally.report("kill -9");
    let mut total = tally.clone();
    let mut tally = Tally::default();
    if power_cuts(cuts, &mut random, &mut tally) {
        tally.report("power cut (ext4 image on a loop device, copied right after the kill)");
        control(cuts.min(10), &mut random);
    } else {
        println!("power cut: skipped, this process may not mount an ext4 image on a loop device");
    }
    total.passed += tally.passed;
    total.failed += tally.failed;
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// What is committed: commit n is the same in every run, so that any number of them has one right outcome.

/// Commit `n` writes token n, counts in the organization's revision, and each third removes the token before.
fn batch(n: u64) -> Batch {
    let counter = organization(1);
    let expected = match n {
        1 => Expectation::Absent(counter.key()),
        _ => Expectation::Revision(counter.key(), n - 1),
    };
    Batch {
        expect: vec![expected, Expectation::AuditHead(n - 1)],
        put: vec![(Record::Token(token(1, n)), 1), (counter, n)],
        delete: if n.is_multiple_of(3) {
            vec![Record::Token(token(1, n - 1)).key()]
        } else {
            vec![]
        },
        audit: vec![entry(n, "commit")],
        ..Batch::default()
    }
}

fn outcome(commits: u64) -> BTreeMap<RecordKey, (Record, Revision)> {
    let mut records = BTreeMap::new();
    for n in 1..=commits {
        let batch = batch(n);
        records.extend(
            batch
                .put
                .into_iter()
                .map(|(record, revision)| (record.key(), (record, revision))),
        );
        for key in batch.delete {
            records.remove(&key);
        }
    }
    records
}

/// Opens what is left after a kill: how many commits are in it.
fn verify(directory: &Path, acknowledged: u64) -> Result<u64, String> {
    let checked = DataDir::open(directory).map_err(|error| error.to_string())?;
    let store = SledStore::open(checked.path()).map_err(|error| error.to_string())?;
    let audit = store
        .audit_page(None, usize::MAX)
        .map_err(|error| error.to_string())?;
    let head = audit.first().map_or(0, |entry| entry.sequence);
    if !(acknowledged..=acknowledged + 1).contains(&head) {
        return Err(format!(
            "{acknowledged} were acknowledged, the audit log ends at {head}"
        ));
    }
    let expected: Vec<_> = (1..=head).rev().map(|n| entry(n, "commit")).collect();
    if audit != expected {
        return Err(format!(
            "the audit log has {} right entries of {head}",
            audit.len()
        ));
    }
    let mut found = BTreeMap::new();
    let visited = store.load(&mut |record, revision| {
        found.insert(record.key(), (record, revision));
        Ok(())
    });
    let _ = visited.map_err(|error| error.to_string())?;
    if found != outcome(head) {
        return Err(format!(
            "after {head} commits the records are not what those made"
        ));
    }
    Ok(head)
}

// ---------------------------------------------------------------------------------------------------------------------
// The child.

fn commit_until_killed(directory: &Path) -> ! {
    let checked = DataDir::open(directory).unwrap();
    let store = SledStore::open(checked.path()).unwrap();
    let head = store.audit_head().unwrap().map_or(0, |entry| entry.sequence);
    for n in head + 1.. {
        store.commit(&batch(n)).unwrap();
        acknowledge(n);
    }
    unreachable!("nobody commits so much")
}

fn flush_until_killed(directory: &Path) -> ! {
    let database = sled::open(directory).unwrap();
    for n in database.len() as u64 + 1.. {
        database.insert(n.to_be_bytes(), vec![1; 350]).unwrap();
        database.flush().unwrap();
        acknowledge(n);
    }
    unreachable!("nobody writes so much")
}

fn acknowledge(n: u64) {
    std::io::stdout()
        .lock()
        .write_all(format!("{n}\n").as_bytes())
        .unwrap();
}

/// Runs a child for a while and kills it: the last sequence that it acknowledged, `before` if none.
fn run_and_kill(role: &str, directory: &Path, before: u64, life: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, role)
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    });
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
    let text = reader.join().unwrap();
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    whole.lines().last().map_or(before, |line| line.parse().unwrap())
}

// ---------------------------------------------------------------------------------------------------------------------
// The rounds.

#[derive(Debug, Clone, Default)]
struct Tally {
    passed: u64,
    failed: u64,
    acknowledged: u64,
    /// Commits that were found whole although the kill came before their acknowledgement.
    unacknowledged: u64,
}

impl Tally {
    /// Counts one round; where the next one begins, `None` when the store is no good any more.
    fn count(
        &mut self,
        round: u64,
        before: u64,
        acknowledged: u64,
        found: Result<u64, String>,
    ) -> Option<u64> {
        self.acknowledged += acknowledged - before;
        match found {
            Ok(head) => {
                self.passed += 1;
                self.unacknowledged += head - acknowledged;
                Some(head)
            }
            Err(what) => {
                self.failed += 1;
                println!("round {round}: {what}");
                None
            }
        }
    }

    fn report(&self, what: &str) {
        println!(
            "{what}: {} rounds, {} acknowledged commits, {} more were whole unacknowledged, {} rounds with a loss",
            self.passed + self.failed,
            self.acknowledged,
            self.unacknowledged,
            self.failed
        );
    }
}

fn kill_rounds(rounds: u64, random: &mut Random, tally: &mut Tally) {
    let mut root = tempfile::tempdir().unwrap();
    let mut head = 0;
    for round in 0..rounds {
        if round % ROUNDS_PER_STORE == 0 {
            (root, head) = (tempfile::tempdir().unwrap(), 0);
        }
        let directory = root.path().join("data");
        let acknowledged = run_and_kill("commit", &directory, head, random.millis(20..400));
        match tally.count(round, head, acknowledged, verify(&directory, acknowledged)) {
            Some(next) => head = next,
            None => (root, head) = (tempfile::tempdir().unwrap(), 0),
        }
    }
}

/// A disk whose power can be cut.
struct Machine {
    root: tempfile::TempDir,
    mount: Option<Mount>,
    cuts: u64,
}

impl Machine {
    fn new() -> Option<Self> {
        let root = tempfile::tempdir().ok()?;
        let mount = Mount::new_ext4(&root.path().join("image0"), &root.path().join("disk"), 96)?;
        Some(Self {
            root,
            mount: Some(mount),
            cuts: 0,
        })
    }

    fn directory(&self) -> PathBuf {
        self.root.path().join("disk/data")
    }

    /// Goes on with what the disk has without what only memory had.
    fn cut(&mut self) {
        let image = |number| self.root.path().join(format!("image{number}"));
        let (old, new) = (image(self.cuts), image(self.cuts + 1));
        assert!(disk::run(
            "cp",
            &["--sparse=always", old.to_str().unwrap(), new.to_str().unwrap()]
        ));
        self.mount = None;
        self.mount = Mount::ext4(&new, &self.root.path().join("disk"));
        assert!(self.mount.is_some(), "the image does not mount after the cut");
        fs::remove_file(old).unwrap();
        self.cuts += 1;
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.mount = None;
    }
}

fn power_cuts(rounds: u64, random: &mut Random, tally: &mut Tally) -> bool {
    let Some(mut machine) = Machine::new() else {
        return false;
    };
    let mut head = 0;
    for round in 0..rounds {
        if round > 0 && round % ROUNDS_PER_STORE == 0 {
            (machine, head) = (Machine::new().unwrap(), 0);
        }
        let acknowledged = run_and_kill("commit", &machine.directory(), head, random.millis(30..1500));
        machine.cut();
        match tally.count(
            round,
            head,
            acknowledged,
            verify(&machine.directory(), acknowledged),
        ) {
            Some(next) => head = next,
            None => (machine, head) = (Machine::new().unwrap(), 0),
        }
    }
    true
}

/// The same cuts on sled's flush alone, each on a new disk.
fn control(rounds: u64, random: &mut Random) {
    let mut lost = 0;
    // What a cut leaves makes sled panic; that is a loss, and no news.
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for _ in 0..rounds {
        let mut machine = Machine::new().unwrap();
        let acknowledged = run_and_kill("flush", &machine.directory(), 0, random.millis(30..1500));
        machine.cut();
        let directory = machine.directory();
        let found =
            std::panic::catch_unwind(|| sled::open(directory).map_or(0, |database| database.len() as u64));
        lost += u64::from(found.unwrap_or(0) < acknowledged);
    }
    std::panic::set_hook(print);
    println!(
        "control: with sled's flush and no sync of ours, {lost} of {rounds} power cuts lost acknowledged writes"
    );
}

/// xorshift64*: enough for moments, and one number says it all.
struct Random(u64);

impl Random {
    fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        Duration::from_millis(range.start + value % (range.end - range.start))
    }
}

fn from_urandom() -> u64 {
    let mut bytes = [0; 8];
    fs::File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut bytes)
        .unwrap();
    u64::from_be_bytes(bytes) | 1
}
