//! What tells a commit that was answered from one that was cut off: the anchor, or the database where that is not to be had.

use std::fs;
use std::path::Path;

use strongroom::service::ports::{FilePurpose, Notice, Store as _, StoreCipher as _};
use strongroom::store::journal::anchor::{self, Anchor};
use strongroom::store::journaled::JournaledStore;

use crate::support::{cipher, open};
use crate::{Site, commit, flip, frames};

impl Site {
    /// Puts an anchor of the earlier version in its place, which knows this commit.
    fn earlier_anchor(&self, sequence: u64) {
        let path = self.anchor();
        let found = anchor::read(&path, &cipher()).unwrap().anchor.unwrap();
        let mut link = found.link;
        link.sequence = sequence;
        let mut bytes = b"SRan\x01".to_vec();
        bytes.extend(postcard::to_allocvec(&Anchor { link, ..found }).unwrap());
        bytes.extend(cipher().mac(FilePurpose::Anchor, &[&bytes]));
        fs::write(path, bytes).unwrap();
    }

    /// What is on the disk while the store is open, and nothing of its closing; a copy of the anchor is kept.
    fn crash(&self, store: JournaledStore) {
        self.copy("data", "at-the-crash");
        if self.state().is_dir() {
            self.copy("state", "anchored");
        }
        drop(store);
        fs::remove_dir_all(self.data()).unwrap();
        self.copy("at-the-crash", "data");
        if self.state().is_dir() {
            fs::remove_dir_all(self.state()).unwrap();
            self.copy("anchored", "state");
        }
    }

    /// Half of a frame at the journal's end.
    fn tear(&self) {
        let segment = self.segments().pop().unwrap();
        let places = frames(&segment);
        let (last, end) = (places[places.len() - 2], places[places.len() - 1]);
        let mut bytes = fs::read(&segment).unwrap();
        bytes.resize(bytes.len().max(end + 40), 0);
        bytes.copy_within(last..last + 40, end);
        fs::write(&segment, bytes).unwrap();
    }
}

#[test]
fn without_an_anchor_it_opens_and_says_so() {
    let site = Site::new();
    site.commit(1..=3);
    fs::remove_dir_all(site.state()).unwrap();
    assert_eq!(site.notices(3), [Notice::NoAnchor]);
    assert_eq!(site.notices(3), []);
    // One slot is enough, and is put right; two are none.
    for slot in [0, 4096] {
        flip(&site.anchor(), slot + 30);
        assert_eq!(site.notices(3), []);
        let bytes = fs::read(site.anchor()).unwrap();
        assert_eq!(bytes.len(), 8192);
    }
    flip(&site.anchor(), 30);
    flip(&site.anchor(), 4096 + 30);
    assert_eq!(site.notices(3), [Notice::NoAnchor]);
    assert_eq!(site.notices(3), []);
}

#[test]
fn an_anchor_of_the_earlier_version_is_read_and_replaced() {
    let site = Site::new();
    site.commit(1..=3);
    site.earlier_anchor(3);
    assert_eq!(site.notices(3), []);
    assert!(fs::read(site.anchor()).unwrap().starts_with(b"SRan\x02"));
    site.commit(4..=4);
    // It knows as much as the new one does.
    site.earlier_anchor(9);
    let rollback = open(&site.data()).unwrap().opening().rollback.unwrap();
    assert_eq!((rollback.anchored, rollback.found), (9, 4));
}

#[test]
fn a_crash_leaves_the_database_behind_and_it_is_caught_up() {
    let site = Site::new();
    site.commit(1..=5);
    let store = open(&site.data()).unwrap();
    site.copy("data/records", "old");
    commit(&store, 6..=9);
    site.crash(store);
    site.copy("old", "data/records");
    assert_eq!(site.notices(9), [Notice::Replayed(4)]);
    assert_eq!(site.notices(9), []);
}

#[test]
fn the_anchor_tells_a_write_that_was_cut_off_wherever_the_database_is() {
    let site = Site::new();
    site.commit(1..=3);
    let store = open(&site.data()).unwrap();
    site.copy("data/records", "old");
    commit(&store, 4..=6);
    site.crash(store);
    site.copy("data", "crashed");
    for records in ["as it was", "behind", "gone"] {
        fs::remove_dir_all(site.data()).unwrap();
        site.copy("crashed", "data");
        site.copy("anchored", "state");
        match records {
            "behind" => site.copy("old", "data/records"),
            "gone" => fs::remove_dir_all(site.path("records")).unwrap(),
            _ => {}
        }
        site.tear();
        let notices = site.notices(6);
        assert_eq!(notices.last(), Some(&Notice::TornFrame(7)), "{records}");
        assert_eq!(site.notices(6), []);
    }
}

