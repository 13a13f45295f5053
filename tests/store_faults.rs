//! What the store on disk does when something is wrong: with its files, its disk, its owner, or a second opener.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "helpers may fail the test and say what was seen; other processes' deadlines are real time"
)]

#[path = "support/disk.rs"]
mod disk;
#[path = "support/skip.rs"]
mod skip;
#[path = "support/store.rs"]
mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use disk::Mount;
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{Loaded, Notice, Record, Store, StoreError};
use strongroom::store::record;
use strongroom::store::sled::contain;
use strongroom::system::data_dir::DataDir;
use strongroom::system::identity::user_name;
use strongroom::system::lock::Lock;
use support::{keys, loaded, open, opened, organization, put, token, usage};

const ROLE: &str = "STRONGROOM_TEST_ROLE";
const DIRECTORY: &str = "STRONGROOM_TEST_DIRECTORY";

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command that runs this test binary as `role` on `directory`: see `other_process`.
fn other(binary: &Path, role: &str, directory: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .args([
            "--exact",
            "other_process",
            "--nocapture",
            "--test-threads=1",
            "-q",
        ])
        .env(ROLE, role)
        .env(DIRECTORY, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn this_binary() -> std::path::PathBuf {
    std::env::current_exe().unwrap()
}

/// Waits for the line that starts with `: `, which is how `other_process` answers.
fn answer(child: &mut Child) -> String {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = lines
        .map_while(Result::ok)
        .find_map(|line| line.split_once(": ").map(|(_, text)| text.to_owned()));
    found.unwrap_or_default()
}

/// Not a test of its own: what the other process of a test does.
#[test]
fn other_process() {
    let Some(role) = std::env::var_os(ROLE) else {
        return;
    };
    let directory = std::path::PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    match role.to_str().unwrap() {
        "hold" => {
            let checked = DataDir::open(&directory).unwrap();
            let _lock = Lock::acquire(&checked, "ada", Timestamp::from_millis(1_763_900_000_000)).unwrap();
            let store = open(checked.path()).unwrap();
            store.commit(&put(organization(1), 1)).unwrap();
            println!("held: yes");
            // Until the parent kills it.
            let _ = std::io::stdin().read(&mut [0]);
        }
        "intrude" => println!("refused: {}", intrude(&directory)),
        "use" => println!("used: {}", use_damaged(&directory)),
        role => panic!("{role}"),
    }
}

#[test]
fn a_second_process_hears_at_once_who_has_the_store_and_gets_it_when_that_one_is_killed() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("data");
    let mut child = other(&this_binary(), "hold", &path).spawn().unwrap();
    assert_eq!(answer(&mut child), "yes");
    let directory = DataDir::open(&path).unwrap();
    let begun = Instant::now();
    let refused = Lock::acquire(&directory, "bob", Timestamp::default()).unwrap_err();
    let since = Timestamp::from_millis(1_763_900_000_000);
    assert_eq!(
        refused,
        StoreError::Locked {
            pid: child.id(),
            user: "ada".to_owned(),
            since
        }
    );
    assert!(
        begun.elapsed() < Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let _lock = Lock::acquire(&directory, "bob", Timestamp::default()).unwrap();
    assert_eq!(loaded(&open(directory.path()).unwrap()), [(organization(1), 1)]);
}

/// Tries every path as a stranger would; says the first error, or what was readable.
fn intrude(directory: &Path) -> String {
    for path in ["", "lock", "records", "records/db", "usage/db"].map(|name| directory.join(name)) {
        if fs::read_dir(&path).is_ok() || fs::read(&path).is_ok() || fs::write(&path, "x").is_ok() {
            return format!(
                "{} is open to {}",
                path.display(),
                rustix::process::geteuid().as_raw()
            );
        }
    }
    DataDir::open(directory)
        .err()
        .map_or_else(|| "opened".to_owned(), |error| error.to_string())
}

#[test]
fn another_user_gets_nothing_and_is_told_whose_it_is() {
    if !skip::can_be_another_account() {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = root.path().join("tests");
    fs::copy(this_binary(), &binary).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let path = root.path().join("data");
    let directory = DataDir::open(&path).unwrap();
    let lock = Lock::acquire(&directory, "root", Timestamp::default()).unwrap();
    open(&path).unwrap().commit(&put(organization(1), 1)).unwrap();
    drop(lock);

    let mut command = Command::new("setpriv");
    let stranger = other(&binary, "intrude", &path);
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(stranger.get_program());
    command
        .args(stranger.get_args())
        .env(ROLE, "intrude")
        .env(DIRECTORY, &path)
        .current_dir("/");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("refused: ") && text.contains("belongs to root"),
        "{text}"
    );
    assert!(text.contains(&user_name(65534)), "{text}");

    // The other way round: a file in our directory that somebody else could have planted.
    rustix::fs::chown(
        path.join("records/db"),
        Some(rustix::fs::Uid::from_raw(65534)),
        Some(rustix::fs::Gid::from_raw(65534)),
    )
    .unwrap();
    let refused = DataDir::open(&path).unwrap_err().to_string();
    assert!(
        refused.contains("records/db belongs to") && refused.contains("sudo chown -R 0 "),
        "{refused}"
    );
}

#[test]
fn a_file_that_its_own_user_cannot_read_is_named_with_what_mends_it() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("data");
    DataDir::open(&path).unwrap();
    open(&path).unwrap();
    let database = path.join("records/db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o000)).unwrap();
    let refused = DataDir::open(&path).unwrap_err().to_string();
    assert!(
        refused.contains("mode 0000") && refused.contains("chmod 0600"),
        "{refused}"
    );
    if !is_root() {
        let refused = open(&path).unwrap_err();
        assert!(matches!(refused, StoreError::Permissions(_)), "{refused:?}");
    }
}

#[test]
fn a_record_that_was_changed_behind_the_journals_back_is_put_right_and_said() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    open(&data).unwrap().commit(&put(organization(1), 1)).unwrap();
    for (key, value) in [
        record::encode(&organization(1), 2).unwrap(),
        record::encode(&Record::Token(token(1, 2)), 1).unwrap(),
    ] {
        // A database that was built anew takes the other's place at the next opening.
        drop(open(&data).unwrap());
        let database = sled::open(data.join("records")).unwrap();
        database.open_tree("records").unwrap().insert(key, value).unwrap();
        drop(database);
        let store = opened(&data).unwrap();
        assert_eq!(loaded(&store), [(organization(1), 1)]);
        let notices = store.opening().notices;
        assert!(matches!(&notices[..], [Notice::Rebuilt(_)]), "{notices:?}");
    }
}

#[test]
fn a_half_written_snapshot_of_a_crash_does_not_keep_the_store_from_opening() {
    let root = tempfile::tempdir().unwrap();
    open(&root.path().join("data"))
        .unwrap()
        .commit(&put(organization(1), 1))
        .unwrap();
    let strays = ["data/records", "data/usage"]
        .map(|name| root.path().join(name).join("snap.FFFFFFFFFFFFFFFF.generating"));
    for stray in &strays {
        fs::write(stray, "half a snapsh").unwrap();
    }
    assert_eq!(
        loaded(&open(&root.path().join("data")).unwrap()),
        [(organization(1), 1)]
    );
    assert!(strays.iter().all(|stray| !stray.exists()));
}

#[test]
fn damaged_usage_is_set_aside_and_nothing_else_is_lost() {
    let root = tempfile::tempdir().unwrap();
    let store = open(&root.path().join("data")).unwrap();
    store.commit(&put(organization(1), 1)).unwrap();
    store.write_usage(&[usage(1)]).unwrap();
    drop(store);
    for entry in fs::read_dir(root.path().join("data/usage")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, [0x5a; 4096]).unwrap();
        }
    }
    let store = open(&root.path().join("data")).unwrap();
    assert_eq!(loaded(&store), [(organization(1), 1)]);
    let mut records = 0;
    store.load_usage(&mut |_| records += 1).unwrap();
    assert_eq!(records, 0);
    assert_eq!(store.opening().notices, [Notice::UsageLost]);
    store.write_usage(&[usage(2)]).unwrap();
    assert!(root.path().join("data/usage.damaged").is_dir());
}

