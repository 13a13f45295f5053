//! Files below some paths, as ripgrep walks them: in parallel, without what ignore files name, without binaries.
//!
//! Unlike ripgrep it looks into hidden files, for that is where configuration is; `.git` it leaves to git.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use ignore::{WalkBuilder, WalkState};

use super::search::Search;
use super::{Found, ScanError};

/// Searches the files below `paths`, also those that ignore files name if `is_everything`.
///
/// # Errors
/// One of the paths is not there.
pub fn files(paths: &[PathBuf], is_everything: bool) -> Result<Found, ScanError> {
    for path in paths {
        if let Err(error) = path.symlink_metadata() {
            return Err(ScanError {
                message: format!("{}: {error}", path.display()),
                hint: "name files or directories that are there".into(),
            });
        }
    }
    let Some((first, others)) = paths.split_first() else {
        return Ok(Found::default());
    };
    let mut walk = WalkBuilder::new(first);
    for path in others {
        walk.add(path);
    }
    walk.standard_filters(!is_everything)
        .hidden(false)
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git");
    let all = Mutex::new(Found::default());
    walk.build_parallel().run(|| {
        let mut own = Own {
            found: Found::default(),
            all: &all,
        };
        let mut search = Search::new();
        Box::new(move |entry| {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    one(&mut search, entry.path(), &mut own.found);
                }
                Ok(_) => {}
                Err(error) => own.found.unread.push(error.to_string()),
            }
            WalkState::Continue
        })
    });
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn one(search: &mut Search, path: &Path, found: &mut Found) {
    let shown = path.strip_prefix("./").unwrap_or(path).to_string_lossy();
    let findings = File::open(path).and_then(|file| search.file(&shown, &file));
    match findings {
        Ok(findings) => {
            found.searched += 1;
            found.findings.extend(findings);
        }
        Err(error) => found.unread.push(format!("{shown}: {error}")),
    }
}

/// What one thread found, handed over when it ends.
struct Own<'a> {
    found: Found,
    all: &'a Mutex<Found>,
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.add(std::mem::take(&mut self.found));
    }
}
