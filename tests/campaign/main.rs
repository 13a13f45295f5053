//! The campaign: kills, power cuts, faults of the disk and damaged files. Whatever was acknowledged must be there, whole,
//! or the store must say that it is not.
//!
//! `STRONGROOM_CAMPAIGN=10000` kills 10,000 times and damages 10,000 times; without it a short run. Each round begins
//! from a store that is made of service commands over the real store; a child process (this program again) tells its
//! parent of each commit before it begins and after it returned (`report`), and the parent knows what must be there
//! (`model`). Rounds depend on the seed and their number alone, but for moments: `STRONGROOM_CAMPAIGN_SEED` and
//! `STRONGROOM_CAMPAIGN_ONLY=part:number` repeat one, `STRONGROOM_CAMPAIGN_VERBOSE=1` says what came of each damage.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test program of its own, without the harness that clippy knows tests by; nobody else reaches it; its \
              deadlines are real time"
)]

mod bases;
mod child;
mod commands;
mod damage;
mod damages;
mod desk;
#[path = "../support/disk.rs"]
mod disk;
#[path = "../support/faults.rs"]
mod faults;
mod full;
mod kills;
mod model;
mod operations;
mod power;
mod process;
mod program;
mod random;
mod recorder;
mod report;
mod site;
mod steps;
#[path = "../support/mod.rs"]
mod support;
mod takeover;
mod tally;

use std::path::Path;
use std::process::ExitCode;

use bases::Bases;
use tally::{Plan, Tally};

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--list") {
        println!("campaign: test");
        return ExitCode::SUCCESS;
    }
    match std::env::var(process::ROLE).as_deref() {
        Ok("child") => child::run(),
        Ok(_) => power::flush_until_killed(),
        Err(_) => return campaign(),
    }
    ExitCode::SUCCESS
}

/// How much is done of each part.
struct Size {
    /// Of all parts together; what the others leave is done at random moments.
    kills: u64,
    step_passes: u64,
    step_faults: usize,
    damages: u64,
    power_cuts: u64,
    takeover_faults: usize,
    program_faults: usize,
    old: u64,
    large: Option<u64>,
}

impl Size {
    const SHORT: Self = Self {
        kills: 250,
        step_passes: 1,
        step_faults: 150,
        damages: 200,
        power_cuts: 5,
        takeover_faults: 40,
        program_faults: 24,
        old: 300,
        large: None,
    };

    fn long(rounds: u64) -> Self {
        Self {
            kills: rounds,
            step_passes: (rounds / 3000).clamp(1, 4),
            step_faults: usize::MAX,
            damages: rounds,
            power_cuts: (rounds / 100).max(5),
            takeover_faults: usize::MAX,
            // Each of them takes several passwords to hash.
            program_faults: usize::try_from(rounds / 10).unwrap(),
            old: 3000,
            // Segments have 8 MB.
            large: Some(36_000),
        }
    }
}

fn campaign() -> ExitCode {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let rounds = number("STRONGROOM_CAMPAIGN");
    let size = rounds.map_or(Size::SHORT, Size::long);
    let only = std::env::var("STRONGROOM_CAMPAIGN_ONLY").ok();
    let only = only
        .as_deref()
        .map(|text| text.split_once(':').unwrap_or((text, "")));
    let plan = Plan {
        rounds,
        seed: number("STRONGROOM_CAMPAIGN_SEED").unwrap_or_else(random::from_urandom),
        workers: std::thread::available_parallelism().map_or(2, |count| count.get() as u64),
        only: only.and_then(|(_, round)| round.parse().ok()),
    };
    println!("seed {} (STRONGROOM_CAMPAIGN_SEED)", plan.seed);
    faults::library();
    site::supply();
    // In memory where there is room: only power cuts need a real file system.
    let root = tempfile::tempdir_in(if Path::new("/dev/shm").is_dir() {
        "/dev/shm"
    } else {
        "/tmp"
    })
    .unwrap();
    let tally = Tally::default();
    let bases = Bases::build(root.path(), plan.seed, size.old, size.large);
    kills::control(&bases.young[0]);
    for (part, run) in parts(&plan, &size, &bases, root.path(), &tally) {
        if only.is_none_or(|(wanted, _)| wanted == part) {
            let begun = std::time::Instant::now();
            run();
            println!("{part}: {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    summary(&tally)
}

type Part<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn parts<'a>(
    plan: &'a Plan,
    size: &'a Size,
    bases: &'a Bases,
    root: &'a Path,
    tally: &'a Tally,
) -> [Part<'a>; 7] {
    [
        (
            "steps",
            Box::new(|| steps::run(plan, bases, root, size.step_passes, size.step_faults, tally)),
        ),
        (
            "takeover",
            Box::new(|| takeover::run(plan, &bases.young[0], root, size.takeover_faults, tally)),
        ),
        (
            "program",
            Box::new(|| program::run(plan, root, size.program_faults, tally)),
        ),
        (
            "kills",
            Box::new(|| {
                kills::run(
                    plan,
                    bases,
                    root,
                    size.kills.saturating_sub(tally.of("kills")),
                    tally,
                )
            }),
        ),
        (
            "damages",
            Box::new(|| damages::run(plan, bases, root, size.damages, tally)),
        ),
        ("full", Box::new(|| full::run(plan, tally))),
        ("power", Box::new(|| power::run(plan, size.power_cuts, tally))),
    ]
}

fn summary(tally: &Tally) -> ExitCode {
    damages::table(tally);
    for (name, count) in tally.all().iter().filter(|(name, _)| !name.starts_with('|')) {
        println!("{name}: {count}");
    }
    println!(
        "kills {}: acknowledged {}, lost {}; damages {}: whole {}, repaired {}, refused {}, silent {}; power cuts {}",
        tally.of("kills"),
        tally.of("acknowledged"),
        tally.of("failed") - tally.of("SILENT"),
        tally.of("damages"),
        tally.of("whole"),
        tally.of("repaired"),
        tally.of("refused"),
        tally.of("SILENT"),
        tally.of("power cuts"),
    );
    if tally.of("failed") == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
