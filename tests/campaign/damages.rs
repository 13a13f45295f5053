//! One damage to one file of a store, and what the opening makes of it: whole, repaired and said so, or refused with what
//! to do. Anything else is a failure: a state that differs from what was acknowledged, a panic that escapes, a hang.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::bases::{Base, Bases, errand};
use crate::child::Order;
use crate::damage::{Damage, files, kind};
use crate::model::{AUDIT_ONLY, Model};
use crate::process::{self, End};
use crate::random::Random;
use crate::report::Report;
use crate::site::Site;
use crate::tally::{Plan, Tally, in_parallel};

const WHOLE: &str = "whole";
const REPAIRED: &str = "repaired";
const REFUSED: &str = "refused";

pub(crate) fn run(plan: &Plan, bases: &Bases, root: &Path, damages: u64, tally: &Tally) {
    let numbers: Vec<u64> = (0..damages).collect();
    in_parallel(plan, &numbers, |number| {
        let mut random = Random::new(plan.seed ^ (number << 28) ^ 0xda);
        let base = bases.pick(&mut random);
        let site = base.site.copy(&root.join(format!("damages-{number}")));
        let (name, said) = inflict(base, &site, &mut random);
        let (outcome, text) = match judge(base, &site, &mut random) {
            Ok(outcome) => outcome,
            Err(what) => {
                let what = format!("{}: {said}: {what}", base.name);
                tally.fail("damages", number, plan, &site, &what);
                ("SILENT", what)
            }
        };
        if std::env::var_os("STRONGROOM_CAMPAIGN_VERBOSE").is_some() {
            println!("{number}: {}: {said}: {outcome} {text}", base.name);
        }
        tally.add("damages", 1);
        tally.add(outcome, 1);
        tally.add(format!("| {name} | {outcome}"), 1);
        let _ = fs::remove_dir_all(&site.0);
    });
}

/// Draws until something changes; the kind of file and of damage, and what was done.
fn inflict(base: &Base, site: &Site, random: &mut Random) -> (String, String) {
    loop {
        let all = files(site);
        let path = random.pick(&all);
        let damage = *random.pick(&Damage::ALL);
        let kind = match damage {
            Damage::AllEarlier => "data directory".to_owned(),
            _ => kind(site, path),
        };
        if let Some(said) = damage.inflict(base, site, path, random) {
            return (format!("{kind} | {}", damage.word()), said);
        }
    }
}

fn judge(base: &Base, site: &Site, random: &mut Random) -> Result<(&'static str, String), String> {
    let mut model = base.model.clone();
    let opened = open(site, &mut model, random, Order::Look)?;
    if opened.0 != REFUSED && random.one_in(4) {
        // What was opened has to be good for more than looking.
        for order in [Order::Work(3), Order::Look] {
            let (outcome, said) = open(site, &mut model, random, order)
                .map_err(|what| format!("{what}, after it was {}: {}", opened.0, opened.1))?;
            if outcome == REFUSED {
                return Err(format!("{}, and later refused: {said}", opened.0));
            }
        }
    }
    Ok(opened)
}

fn open(
    site: &Site,
    model: &mut Model,
    random: &mut Random,
    order: Order,
) -> Result<(&'static str, String), String> {
    let (reports, end) = process::run(&errand(site, random, model, order), None, None);
    let mut said = Vec::new();
    let mut refused = None;
    let mut wrong = None;
    for report in reports {
        match &report {
            Report::Refused(text) => refused = Some(text.clone()),
            Report::Opened { rollback: true } => refused = Some("sealed: an older copy; accept it".into()),
            Report::Health(texts) => said.extend(texts.clone()),
            _ => {}
        }
        if let Err(what) = model.follow(report) {
            wrong.get_or_insert(what);
        }
    }
    match (end, refused, wrong) {
        (End::Done, Some(text), _) => says_what_to_do(&text).map(|()| (REFUSED, text)),
        (End::Done, None, None) if said.is_empty() => Ok((WHOLE, String::new())),
        (End::Done, None, None) => Ok((REPAIRED, said.join(", "))),
        // The log is evidence: where it was altered it is not mended, but accused.
        (End::Done, None, Some(what))
            if what.starts_with(AUDIT_ONLY) && said.iter().any(|text| text.starts_with("log_")) =>
        {
            Ok((REFUSED, said.join(", ")))
        }
        (_, _, Some(what)) => Err(format!("{what}; said: {said:?}")),
        (end, _, None) => Err(format!("the child {end:?}; said: {said:?}")),
    }
}

/// An error names a place and ends in what to do about it.
fn says_what_to_do(text: &str) -> Result<(), String> {
    let names = ["/", "frame", "keyring", "journal", "sealed"]
        .iter()
        .any(|word| text.contains(word));
    let (_, hint) = text.rsplit_once("; ").unwrap_or_default();
    if names && hint.contains(' ') {
        return Ok(());
    }
    Err(format!("the refusal does not say where, or what to do: {text}"))
}

/// The outcomes of each kind of file and damage.
pub(crate) fn table(tally: &Tally) {
    let mut rows = BTreeMap::<String, BTreeMap<String, u64>>::new();
    for (name, count) in tally.all() {
        if let Some((what, outcome)) = name.strip_prefix("| ").and_then(|name| name.rsplit_once(" | ")) {
            *rows
                .entry(what.to_owned())
                .or_default()
                .entry(outcome.to_owned())
                .or_default() += count;
        }
    }
    println!(
        "{:<44} {:>6} {:>8} {:>8} {:>6}",
        "damaged: file | how", WHOLE, REPAIRED, REFUSED, "SILENT"
    );
    for (what, outcomes) in rows {
        let count = |outcome: &str| outcomes.get(outcome).copied().unwrap_or(0);
        let counts = [WHOLE, REPAIRED, REFUSED, "SILENT"].map(count);
        println!(
            "{what:<44} {:>6} {:>8} {:>8} {:>6}",
            counts[0], counts[1], counts[2], counts[3]
        );
    }
}
