//! Who may import whom, and the other promises that a compiler does not keep: a broken rule is a failing test that
//! names the file and the line.
//!
//! Sources are read as Rust's own tokens, so that comments and strings do not count; `#[cfg(test)]` items are left out,
//! because a unit test may use what it needs. That each check can fail is
//! shown on made-up sources in `architecture/made_up.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[path = "architecture/source.rs"]
mod source;

#[path = "architecture/made_up.rs"]
mod made_up;

use source::{Source, sources};

/// What the files of one place may refer to, beside their own folder and the standard library.
struct Rule {
    /// A folder of `src`, or one file of a folder for which more holds than for the others.
    place: &'static str,
    /// Paths inside the crate, with everything below them.
    inside: &'static [&'static str],
    /// Other people's crates.
    outside: &'static [&'static str],
    /// Parts of the standard library that do not belong here.
    never: &'static [&'static str],
}

/// What a face says to the service: requests, responses, errors, and nothing of how they are answered.
macro_rules! vocabulary {
    ($($more:literal),*) => {
        &[
            "domain", "gateway", "service::request", "service::response", "service::error",
            "service::Actor", "service::Code", "service::Error", "service::Event", "service::Request",
            "service::Response", "guide", "reminder", $($more),*
        ]
    };
}

/// The domain gets time and randomness as parameters and has no input or output; addresses are values like others.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
];
/// The service reaches the world through its ports; threads it may have, for long work.
const THROUGH_PORTS: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::os",
    "std::process",
];

