//! The library that makes the operating system fail at one exact call (`faults.c`), for the tests of real processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The library with the faults, compiled when it is first needed.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/faults.c");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libfaults.so");
        let part = target.with_extension(format!("{}.so", std::process::id()));
        let status = Command::new("cc")
            .args(["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
            .args([&part, &source])
            .arg("-ldl")
            .status();
        assert!(
            status.unwrap().success(),
            "cc could not compile {}",
            source.display()
        );
        fs::rename(part, &target).unwrap();
        target
    })
}
