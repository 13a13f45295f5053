//! A disk that really fills up, as tmpfs and as ext4: commands are refused, and go on when there is room again.

use std::fs;

use crate::bases::errand;
use crate::child::Order;
use crate::disk::Mount;
use crate::kills::follow;
use crate::model::Model;
use crate::process::{self, End};
use crate::random::Random;
use crate::report::Report;
use crate::site::{NOON, Site};
use crate::tally::{Plan, Tally};

/// What is left on the disk for the store.
const ROOM: u64 = 5 << 19;

pub(crate) fn run(plan: &Plan, tally: &Tally) {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    for (name, disk) in [
        ("tmpfs", Mount::tmpfs(&at("tmpfs"), 8 * 1024)),
        ("ext4", Mount::new_ext4(&at("image"), &at("ext4"), 20)),
    ] {
        let Some(disk) = disk else {
            println!("full disk, {name}: skipped, this process may not mount one");
            continue;
        };
        let site = Site(disk.path().join("site"));
        if let Err(what) = fill(plan, &site) {
            tally.fail("full", 0, plan, &site, &format!("{name}: {what}"));
        }
        tally.add("full disks", 1);
    }
}

fn fill(plan: &Plan, site: &Site) -> Result<(), String> {
    let mut random = Random::new(plan.seed ^ 0xf011);
    let mut model = Model::new(NOON);
    site.make(random.next());
    let free = rustix::fs::statvfs(&site.0).unwrap();
    let ballast = (free.f_bavail * free.f_bsize).saturating_sub(ROOM);
    fs::write(site.0.join("ballast"), vec![1; usize::try_from(ballast).unwrap()]).unwrap();
    let (reports, end) = process::run(&errand(site, &mut random, &model, Order::Fill), None, None);
    let full =
        |report: &&Report| matches!(report, Report::Answered(Some(said)) if said.starts_with("DiskFull"));
    let refused = reports.iter().filter(full).count();
    follow(reports, &mut model)?;
    if end != End::Done {
        return Err(format!("the child {end:?}"));
    }
    if refused == 0 {
        return Err("no command said that the disk is full".into());
    }
    println!(
        "full disk: {} commits, {refused} commands refused while it was full",
        model.acknowledged
    );
    let (reports, _) = process::run(&errand(site, &mut random, &model, Order::Look), None, None);
    follow(reports, &mut model)
}
