//! An sshd of the test's own: this user, one key, one forced command.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::host::{Host, Running};
use crate::pty::{Spawn, wait_until};

/// A machine with a store, and an sshd in front of it.
pub(crate) struct Server {
    pub(crate) host: Host,
    port: u16,
    user: String,
    _sshd: Running,
}

/// How the program is called by sshd: as the console of ada, and under a tracer that writes down what it starts.
pub(crate) const AS_ADA: &str = "--as ada@acme.test";

/// Whether this machine has what the tests need.
pub(crate) fn can_serve() -> bool {
    let has = |program: &str, argument: &str| Command::new(program).arg(argument).output().is_ok();
    let all = Path::new(SSHD).exists() && has("ssh", "-V") && has("ssh-keygen", "-?") && has("strace", "-V");
    if !all {
        crate::skip::skipped("sshd, ssh, ssh-keygen or strace is not on this machine");
    }
    all
}

/// sshd starts itself again by this name.
const SSHD: &str = "/usr/sbin/sshd";

impl Server {
    /// Forces `strongroom` with these options, in `authorized_keys`; what it starts is traced.
    pub(crate) fn forcing(host: Host, options: &str) -> Self {
        let trace = format!(
            "strace -A -f -qq -e trace=execve,execveat -o {}",
            host.path("trace").display()
        );
        Self::with(host, &trace, options, "")
    }

    /// The same, without a tracer in between.
    pub(crate) fn untraced(host: Host, options: &str) -> Self {
        Self::with(host, "", options, "")
    }

    /// As the drop-in that is shipped has it, for this user and this program; the key's own line forces nothing.
    pub(crate) fn shipped(host: Host) -> Self {
        let shipped = include_str!("../../assets/deploy/sshd.conf");
        let keys = host.path("authorized_keys").display().to_string();
        let program = format!(
            "HOME={} exec {}",
            host.path("home").display(),
            env!("CARGO_BIN_EXE_strongroom")
        );
        for part in [
            "Match User tokens",
            "/etc/strongroom/ssh/%u",
            "/usr/local/bin/strongroom",
        ] {
            assert!(shipped.contains(part), "{part}");
        }
        let config = shipped
            .replace("Match User tokens", &format!("Match User {}", user()))
            .replace("/etc/strongroom/ssh/%u", &keys)
            .replace("/usr/local/bin/strongroom", &program);
        let server = Self::with(host, "", "--as eve@acme.test", &config);
        let key = fs::read_to_string(server.host.path("client_key.pub")).unwrap();
        fs::write(server.host.path("authorized_keys"), key).unwrap();
        server
    }

    /// What sshd makes of its configuration for this user.
    pub(crate) fn understood(&self) -> String {
        let output = Command::new(SSHD)
            .arg("-T")
            .arg("-f")
            .arg(self.host.path("sshd_config"))
            .args(["-C", &format!("user={},host=localhost,addr=127.0.0.1", self.user)])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn with(host: Host, tracer: &str, options: &str, more: &str) -> Self {
        for key in ["host_key", "client_key"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(host.path(key))
                .status();
            assert!(made.unwrap().success());
        }
        let public = fs::read_to_string(host.path("client_key.pub")).unwrap();
        // sshd gives its account's own home; the test's store is in another.
        let command = format!(
            "HOME={} exec {tracer} {} {options}",
            host.path("home").display(),
            env!("CARGO_BIN_EXE_strongroom")
        );
        let line = format!("restrict,pty,command=\"{command}\" {public}");
        fs::write(host.path("authorized_keys"), line).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let path = |name: &str| host.path(name).display().to_string();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             AcceptEnv *\n{more}",
            path("host_key"),
            path("authorized_keys")
        );
        fs::write(host.path("sshd_config"), config).unwrap();
        if rustix::process::geteuid().is_root() {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let log = fs::File::create(host.path("sshd.log")).unwrap();
        let sshd = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(host.path("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let sshd = Running(sshd);
        wait_until("sshd", || TcpStream::connect(("127.0.0.1", port)).ok());
        Self {
            host,
            port,
            user: user(),
            _sshd: sshd,
        }
    }

    /// The arguments of `ssh` for `command`.
    fn arguments(&self, terminal: bool, command: &[&str]) -> Vec<String> {
        let mut arguments: Vec<String> = [
            "-F",
            "/dev/null",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "LogLevel=ERROR",
        ]
        .map(str::to_owned)
        .into();
        arguments.extend([
            "-o".into(),
            "UserKnownHostsFile=/dev/null".into(),
            "-o".into(),
            "SendEnv=*".into(),
            "-i".into(),
            self.host.path("client_key").display().to_string(),
            "-p".into(),
            self.port.to_string(),
            if terminal { "-tt" } else { "-T" }.into(),
            "-l".into(),
            self.user.clone(),
            "127.0.0.1".into(),
        ]);
        arguments.extend(command.iter().map(|word| (*word).to_owned()));
        arguments
    }

    /// `ssh` on a terminal.
    pub(crate) fn terminal(&self, command: &[&str]) -> Spawn {
        let arguments = self.arguments(true, command);
        Spawn::new("/usr/bin/ssh", self.host.root.path()).args(arguments.iter().map(String::as_str))
    }

    /// `ssh` on a terminal, as a line for a shell.
    pub(crate) fn line(&self, command: &[&str]) -> String {
        let words = self.arguments(true, command);
        let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        format!("exec ssh {}", quoted.join(" "))
    }

    /// `ssh` without one, in an environment with nothing but what is given.
    pub(crate) fn run(&self, command: &[&str], environment: &[(&str, &str)]) -> Output {
        Command::new("/usr/bin/ssh")
            .args(self.arguments(false, command))
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The same for a command that is no text.
    pub(crate) fn run_raw(&self, command: &std::ffi::OsStr) -> Output {
        Command::new("/usr/bin/ssh")
            .args(self.arguments(false, &[]))
            .arg(command)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What the program started, itself aside.
    pub(crate) fn started(&self) -> Vec<String> {
        let trace = fs::read_to_string(self.host.path("trace")).unwrap();
        assert!(
            trace.contains(env!("CARGO_BIN_EXE_strongroom")),
            "nothing was traced"
        );
        let executions = trace.lines().filter(|line| line.contains("execve"));
        let others = executions.filter(|line| !line.contains(env!("CARGO_BIN_EXE_strongroom")));
        others.map(str::to_owned).collect()
    }
}

fn user() -> String {
    let id = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

/// Standard output and error, and the exit code.
pub(crate) fn said(output: &Output) -> (String, String, i32) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
        output.status.code().unwrap_or(-1),
    )
}
