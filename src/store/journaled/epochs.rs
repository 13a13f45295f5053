//! Files of other keyrings' epochs, beside those of the keyring that opened the store.
//!
//! - Those of a later epoch are from a replacement of the keyring that was cut off before the new one was in its place.
//! - Those of an earlier one are from before the replacement. Neither goes before the store has opened whole.
//! - A keyring whose own files are gone, beside those of a later one, is an old one put back: refused, and nothing goes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::layout::{Layout, rename};
use crate::service::ports::{StoreCipher, StoreError};
use crate::store::failure;

const JOURNAL: &str = "journal";
const USAGE: &str = "usage";
const IN_DATA: [&str; 4] = [JOURNAL, "records", "slots", USAGE];

/// A file or folder, and whose it is.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    epoch: u32,
    base: &'static str,
    path: PathBuf,
}

/// What is to be removed once the store has opened whole.
#[derive(Debug, Default)]
pub(super) struct Leftovers(Vec<PathBuf>);

impl Leftovers {
    /// Finds them, and carries the usage of an earlier epoch over.
    ///
    /// # Errors
    /// The keyring is an old one put back; or the operating system refused.
    pub(super) fn find(layout: &Layout, cipher: &dyn StoreCipher) -> Result<Self, StoreError> {
        let epoch = cipher.epoch();
        let mut found = found(layout)?;
        refuse_old_keyring(layout, epoch, &found)?;
        let is_usage = |it: &Found, path: &Path| it.base == USAGE && it.path == path;
        let carried = layout.of_epoch(epoch - 1).usage();
        let usage = layout.usage();
        if !usage.exists() && found.iter().any(|it| is_usage(it, &carried)) {
            rename(&carried, &usage).map_err(|error| failure::of(&carried, &error))?;
            found.retain(|it| !is_usage(it, &carried));
        }
        found.retain(|it| it.epoch != epoch);
        // The anchors first: without its own, a keyring of before is refused.
        found.sort_by_key(|it| IN_DATA.contains(&it.base));
        Ok(Self(found.into_iter().map(|it| it.path).collect()))
    }

    /// All that a replacement of the keyring wrote that did not come to its end.
    pub(super) fn of(layout: &Layout, epoch: u32) -> Result<Self, StoreError> {
        let mut found = found(layout)?;
        found.retain(|it| it.epoch == epoch);
        Ok(Self(found.into_iter().map(|it| it.path).collect()))
    }

    /// Removes them.
    ///
    /// # Errors
    /// The operating system refused; the next call goes on.
    pub(super) fn remove(&mut self) -> Result<(), StoreError> {
        while let Some(path) = self.0.first() {
            let removed = match fs::symlink_metadata(path) {
                Ok(found) if found.is_dir() => fs::remove_dir_all(path),
                Ok(_) => fs::remove_file(path),
                Err(error) => Err(error),
            };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failure::of(path, &error));
                }
                _ => self.0.remove(0),
            };
        }
        Ok(())
    }
}

fn found(layout: &Layout) -> Result<Vec<Found>, StoreError> {
    let mut all = in_directory(
        layout.data_directory(),
        &IN_DATA.map(|base| (base, base.to_owned())),
    )?;
    let anchor = layout.of_epoch(1).anchor();
    if let (Some(directory), Some(name)) = (anchor.parent(), anchor.file_name()) {
        let name = name.to_string_lossy().into_owned();
        all.extend(in_directory(directory, &[("anchor", name)])?);
    }
    Ok(all)
}

fn in_directory(directory: &Path, names: &[(&'static str, String)]) -> Result<Vec<Found>, StoreError> {
    let failed = |error: io::Error| failure::of(directory, &error);
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let whose = names
            .iter()
            .find_map(|(base, known)| Some((*base, epoch_of(name, known)?)));
        if let Some((base, epoch)) = whose {
            found.push(Found { epoch, base, path });
        }
    }
    Ok(found)
}

/// `records.2.next` is of epoch 2, `records.damaged` and `slots.a` are of epoch 1; `None` for what is not ours.
fn epoch_of(name: &str, base: &str) -> Option<u32> {
    match name.strip_prefix(base)? {
        "" => Some(1),
        rest => {
            let first = rest.strip_prefix('.')?.split('.').next()?;
            Some(first.parse().unwrap_or(1))
        }
    }
}

fn refuse_old_keyring(layout: &Layout, epoch: u32, found: &[Found]) -> Result<(), StoreError> {
    for (base, own) in [(JOURNAL, layout.journal()), ("anchor", layout.anchor())] {
        let later = found.iter().filter(|it| it.base == base && it.epoch > epoch);
        if let Some(later) = later.max_by_key(|it| it.epoch)
            && !own.exists()
        {
            return Err(StoreError::Damaged(format!(
                "the keyring in {} is of epoch {epoch}, and was replaced since: {} is of epoch {}, whose keyring belongs here",
                layout.data_directory().display(),
                later.path.display(),
                later.epoch
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_epoch() {
        for (name, base, epoch) in [
            ("records", "records", Some(1)),
            ("records.damaged", "records", Some(1)),
            ("records.2", "records", Some(2)),
            ("records.12.next", "records", Some(12)),
            ("slots.a", "slots", Some(1)),
            ("slots.3.b.new", "slots", Some(3)),
            ("recordsx", "records", None),
            ("lock", "records", None),
        ] {
            assert_eq!(epoch_of(name, base), epoch, "{name}");
        }
    }
}
