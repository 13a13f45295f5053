//! The demo's callers: real requests to its daemon, each caller at its own pace, for as long as this value is there.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::cli::failure::Failure;
use crate::demo::script::{CALLERS, SENDERS};
use crate::demo::year::Lived;

/// The callers' clock strikes so often.
const BEAT: Duration = Duration::from_millis(50);
/// What a request may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Callers at work.
pub(super) struct Traffic {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What is sent, and how many beats lie between.
struct Call {
    request: Zeroizing<Vec<u8>>,
    is_private: bool,
    every: u64,
}

impl Traffic {
    /// Has them call the public listener at `address`, and those who send fields the private `socket`.
    pub(super) fn start(lived: Lived, address: SocketAddr, socket: PathBuf) -> Result<Self, Failure> {
        let calls = calls(&lived);
        let (stop, stopped) = channel();
        let work = move || {
            for beat in 0_u64.. {
                for (place, call) in (0_u64..).zip(&calls) {
                    // Not all at once.
                    if (beat + 7 * place).is_multiple_of(call.every) {
                        // A call that fails is one that a restart or the end came between.
                        let _ = call.send(address, &socket);
                    }
                }
                if stopped.recv_timeout(BEAT) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("callers".into()).spawn(work);
        let thread =
            thread.map_err(|error| Failure::io(format!("there is no thread: {error}"), "try again"))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn calls(lived: &Lived) -> Vec<Call> {
    let beat = u64::try_from(BEAT.as_millis()).unwrap_or(1);
    let beats = |every: u32| (u64::from(every) / beat).max(1);
    let mut calls = Vec::new();
    for caller in CALLERS.iter().filter(|caller| caller.every > 0) {
        let Some(secret) = lived.tokens.get(caller.token) else {
            continue;
        };
        let head = format!(
            "GET /v1/verify HTTP/1.1\r\nhost: demo\r\nconnection: close\r\nuser-agent: {}\r\n\
             x-forwarded-for: {}\r\nx-auth-token: ",
            caller.agent, caller.address
        );
        let request = [head.as_bytes(), secret.expose(), b"\r\n\r\n"].concat();
        calls.push(Call {
            request: Zeroizing::new(request),
            is_private: false,
            every: beats(caller.every),
        });
    }
    for sender in SENDERS {
        let body = format!("{{\"ciphertext\":\"{}\"}}", lived.ciphertext);
        let key = match lived.replaced.filter(|_| sender.is_stale) {
            Some(key) => format!("x-key-fingerprint: {key}\r\n"),
            None => String::new(),
        };
        let request = format!(
            "POST /v1/decrypt HTTP/1.1\r\nhost: demo\r\nconnection: close\r\nx-forwarded-for: {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{key}\r\n{body}",
            sender.address,
            body.len()
        );
        calls.push(Call {
            request: Zeroizing::new(request.into_bytes()),
            is_private: true,
            every: beats(sender.every),
        });
    }
    calls
}

impl Call {
    /// Sends it and reads the answer to its end, as a client does; what it says is the daemon's business.
    fn send(&self, address: SocketAddr, socket: &PathBuf) -> std::io::Result<()> {
        let mut answer = Zeroizing::new(Vec::new());
        if self.is_private {
            let mut stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(&self.request)?;
            stream.read_to_end(&mut answer)?;
        } else {
            let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(&self.request)?;
            stream.read_to_end(&mut answer)?;
        }
        Ok(())
    }
}
