//! The daemon against its own OpenAPI document, by schemathesis: no fault of ours, nothing that the document does not say.
//!
//! `STRONGROOM_SCHEMA_SECONDS` makes each of the four runs longer than its few seconds.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::host::{Host, PASSWORD};
use crate::tools::python_program;

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance";
/// Whether other methods are refused; verify takes any, also those that OpenAPI 3.1 cannot name.
const METHODS: &str = ",unsupported_method,allow_header_conformance";

#[test]
fn every_answer_is_one_that_the_document_describes() {
    let Some(schemathesis) = python_program("st") else {
        return;
    };
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let document = host.path("openapi.json");
    let printed = host.run(&["serve", "--openapi"]).succeeds().out;
    std::fs::write(&document, &printed).unwrap();
    let daemon = Daemon::start(&host, "");
    let public = Forwarder::begin({
        let address = daemon.address;
        move || TcpStream::connect(address).map(|stream| Box::new(stream) as _)
    });
    let private = Forwarder::begin({
        let socket = daemon.socket.clone();
        move || UnixStream::connect(&socket).map(|stream| Box::new(stream) as _)
    });
    let auth = format!("X-Auth-Token: {token}");
    let run = |address: SocketAddr, document: &Path, more: &[&str]| {
        examine(&schemathesis, &host, address, document, more);
    };
    let whole = document.as_path();
    let clients = ["--include-tag", "public", "-H", &auth];
    for which in ["--include-path-regex", "--exclude-path-regex"] {
        run(
            public.address,
            whole,
            &[&clients[..], &[which, "^/v1/verify"]].concat(),
        );
    }
    // The feed has no end to wait for.
    let of_hosts = ["--include-tag", "private", "--exclude-path", "/v1/events"];
    let looking = ["-H", "X-Strongroom-Read-Only: 1", "-H", &auth];
    run(private.address, whole, &[of_hosts, looking].concat());
    let session = format!("X-Strongroom-Session: {}", sign_in(&daemon));
    let harmless = harmless(&host, &printed);
    run(
        private.address,
        &harmless,
        &["--include-path", "/v1/command", "-H", &session],
    );
    // Whatever was asked: it goes on, and nothing of what it was sent came back.
    let good = format!("{auth}\r\n");
    assert_eq!(daemon.verify(&good).status, 200);
    for said in [public.said(), private.said()] {
        assert!(!said.is_empty());
        for secret in [token.as_str(), PASSWORD] {
            let is_in = said
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!is_in, "an answer quotes a secret");
        }
    }
    daemon.stop();
}

/// The document without what writes files wherever it is told to, and without what ends the session.
fn harmless(host: &Host, document: &str) -> PathBuf {
    let mut document: Value = serde_json::from_str(document).unwrap();
    let requests = document["components"]["schemas"]["Request"]["oneOf"]
        .as_array_mut()
        .unwrap();
    let all = requests.len();
    requests.retain(|request| {
        let names = [&request["required"][0], &request["enum"][0]];
        !names
            .iter()
            .any(|name| **name == "make_backup" || **name == "sign_out")
    });
    assert_eq!(requests.len(), all - 2);
    let path = host.path("harmless.json");
    std::fs::write(&path, document.to_string()).unwrap();
    path
}

fn sign_in(daemon: &Daemon<'_>) -> String {
    use base64::Engine as _;
    let password = base64::engine::general_purpose::STANDARD.encode(PASSWORD);
    let body = json!({"sign_in": {"email": "ada@acme.test", "password": password}}).to_string();
    let length = body.len();
    let answer = daemon.unix().ask(format!(
        "POST /v1/command HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
    assert_eq!(answer.status, 200, "{answer:?}");
    let signed_in = answer.json();
    signed_in["signed_in"]["session"].as_str().unwrap().to_owned()
}

#[track_caller]
fn examine(schemathesis: &Path, host: &Host, address: SocketAddr, document: &Path, more: &[&str]) {
    let mut command = Command::new(schemathesis);
    command.arg("run");
    let seconds = std::env::var("STRONGROOM_SCHEMA_SECONDS").unwrap_or_else(|_| {
        // The same each time; a longer run looks elsewhere each time.
        command.args(["--seed", "1"]);
        "10".into()
    });
    let methods = if more.contains(&"--include-path-regex") {
        ""
    } else {
        METHODS
    };
    let output = command
        .arg(document)
        .args(["-u", &format!("http://{address}")])
        .args(["--checks", &format!("{CHECKS}{methods}")])
        .args(["--phases", "examples,coverage,fuzzing", "--max-time", &seconds])
        .args(["--continue-on-failure", "--output-sanitize", "true"])
        .args(more)
        .current_dir(host.root.path())
        .env("HOME", host.root.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{more:?}\n{said}\n{failed}");
    assert!(said.contains("passed"), "{said}");
}

trait Carrier: Read + Write + Send + Halves {}
impl<T: Read + Write + Send + Halves> Carrier for T {}

trait Halves {
    fn other(&self) -> Box<dyn Carrier>;
    fn end(&self);
}

impl Halves for TcpStream {
    fn other(&self) -> Box<dyn Carrier> {
        Box::new(self.try_clone().unwrap())
    }

    fn end(&self) {
        let _ = self.shutdown(std::net::Shutdown::Both);
    }
}

impl Halves for UnixStream {
    fn other(&self) -> Box<dyn Carrier> {
        Box::new(self.try_clone().unwrap())
    }

    fn end(&self) {
        let _ = self.shutdown(std::net::Shutdown::Both);
    }
}

/// Passes connections on, for a client that knows TCP only, and keeps what was answered.
struct Forwarder {
    address: SocketAddr,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Forwarder {
    fn begin(connect: impl Fn() -> std::io::Result<Box<dyn Carrier>> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&said);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, daemon) = (client.unwrap(), connect().unwrap());
                let (from_client, from_daemon) = (client.other(), daemon.other());
                thread::spawn(move || pass(from_client, daemon, None));
                let kept = Arc::clone(&kept);
                thread::spawn(move || pass(from_daemon, Box::new(client), Some(&kept)));
            }
        });
        Self { address, said }
    }

    fn said(&self) -> Vec<u8> {
        self.said.lock().unwrap().clone()
    }
}

/// Until either side ends; then both do.
fn pass(mut from: Box<dyn Carrier>, mut to: Box<dyn Carrier>, kept: Option<&Mutex<Vec<u8>>>) {
    let mut buffer = [0; 16 * 1024];
    let mut all = Vec::new();
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if kept.is_some() {
            all.extend_from_slice(&buffer[..read]);
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    from.end();
    to.end();
    if let Some(kept) = kept {
        kept.lock().unwrap().append(&mut all);
    }
}