/// The table of the architecture. `wiring`, `main` and `lib` put the parts together and may import all.
const RULES: &[Rule] = &[
    Rule {
        place: "domain",
        inside: &[],
        outside: &[
            "serde",
            "chrono",
            "zeroize",
            // Pure functions from bytes to bytes: a token's checksum, a fingerprint's text.
            "crc32fast",
            "base64",
            // Ranges of addresses.
            "ipnet",
            // How a type looks in JSON: descriptions, and nothing that runs.
            "utoipa",
        ],
        never: IMPURE,
    },
    Rule {
        place: "service",
        inside: &["domain"],
        // Encoding, collections, searching and comparing: nothing that reaches outside the process.
        outside: &[
            "base64",
            "serde",
            "serde_json",
            "chrono",
            "zeroize",
            "hashbrown",
            "memchr",
            "subtle",
            // How the vocabulary is described, beside its JSON.
            "utoipa",
        ],
        never: THROUGH_PORTS,
    },
    Rule {
        place: "store",
        inside: &["domain", "service::ports"],
        outside: &[
            "sled",
            "postcard",
            "serde",
            "chrono",
            "zeroize",
            "rustix",
            "crc32fast",
        ],
        never: &[],
    },
    Rule {
        place: "crypto",
        inside: &["domain", "service::ports"],
        outside: &[
            "openssl",
            "rsa",
            "argon2",
            "chacha20poly1305",
            "hkdf",
            "hmac",
            "region",
            "sha1",
            "sha2",
            "subtle",
            "zeroize",
            "base64",
            "serde",
            "serde_json",
            "postcard",
            "unicode_normalization",
        ],
        never: &["std::net", "std::process"],
    },
    Rule {
        place: "system",
        inside: &["domain", "service::ports"],
        outside: &[
            "rustix",
            "nix",
            "signal_hook",
            "rand",
            "arboard",
            "chrono",
            "serde",
            "serde_json",
            "toml",
            // Likeness of texts, for "did you mean".
            "strsim",
            "base64",
            "zeroize",
            // What systemd hands over and wants to hear, and the log.
            "listenfd",
            "sd_notify",
            "tracing",
            "tracing_subscriber",
            // Ranges of addresses in the configuration, and where webhooks go.
            "ipnet",
            // A process that starts no program, by the kernel's word.
            "libc",
            "seccompiler",
            "http",
            // Files, walked and searched as ripgrep does.
            "grep_matcher",
            "grep_searcher",
            "ignore",
            "memchr",
        ],
        never: &[
            "std::net::TcpListener",
            "std::net::TcpStream",
            "std::net::UdpSocket",
        ],
    },
    // Takes over the sockets that systemd bound.
    Rule {
        place: "system/systemd.rs",
        inside: &[],
        outside: &["listenfd", "sd_notify"],
        never: &["std::net::TcpStream", "std::net::UdpSocket"],
    },
    Rule {
        place: "gateway",
        inside: &["domain", "service"],
        outside: &[
            "serde",
            "serde_json",
            "postcard",
            "rustix",
            "zeroize",
            "utoipa",
            // The way to a daemon: HTTP over its socket.
            "bytes",
            "http",
            "http_body_util",
            "hyper",
            "hyper_util",
            "tokio",
        ],
        never: &[],
    },
    Rule {
        place: "guide",
        inside: &["domain", "service::response"],
        outside: &["pulldown_cmark"],
        never: IMPURE,
    },
    Rule {
        place: "reminder",
        inside: &["domain", "service::response"],
        outside: &["chrono", "icalendar", "serde"],
        never: IMPURE,
    },
    Rule {
        place: "demo",
        inside: &["domain", "service"],
        outside: &["chrono", "subtle"],
        never: THROUGH_PORTS,
    },
    Rule {
        place: "notice",
        inside: &["domain", "service::response"],
        outside: &[
            "base64",
            "chrono",
            "hmac",
            "serde",
            "serde_json",
            "sha2",
            "zeroize",
        ],
        never: IMPURE,
    },
    Rule {
        place: "daemon",
        // It holds the service through the gateway that opens it for everybody else.
        inside: &["domain", "gateway", "notice", "service", "system"],
        outside: &[
            "base64",
            "bytes",
            "chrono",
            "http",
            "http_body",
            "http_body_util",
            "httparse",
            "hyper",
            "hyper_util",
            "ipnet",
            "rustix",
            "rustls_native_certs",
            "serde",
            "serde_json",
            "tokio",
            "tokio_rustls",
            "tracing",
            "utoipa",
            "zeroize",
        ],
        never: &["std::process"],
    },
    Rule {
        place: "cli",
        inside: vocabulary!(
            // Passwords are asked on the terminal or read from files, tokens written into them.
            "system::private_file",
            "system::prompt",
            // Activity is exported into the journal, and followed until a signal comes.
            "system::journald",
            "system::signals",
            // Files and histories are looked through for leaks.
            "system::scan",
            // A new token is handed to the command that deploys it.
            "system::handed",
            // The configuration is shown as it was read.
            "system::settings::Shown"
        ),
        outside: &[
            "base64",
            "clap",
            "clap_complete",
            "clap_mangen",
            "serde",
            "serde_json",
            "chrono",
            "unicode_width",
            "zeroize",
        ],
        // Addresses it parses; it connects to nothing.
        never: &[
            "std::net::TcpListener",
            "std::net::TcpStream",
            "std::net::UdpSocket",
        ],
    },
    Rule {
        place: "console",
        inside: vocabulary!(),
        outside: &[
            "ratatui",
            "crossterm",
            "unicode_width",
            // Likeness of texts, for "did you mean".
            "strsim",
            "chrono",
            "serde",
            "toml",
            "memchr",
            "zeroize",
            "rustix",
        ],
        never: &["std::net", "std::process"],
    },
    // The loop's runner is where the process meets update and view: it alone hears signals and reads the clock.
    Rule {
        place: "console/runtime.rs",
        inside: vocabulary!("service::ports::Clock", "system::signals"),
        outside: &["ratatui", "crossterm", "rustix", "zeroize"],
        never: &["std::net", "std::process"],
    },
    // The one file of the console that does things: it asks, copies and writes files, on worker threads.
    Rule {
        place: "console/app/perform.rs",
        inside: vocabulary!("system::clipboard"),
        outside: &["zeroize"],
        never: &["std::net", "std::process"],
    },
    Rule {
        place: "console/input_buffer.rs",
        inside: &[],
        outside: &["crossterm", "rustix"],
        never: &["std::net", "std::process"],
    },
    Rule {
        place: "console/watch.rs",
        inside: vocabulary!("system::signals"),
        outside: &["crossterm", "rustix", "signal_hook"],
        never: &["std::net", "std::process"],
    },
];

const ASSEMBLY: &[&str] = &["lib", "main", "wiring"];

/// What the top level of the repository may hold; nothing else is visible there.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "src",
    "assets",
    "tests",
    ".cargo",
    ".ci",
    ".clippy.toml",
    ".config",
    ".gitignore",
    ".rustfmt.toml",
];

const LONGEST_FILE: usize = 500;
const THEME: &str = "console/theme.rs";
/// Turns any colour into bytes and chooses none.
const ENCODER: &str = "console/encode.rs";

#[test]
fn folders_import_only_what_the_table_allows() {
    let dependencies = dependencies();
    assert_none(
        sources()
            .iter()
            .flat_map(|file| broken_imports(file, &dependencies)),
    );
}

#[test]
fn every_place_in_src_has_a_rule() {
    let known = |place: &str| ASSEMBLY.contains(&place) || RULES.iter().any(|rule| rule.place == place);
    let unknown = sources().into_iter().filter(|file| !known(file.place()));
    assert_none(unknown.map(|file| format!("{}: its place is not in the table", file.shown())));
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    assert_none(sources().iter().filter_map(too_long));
}

