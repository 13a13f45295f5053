//! `remind`: the ladder of each token, and a calendar that others' libraries read as it is meant.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::host::Host;
use super::skip::skipped;

fn reminders(host: &Host, more: &[&str]) -> Vec<Value> {
    let ran = host.run(&[&["remind", "--json"], more].concat()).succeeds();
    ran.json().as_array().unwrap().clone()
}

fn steps(reminders: &[Value]) -> Vec<i64> {
    reminders
        .iter()
        .map(|reminder| reminder["before"].as_i64().unwrap())
        .collect()
}

#[test]
fn a_token_is_told_of_on_its_ladder_and_at_its_end() {
    const DAY: i64 = 86_400;
    let host = Host::onboarded();
    assert!(reminders(&host, &[]).is_empty());
    host.token("cron", &["--expires", "24h"]);
    assert_eq!(steps(&reminders(&host, &[])), [4 * 3600, 3600, 0]);
    host.token("payouts", &["--expires", "1y", "--variable", "OTHER"]);
    let all = reminders(&host, &[]);
    assert_eq!(
        steps(&all),
        [4 * 3600, 3600, 0, 30 * DAY, 14 * DAY, 7 * DAY, 3 * DAY, DAY, 0]
    );
    assert!(reminders(&host, &["--service", "others"]).is_empty());
    assert_eq!(reminders(&host, &["--service", "checkout"]).len(), all.len());
    // What replaces it is told of, and it is not.
    host.admin(&[
        "token",
        "rotate",
        "payouts",
        "--overlap",
        "24h",
        "--expires",
        "24h",
    ])
    .succeeds();
    assert_eq!(reminders(&host, &[]).len(), 6);
    let table = host.run(&["remind"]).succeeds().out;
    assert!(
        table.contains("\tends in 4 h\n") && table.contains("\tends now\n"),
        "{table}"
    );
}

#[test]
fn a_calendar_is_replaced_whole_and_its_events_keep_their_names() {
    let host = Host::onboarded();
    host.token("cron", &["--expires", "24h"]);
    let path = host.path("tokens.ics");
    let written = || {
        host.run(&["remind", "--ics", path.to_str().unwrap()]).succeeds();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.is_ascii() && text.ends_with("END:VCALENDAR\r\n"), "{text}");
        let uids = text
            .lines()
            .filter(|line| line.starts_with("UID:") && !line.contains("alarm"));
        uids.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = written();
    assert_eq!(first.len(), 3);
    assert_eq!(written(), first);
    let refused = host.run(&["remind", "--ics", "nowhere/tokens.ics"]).refused(1);
    assert!(
        refused.contains("nowhere/tokens.ics cannot be written"),
        "{refused}"
    );
}

#[test]
fn two_libraries_read_the_calendar_as_it_is_meant() {
    let readers = [
        ("STRONGROOM_TEST_SENDERS_PYTHON", "reminders.py"),
        ("STRONGROOM_TEST_NODE_PATH", "reminders.js"),
    ];
    let host = Host::onboarded();
    // A comma and a semicolon mean something in a calendar, and a long line with other letters is folded.
    let name = "Zahlungen, größere; für die Buchhaltung in diesem großen Hause";
    host.token(name, &["--expires", "1y"]);
    let path = host.path("tokens.ics");
    host.run(&["remind", "--ics", path.to_str().unwrap()]).succeeds();
    let calendar = std::fs::read(&path).unwrap();
    let expected: Vec<Value> = reminders(&host, &[])
        .iter()
        .map(|reminder| {
            let text = |key: &str| reminder[key].as_str().unwrap().to_owned();
            let before = reminder["before"].as_i64().unwrap();
            let when = if before == 0 {
                "ends now".to_owned()
            } else {
                format!("ends in {} d", before / 86_400)
            };
            let summary = format!("{name} (acme) {when}");
            let description = format!(
                "API token {name} of acme, for checkout in prod, stops working at {}Z. \
                 Rotate it: strongroom --org acme token rotate {}",
                &text("ends_at")[..19],
                text("id")
            );
            json!({
                "uid": format!("{}-{before}@strongroom", text("id")),
                "start": format!("{}Z", &text("at")[..19]),
                "summary": summary,
                "description": description,
                "alarms": [["DISPLAY", 0]],
            })
        })
        .collect();
    for (variable, script) in readers {
        let Ok(place) = std::env::var(variable) else {
            skipped(&format!("{variable} is not set; tests/run sets it"));
            continue;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/interop")
            .join(script);
        let mut reader = if variable.ends_with("PYTHON") {
            Command::new(place)
        } else {
            let mut node = Command::new("node");
            node.env("NODE_PATH", place);
            node
        };
        let mut child = reader
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&calendar).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{script:?}");
        let mut read: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        // A number is a number, however a language writes it.
        for event in &mut read {
            let alarms = event["alarms"].as_array_mut().unwrap();
            for alarm in alarms {
                alarm[1] = json!(alarm[1].as_f64().unwrap() as i64);
            }
        }
        assert_eq!(read, expected, "{script:?}");
    }
}
