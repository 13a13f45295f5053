//! Another process' memory, to be searched for what should not be there any more.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use memchr::memmem;
use rustix::process::Pid;

/// What a process has in memory, by the name of the mapping.
pub(crate) struct Memory(pub(crate) Vec<(String, Vec<u8>)>);

impl Memory {
    /// What it has now; only root may look.
    pub(crate) fn of(pid: Pid) -> Self {
        let pid = pid.as_raw_nonzero();
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
        let mut all = Vec::new();
        for line in maps.lines() {
            let mut fields = line.split_ascii_whitespace();
            let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
            // Pages of the kernel's, which nobody writes.
            if !rights.starts_with('r') || line.contains("[vvar") || line.contains("[vsyscall") {
                continue;
            }
            let (begin, end) = range.split_once('-').unwrap();
            let [begin, end] = [begin, end].map(|at| u64::from_str_radix(at, 16).unwrap());
            let mut bytes = vec![0; usize::try_from(end - begin).unwrap()];
            // A mapping may have ended since.
            if memory.read_exact_at(&mut bytes, begin).is_ok() {
                all.push((line.to_owned(), bytes));
            }
        }
        Self(all)
    }

    /// Where it holds these bytes.
    pub(crate) fn holding(&self, needle: &[u8]) -> Vec<String> {
        assert!(needle.len() >= 8, "too short to mean anything");
        let mut found = Vec::new();
        for (name, bytes) in &self.0 {
            found.extend(memmem::find_iter(bytes, needle).map(|at| format!("{at:#x} in {name}")));
        }
        found
    }
}
