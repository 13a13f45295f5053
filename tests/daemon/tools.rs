//! Other people's programs that look at what the daemon says: installed by `tests/run`, else these tests say what they skip.

use std::path::PathBuf;

use crate::skip::skipped;

/// A program of the Python environment for HTTP, if that is there.
pub(crate) fn python_program(name: &str) -> Option<PathBuf> {
    let own = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/http/bin"));
    let directory = std::env::var_os("STRONGROOM_TEST_HTTP").map_or_else(own, PathBuf::from);
    let program = directory.join(name);
    if program.exists() {
        return Some(program);
    }
    skipped(&format!("{} is not here", program.display()));
    None
}
