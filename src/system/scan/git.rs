//! What git has: every version of every file of a history, once each, and what is about to be committed.
//!
//! `git` names the objects and `git cat-file --batch` streams them; no filter, hook or program of the repository runs, and
//! nothing is fetched. Only for what was found is the history walked once more, for the commit that brought it.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::search::Search;
use super::{Found, ScanError};

/// What is larger is no text that people write.
const LARGEST: u64 = 64 * 1024 * 1024;
/// So many objects are asked for in one walk over the history.
const AT_ONCE: usize = 500;

/// Searches everything that any branch, tag or reflog of the repository at `path` leads to, messages included.
///
/// # Errors
/// There is no git, or no repository, or git failed.
pub fn history(path: &Path) -> Result<Found, ScanError> {
    let git = Git::at(path)?;
    let mut names = git
        .command(&["rev-list", "--objects", "--all", "--reflog"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| git.failed(&error))?;
    let mut found = Found::default();
    let mut objects = HashMap::new();
    let input = names.stdout.take().map_or_else(Stdio::null, Stdio::from);
    let mut cat = git.cat(input)?;
    let read = read_objects(&mut cat, &mut found, |object, findings| {
        objects.insert(object.to_owned(), findings);
    });
    git.ended(read, [names, cat])?;
    let commits = git.commits_of(objects.keys().map(String::as_str))?;
    for (object, findings) in objects {
        let commit = commits.get(&object).unwrap_or(&object);
        for mut finding in findings {
            finding.place.commit = Some(commit.clone());
            found.findings.push(finding);
        }
    }
    Ok(found)
}

/// Searches the files that the next commit changes, as they would be committed.
///
/// # Errors
/// As [`history`].
pub fn staged(path: &Path) -> Result<Found, ScanError> {
    let git = Git::at(path)?;
    let listed = git
        .command(&[
            "diff",
            "--cached",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "--diff-filter=d",
        ])
        .output()
        .map_err(|error| git.failed(&error))?;
    if !listed.status.success() {
        return Err(git.failed(&"what is staged cannot be listed"));
    }
    let mut asked = Vec::new();
    let mut fields = listed.stdout.split(|&byte| byte == 0);
    while let (Some(about), Some(name)) = (fields.next(), fields.next()) {
        let words: Vec<&[u8]> = about.split(|&byte| byte == b' ').collect();
        // A submodule's commit is no object of this repository.
        if let [_, mode, _, object, ..] = words[..]
            && mode != b"160000"
        {
            asked.extend_from_slice(object);
            asked.push(b' ');
            // The name comes back at the end of a line.
            asked.extend(name.iter().map(|&byte| if byte == b'\n' { b'?' } else { byte }));
            asked.push(b'\n');
        }
    }
    let mut found = Found::default();
    let mut all = Vec::new();
    let mut cat = git.cat(Stdio::piped())?;
    let input = cat.stdin.take();
    let read = std::thread::scope(|scope| {
        // Written beside the reading: neither waits for the other with a full pipe.
        scope.spawn(move || input.map(|mut input| input.write_all(&asked)));
        read_objects(&mut cat, &mut found, |_, findings| all.extend(findings))
    });
    git.ended(read, [cat])?;
    found.findings = all;
    Ok(found)
}

/// Reads what `git cat-file --batch` says, and gives away what each object has.
fn read_objects(
    cat: &mut Child,
    found: &mut Found,
    mut give: impl FnMut(&str, Vec<super::Finding>),
) -> io::Result<()> {
    let Some(output) = cat.stdout.take() else {
        return Ok(());
    };
    let mut output = BufReader::with_capacity(256 * 1024, output);
    let mut search = Search::new();
    let (mut head, mut text) = (Vec::new(), Vec::new());
    loop {
        head.clear();
        if output.read_until(b'\n', &mut head)? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(head.strip_suffix(b"\n").unwrap_or(&head)).into_owned();
        let mut words = line.splitn(4, ' ');
        let (Some(kind), Some(object), Some(size)) = (words.next(), words.next(), words.next()) else {
            // "OBJECT missing": a history that was fetched in part.
            found.unread.push(line);
            continue;
        };
        let size: u64 = size.parse().map_err(|_| ErrorKind::InvalidData)?;
        let name = words.next().unwrap_or_default();
        if kind == "tree" || size > LARGEST {
            if kind != "tree" {
                found.unread.push(format!("{name} ({object}) has {size} bytes"));
            }
            io::copy(&mut (&mut output).take(size + 1), &mut io::sink())?;
            continue;
        }
        text.clear();
        let whole = (&mut output).take(size + 1).read_to_end(&mut text)?;
        if whole as u64 != size + 1 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        text.pop();
        found.searched += 1;
        let findings = if kind == "blob" {
            search.text(name, &text)?
        } else {
            search.text(&format!("({kind} message)"), message(&text))?
        };
        if !findings.is_empty() {
            give(object, findings);
        }
    }
}

/// What somebody wrote of a commit or tag, without the lines that git puts before it.
fn message(object: &[u8]) -> &[u8] {
    let begin = object.windows(2).position(|pair| pair == b"\n\n");
    begin.map_or(object, |at| &object[at + 2..])
}

/// A repository.
struct Git<'a> {
    directory: &'a Path,
}

