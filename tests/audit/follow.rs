//! `activity follow` over a service that goes on working: in a process of its own, because it prints.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use clap::Parser as _;
use strongroom::cli::{self, Cli, Context, Output};
use strongroom::domain::secret::Secret;
use strongroom::domain::text::Brand;
use strongroom::gateway::in_process::{InProcess, Opener};
use strongroom::gateway::{SealChoice, SealStatus, StoreState};
use strongroom::service::{Actor, Code, Error, Service};

use super::site::Site;

const CHILD: &str = "STRONGROOM_TEST_FOLLOWS";
const NEWS: u64 = 30;

/// The service that is open already.
struct Opened(Arc<Service>);

impl Opener for Opened {
    fn state(&self) -> Result<StoreState, Error> {
        Ok(StoreState::Ready)
    }

    fn create(&self, _: SealChoice) -> Result<Arc<Service>, Error> {
        Ok(Arc::clone(&self.0))
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        Err(Error::new(
            Code::Internal,
            "nobody asks for it here",
            "look at the test",
        ))
    }

    fn rotate_seal(&self, _: &SealChoice) -> Result<SealStatus, Error> {
        Err(Error::new(
            Code::Internal,
            "nobody asks for it here",
            "look at the test",
        ))
    }

    fn open(&self, _: Option<&Secret>) -> Result<Arc<Service>, Error> {
        Ok(Arc::clone(&self.0))
    }
}

#[test]
fn new_entries_are_printed_as_they_come() {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "follow::new_entries_are_printed_as_they_come",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let entries = out
        .lines()
        .map(Result::unwrap)
        .filter(|line| line.starts_with('{'));
    let sequences: Vec<u64> = entries
        .take(2 + NEWS as usize)
        .map(|line| {
            let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
            entry["sequence"].as_u64().unwrap()
        })
        .collect();
    // Those that were there, then the new ones, each once. The reader hung up: the child ends by itself.
    assert_eq!(sequences, (1..=2 + NEWS).collect::<Vec<_>>());
    child.wait().unwrap();
}

fn child() {
    let site = Site::empty();
    let service = site.open();
    site.onboard(&service);
    let gateway = InProcess::new(Box::new(Opened(Arc::clone(&service))), Actor::default());
    let cli = Cli::parse_from(["strongroom", "activity", "follow", "--json"]);
    let context = Context {
        gateway: &gateway,
        globals: &cli.globals,
        organization: None,
        brand: Brand::parse("FinCode").unwrap(),
        output: Output::new(true, false),
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..NEWS {
                site.fail_to_sign_in(&service);
            }
        });
        assert_eq!(
            cli::run(&context, cli.command.as_ref().unwrap()).map_err(|failure| failure.error),
            Ok(0)
        );
    });
    gateway.close().unwrap();
}
