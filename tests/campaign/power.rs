//! Power cuts: a child at work on an ext4 image on a loop device; right after its kill the image is copied from below the
//! mounted file system, which leaves out what only its page cache had, and the copy is mounted (its journal replayed) and
//! goes on as the machine's disk.
//!
//! Left out is what the file system had not sent to its disk; a disk that lies about what it has synced is not shown. A
//! control writes with sled's own flush and without a sync of ours, to show that cuts do cut.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::bases::errand;
use crate::child::Order;
use crate::disk::{self, Mount};
use crate::kills::follow;
use crate::model::Model;
use crate::process::{self, End, ROLE};
use crate::random::Random;
use crate::site::{NOON, Site};
use crate::tally::{Plan, Tally};

const CUTS_PER_STORE: u64 = 25;
const DIRECTORY: &str = "STRONGROOM_CAMPAIGN_DIRECTORY";

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
        self.root.path().join("disk/site")
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

pub(crate) fn run(plan: &Plan, cuts: u64, tally: &Tally) {
    let mut random = Random::new(plan.seed ^ 0xc07);
    let mut left = cuts;
    while left > 0 {
        let Some(mut machine) = Machine::new() else {
            println!("power cuts: skipped, this process may not mount an ext4 image on a loop device");
            return;
        };
        let site = Site(machine.directory());
        site.make(random.next());
        // The keyring is there before anything is acknowledged: its own writing is synced.
        assert!(disk::run("sync", &["-f", site.0.to_str().unwrap()]));
        let mut model = Model::new(NOON);
        let round = left.min(CUTS_PER_STORE);
        if let Err(what) = one_store(&mut machine, &site, &mut model, &mut random, round, tally) {
            tally.fail("power", cuts - left, plan, &site, &what);
        }
        tally.add("acknowledged", model.acknowledged);
        left -= round;
    }
    if tally.of("power cuts") > 0 {
        control(cuts.min(10), &mut random);
    }
}

fn one_store(
    machine: &mut Machine,
    site: &Site,
    model: &mut Model,
    random: &mut Random,
    cuts: u64,
    tally: &Tally,
) -> Result<(), String> {
    for _ in 0..cuts {
        let life = Duration::from_millis(random.within(30..1500));
        let order = Order::Work(100_000);
        let (reports, end) = process::run(&errand(site, random, model, order), None, Some(life));
        if end != End::Killed {
            return Err(format!("the child {end:?}"));
        }
        machine.cut();
        tally.add("power cuts", 1);
        follow(reports, model)?;
    }
    let (reports, _) = process::run(&errand(site, random, model, Order::Look), None, None);
    follow(reports, model)
}

/// The same cuts on sled's flush alone, each on a new disk.
fn control(rounds: u64, random: &mut Random) {
    let mut lost = 0;
    // What a cut leaves makes sled panic; that is a loss, and no news.
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for _ in 0..rounds {
        let mut machine = Machine::new().unwrap();
        let directory = machine.directory();
        let acknowledged = flush_and_kill(&directory, Duration::from_millis(random.within(30..1500)));
        machine.cut();
        let found =
            std::panic::catch_unwind(|| sled::open(directory).map_or(0, |database| database.len() as u64));
        lost += u64::from(found.unwrap_or(0) < acknowledged);
    }
    std::panic::set_hook(print);
    println!(
        "control: with sled's flush and no sync of ours, {lost} of {rounds} power cuts lost acknowledged writes"
    );
}

/// How many writes a child acknowledged before it was killed.
fn flush_and_kill(directory: &Path, life: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, "flush")
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(life);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    output.stdout.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The control's child.
pub(crate) fn flush_until_killed() {
    let database = sled::open(std::env::var_os(DIRECTORY).unwrap()).unwrap();
    for n in 1_u64.. {
        database.insert(n.to_be_bytes(), vec![1; 350]).unwrap();
        database.flush().unwrap();
        std::io::stdout().lock().write_all(b".\n").unwrap();
    }
}
