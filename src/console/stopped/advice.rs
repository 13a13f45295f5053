//! What is safe, and what to run next, for each way in which a store does not open.

use std::path::Path;

use crate::console::app::Facts;
use crate::service::Code;

/// What to know and to do.
#[derive(Debug)]
pub(super) struct Advice {
    /// What the screen is called.
    pub(super) title: &'static str,
    /// What nobody needs to fear.
    pub(super) safe: &'static str,
    /// What to run, in this order.
    pub(super) steps: Vec<Step>,
}

/// A command, and what it is good for.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) command: String,
    pub(super) does: &'static str,
}

impl Advice {
    pub(super) fn on(code: Code, facts: &Facts) -> Self {
        let program = &facts.program;
        let place = quoted(&facts.data_dir);
        let step = |command: String, does| Step { command, does };
        match code {
            Code::StoreDamaged => Self {
                title: "The store is damaged",
                safe: "Nothing was changed. It does not open with less than was acknowledged: what is not here is not guessed.",
                steps: vec![
                    step(
                        format!("{program} doctor"),
                        "says what is whole and what it would repair; changes nothing",
                    ),
                    step(
                        format!("cp -a {place} {}", quoted(&beside(&facts.data_dir))),
                        "keeps what is there, before anything is repaired",
                    ),
                    step(
                        format!("{program} restore BACKUP"),
                        "puts a backup in its place; the journal is replayed where it survived",
                    ),
                ],
            },
            Code::UnknownVersion => Self {
                title: "A newer Strongroom wrote the store",
                safe: "Nothing was changed: what this program does not know it leaves alone.",
                steps: vec![step(
                    "strongroom --version".to_owned(),
                    "says which version this is: install the one that wrote the store",
                )],
            },
            Code::Permissions => Self {
                title: "Others can reach the store",
                safe: "Nothing was changed. It opens again once its owner alone can reach it.",
                steps: vec![step(
                    format!("ls -ld {place}"),
                    "says whose it is and who else may read or write it",
                )],
            },
            Code::StoreLocked => Self {
                title: "The store is in use",
                safe: "Nothing is wrong with it: one process at a time has it.",
                steps: Vec::new(),
            },
            Code::WrongSeal | Code::Sealed => Self {
                title: "The store stays sealed",
                safe: "Nothing was changed. Nobody reads it without its seal, and nothing of it is lost.",
                steps: vec![step(
                    format!("{program} seal status"),
                    "says how this store is sealed, and where its key file should be",
                )],
            },
            Code::DiskFull | Code::Io => Self {
                title: "The store cannot be read or written",
                safe: "Nothing was changed: what was acknowledged is as it was.",
                steps: vec![
                    step(format!("df -h {place}"), "says how much room its device has"),
                    step(
                        format!("{program} doctor"),
                        "says what is whole and what it would repair; changes nothing",
                    ),
                ],
            },
            _ => Self {
                title: "The store cannot be opened",
                safe: "Nothing was changed.",
                steps: vec![step(
                    format!("{program} doctor"),
                    "says what is whole and what it would repair; changes nothing",
                )],
            },
        }
    }
}

/// Where a copy of a directory may lie: beside it.
fn beside(path: &Path) -> std::path::PathBuf {
    let mut copy = path.as_os_str().to_owned();
    copy.push(".copy");
    copy.into()
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,%@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_the_shell() {
        assert_eq!(quoted(Path::new("/var/lib/strongroom")), "/var/lib/strongroom");
        assert_eq!(quoted(Path::new("/a b/it's")), "'/a b/it'\\''s'");
        assert_eq!(beside(Path::new("/data")), Path::new("/data.copy"));
    }
}
