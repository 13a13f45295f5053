//! What the system says of the daemon's process.

use rustix::process::Pid;

/// A process, by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) Pid);

impl Process {
    /// What it has in memory now, in KiB.
    pub(crate) fn resident(self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it ever had, in KiB.
    pub(crate) fn peak(self) -> u64 {
        self.status("VmHWM:")
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(self) -> usize {
        let directory = format!("/proc/{}/fd", self.0.as_raw_nonzero());
        std::fs::read_dir(directory).unwrap().count()
    }

    fn status(self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.0.as_raw_nonzero());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}
