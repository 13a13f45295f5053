//! What is shipped in `assets/deploy`, judged by the programs that read it.

use std::path::{Path, PathBuf};
use std::process::Command;

use strongroom::system::settings::{Arguments, Inputs, Settings};

use crate::host::Host;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets/deploy")
        .join(name)
}

/// Runs a program that reads files, and must like them; what it said.
#[track_caller]
fn judged(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn systemd_finds_no_fault_in_the_unit_and_its_sockets() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["strongroom.service", "strongroom.socket"] {
        let text = std::fs::read_to_string(shipped(name)).unwrap();
        // The program need not be installed where this is tested.
        let text = text.replace("/usr/local/bin/strongroom", env!("CARGO_BIN_EXE_strongroom"));
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let unit = directory.path().join("strongroom.service");
    let said = judged(
        Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .args([&unit, &directory.path().join("strongroom.socket")]),
    );
    // It says what it ignores and goes on.
    assert_eq!(said, "");
    let said = judged(
        Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--threshold=15", "--no-pager"])
            .arg(&unit),
    );
    assert!(said.contains("Overall exposure level"), "{said}");
}

#[test]
fn prometheus_takes_the_rules_and_they_name_metrics_that_there_are() {
    judged(
        Command::new("promtool")
            .args(["check", "rules"])
            .arg(shipped("alerts.yml")),
    );
    judged(
        Command::new("promtool")
            .args(["test", "rules"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/alerts.yml")),
    );
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = crate::daemon::Daemon::start(&host, "");
    daemon.verify(&format!("X-Auth-Token: {token}\r\n"));
    let metrics = daemon.unix().get("/metrics", "").body;
    let rules = std::fs::read_to_string(shipped("alerts.yml")).unwrap();
    let names = rules
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .filter(|word| word.starts_with("strongroom_"));
    for name in names {
        let family = name.trim_end_matches("_bucket");
        assert!(
            metrics.contains(&format!("# TYPE {family} ")),
            "{family} is no metric"
        );
    }
    daemon.stop();
}

#[test]
fn the_example_configuration_is_taken() {
    let settings = Settings::load(&Inputs {
        variable: &|_| None,
        arguments: Arguments {
            config: Some(shipped("config.toml")),
            ..Arguments::default()
        },
    });
    let settings = settings.unwrap();
    let unit = std::fs::read_to_string(shipped("strongroom.service")).unwrap();
    // The unit makes the places that it names, and systemd binds the socket that it names.
    assert!(unit.contains("StateDirectory=strongroom strongroom-state"));
    assert_eq!(settings.data_dir, Path::new("/var/lib/strongroom"));
    assert_eq!(settings.state_dir, Path::new("/var/lib/strongroom-state"));
    let socket = std::fs::read_to_string(shipped("strongroom.socket")).unwrap();
    for place in [
        settings.socket.unwrap().display().to_string(),
        settings.daemon.listen[0].to_string(),
    ] {
        assert!(socket.contains(&format!("ListenStream={place}\n")), "{place}");
    }
}

#[test]
fn each_proxy_overwrites_every_identity_that_verify_tells() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = crate::daemon::Daemon::start(&host, "");
    let good = daemon.verify(&format!("X-Auth-Token: {token}\r\n"));
    let told: Vec<&str> = good
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| name.starts_with("x-auth-"))
        .collect();
    assert_eq!(told.len(), 8, "{told:?}");
    for name in [
        "nginx.conf",
        "Caddyfile",
        "traefik.yml",
        "envoy.yaml",
        "apisix.yaml",
    ] {
        let text = std::fs::read_to_string(shipped(name))
            .unwrap()
            .to_ascii_lowercase();
        for header in &told {
            assert!(text.contains(header), "{header} in {name}");
        }
    }
    daemon.stop();
}
