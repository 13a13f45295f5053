//! Exporting and following the audit log.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use serde_json::Value;

use super::host::{Host, Running, shape};

fn exported(host: &Host, more: &[&str]) -> Vec<Value> {
    let ran = host.run(&[&["activity", "export"], more].concat()).succeeds();
    ran.out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn an_export_is_the_whole_chain_one_entry_a_line() {
    let host = Host::onboarded();
    host.token("one", &[]);
    let all = exported(&host, &[]);
    assert!(all.len() >= 4);
    insta::assert_snapshot!("activity_export", shape(&all[3]));
    let mut previous = "0".repeat(64);
    for (place, entry) in all.iter().enumerate() {
        assert_eq!(entry["sequence"], place + 1);
        assert_eq!(entry["previous"], previous);
        previous = entry["hash"].as_str().unwrap().to_owned();
    }
    assert_eq!(exported(&host, &["--from", "2", "--to", "3"]), all[1..3]);
    assert_eq!(exported(&host, &["--filter", "onboarded"]), all[1..2]);
    assert_eq!(exported(&host, &["--from", "99"]), [Value::Null; 0]);
}

#[test]
fn the_journal_gets_every_field_of_every_entry() {
    let host = Host::onboarded();
    let path = host.path("journal");
    let journal = UnixDatagram::bind(&path).unwrap();
    let all = exported(&host, &[]);
    let sent = host.run(&["activity", "export", "--journald", path.to_str().unwrap()]);
    assert_eq!(sent.succeeds().out, "");
    for entry in &all {
        let mut bytes = [0; 8192];
        let length = journal.recv(&mut bytes).unwrap();
        let text = std::str::from_utf8(&bytes[..length]).unwrap();
        for (name, field) in [
            ("SEQUENCE", "sequence"),
            ("ACTION", "action"),
            ("HASH", "hash"),
            ("REQUEST", "request"),
        ] {
            let value = entry[field].to_string();
            let line = format!("STRONGROOM_{name}={}\n", value.trim_matches('"'));
            assert!(text.contains(&line), "{line} in {text}");
        }
        assert!(text.contains("\nSYSLOG_IDENTIFIER=strongroom\n"), "{text}");
    }
    let said = host
        .run(&["activity", "export", "--journald", "nowhere"])
        .refused(1);
    assert!(said.contains("nowhere cannot be used"), "{said}");
}

#[test]
fn following_ends_with_a_signal_or_its_reader_and_lets_go_of_the_store() {
    let host = Host::onboarded();
    for ends_by_signal in [true, false] {
        let mut command = host.command(&["activity", "follow", "--lines", "1"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut running = Running(child.unwrap());
        let mut out = BufReader::new(running.0.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert!(line.contains("\torganization.onboarded\t"), "{line}");
        if ends_by_signal {
            let process = rustix::process::Pid::from_child(&running.0);
            rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        } else {
            drop(out);
        }
        let code = running.0.wait().unwrap().code();
        let mut said = String::new();
        let mut errors = running.0.stderr.take().unwrap();
        errors.read_to_string(&mut said).unwrap();
        assert_eq!(code, Some(0), "by a signal: {ends_by_signal}; {said}");
        host.run(&["org", "list"]).succeeds();
    }
}
