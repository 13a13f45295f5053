//! What is done to the log itself.

use strongroom::domain::audit::chain::{Altered, Fault, Verdict};
use strongroom::domain::audit::{Action, AuditEntry};

use super::forger::{FIELDS, bytes, chained_anew, hash};
use super::site::{ENTRIES, Site};

/// The log, and a forger who writes another one in its place.
struct Bench {
    site: Site,
    log: Vec<AuditEntry>,
    tried: usize,
}

impl Bench {
    fn new() -> Self {
        let site = Site::new();
        let log = site.log();
        Self { site, log, tried: 0 }
    }

    fn verdict_on(&mut self, forged: &[(u64, Vec<u8>)]) -> Verdict {
        self.tried += 1;
        self.site.restore();
        self.site.write_log(forged);
        self.site.verdict()
    }

    /// It is found, and no entry is meant but those from `from` to `to`. Where the newest entry is another, the
    /// journal may find it at the opening: the database is built anew, the log says so, and is whole again.
    #[track_caller]
    fn finds(&mut self, what: &str, forged: &[(u64, Vec<u8>)], from: u64, to: u64, fault: Fault) {
        let same_head = forged.last() == bytes(&self.log).last();
        match self.verdict_on(forged) {
            Verdict::Altered(found) => {
                assert!(from <= found.from && found.to <= to, "{what}: {found:?}");
                assert_eq!(found.fault, fault, "{what}");
            }
            Verdict::Intact { to, .. } if !same_head => {
                assert_eq!(to, ENTRIES + 1, "{what}");
                let mended = self.site.listed();
                let (rebuilt, log) = mended.split_last().unwrap();
                assert!(log == self.log, "{what}: {log:?}");
                assert_eq!(rebuilt.action, Action::StoreRebuilt, "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }

    /// What signed checkpoints alone say of a log that was chained anew, with no journal to watch it.
    fn alone(&self, log: Vec<AuditEntry>, from: usize) -> Verdict {
        self.site.verify_alone(&chained_anew(log, from), None).verdict
    }
}

#[test]
fn the_log_as_it_was_written_is_intact() {
    let mut bench = Bench::new();
    let as_it_was = bytes(&bench.log);
    let intact = Verdict::Intact { from: 1, to: ENTRIES };
    assert_eq!(bench.verdict_on(&as_it_was), intact);
    assert_eq!(
        chained_anew(bench.log.clone(), 0),
        bench.log,
        "the forger knows the rules"
    );
}

#[test]
fn every_field_of_every_entry_altered_is_found_at_that_entry() {
    let mut bench = Bench::new();
    for place in 0..bench.log.len() {
        for (field, alter) in FIELDS {
            let mut log = bench.log.clone();
            alter(&mut log[place]);
            assert_ne!(log[place], bench.log[place], "{field} was altered");
            let at = place as u64 + 1;
            let what = format!("{field} of entry {at}");
            bench.finds(&what, &bytes(&log), at, at, Fault::Content);
        }
    }
    println!("{} alterations, all found", bench.tried);
}

#[test]
fn an_altered_entry_with_its_hash_reckoned_anew_is_found_by_the_next_one() {
    let mut bench = Bench::new();
    for place in 0..bench.log.len() {
        let at = place as u64 + 1;
        for (field, alter) in FIELDS.into_iter().filter(|(field, _)| *field != "hash") {
            let mut log = bench.log.clone();
            alter(&mut log[place]);
            log[place].hash = hash(&log[place]);
            // A checkpoint, or an altered link of its own, tells before the next entry does.
            let fault = match field {
                "previous" => Fault::Link,
                _ if at.is_multiple_of(4) => Fault::Checkpoint,
                _ => Fault::Link,
            };
            let earliest = if fault == Fault::Checkpoint {
                at - 3
            } else {
                at.max(2) - 1
            };
            bench.finds(
                &format!("{field} of entry {at}"),
                &bytes(&log),
                earliest,
                at + 1,
                fault,
            );
        }
    }
    println!("{} alterations, all found", bench.tried);
}

#[test]
fn a_log_that_was_chained_anew_behind_the_alteration_is_found_by_the_next_checkpoint() {
    let bench = Bench::new();
    for place in 0..bench.log.len() {
        let at = place as u64 + 1;
        // A checkpoint stands behind every fourth entry.
        let next = at.div_ceil(4) * 4;
        let expected = Verdict::Altered(Altered {
            from: next - 3,
            to: next,
            fault: Fault::Checkpoint,
        });
        for (field, alter) in FIELDS
            .into_iter()
            .filter(|(field, _)| !["previous", "hash"].contains(field))
        {
            let mut log = bench.log.clone();
            alter(&mut log[place]);
            assert_eq!(bench.alone(log, place), expected, "{field} of entry {at}");
        }
        let mut log = bench.log.clone();
        log.remove(place);
        let without = match next {
            // The entry of the last checkpoint is gone, too.
            ENTRIES => Verdict::Truncated {
                to: ENTRIES - 1,
                was: ENTRIES,
            },
            _ => expected,
        };
        assert_eq!(bench.alone(log, place), without, "without entry {at}");
        for other in place + 1..bench.log.len() {
            let mut log = bench.log.clone();
            log.swap(place, other);
            assert_eq!(
                bench.alone(log, place),
                expected,
                "entries {at} and {} changed",
                other + 1
            );
        }
    }
}

#[test]
fn every_entry_that_is_dropped_is_missed() {
    let mut bench = Bench::new();
    for place in 0..bench.log.len() - 1 {
        let mut log = bench.log.clone();
        log.remove(place);
        let at = place as u64 + 1;
        bench.finds(
            &format!("without entry {at}"),
            &bytes(&log),
            at,
            at,
            Fault::Missing,
        );
    }
}

#[test]
fn every_two_entries_in_each_other_s_place_are_found_at_the_first() {
    let mut bench = Bench::new();
    let as_it_was = bytes(&bench.log);
    for first in 0..bench.log.len() {
        for second in first + 1..bench.log.len() {
            let at = first as u64 + 1;
            let what = format!("entries {at} and {} changed places", second + 1);
            let mut moved = as_it_was.clone();
            (moved[first].1, moved[second].1) = (moved[second].1.clone(), moved[first].1.clone());
            bench.finds(&what, &moved, at, at, Fault::Unreadable);
            // The same by somebody who numbers them by their new places.
            let mut log = bench.log.clone();
            log.swap(first, second);
            for (place, entry) in log.iter_mut().enumerate() {
                entry.sequence = place as u64 + 1;
            }
            bench.finds(&what, &bytes(&log), at, at, Fault::Content);
        }
    }
    println!("{} exchanges, all found", bench.tried);
}

#[test]
fn a_log_that_is_cut_off_is_truncated_wherever_that_was_done() {
    let mut bench = Bench::new();
    for left in 0..bench.log.len() {
        let cut = &bench.log[..left];
        let expected = Verdict::Truncated {
            to: left as u64,
            was: ENTRIES,
        };
        assert_eq!(bench.site.verify_alone(cut, None).verdict, expected);
        // With its journal it is whole again.
        let cut = bytes(cut);
        bench.finds(&format!("the first {left}"), &cut, 0, 0, Fault::Missing);
    }
    for gone in 1..bench.log.len() {
        let cut = bytes(&bench.log[gone..]);
        bench.finds(
            &format!("without the first {gone}"),
            &cut,
            1,
            gone as u64,
            Fault::Missing,
        );
    }
}

#[test]
fn bytes_that_are_no_entry_are_found_at_their_place() {
    let mut bench = Bench::new();
    let as_it_was = bytes(&bench.log);
    for place in 0..bench.log.len() {
        for damage in [Vec::new(), vec![1; 40], as_it_was[place].1[..20].to_vec()] {
            let mut damaged = as_it_was.clone();
            damaged[place].1 = damage;
            let at = place as u64 + 1;
            bench.finds(
                &format!("entry {at} is no entry"),
                &damaged,
                at,
                at,
                Fault::Unreadable,
            );
        }
    }
}
