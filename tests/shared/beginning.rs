//! A daemon that has the store and does not listen yet: it is waited for, for a while.

use std::os::unix::fs::symlink;
use std::time::Duration;

use strongroom::domain::time::Timestamp;
use strongroom::system::data_dir::DataDir;
use strongroom::system::lock::Lock;

use crate::daemon::Daemon;
use crate::host::Host;

#[test]
fn a_command_waits_for_the_daemon_that_has_only_just_taken_the_store() {
    let host = Host::onboarded();
    let directory = DataDir::open(&host.data()).unwrap();
    let socket = host.path("later");
    let now = Timestamp::default();
    let _lock = Lock::acquire_to_serve(&directory, "ada", now, Some(&socket)).unwrap();
    // Nobody comes: it is told who has the store.
    let refused = host.run(&["token", "list"]).refused(5);
    assert!(refused.contains("in use by process"), "{refused}");

    // Another machine's daemon stands in for the one that is about to listen.
    let other = Host::onboarded();
    other.token("payouts", &[]);
    let daemon = Daemon::start(&other, "");
    let mut list = host.command(&["token", "list", "-q"]);
    let listed = std::thread::scope(|scope| {
        let listed = scope.spawn(move || list.output().unwrap());
        // However long it takes to begin, it finds nobody at first, or somebody at once.
        std::thread::sleep(Duration::from_millis(300));
        symlink(&daemon.socket, &socket).unwrap();
        listed.join().unwrap()
    });
    assert!(listed.status.success(), "{listed:?}");
    daemon.stop();
}

#[test]
fn what_a_crash_leaves_is_in_nobodys_way() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    for _ in 0..2 {
        let daemon = Daemon::start(&host, "");
        let socket = daemon.socket.clone();
        daemon.kill();
        let lock = std::fs::read_to_string(host.data().join("lock")).unwrap();
        assert!(lock.contains("\"socket\"") && socket.exists(), "{lock}");
        assert_eq!(host.verdict(&token), Ok(()));
    }
    let daemon = Daemon::start(&host, "");
    let socket = daemon.socket.clone();
    daemon.stop();
    assert!(!socket.exists());
}
