//! Each of the twelve operations with a fault at each of its calls in turn: killed before, after or amidst it, an
//! input/output error or a full disk, once or for good. Half of the time the recovery is killed as well.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::bases::{Base, Bases, errand};
use crate::child::Order;
use crate::kills::{follow, gone, quiet};
use crate::operations::Operation;
use crate::process::{self, End, Fault, WHATS};
use crate::random::Random;
use crate::report::Report;
use crate::tally::{Plan, Tally, in_parallel, sample};

/// Calls that ENOSPC does not come from.
const NEED_NO_SPACE: [&str; 6] = [
    "fsync",
    "fdatasync",
    "sync_file_range",
    "rename",
    "unlink",
    "rmdir",
];

/// A fault to try; its number says all of it.
struct Trial {
    operation: Operation,
    fault: Fault,
}

impl Trial {
    fn numbers(pass: u64, operation: u64, at: u64, call: &str) -> impl Iterator<Item = u64> {
        let needs_none = NEED_NO_SPACE
            .iter()
            .any(|name| call.contains(&format!(" {name} ")));
        let whats = WHATS.iter().enumerate();
        let fitting = whats.filter(move |(_, what)| !(needs_none && **what == "enospc"));
        fitting.map(move |(what, _)| ((pass * 100 + operation) * 10_000 + at) * 10 + what as u64)
    }

    fn of(number: u64) -> Self {
        let place = |number: u64| usize::try_from(number).unwrap();
        Self {
            operation: Operation::ALL[place(number / 100_000 % 100)],
            fault: Fault {
                what: WHATS[place(number % 10)],
                at: number / 10 % 10_000,
                waits: true,
            },
        }
    }
}

/// All faults of all operations so many times, `most` of them where they are more.
pub(crate) fn run(plan: &Plan, bases: &Bases, root: &Path, passes: u64, most: usize, tally: &Tally) {
    let mut random = Random::new(plan.seed ^ 0x57e9);
    let mut numbers = Vec::new();
    let mut calls = BTreeMap::new();
    for (operation, which) in (0..).zip(Operation::ALL) {
        let seen = calls_of(which, &bases.young[0], root, &mut random);
        tally.add(format!("steps: calls of {which:?}"), seen.len() as u64);
        for (at, call) in (1..).zip(seen) {
            numbers.extend((0..passes).flat_map(|pass| Trial::numbers(pass, operation, at, &call)));
            calls.insert((operation, at), call);
        }
    }
    tally.add("steps: faults there are", numbers.len() as u64);
    sample(&mut numbers, most, &mut random);
    in_parallel(plan, &numbers, |number| {
        let trial = Trial::of(number);
        let mut random = Random::new(plan.seed ^ (number << 24));
        let base = if random.one_in(8) {
            random.pick(&bases.old)
        } else {
            random.pick(&bases.young)
        };
        let site = base.site.copy(&root.join(format!("steps-{number}")));
        let fresh = Base { site, ..base.clone() };
        if let Err(what) = one(&trial, &fresh, &mut random, tally) {
            let Trial { operation, fault } = trial;
            let call = calls.get(&(number / 100_000 % 100, fault.at));
            let what = format!(
                "{operation:?} on {}, {} at {}: {what}",
                base.name,
                fault.what,
                call.map_or("?", String::as_str)
            );
            tally.fail("steps", number, plan, &fresh.site, &what);
        }
        fs::remove_dir_all(&fresh.site.0).unwrap();
    });
}

/// Does the operation once without a fault, to see its calls.
fn calls_of(operation: Operation, base: &Base, root: &Path, random: &mut Random) -> Vec<String> {
    let site = base.site.copy(&root.join("dry"));
    let log = root.join("calls");
    let mut model = base.model.clone();
    let none = Fault {
        what: "",
        at: 0,
        waits: true,
    };
    let errand = errand(&site, random, &model, Order::Perform(operation));
    let (reports, end) = process::run(&errand, Some((none, Some(&log))), None);
    assert_eq!(end, End::Done, "{operation:?} without a fault");
    follow(reports, &mut model).unwrap();
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(log).unwrap();
    fs::remove_dir_all(&site.0).unwrap();
    let root = format!("{}/", site.0.display());
    text.lines().map(|line| line.replace(&root, "")).collect()
}

fn one(trial: &Trial, base: &Base, random: &mut Random, tally: &Tally) -> Result<(), String> {
    let (site, mut model) = (&base.site, base.model.clone());
    let order = Order::Perform(trial.operation);
    let errand_of = |random: &mut Random, model: &_, order| errand(site, random, model, order);
    let (reports, end) = process::run(&errand_of(random, &model, order), Some((trial.fault, None)), None);
    match end {
        End::Killed => tally.add("kills", 1),
        End::Done => tally.add(format!("{} met", trial.fault.what), 1),
        End::Died | End::Hung => return Err(format!("the child {end:?}")),
    }
    let before = model.acknowledged;
    follow(reports, &mut model)?;
    tally.add("acknowledged", model.acknowledged - before);
    while random.one_in(2) {
        let fault = Fault {
            what: random.pick::<&str>(&WHATS),
            at: random.within(1..60),
            waits: false,
        };
        let errand = errand_of(random, &model, Order::Look);
        let (reports, end) = process::run(&errand, Some((fault, None)), None);
        match end {
            End::Killed => tally.add("kills", 1),
            End::Done => tally.add(format!("{} met in a recovery", fault.what), 1),
            End::Died | End::Hung => return Err(format!("the recovery {end:?} ({fault:?})")),
        }
        if end == End::Killed {
            tally.add("kills in a recovery", 1);
        }
        // A disk that fails may keep it from opening; not once it works again.
        let reports = reports
            .into_iter()
            .filter(|report| end == End::Killed || !matches!(report, Report::Refused(_)));
        follow(reports.collect(), &mut model).map_err(|what| format!("{what} (recovering, {fault:?})"))?;
    }
    for opening in ["first", "second"] {
        let (reports, end) = process::run(&errand_of(random, &model, Order::Look), None, None);
        if end != End::Done {
            return Err(format!("the {opening} opening {end:?}"));
        }
        quiet(&reports, tally)?;
        follow(reports, &mut model).map_err(|what| format!("{opening} opening: {what}"))?;
    }
    gone(site, &model)
}
