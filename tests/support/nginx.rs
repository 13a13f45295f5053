//! A real nginx over the shipped snippet, and an API behind it that tells what it was sent.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::daemon::{Connection, LONG};

/// An nginx that runs until this is dropped.
pub(crate) struct Nginx {
    child: Child,
    address: SocketAddr,
}

impl Nginx {
    /// With the shipped snippet, which asks the daemon at `socket`; its files are in `directory`.
    pub(crate) fn start(directory: &Path, socket: &Path, api: SocketAddr) -> Self {
        std::fs::create_dir(directory).unwrap();
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).unwrap();
        let address = free_address();
        let shipped = include_str!("../../assets/deploy/nginx.conf");
        let snippet = [
            (
                "server unix:/run/strongroom/socket;",
                format!("server unix:{};", socket.display()),
            ),
            ("server 127.0.0.1:8080;", format!("server {api};")),
            ("listen 127.0.0.1:80;", format!("listen {address};")),
        ]
        .into_iter()
        .fold(shipped.to_owned(), |snippet, (shipped, here)| {
            assert_eq!(snippet.matches(shipped).count(), 1, "{shipped}");
            snippet.replace(shipped, &here)
        });
        let user = if rustix::process::geteuid().is_root() {
            "user nobody nogroup;"
        } else {
            ""
        };
        let own: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {}/{kind};\n", directory.display()))
            .concat();
        let whole = format!(
            "daemon off;\n{user}\npid {0}/pid;\nerror_log {0}/error.log;\nworker_processes 1;\nevents {{}}\n\
             http {{\naccess_log off;\n{own}{snippet}}}\n",
            directory.display()
        );
        let configuration = directory.join("nginx.conf");
        std::fs::write(&configuration, whole).unwrap();
        let child = Command::new("nginx")
            .args(["-e", "stderr", "-p"])
            .arg(directory)
            .arg("-c")
            .arg(&configuration)
            .env(
                "PATH",
                format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap()),
            )
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self { child, address };
        let until = Instant::now() + LONG;
        while TcpStream::connect(address).is_err() {
            assert!(nginx.child.try_wait().unwrap().is_none(), "nginx did not start");
            assert!(Instant::now() < until, "nginx does not listen");
            std::thread::yield_now();
        }
        nginx
    }

    pub(crate) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        Connection::new(stream)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // In its own time: its workers end with it.
        if let Ok(Some(pid)) = i32::try_from(self.child.id()).map(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// An API that answers each request with the head it was sent; what is under `/fails/STATUS` with that status.
pub(crate) fn api() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(stream.unwrap()));
        }
    });
    address
}

fn answer(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = head.replace('\r', "");
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |length| length.parse().unwrap());
        reader.read_exact(&mut vec![0; length]).unwrap();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|path| path.strip_prefix("/fails/"))
            .unwrap_or("200");
        let length = head.len();
        write!(
            stream,
            "HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n{head}"
        )
        .unwrap();
    }
}
