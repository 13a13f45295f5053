//! Stores to begin rounds from: young and old ones, closed in order or killed, each with an earlier copy of itself.

use std::path::Path;

use crate::child::{Errand, Order};
use crate::model::Model;
use crate::process::{self, End};
use crate::random::Random;
use crate::report::Report;
use crate::site::{NOON, Site};

/// A store, and what must be in it.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    pub(crate) name: &'static str,
    pub(crate) site: Site,
    pub(crate) model: Model,
    /// Its directories at an earlier time.
    pub(crate) earlier: Site,
}

pub(crate) struct Bases {
    pub(crate) young: Vec<Base>,
    pub(crate) old: Vec<Base>,
    /// With several segments and checkpoints; only in a long run.
    pub(crate) large: Vec<Base>,
}

impl Bases {
    /// Old ones with so many operations, and a large one.
    pub(crate) fn build(root: &Path, seed: u64, old: u64, large: Option<u64>) -> Self {
        let mut random = Random::new(seed);
        let mut build = |name: &'static str, counts: [u64; 2], killed| {
            Base::build(name, &root.join(name), random.next(), counts, killed)
        };
        Self {
            young: vec![build("young", [8, 6], false), build("young killed", [8, 6], true)],
            old: vec![
                build("old", [old * 3 / 4, old / 4], false),
                build("old killed", [old * 3 / 4, old / 4], true),
            ],
            large: large
                .map(|count| build("large", [count * 3 / 4, count / 4], false))
                .into_iter()
                .collect(),
        }
    }

    /// A young one two times of three; seldom a large one, which takes its time.
    pub(crate) fn pick(&self, random: &mut Random) -> &Base {
        match random.within(0..60) {
            0 if !self.large.is_empty() => random.pick(&self.large),
            0..20 => random.pick(&self.old),
            _ => random.pick(&self.young),
        }
    }
}

impl Base {
    fn build(name: &'static str, root: &Path, seed: u64, counts: [u64; 2], killed: bool) -> Self {
        let mut random = Random::new(seed);
        let site = Site(root.join("site"));
        site.make(random.next());
        let mut model = Model::new(NOON);
        let mut earlier = site.clone();
        for (round, count) in counts.into_iter().enumerate() {
            // Many sessions, so that there are openings, recoveries and snapshots in an old store's life.
            let sessions = count.div_ceil(150).min(20);
            for session in 0..sessions {
                let is_last = round == 1 && session + 1 == sessions;
                let work = count / sessions;
                let order = match killed && (is_last || random.one_in(3)) {
                    true => Order::WorkAndDie(work),
                    false if name == "large" => Order::Grow(work),
                    false => Order::Work(work),
                };
                let (reports, end) = process::run(&errand(&site, &mut random, &model, order), None, None);
                assert!(matches!(end, End::Done | End::Killed), "{name}: {end:?}");
                for report in reports {
                    if let Report::Refused(said) = &report {
                        panic!("{name} cannot be built: {said}");
                    }
                    model.follow(report).unwrap();
                }
            }
            if round == 0 {
                earlier = site.copy(&root.join("earlier"));
            }
        }
        Self {
            name,
            site,
            model,
            earlier,
        }
    }
}

/// An errand at a site where `model` must hold.
pub(crate) fn errand(site: &Site, random: &mut Random, model: &Model, order: Order) -> Errand {
    Errand {
        root: site.0.clone(),
        seed: random.next(),
        now: model.now + 1000,
        tokens: model.presented(),
        order,
    }
}
