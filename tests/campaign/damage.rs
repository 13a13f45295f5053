//! Ways to damage a store: one change of one file or folder, or something of it from an earlier time.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bases::Base;
use crate::random::Random;
use crate::site::{Site, copy_all};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    Bit,
    SixteenBits,
    Cut,
    Zeroed512,
    Zeroed4096,
    Swapped,
    Deleted,
    /// Bytes that nobody wrote, after the end.
    Extended,
    /// The file as it was at an earlier time.
    Earlier,
    /// The folder that the file is in, gone with everything in it.
    FolderDeleted,
    /// That folder as it was at an earlier time.
    FolderEarlier,
    /// The whole data directory as it was at an earlier time.
    AllEarlier,
}

impl Damage {
    pub(crate) const ALL: [Self; 12] = [
        Self::Bit,
        Self::SixteenBits,
        Self::Cut,
        Self::Zeroed512,
        Self::Zeroed4096,
        Self::Swapped,
        Self::Deleted,
        Self::Extended,
        Self::Earlier,
        Self::FolderDeleted,
        Self::FolderEarlier,
        Self::AllEarlier,
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Bit => "bit",
            Self::SixteenBits => "16 bits",
            Self::Cut => "cut",
            Self::Zeroed512 => "0 x 512",
            Self::Zeroed4096 => "0 x 4096",
            Self::Swapped => "swapped",
            Self::Deleted => "deleted",
            Self::Extended => "extended",
            Self::Earlier => "earlier",
            Self::FolderDeleted => "folder deleted",
            Self::FolderEarlier => "folder earlier",
            Self::AllEarlier => "all earlier",
        }
    }

    /// Does it to a file of `site`, which is a copy of `base`; what was done, `None` where it changes nothing.
    pub(crate) fn inflict(
        self,
        base: &Base,
        site: &Site,
        path: &Path,
        random: &mut Random,
    ) -> Option<String> {
        let before = fs::read(path).unwrap();
        let mut bytes = before.clone();
        let shown = shown(site, path);
        let length = bytes.len();
        let said = match self {
            Self::Bit => {
                let (at, bit) = (random.index(length.max(1)), random.within(0..8));
                *bytes.get_mut(at)? ^= 1 << bit;
                format!("bit {bit} of byte {at} of {length} of {shown} flipped")
            }
            Self::SixteenBits => {
                let at = random.index(length.max(1));
                let mask = u8::try_from(random.within(1..256)).unwrap();
                *bytes.get_mut(at)? ^= mask;
                *bytes.get_mut(at + 1)? ^= !mask;
                format!("bytes {at} and {} of {length} of {shown} changed", at + 1)
            }
            Self::Cut => {
                let edges = [
                    0,
                    length.saturating_sub(1),
                    length.saturating_sub(32),
                    length / 512 * 512,
                    length / 2,
                ];
                let at = if random.one_in(2) {
                    *random.pick(&edges)
                } else {
                    random.index(length.max(1))
                };
                bytes.truncate(at);
                format!("{shown} of {length} bytes cut at {at}")
            }
            Self::Zeroed512 | Self::Zeroed4096 => {
                let size = if self == Self::Zeroed512 { 512 } else { 4096 };
                let at = random.index(length.div_ceil(size).max(1)) * size;
                let end = length.min(at + size);
                bytes.get_mut(at..end)?.fill(0);
                format!("bytes {at} to {end} of {length} of {shown} zeroed")
            }
            Self::Swapped => {
                let others: Vec<PathBuf> = files(site).into_iter().filter(|other| other != path).collect();
                let other = random.pick(&others);
                let theirs = fs::read(other).unwrap();
                if theirs == bytes {
                    return None;
                }
                fs::write(other, &bytes).unwrap();
                bytes = theirs;
                format!("{shown} and {} swapped", self::shown(site, other))
            }
            Self::Deleted => {
                fs::remove_file(path).unwrap();
                return Some(format!("{shown} deleted"));
            }
            Self::Extended => {
                let more = random.within(1..5000);
                bytes.extend((0..more).map(|_| u8::try_from(random.within(0..256)).unwrap()));
                format!("{shown} of {length} bytes extended by {more}")
            }
            Self::Earlier => {
                bytes = fs::read(base.earlier.0.join(path.strip_prefix(&site.0).unwrap())).ok()?;
                format!("{shown} as it was earlier")
            }
            Self::FolderDeleted | Self::FolderEarlier | Self::AllEarlier => {
                let folder = match self {
                    Self::AllEarlier => site.data(),
                    _ => path.parent()?.to_owned(),
                };
                return self.inflict_folder(base, site, &folder);
            }
        };
        if bytes == before {
            return None;
        }
        fs::write(path, bytes).unwrap();
        Some(said)
    }

    /// A data directory that is gone is no store, and no damage to one.
    fn inflict_folder(self, base: &Base, site: &Site, folder: &Path) -> Option<String> {
        if folder == site.data() && self != Self::AllEarlier {
            return None;
        }
        let before = base.earlier.0.join(folder.strip_prefix(&site.0).unwrap());
        if self != Self::FolderDeleted && !before.is_dir() {
            return None;
        }
        fs::remove_dir_all(folder).unwrap();
        if self == Self::FolderDeleted {
            return Some(format!("{} deleted", shown(site, folder)));
        }
        copy_all(&before, folder);
        Some(format!("{} as it was earlier", shown(site, folder)))
    }
}

/// Every file of a site, in order.
pub(crate) fn files(site: &Site) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![site.data(), site.state()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    found.sort();
    found
}

fn shown(site: &Site, path: &Path) -> String {
    path.strip_prefix(&site.0).unwrap().display().to_string()
}

/// What kind of file it is: its path without what is another in each store.
pub(crate) fn kind(site: &Site, path: &Path) -> String {
    let shown = shown(site, path);
    let (folder, name) = shown.rsplit_once('/').unwrap_or(("", &shown));
    let name = name.split(['-', '.']).next().unwrap_or(name);
    format!("{}/{name}", folder.trim_start_matches("data/"))
}