#[test]
fn a_bad_end_that_no_witness_speaks_for_is_refused() {
    let site = Site::new();
    let store = open(&site.data()).unwrap();
    commit(&store, 1..=6);
    site.crash(store);
    let segment = site.segments().remove(0);
    let last = frames(&segment)[5];
    let anchor = site.anchor();
    let whole = fs::read(&anchor).unwrap();
    let put_back = || fs::write(&anchor, &whole).unwrap();
    // The sixth was answered, and its frame is damaged.
    flip(&segment, last + 40);
    for lose in [
        (|_| {}) as fn(&Path),
        |anchor| flip(anchor, 30),
        |anchor| flip(anchor, 4096 + 30),
        |anchor| fs::remove_file(anchor).unwrap(),
        |anchor| fs::write(anchor, [0; 8192]).unwrap(),
    ] {
        lose(&anchor);
        // Also where the database has not come so far.
        for records in [true, false] {
            site.copy("data", "damaged");
            if !records {
                fs::remove_dir_all(site.path("records")).unwrap();
            }
            assert!(site.refused().contains("frame 6"), "{}", site.refused());
            fs::remove_dir_all(site.data()).unwrap();
            site.copy("damaged", "data");
        }
        put_back();
    }
    flip(&segment, last + 40);
    // The same without a damage, after a crash amidst the seventh.
    site.tear();
    fs::remove_file(&anchor).unwrap();
    assert!(
        site.refused().contains("there is no anchor to tell"),
        "{}",
        site.refused()
    );
    put_back();
    assert_eq!(site.notices(6).last(), Some(&Notice::TornFrame(7)));
    // Closed in order, the database is a witness of its own.
    site.tear();
    fs::remove_file(site.anchor()).unwrap();
    assert_eq!(site.notices(6), [Notice::NoAnchor, Notice::TornFrame(7)]);
}

#[test]
fn where_the_anchor_cannot_be_written_the_database_is_the_witness() {
    let site = Site::new();
    site.commit(1..=3);
    fs::remove_dir_all(site.state()).unwrap();
    let store = open(&site.data()).unwrap();
    commit(&store, 4..=4);
    fs::remove_dir_all(site.state()).unwrap();
    // Nothing can be written below a file.
    fs::write(site.state(), "").unwrap();
    for n in 5..=7 {
        commit(&store, n..=n);
        let faults = store.health().faults;
        assert!(
            matches!(&faults[..], [fault] if fault.contains("anchor")),
            "{faults:?}"
        );
    }
    site.crash(store);
    fs::remove_file(site.state()).unwrap();
    site.copy("data", "crashed");
    site.tear();
    assert_eq!(site.notices(7), [Notice::NoAnchor, Notice::TornFrame(8)]);
    // It had the seventh when that was answered: damage is not taken for a write that was cut off.
    fs::remove_dir_all(site.data()).unwrap();
    site.copy("crashed", "data");
    fs::remove_dir_all(site.state()).unwrap();
    let segment = site.segments().remove(0);
    flip(&segment, frames(&segment)[6] + 40);
    assert!(site.refused().contains("frame 7"), "{}", site.refused());
}

#[test]
fn an_anchor_that_somebody_took_away_or_cut_is_made_anew() {
    let site = Site::new();
    let store = open(&site.data()).unwrap();
    commit(&store, 1..=2);
    fs::remove_file(site.anchor()).unwrap();
    commit(&store, 3..=3);
    assert_eq!(fs::read(site.anchor()).unwrap().len(), 8192);
    fs::write(site.anchor(), "").unwrap();
    store.maintain().unwrap();
    assert_eq!(fs::read(site.anchor()).unwrap().len(), 8192);
    fs::remove_file(site.anchor()).unwrap();
    store.maintain().unwrap();
    commit(&store, 4..=4);
    site.crash(store);
    let notices = site.notices(4);
    assert!(matches!(&notices[..], [] | [Notice::Replayed(_)]), "{notices:?}");
}
