//! File systems of a test's own: mounted where the process may, unmounted when dropped.

#![allow(dead_code, reason = "every test binary uses another part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a command; whether it succeeded.
pub(crate) fn run(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// A mounted file system.
pub(crate) struct Mount {
    path: PathBuf,
}

impl Mount {
    /// A tmpfs of so many KiB; `None` where this process may not mount.
    pub(crate) fn tmpfs(path: &Path, kib: u32) -> Option<Self> {
        std::fs::create_dir_all(path).ok()?;
        let options = format!("size={kib}k,mode=0700");
        let target = path.to_str()?;
        run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", target]).then(|| Self {
            path: path.to_owned(),
        })
    }

    /// A new ext4 in an image file of so many MiB, on a loop device; `None` where this process may not mount.
    pub(crate) fn new_ext4(image: &Path, path: &Path, mib: u64) -> Option<Self> {
        std::fs::File::create(image)
            .and_then(|file| file.set_len(mib << 20))
            .ok()?;
        run(
            "mkfs.ext4",
            &[
                "-q",
                "-F",
                "-m",
                "0",
                "-E",
                "lazy_itable_init=0,lazy_journal_init=0",
                image.to_str()?,
            ],
        )
        .then(|| Self::ext4(image, path))?
    }

    /// The ext4 in an image file, its journal replayed; `None` where this process may not mount.
    pub(crate) fn ext4(image: &Path, path: &Path) -> Option<Self> {
        std::fs::create_dir_all(path).ok()?;
        let (image, target) = (image.to_str()?, path.to_str()?);
        run("mount", &["-o", "loop,commit=300", image, target]).then(|| Self {
            path: path.to_owned(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if let Some(path) = self.path.to_str()
            && !run("umount", &[path])
        {
            run("umount", &["-l", path]);
        }
    }
}
