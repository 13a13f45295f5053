//! What is done to the log itself.

use strongroom::domain::audit::AuditEntry;
use strongroom::domain::audit::chain::{Altered, Fault, Verdict};

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
        self.site.write_log(forged);
        self.site.verdict()
    }

    /// It is found, and no entry is meant but those from `from` to `to`.
    #[track_caller]
    fn finds(&mut self, what: &str, forged: &[(u64, Vec<u8>)], from: u64, to: u64) -> Fault {
        match self.verdict_on(forged) {
            Verdict::Altered(found) => {
                assert!(from <= found.from && found.to <= to, "{what}: {found:?}");
                found.fault
            }
            other => panic!("{what}: {other:?}"),
        }
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
            let fault = bench.finds(&what, &bytes(&log), at, at);
            assert_eq!(fault, Fault::Content, "{what}");
        }
    }
    println!("{} alterations, all found", bench.tried);
}

#[test]
fn an_altered_entry_with_its_hash_reckoned_anew_is_found_by_the_next_one_or_a_checkpoint() {
    let mut bench = Bench::new();
    for place in 0..bench.log.len() {
        for (field, alter) in FIELDS.into_iter().filter(|(field, _)| *field != "hash") {
            let mut log = bench.log.clone();
            alter(&mut log[place]);
            log[place].hash = hash(&log[place]);
            let at = place as u64 + 1;
            bench.finds(
                &format!("{field} of entry {at}"),
                &bytes(&log),
                at.saturating_sub(3).max(1),
                at + 1,
            );
        }
    }
    println!("{} alterations, all found", bench.tried);
}

#[test]
fn a_log_that_was_chained_anew_behind_the_alteration_is_found_by_the_next_checkpoint() {
    let mut bench = Bench::new();
    for place in 0..bench.log.len() {
        let at = place as u64 + 1;
        // A checkpoint stands behind every fourth entry.
        let next = at.div_ceil(4) * 4;
        for (field, alter) in FIELDS
            .into_iter()
            .filter(|(field, _)| !["previous", "hash"].contains(field))
        {
            let mut log = bench.log.clone();
            alter(&mut log[place]);
            let what = format!("{field} of entry {at}, chained anew");
            let fault = bench.finds(&what, &bytes(&chained_anew(log, place)), next - 3, next);
            assert_eq!(fault, Fault::Checkpoint, "{what}");
        }
        let mut log = bench.log.clone();
        log.remove(place);
        let dropped = bench.verdict_on(&bytes(&chained_anew(log, place)));
        let found = match dropped {
            Verdict::Altered(Altered { from, to, fault }) => {
                fault == Fault::Checkpoint && (next - 3..=next) == (from..=to)
            }
            // The last checkpoint's entry is gone.
            Verdict::Truncated { to, was } => (to, was) == (ENTRIES - 1, ENTRIES) && next == ENTRIES,
            _ => false,
        };
        assert!(found, "entry {at} dropped, chained anew: {dropped:?}");
    }
}

#[test]
fn every_entry_that_is_dropped_is_missed() {
    let mut bench = Bench::new();
    for place in 0..bench.log.len() - 1 {
        let mut log = bench.log.clone();
        log.remove(place);
        let at = place as u64 + 1;
        let fault = bench.finds(&format!("without entry {at}"), &bytes(&log), at, at);
        assert_eq!(fault, Fault::Missing);
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
            // A head that is another's is refused by the opening already.
            if second + 1 < bench.log.len() {
                assert_eq!(bench.finds(&what, &moved, at, at), Fault::Unreadable, "{what}");
            }
            // The same by somebody who numbers them by their new places.
            let mut log = bench.log.clone();
            log.swap(first, second);
            for (place, entry) in log.iter_mut().enumerate() {
                entry.sequence = place as u64 + 1;
            }
            assert_eq!(bench.finds(&what, &bytes(&log), at, at), Fault::Content, "{what}");
        }
    }
    println!("{} exchanges, all found", bench.tried);
}

#[test]
fn a_log_that_is_cut_off_is_truncated_wherever_that_was_done() {
    let mut bench = Bench::new();
    for left in 0..bench.log.len() {
        let cut = bytes(&bench.log[..left]);
        let expected = Verdict::Truncated {
            to: left as u64,
            was: ENTRIES,
        };
        assert_eq!(bench.verdict_on(&cut), expected);
    }
    for gone in 1..bench.log.len() {
        let cut = bytes(&bench.log[gone..]);
        let fault = bench.finds(&format!("without the first {gone}"), &cut, 1, gone as u64);
        assert_eq!(fault, Fault::Missing);
    }
}

#[test]
fn bytes_that_are_no_entry_are_found_at_their_place() {
    let mut bench = Bench::new();
    let as_it_was = bytes(&bench.log);
    // A head that is no entry is refused by the opening already.
    for place in 0..bench.log.len() - 1 {
        for damage in [Vec::new(), vec![9; 40], as_it_was[place].1[..20].to_vec()] {
            let mut damaged = as_it_was.clone();
            damaged[place].1 = damage;
            let at = place as u64 + 1;
            let fault = bench.finds(&format!("entry {at} is no entry"), &damaged, at, at);
            assert_eq!(fault, Fault::Unreadable);
        }
    }
}