#[test]
fn colours_exist_only_in_the_theme() {
    assert_none(sources().iter().flat_map(colours));
}

#[test]
fn nothing_unwraps_outside_tests() {
    assert_none(sources().iter().flat_map(unwraps));
}

#[test]
fn the_top_level_holds_only_what_was_agreed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_none(strangers(&top_level(root)));
}

fn assert_none(faults: impl IntoIterator<Item = String>) {
    let faults: Vec<String> = faults.into_iter().collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

// ---------------------------------------------------------------------------------------------------- checks

fn broken_imports(file: &Source, dependencies: &BTreeSet<String>) -> Vec<String> {
    let of = |place: &str| RULES.iter().find(|rule| rule.place == place);
    let Some(rule) = file.path.to_str().and_then(of).or_else(|| of(file.place())) else {
        return Vec::new();
    };
    let is_below = |path: &str, allowed: &str| {
        path == allowed
            || path
                .strip_prefix(allowed)
                .is_some_and(|rest| rest.starts_with("::"))
    };
    let is_fine = |path: &str| {
        let root = path.split("::").next().unwrap_or_default();
        if let Some(inner) = path.strip_prefix("crate::") {
            is_below(inner, file.place()) || rule.inside.iter().any(|allowed| is_below(inner, allowed))
        } else if ["std", "core", "alloc"].contains(&root) {
            let path = path.replacen(root, "std", 1);
            !rule.never.iter().any(|never| is_below(&path, never))
        } else {
            !dependencies.contains(root) || rule.outside.contains(&root)
        }
    };
    let broken = file.found.paths.iter().filter(|(path, _)| !is_fine(path));
    broken
        .map(|(path, line)| format!("{}:{line}: {} may not use {path}", file.shown(), file.place()))
        .collect()
}

fn too_long(file: &Source) -> Option<String> {
    (file.lines > LONGEST_FILE).then(|| format!("{}:{}: too long", file.shown(), file.lines))
}

fn colours(file: &Source) -> Vec<String> {
    const TYPES: [&str; 5] = [
        "Color",
        "Colors",
        "SetForegroundColor",
        "SetBackgroundColor",
        "SetColors",
    ];
    const NAMES: [&str; 11] = [
        "fg",
        "bg",
        "underline_color",
        "black",
        "red",
        "green",
        "yellow",
        "blue",
        "magenta",
        "cyan",
        "white",
    ];
    if [THEME, ENCODER].iter().any(|place| file.path == Path::new(place)) {
        return Vec::new();
    }
    let is_name = |method: &str| {
        let method = method.strip_prefix("on_").unwrap_or(method);
        NAMES.contains(&method.strip_prefix("light_").unwrap_or(method)) || method.ends_with("gray")
    };
    let types = file
        .found
        .words
        .iter()
        .filter(|(word, _)| TYPES.contains(&word.as_str()));
    let methods = file.found.calls.iter().filter(|(method, _)| is_name(method));
    types
        .chain(methods)
        .map(|(what, line)| format!("{}:{line}: {what}: colours belong into {THEME}", file.shown()))
        .collect()
}

fn unwraps(file: &Source) -> Vec<String> {
    const METHODS: [&str; 4] = ["unwrap", "expect", "unwrap_err", "expect_err"];
    let calls = file
        .found
        .calls
        .iter()
        .filter(|(method, _)| METHODS.contains(&method.as_str()));
    calls
        .map(|(method, line)| format!("{}:{line}: {method} outside a test", file.shown()))
        .collect()
}

fn strangers(entries: &BTreeSet<String>) -> Vec<String> {
    let strangers = entries
        .iter()
        .filter(|entry| !TOP_LEVEL.contains(&entry.as_str()));
    strangers
        .map(|entry| format!("{entry}:1: does not belong at the top level"))
        .collect()
}

/// The names under which the crates of `Cargo.toml` are used in code.
fn dependencies() -> BTreeSet<String> {
    let manifest: toml::Table = include_str!("../Cargo.toml").parse().unwrap();
    let names = manifest["dependencies"].as_table().unwrap().keys();
    names.map(|name| name.replace('-', "_")).collect()
}

/// What git has, or would take, at the top; without git whatever is there, but for what building makes.
fn top_level(root: &Path) -> BTreeSet<String> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let listed = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .output()
        .ok();
    match listed.filter(|output| output.status.success()) {
        Some(output) => String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|path| path.split('/').next().unwrap_or(path).to_owned())
            .collect(),
        None => std::fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != "target" && name != ".git")
            .collect(),
    }
}
