//! Counts what came out, shared by the workers; a failure is printed at once, with what begins it again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::random::Random;
use crate::site::{Site, copy_all};

/// What a campaign is run with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// What `STRONGROOM_CAMPAIGN` said; a short run when `None`.
    pub(crate) rounds: Option<u64>,
    pub(crate) workers: u64,
    /// Only this round of each part; all when `None`.
    pub(crate) only: Option<u64>,
}

#[derive(Default)]
pub(crate) struct Tally {
    counts: Mutex<BTreeMap<String, u64>>,
}

/// Sites of failed rounds that are kept to look at.
const KEPT: u64 = 20;

impl Tally {
    pub(crate) fn add(&self, what: impl Into<String>, count: u64) {
        *self.counts.lock().unwrap().entry(what.into()).or_default() += count;
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.counts.lock().unwrap().get(what).copied().unwrap_or(0)
    }

    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap().clone()
    }

    pub(crate) fn fail(&self, part: &str, round: u64, plan: &Plan, site: &Site, what: &str) {
        self.add("failed", 1);
        let mut place = "nowhere any more".to_owned();
        if self.of("failed") <= KEPT {
            let kept =
                Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("campaign-{part}-{}-{round}", plan.seed));
            let _ = std::fs::remove_dir_all(&kept);
            copy_all(&site.0, &kept);
            place = kept.display().to_string();
        }
        let rounds = plan
            .rounds
            .map_or(String::new(), |rounds| format!("STRONGROOM_CAMPAIGN={rounds} "));
        println!(
            "FAILED {part} {round}: {what}\n  again: {rounds}STRONGROOM_CAMPAIGN_SEED={} STRONGROOM_CAMPAIGN_ONLY={part}:{round}; kept in {place}",
            plan.seed
        );
    }
}

/// Hands the rounds of these numbers to the workers; where only one was asked for, that one.
pub(crate) fn in_parallel(plan: &Plan, numbers: &[u64], round: impl Fn(u64) + Sync) {
    if let Some(only) = plan.only {
        return round(only);
    }
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..plan.workers {
            scope.spawn(|| {
                while let Some(number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                    round(*number);
                }
            });
        }
    });
}

/// Takes numbers away at random until no more than `most` are left.
pub(crate) fn sample(numbers: &mut Vec<u64>, most: usize, random: &mut Random) {
    while numbers.len() > most {
        numbers.swap_remove(random.index(numbers.len()));
    }
}
