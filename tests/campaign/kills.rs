//! kill -9 at random: after some time or at some call, while opening, recovering, working or closing, over and over in
//! the same store.

use std::path::Path;
use std::time::Duration;

use crate::bases::{Base, Bases, errand};
use crate::child::Order;
use crate::model::Model;
use crate::process::{self, End, Fault};
use crate::random::Random;
use crate::report::Report;
use crate::site::{NOON, Site};
use crate::tally::{Plan, Tally, in_parallel};

/// Kills in the same store, which grows and is recovered each time, before a new one is begun.
const KILLS_PER_STORE: u64 = 20;

pub(crate) fn run(plan: &Plan, bases: &Bases, root: &Path, kills: u64, tally: &Tally) {
    let stores: Vec<u64> = (0..kills.div_ceil(KILLS_PER_STORE)).collect();
    in_parallel(plan, &stores, |number| {
        let mut random = Random::new(plan.seed ^ (number << 20));
        let site = Site(root.join(format!("kills-{number}")));
        let mut model = Model::new(NOON);
        if random.one_in(4) {
            let base = random.pick(&bases.old);
            base.site.copy(&site.0);
            model = base.model.clone();
        } else {
            site.make(random.next());
        }
        let before = model.acknowledged;
        if let Err(what) = one_store(&site, &mut model, &mut random, tally) {
            tally.fail("kills", number, plan, &site, &what);
        }
        tally.add("acknowledged", model.acknowledged - before);
        tally.add("found whole unacknowledged", model.unacknowledged);
        std::fs::remove_dir_all(&site.0).unwrap();
    });
}

fn one_store(site: &Site, model: &mut Model, random: &mut Random, tally: &Tally) -> Result<(), String> {
    let mut killed = 0;
    while killed < KILLS_PER_STORE {
        let errand = errand(site, random, model, Order::Work(40));
        // Half at a moment, half at a call; short lives end in the opening.
        let (fault, life) = if random.one_in(2) {
            (None, Some(Duration::from_millis(random.within(1..120))))
        } else {
            let what = *random.pick::<&str>(&["before", "after", "half"]);
            let at = random.within(1..150);
            let waits = false;
            (Some((Fault { what, at, waits }, None)), None)
        };
        let (reports, end) = process::run(&errand, fault, life);
        follow(reports, model).map_err(|what| format!("kill {killed} ({fault:?}, {life:?}): {what}"))?;
        match end {
            End::Killed => {
                killed += 1;
                tally.add("kills", 1);
            }
            End::Done => {}
            End::Died | End::Hung => return Err(format!("the child {end:?} ({fault:?}, {life:?})")),
        }
    }
    let (reports, end) = process::run(&errand(site, random, model, Order::Look), None, None);
    if end != End::Done {
        return Err(format!("the last opening {end:?}"));
    }
    quiet(&reports, tally)?;
    follow(reports, model)?;
    gone(site, model)
}

/// An earlier copy of everything is what nobody can notice: to the campaign it has to be a loss.
pub(crate) fn control(base: &Base) {
    let mut model = base.model.clone();
    let mut random = Random::new(1);
    let (reports, _) = process::run(
        &errand(&base.earlier, &mut random, &model, Order::Look),
        None,
        None,
    );
    let noticed = follow(reports, &mut model);
    println!("control: an earlier copy of both directories: {noticed:?}");
    assert!(noticed.is_err(), "the campaign does not notice a loss");
}

/// After kills alone a store opens, and there is nothing to accept.
pub(crate) fn follow(reports: Vec<Report>, model: &mut Model) -> Result<(), String> {
    for report in reports {
        match &report {
            Report::Refused(said) => return Err(format!("it does not open: {said}")),
            Report::Opened { rollback: true } => return Err("it takes itself for an older copy".into()),
            _ => model.follow(report)?,
        }
    }
    Ok(())
}

/// After kills alone nobody has to be alarmed; what was mended is counted.
pub(crate) fn quiet(reports: &[Report], tally: &Tally) -> Result<(), String> {
    for report in reports {
        let Report::Health(said) = report else { continue };
        for text in said {
            if text.contains(": ") {
                return Err(format!("an alarm without a cause: {text}"));
            }
            tally.add(format!("mended: {text}"), 1);
        }
    }
    Ok(())
}

/// Data keys whose destruction was confirmed are in no file.
pub(crate) fn gone(site: &Site, model: &Model) -> Result<(), String> {
    for path in crate::damage::files(site) {
        let bytes = std::fs::read(&path).unwrap();
        for key in model.destroyed() {
            if memchr::memmem::find(&bytes, key).is_some() {
                return Err(format!("{} holds a data key that was destroyed", path.display()));
            }
        }
    }
    Ok(())
}