impl<'a> Git<'a> {
    fn at(path: &'a Path) -> Result<Self, ScanError> {
        let directory = if path.is_dir() {
            path
        } else {
            path.parent()
                .filter(|parent| *parent != Path::new(""))
                .unwrap_or_else(|| Path::new("."))
        };
        let git = Self { directory };
        let asked = git
            .command(&["rev-parse", "--git-dir"])
            .stderr(Stdio::piped())
            .output();
        let asked = asked.map_err(|error| match error.kind() {
            ErrorKind::NotFound => ScanError {
                message: "the program git is not there, and only it reads a history or what is staged".into(),
                hint: "install git, or scan files without --git-history and --staged".into(),
            },
            _ => git.failed(&error),
        })?;
        if asked.status.success() {
            return Ok(git);
        }
        let said = String::from_utf8_lossy(&asked.stderr);
        Err(ScanError {
            message: format!(
                "{} is in no git repository that can be read: {}",
                path.display(),
                said.lines().next().unwrap_or("git did not say why")
            ),
            hint: "name a directory of a repository of yours".into(),
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .args([
                "--no-pager",
                "-c",
                "core.fsmonitor=false",
                "-c",
                "log.showRoot=true",
                "-C",
            ])
            .arg::<&OsStr>(self.directory.as_ref())
            .args(arguments)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn cat(&self, input: Stdio) -> Result<Child, ScanError> {
        let format = "--batch=%(objecttype) %(objectname) %(objectsize) %(rest)";
        self.command(&["cat-file", "--buffer", format])
            .stdin(input)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| self.failed(&error))
    }

    /// Waits for programs, and says so if one of them failed.
    fn ended<const N: usize>(&self, read: io::Result<()>, programs: [Child; N]) -> Result<(), ScanError> {
        for mut program in programs {
            if read.is_err() {
                // One that is gone already is what was wanted.
                let _ = program.kill();
            }
            let status = program.wait().map_err(|error| self.failed(&error))?;
            if read.is_ok() && !status.success() {
                return Err(self.failed(&status));
            }
        }
        read.map_err(|error| self.failed(&error))
    }

    /// The commit that brought each of these objects, the oldest of several.
    fn commits_of<'o>(
        &self,
        objects: impl Iterator<Item = &'o str>,
    ) -> Result<HashMap<String, String>, ScanError> {
        let objects: Vec<&str> = objects.collect();
        let mut commits = HashMap::new();
        for part in objects.chunks(AT_ONCE) {
            let wanted: BTreeSet<&str> = part.iter().copied().collect();
            let wants: Vec<String> = part
                .iter()
                .map(|object| format!("--find-object={object}"))
                .collect();
            let mut arguments = vec![
                "log",
                "--all",
                "--reflog",
                "-m",
                "--raw",
                "--no-abbrev",
                "--no-renames",
            ];
            arguments.extend(["--no-ext-diff", "--no-show-signature", "--format=commit %H"]);
            arguments.extend(wants.iter().map(String::as_str));
            let log = self
                .command(&arguments)
                .output()
                .map_err(|error| self.failed(&error))?;
            if !log.status.success() {
                return Err(self.failed(&log.status));
            }
            let said = String::from_utf8_lossy(&log.stdout);
            let mut commit = "";
            // The newest comes first, so that the oldest stays.
            for line in said.lines() {
                if let Some(hash) = line.strip_prefix("commit ") {
                    commit = hash;
                } else if let Some(object) = line.split(' ').nth(3).filter(|object| wanted.contains(object)) {
                    commits.insert(object.to_owned(), commit.to_owned());
                }
            }
        }
        Ok(commits)
    }

    fn failed(&self, what: &dyn std::fmt::Display) -> ScanError {
        ScanError {
            message: format!("git failed in {}: {what}", self.directory.display()),
            hint: "`git fsck` there says what is wrong with the repository".into(),
        }
    }
}
