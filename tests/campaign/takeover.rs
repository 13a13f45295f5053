//! A store of the time before the journal, opened for the first time with a fault at each call: it is taken over whole, at
//! this opening or the next.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use strongroom::domain::key_pair::{KeyPair, KeyState};
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{Binding, InSlot, Record, Sealer as _, SlotId, Store as _};
use strongroom::store::record;

use crate::bases::{Base, errand};
use crate::child::Order;
use crate::kills::{follow, gone, quiet};
use crate::process::{self, End, Fault, WHATS};
use crate::random::Random;
use crate::report::Report;
use crate::site::{NOON, Site};
use crate::support::{FakeClock, SeededEntropy};
use crate::tally::{Plan, Tally, in_parallel, sample};

pub(crate) fn run(plan: &Plan, base: &Base, root: &Path, most: usize, tally: &Tally) {
    let mut random = Random::new(plan.seed ^ 0x7a4e);
    let old = before_the_journal(base, &root.join("takeover"));
    let calls = calls(&old, root, &mut random);
    tally.add("takeover: calls", calls.len() as u64);
    let mut numbers: Vec<u64> = (10..=calls.len() as u64 * 10 + 9)
        .filter(|number| number % 10 < 7)
        .collect();
    sample(&mut numbers, most, &mut random);
    in_parallel(plan, &numbers, |number| {
        let mut random = Random::new(plan.seed ^ (number << 32));
        let site = old.site.copy(&root.join(format!("takeover-{number}")));
        let fresh = Base { site, ..old.clone() };
        let fault = Fault {
            what: WHATS[usize::try_from(number % 10).unwrap()],
            at: number / 10,
            waits: false,
        };
        if let Err(what) = one(&fresh, fault, &mut random, tally) {
            let call = usize::try_from(fault.at - 1).ok().and_then(|at| calls.get(at));
            let what = format!("{} at {}: {what}", fault.what, call.map_or("?", String::as_str));
            tally.fail("takeover", number, plan, &fresh.site, &what);
        }
        fs::remove_dir_all(&fresh.site.0).unwrap();
    });
}

fn one(base: &Base, fault: Fault, random: &mut Random, tally: &Tally) -> Result<(), String> {
    let (site, mut model) = (&base.site, base.model.clone());
    let first = errand(site, random, &model, Order::Look);
    let (reports, end) = process::run(&first, Some((fault, None)), None);
    match end {
        End::Killed => tally.add("kills", 1),
        End::Done => tally.add(format!("{} met in a takeover", fault.what), 1),
        End::Died | End::Hung => return Err(format!("the child {end:?}")),
    }
    let reports = reports
        .into_iter()
        .filter(|report| end == End::Killed || !matches!(report, Report::Refused(_)));
    follow(reports.collect(), &mut model)?;
    for opening in ["second", "third"] {
        let again = errand(site, random, &model, Order::Look);
        let (reports, end) = process::run(&again, None, None);
        if end != End::Done {
            return Err(format!("the {opening} opening {end:?}"));
        }
        quiet(&reports, tally)?;
        follow(reports, &mut model).map_err(|what| format!("{opening} opening: {what}"))?;
    }
    gone(site, &model)
}

fn calls(old: &Base, root: &Path, random: &mut Random) -> Vec<String> {
    let site = old.site.copy(&root.join("takeover-dry"));
    let log = root.join("calls");
    let none = Fault {
        what: "",
        at: 0,
        waits: false,
    };
    let errand = errand(&site, random, &old.model, Order::Look);
    let (reports, end) = process::run(&errand, Some((none, Some(&log))), None);
    assert_eq!(end, End::Done, "a takeover without a fault");
    let said =
        |report: &Report| matches!(report, Report::Health(said) if said.iter().any(|it| it == "taken_over"));
    assert!(reports.iter().any(said), "not taken over: {reports:?}");
    follow(reports, &mut old.model.clone()).unwrap();
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(log).unwrap();
    let root = format!("{}/", site.0.display());
    fs::remove_dir_all(&site.0).unwrap();
    text.lines().map(|line| line.replace(&root, "")).collect()
}

/// Puts a store back into how it was then: a database alone, private keys sealed by the keyring itself.
fn before_the_journal(base: &Base, place: &Path) -> Base {
    let site = base.site.copy(place);
    let clock = FakeClock::at(Timestamp::from_millis(NOON));
    let keyring = site.keyring(Arc::new(SeededEntropy::new(9))).unwrap();
    let store = site.store(&keyring, &clock, 9).unwrap();
    let (mut records, mut sealed) = (Vec::new(), Vec::new());
    let _ = store
        .load(&mut |it, revision| {
            records.push((it, revision));
            Ok(())
        })
        .unwrap();
    for (it, _) in &mut records {
        if let Record::KeyPair(pair) = it {
            sealed.extend(seal_as_before(pair, &keyring, &store));
        }
    }
    let audit = store.audit_page(None, usize::MAX).unwrap();
    drop(store);
    let keyring = fs::read(site.data().join("keyring")).unwrap();
    fs::remove_dir_all(&site.0).unwrap();
    let fresh = Site(place.to_owned());
    fresh.make(9);
    strongroom::system::private_file::replace(&site.data().join("keyring"), &keyring).unwrap();
    let old = sled::open(site.data().join("records")).unwrap();
    let (tree, log) = (old.open_tree("records").unwrap(), old.open_tree("audit").unwrap());
    for (it, revision) in records {
        let (key, value) = record::encode(&it, revision).unwrap();
        tree.insert(key, value).unwrap();
    }
    for entry in audit {
        let value = record::encode_audit(&entry).unwrap();
        log.insert(entry.sequence.to_be_bytes(), value).unwrap();
    }
    Base {
        model: base.model.without_slots(sealed),
        site,
        ..base.clone()
    }
}

/// What an active pair's private half is sealed as then.
fn seal_as_before(
    pair: &mut KeyPair,
    keyring: &strongroom::crypto::Keyring,
    store: &strongroom::store::journaled::JournaledStore,
) -> Option<Vec<u8>> {
    let KeyState::Active(sealed) = &mut pair.state else {
        return None;
    };
    let slot = SlotId {
        organization: pair.organization,
        generation: pair.generation,
    };
    let in_slot = InSlot {
        wrapped: store.slot(slot).unwrap(),
        sealed: sealed.clone(),
    };
    let private = keyring.unseal_in_slot(slot, &in_slot).unwrap();
    let generation = pair.generation.to_be_bytes();
    let binding = Binding {
        organization: pair.organization.0.bytes(),
        kind: "private-key",
        id: &generation,
        version: 1,
    };
    *sealed = keyring.seal(&binding, &private).unwrap();
    Some(sealed.0.clone())
}
