//! What is done to the checkpoints, and what is kept of them elsewhere.

use std::fs;
use std::time::Duration;

use strongroom::domain::audit::chain::{Fault, Verdict};

use super::forger::chained_anew;
use super::site::{ENTRIES, Site};

const INTACT: Verdict = Verdict::Intact { from: 1, to: ENTRIES };
const UNANCHORED: Verdict = Verdict::Unanchored { from: 1, to: ENTRIES };

#[test]
fn without_checkpoints_the_log_is_unanchored_and_a_copy_of_one_line_is_enough() {
    let site = Site::new();
    let copy = site.checkpoints();
    fs::remove_file(site.checkpoint_file()).unwrap();
    assert_eq!(site.verdict(), UNANCHORED);
    for line in copy.lines() {
        let report = site.verify_with(Some(line));
        assert_eq!((report.verdict, report.checkpoints), (INTACT, 1), "{line}");
    }
    // Chained anew from its first entry on, and the checkpoints gone: only the copy tells.
    let mut log = site.log();
    log[0].subject.push('x');
    let forged = chained_anew(log, 0);
    assert_eq!(site.verify_alone(&forged, None).verdict, UNANCHORED);
    let found = site.verify_alone(&forged, copy.lines().last()).verdict;
    assert!(
        matches!(found, Verdict::Altered(altered) if altered.fault == Fault::Checkpoint),
        "{found:?}"
    );
}

#[test]
fn a_line_that_was_changed_or_is_anothers_proves_nothing() {
    let site = Site::new();
    let copy = site.checkpoints();
    let last = copy.lines().last().unwrap();
    let other = Site::empty();
    let service = other.open();
    other.onboard(&service);
    service.close().unwrap();
    drop(service);
    fs::remove_file(site.checkpoint_file()).unwrap();
    let changed: Vec<String> = vec![
        last.replace("\"sequence\":12", "\"sequence\":11"),
        last.replace("\"epoch\":1", "\"epoch\":2"),
        last.replace("\"at\":\"2026", "\"at\":\"2027"),
        last.replace(",\"signature\"", ",\"rollback_accepted\":true,\"signature\""),
        last.replace("\"signature\":\"", "\"signature\":\"AAAA"),
        last[..last.len() - 2].to_owned(),
        "{}".to_owned(),
        "\u{1b}[2J".to_owned(),
    ];
    for line in &changed {
        assert_ne!(line, last);
        let report = site.verify_with(Some(line));
        assert_eq!((report.verdict, report.rejected_lines), (UNANCHORED, 1), "{line}");
    }
    let all = changed.join("\n") + "\n" + last;
    let report = site.verify_with(Some(&all));
    assert_eq!((report.verdict, report.rejected_lines), (INTACT, changed.len()));
}

#[test]
fn nothing_is_signed_over_a_log_that_is_not_what_was_signed_before() {
    let site = Site::new();
    let (log, copy) = (site.log(), site.checkpoints());
    let mut altered = log.clone();
    altered[9].subject.push('x');
    for forged in [
        chained_anew(altered, 9),
        log[..10].to_vec(),
        log[..ENTRIES as usize - 1].to_vec(),
    ] {
        let service = site.open_alone(&forged);
        for _ in 0..3 {
            site.clock.advance(Duration::from_secs(3600));
            site.fail_to_sign_in(&service);
            service.maintain().unwrap();
        }
        service.close().unwrap();
        assert_eq!(site.checkpoints(), copy);
        let found = service.log_verdict();
        assert!(
            matches!(found, Some(Verdict::Altered(_) | Verdict::Truncated { .. })),
            "{found:?}"
        );
    }
}

#[test]
fn a_checkpoint_is_signed_after_a_minute_with_news_and_at_the_end() {
    let site = Site::empty();
    let service = site.open();
    site.onboard(&service);
    let signed = || {
        let text = fs::read_to_string(site.checkpoint_file()).unwrap_or_default();
        text.lines().count()
    };
    let maintained = |seconds| {
        site.clock.advance(Duration::from_secs(seconds));
        service.maintain().unwrap();
        signed()
    };
    assert_eq!(maintained(5), 0);
    assert_eq!(maintained(60), 1);
    assert_eq!(maintained(600), 1, "there was nothing new");
    site.fail_to_sign_in(&service);
    assert_eq!(maintained(0), 2);
    site.fail_to_sign_in(&service);
    service.close().unwrap();
    assert_eq!(signed(), 3);
    service.close().unwrap();
    assert_eq!(signed(), 3);
    drop(service);
    assert_eq!(site.verdict(), Verdict::Intact { from: 1, to: 4 });
}

#[test]
fn checkpoints_of_entries_that_an_admin_gave_up_count_no_more() {
    let site = Site::new();
    let service = site.open();
    for _ in 0..4 {
        site.fail_to_sign_in(&service);
    }
    service.close().unwrap();
    drop(service);
    site.put_old_data_back();
    let service = site.open();
    let verdict = || Site::report(&service, None).verdict;
    let truncated = Verdict::Truncated {
        to: ENTRIES,
        was: ENTRIES + 4,
    };
    assert_eq!(verdict(), truncated);
    service.maintain().unwrap();
    // Out of the way of the waits that failures bring.
    site.clock.advance(Duration::from_secs(24 * 3600));
    site.accept_rollback(&service);
    let Verdict::Intact { from: 1, to } = verdict() else {
        panic!("{:?}", verdict());
    };
    assert!(to > ENTRIES);
    service.close().unwrap();
    drop(service);
    assert_eq!(site.verdict(), Verdict::Intact { from: 1, to });
    assert!(site.checkpoints().contains("\"rollback_accepted\":true"));
}