const TOKENS: u64 = 2000;

/// Opens, loads and writes; says how that went. Panics that are not contained end in the word `panic`.
fn use_damaged(directory: &Path) -> String {
    static ESCAPED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    std::panic::set_hook(Box::new(|_| {
        if !contain::is_contained() {
            ESCAPED.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }));
    let said = std::panic::catch_unwind(|| {
        let store = match opened(directory) {
            Ok(store) => store,
            Err(error) => return error.to_string(),
        };
        let records = loop {
            let mut records = 0;
            let load = store.load(&mut |_, _| {
                records += 1;
                Ok(())
            });
            match load {
                Ok(Loaded::Whole) => break records,
                Ok(Loaded::Mended) => {}
                Err(error) => return error.to_string(),
            }
        };
        if records != TOKENS {
            return "silently short".to_owned();
        }
        if let Err(error) = store.commit(&put(organization(9), TOKENS + 1)) {
            return error.to_string();
        }
        if store.opening().notices.is_empty() {
            "whole".to_owned()
        } else {
            "mended".to_owned()
        }
    });
    match (said, ESCAPED.load(std::sync::atomic::Ordering::SeqCst)) {
        (Ok(said), 0) => said,
        (said, escaped) => format!("panic: {said:?}, {escaped} printed"),
    }
}

#[test]
fn damage_of_the_database_is_mended_and_never_silent_a_panic_or_a_hang() {
    let root = tempfile::tempdir().unwrap();
    let young = root.path().join("young");
    let store = open(&young.join("data")).unwrap();
    for number in 1..=TOKENS {
        store
            .commit(&put(Record::Token(token(1, number)), number))
            .unwrap();
    }
    drop(store);
    let length = fs::metadata(young.join("data/records/db")).unwrap().len();
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for trial in 0..40u64 {
        let copy = root.path().join("copy");
        assert!(disk::run(
            "cp",
            &["-r", young.to_str().unwrap(), copy.to_str().unwrap()]
        ));
        let database = copy.join("data/records/db");
        // Spread over the file, the same in every run: 30 flipped bits, 10 cut ends.
        let place = trial.wrapping_mul(0x9e37_79b9_7f4a_7c15) % length;
        if trial < 30 {
            let mut bytes = fs::read(&database).unwrap();
            bytes[usize::try_from(place).unwrap()] ^= 1 << (trial % 8);
            fs::write(&database, bytes).unwrap();
        } else {
            fs::OpenOptions::new()
                .write(true)
                .open(&database)
                .unwrap()
                .set_len(place)
                .unwrap();
        }
        let mut child = other(&this_binary(), "use", &copy.join("data")).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                child.kill().unwrap();
                panic!("trial {trial}: hangs");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let said = answer(&mut child);
        assert!(
            matches!(said.as_str(), "whole" | "mended"),
            "trial {trial}: {said:?}"
        );
        *seen.entry(said).or_default() += 1;
        fs::remove_dir_all(&copy).unwrap();
    }
    println!("of 40: {seen:?}");
    assert!(seen.contains_key("mended"), "{seen:?}");
}

fn fill_and_free(disk: &Mount) {
    let path = disk.path().join("data");
    let directory = DataDir::open(&path).unwrap();
    let store = open(directory.path()).unwrap();
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![1; 12 << 20]).unwrap();
    let mut acknowledged = Vec::new();
    let refused = loop {
        let number = acknowledged.len() as u64 + 1;
        let record = Record::Token(token(1, number));
        match store.commit(&put(record.clone(), number)) {
            Ok(()) => acknowledged.push(record.key()),
            Err(error) => break error,
        }
        assert!(number < 100_000, "the disk does not fill");
    };
    assert!(matches!(refused, StoreError::DiskFull(_)), "{refused:?}");
    let next = acknowledged.len() as u64 + 1;
    let refused = store
        .commit(&put(Record::Token(token(1, next + 1)), next))
        .map(|()| "room again");
    println!(
        "{} commits, then full; once more: {refused:?}",
        acknowledged.len()
    );
    if refused.is_ok() {
        // A last small write can still fit where a longer one did not.
        acknowledged.push(Record::Token(token(1, next + 1)).key());
    }
    // As much as it needs to build the database anew: where sled panicked there is no other way.
    fs::remove_file(ballast).unwrap();
    let next = acknowledged.len() as u64 + 1;
    store.commit(&put(organization(1), next)).unwrap();
    acknowledged.insert(0, organization(1).key());
    assert_eq!(keys(&store), acknowledged);
    drop(store);
    let store = open(directory.path()).unwrap();
    assert_eq!(keys(&store), acknowledged);
    assert_eq!(
        store.audit_page(None, usize::MAX).unwrap().len(),
        acknowledged.len()
    );
}

#[test]
fn a_full_disk_refuses_cleanly_and_the_next_commit_works_when_there_is_room() {
    let root = tempfile::tempdir().unwrap();
    match Mount::tmpfs(&root.path().join("tmpfs"), 17 * 1024) {
        Some(disk) => fill_and_free(&disk),
        None => skip::skipped("this process may not mount a tmpfs"),
    }
    match Mount::new_ext4(&root.path().join("image"), &root.path().join("ext4"), 19) {
        Some(disk) => fill_and_free(&disk),
        None => skip::skipped("this process may not mount an ext4 image"),
    }
}
